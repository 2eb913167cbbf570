//! Settling a conflict on one's own correction.

use crate::device::Device;
use crate::error::Result;
use crate::view::CommittedView;
use doorstep_domain::conflict::Choice;
use doorstep_domain::{ActionId, CaseId, Change};

impl Device {
    /// Settles a conflict, where it is this person's to settle.
    pub fn decide(&self, id: CaseId, conflict: ActionId, choice: Choice) -> Result<CommittedView> {
        self.write(|tx| {
            let case = self.case_in(tx, id)?;
            self.save(tx, &case, Change::Decide { conflict, choice })
        })
    }
}
