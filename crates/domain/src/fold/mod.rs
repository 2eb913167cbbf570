//! `fold`: what an action does to a case. Total, never fails, holds no rule.
//!
//! The device folds its unjudged actions on top of the server's document; the server folds what
//! it has judged. No other code changes a case. Folding the same action twice changes nothing.

mod complaint;
mod held;
mod plan;
mod safety;
mod visit;

use crate::action::{Action, Change, OpeningFacts};
use crate::case::{
    Assignment, BalanceItem, BalanceLine, Case, Fact, FactField, Note, PastAssignment,
};
use crate::evidence::Evidence;
use crate::money::Money;
use crate::plan::PlanState;
use crate::safety::Stop;
use crate::verdict::Ruling;
use crate::visit::VisitState;
use crate::{Revision, RuleId};
use complaint::complain;
use held::{hold, refuse, settle};
use plan::{count_payment, live, put_plan, raise_plan_stop};
use safety::{lift_stop, raise_flag, raise_stop, review_flag};
use visit::{advance, check_visit};

/// The label of an assignment whose household is another agent's on that day.
pub const HOUSEHOLD_TAKEN: &str = "assignment.household_taken";

/// How an action stands with the server when it is folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Only the device knows of it.
    Unjudged,
    Applied {
        revision: Revision,
        /// What it is labelled with.
        remarks: Vec<RuleId>,
        /// The revision of its first verdict, where a restored server replays it.
        first: Option<Revision>,
    },
    Held {
        revision: Revision,
        rule: RuleId,
    },
    /// Leaves a trace only where a person must see it: a plan that is void from the start.
    Refused {
        revision: Revision,
        rule: RuleId,
    },
}

impl Standing {
    /// Applied at `revision`, without a label.
    pub const fn applied(revision: Revision) -> Self {
        Self::Applied {
            revision,
            remarks: Vec::new(),
            first: None,
        }
    }

    /// What a ruling makes of an action that was judged at `revision`.
    pub fn of(ruling: &Ruling, remarks: &[RuleId], revision: Revision) -> Self {
        match ruling {
            Ruling::Applied => Self::Applied {
                revision,
                remarks: remarks.to_vec(),
                first: None,
            },
            Ruling::Held { rule } => Self::Held {
                revision,
                rule: rule.clone(),
            },
            Ruling::Refused { rule } => Self::Refused {
                revision,
                rule: rule.clone(),
            },
        }
    }

    /// The same, where `at` was the revision of its first verdict.
    pub fn replayed(self, at: Revision) -> Self {
        match self {
            Self::Applied {
                revision, remarks, ..
            } => Self::Applied {
                revision,
                remarks,
                first: Some(at),
            },
            other => other,
        }
    }

    const fn first(&self) -> Option<Revision> {
        match self {
            Self::Applied { first, .. } => *first,
            _ => None,
        }
    }

    const fn revision(&self) -> Option<Revision> {
        match self {
            Self::Unjudged => None,
            Self::Applied { revision, .. }
            | Self::Held { revision, .. }
            | Self::Refused { revision, .. } => Some(*revision),
        }
    }

    fn remarks(&self) -> &[RuleId] {
        match self {
            Self::Applied { remarks, .. } => remarks,
            _ => &[],
        }
    }
}

/// The case after the action; `None` only where there was none and none was opened.
pub fn fold(case: Option<Case>, action: &Action, standing: &Standing) -> Option<Case> {
    let mut case = match (case, &action.change) {
        (Some(case), _) => case,
        (None, Change::OpenCase { facts }) => open(action, facts, standing.revision()),
        (None, _) => return None,
    };
    give(&mut case, action, standing);
    if let Some(revision) = standing.revision() {
        case.revision = revision;
    }
    Some(case)
}

/// What an action does to a case by its standing.
fn give(case: &mut Case, action: &Action, standing: &Standing) {
    match standing {
        Standing::Unjudged | Standing::Applied { .. } => apply(case, action, standing),
        Standing::Held { revision, rule } => hold(case, action, rule, *revision),
        Standing::Refused { .. } => refuse(case, action),
    }
}

