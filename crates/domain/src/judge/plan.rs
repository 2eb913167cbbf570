//! Whether a plan that was agreed at the door may stand.

use super::{Certainty, Context, stop_in_force};
use crate::PlanId;
use crate::action::Action;
use crate::case::Case;
use crate::plan::{PlanState, PlanTerms};
use crate::verdict::Ruling;

pub(super) fn judge_plan(
    case: &Case,
    action: &Action,
    terms: &PlanTerms,
    context: &Context<'_>,
) -> Ruling {
    if let Err(error) = terms.check(context.plan_policy.months_max) {
        return Ruling::refused(error.code());
    }
    if terms.total() != Some(terms.balance_seen) {
        return Ruling::refused("plan.does_not_sum");
    }
    match stop_in_force(case, action, context) {
        Some(Certainty::Certain) => return Ruling::refused("plan.legal_stop"),
        Some(Certainty::Possible) => return Ruling::held("plan.legal_stop_possible"),
        None => {}
    }
    if !case.is_assigned_to(action.actor) {
        return Ruling::held("plan.late_work");
    }
    if case.closed.is_some() {
        return Ruling::held("plan.case_closed");
    }
    if case
        .plans
        .iter()
        .any(|plan| plan.terms.id != terms.id && plan.stands())
    {
        return Ruling::held("plan.already_active");
    }
    let moved = case.balance.total.checked_sub(terms.balance_seen);
    let tolerance = context.plan_policy.balance_tolerance_minor.unsigned_abs();
    if moved.is_none_or(|moved| moved.minor.unsigned_abs() > tolerance) {
        return Ruling::held("plan.balance_moved");
    }
    Ruling::Applied
}

/// One plan at a time.
pub(super) fn judge_second_plan(case: &Case, plan: PlanId) -> Ruling {
    let other_active = case
        .plans
        .iter()
        .any(|other| other.terms.id != plan && other.state == PlanState::Active);
    match other_active {
        true => Ruling::refused("plan.already_active"),
        false => Ruling::Applied,
    }
}
