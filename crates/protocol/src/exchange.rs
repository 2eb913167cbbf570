//! One exchange, both directions: actions up; verdicts, cases and policies down.

use crate::envelope::Envelope;
use chrono::{DateTime, Utc};
use doorstep_domain::policy::Policies;
use doorstep_domain::verdict::Verdict;
use doorstep_domain::{Case, CaseId, Incarnation, Revision};
use serde::{Deserialize, Serialize};

/// At most this many actions in one push.
pub const PUSH_ACTIONS_MAX: usize = 500;
/// At most this many bytes of a request, after decompression.
pub const PUSH_BYTES_MAX: usize = 1024 * 1024;
/// At most this many cases in one answer; `more` asks for the next.
pub const PULL_CASES_MAX: usize = 500;

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
}

/// What the server answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SyncResponse {
    pub protocol: u16,
    pub verdicts: Vec<Verdict>,
    /// Cases in scope that changed since the cursor, whole.
    pub cases: Vec<Case>,
    /// Cases that left the scope.
    pub left: Vec<CaseId>,
    /// Sent when the device's are not these.
    pub policies: Option<PolicyDocument>,
    pub cursor: Revision,
    /// There is more below this cursor: ask again at once.
    pub more: bool,
    pub server_time: DateTime<Utc>,
}

/// The policies with the hash that names them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PolicyDocument {
    pub hash: String,
    pub policies: Policies,
}

/// An error as every endpoint answers it: a stable code, never a person's data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ErrorResponse {
    /// Stable; a screen decides by it.
    pub code: String,
    /// For an operator, in English.
    pub message: String,
    /// For `sync.gap`: the number of the next action that the server can take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<u64>,
}

/// What a new device says about itself.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct EnrolRequest {
    pub protocol: u16,
    /// The one-time code that a lead handed over.
    pub code: String,
    /// The device's Ed25519 public key, in hex.
    pub public_key: String,
}

/// Who the device is from now on.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct EnrolResponse {
    #[schema(value_type = String)]
    pub device: doorstep_domain::DeviceId,
    #[schema(value_type = String)]
    pub user: doorstep_domain::UserId,
    pub display_name: String,
    /// Bearer token of the device; renewed by use.
    pub token: String,
}
