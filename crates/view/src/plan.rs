//! A plan with its schedule and what it costs in all.

use chrono::NaiveDate;
use doorstep_domain::plan::{
    Consent, Frequency, Instalment, PaymentMethod, Plan, PlanKind, PlanState, Relief,
};
use doorstep_domain::{Money, PlanId};
use serde::Serialize;
use ts_rs::TS;
use utoipa::ToSchema;

/// A plan as agreed.
#[derive(Debug, Clone, Serialize, TS, ToSchema)]
pub struct PlanView {
    pub id: PlanId,
    pub state: PlanState,
    pub total: Money,
    pub frequency: Frequency,
    pub lines: Vec<Instalment>,
    pub agreed_on: NaiveDate,
    pub consent: Consent,
    /// What kinds of plan it is: instalments, a deferral, a settlement.
    pub kinds: Vec<PlanKind>,
    pub relief: Relief,
    pub method: Option<PaymentMethod>,
    pub paid: Money,
    /// The first instalment that was missed beyond its grace.
    pub missed: Option<Instalment>,
    /// What is offered in its place.
    pub counter: Option<CounterView>,
    /// Why it was voided, countered or found broken.
    pub reason: String,
    /// Somebody must still tell the customer what became of it.
    pub is_to_be_told: bool,
    /// What was left in the month when it was agreed; none where the budget can't be summed.
    pub monthly_surplus: Option<Money>,
}

/// What is offered in a plan's place.
#[derive(Debug, Clone, Serialize, TS, ToSchema)]
pub struct CounterView {
    pub total: Money,
    pub frequency: Frequency,
    pub lines: Vec<Instalment>,
    pub relief: Relief,
}

impl PlanView {
    /// The plan as it stands on `today`, with the grace that its packs give.
    pub fn of(plan: &Plan, today: NaiveDate, grace_days: u16) -> Self {
        let terms = &plan.terms;
        let currency = terms.balance_seen.currency;
        let is_active = plan.state == PlanState::Active;
        let missed = plan.missed(today, grace_days).filter(|_| is_active);
        Self {
            kinds: terms.kinds(),
            relief: terms.relief,
            method: terms.method,
            paid: Money::new(plan.paid_minor, currency),
            missed: missed.cloned(),
            counter: plan.counter.as_ref().map(|terms| CounterView {
                total: terms.total().unwrap_or(terms.balance_seen),
                frequency: terms.frequency,
                lines: terms.lines.clone(),
                relief: terms.relief,
            }),
            reason: plan.reason.clone(),
            is_to_be_told: plan.is_to_be_told,
            id: terms.id,
            state: plan.state,
            total: terms.total().unwrap_or(terms.balance_seen),
            frequency: terms.frequency,
            lines: terms.lines.clone(),
            agreed_on: terms.agreed_on,
            consent: terms.consent,
            monthly_surplus: terms.budget.surplus().ok(),
        }
    }
}
