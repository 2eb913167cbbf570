//! What the journeys share: bindings, a real server, real and simulated devices, a window.

pub mod bindings;
pub mod company;
pub mod ground;
pub mod processes;
pub mod receivers;
pub mod screen;
pub mod simulated;
pub mod sound;
pub mod story;
