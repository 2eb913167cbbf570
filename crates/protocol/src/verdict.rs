//! A verdict as the server signs it: bound to the commitment of the action and to its leaf in the log.

use crate::chain::{Commitment, Sign, Verify};
use crate::envelope::Envelope;
use doorstep_domain::{ActionId, DeviceId, Epoch, Incarnation, Verdict};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

/// A verdict that a restored server knows again for its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SignedVerdict {
    #[schema(value_type = serde_json::Value)]
    pub verdict: Verdict,
    /// The history line in which it was given.
    #[schema(value_type = u32)]
    pub epoch: Epoch,
    /// Its place in the log of that line, from 0.
    pub leaf: u64,
    /// The server's Ed25519 signature over the statement's hash, in hex.
    pub signature: String,
}

/// What a verdict is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject {
    pub device: DeviceId,
    pub incarnation: Incarnation,
    pub n: u64,
    pub commitment: Commitment,
}

impl Subject {
    /// What a verdict about an envelope of `device` is about.
    pub fn of(device: DeviceId, envelope: &Envelope) -> Self {
        Self {
            device,
            incarnation: envelope.incarnation,
            n: envelope.n,
            commitment: envelope.commitment(),
        }
    }
}

/// The leaf of the log: what is signed, word for word. No payload, no name.
#[derive(Serialize)]
struct Statement<'a> {
    doorstep: &'static str,
    device: DeviceId,
    incarnation: Incarnation,
    n: u64,
    action: ActionId,
    commitment: Commitment,
    ruling: &'static str,
    rule: &'a str,
    remarks: Vec<&'a str>,
    revision: Option<(u32, u64)>,
    first: Option<(u32, u64)>,
    judged_at_ms: i64,
    epoch: u32,
    leaf: u64,
}

/// The statement of a verdict, as text. Both ends build it from what they hold.
pub fn statement(subject: &Subject, verdict: &Verdict, epoch: Epoch, leaf: u64) -> String {
    let statement = Statement {
        doorstep: "verdict 1",
        device: subject.device,
        incarnation: subject.incarnation,
        n: subject.n,
        action: verdict.action,
        commitment: subject.commitment,
        ruling: verdict.ruling.name(),
        rule: verdict.ruling.rule().map_or("", |rule| rule.as_str()),
        remarks: verdict.remarks.iter().map(|rule| rule.as_str()).collect(),
        revision: verdict.revision.map(|at| (at.epoch.0, at.number)),
        first: verdict.first.map(|at| (at.epoch.0, at.number)),
        judged_at_ms: verdict.judged_at.timestamp_millis(),
        epoch: epoch.0,
        leaf,
    };
    // Strings and numbers only: there is nothing in it that could fail to be written.
    serde_json::to_string(&statement).unwrap_or_default()
}

fn hash(statement: &str) -> [u8; 32] {
    Sha256::digest(statement.as_bytes()).into()
}

/// Whether `signature` is `key`'s over a statement as it stands in a log.
pub fn is_signed_statement(statement: &str, signature: &str, key: &dyn Verify) -> bool {
    key.has_signed(&hash(statement), signature)
}

impl SignedVerdict {
    /// Signs a verdict for its place in the log; the statement is the log's leaf.
    pub fn sign(
        subject: &Subject,
        verdict: Verdict,
        epoch: Epoch,
        leaf: u64,
        key: &dyn Sign,
    ) -> (Self, String) {
        let statement = statement(subject, &verdict, epoch, leaf);
        let signature = key.sign_hash(&hash(&statement));
        let signed = Self {
            verdict,
            epoch,
            leaf,
            signature,
        };
        (signed, statement)
    }

    /// What the server signs of this verdict about `subject`.
    pub fn hash(&self, subject: &Subject) -> [u8; 32] {
        hash(&statement(subject, &self.verdict, self.epoch, self.leaf))
    }

    /// Whether `key` signed this verdict about `subject`.
    pub fn is_signed(&self, subject: &Subject, key: &dyn Verify) -> bool {
        key.has_signed(&self.hash(subject), &self.signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorstep_domain::Ruling;
    use ed25519_dalek::SigningKey;
    use uuid::Uuid;

    #[test]
    fn a_verdict_is_bound_to_its_action_and_its_place() {
        let key = SigningKey::from_bytes(&[3; 32]);
        let subject = Subject {
            device: DeviceId(Uuid::from_u128(1)),
            incarnation: Incarnation(Uuid::from_u128(2)),
            n: 3,
            commitment: Commitment::to("salt", "payload"),
        };
        let verdict = Verdict {
            action: ActionId(Uuid::from_u128(4)),
            ruling: Ruling::Applied,
            revision: None,
            first: None,
            remarks: Vec::new(),
            judged_at: chrono::DateTime::UNIX_EPOCH,
        };
        let (signed, _) = SignedVerdict::sign(&subject, verdict, Epoch(1), 9, &key);
        let public = key.verifying_key();
        assert!(signed.is_signed(&subject, &public));
        let other = Subject {
            commitment: Commitment::to("salt", "another"),
            ..subject
        };
        assert!(!signed.is_signed(&other, &public));
        let mut moved = signed.clone();
        moved.leaf = 8;
        assert!(!moved.is_signed(&subject, &public));
        let mut turned = signed;
        turned.verdict.ruling = Ruling::refused("no");
        assert!(!turned.is_signed(&subject, &public));
    }
}
