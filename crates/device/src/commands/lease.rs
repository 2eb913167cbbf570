//! The lease: a device that has not met its server for two weeks opens only once it has. What is on it
//! grows old, and one that was lost is told so only by the server. Never during a visit.

use crate::device::Device;
use crate::error::{DeviceError, Result};
use chrono::Duration;

/// How long a device opens without having met its server.
const LEASE: Duration = Duration::days(14);
/// A clock that is further behind what the server last said was set back.
const CLOCK_MAY_LAG: Duration = Duration::days(1);

impl Device {
    /// Whether the device must meet its server before anybody works on it.
    pub fn is_lease_over(&self) -> Result<bool> {
        self.read(|tx| {
            let Some(clock) = tx.server_clock()? else {
                return Ok(false);
            };
            let since = self.instant(tx)? - clock.heard_at;
            let is_over = since > LEASE || since < -CLOCK_MAY_LAG;
            Ok(is_over && self.visit_under_way(&tx.busy_cases()?).is_none())
        })
    }

    /// Meets the server where the lease is over.
    ///
    /// # Errors
    /// [`DeviceError::LeaseOver`] where the server can't be met; what was saved is safe.
    pub async fn renew_lease(&self) -> Result<()> {
        if !self.is_lease_over()? {
            return Ok(());
        }
        match self.sync().await {
            Err(DeviceError::Retired) => Err(DeviceError::Retired),
            _ if self.is_lease_over()? => Err(DeviceError::LeaseOver),
            _ => Ok(()),
        }
    }
}
