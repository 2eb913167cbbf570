//! Sending evidence: tus, in pieces, from wherever the last one broke off.

use crate::device::Device;
use crate::error::{DeviceError, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{CONTENT_TYPE, LOCATION};

/// Small enough that a poor network carries one, large enough that a good one is not held up.
const PIECE_BYTES: usize = 256 * 1024;
const VERSION: (&str, &str) = ("tus-resumable", "1.0.0");

impl Device {
    /// Sends the evidence that waits, one after the other. What the server has is forgotten here. What
    /// it refuses stays, is said, and keeps nothing else from being sent.
    pub(super) async fn send_evidence(&self) -> Result<()> {
        // Whoever sends already sends all of it.
        let Ok(_one_at_a_time) = self.evidence_lock().try_lock() else {
            return Ok(());
        };
        let mut refused = None;
        for sha256 in self.read(|tx| tx.evidence_waiting())? {
            let Some(bytes) = self.read(|tx| tx.evidence_bytes(&sha256))? else {
                continue;
            };
            match self.send_piece_by_piece(&sha256, &bytes).await {
                Ok(()) => self.write(|tx| tx.drop_evidence(&sha256))?,
                Err(error @ (DeviceError::Server(_) | DeviceError::UnreadableAnswer)) => {
                    tracing::error!(code = error.code(), "a piece of evidence was not taken");
                    refused.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
        }
        refused.map_or(Ok(()), Err)
    }

    async fn send_piece_by_piece(&self, sha256: &str, bytes: &[u8]) -> Result<()> {
        let server = self.profile().server.clone();
        let metadata = format!("sha256 {}", STANDARD.encode(sha256));
        let begun = self
            .ask(|http| {
                http.post(format!("{server}/v1/attachments"))
                    .header(VERSION.0, VERSION.1)
                    .header("upload-length", bytes.len())
                    .header("upload-metadata", &metadata)
            })
            .await?;
        let place = begun.headers().get(LOCATION);
        let place = place
            .and_then(|place| place.to_str().ok())
            .ok_or(DeviceError::UnreadableAnswer)?;
        let url = format!("{server}{place}");
        let known = self
            .ask(|http| http.head(&url).header(VERSION.0, VERSION.1))
            .await?;
        let mut at = offset(&known)?;
        while at < bytes.len() {
            let piece = bytes
                .get(at..(at + PIECE_BYTES).min(bytes.len()))
                .ok_or(DeviceError::UnreadableAnswer)?;
            let taken = self
                .ask(|http| {
                    http.patch(&url)
                        .header(VERSION.0, VERSION.1)
                        .header("upload-offset", at)
                        .header(CONTENT_TYPE, "application/offset+octet-stream")
                        .body(piece.to_vec())
                })
                .await?;
            let next = offset(&taken)?;
            // A server that takes nothing is not asked for ever.
            if next <= at {
                return Err(DeviceError::UnreadableAnswer);
            }
            at = next;
        }
        Ok(())
    }
}

fn offset(answer: &reqwest::Response) -> Result<usize> {
    let offset = answer.headers().get("upload-offset");
    offset
        .and_then(|offset| offset.to_str().ok()?.parse().ok())
        .ok_or(DeviceError::UnreadableAnswer)
}
