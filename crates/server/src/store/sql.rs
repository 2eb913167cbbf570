//! What the statements of this folder run on: one small interface, SQLite and PostgreSQL behind it.
//!
//! Every statement is written once, with `?1`-style parameters, in SQL that both speak. All ids and
//! times are text, all numbers 64 bits, nothing is ever NULL.

use super::{Result, StoreError};

/// A parameter or a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Text(String),
    Int(i64),
    Bytes(Vec<u8>),
}

/// One row of an answer.
#[derive(Debug)]
pub struct Row(pub Vec<Value>);

/// One open transaction of a database.
pub trait Sql {
    /// Runs a statement, and says how many rows it changed.
    fn execute(&self, sql: &str, values: &[Value]) -> Result<u64>;
    /// Runs a statement whose outcome nobody waits for: what is wrong with it is said by the next
    /// statement, or by the end of the transaction.
    fn put(&self, sql: &str, values: &[Value]) -> Result<()>;
    /// Runs a query.
    fn query(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>>;
    /// Runs statements without parameters; like [`Sql::put`], nobody waits.
    fn batch(&self, sql: &str) -> Result<()>;
    /// What locks the rows of a query until the transaction ends; empty where there is one writer.
    fn lock_clause(&self) -> &'static str;
}

impl dyn Sql + '_ {
    /// The first row of a query, where there is one.
    pub fn first(&self, sql: &str, values: &[Value]) -> Result<Option<Row>> {
        Ok(self.query(sql, values)?.into_iter().next())
    }

    /// The one number that a query counts.
    pub fn count(&self, sql: &str, values: &[Value]) -> Result<u32> {
        self.first(sql, values)?
            .ok_or(StoreError::Value("count"))?
            .int(0)
    }
}

impl Row {
    /// A text column.
    pub fn text(&mut self, index: usize) -> Result<String> {
        match self.0.get_mut(index) {
            Some(Value::Text(text)) => Ok(std::mem::take(text)),
            _ => Err(StoreError::Value("text column")),
        }
    }

    /// A number column, in the type that the caller has for it.
    pub fn int<T: TryFrom<i64>>(&self, index: usize) -> Result<T> {
        match self.0.get(index) {
            Some(Value::Int(number)) => {
                T::try_from(*number).map_err(|_| StoreError::Value("number column"))
            }
            _ => Err(StoreError::Value("number column")),
        }
    }

    /// A column of bytes.
    pub fn bytes(&mut self, index: usize) -> Result<Vec<u8>> {
        match self.0.get_mut(index) {
            Some(Value::Bytes(bytes)) => Ok(std::mem::take(bytes)),
            _ => Err(StoreError::Value("bytes column")),
        }
    }

    /// A text column that is read as something else; `what` names it in an error.
    pub fn parsed<T: std::str::FromStr>(&mut self, index: usize, what: &'static str) -> Result<T> {
        self.text(index)?
            .parse()
            .map_err(|_| StoreError::Value(what))
    }
}

macro_rules! from {
    ($($from:ty => $with:expr),* $(,)?) => {
        $(impl From<$from> for Value {
            fn from(value: $from) -> Self {
                let make: fn($from) -> Self = $with;
                make(value)
            }
        })*
    };
}

from! {
    &str => |text| Self::Text(text.to_owned()),
    String => Self::Text,
    &String => |text| Self::Text(text.clone()),
    i64 => Self::Int,
    u16 => |number| Self::Int(number.into()),
    u32 => |number| Self::Int(number.into()),
    // Numbers here are counters; one beyond 2^63 is as good as the largest.
    u64 => |number| Self::Int(i64::try_from(number).unwrap_or(i64::MAX)),
    &[u8] => |bytes| Self::Bytes(bytes.to_vec()),
    doorstep_domain::CaseId => |id| Self::Text(id.to_string()),
    doorstep_domain::ActionId => |id| Self::Text(id.to_string()),
    doorstep_domain::DeviceId => |id| Self::Text(id.to_string()),
    doorstep_domain::UserId => |id| Self::Text(id.to_string()),
    doorstep_domain::VisitId => |id| Self::Text(id.to_string()),
    doorstep_domain::HouseholdId => |id| Self::Text(id.to_string()),
    doorstep_domain::Incarnation => |id| Self::Text(id.to_string()),
    doorstep_domain::Epoch => |epoch| Self::Int(epoch.0.into()),
    chrono::DateTime<chrono::Utc> => |time| Self::Text(time.to_rfc3339()),
    chrono::NaiveDate => |day| Self::Text(day.to_string()),
}

/// Parameters of a statement.
macro_rules! values {
    ($($value:expr),* $(,)?) => {
        [$($crate::store::sql::Value::from($value)),*]
    };
}
pub(crate) use values;
