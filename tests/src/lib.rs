//! What the journeys share: bindings, a real server, a network that can be cut, a window.

pub mod bindings;
pub mod company;
pub mod processes;
pub mod screen;
pub mod story;
