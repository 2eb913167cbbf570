//! The pre-visit checklist: answers kept as a draft, the clearance shown at each step, recorded
//! when the agent is done with it, also when it says no.

use super::lift;
use crate::device::Device;
use crate::error::{DeviceError, Result};
use crate::record;
use crate::store::{StoreError, Tx};
use crate::view::CommittedView;
use chrono::NaiveDate;
use doorstep_domain::checklist::{Answer, Answers, Checklist, Holds, Question};
use doorstep_domain::clearance::{Clearance, clear};
use doorstep_domain::policy::Policies;
use doorstep_domain::visit::{VisitIntent, VisitState};
use doorstep_domain::{Case, CaseId, Change, UserId, VisitId};
use doorstep_view::checklist::QuestionView;
use doorstep_view::{ChecklistView, ClearanceView};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

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
                lifts: Vec::new(),
                partner_code: None,
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
            let input = self.draft_of(tx, &case)?;
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
            let input = self.draft_of(tx, &case)?;
            let lifts = self.lifts_of(tx, &case)?;
            let clearance = self.clear(tx, &case, &input, policies)?;
            let mut answers = policies.checklist.prefilled(&case, self.instant(tx)?);
            for (question, answer) in &input.answers {
                answers.entry(question.clone()).or_insert(*answer);
            }
            self.keep_answers_of_day(tx, &case, &policies.checklist, &input.answers)?;
            let done = self.save(
                tx,
                &case,
                Change::CheckVisit {
                    visit: lifts.visit,
                    intent: VisitIntent {
                        lifts: lifts.lifted,
                        partner_code: lifts.partner_code,
                        ..input.intent
                    },
                    answers,
                    clearance: Box::new(clearance),
                },
            )?;
            tx.drop_draft(&draft_name(id))?;
            lift::use_up(tx, id)?;
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
        // Whatever a screen sends: lifted is what a code has lifted.
        let intent = VisitIntent {
            lifts: self.lifts_of(tx, case)?.lifted,
            ..input.intent.clone()
        };
        Ok(clear(
            case,
            &input.answers,
            policies,
            &intent,
            self.instant(tx)?,
        ))
    }

    /// What the answers so far allow.
    pub(super) fn clearance_now(&self, tx: &Tx<'_>, case: &Case) -> Result<Clearance> {
        let input = self.draft_of(tx, case)?;
        let policies = self.policies_in(tx)?;
        self.clear(tx, case, &input, &policies.1)
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
            questions: QuestionView::all(
                &policies.checklist,
                &input.answers,
                &known,
                &self.carried(tx, case, &policies.checklist)?,
            ),
            planned_minutes: input.intent.planned_minutes,
            headcount: input.intent.headcount,
            has_partner_code: self.lifts_of(tx, case)?.partner_code.is_some(),
            may_ask_lead: !clearance.liftable().is_empty(),
            clearance: ClearanceView::from(&clearance),
        })
    }

    /// The answers so far; at first what was answered before and is still good.
    fn draft_of(&self, tx: &Tx<'_>, case: &Case) -> Result<ChecklistInput> {
        if let Some(doc) = tx.draft(&draft_name(case.id))? {
            return Ok(serde_json::from_str(&doc).map_err(StoreError::from)?);
        }
        let policies = self.policies_in(tx)?;
        Ok(ChecklistInput {
            answers: self.carried(tx, case, &policies.1.checklist)?,
            ..ChecklistInput::default()
        })
    }

    /// What was answered at this door within thirty days, or anywhere today, and holds for so long.
    /// *Unknown* is asked again.
    fn carried(&self, tx: &Tx<'_>, case: &Case, checklist: &Checklist) -> Result<Answers> {
        let today = self.day(tx, case)?;
        let of_day: Option<AnswersOfDay> = record::read(tx, ANSWERS_OF_DAY)?;
        let of_day = of_day.filter(|kept| kept.day == today);
        let last = case.visits.last().filter(|visit| {
            (today - visit.checked_at.day()).num_days() < doorstep_domain::checklist::CASE_DAYS
        });
        let earlier = |question: &Question| match question.holds {
            Holds::Day => of_day
                .as_ref()
                .and_then(|kept| kept.answers.get(&question.id)),
            Holds::Case => last.and_then(|visit| visit.answers.get(&question.id)),
            Holds::Visit | Holds::Rules => None,
        };
        Ok(checklist
            .questions
            .iter()
            .filter_map(|question| Some((question.id.clone(), *earlier(question)?)))
            .filter(|(_, answer)| *answer != Answer::Unknown)
            .collect())
    }

    fn keep_answers_of_day(
        &self,
        tx: &Tx<'_>,
        case: &Case,
        checklist: &Checklist,
        answers: &Answers,
    ) -> Result<()> {
        let of_day = checklist.questions.iter().filter(|q| q.holds == Holds::Day);
        let answers = of_day
            .filter_map(|question| Some((question.id.clone(), *answers.get(&question.id)?)))
            .collect();
        let kept = AnswersOfDay {
            day: self.day(tx, case)?,
            answers,
        };
        Ok(record::write(tx, ANSWERS_OF_DAY, &kept)?)
    }
}

/// What the agent answered about themselves and their things today.
#[derive(Serialize, Deserialize)]
struct AnswersOfDay {
    day: NaiveDate,
    answers: Answers,
}

const ANSWERS_OF_DAY: &str = "answers_of_day";

/// A checklist answered again before setting off belongs to the same visit.
pub(super) fn visit_to_check(case: &Case, agent: UserId) -> Option<VisitId> {
    let last = case.last_visit_of(agent);
    last.filter(|visit| visit.state <= VisitState::Cleared)
        .map(|visit| visit.id)
}
