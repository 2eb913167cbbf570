//! The policies as they travel: word for word as the server wrote them, named by their hash and signed.
//! What a device can't trust or can't read never takes the place of what it has.

use crate::chain::{Sign, Verify};
use doorstep_domain::policy::Policies;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

/// The policies with the hash that names them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PolicyDocument {
    /// SHA-256 over the text of `policies`, in hex.
    pub hash: String,
    pub policies: Box<RawValue>,
    /// The server's, over the hash, in hex.
    #[serde(default)]
    pub signature: String,
}

/// Why a device keeps the policies that it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PolicyRefusal {
    #[error("the policies are not those that their hash names")]
    Changed,
    #[error("the policies are not signed by the server")]
    Unsigned,
    /// Written by a newer server than this app can read.
    #[error("the policies can't be read by this version")]
    Unreadable,
}

impl PolicyRefusal {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Changed => "policies.changed",
            Self::Unsigned => "policies.unsigned",
            Self::Unreadable => "policies.unreadable",
        }
    }
}

impl PolicyDocument {
    /// The document of policies that stand in a text.
    ///
    /// # Errors
    /// Where the text is no JSON.
    pub fn sign(text: String, key: &dyn Sign) -> serde_json::Result<Self> {
        let hash = hash_of(&text);
        Ok(Self {
            signature: key.sign_hash(&statement(&hash)),
            policies: RawValue::from_string(text)?,
            hash,
        })
    }

    /// The policies, where the text is what was signed. Without a key (a device that enrolled before
    /// servers signed) the hash alone is held against it.
    ///
    /// # Errors
    /// Why they are not to be used.
    pub fn open(&self, key: Option<&dyn Verify>) -> Result<Policies, PolicyRefusal> {
        let text = self.policies.get();
        if hash_of(text) != self.hash {
            return Err(PolicyRefusal::Changed);
        }
        let is_signed = |key: &dyn Verify| key.has_signed(&statement(&self.hash), &self.signature);
        if !key.is_none_or(is_signed) {
            return Err(PolicyRefusal::Unsigned);
        }
        serde_json::from_str(text).map_err(|_| PolicyRefusal::Unreadable)
    }
}

/// The hash that names policies.
pub fn hash_of(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

/// Says what the hash is of, so that a signature over something else never fits.
fn statement(hash: &str) -> [u8; 32] {
    Sha256::digest(format!("doorstep policies 1\n{hash}").as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::SigningKey;

    const TEXT: &str = r#"{"packs":[],"checklist":{"version":1,"question":[]}}"#;

    #[test]
    fn what_was_changed_on_the_way_or_signed_by_another_is_not_opened() {
        let (key, other) = (
            SigningKey::from_bytes(&[7; 32]),
            SigningKey::from_bytes(&[8; 32]),
        );
        let document = PolicyDocument::sign(TEXT.to_owned(), &key).unwrap();
        let public = key.verifying_key();
        assert!(document.open(Some(&public)).is_ok());
        let refusal = |document: &PolicyDocument, key: &dyn Verify| {
            document.open(Some(key)).map(|_| ()).unwrap_err()
        };
        assert_eq!(
            refusal(&document, &other.verifying_key()),
            PolicyRefusal::Unsigned
        );
        let mut changed = document.clone();
        changed.policies = RawValue::from_string(TEXT.replace('1', "2")).unwrap();
        assert_eq!(refusal(&changed, &public), PolicyRefusal::Changed);
        changed.hash = hash_of(changed.policies.get());
        assert_eq!(refusal(&changed, &public), PolicyRefusal::Unsigned);
    }

    #[test]
    fn what_a_newer_server_writes_is_said_to_be_unreadable() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let newer = r#"{"packs":"elsewhere"}"#.to_owned();
        let document = PolicyDocument::sign(newer, &key).unwrap();
        let opened = document.open(Some(&key.verifying_key()));
        assert_eq!(opened.map(|_| ()), Err(PolicyRefusal::Unreadable));
    }

    #[test]
    fn it_travels_word_for_word() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let document = PolicyDocument::sign(TEXT.to_owned(), &key).unwrap();
        let sent = serde_json::to_string(&Some(&document)).unwrap();
        let arrived: Option<PolicyDocument> = serde_json::from_str(&sent).unwrap();
        assert!(arrived.unwrap().open(Some(&key.verifying_key())).is_ok());
    }
}
