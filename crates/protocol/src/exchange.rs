//! One exchange, both directions: actions up; verdicts, cases and policies down.

use crate::digest::Buckets;
use crate::envelope::Envelope;
use crate::lift::LiftKey;
use crate::policies::PolicyDocument;
use crate::verdict::SignedVerdict;
use chrono::{DateTime, Utc};
use doorstep_domain::{CaseId, DeviceId, Incarnation, Lineage, Revision, Role, UserId};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

/// At most this many actions in one push.
pub const PUSH_ACTIONS_MAX: usize = 500;
/// At most this many bytes of a request, after decompression.
pub const PUSH_BYTES_MAX: usize = 1024 * 1024;
/// At most this many cases in one answer; `more` asks for the next.
pub const PULL_CASES_MAX: usize = 500;
/// A frame of the first sync is closed when it has about this many bytes.
pub const FRAME_BYTES: usize = 256 * 1024;

/// What a device sends: its place in the world and its outbox from the first unjudged action on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SyncRequest {
    pub protocol: u16,
    pub incarnation: Incarnation,
    /// Where the last answer left off; none on the first sync.
    pub cursor: Option<Revision>,
    /// The hash of the policies that the device has.
    pub policies: Option<String>,
    pub outbox: Vec<Envelope>,
    /// Cases that were purged here since the last exchange, for the custody ledger.
    #[serde(default)]
    pub purged: Vec<CaseId>,
    /// The digest of the local set, where the last answer's differed from it.
    #[serde(default)]
    pub repair: Option<Buckets>,
    /// Cases that are newer here than the server can have them since its restore.
    #[serde(default)]
    pub newer: Vec<NewerCase>,
}

/// A case that a device holds at a revision which a restored server has lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewerCase {
    pub case: CaseId,
    pub revision: Revision,
}

/// What the server answers.
#[derive(Debug, Serialize, Deserialize)]
pub struct SyncResponse {
    pub protocol: u16,
    /// One for each action that was taken, in order.
    pub verdicts: Vec<SignedVerdict>,
    /// Why the rest of the outbox was not taken.
    #[serde(default)]
    pub halt: Option<Halt>,
    /// Cases in scope that changed since the cursor, whole.
    pub cases: Vec<CaseDocument>,
    /// Cases that left the scope.
    pub left: Vec<CaseId>,
    /// Sent when the device's are not these.
    pub policies: Option<PolicyDocument>,
    pub cursor: Revision,
    /// There is more below this cursor: ask again at once.
    pub more: bool,
    /// Too far behind for pages: fetch the snapshot, and keep the outbox.
    #[serde(default)]
    pub snapshot: bool,
    /// How the server's epochs follow from one another: what a restored one still has of an earlier.
    #[serde(default, skip_serializing_if = "Lineage::is_empty")]
    pub lineage: Lineage,
    /// Verdicts with a smaller leaf in this epoch are covered by a backup.
    #[serde(default)]
    pub durable: u64,
    /// The digest of the device's scope at the cursor; only with the last page.
    #[serde(default)]
    pub digest: Option<String>,
    /// What the answer to `repair` covers: the device drops what it has there and is not sent.
    #[serde(default)]
    pub repaired: Vec<u8>,
    /// Do not ask again sooner than this.
    #[serde(default)]
    pub retry_after_s: Option<u32>,
    #[serde(default)]
    pub custody: CustodyOrder,
    /// The server's clock, read last.
    pub server_time: DateTime<Utc>,
}

/// Why a push stopped half-way. What came before has its verdicts; what comes after waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "halt", rename_all = "snake_case")]
pub enum Halt {
    /// An earlier action is missing: send again from this number on.
    Gap { expected: u64 },
    /// The number was taken by another action: this is a restored or copied device. What was sent
    /// is kept aside; take a new incarnation and hand in again.
    Fork,
}

/// What the device is to do with what it holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CustodyOrder {
    #[default]
    Keep,
    /// Retired: hand the outbox in, then destroy the key.
    Retire,
    /// Reported lost: destroy the key now.
    Destroy,
}

