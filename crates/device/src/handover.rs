//! Handing in what was sealed: by any later session of this device, or by nobody's.
//!
//! Beside the encrypted database lies a file with each unjudged action once more, sealed to the
//! server, and each piece of evidence that waits. Nobody here can read them, and nobody needs a
//! passphrase to bring them there.

use crate::device::profile_folders;
use crate::error::{DeviceError, Result};
use crate::lock::random;
use crate::store::{Profile, StoreError};
use crate::sync::{client, read_error};
use doorstep_domain::DeviceId;
use doorstep_protocol::PROTOCOL;
use doorstep_protocol::envelope::Envelope;
use doorstep_protocol::exchange::{HandoverRequest, HandoverResponse, PUSH_ACTIONS_MAX};
use doorstep_protocol::seal::{OpenBox, evidence_statement};
use ed25519_dalek::{Signer as _, SigningKey};
use reqwest::StatusCode;
use serde::{Deserialize, Serialize};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

const SEALED: &str = "sealed";
const ADDRESS: &str = "sealed-for.json";
/// One file a piece, under its hash: the device's signature, then the piece, sealed.
const SEALED_EVIDENCE: &str = "sealed-evidence";
const SIGNATURE_BYTES: usize = 64;

/// Where sealed actions go. Neither names a person.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Address {
    server: String,
    device: DeviceId,
    seal_key: String,
}

/// The file of one profile. Writing it never fails a save: the database is what must not be lost.
#[derive(Clone)]
pub struct SealedFile {
    path: PathBuf,
    evidence: PathBuf,
    address: Address,
    key: Box<SigningKey>,
    /// For the next action: a save does not wait for it.
    next: Arc<Mutex<Option<OpenBox>>>,
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
            evidence: folder.join(SEALED_EVIDENCE),
            address,
            key: Box::new(profile.key().ok()?),
            next: Arc::default(),
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
        self.get_ready();
    }

    /// Makes a box for the next action, while whoever saved this one goes on.
    fn get_ready(&self) {
        let (seal_key, next) = (self.address.seal_key.clone(), Arc::clone(&self.next));
        // Where no thread is to be had, the next action waits for its box.
        let _ = thread::Builder::new().spawn(move || {
            let ready = random()
                .ok()
                .and_then(|fresh| OpenBox::to(&seal_key, fresh));
            *next.lock().unwrap_or_else(PoisonError::into_inner) = ready;
        });
    }

    fn open_box(&self) -> Option<OpenBox> {
        let ready = self
            .next
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        ready.or_else(|| OpenBox::to(&self.address.seal_key, random().ok()?))
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

    /// Seals a piece of evidence that waits.
    pub fn keep_evidence(&self, sha256: &str, bytes: &[u8]) {
        let sealed = self.open_box().and_then(|open| open.seal_bytes(bytes));
        let signed = self.key.sign(&evidence_statement(sha256)).to_bytes();
        let written = sealed.is_some_and(|sealed| {
            std::fs::create_dir_all(&self.evidence)
                .and_then(|()| write_whole(&self.evidence.join(sha256), &signed, &sealed))
                .is_ok()
        });
        if !written {
            tracing::warn!("evidence could not be sealed; it is saved, and will be sealed later");
        }
    }

    /// The server has it.
    pub fn forget_evidence(&self, sha256: &str) {
        // Where it stays, it is removed when the device is next unlocked.
        let _ = std::fs::remove_file(self.evidence.join(sha256));
    }

    /// Keeps just what waits, and says which pieces of it are not sealed.
    pub fn settle_evidence(&self, waiting: &[String]) -> Vec<String> {
        let sealed = pieces(&self.evidence);
        for name in sealed.iter().filter(|name| !waiting.contains(name)) {
            self.forget_evidence(name);
        }
        let missing = waiting.iter().filter(|name| !sealed.contains(name));
        missing.cloned().collect()
    }

    fn lines(&self, envelopes: &[Envelope]) -> String {
        let mut lines = String::new();
        for envelope in envelopes {
            let sealed = self.open_box().and_then(|open| open.seal(envelope));
            if let Some(sealed) = sealed {
                lines.push_str(&sealed);
                lines.push('\n');
            }
        }
        lines
    }
}

/// The hashes of the pieces in a folder; what was cut off while it was written is none.
fn pieces(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.filter(|name| !name.contains('.')).collect()
}

fn write_whole(path: &Path, signature: &[u8], sealed: &[u8]) -> std::io::Result<()> {
    let fresh = path.with_extension("new");
    std::fs::write(&fresh, [signature, sealed].concat())?;
    std::fs::rename(&fresh, path)
}

/// Hands in what the profiles in `data` have sealed; says how many actions and pieces of evidence the
/// server had not.
pub async fn hand_over(data: &Path) -> Result<u32> {
    let mut taken = 0;
    for folder in profile_folders(data) {
        taken += hand_over_one(&folder).await?;
    }
    Ok(taken)
}

async fn hand_over_one(folder: &Path) -> Result<u32> {
    let sealed = std::fs::read_to_string(folder.join(SEALED)).unwrap_or_default();
    let evidence = pieces(&folder.join(SEALED_EVIDENCE));
    if sealed.is_empty() && evidence.is_empty() {
        return Ok(0);
    }
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
    for sha256 in evidence {
        taken += bring_evidence(folder, &address, &sha256).await?;
    }
    Ok(taken)
}

async fn bring_evidence(folder: &Path, address: &Address, sha256: &str) -> Result<u32> {
    let file = folder.join(SEALED_EVIDENCE).join(sha256);
    let whole = std::fs::read(&file).map_err(StoreError::from)?;
    let Some((signature, sealed)) = whole.split_at_checked(SIGNATURE_BYTES) else {
        return Ok(0);
    };
    let path = format!("/v1/handover/{}/evidence/{sha256}", address.device);
    let answer = client()?
        .post(format!("{}{path}", address.server))
        .header("doorstep-signature", hex::encode(signature))
        .body(sealed.to_vec())
        .send()
        .await
        .map_err(|_| DeviceError::NoConnection)?;
    match answer.status() {
        StatusCode::CREATED => Ok(1),
        status if status.is_success() => Ok(0),
        _ => Err(read_error(answer).await.into()),
    }
}
