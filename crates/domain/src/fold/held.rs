//! What a held or refused action leaves on a case, and how a decision settles it.

use super::plan::{put_plan, raise_plan_stop, set_plan_state};
use super::safety::lift_stop;
use super::{add_note, set_fact};
use crate::action::{Action, Change};
use crate::case::Case;
use crate::conflict::{Choice, Conflict, Settlement, Sides};
use crate::plan::PlanState;
use crate::{ActionId, Revision, RuleId};

pub(super) fn hold(case: &mut Case, action: &Action, rule: &RuleId, revision: Revision) {
    let sides = match &action.change {
        Change::SetFact { field, old, new } => {
            if join_conflict(case, action, new) {
                return;
            }
            Sides::Fact {
                field: *field,
                before: old.clone(),
                held: new.clone(),
                current: case.fact(*field).map(str::to_owned),
            }
        }
        Change::AgreePlan { terms } => {
            put_plan(case, action, terms, PlanState::Provisional);
            // What was signed stops collection, whatever is decided about it later.
            raise_plan_stop(case, action, Some(revision));
            Sides::Plan {
                plan: terms.id,
                balance_seen: terms.balance_seen,
                balance_now: case.balance.total,
            }
        }
        // The rules hold nothing else; kept as a note so that even then nothing is lost.
        _ => return add_note(case, action, rule.as_str()),
    };
    if case.conflict(action.id).is_none() {
        case.conflicts.push(Conflict {
            id: action.id,
            rule: rule.clone(),
            author: action.actor,
            raised_on: action.recorded.day(),
            sides,
            joined: Vec::new(),
            settlement: None,
        });
    }
}

pub(super) fn refuse(case: &mut Case, action: &Action) {
    if let Change::AgreePlan { terms } = &action.change {
        put_plan(case, action, terms, PlanState::Void);
    }
}

/// Puts an edit that builds on a held one beside it, with the newest value; false where the one
/// it builds on is not held.
fn join_conflict(case: &mut Case, action: &Action, new: &str) -> bool {
    let Some(prev) = action.prev else {
        return false;
    };
    let builds_on = |conflict: &&mut Conflict| {
        conflict.is_open() && (conflict.id == prev || conflict.joined.contains(&prev))
    };
    let Some(conflict) = case.conflicts.iter_mut().find(builds_on) else {
        return false;
    };
    if !conflict.joined.contains(&action.id) {
        conflict.joined.push(action.id);
    }
    if let Sides::Fact { held, .. } = &mut conflict.sides {
        new.clone_into(held);
    }
    true
}

pub(super) fn settle(
    case: &mut Case,
    action: &Action,
    id: ActionId,
    choice: &Choice,
    revision: Option<Revision>,
) {
    let Some(conflict) = case
        .conflicts
        .iter_mut()
        .find(|c| c.id == id && c.is_open())
    else {
        return;
    };
    conflict.settlement = Some(Settlement {
        choice: choice.clone(),
        by: action.actor,
        on: action.recorded.day(),
        action: action.id,
    });
    match (conflict.sides.clone(), choice) {
        (Sides::Fact { field, held, .. }, Choice::TakeHeld) => {
            set_fact(case, action, field, &held, revision);
        }
        (Sides::Fact { field, .. }, Choice::Write { value }) => {
            set_fact(case, action, field, value, revision);
        }
        (Sides::Plan { plan, .. }, Choice::TakeHeld) => {
            set_plan_state(case, plan, PlanState::Active)
        }
        (Sides::Plan { plan, .. }, Choice::KeepCurrent) => {
            set_plan_state(case, plan, PlanState::Void);
            lift_stop(case, id, action.id);
        }
        (Sides::Fact { .. }, Choice::KeepCurrent) | (Sides::Plan { .. }, Choice::Write { .. }) => {}
    }
}