/// A case as the server wrote it: passed on without being read.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CaseDocument(pub Box<RawValue>);

impl CaseDocument {
    /// The document of a case that is stored as JSON text.
    pub fn from_text(text: String) -> serde_json::Result<Self> {
        RawValue::from_string(text).map(Self)
    }

    /// The JSON text.
    pub fn text(&self) -> &str {
        self.0.get()
    }
}

/// One line of the first sync's stream.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SnapshotLine {
    /// Where the stream begins: afterwards the cursor is here.
    Begin {
        cursor: Revision,
        /// How the server's epochs follow from one another.
        #[serde(default, skip_serializing_if = "Lineage::is_empty")]
        lineage: Lineage,
        /// How many cases follow, for a progress bar that tells the truth.
        cases: u64,
        policies: Box<PolicyDocument>,
        server_time: DateTime<Utc>,
    },
    /// Some cases in the order of their ids.
    Frame {
        cases: Vec<CaseDocument>,
        /// The last id of the frame: a dropped stream resumes after it.
        last: CaseId,
    },
    /// All have been sent. Without this line the stream was cut.
    End,
}

/// An error as every endpoint answers it: a stable code, never a person's data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErrorResponse {
    /// Stable; a screen decides by it.
    pub code: String,
    /// For an operator, in English.
    pub message: String,
}

/// What a new device says about itself.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct EnrolRequest {
    pub protocol: u16,
    /// The one-time code that a lead handed over.
    pub code: String,
    /// The device's Ed25519 public key, in hex.
    pub public_key: String,
    /// The device's signature over [`EnrolRequest::hash`], in hex: with it the same device may ask again with a
    /// code that it has used up, where the answer was lost.
    #[serde(default)]
    pub signature: String,
}

impl EnrolRequest {
    /// What the device signs.
    pub fn hash(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update("doorstep enrol 1\n");
        hash.update(self.code.as_bytes());
        hash.update("\n");
        hash.update(self.public_key.as_bytes());
        hash.finalize().into()
    }
}

/// Who the device is from now on.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct EnrolResponse {
    #[schema(value_type = String)]
    pub device: DeviceId,
    #[schema(value_type = String)]
    pub user: UserId,
    pub display_name: String,
    #[serde(flatten)]
    pub credentials: Credentials,
    /// The server's Ed25519 public key, in hex: verdicts are signed with it.
    #[serde(default)]
    pub server_key: String,
    /// The server's X25519 public key, in hex: actions are sealed to it.
    #[serde(default)]
    pub seal_key: String,
    /// Whose device it is; an agent's where an older server does not say.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub role: Option<Role>,
}

/// Sealed actions of a device, handed in by any session, or by nobody's.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct HandoverRequest {
    pub protocol: u16,
    #[schema(value_type = String)]
    pub device: DeviceId,
    /// Sealed envelopes in the order of their numbers, in base64.
    pub sealed: Vec<String>,
}

/// How many of them were new to the server.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct HandoverResponse {
    pub taken: u32,
    pub known: u32,
    /// Not readable, or not signed by that device: kept nowhere.
    pub rejected: u32,
}

/// A device's wish for another token.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RenewRequest {
    #[schema(value_type = String)]
    pub device: DeviceId,
    /// The token that has lapsed, or is about to.
    pub token: String,
    /// The device's signature over [`RenewRequest::hash`], in hex.
    pub signature: String,
}

/// What a device shows and checks others by: given at enrolment, and anew whenever its token has lapsed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Credentials {
    /// Bearer token of the device; renewed by use.
    pub token: String,
    /// With it a lead's approvals are checked without a network; none from an older server.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub lift_key: Option<LiftKey>,
    /// How many of the leads' devices were lost: what they had of the key is worth nothing any more.
    #[serde(default)]
    pub leads_lost: u32,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials")
    }
}

impl RenewRequest {
    /// What the device signs.
    pub fn hash(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update("doorstep token 1\n");
        hash.update(self.device.0.as_bytes());
        hash.update(self.token.as_bytes());
        hash.finalize().into()
    }
}
