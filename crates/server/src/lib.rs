//! The central end: it takes actions in, judges them in order, and sends cases down.
//!
//! The path of an action: [`api`] (HTTP shapes) → [`intake`] (judge and fold, one transaction)
//! → [`store`] (SQL). [`import`] turns files of accounts into actions of the server's own.

pub mod api;
pub mod clock;
pub mod demo;
pub mod import;
pub mod intake;
pub mod policies;
pub mod secrets;
pub mod serve;
pub mod store;

pub use clock::Clock;
pub use store::{Store, Tenant};
