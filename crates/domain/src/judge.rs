//! `judge`: the rules. What may be done to a case, by whom, and what needs a person.
//!
//! The server judges; the device asks the same function before saving, only to warn. A visit
//! that happened is never refused: what broke a rule it could not know of is kept and labelled.

use crate::action::{Action, Change};
use crate::case::Case;
use crate::conflict::{Choice, Sides};
use crate::money::Money;
use crate::plan::{PlanState, PlanTerms};
use crate::policy::PlanPolicy;
use crate::safety::StopKind;
use crate::verdict::Ruling;
use crate::{ActionId, Revision, Role};
use chrono::{DateTime, Utc};

/// What the rules know beside the case and the action.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    pub role: Role,
    pub plan_policy: &'a PlanPolicy,
    /// The server's time at the author's cursor: the action can't be older. Unknown: `None`.
    pub not_before: Option<DateTime<Utc>>,
    /// When the action arrived: it can't be younger.
    pub arrival: DateTime<Utc>,
}

/// Says what becomes of an action. `case` is absent before it is opened.
pub fn judge(case: Option<&Case>, action: &Action, context: &Context<'_>) -> Ruling {
    if !role_permits(context.role, &action.change) {
        return Ruling::refused("role.not_permitted");
    }
    let Some(case) = case else {
        return match &action.change {
            Change::OpenCase { facts } if facts.balance.total.minor < 0 => {
                Ruling::refused("balance.negative")
            }
            Change::OpenCase { .. } => Ruling::Applied,
            _ => Ruling::refused("case.unknown"),
        };
    };
    if !is_in_scope(case, action, context.role) {
        return Ruling::refused("case.not_yours");
    }
    match &action.change {
        Change::OpenCase { .. } => Ruling::refused("case.already_open"),
        Change::PostPayment { amount, .. } => judge_payment(case, *amount),
        Change::SetFact { field, new, .. } => match case.facts.get(field) {
            Some(fact) if fact.value == *new => Ruling::Applied,
            Some(fact) if !is_fresh(fact.revision, fact.set_by, action) => {
                Ruling::held("fact.changed_meanwhile")
            }
            _ => Ruling::Applied,
        },
        Change::ClearFlag { raise } if !case.flags.iter().any(|flag| flag.id == *raise) => {
            Ruling::refused("flag.unknown")
        }
        Change::LiftStop { raise } => judge_lift(case, *raise),
        Change::AgreePlan { terms } => judge_plan(case, action, terms, context),
        Change::Decide { conflict, choice } => {
            judge_decision(case, action, *conflict, choice, context.role)
        }
        Change::StartTravel { visit }
        | Change::Arrive { visit, .. }
        | Change::CheckIn { visit }
        | Change::EndVisit { visit, .. }
            if case.visit(*visit).is_none() =>
        {
            Ruling::refused("visit.unknown")
        }
        _ => Ruling::Applied,
    }
}

/// Who may do what at all; scope and state come after.
const fn role_permits(role: Role, change: &Change) -> bool {
    match change {
        Change::PostPayment { .. } => matches!(role, Role::BackOffice),
        Change::OpenCase { .. } | Change::ReplaceBalance { .. } | Change::CloseCase { .. } => {
            matches!(role, Role::BackOffice | Role::Lead)
        }
        Change::Assign { .. }
        | Change::Unassign
        | Change::ClearFlag { .. }
        | Change::LiftStop { .. } => {
            matches!(role, Role::Lead)
        }
        Change::CheckVisit { .. }
        | Change::StartTravel { .. }
        | Change::Arrive { .. }
        | Change::CheckIn { .. }
        | Change::EndVisit { .. }
        | Change::AgreePlan { .. } => matches!(role, Role::Agent),
        Change::Decide { .. } => matches!(role, Role::Agent | Role::Lead),
        Change::SetFact { .. }
        | Change::AddNote { .. }
        | Change::RaiseFlag { .. }
        | Change::RaiseStop { .. } => true,
    }
}

