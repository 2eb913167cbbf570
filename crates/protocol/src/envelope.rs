//! The envelope of an action: a schema number and the payload's own bytes, never re-encoded.

use crate::chain::{Commitment, Link, Salt, Sign};
use crate::verdict::SignedVerdict;
use doorstep_domain::{Action, ActionId, Incarnation};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The schema that this version writes. 1: the chain ran over the payload itself, without a salt,
/// and an action named no policies. 2: a clearance named one pack, and fewer effects. 3: plans were
/// instalments alone; no complaints, no evidence. 4: an arrival was a position alone; nobody joined a
/// visit. 5: a flag had no approver, and what ended a protection no reason.
pub const SCHEMA: u16 = 6;

/// An action as it is kept and sent. The payload is the text that was committed to and signed; it
/// is stored as it came, so that it can be verified for ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Envelope {
    pub schema: u16,
    /// Id, incarnation and number stand outside too: a server that can't read the payload of a
    /// newer app still keeps it, in order, exactly once.
    #[schema(value_type = String)]
    pub id: ActionId,
    #[schema(value_type = String)]
    pub incarnation: Incarnation,
    pub n: u64,
    /// The action, as JSON text.
    pub payload: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub salt: Salt,
    pub link: Link,
    /// The device's Ed25519 signature over the link, in hex.
    pub signature: String,
    /// The verdict of an earlier epoch, where a restored server needs it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Box<SignedVerdict>>,
}

/// Why an envelope can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Written by a newer app: kept as it is until this end can read it.
    #[error("schema {0} is newer than this version reads")]
    NewerSchema(u16),
    #[error("the payload is not an action")]
    Malformed(#[source] serde_json::Error),
    /// Outside and inside name different actions.
    #[error("the envelope names another action than its payload")]
    Mislabelled,
}

impl Envelope {
    /// Seals an action as the next of its journal, after the link `before`.
    pub fn seal(
        action: &Action,
        before: Link,
        salt: Salt,
        key: &dyn Sign,
    ) -> serde_json::Result<Self> {
        let payload = serde_json::to_string(action)?;
        let link = before.follow(Commitment::to(&salt, &payload));
        Ok(Self {
            schema: SCHEMA,
            id: action.id,
            incarnation: action.incarnation,
            n: action.n,
            signature: key.sign_hash(&link.0),
            payload,
            salt,
            link,
            verdict: None,
        })
    }

    /// What the chain and the log know of the payload.
    pub fn commitment(&self) -> Commitment {
        Commitment::to(&self.salt, &self.payload)
    }

    /// The link that this envelope makes after `before`, by the rule of its schema.
    pub fn link_after(&self, before: Link) -> Link {
        match self.schema {
            0 | 1 => before.follow_payload(&self.payload),
            _ => before.follow(self.commitment()),
        }
    }

    /// Reads the action, of any schema ever written.
    pub fn open(&self) -> Result<Action, OpenError> {
        // Schema 2 added `policies`, which reads as absent in schema 1; schema 3 the packs beside the
        // first one, and more effects; schema 4 what a plan eases, and new kinds of action.
        if self.schema > SCHEMA {
            return Err(OpenError::NewerSchema(self.schema));
        }
        let action: Action = serde_json::from_str(&self.payload).map_err(OpenError::Malformed)?;
        let outside = (self.id, self.incarnation, self.n);
        match (action.id, action.incarnation, action.n) == outside {
            true => Ok(action),
            false => Err(OpenError::Mislabelled),
        }
    }
}
