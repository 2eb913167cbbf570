//! The contracts: the interface's generated types, the store, the same for both databases, and what PostgreSQL
//! owes beside.

mod bindings;
mod postgres;
mod statements;
mod store;
mod watch;
