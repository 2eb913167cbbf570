//! The itemised balance, with its age.

use chrono::NaiveDate;
use doorstep_domain::Money;
use doorstep_domain::case::{Balance, BalanceLine};
use serde::Serialize;
use ts_rs::TS;
use utoipa::ToSchema;

/// What is owed, line by line.
#[derive(Debug, Clone, Serialize, TS, ToSchema)]
pub struct BalanceView {
    pub lines: Vec<BalanceLine>,
    pub total: Money,
    pub as_of: NaiveDate,
}

impl From<&Balance> for BalanceView {
    fn from(balance: &Balance) -> Self {
        Self {
            lines: balance.lines.clone(),
            total: balance.total,
            as_of: balance.as_of,
        }
    }
}
