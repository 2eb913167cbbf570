//! Staying in touch: the outbox wakes when something is saved, when the server has news, by a timer,
//! and after a failure.

use super::alarms::keep_sending;
use super::exchange::Extent;
use super::read;
use crate::device::Device;
use crate::error::Result;
use crate::lock;
use doorstep_protocol::retry::wait_ms;
use std::time::Duration;

/// Where the server can't be waited for, ask for news this often.
const ASK_EVERY: Duration = Duration::from_secs(60);
/// On a network that costs money, ask this rarely.
const ASK_METERED_EVERY: Duration = Duration::from_secs(15 * 60);
/// Things that are saved within this time travel together.
const GATHER: Duration = Duration::from_millis(700);

/// Exchanges for as long as the device is unlocked; `heard` is called after each try.
pub async fn keep_in_touch(device: Device, heard: impl FnMut()) {
    tokio::select! {
        () = keep_sending(device.clone()) => {}
        () = keep_sending_evidence(device.clone()) => {}
        () = keep_exchanging(device, heard) => {}
    }
}

/// Pictures and recordings follow an exchange, on a network that costs nothing. Beside the exchanges: a
/// long recording takes minutes, and the office must hear of the next door meanwhile.
async fn keep_sending_evidence(device: Device) {
    loop {
        device.evidence_bell().notified().await;
        if let Err(error) = device.send_evidence().await {
            tracing::debug!(code = error.code(), "evidence waits");
            device.with_sync(|sync| sync.problem = Some(error.code().to_owned()));
        }
    }
}

async fn keep_exchanging(device: Device, mut heard: impl FnMut()) {
    let mut failures = 0_u32;
    loop {
        let is_metered = device.read(|tx| tx.is_metered()).unwrap_or(false);
        let extent = match is_metered {
            true => Extent::Outbox,
            false => Extent::Whole,
        };
        match device.sync_some(extent).await {
            Ok(()) => {
                failures = 0;
                if extent == Extent::Whole {
                    device.evidence_bell().notify_one();
                }
            }
            Err(error) => {
                failures = failures.saturating_add(1);
                tracing::debug!(code = error.code(), failures, "exchange did not succeed");
            }
        }
        heard();
        tokio::select! {
            () = until_next_try(&device, failures, is_metered) => {}
            () = device.bell().notified() => tokio::time::sleep(GATHER).await,
        }
    }
}

async fn until_next_try(device: &Device, failures: u32, is_metered: bool) {
    match (failures, is_metered) {
        (0, true) => tokio::time::sleep(ASK_METERED_EVERY).await,
        (0, false) => {
            if device.wait_for_news().await.is_err() {
                tokio::time::sleep(ASK_EVERY).await;
            }
        }
        (failures, _) => {
            // Without random bytes everybody waits the longest: slow, never a stampede.
            let random = lock::random().map_or(u32::MAX, u32::from_be_bytes);
            let wait = Duration::from_millis(wait_ms(failures, random).max(250));
            tokio::time::sleep(wait).await;
        }
    }
}

impl Device {
    /// Waits until the server has news for this device, or a while.
    async fn wait_for_news(&self) -> Result<()> {
        #[derive(serde::Deserialize)]
        struct News {
            #[serde(rename = "news")]
            _news: bool,
        }
        let Some(cursor) = self.read(|tx| tx.cursor())? else {
            return Ok(());
        };
        let url = format!(
            "{}/v1/news?epoch={}&number={}",
            self.profile().server,
            cursor.epoch.0,
            cursor.number
        );
        let answer = self.ask(|http| http.get(&url)).await?;
        let _: News = read(answer).await?;
        Ok(())
    }
}
