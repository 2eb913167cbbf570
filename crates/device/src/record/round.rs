//! One round of the exchange: what was sent, what the device worked out while the server judged it, and
//! what came back.

use super::books::Books;
use crate::store::Result;
use doorstep_domain::{ActionId, CaseId, DeviceId, Revision};
use doorstep_protocol::digest::Tally;
use doorstep_protocol::exchange::{SyncRequest, SyncResponse};
use doorstep_protocol::verdict::Subject;
use std::collections::{BTreeMap, BTreeSet};

/// What is worked out before the answer comes, and needs none of it.
pub struct Meanwhile {
    /// What the verdict on each action that was sent is about.
    subjects: BTreeMap<ActionId, Subject>,
    /// What was held when the request was made.
    pub(super) held: Tally,
}

impl Meanwhile {
    /// Works out what the answer to `sent` will be held against; `held` are the cases of [`held`].
    pub fn of(device: DeviceId, sent: &SyncRequest, held: Vec<(CaseId, Revision)>) -> Self {
        let envelopes = sent.outbox.iter();
        Self {
            subjects: envelopes
                .map(|envelope| (envelope.id, Subject::of(device, envelope)))
                .collect(),
            held: Tally::of(held),
        }
    }
}

/// The cases that this device holds of the server's set: those that have left are none of it.
pub fn held(books: &impl Books) -> Result<Vec<(CaseId, Revision)>> {
    let leaving: BTreeSet<CaseId> = books.leaving()?.into_iter().collect();
    let mut held = books.held()?;
    held.retain(|(id, _)| !leaving.contains(id));
    Ok(held)
}

/// A request with its answer.
pub struct Round<'a> {
    pub sent: &'a SyncRequest,
    pub answer: &'a SyncResponse,
    pub(super) meanwhile: &'a Meanwhile,
    /// What the server says that it signed, verdict by verdict; none about an action of another request.
    pub(super) hashes: Vec<Option<[u8; 32]>>,
}

impl<'a> Round<'a> {
    /// The round that an answer ends.
    pub fn of(sent: &'a SyncRequest, meanwhile: &'a Meanwhile, answer: &'a SyncResponse) -> Self {
        let verdicts = answer.verdicts.iter();
        let hashes = verdicts.map(|verdict| {
            let subject = meanwhile.subjects.get(&verdict.verdict.action)?;
            Some(verdict.hash(subject))
        });
        Self {
            hashes: hashes.collect(),
            sent,
            answer,
            meanwhile,
        }
    }

    /// The signatures of the verdicts, each with the hash that it is said to sign.
    pub fn signatures(&self) -> Vec<([u8; 32], String)> {
        let said = self.hashes.iter().zip(&self.answer.verdicts);
        said.filter_map(|(hash, verdict)| Some(((*hash)?, verdict.signature.clone())))
            .collect()
    }
}
