//! The field end. Everything works with the server gone: what is saved is saved here, in one
//! transaction with its place in the outbox, and leaves when a network appears.
//!
//! [`commands`] are what a screen can ask for; [`sync`] exchanges with the server; both follow the
//! rules of [`record`] over [`store`], which knows neither.

pub mod clock;
pub mod commands;
pub mod device;
pub mod error;
pub mod handover;
pub mod lock;
mod picture;
pub mod record;
pub mod store;
pub mod sync;
pub mod view;

pub use clock::DeviceClock;
pub use device::Device;
pub use error::DeviceError;
