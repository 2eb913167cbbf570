//! A repayment plan: what was agreed, and its life.

mod calendar;
mod relief;
mod schedule;

pub use calendar::Calendar;
pub use relief::{Pause, Relief};
pub use schedule::{Frequency, ScheduleOrder, due_dates, lines, schedule};

use crate::affordability::{Budget, BudgetError};
use crate::money::Money;
use crate::policy::PlanPolicy;
use crate::{ActionId, PlanId, UserId};
use chrono::{Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};

/// One payment of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct Instalment {
    pub due: NaiveDate,
    pub amount: Money,
    /// The part of the amount that is interest.
    #[serde(default, skip_serializing_if = "is_nothing")]
    #[cfg_attr(feature = "schema", ts(optional, as = "Option<f64>"))]
    pub interest_minor: i64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
const fn is_nothing(minor: &i64) -> bool {
    *minor == 0
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// How the customer agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    Spoken,
    Signed,
}

/// How the instalments reach the creditor. Never by way of the agent: no cash, no code of their own
/// (reference section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PaymentMethod {
    BankTransfer,
    DirectDebit,
    /// The creditor's own app or website.
    CreditorsApp,
    Branch,
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
    /// What it eases beside its instalments.
    #[serde(default, skip_serializing_if = "Relief::is_none")]
    pub relief: Relief,
    /// Absent in plans before schema 4; a pack may insist on it (CN-PLAN-2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<PaymentMethod>,
    /// They undertake to take no new card meanwhile (CN-PLAN-2); absent where it was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_new_credit: Option<bool>,
    /// They heard, before they agreed, that the claim may be too old to be enforced (CN-LIM-3).
    #[serde(default, skip_serializing_if = "is_false")]
    pub limitation_told: bool,
    /// The plan in whose place it comes: an extension of what stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<PlanId>,
    /// What else was agreed, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub other: String,
}

/// What kind of plan it is; a plan may be several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PlanKind {
    Instalments,
    Extension,
    Deferral,
    InterestFreeze,
    Settlement,
    PaymentHoliday,
}

/// The life of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PlanState {
    /// Agreed at the door, not yet judged, or waiting for a decision.
    Provisional,
    Active,
    /// Another plan is offered in its place; it waits for the customer's new consent, and collection
    /// stays stopped.
    Countered,
    Kept,
    Broken,
    Void,
    /// Another plan was agreed in its place.
    Replaced,
}

/// A plan on a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub terms: PlanTerms,
    pub state: PlanState,
    pub agreed_by: UserId,
    pub action: ActionId,
    /// What was paid on it, in minor units.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub paid_minor: i64,
    /// What is offered in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counter: Option<Box<PlanTerms>>,
    /// Why it was voided, countered or found broken.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// The customer has not yet been told of what became of it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_to_be_told: bool,
}

impl Plan {
    /// Collection waits for it: active, agreed and waiting for its verdict, or countered.
    pub const fn stands(&self) -> bool {
        matches!(
            self.state,
            PlanState::Active | PlanState::Provisional | PlanState::Countered
        )
    }

    /// The first instalment that is unpaid although it was due more than `grace_days` before `day`.
    pub fn missed(&self, day: NaiveDate, grace_days: u16) -> Option<&Instalment> {
        let mut due = 0_i64;
        let grace = Days::new(u64::from(grace_days));
        self.terms.lines.iter().find(|line| {
            due = due.saturating_add(line.amount.minor);
            let is_late = line
                .due
                .checked_add_days(grace)
                .is_some_and(|end| end < day);
            is_late && self.paid_minor < due
        })
    }

    /// Everything that was agreed has been paid.
    pub fn is_paid(&self) -> bool {
        let total = self.terms.total();
        total.is_some_and(|total| self.paid_minor >= total.minor)
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
    #[error("the first payment would be later than the policy allows")]
    DeferredTooLong,
    #[error("the payment holiday is longer than the policy allows")]
    HolidayTooLong,
    #[error("the plan bears more interest than the policy allows")]
    InterestAboveCap,
    #[error("the lines do not add up to what is owed")]
    DoesNotSum,
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
            Self::DeferredTooLong => "plan.deferred_too_long",
            Self::HolidayTooLong => "plan.holiday_too_long",
            Self::InterestAboveCap => "plan.interest_above_cap",
            Self::DoesNotSum => "plan.does_not_sum",
            Self::Budget(BudgetError::NegativeLine) => "budget.negative_line",
            Self::Budget(BudgetError::LineTooLarge) => "budget.line_too_large",
            Self::Budget(BudgetError::NoIncome) => "budget.no_income",
        }
    }
}

