//! `judge`: the rules. What may be done to a case, by whom, and what needs a person.
//!
//! The server judges; the device asks the same function before saving, only to warn. A visit
//! that happened is never refused: what broke a rule it could not know of is kept and labelled.

mod decision;
mod plan;

use crate::action::{Action, Change};
use crate::arrival::Whereabouts;
use crate::case::Case;
use crate::conflict::Choice;
use crate::fold::HOUSEHOLD_TAKEN;
use crate::money::Money;
use crate::policy::PlanPolicy;
use crate::safety::{Flag, StopKind};
use crate::verdict::Ruling;
use crate::{ActionId, Epoch, Lineage, Revision, Role, RuleId, UserId};
use chrono::{DateTime, NaiveDate, Utc};
use decision::judge_decision;
use plan::{judge_life, judge_plan};

/// What the rules know beside the case and the action.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    pub role: Role,
    pub plan_policy: &'a PlanPolicy,
    /// The server's time at the author's cursor: the action can't be older. Unknown: `None`.
    pub not_before: Option<DateTime<Utc>>,
    /// When the action arrived: it can't be younger.
    pub arrival: DateTime<Utc>,
    /// The history line in which it is judged.
    pub epoch: Epoch,
    /// What became of the actions that it depends on; `None` for one that is not known.
    pub after: &'a [(ActionId, Option<Ruling>)],
    /// On arrival: visits to other cases of the household that were made on the same day. On
    /// assignment: its cases that another agent has on that day.
    pub household_visits: u32,
}

impl<'a> Context<'a> {
    /// The plain context: nothing to depend on, no other visit to the household.
    pub const fn new(
        role: Role,
        plan_policy: &'a PlanPolicy,
        arrival: DateTime<Utc>,
        epoch: Epoch,
    ) -> Self {
        Self {
            role,
            plan_policy,
            not_before: None,
            arrival,
            epoch,
            after: &[],
            household_visits: 0,
        }
    }
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
    if let Some(ruling) = judge_dependence(case, action, context) {
        return ruling;
    }
    match &action.change {
        Change::OpenCase { .. } => Ruling::refused("case.already_open"),
        Change::Assign { agent, .. } if is_taken_by_another(case, action, *agent, context) => {
            Ruling::refused("assignment.changed_meanwhile")
        }
        Change::PostPayment { amount, .. } => judge_payment(case, *amount),
        Change::SetFact { field, new, .. } => match case.facts.get(field) {
            Some(fact) if fact.value == *new => Ruling::Applied,
            Some(fact) if !is_fresh(fact.revision, fact.set_by, action, context.epoch) => {
                Ruling::held("fact.changed_meanwhile")
            }
            _ => Ruling::Applied,
        },
        Change::ClearFlag { raise, .. } if !case.flags.iter().any(|flag| flag.id == *raise) => {
            Ruling::refused("flag.unknown")
        }
        Change::ReviewFlag { raise, review_on } => {
            judge_review(case, action.actor, *raise, *review_on, context.arrival)
        }
        Change::LiftStop { raise, .. } => judge_lift(case, *raise),
        Change::AgreePlan { terms } => judge_plan(case, action, terms, context),
        Change::VoidPlan { .. }
        | Change::CounterPlan { .. }
        | Change::AcceptCounter { .. }
        | Change::BreakPlan { .. }
        | Change::TellOfPlan { .. } => judge_life(case, &action.change, context),
        Change::GradeComplaint { complaint, .. } | Change::AnswerComplaint { complaint, .. } => {
            let stub = case.complaints.iter().find(|stub| stub.id == *complaint);
            match stub {
                None => Ruling::refused("complaint.unknown"),
                Some(stub) if stub.answered.is_some() => Ruling::refused("complaint.answered"),
                Some(_) => Ruling::Applied,
            }
        }
        Change::GiveFeedback { feedback, .. } if !feedback.is_sound() => {
            Ruling::refused("feedback.not_on_the_scale")
        }
        Change::AddEvidence { evidence } => match evidence.check() {
            Err(rule) => Ruling::Refused { rule },
            Ok(()) => Ruling::Applied,
        },
        Change::Decide { conflict, choice } => {
            judge_decision(case, action, *conflict, choice, context)
        }
        Change::StartTravel { visit }
        | Change::Arrive { visit, .. }
        | Change::JoinVisit { visit }
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
        Change::PostPayment { .. } | Change::DeleteEvidence { .. } => {
            matches!(role, Role::BackOffice)
        }
        // Where there is one lead, the back office approves what that lead has raised.
        Change::OpenCase { .. }
        | Change::ReplaceBalance { .. }
        | Change::CloseCase { .. }
        | Change::ReviewFlag { .. } => matches!(role, Role::BackOffice | Role::Lead),
        Change::Assign { .. }
        | Change::Unassign
        | Change::ClearFlag { .. }
        | Change::LiftStop { .. } => {
            matches!(role, Role::Lead)
        }
        Change::CheckVisit { .. }
        | Change::StartTravel { .. }
        | Change::Arrive { .. }
        | Change::JoinVisit { .. }
        | Change::CheckIn { .. }
        | Change::EndVisit { .. }
        | Change::AgreePlan { .. }
        | Change::GiveFeedback { .. }
        | Change::AddEvidence { .. } => matches!(role, Role::Agent),
        Change::VoidPlan { .. } | Change::CounterPlan { .. } | Change::BreakPlan { .. } => {
            matches!(role, Role::Lead | Role::BackOffice)
        }
        Change::GradeComplaint { .. } | Change::AnswerComplaint { .. } => {
            matches!(role, Role::ComplaintHandler)
        }
        Change::Decide { .. } => matches!(role, Role::Agent | Role::Lead),
        Change::SetFact { .. }
        | Change::AddNote { .. }
        | Change::RaiseFlag { .. }
        | Change::RaiseStop { .. }
        | Change::RaiseComplaint { .. }
        | Change::AcceptCounter { .. }
        | Change::TellOfPlan { .. } => true,
    }
}

