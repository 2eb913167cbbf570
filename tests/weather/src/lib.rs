//! Weather: devices and a server as the real state machines, under a seeded scheduler, with every
//! fault that a network, a disk, a clock and a person have. A failing seed prints itself and replays.

mod breakage;
pub mod bug;
pub mod check;
mod deeds;
pub mod device;
pub mod dice;
mod disaster;
mod files;
mod network;
pub mod run;
pub mod seam;
pub mod server;
pub mod stamp;
pub mod storm;
mod wire;
pub mod world;
