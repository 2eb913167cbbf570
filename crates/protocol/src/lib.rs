//! What travels between a device and the server: versioned envelopes, requests and answers.
//!
//! Deliberately absent: sockets, files, clocks, randomness. Both ends call these functions with
//! bytes they already have.

pub mod alarm;
pub mod chain;
pub mod check;
pub mod digest;
pub mod envelope;
pub mod exchange;
pub mod lift;
pub mod partner;
pub mod policies;
pub mod retry;
pub mod seal;
pub mod sequence;
pub mod team;
pub mod verdict;

/// The version of the exchange itself. A server accepts every version ever released.
pub const PROTOCOL: u16 = 1;