/// An agent acts on what they have, or had as far as they could know (late work).
fn is_in_scope(case: &Case, action: &Action, role: Role) -> bool {
    // A colleague goes along to a case that is not theirs; who that is, the server has found out.
    let goes_along = matches!(action.change, Change::JoinVisit { .. });
    role != Role::Agent
        || goes_along
        || case.is_assigned_to(action.actor)
        || case.is_late_work(action)
}

/// The author saw this value, or wrote the one it replaces.
fn is_fresh(revision: Revision, set_by: ActionId, action: &Action, epoch: Epoch) -> bool {
    revision.is_seen_from(action.base.case, epoch) || action.prev == Some(set_by)
}

/// What depends on a held action waits for the same decision; on a refused one, it falls with it.
fn judge_dependence(case: &Case, action: &Action, context: &Context<'_>) -> Option<Ruling> {
    if action.change.is_safety() {
        return None;
    }
    context.after.iter().find_map(|(id, ruling)| match ruling {
        Some(Ruling::Applied) => None,
        Some(Ruling::Refused { .. }) => Some(Ruling::refused("action.depends_on_refused")),
        None => Some(Ruling::held("action.depends_on_unknown")),
        Some(Ruling::Held { .. }) => {
            let settled = case
                .conflicts
                .iter()
                .find(|conflict| conflict.concerns(*id))
                .and_then(|conflict| conflict.settlement.as_ref());
            match settled.map(|settlement| &settlement.choice) {
                Some(Choice::KeepCurrent) => Some(Ruling::refused("action.depends_on_refused")),
                Some(_) => None,
                None => Some(Ruling::held("action.depends_on_held")),
            }
        }
    })
}

/// The first commit wins: a lead who had not seen the present owner is shown them first.
fn is_taken_by_another(case: &Case, action: &Action, agent: UserId, context: &Context<'_>) -> bool {
    case.assignment.as_ref().is_some_and(|held| {
        held.agent != agent && !held.from.is_seen_from(action.base.case, context.epoch)
    })
}

