//! Weather: devices and a server as the real state machines, under a seeded scheduler, with every
//! fault that a network, a disk, a clock and a person have. A failing seed prints itself and replays.

pub mod bug;
pub mod check;
pub mod device;
pub mod dice;
pub mod run;
pub mod seam;
pub mod server;
pub mod stamp;
pub mod storm;
pub mod world;
