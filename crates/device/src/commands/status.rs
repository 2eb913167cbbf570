//! What is saved, sent and judged.

use crate::device::Device;
use crate::error::Result;
use crate::view::{ProfileView, SavedView, SyncStatusView};

const SAVED_LISTED_MAX: u32 = 200;

impl Device {
    /// How the exchange with the server stands.
    pub fn sync_status(&self) -> Result<SyncStatusView> {
        let (is_running, problem, arrived) =
            self.with_sync(|sync| (sync.is_running, sync.problem.clone(), sync.arrived));
        self.read(|tx| {
            Ok(SyncStatusView {
                waiting: tx.count_waiting()?,
                held: tx.count_open_conflicts()?,
                refused: tx.count_refused()?,
                hidden: tx.count_hidden()?,
                is_metered: tx.is_metered()?,
                arrived,
                cases: tx.count_cases()?,
                is_ready: tx.is_ready()?,
                is_running,
                heard_at: tx.server_clock()?.map(|clock| clock.heard_at),
                problem,
                policies_refused: tx.policies_refused()?,
                server: self.profile().server.clone(),
            })
        })
    }

    /// What was saved on this device, the newest first.
    pub fn saved(&self) -> Result<Vec<SavedView>> {
        self.read(|tx| {
            let rows = tx.saved(SAVED_LISTED_MAX)?;
            Ok(rows
                .into_iter()
                .map(|row| SavedView {
                    action: row.action,
                    case: row.case,
                    kind: row.kind,
                    subject: row.subject,
                    recorded_at: row.recorded_at,
                    ruling: row.ruling,
                })
                .collect())
        })
    }

    /// Says whether the network is a metered one: then only what was recorded goes out by itself.
    pub fn set_metered(&self, is_metered: bool) -> Result<SyncStatusView> {
        self.write(|tx| tx.set_metered(is_metered))?;
        self.sync_status()
    }

    /// Who works on this device.
    pub fn profile_view(&self) -> ProfileView {
        let profile = self.profile();
        ProfileView {
            user: profile.user,
            display_name: profile.display_name.clone(),
            server: profile.server.clone(),
            role: profile.role,
        }
    }
}
