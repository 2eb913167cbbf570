//! One sync: rounds until everything is up and everything is down.

use super::read_error;
use crate::device::Device;
use crate::error::{DeviceError, Result};
use crate::store::{ServerClock, StoreError};
use crate::view::SyncStatusView;
use doorstep_protocol::PROTOCOL;
use doorstep_protocol::exchange::{PUSH_ACTIONS_MAX, PUSH_BYTES_MAX, SyncRequest, SyncResponse};
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE};

const ZSTD_LEVEL: i32 = 3;
/// Half of what the server takes: a payload is JSON inside JSON, and its quotes grow on the way.
const OUTBOX_BYTES_MAX: usize = PUSH_BYTES_MAX / 2;

impl Device {
    /// Exchanges with the server now. The outbox stays as it is unless the server judged it.
    pub async fn sync(&self) -> Result<SyncStatusView> {
        let _one_in_flight = self.exchange().lock().await;
        self.with_sync(|sync| sync.is_running = true);
        let done = self.rounds().await;
        self.with_sync(|sync| {
            sync.is_running = false;
            sync.problem = done.as_ref().err().map(|error| error.code().to_owned());
        });
        done?;
        self.sync_status()
    }

    async fn rounds(&self) -> Result<()> {
        loop {
            let request = self.read(|tx| {
                Ok::<_, StoreError>(SyncRequest {
                    protocol: PROTOCOL,
                    incarnation: tx.incarnation()?.ok_or(StoreError::Value("incarnation"))?,
                    cursor: tx.cursor()?,
                    policies: tx.policies()?.map(|(hash, _)| hash),
                    outbox: tx.outbox(PUSH_ACTIONS_MAX, OUTBOX_BYTES_MAX)?,
                })
            })?;
            let sent = request.outbox.len();
            let answer = self.send(&request).await?;
            if answer.verdicts.len() != sent {
                return Err(DeviceError::UnreadableAnswer);
            }
            let more = answer.more;
            let heard_at = self.clock().wall().to_utc();
            let clock = ServerClock {
                heard_at: answer.server_time,
                ahead_ms: (answer.server_time - heard_at).num_milliseconds(),
            };
            self.write(|tx| tx.take_in(&answer, &clock))?;
            let waiting = self.read(|tx| tx.count(""))?;
            if !more && (waiting == 0 || sent == 0) {
                return Ok(());
            }
        }
    }

    async fn send(&self, request: &SyncRequest) -> Result<SyncResponse> {
        let body = serde_json::to_vec(request).map_err(StoreError::from)?;
        let body = zstd::encode_all(body.as_slice(), ZSTD_LEVEL).map_err(StoreError::from)?;
        let answer = self
            .http()
            .post(format!("{}/v1/sync", self.profile().server))
            .bearer_auth(&self.profile().token)
            .header(CONTENT_TYPE, "application/json")
            .header(CONTENT_ENCODING, "zstd")
            .body(body)
            .send()
            .await
            .map_err(|_| DeviceError::NoConnection)?;
        match answer.status().is_success() {
            true => answer
                .json()
                .await
                .map_err(|error| match error.is_decode() {
                    true => DeviceError::UnreadableAnswer,
                    false => DeviceError::NoConnection,
                }),
            false => Err(read_error(answer).await.into()),
        }
    }
}
