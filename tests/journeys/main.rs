//! Journeys through the real parts: real SQLite files, real HTTP, a real cable that is cut.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may")]

mod a_day;
mod arrival;
mod attachments;
mod backup;
mod bad_input;
mod complaint;
mod copy;
mod evidence;
mod exchange;
mod import;
mod interest;
mod lift;
mod openapi;
mod outcome;
mod packs;
mod plan_life;
mod restart;
mod stops;
mod watch;
mod work;
