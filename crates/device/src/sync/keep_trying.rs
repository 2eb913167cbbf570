//! Staying in touch: the outbox wakes when something is saved, by a timer, and after a failure.

use crate::device::Device;
use crate::lock;
use doorstep_protocol::retry::wait_ms;
use std::time::Duration;

/// Without anything to send, ask for news this often.
const ASK_EVERY: Duration = Duration::from_secs(60);
/// Things that are saved within this time travel together.
const GATHER: Duration = Duration::from_millis(700);

/// Exchanges for as long as the device is unlocked; `heard` is called after each try.
pub async fn keep_in_touch(device: Device, mut heard: impl FnMut()) {
    let mut failures = 0_u32;
    loop {
        match device.sync().await {
            Ok(_) => failures = 0,
            Err(error) => {
                failures = failures.saturating_add(1);
                tracing::debug!(code = error.code(), failures, "exchange did not succeed");
            }
        }
        heard();
        let wait = match failures {
            0 => ASK_EVERY,
            failures => {
                // Without random bytes everybody waits the longest: slow, never a stampede.
                let random = lock::random().map_or(u32::MAX, u32::from_be_bytes);
                Duration::from_millis(wait_ms(failures, random).max(250))
            }
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = device.bell().notified() => tokio::time::sleep(GATHER).await,
        }
    }
}
