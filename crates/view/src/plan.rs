//! A plan with its schedule and what it costs in all.

use chrono::NaiveDate;
use doorstep_domain::plan::{Consent, Frequency, Instalment, Plan, PlanState};
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
    /// What was left in the month when it was agreed; none where the budget can't be summed.
    pub monthly_surplus: Option<Money>,
}

impl From<&Plan> for PlanView {
    fn from(plan: &Plan) -> Self {
        let terms = &plan.terms;
        Self {
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
