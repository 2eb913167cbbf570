//! Handing in what was sealed: by any later session of this device, or by nobody's.
//!
//! Beside the encrypted database lies a file with each unjudged action once more, sealed to the
//! server. Nobody here can read it, and nobody needs a passphrase to bring it there.

use crate::device::profile_folders;
use crate::error::{DeviceError, Result};
use crate::lock::random;
use crate::store::{Profile, StoreError};
use crate::sync::{client, read_error};
use doorstep_domain::DeviceId;
use doorstep_protocol::PROTOCOL;
use doorstep_protocol::envelope::Envelope;
use doorstep_protocol::exchange::{HandoverRequest, HandoverResponse, PUSH_ACTIONS_MAX};
use doorstep_protocol::seal::seal;
use serde::{Deserialize, Serialize};
use std::io::Write as _;
use std::path::{Path, PathBuf};

const SEALED: &str = "sealed";
const ADDRESS: &str = "sealed-for.json";

/// Where sealed actions go. Neither names a person.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Address {
    server: String,
    device: DeviceId,
    seal_key: String,
}

/// The file of one profile. Writing it never fails a save: the database is what must not be lost.
#[derive(Debug, Clone)]
pub struct SealedFile {
    path: PathBuf,
    address: Address,
}

impl SealedFile {
    /// The file of an enrolled profile; none where the server gave no key to seal to.
    pub fn of(folder: &Path, profile: &Profile) -> Option<Self> {
        if profile.seal_key.is_empty() {
            return None;
        }
        let address = Address {
            server: profile.server.clone(),
            device: profile.device,
            seal_key: profile.seal_key.clone(),
        };
        let text = serde_json::to_vec(&address).ok()?;
        std::fs::write(folder.join(ADDRESS), text).ok()?;
        Some(Self {
            path: folder.join(SEALED),
            address,
        })
    }

    /// How many actions lie in it.
    pub fn count(&self) -> usize {
        std::fs::read_to_string(&self.path).map_or(0, |text| text.lines().count())
    }

    /// Adds actions at the end.
    pub fn append(&self, envelopes: &[Envelope]) {
        let lines = self.lines(envelopes);
        let added = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.path)
            .and_then(|mut file| file.write_all(lines.as_bytes()));
        if added.is_err() {
            tracing::warn!("an action could not be sealed; it is saved, and will be sealed later");
        }
    }

    /// Replaces what lies in it.
    pub fn write_anew(&self, envelopes: &[Envelope]) {
        let fresh = self.path.with_extension("new");
        let written = std::fs::write(&fresh, self.lines(envelopes))
            .and_then(|()| std::fs::rename(&fresh, &self.path));
        if written.is_err() {
            tracing::warn!("the sealed actions could not be written anew");
        }
    }

    fn lines(&self, envelopes: &[Envelope]) -> String {
        let mut lines = String::new();
        for envelope in envelopes {
            let sealed = random()
                .ok()
                .and_then(|ephemeral| seal(envelope, &self.address.seal_key, ephemeral));
            if let Some(sealed) = sealed {
                lines.push_str(&sealed);
                lines.push('\n');
            }
        }
        lines
    }
}

/// Hands in what the profiles in `data` have sealed; says how many actions the server had not.
pub async fn hand_over(data: &Path) -> Result<u32> {
    let mut taken = 0;
    for folder in profile_folders(data) {
        taken += hand_over_one(&folder).await?;
    }
    Ok(taken)
}

async fn hand_over_one(folder: &Path) -> Result<u32> {
    let Ok(sealed) = std::fs::read_to_string(folder.join(SEALED)) else {
        return Ok(0);
    };
    let address = std::fs::read(folder.join(ADDRESS)).map_err(StoreError::from)?;
    let address: Address = serde_json::from_slice(&address).map_err(StoreError::from)?;
    let lines: Vec<String> = sealed.lines().map(str::to_owned).collect();
    let mut taken = 0;
    for some in lines.chunks(PUSH_ACTIONS_MAX / 5) {
        let request = HandoverRequest {
            protocol: PROTOCOL,
            device: address.device,
            sealed: some.to_vec(),
        };
        let answer = client()?
            .post(format!("{}/v1/handover", address.server))
            .json(&request)
            .send()
            .await
            .map_err(|_| DeviceError::NoConnection)?;
        if !answer.status().is_success() {
            return Err(read_error(answer).await.into());
        }
        let answer: HandoverResponse = answer
            .json()
            .await
            .map_err(|_| DeviceError::UnreadableAnswer)?;
        taken += answer.taken;
    }
    // The file stays until its owner has the verdicts: handed in again, it is known there.
    Ok(taken)
}
