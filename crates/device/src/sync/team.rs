//! A lead's device hands in what was approved without a network, and learns who may ask.

use super::read;
use crate::device::Device;
use crate::error::Result;
use doorstep_domain::Role;
use doorstep_protocol::team::TeamKeys;

/// So many approvals in one request.
const GIVEN_AT_ONCE: usize = 100;

impl Device {
    /// Hands in what was approved; it stays here until the server has it.
    pub(super) async fn hand_in_given(&self) -> Result<()> {
        let url = format!("{}/v1/given-lifts", self.profile().server);
        for some in self.given_lifts()?.chunks(GIVEN_AT_ONCE) {
            self.ask(|http| http.post(&url).json(some)).await?;
            self.forget_given(some)?;
        }
        Ok(())
    }

    /// Nothing on an agent's device.
    pub(super) async fn learn_team(&self) -> Result<()> {
        if self.profile().role != Role::Lead {
            return Ok(());
        }
        let url = format!("{}/v1/team-keys", self.profile().server);
        let keys: TeamKeys = read(self.ask(|http| http.get(&url)).await?).await?;
        self.keep_team(&keys)
    }
}
