//! Whether a plan that was agreed at the door may stand.

use super::{Certainty, Context, stop_in_force};
use crate::PlanId;
use crate::action::{Action, Change};
use crate::case::Case;
use crate::limitation::expired_on;
use crate::plan::{Plan, PlanState, PlanTerms, Relief};
use crate::verdict::Ruling;

pub(super) fn judge_plan(
    case: &Case,
    action: &Action,
    terms: &PlanTerms,
    context: &Context<'_>,
) -> Ruling {
    if let Err(error) = terms.check(context.plan_policy) {
        return Ruling::refused(error.code());
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
        .any(|plan| stands_beside(plan, action, terms))
    {
        return Ruling::held("plan.already_active");
    }
    if let Some(ruling) = judge_form(case, terms, context) {
        return ruling;
    }
    match has_moved(case, terms, context) {
        true => Ruling::held("plan.balance_moved"),
        false => Ruling::Applied,
    }
}

/// The debt is another than the one that the plan was made for, by more than the packs let pass.
fn has_moved(case: &Case, terms: &PlanTerms, context: &Context<'_>) -> bool {
    let moved = case.balance.total.checked_sub(terms.balance_seen);
    let tolerance = context.plan_policy.balance_tolerance_minor.unsigned_abs();
    moved.is_none_or(|moved| moved.minor.unsigned_abs() > tolerance)
}

/// Another plan stands. Only what the same agent agreed on the same day gives way to what they agree
/// once more.
fn stands_beside(plan: &Plan, action: &Action, terms: &PlanTerms) -> bool {
    let is_own = plan.agreed_by == action.actor && plan.terms.agreed_on == terms.agreed_on;
    let gives_way = is_own && terms.replaces == Some(plan.terms.id);
    plan.stands() && plan.terms.id != terms.id && !gives_way
}

/// What an agreement must say, and what an agent may grant: a person completes or decides it. It was
/// agreed at a door, and is never lost for a field.
fn judge_form(case: &Case, terms: &PlanTerms, context: &Context<'_>) -> Option<Ruling> {
    let policy = context.plan_policy;
    let is_incomplete = terms.method.is_none() || terms.no_new_credit.is_none();
    if policy.needs_all_fields && is_incomplete {
        return Some(Ruling::held("plan.field_missing"));
    }
    let is_too_much = Relief::discount(terms.balance_seen, policy.discount_percent_max)
        .is_some_and(|most| terms.relief.discount_minor > most);
    if is_too_much {
        return Some(Ruling::held("plan.discount_needs_approval"));
    }
    let expired = expired_on(case, policy, terms.agreed_on);
    (expired.is_some() && !terms.limitation_told).then(|| Ruling::held("plan.limitation_warning"))
}

/// Whether the life of a plan may go on so.
pub(super) fn judge_life(case: &Case, change: &Change, context: &Context<'_>) -> Ruling {
    let id = match change {
        Change::VoidPlan { plan, .. }
        | Change::CounterPlan { plan, .. }
        | Change::AcceptCounter { plan, .. }
        | Change::BreakPlan { plan, .. }
        | Change::TellOfPlan { plan, .. } => *plan,
        _ => return Ruling::Applied,
    };
    let Some(plan) = case.plan(id) else {
        return Ruling::refused("plan.unknown");
    };
    let is_its_time = match change {
        Change::AcceptCounter { .. } => plan.state == PlanState::Countered,
        Change::BreakPlan { .. } => plan.state == PlanState::Active,
        Change::TellOfPlan { .. } => plan.is_to_be_told,
        _ => plan.stands(),
    };
    if !is_its_time {
        return Ruling::refused("plan.not_now");
    }
    match change {
        Change::CounterPlan { terms, .. } => match terms.check(context.plan_policy) {
            Err(error) => Ruling::refused(error.code()),
            Ok(()) => Ruling::Applied,
        },
        // Money has arrived since: the offer is made anew.
        Change::AcceptCounter { .. }
            if plan
                .counter
                .as_ref()
                .is_some_and(|offered| has_moved(case, offered, context)) =>
        {
            Ruling::refused("plan.balance_moved")
        }
        Change::BreakPlan { .. } => {
            let today = context
                .arrival
                .with_timezone(&case.address.zone)
                .date_naive();
            match plan.missed(today, context.plan_policy.grace_days) {
                Some(_) => Ruling::Applied,
                None => Ruling::refused("plan.not_missed"),
            }
        }
        _ => Ruling::Applied,
    }
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
