//! A lead's device hands in what was approved without a network, and learns who may ask.

use super::read;
use crate::device::Device;
use crate::error::{DeviceError, Result};
use doorstep_domain::Role;
use doorstep_protocol::team::TeamKeys;

/// So many approvals in one request.
const GIVEN_AT_ONCE: usize = 100;

impl Device {
    /// Hands in, then learns. What the server refuses here stays, is said, and holds up nothing else.
    /// Nothing to do on an agent's device.
    pub(super) async fn exchange_team(&self) -> Result<()> {
        if self.profile().role != Role::Lead {
            return Ok(());
        }
        let handed_in = self.hand_in_given().await;
        match handed_in.and(self.learn_team().await) {
            Err(error @ (DeviceError::Server(_) | DeviceError::UnreadableAnswer)) => {
                tracing::warn!(code = error.code(), "approvals or the team's keys wait");
                Ok(())
            }
            done => done,
        }
    }

    async fn hand_in_given(&self) -> Result<()> {
        let url = format!("{}/v1/given-lifts", self.profile().server);
        for some in self.given_lifts()?.chunks(GIVEN_AT_ONCE) {
            self.ask(|http| http.post(&url).json(some)).await?;
            self.forget_given(some)?;
        }
        Ok(())
    }

    async fn learn_team(&self) -> Result<()> {
        let url = format!("{}/v1/team-keys", self.profile().server);
        let keys: TeamKeys = read(self.ask(|http| http.get(&url)).await?).await?;
        self.keep_team(&keys)
    }
}
