//! The envelope of an action: a schema number and the payload's own bytes, never re-encoded.

use crate::chain::{self, Link};
use doorstep_domain::{Action, ActionId, Incarnation};
use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The schema that this version writes.
pub const SCHEMA: u16 = 1;

/// An action as it is kept and sent. The payload is the text that was hashed and signed; it is
/// stored as it came, so that it can be verified for ever.
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
    pub link: Link,
    /// The device's Ed25519 signature over the link, in hex.
    pub signature: String,
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
    /// Seals an action as the next of its journal.
    pub fn seal(action: &Action, before: Link, key: &SigningKey) -> serde_json::Result<Self> {
        let payload = serde_json::to_string(action)?;
        let link = before.follow(&payload);
        Ok(Self {
            schema: SCHEMA,
            id: action.id,
            incarnation: action.incarnation,
            n: action.n,
            signature: chain::sign(key, link),
            payload,
            link,
        })
    }

    /// Reads the action, of any schema ever written.
    pub fn open(&self) -> Result<Action, OpenError> {
        match self.schema {
            SCHEMA => {
                let action: Action =
                    serde_json::from_str(&self.payload).map_err(OpenError::Malformed)?;
                let outside = (self.id, self.incarnation, self.n);
                match (action.id, action.incarnation, action.n) == outside {
                    true => Ok(action),
                    false => Err(OpenError::Mislabelled),
                }
            }
            newer => Err(OpenError::NewerSchema(newer)),
        }
    }
}
