//! A visit on a case, step by step.

use crate::VisitId;
use crate::action::{Action, Change};
use crate::case::Case;
use crate::visit::{Visit, VisitIntent, VisitState};

pub(super) fn check_visit(case: &mut Case, action: &Action) {
    let Change::CheckVisit {
        visit: id,
        intent,
        answers,
        clearance,
    } = &action.change
    else {
        return;
    };
    let late = case.is_late_work(action);
    let visit = Visit {
        id: *id,
        agent: action.actor,
        state: if clearance.may_go() {
            VisitState::Cleared
        } else {
            VisitState::Planned
        },
        intent: intent.clone(),
        answers: answers.clone(),
        clearance: (**clearance).clone(),
        checked_at: action.recorded.clone(),
        travelled_at: None,
        arrived_at: None,
        arrived_position: None,
        arrival: None,
        partner: None,
        check_ins: Vec::new(),
        ended_at: None,
        outcome: None,
        late,
        remarks: Vec::new(),
    };
    match case.visits.iter_mut().find(|known| known.id == *id) {
        // A checklist answered again before setting off replaces the first; later it is history.
        Some(known) if known.agent == visit.agent && known.state <= VisitState::Cleared => {
            // Who goes along stays, whatever is answered anew.
            *known = Visit {
                partner: known.partner,
                intent: VisitIntent {
                    partner_code: visit
                        .intent
                        .partner_code
                        .or(known.intent.partner_code.take()),
                    ..visit.intent
                },
                ..visit
            };
        }
        Some(_) => {}
        None => case.visits.push(visit),
    }
}

pub(super) fn advance(
    case: &mut Case,
    id: VisitId,
    state: VisitState,
    record: impl FnOnce(&mut Visit),
) {
    if let Some(visit) = case.visits.iter_mut().find(|visit| visit.id == id) {
        visit.state = visit.state.max(state);
        record(visit);
    }
}
