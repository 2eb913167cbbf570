//! For tests only: builders of the domain's things, and a network cable that can be cut.

pub mod build;
pub mod cable;
pub mod cluster;
