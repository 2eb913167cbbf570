//! The visit itself: set off, arrive, check in, end, or leave at once.

use crate::device::Device;
use crate::error::{DeviceError, Result};
use crate::store::{StoreError, Tx};
use crate::view::CommittedView;
use doorstep_domain::outcome::Outcome;
use doorstep_domain::place::Position;
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

    /// Arrives at the address; the position is taken once and no trail is kept.
    pub fn arrive(&self, id: CaseId, position: Option<Position>) -> Result<CommittedView> {
        self.write(|tx| {
            self.step(tx, id, Step::Arrive, |visit| Change::Arrive {
                visit: visit.id,
                position,
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

    /// Ends the visit with its outcome.
    pub fn end_visit(&self, id: CaseId, outcome: Outcome) -> Result<CommittedView> {
        self.write(|tx| {
            let done = self.step(tx, id, Step::End, |visit| Change::EndVisit {
                visit: visit.id,
                outcome: Box::new(outcome),
            })?;
            tx.drop_draft(&form_name("outcome", id))?;
            Ok(done)
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
            .visits
            .iter()
            .rev()
            .find(|visit| visit.agent == self.profile().user)
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

pub(crate) fn form_name(form: &str, case: CaseId) -> String {
    format!("form {form} {case}")
}