/// An agent acts on what they have, or had as far as they could know (late work).
fn is_in_scope(case: &Case, action: &Action, role: Role) -> bool {
    role != Role::Agent || case.is_assigned_to(action.actor) || case.is_late_work(action)
}

/// The author saw this value, or wrote the one it replaces.
fn is_fresh(revision: Revision, set_by: ActionId, action: &Action) -> bool {
    revision.is_covered_by(action.base.case) == Some(true) || action.prev == Some(set_by)
}

fn judge_payment(case: &Case, amount: Money) -> Ruling {
    if !amount.is_positive() {
        return Ruling::refused("payment.not_positive");
    }
    match case.balance.total.checked_sub(amount) {
        Some(_) => Ruling::Applied,
        None => Ruling::refused("payment.wrong_currency"),
    }
}

fn judge_lift(case: &Case, raise: ActionId) -> Ruling {
    match case.stops.iter().find(|stop| stop.id == raise) {
        None => Ruling::refused("stop.unknown"),
        // Only the end of the plan itself lifts the stop that it raised (CN-PLAN-3).
        Some(stop) if stop.kind == StopKind::ActivePlan => Ruling::refused("stop.plan_is_active"),
        Some(_) => Ruling::Applied,
    }
}

fn judge_plan(case: &Case, action: &Action, terms: &PlanTerms, context: &Context<'_>) -> Ruling {
    if let Err(error) = terms.check(context.plan_policy.months_max) {
        return Ruling::refused(error.code());
    }
    if terms.total() != Some(terms.balance_seen) {
        return Ruling::refused("plan.does_not_sum");
    }
    match plan_stop(case, action, context) {
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

enum Certainty {
    Certain,
    Possible,
}

/// Whether a legal stop (other than a plan's own) was in force when the plan was signed, by the
/// bounds that can be trusted: not before the author's cursor, not after the arrival.
fn plan_stop(case: &Case, action: &Action, context: &Context<'_>) -> Option<Certainty> {
    let mut possible = None;
    for stop in case
        .stops
        .iter()
        .filter(|stop| stop.kind != StopKind::ActivePlan && stop.lifted.is_none())
    {
        let author_knew = stop
            .known_from
            .is_some_and(|known| known.is_covered_by(action.base.cursor) == Some(true));
        let began_before = context
            .not_before
            .is_some_and(|bound| stop.is_in_force(bound));
        if (author_knew || began_before) && stop.is_in_force(context.arrival) {
            return Some(Certainty::Certain);
        }
        if stop.effective <= context.arrival {
            possible = Some(Certainty::Possible);
        }
    }
    possible
}

fn judge_decision(
    case: &Case,
    action: &Action,
    id: ActionId,
    choice: &Choice,
    role: Role,
) -> Ruling {
    let Some(conflict) = case.conflict(id) else {
        return Ruling::refused("decision.unknown_conflict");
    };
    if !conflict.may_be_settled_by(action.actor, role) {
        return Ruling::refused("decision.not_yours");
    }
    if let Some(settlement) = &conflict.settlement {
        return match settlement.choice == *choice {
            true => Ruling::Applied,
            false => Ruling::refused("decision.already_settled"),
        };
    }
    match (&conflict.sides, choice) {
        (Sides::Plan { .. }, Choice::Write { .. }) => Ruling::refused("decision.needs_new_consent"),
        (Sides::Plan { plan, .. }, Choice::TakeHeld) => {
            let other_active = case
                .plans
                .iter()
                .any(|other| other.terms.id != *plan && other.state == PlanState::Active);
            match other_active {
                true => Ruling::refused("plan.already_active"),
                false => Ruling::Applied,
            }
        }
        // The server's side moved again after the decider looked: they must see it first.
        (Sides::Fact { field, .. }, Choice::TakeHeld | Choice::Write { .. })
            if case
                .facts
                .get(field)
                .is_some_and(|fact| !is_fresh(fact.revision, fact.set_by, action)) =>
        {
            Ruling::refused("decision.look_again")
        }
        _ => Ruling::Applied,
    }
}
