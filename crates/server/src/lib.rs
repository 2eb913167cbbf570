//! The central end: it takes actions in, judges them in order, and sends cases down.
//!
//! The path of an action: [`api`] (HTTP shapes) → [`intake`] (judge and fold, one transaction)
//! → [`store`] (SQL) → [`feed`] (what devices are sent). [`log`] proves what was judged. [`import`] turns files of accounts into actions of the server's own.

pub mod api;
pub mod attachments;
pub mod backup;
pub mod clock;
pub mod demo;
pub mod export;
pub mod feed;
pub mod import;
pub mod intake;
pub mod log;
pub mod policies;
pub mod retention;
pub mod secrets;
pub mod serve;
pub mod store;
mod toml_text;
pub mod watch;

pub use clock::Clock;
pub use store::{Store, Tenant};
