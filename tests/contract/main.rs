//! The contracts: the interface's generated types, and the store, the same for both databases.

mod bindings;
mod statements;
mod store;
mod watch;
