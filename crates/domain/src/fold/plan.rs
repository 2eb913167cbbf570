//! Plans on a case, and the stop that a signature raises.

use super::safety::{lift_stop, raise_stop};
use crate::action::{Action, Change};
use crate::case::{BalanceItem, BalanceLine, Case};
use crate::money::Money;
use crate::plan::{Plan, PlanState, PlanTerms};
use crate::safety::{Stop, StopKind};
use crate::{PlanId, Revision};
use chrono::NaiveDate;

pub(super) fn raise_plan_stop(case: &mut Case, action: &Action, revision: Option<Revision>) {
    raise_stop(
        case,
        Stop {
            id: action.id,
            kind: StopKind::ActivePlan,
            effective: action.recorded.instant(),
            until: None,
            known_from: revision,
            lifted: None,
        },
    );
}

pub(super) fn put_plan(case: &mut Case, action: &Action, terms: &PlanTerms, state: PlanState) {
    match case.plans.iter_mut().find(|plan| plan.terms.id == terms.id) {
        Some(plan) => plan.state = state,
        None => case.plans.push(Plan {
            terms: terms.clone(),
            state,
            agreed_by: action.actor,
            action: action.id,
            paid_minor: 0,
            counter: None,
            reason: String::new(),
            is_to_be_told: state == PlanState::Void,
        }),
    }
    if let Some(replaced) = terms.replaces.filter(|_| state == PlanState::Active) {
        end_plan(case, action, replaced, PlanState::Replaced, "");
    }
}

/// Ends a plan: the stop that it raised is lifted.
fn end_plan(case: &mut Case, action: &Action, id: PlanId, state: PlanState, reason: &str) {
    let Some(plan) = case.plans.iter_mut().find(|plan| plan.terms.id == id) else {
        return;
    };
    plan.state = state;
    reason.clone_into(&mut plan.reason);
    plan.is_to_be_told = matches!(state, PlanState::Void | PlanState::Broken);
    let raised = plan.action;
    lift_stop(case, raised, action.id);
}

/// The life of a plan after it was agreed.
pub(super) fn live(case: &mut Case, action: &Action) {
    match &action.change {
        Change::VoidPlan { plan, reason } => {
            end_plan(case, action, *plan, PlanState::Void, reason);
        }
        Change::BreakPlan { plan, reason } => {
            end_plan(case, action, *plan, PlanState::Broken, reason);
        }
        Change::CounterPlan {
            plan,
            terms,
            reason,
        } => with_plan(case, *plan, |plan| {
            plan.state = PlanState::Countered;
            plan.counter = Some(terms.clone());
            plan.reason.clone_from(reason);
            plan.is_to_be_told = true;
        }),
        // The stop of the first signature goes on: collection never began again.
        Change::AcceptCounter { plan, consent } => with_plan(case, *plan, |plan| {
            if let Some(terms) = plan.counter.take() {
                // It stays the same plan, under the name that the copy at the door bears.
                plan.terms = PlanTerms {
                    id: plan.terms.id,
                    consent: *consent,
                    agreed_on: action.recorded.day(),
                    ..*terms
                };
                plan.state = PlanState::Active;
                // The offer was made from what was left to pay.
                plan.paid_minor = 0;
                plan.is_to_be_told = false;
            }
        }),
        Change::TellOfPlan { plan, .. } => with_plan(case, *plan, |plan| {
            plan.is_to_be_told = false;
        }),
        _ => {}
    }
}

fn with_plan(case: &mut Case, id: PlanId, change: impl FnOnce(&mut Plan)) {
    if let Some(plan) = case.plans.iter_mut().find(|plan| plan.terms.id == id) {
        change(plan);
    }
}

/// Counts a payment towards the active plan. The last one keeps it: its stop is lifted, and what a
/// settlement let go is let go.
pub(super) fn count_payment(case: &mut Case, action: &Action, amount: Money, on: NaiveDate) {
    let is_active = |plan: &&mut Plan| plan.state == PlanState::Active;
    let Some(plan) = case.plans.iter_mut().find(is_active) else {
        return;
    };
    if on >= plan.terms.agreed_on {
        plan.paid_minor = plan.paid_minor.saturating_add(amount.minor);
    }
    let (left, let_go) = (case.balance.total, plan.terms.relief.discount_minor);
    // Nobody pays more than is owed, whatever was paid before the plan.
    let is_settled = plan.terms.relief.interest_bp == 0 && left.minor <= let_go;
    if !plan.is_paid() && !is_settled {
        return;
    }
    plan.state = PlanState::Kept;
    let raised = plan.action;
    lift_stop(case, raised, action.id);
    let let_go = let_go.clamp(0, left.minor.max(0));
    if let_go > 0 {
        let discount = Money::new(-let_go, left.currency);
        case.balance.lines.push(BalanceLine {
            item: BalanceItem::Discount,
            on,
            amount: discount,
        });
        case.balance.total = Money::new(left.minor - let_go, left.currency);
    }
}

pub(super) fn set_plan_state(case: &mut Case, id: PlanId, state: PlanState) {
    for plan in case.plans.iter_mut().filter(|plan| plan.terms.id == id) {
        plan.state = state;
    }
}
