//! Going in a pair: the colleague accepts on their own device, and neither needs a network. The code is
//! noted here as it was typed; whose it is, the server finds out.

use crate::device::Device;
use crate::error::{DeviceError, Result};
use doorstep_domain::{CaseId, RuleId};
use doorstep_protocol::{lift, partner};

const CODE_DIGITS: usize = 8;
const QUESTION_LENGTH: usize = 6;

fn not_now(rule: &'static str) -> DeviceError {
    DeviceError::NotNow(RuleId::named(rule))
}

impl Device {
    /// What the colleague types into their device for the visit that is being checked.
    pub fn ask_partner(&self, id: CaseId) -> Result<String> {
        self.write(|tx| {
            let case = self.case_in(tx, id)?;
            let brought = self.lifts_of(tx, &case)?;
            brought.keep(tx, id)?;
            Ok(partner::question(brought.visit))
        })
    }

    /// Notes what the colleague's device answered.
    pub fn note_partner(&self, id: CaseId, code: &str) -> Result<()> {
        let digits: String = code.chars().filter(char::is_ascii_digit).collect();
        if digits.len() != CODE_DIGITS {
            return Err(not_now("partner.code"));
        }
        self.write(|tx| {
            let case = self.case_in(tx, id)?;
            let mut brought = self.lifts_of(tx, &case)?;
            brought.partner_code = Some(digits);
            brought.keep(tx, id)
        })
    }

    /// Accepts to go along on a colleague's visit: the code that they type.
    pub fn accept_to_go_along(&self, question: &str) -> Result<String> {
        if lift::normal(question).len() != QUESTION_LENGTH {
            return Err(not_now("partner.question"));
        }
        Ok(partner::code(&self.lift_key()?, question))
    }
}
