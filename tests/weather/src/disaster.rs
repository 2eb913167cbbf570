//! Backups and restores of the server, and what is gone with them.

use crate::world::{Kept, World};
use anyhow::Result;
use doorstep_domain::ActionId;
use doorstep_server::intake::Books as _;

impl World {
    /// Backs the server up.
    pub fn back_up(&mut self) -> Result<()> {
        let backup = self.server.back_up(self.now)?;
        self.backup = Some(Kept {
            backup,
            line: self.seam.line.borrow().clone(),
            desk: self.desk.clone(),
        });
        Ok(())
    }

    /// Restores the server's last backup; what the desk did since is gone, as it would be.
    pub fn restore(&mut self) -> Result<bool> {
        let Some(kept) = self.backup.take() else {
            return Ok(false);
        };
        self.restores += 1;
        self.server
            .restore(&kept.backup, self.now, 1 + self.restores)?;
        *self.seam.line.borrow_mut() = kept.line.clone();
        self.desk = kept.desk.clone();
        self.backup = Some(kept);
        self.excuse_what_nobody_has()?;
        Ok(true)
    }

    /// What a tablet had lost already and the server loses now is nobody's any more.
    fn excuse_what_nobody_has(&mut self) -> Result<()> {
        let ids: Vec<ActionId> = self.deeds.keys().copied().collect();
        for id in ids {
            let is_on_a_tablet = self.tablets.iter().any(|tablet| tablet.deeds.contains(&id));
            if !is_on_a_tablet && !self.is_at_server(id)? {
                self.excuse(id);
            }
        }
        Ok(())
    }

    /// Nobody can bring an action back.
    pub fn excuse(&mut self, id: ActionId) {
        if let Some(deed) = self.deeds.get_mut(&id) {
            deed.is_excused = true;
        }
    }

    /// Whether the server has an action in its journal.
    pub fn is_at_server(&self, id: ActionId) -> Result<bool> {
        let taken = self
            .server
            .write(None, &self.seam, |books| books.taken_action(id))??;
        Ok(taken.is_some())
    }
}
