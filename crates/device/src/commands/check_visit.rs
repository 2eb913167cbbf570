//! The pre-visit checklist: answers kept as a draft, the clearance shown at each step, recorded
//! when the agent is done with it, also when it says no.

use crate::device::Device;
use crate::error::{DeviceError, Result};
use crate::store::{StoreError, Tx};
use crate::view::CommittedView;
use doorstep_domain::checklist::Answers;
use doorstep_domain::clearance::{Clearance, clear};
use doorstep_domain::policy::Policies;
use doorstep_domain::visit::{VisitIntent, VisitState};
use doorstep_domain::{Case, CaseId, Change, VisitId};
use doorstep_view::checklist::QuestionView;
use doorstep_view::{ChecklistView, ClearanceView};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use uuid::Uuid;

/// What the agent has answered so far.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ChecklistInput {
    pub answers: Answers,
    pub intent: VisitIntent,
}

impl Default for ChecklistInput {
    fn default() -> Self {
        Self {
            answers: Answers::new(),
            intent: VisitIntent {
                planned_minutes: 30,
                headcount: 2,
                lead_approval: None,
            },
        }
    }
}

fn draft_name(case: CaseId) -> String {
    format!("checklist {case}")
}

impl Device {
    /// The checklist of a case, with what was answered so far and what that allows.
    pub fn checklist(&self, id: CaseId) -> Result<ChecklistView> {
        self.read(|tx| {
            let case = self.case_in(tx, id)?;
            let input = read_draft(tx, id)?;
            self.view_checklist(tx, &case, &input)
        })
    }

    /// Keeps the answers and says what they allow.
    pub fn answer_checklist(&self, id: CaseId, input: &ChecklistInput) -> Result<ChecklistView> {
        self.write(|tx| {
            let case = self.case_in(tx, id)?;
            let doc = serde_json::to_string(input).map_err(StoreError::from)?;
            tx.keep_draft(&draft_name(id), id, &doc)?;
            self.view_checklist(tx, &case, input)
        })
    }

    /// Records the checklist with its clearance: cleared, or a *no* with its reasons.
    pub fn save_checklist(&self, id: CaseId) -> Result<CommittedView> {
        self.write(|tx| {
            let case = self.case_in(tx, id)?;
            if self.visit_under_way(std::slice::from_ref(&case)).is_some() {
                return Err(DeviceError::NotNow(doorstep_domain::RuleId::named(
                    "visit.under_way",
                )));
            }
            let policies = self.policies_in(tx)?;
            let policies = &policies.1;
            let input = read_draft(tx, id)?;
            let clearance = self.clear(tx, &case, &input, policies)?;
            let mut answers = policies.checklist.prefilled(&case, self.instant(tx)?);
            for (question, answer) in &input.answers {
                answers.entry(question.clone()).or_insert(*answer);
            }
            let done = self.save(
                tx,
                &case,
                Change::CheckVisit {
                    visit: visit_to_check(&case),
                    intent: input.intent,
                    answers,
                    clearance: Box::new(clearance),
                },
            )?;
            tx.drop_draft(&draft_name(id))?;
            Ok(done)
        })
    }

    fn clear(
        &self,
        tx: &Tx<'_>,
        case: &Case,
        input: &ChecklistInput,
        policies: &Policies,
    ) -> Result<Clearance> {
        Ok(clear(
            case,
            &input.answers,
            policies,
            &input.intent,
            self.instant(tx)?,
        ))
    }

    fn view_checklist(
        &self,
        tx: &Tx<'_>,
        case: &Case,
        input: &ChecklistInput,
    ) -> Result<ChecklistView> {
        let policies = self.policies_in(tx)?;
        let policies = &policies.1;
        let known = policies.checklist.prefilled(case, self.instant(tx)?);
        let clearance = self.clear(tx, case, input, policies)?;
        Ok(ChecklistView {
            version: policies.checklist.version,
            questions: QuestionView::all(&policies.checklist, &input.answers, &known),
            planned_minutes: input.intent.planned_minutes,
            headcount: input.intent.headcount,
            lead_approval: input.intent.lead_approval.clone().unwrap_or_default(),
            clearance: ClearanceView::from(&clearance),
        })
    }
}

fn read_draft(tx: &Tx<'_>, id: CaseId) -> Result<ChecklistInput> {
    let doc = tx.draft(&draft_name(id))?;
    Ok(doc
        .map(|doc| serde_json::from_str(&doc))
        .transpose()
        .map_err(StoreError::from)?
        .unwrap_or_default())
}

/// A checklist answered again before setting off belongs to the same visit.
fn visit_to_check(case: &Case) -> VisitId {
    match case.visits.last() {
        Some(visit) if visit.state <= VisitState::Cleared => visit.id,
        _ => VisitId(Uuid::now_v7()),
    }
}
