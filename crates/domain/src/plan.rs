//! A repayment plan: its schedule in whole minor units, and its life.
//!
//! Equal instalments, rounded half up, the last line absorbs the rest (`reference` section 7,
//! point 2). Month dates keep their anchor day (民法典 Art. 202).

use crate::affordability::{Budget, BudgetError};
use crate::money::Money;
use crate::{ActionId, PlanId, UserId};
use chrono::{Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};

/// How often an instalment falls due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Frequency {
    Weekly,
    Fortnightly,
    Monthly,
}

/// One payment of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct Instalment {
    pub due: NaiveDate,
    pub amount: Money,
}

/// How the customer agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    Spoken,
    Signed,
}

/// What was agreed at the door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanTerms {
    pub id: PlanId,
    pub budget: Budget,
    /// The balance on the screen when it was agreed; a plan for another debt is held.
    pub balance_seen: Money,
    pub frequency: Frequency,
    pub lines: Vec<Instalment>,
    pub agreed_on: NaiveDate,
    pub consent: Consent,
}

/// The life of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PlanState {
    /// Agreed at the door, not yet judged, or waiting for a decision.
    Provisional,
    Active,
    Kept,
    Broken,
    Void,
}

/// A plan on a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub terms: PlanTerms,
    pub state: PlanState,
    pub agreed_by: UserId,
    pub action: ActionId,
}

impl Plan {
    /// Active, or agreed and waiting for its verdict.
    pub const fn stands(&self) -> bool {
        matches!(self.state, PlanState::Active | PlanState::Provisional)
    }
}

/// Why a schedule can't be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    #[error("there is nothing to pay")]
    NothingOwed,
    #[error("an instalment must be more than nothing")]
    InstalmentTooSmall,
    #[error("the instalment is above what is left in the budget")]
    AboveSurplus,
    #[error("the plan would last longer than the policy allows")]
    TooLong,
    #[error("a date does not exist")]
    ImpossibleDate,
    #[error(transparent)]
    Budget(#[from] BudgetError),
}

impl PlanError {
    /// The stable code that a screen decides by.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NothingOwed => "plan.nothing_owed",
            Self::InstalmentTooSmall => "plan.instalment_too_small",
            Self::AboveSurplus => "plan.above_surplus",
            Self::TooLong => "plan.too_long",
            Self::ImpossibleDate => "plan.impossible_date",
            Self::Budget(BudgetError::NegativeLine) => "budget.negative_line",
            Self::Budget(BudgetError::LineTooLarge) => "budget.line_too_large",
            Self::Budget(BudgetError::NoIncome) => "budget.no_income",
        }
    }
}

/// What a schedule is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScheduleOrder {
    pub total: Money,
    /// No instalment may be above this.
    pub instalment_max: Money,
    pub frequency: Frequency,
    pub first_due: NaiveDate,
    pub months_max: u16,
}

impl Frequency {
    /// How many instalments fit into `months`.
    fn instalments_in(self, months: u16) -> i64 {
        let months = i64::from(months);
        match self {
            Self::Monthly => months,
            Self::Fortnightly => months * 26 / 12,
            Self::Weekly => months * 52 / 12,
        }
    }

    /// The due date of instalment `index`, counted from the first.
    fn due(self, first: NaiveDate, index: u32) -> Option<NaiveDate> {
        match self {
            Self::Monthly => first.checked_add_months(Months::new(index)),
            Self::Fortnightly => first.checked_add_days(Days::new(u64::from(index) * 14)),
            Self::Weekly => first.checked_add_days(Days::new(u64::from(index) * 7)),
        }
    }
}

/// The shortest schedule of equal instalments that stays within `instalment_max`.
pub fn schedule(order: ScheduleOrder) -> Result<Vec<Instalment>, PlanError> {
    if !order.total.is_positive() {
        return Err(PlanError::NothingOwed);
    }
    if !order.instalment_max.is_positive() {
        return Err(PlanError::InstalmentTooSmall);
    }
    let (total, most) = (order.total.minor, order.instalment_max.minor);
    let longest = order.frequency.instalments_in(order.months_max);
    // The rest falls on the last line and may lift it over the limit: then one line more.
    let count = (total.div_euclid(most)..)
        .skip_while(|count| *count < 1)
        .take_while(|count| *count <= longest)
        .find(|count| equal_parts(total, *count).is_some_and(|(part, last)| part.max(last) <= most))
        .ok_or(PlanError::TooLong)?;
    lines(order, count)
}