impl PlanTerms {
    /// What the plan pays in all; `None` when a line is in another currency or too large.
    pub fn total(&self) -> Option<Money> {
        Money::sum(
            self.balance_seen.currency,
            self.lines.iter().map(|line| line.amount),
        )
    }

    /// What it pays in interest.
    pub fn interest_minor(&self) -> i64 {
        let parts = self.lines.iter().map(|line| line.interest_minor);
        parts.fold(0, i64::saturating_add)
    }

    /// What kinds of plan it is.
    pub fn kinds(&self) -> Vec<PlanKind> {
        let relief = &self.relief;
        let is_deferred = self.is_deferred_past(1);
        let mut kinds: Vec<_> = [
            (self.replaces.is_some(), PlanKind::Extension),
            (is_deferred, PlanKind::Deferral),
            (relief.frozen_until.is_some(), PlanKind::InterestFreeze),
            (relief.discount_minor > 0, PlanKind::Settlement),
            (relief.holiday.is_some(), PlanKind::PaymentHoliday),
        ]
        .into_iter()
        .filter_map(|(is_so, kind)| is_so.then_some(kind))
        .collect();
        if kinds.is_empty() || self.lines.len() > 1 {
            kinds.insert(0, PlanKind::Instalments);
        }
        kinds
    }

    /// The first payment is due later than `months` and some days after the agreement: a bank holiday
    /// defers nothing.
    fn is_deferred_past(&self, months: u16) -> bool {
        const LEEWAY_DAYS: u64 = 14;
        let latest = self
            .agreed_on
            .checked_add_months(Months::new(u32::from(months)))
            .and_then(|day| day.checked_add_days(Days::new(LEEWAY_DAYS)));
        let first = self.lines.first().map(|line| line.due);
        first
            .zip(latest)
            .is_some_and(|(first, latest)| first > latest)
    }

    /// Checks what device and server both insist on, whatever the screen allowed.
    pub fn check(&self, policy: &PlanPolicy) -> Result<(), PlanError> {
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
        let longest = self.frequency.instalments_in(policy.months_max);
        if i64::try_from(self.lines.len()).map_or(true, |count| count > longest) {
            return Err(PlanError::TooLong);
        }
        let in_order = self.lines.is_sorted_by(|a, b| a.due < b.due);
        let early = self.lines.iter().any(|line| line.due < self.agreed_on);
        if early || !in_order {
            return Err(PlanError::ImpossibleDate);
        }
        self.check_relief(policy)?;
        match self.is_sound() {
            Some(true) => Ok(()),
            _ => Err(PlanError::DoesNotSum),
        }
    }

    fn check_relief(&self, policy: &PlanPolicy) -> Result<(), PlanError> {
        // A month is what every plan has before its first payment.
        if self.is_deferred_past(policy.deferral_months_max.max(1)) {
            return Err(PlanError::DeferredTooLong);
        }
        if self.relief.interest_bp > policy.interest_bp_max {
            return Err(PlanError::InterestAboveCap);
        }
        let Some(pause) = self.relief.holiday else {
            return Ok(());
        };
        let months = Months::new(u32::from(policy.holiday_months_max));
        let latest = pause.from.checked_add_months(months);
        match latest.is_some_and(|latest| pause.from <= pause.to && pause.to < latest) {
            true => Ok(()),
            false => Err(PlanError::HolidayTooLong),
        }
    }

    /// The lines pay the balance less the discount, with the interest that the rate gives, to the minor
    /// unit; `None` where a sum does not fit.
    fn is_sound(&self) -> Option<bool> {
        if self.relief.discount_minor < 0 {
            return Some(false);
        }
        let debt = self.balance_seen.minor;
        let mut left = debt.checked_sub(self.relief.discount_minor)?;
        for line in &self.lines {
            let bp = self.relief.interest_bp_on(line.due);
            let interest = schedule::period_interest(left, bp, self.frequency)?;
            if interest != line.interest_minor {
                return Some(false);
            }
            left = left.checked_add(interest)?.checked_sub(line.amount.minor)?;
        }
        Some(left == 0)
    }
}
