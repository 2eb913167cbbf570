//! Sending alarms: beside the queue, every few seconds until the server has them.

use crate::device::Device;
use crate::error::{DeviceError, Result};
use doorstep_protocol::alarm::Alarm;
use std::time::Duration;

const TRY_EVERY: Duration = Duration::from_secs(3);
const WAIT_LONGEST: Duration = Duration::from_secs(8);

impl Device {
    /// Sends the alarms that wait; says how many are left.
    pub async fn send_alarms(&self) -> Result<usize> {
        let waiting: Vec<Alarm> = self.read(|tx| tx.alarms())?;
        let mut left = waiting.len();
        for alarm in waiting {
            // A lapsed token is as good: whoever was ever given a device may raise an alarm.
            let url = format!("{}/v1/alarms", self.profile().server);
            let sent = self.ask(|http| http.post(&url).timeout(WAIT_LONGEST).json(&alarm));
            match sent.await {
                Ok(_) => {
                    self.write(|tx| tx.drop_alarm(alarm.id))?;
                    left -= 1;
                }
                // It stays, and holds up no other.
                Err(DeviceError::Server(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(left)
    }
}

/// Sends alarms for as long as the device is unlocked.
pub(super) async fn keep_sending(device: Device) {
    loop {
        match device.send_alarms().await {
            Ok(0) => device.alarm_bell().notified().await,
            Ok(_) | Err(_) => {
                tokio::select! {
                    () = tokio::time::sleep(TRY_EVERY) => {}
                    () = device.alarm_bell().notified() => {}
                }
            }
        }
    }
}