fn open(action: &Action, facts: &OpeningFacts, revision: Option<Revision>) -> Case {
    let revision = revision.unwrap_or(action.base.case);
    let fact = |value: &String| Fact {
        value: value.clone(),
        revision,
        set_by: action.id,
        first: None,
    };
    Case {
        id: action.case,
        revision,
        account: facts.account.clone(),
        person: facts.person.clone(),
        household: facts.household,
        address: facts.address.clone(),
        facts: facts
            .facts
            .iter()
            .map(|(field, value)| (*field, fact(value)))
            .collect(),
        balance: facts.balance.clone(),
        flags: Vec::new(),
        stops: Vec::new(),
        history: Vec::new(),
        visits: Vec::new(),
        plans: Vec::new(),
        assignment: None,
        past_assignments: Vec::new(),
        conflicts: Vec::new(),
        complaints: Vec::new(),
        evidence: Vec::new(),
        closed: None,
    }
}

fn apply(case: &mut Case, action: &Action, standing: &Standing) {
    let revision = standing.revision();
    match &action.change {
        Change::OpenCase { .. } => {}
        Change::ReplaceBalance {
            balance,
            months_overdue,
            gentler_attempts,
        } => {
            case.balance = balance.clone();
            case.account.months_overdue = *months_overdue;
            case.account.gentler_attempts = gentler_attempts.or(case.account.gentler_attempts);
        }
        Change::PostPayment { amount, on } => {
            post_payment(case, *amount, *on);
            count_payment(case, action, *amount, *on);
        }
        Change::CloseCase { reason } => case.closed = Some(reason.clone()),
        Change::Assign {
            agent,
            day,
            position,
        } => {
            let from = revision.unwrap_or(action.base.cursor);
            let stays = case.is_assigned_to(*agent);
            let since = case.assignment.as_ref().map(|held| held.from);
            if !stays {
                end_assignment(case, from);
            }
            case.assignment = Some(Assignment {
                agent: *agent,
                day: *day,
                position: *position,
                from: since.filter(|_| stays).unwrap_or(from),
                has_permit: !standing
                    .remarks()
                    .iter()
                    .any(|remark| remark.as_str() == HOUSEHOLD_TAKEN),
            });
        }
        Change::Unassign => end_assignment(case, revision.unwrap_or(action.base.cursor)),
        Change::SetFact { field, new, .. } => set_fact(case, action, *field, new, standing),
        Change::AddNote { text } => add_note(case, action, text),
        Change::RaiseFlag { .. } => raise_flag(case, action),
        Change::ReviewFlag { raise, review_on } => review_flag(case, action, *raise, *review_on),
        Change::ClearFlag { raise, .. } => {
            for flag in case.flags.iter_mut().filter(|flag| flag.id == *raise) {
                flag.cleared = Some(action.id);
            }
        }
        Change::RaiseStop {
            stop,
            effective,
            until,
        } => raise_stop(
            case,
            Stop {
                id: action.id,
                kind: *stop,
                effective: *effective,
                until: *until,
                known_from: revision,
                lifted: None,
            },
        ),
        Change::LiftStop { raise, .. } => lift_stop(case, *raise, action.id),
        Change::CheckVisit { .. } => check_visit(case, action),
        Change::StartTravel { visit } => advance(case, *visit, VisitState::Travelling, |visit| {
            visit.travelled_at = Some(action.recorded.clone());
        }),
        Change::Arrive {
            visit,
            position,
            arrival,
        } => advance(case, *visit, VisitState::OnScene, |visit| {
            visit.arrived_at = Some(action.recorded.clone());
            visit.arrived_position = *position;
            visit.arrival = *arrival;
            visit.remarks = standing.remarks().to_vec();
        }),
        Change::JoinVisit { visit } => {
            let joined = case.visits.iter_mut().find(|known| known.id == *visit);
            if let Some(visit) = joined {
                visit.partner = Some(action.actor);
            }
        }
        Change::CheckIn { visit } => advance(case, *visit, VisitState::OnScene, |visit| {
            if !visit.check_ins.contains(&action.recorded) {
                visit.check_ins.push(action.recorded.clone());
            }
        }),
        Change::EndVisit { visit, outcome } => advance(case, *visit, VisitState::Ended, |visit| {
            visit.ended_at = Some(action.recorded.clone());
            visit.outcome = Some((**outcome).clone());
        }),
        Change::AgreePlan { terms } => {
            let state = match standing {
                Standing::Applied { .. } => PlanState::Active,
                _ => PlanState::Provisional,
            };
            put_plan(case, action, terms, state);
            raise_plan_stop(case, action, revision);
        }
        Change::VoidPlan { .. }
        | Change::CounterPlan { .. }
        | Change::AcceptCounter { .. }
        | Change::BreakPlan { .. }
        | Change::TellOfPlan { .. } => live(case, action),
        Change::RaiseComplaint { .. }
        | Change::GradeComplaint { .. }
        | Change::AnswerComplaint { .. } => complain(case, action, revision),
        // For the complaint handler alone.
        Change::GiveFeedback { .. } => {}
        Change::AddEvidence { evidence } => {
            let is_known = |known: &Evidence| known.sha256 == evidence.sha256;
            if !case.evidence.iter().any(is_known) {
                case.evidence.push(evidence.clone());
            }
        }
        Change::DeleteEvidence { sha256 } => {
            let mut pieces = case.evidence.iter_mut();
            if let Some(piece) = pieces.find(|piece| piece.sha256 == *sha256) {
                piece.deleted_on = Some(action.recorded.day());
            }
        }
        Change::Decide { conflict, choice } => settle(case, action, *conflict, choice, standing),
    }
}

