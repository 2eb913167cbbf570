//! Contracts between the parts.

mod bindings;
