//! Files of accounts become cases: read a table, map its columns, check every row, then write
//! all of it or nothing.

mod account;
pub mod amount;
pub mod made_up;
pub mod mapping;
mod run;
pub mod sample;
pub mod table;

pub use mapping::{Mapping, MappingError};
pub use run::{ImportError, ImportOrder, ImportReport, import};
pub use table::FileError;

use serde::Serialize;
use utoipa::ToSchema;

/// Why a row can't be imported, where a person finds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, ts_rs::TS)]
pub struct RowError {
    /// The line in the file, the header being 1; 0 for the file as a whole.
    pub row: u32,
    /// The column's heading, where one is to blame.
    pub column: Option<String>,
    /// Stable; a screen decides by it.
    pub code: String,
    /// For a person, in English; it repeats no personal data from the row.
    pub message: String,
}

impl RowError {
    fn new(row: u32, column: Option<&str>, code: &str, message: impl Into<String>) -> Self {
        Self {
            row,
            column: column.map(str::to_owned),
            code: code.to_owned(),
            message: message.into(),
        }
    }
}
