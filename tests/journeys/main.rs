//! Journeys through the real parts: real SQLite files, real HTTP, a real cable that is cut.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may")]

mod a_day;
mod agreed;
mod attachments;
mod backup;
mod bad_input;
mod exchange;
mod import;
mod lift;
mod openapi;
mod peer;
mod restart;
mod stops;
mod watch;
mod work;
