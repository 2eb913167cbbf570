//! The visit itself: set off, arrive, check in, end, or leave at once.

use crate::device::Device;
use crate::error::{DeviceError, Result};
use crate::store::{StoreError, Tx};
use crate::view::{CommittedView, DoorStepView};
use chrono::Months;
use doorstep_domain::complaint::{Complaint, Feedback};
use doorstep_domain::outcome::{LeftBehind, Outcome, OutcomeForm, OutcomeKind, Protection};
use doorstep_domain::visit::{Step, Visit};
use doorstep_domain::{Case, CaseId, Change, RuleId};
use doorstep_protocol::alarm::AlarmKind;

impl Device {
    /// Sets off. Needs a clearance that still holds, and no other visit under way.
    pub fn start_travel(&self, id: CaseId) -> Result<CommittedView> {
        self.write(|tx| {
            if self.visit_under_way(&tx.busy_cases()?).is_some() {
                return Err(DeviceError::NotNow(RuleId::named(
                    "visit.another_under_way",
                )));
            }
            self.step(tx, id, Step::Travel, |visit| Change::StartTravel {
                visit: visit.id,
            })
        })
    }

    /// Says *I'm all right*: to the journal, and beside the queue to whoever watches.
    pub fn check_in(&self, id: CaseId) -> Result<CommittedView> {
        let done = self.write(|tx| {
            self.step(tx, id, Step::CheckIn, |visit| Change::CheckIn {
                visit: visit.id,
            })
        })?;
        self.raise_alarm(AlarmKind::CheckIn, Some(id))?;
        Ok(done)
    }

    /// The forms for what may have happened at this door: what the packs prohibit is not offered.
    pub fn outcome_forms(&self, id: CaseId) -> Result<Vec<OutcomeForm>> {
        self.read(|tx| {
            let case = self.case_in(tx, id)?;
            let may_leave = self.may_leave(tx, &case)?;
            let form = |kind: OutcomeKind| kind.form(&may_leave);
            Ok(OutcomeKind::CHOICES.map(form).to_vec())
        })
    }

    /// What is said at the door, in order, each with the rules that ask for it.
    pub fn door_steps(&self, id: CaseId) -> Result<Vec<DoorStepView>> {
        self.read(|tx| {
            let case = self.case_in(tx, id)?;
            let policies = &self.policies_in(tx)?.1;
            let steps = policies.door_steps(&case, self.day(tx, &case)?).into_iter();
            Ok(steps
                .map(|(step, asked_by)| DoorStepView { step, asked_by })
                .collect())
        })
    }

    fn may_leave(&self, tx: &Tx<'_>, case: &Case) -> Result<Vec<LeftBehind>> {
        let policies = &self.policies_in(tx)?.1;
        Ok(policies.may_leave(case, self.instant(tx)?))
    }

    /// Ends the visit with its outcome. What protects the person follows in the same moment: a dispute
    /// and a death stop collection, vulnerability is flagged.
    pub fn end_visit(&self, id: CaseId, outcome: Outcome) -> Result<CommittedView> {
        self.write(|tx| {
            let case = self.case_in(tx, id)?;
            let form = outcome.kind.form(&self.may_leave(tx, &case)?);
            outcome.check(&form).map_err(DeviceError::NotNow)?;
            let protection = self.protection(tx, &case, &form)?;
            let done = self.step(tx, id, Step::End, |visit| Change::EndVisit {
                visit: visit.id,
                outcome: Box::new(outcome),
            })?;
            if let Some(change) = protection {
                self.save(tx, &self.case_in(tx, id)?, change)?;
            }
            tx.drop_draft(&form_name("outcome", id))?;
            Ok(done)
        })
    }

    /// What an outcome sets in motion, unless it already holds.
    fn protection(&self, tx: &Tx<'_>, case: &Case, form: &OutcomeForm) -> Result<Option<Change>> {
        let now = self.instant(tx)?;
        Ok(match form.protects {
            Some(Protection::Stop { stop }) => {
                let holds = case.stops_in_force(now).any(|held| held.kind == stop);
                (!holds).then_some(Change::RaiseStop {
                    stop,
                    effective: now,
                    until: None,
                })
            }
            Some(Protection::Flag { flag }) => {
                let holds = case.flags_in_force(now).any(|held| held.kind == flag);
                let today = self.day(tx, case)?;
                (!holds).then(|| Change::RaiseFlag {
                    flag,
                    // What it was is in the outcome; here stands the need alone.
                    incident: "visit".to_owned(),
                    review_on: today.checked_add_months(REVIEW_MONTHS).unwrap_or(today),
                })
            }
            None => None,
        })
    }

