//! Who somebody is to the work, and so what they may do.

use serde::{Deserialize, Serialize};

/// The part a signed-in person has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Goes to the door.
    Agent,
    /// Assigns, approves, decides.
    Lead,
    /// Imports accounts, balances and payments.
    BackOffice,
    /// Answers complaints; nobody else reads them.
    ComplaintHandler,
}