/// `count` equal instalments, whatever their size: the arithmetic alone.
pub fn lines(order: ScheduleOrder, count: i64) -> Result<Vec<Instalment>, PlanError> {
    let (part, last) =
        equal_parts(order.total.minor, count).ok_or(PlanError::InstalmentTooSmall)?;
    (0..count)
        .map(|index| {
            let minor = if index + 1 == count { last } else { part };
            let due = u32::try_from(index)
                .ok()
                .and_then(|index| order.frequency.due(order.first_due, index))
                .ok_or(PlanError::ImpossibleDate)?;
            Ok(Instalment {
                due,
                amount: Money::new(minor, order.total.currency),
            })
        })
        .collect()
}

/// The equal part, rounded half up, and the last one, which absorbs the rest; `None` where the
/// last would be nothing or less.
fn equal_parts(total: i64, count: i64) -> Option<(i64, i64)> {
    let count = (count > 0).then_some(count)?;
    let part = total.div_euclid(count) + i64::from(total.rem_euclid(count) * 2 >= count);
    let last = total - part.checked_mul(count - 1)?;
    (part > 0 && last > 0).then_some((part, last))
}

impl PlanTerms {
    /// What the plan pays in all; `None` when a line is in another currency or too large.
    pub fn total(&self) -> Option<Money> {
        Money::sum(
            self.balance_seen.currency,
            self.lines.iter().map(|line| line.amount),
        )
    }

    /// Checks what device and server both insist on, whatever the screen allowed.
    pub fn check(&self, months_max: u16) -> Result<(), PlanError> {
        let most = self.budget.surplus_per(self.frequency)?;
        let wrong_currency = most.currency != self.balance_seen.currency;
        if self.lines.is_empty() || self.total().is_none() || wrong_currency {
            return Err(PlanError::NothingOwed);
        }
        if self.lines.iter().any(|line| !line.amount.is_positive()) {
            return Err(PlanError::InstalmentTooSmall);
        }
        if self.lines.iter().any(|line| line.amount.minor > most.minor) {
            return Err(PlanError::AboveSurplus);
        }
        let longest = self.frequency.instalments_in(months_max);
        if i64::try_from(self.lines.len()).map_or(true, |count| count > longest) {
            return Err(PlanError::TooLong);
        }
        let in_order = self.lines.is_sorted_by(|a, b| a.due < b.due);
        let early = self.lines.iter().any(|line| line.due < self.agreed_on);
        if early || !in_order {
            return Err(PlanError::ImpossibleDate);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;
    use proptest::prelude::*;

    fn order(total: i64, most: i64) -> ScheduleOrder {
        ScheduleOrder {
            total: Money::new(total, Currency::Cny),
            instalment_max: Money::new(most, Currency::Cny),
            frequency: Frequency::Monthly,
            first_due: NaiveDate::from_ymd_opt(2027, 1, 31).unwrap(),
            months_max: 60,
        }
    }

    fn amounts(lines: &[Instalment]) -> Vec<i64> {
        lines.iter().map(|line| line.amount.minor).collect()
    }

    #[test]
    fn v1_the_last_line_absorbs_the_rest() {
        let twelve = lines(order(546_567, 0), 12).unwrap();
        let mut wanted = vec![45_547; 11];
        wanted.push(45_550);
        assert_eq!(amounts(&twelve), wanted);
    }

    #[test]
    fn v4_months_keep_their_anchor_day() {
        let dates: Vec<_> = lines(order(4_000, 0), 4)
            .unwrap()
            .iter()
            .map(|l| l.due.to_string())
            .collect();
        assert_eq!(
            dates,
            ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"]
        );
    }

    #[test]
    fn a_limit_that_the_last_line_would_break_takes_one_line_more() {
        // Three lines of 33.33 would leave 33.34.
        let plan = schedule(order(10_000, 3_333)).unwrap();
        assert_eq!(amounts(&plan), [2_500; 4]);
    }

    #[test]
    fn too_long_and_nothing_owed_are_named() {
        assert_eq!(schedule(order(1_000_000, 100)), Err(PlanError::TooLong));
        assert_eq!(schedule(order(0, 100)), Err(PlanError::NothingOwed));
        assert_eq!(schedule(order(100, 0)), Err(PlanError::InstalmentTooSmall));
    }

    proptest! {
        #[test]
        fn the_parts_sum_to_the_whole_and_none_is_above_the_limit(total in 1_i64..1_000_000_000, most in 1_i64..10_000_000) {
            if let Ok(plan) = schedule(order(total, most)) {
                prop_assert_eq!(amounts(&plan).iter().sum::<i64>(), total);
                prop_assert!(plan.iter().all(|line| (1..=most).contains(&line.amount.minor)));
                prop_assert!(plan.is_sorted_by(|a, b| a.due < b.due));
            }
        }
    }
}
