//! Correcting a fact, adding a note, raising a flag.

use crate::device::Device;
use crate::error::{DeviceError, Result};
use crate::view::CommittedView;
use chrono::Duration;
use doorstep_domain::case::FactField;
use doorstep_domain::safety::FlagKind;
use doorstep_domain::{CaseId, Change, RuleId};

const TEXT_BYTES_MAX: usize = 4_000;
/// A flag is looked at again after this long, unless a lead sets another day.
const REVIEW_DAYS: i64 = 180;

impl Device {
    /// Corrects a fact; the old value is kept beside the new.
    pub fn set_fact(&self, id: CaseId, field: FactField, value: &str) -> Result<CommittedView> {
        let new = checked(value)?;
        self.write(|tx| {
            let case = self.case_in(tx, id)?;
            let old = case.fact(field).map(str::to_owned);
            self.save(tx, &case, Change::SetFact { field, old, new })
        })
    }

    /// Adds a note to the history.
    pub fn add_note(&self, id: CaseId, text: &str) -> Result<CommittedView> {
        let text = checked(text)?;
        self.write(|tx| {
            let case = self.case_in(tx, id)?;
            self.save(tx, &case, Change::AddNote { text })
        })
    }

    /// Raises a flag with the incident behind it.
    pub fn raise_flag(&self, id: CaseId, flag: FlagKind, incident: &str) -> Result<CommittedView> {
        let incident = checked(incident)?;
        self.write(|tx| {
            let case = self.case_in(tx, id)?;
            let review_on = self.moment(tx)?.day() + Duration::days(REVIEW_DAYS);
            self.save(
                tx,
                &case,
                Change::RaiseFlag {
                    flag,
                    incident,
                    review_on,
                },
            )
        })
    }
}

fn checked(text: &str) -> Result<String> {
    match text.trim() {
        "" => Err(DeviceError::NotNow(RuleId::named("text.empty"))),
        text if text.len() > TEXT_BYTES_MAX => {
            Err(DeviceError::NotNow(RuleId::named("text.too_long")))
        }
        text => Ok(text.to_owned()),
    }
}