    /// Takes a complaint, for the complaint handler: this device does not show it again.
    pub fn raise_complaint(&self, id: CaseId, complaint: Complaint) -> Result<CommittedView> {
        let text = complaint.text.trim().to_owned();
        if text.is_empty() {
            return Err(DeviceError::NotNow(RuleId::named("text.empty")));
        }
        if text.len() > COMPLAINT_BYTES_MAX {
            return Err(DeviceError::NotNow(RuleId::named("text.too_long")));
        }
        self.write(|tx| {
            let case = self.case_in(tx, id)?;
            let complaint = Box::new(Complaint { text, ..complaint });
            let done = self.save(tx, &case, Change::RaiseComplaint { complaint })?;
            tx.drop_draft(&form_name("complaint", id))?;
            Ok(done)
        })
    }

    /// Takes what the person says of the visit, on the screen that was turned round to them.
    pub fn give_feedback(&self, id: CaseId, feedback: Feedback) -> Result<CommittedView> {
        if !feedback.is_sound() {
            return Err(DeviceError::NotNow(RuleId::named(
                "feedback.not_on_the_scale",
            )));
        }
        self.write(|tx| {
            let case = self.case_in(tx, id)?;
            let mut visits = case.visits.iter().rev();
            let visit = visits
                .find(|visit| visit.agent == self.profile().user && visit.arrived_at.is_some())
                .ok_or(DeviceError::NotNow(RuleId::named("visit.not_there_yet")))?
                .id;
            self.save(tx, &case, Change::GiveFeedback { visit, feedback })
        })
    }

    /// Leaves, now: no typing, no reason.
    pub fn withdraw(&self, id: CaseId) -> Result<CommittedView> {
        let done = self.write(|tx| {
            self.step(tx, id, Step::Withdraw, |visit| Change::EndVisit {
                visit: visit.id,
                outcome: Box::new(Outcome::withdrawn()),
            })
        })?;
        self.raise_alarm(AlarmKind::Red, Some(id))?;
        Ok(done)
    }

    fn step(
        &self,
        tx: &Tx<'_>,
        id: CaseId,
        step: Step,
        change: impl FnOnce(&Visit) -> Change,
    ) -> Result<CommittedView> {
        let case = self.case_in(tx, id)?;
        let change = change(self.may_take(tx, &case, step)?);
        self.save(tx, &case, change)
    }

    /// The visit of this person for which the step may be taken now.
    pub(crate) fn may_take<'c>(
        &self,
        tx: &Tx<'_>,
        case: &'c Case,
        step: Step,
    ) -> Result<&'c Visit> {
        let visit = case
            .last_visit_of(self.profile().user)
            .ok_or(DeviceError::NotNow(RuleId::named("visit.not_cleared")))?;
        visit
            .may_take(step, self.instant(tx)?)
            .map_err(DeviceError::NotNow)?;
        Ok(visit)
    }

    /// A form that was begun, as the screen keeps it.
    pub fn form_draft(&self, form: &str, case: CaseId) -> Result<Option<String>> {
        Ok(self.read(|tx| tx.draft(&form_name(form, case)))?)
    }

    /// Keeps a form that is not finished.
    pub fn keep_form_draft(&self, form: &str, case: CaseId, doc: &str) -> Result<()> {
        if doc.len() > FORM_BYTES_MAX {
            return Err(StoreError::Value("form").into());
        }
        Ok(self.write(|tx| tx.keep_draft(&form_name(form, case), case, doc))?)
    }
}

const FORM_BYTES_MAX: usize = 64 * 1024;
const COMPLAINT_BYTES_MAX: usize = 20_000;
/// When somebody looks again whether a flag that a visit raised still holds.
const REVIEW_MONTHS: Months = Months::new(6);

pub(crate) fn form_name(form: &str, case: CaseId) -> String {
    format!("form {form} {case}")
}
