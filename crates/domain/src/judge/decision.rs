//! Whether a decision settles its conflict. A decision is an action, and can conflict too.

use super::plan::judge_second_plan;
use super::{Context, is_fresh};
use crate::ActionId;
use crate::action::{Action, Change};
use crate::case::Case;
use crate::conflict::{Choice, Conflict, Sides};
use crate::verdict::Ruling;

pub(super) fn judge_decision(
    case: &Case,
    action: &Action,
    id: ActionId,
    choice: &Choice,
    context: &Context<'_>,
) -> Ruling {
    let Some(conflict) = case.conflict(id) else {
        return Ruling::refused("decision.unknown_conflict");
    };
    if !conflict.may_be_settled_by(action.actor, context.role) {
        return Ruling::refused("decision.not_yours");
    }
    if let Some(settlement) = &conflict.settlement {
        return match settlement.choice == *choice {
            true => Ruling::Applied,
            // Somebody decided otherwise first: both are kept, and a person looks again.
            false => Ruling::held("decision.already_settled"),
        };
    }
    match (&conflict.sides, choice) {
        (Sides::Fact { .. }, _) | (_, Choice::KeepCurrent) => {
            judge_fresh(case, action, conflict, choice, context)
        }
        (Sides::Plan { .. }, Choice::Write { .. }) => Ruling::refused("decision.needs_new_consent"),
        (_, Choice::Write { .. }) => Ruling::refused("decision.takes_no_value"),
        (Sides::Plan { plan, .. }, Choice::TakeHeld) => judge_second_plan(case, *plan),
        (
            Sides::Decision {
                conflict, wanted, ..
            },
            Choice::TakeHeld,
        ) => {
            let plan = case
                .conflict(*conflict)
                .and_then(|first| match first.sides {
                    Sides::Plan { plan, .. } => Some(plan),
                    _ => None,
                });
            match (plan, wanted) {
                (Some(plan), Choice::TakeHeld) => judge_second_plan(case, plan),
                _ => Ruling::Applied,
            }
        }
        (Sides::Whole { .. }, Choice::TakeHeld) => {
            let plan = conflict
                .waiting
                .iter()
                .find_map(|waiting| match &waiting.change {
                    Change::AgreePlan { terms } => Some(terms.id),
                    _ => None,
                });
            match plan {
                Some(plan) => judge_second_plan(case, plan),
                None => Ruling::Applied,
            }
        }
    }
}

/// Where the server's side moved again after the decider looked, they must see it first.
fn judge_fresh(
    case: &Case,
    action: &Action,
    conflict: &Conflict,
    choice: &Choice,
    context: &Context<'_>,
) -> Ruling {
    match (&conflict.sides, choice) {
        (Sides::Fact { field, .. }, Choice::TakeHeld | Choice::Write { .. })
            if case.facts.get(field).is_some_and(|fact| {
                !is_fresh(fact.revision, fact.set_by, action, context.epoch)
            }) =>
        {
            Ruling::refused("decision.look_again")
        }
        _ => Ruling::Applied,
    }
}
