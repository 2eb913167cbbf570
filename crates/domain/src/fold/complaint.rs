//! Complaints on a case: that there is one, and the stop that it raises.

use super::safety::{lift_stop, raise_stop};
use crate::Revision;
use crate::action::{Action, Change};
use crate::case::Case;
use crate::complaint::{ComplaintStub, Complexity};
use crate::safety::{Stop, StopKind};

pub(super) fn complain(case: &mut Case, action: &Action, revision: Option<Revision>) {
    match &action.change {
        Change::RaiseComplaint { complaint } => {
            if case.complaints.iter().any(|stub| stub.id == action.id) {
                return;
            }
            case.complaints.push(ComplaintStub {
                id: action.id,
                about: complaint.about,
                raised_on: action.recorded.day(),
                complexity: Complexity::Simple,
                answered: None,
            });
            raise_stop(
                case,
                Stop {
                    id: action.id,
                    kind: StopKind::Complaint,
                    effective: action.recorded.instant(),
                    until: None,
                    known_from: revision,
                    lifted: None,
                },
            );
        }
        Change::GradeComplaint {
            complaint,
            complexity,
        } => {
            for stub in case
                .complaints
                .iter_mut()
                .filter(|stub| stub.id == *complaint)
            {
                stub.complexity = *complexity;
            }
        }
        Change::AnswerComplaint { complaint, .. } => {
            for stub in case
                .complaints
                .iter_mut()
                .filter(|stub| stub.id == *complaint)
            {
                stub.answered = Some(action.id);
            }
            lift_stop(case, *complaint, action.id);
        }
        _ => {}
    }
}
