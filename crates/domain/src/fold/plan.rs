//! Plans on a case, and the stop that a signature raises.

use super::safety::raise_stop;
use crate::action::Action;
use crate::case::Case;
use crate::plan::{Plan, PlanState, PlanTerms};
use crate::safety::{Stop, StopKind};
use crate::{PlanId, Revision};

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
        }),
    }
}

pub(super) fn set_plan_state(case: &mut Case, id: PlanId, state: PlanState) {
    for plan in case.plans.iter_mut().filter(|plan| plan.terms.id == id) {
        plan.state = state;
    }
}