/// What an applied action is labelled with: rules that it broke without the author being able to
/// know. Kept and reviewed; a visit that was made is never refused.
pub fn remarks(case: &Case, action: &Action, context: &Context<'_>) -> Vec<RuleId> {
    let (visit, arrival) = match action.change {
        Change::Arrive { visit, arrival, .. } => (visit, arrival),
        // Kept, so that the lead sees both, and the agent is told before the door.
        Change::Assign { .. } if context.household_visits > 0 => {
            return vec![RuleId::named(HOUSEHOLD_TAKEN)];
        }
        _ => return Vec::new(),
    };
    let mut remarks = Vec::new();
    if let Some(arrival) = arrival {
        if arrival.whereabouts == Whereabouts::Outside {
            remarks.push(RuleId::named("visit.away_from_address"));
        }
        let visit = case.visit(visit);
        if visit.is_some_and(|visit| visit.is_short_of_people(arrival.headcount)) {
            remarks.push(RuleId::named("visit.alone"));
        }
    }
    match stop_in_force(case, action, context) {
        Some(Certainty::Certain) => remarks.push(RuleId::named("visit.under_legal_stop")),
        Some(Certainty::Possible) => remarks.push(RuleId::named("visit.legal_stop_possible")),
        None => {}
    }
    if context.household_visits > 0 {
        remarks.push(RuleId::named("visit.household_budget"));
    }
    remarks
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

/// A flag is approved by somebody else than its raiser, and looked at again within a year.
fn judge_review(
    case: &Case,
    reviewer: UserId,
    raise: ActionId,
    review_on: NaiveDate,
    now: DateTime<Utc>,
) -> Ruling {
    let today = now.with_timezone(&case.address.zone).date_naive();
    let latest = Flag::latest_review(today);
    let open = case.flags.iter().find(|flag| flag.id == raise);
    match open.filter(|flag| flag.is_in_force(today)) {
        None => Ruling::refused("flag.unknown"),
        Some(flag) if flag.raised_by == reviewer => Ruling::refused("flag.raised_by_you"),
        Some(_) if review_on <= today || review_on > latest => Ruling::refused("flag.review_day"),
        Some(_) => Ruling::Applied,
    }
}

fn judge_lift(case: &Case, raise: ActionId) -> Ruling {
    match case.stops.iter().find(|stop| stop.id == raise) {
        None => Ruling::refused("stop.unknown"),
        // Only the end of the plan itself lifts the stop that it raised (CN-PLAN-3).
        Some(stop) if stop.kind == StopKind::ActivePlan => Ruling::refused("stop.plan_is_active"),
        // And only an answer the stop of a complaint.
        Some(stop) if stop.kind == StopKind::Complaint => Ruling::refused("stop.complaint_is_open"),
        Some(_) => Ruling::Applied,
    }
}

enum Certainty {
    Certain,
    Possible,
}

/// Whether a legal stop (other than a plan's own) was in force when it happened, by the bounds
/// that can be trusted: not before the author's cursor, not after the arrival.
fn stop_in_force(case: &Case, action: &Action, context: &Context<'_>) -> Option<Certainty> {
    let mut possible = None;
    for stop in case
        .stops
        .iter()
        .filter(|stop| stop.kind.is_of_the_person() && stop.lifted.is_none())
    {
        let author_knew = stop
            .known_from
            .is_some_and(|known| known.is_seen_from(action.base.cursor, context.epoch));
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

/// What becomes of an action that an earlier epoch of this server judged as `ruling`, at the revision
/// `first`: the same again, unless somebody changed the fact in a later epoch without being able to
/// see it. Then both wait.
pub fn replay(
    case: Option<&Case>,
    action: &Action,
    ruling: &Ruling,
    first: Option<Revision>,
    lineage: &Lineage,
) -> Ruling {
    let Change::SetFact { field, new, .. } = &action.change else {
        return ruling.clone();
    };
    let changed_since = case
        .and_then(|case| case.facts.get(field))
        .zip(first)
        .is_some_and(|(fact, first)| {
            let came = fact.first.unwrap_or(fact.revision);
            // Handed back itself, it may not have been there when this one was judged.
            let was_away = fact.first.is_some()
                && came.epoch < first.epoch
                && came.is_covered_by(action.base.case) != Some(true);
            // There when this one was judged, never seen by its author, and not in its way then:
            // what stood between them is lost.
            let base = action.base.case;
            let is_bared = lineage.shows(first, came) && !lineage.shows(base, came);
            let is_unseen = came.epoch > first.epoch || was_away || is_bared;
            is_unseen && action.prev != Some(fact.set_by) && fact.value != *new
        });
    match (ruling, changed_since) {
        (Ruling::Applied, true) => Ruling::held("fact.changed_meanwhile"),
        _ => ruling.clone(),
    }
}
