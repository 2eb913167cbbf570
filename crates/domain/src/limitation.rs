//! Whether a claim may be too old to be enforced. A signature, a payment or a new agreement can revive
//! it (民法典 Art. 192, CN-LIM-3): the person must hear so first.

use crate::case::{BalanceItem, Case};
use crate::policy::PlanPolicy;
use chrono::{Months, NaiveDate};

/// The day since when the claim may be too old; none where it is not, or the pack names no time. It
/// runs from the last payment, or else from the oldest line of the balance: an estimate on the
/// person's side, for the true day is in the creditor's papers.
pub fn expired_on(case: &Case, policy: &PlanPolicy, today: NaiveDate) -> Option<NaiveDate> {
    let months = Months::new(u32::from(policy.limitation_years?) * 12);
    let lines = &case.balance.lines;
    let payments = lines
        .iter()
        .filter(|line| line.item == BalanceItem::Payment);
    let began = payments
        .map(|line| line.on)
        .max()
        .or_else(|| lines.iter().map(|line| line.on).min())?;
    let end = began.checked_add_months(months)?;
    (end < today).then_some(end)
}
