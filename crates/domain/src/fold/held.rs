//! What a held or refused action leaves on a case, and how a decision settles it.

use super::plan::{put_plan, raise_plan_stop, set_plan_state};
use super::safety::{lift_stop, restore_stop};
use super::{Standing, set_fact};
use crate::action::{Action, Change};
use crate::case::Case;
use crate::conflict::{Choice, Conflict, Settlement, Sides};
use crate::plan::PlanState;
use crate::{ActionId, Revision, RuleId};

pub(super) fn hold(case: &mut Case, action: &Action, rule: &RuleId, revision: Revision) {
    if waits_for_another(case, action) {
        return;
    }
    let mut waiting = Vec::new();
    let sides = match &action.change {
        _ if is_held_whole(rule) => {
            waiting.push(action.clone());
            Sides::Whole {
                kind: action.change.kind().to_owned(),
            }
        }
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
        Change::Decide { conflict, choice } => Sides::Decision {
            conflict: *conflict,
            settled: case
                .conflict(*conflict)
                .and_then(|first| first.settlement.as_ref())
                .map_or(Choice::KeepCurrent, |first| first.choice.clone()),
            wanted: choice.clone(),
        },
        _ => {
            waiting.push(action.clone());
            Sides::Whole {
                kind: action.change.kind().to_owned(),
            }
        }
    };
    if case.conflict(action.id).is_none() {
        case.conflicts.push(Conflict {
            id: action.id,
            rule: rule.clone(),
            author: action.actor,
            raised_on: action.recorded.day(),
            sides,
            joined: Vec::new(),
            waiting,
            settlement: None,
        });
    }
}

/// Held for where it comes from, whatever it changes: it waits whole.
fn is_held_whole(rule: &RuleId) -> bool {
    matches!(
        rule.as_str(),
        "action.depends_on_unknown" | "device.reported_lost"
    )
}

/// Puts an action beside the held one that it depends on; false where it depends on none.
fn waits_for_another(case: &mut Case, action: &Action) -> bool {
    if action.change.is_safety() {
        return false;
    }
    let held = case.conflicts.iter_mut().find(|conflict| {
        conflict.is_open() && action.after.iter().any(|after| conflict.concerns(*after))
    });
    let Some(conflict) = held else {
        return false;
    };
    if !conflict.concerns(action.id) {
        conflict.waiting.push(action.clone());
    }
    true
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
    standing: &Standing,
) {
    if case.conflict(id).is_some_and(Conflict::is_open) {
        take_effect(case, action, id, choice, standing);
    }
}

/// Settles a conflict this way, also one that was settled otherwise: what the first decision did
/// gives way.
fn take_effect(
    case: &mut Case,
    action: &Action,
    id: ActionId,
    choice: &Choice,
    standing: &Standing,
) {
    let Some(conflict) = case.conflicts.iter_mut().find(|c| c.id == id) else {
        return;
    };
    let was_settled = conflict.settlement.is_some();
    conflict.settlement = Some(Settlement {
        choice: choice.clone(),
        by: action.actor,
        on: action.recorded.day(),
        action: action.id,
    });
    let waiting = conflict.waiting.clone();
    match (conflict.sides.clone(), choice) {
        (Sides::Fact { field, held, .. }, Choice::TakeHeld) => {
            set_fact(case, action, field, &held, standing);
        }
        (Sides::Fact { field, .. }, Choice::Write { value }) => {
            set_fact(case, action, field, value, standing);
        }
        (Sides::Fact { field, current, .. }, Choice::KeepCurrent) if was_settled => {
            set_fact(case, action, field, &current.unwrap_or_default(), standing);
        }
        (Sides::Plan { plan, .. }, Choice::TakeHeld) => {
            set_plan_state(case, plan, PlanState::Active);
            restore_stop(case, id);
        }
        (Sides::Plan { plan, .. }, Choice::KeepCurrent) => {
            set_plan_state(case, plan, PlanState::Void);
            case.plans
                .iter_mut()
                .filter(|known| known.terms.id == plan)
                .for_each(|plan| plan.is_to_be_told = true);
            lift_stop(case, id, action.id);
        }
        (
            Sides::Decision {
                conflict, wanted, ..
            },
            Choice::TakeHeld,
        ) => take_effect(case, action, conflict, &wanted, standing),
        (Sides::Fact { .. } | Sides::Decision { .. } | Sides::Whole { .. }, _)
        | (Sides::Plan { .. }, Choice::Write { .. }) => {}
    }
    for waiting in &waiting {
        release(case, waiting, choice, standing);
    }
}

/// What waited for a decision happens with it, or falls with it.
fn release(case: &mut Case, waiting: &Action, choice: &Choice, standing: &Standing) {
    let standing = match (choice, standing.revision()) {
        (Choice::KeepCurrent, Some(revision)) => Standing::Refused {
            revision,
            rule: RuleId::named("action.depends_on_refused"),
        },
        (Choice::KeepCurrent, None) => return,
        (_, Some(revision)) => Standing::applied(revision),
        (_, None) => Standing::Unjudged,
    };
    super::give(case, waiting, &standing);
}