fn set_fact(case: &mut Case, action: &Action, field: FactField, new: &str, standing: &Standing) {
    let (revision, first) = (standing.revision(), standing.first());
    let old = case.facts.get(&field);
    // Replayed after a restore: what followed it in its own epoch stays, and so does what was
    // written in a later one, unless this very action was written on top of that.
    let is_superseded = |fact: &Fact, first: Revision| {
        let came = fact.first.unwrap_or(fact.revision);
        let followed = came != first && first.is_covered_by(came) == Some(true);
        let is_later = came.epoch > first.epoch && action.prev != Some(fact.set_by);
        followed || is_later
    };
    if old
        .zip(first)
        .is_some_and(|(fact, first)| is_superseded(fact, first))
    {
        return;
    }
    // The same value again does not make the fact newer; an unjudged edit keeps its old revision.
    let kept = old
        .filter(|fact| fact.value == new || revision.is_none())
        .map(|fact| fact.revision);
    let fact = Fact {
        value: new.to_owned(),
        revision: kept.or(revision).unwrap_or(action.base.case),
        set_by: action.id,
        first,
    };
    case.facts.insert(field, fact);
}

fn post_payment(case: &mut Case, amount: Money, on: chrono::NaiveDate) {
    // The rules refuse a foreign currency and an overflow; here both leave the balance alone.
    let Some(total) = case.balance.total.checked_sub(amount) else {
        return;
    };
    case.balance.lines.push(BalanceLine {
        item: BalanceItem::Payment,
        on,
        amount: Money::new(-amount.minor, amount.currency),
    });
    case.balance.total = total;
    case.balance.as_of = case.balance.as_of.max(on);
}

fn end_assignment(case: &mut Case, to: Revision) {
    if let Some(ended) = case.assignment.take() {
        case.past_assignments.push(PastAssignment {
            agent: ended.agent,
            from: ended.from,
            to,
        });
    }
}

fn add_note(case: &mut Case, action: &Action, text: &str) {
    if case.history.iter().any(|note| note.id == action.id) {
        return;
    }
    let late = case.is_late_work(action);
    case.history.push(Note {
        id: action.id,
        on: action.recorded.day(),
        by: action.actor,
        text: text.to_owned(),
        late,
    });
}
