//! The hash chain of a journal and the device's signature over it.

use ed25519_dalek::{Signature, Signer, SigningKey, Verifier, VerifyingKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

/// A link of the chain: the hash of the link before and of this payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(value_type = String)]
#[serde(try_from = "String", into = "String")]
pub struct Link(pub [u8; 32]);

impl Link {
    /// The link before the first action of an incarnation.
    pub const START: Self = Self([0; 32]);

    /// The link that `payload` adds after this one.
    pub fn follow(self, payload: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(self.0);
        hash.update(payload.as_bytes());
        Self(hash.finalize().into())
    }
}

impl From<Link> for String {
    fn from(link: Link) -> Self {
        hex::encode(link.0)
    }
}

impl TryFrom<String> for Link {
    type Error = hex::FromHexError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes)?;
        Ok(Self(bytes))
    }
}

/// The device's signature over a link, in hex.
pub fn sign(key: &SigningKey, link: Link) -> String {
    hex::encode(key.sign(&link.0).to_bytes())
}

/// Whether `signature` is the device's over this link.
pub fn is_signed_by(key: &VerifyingKey, link: Link, signature: &str) -> bool {
    hex::decode(signature)
        .ok()
        .and_then(|bytes| Signature::from_slice(&bytes).ok())
        .is_some_and(|signature| key.verify(&link.0, &signature).is_ok())
}

/// A device's public key from the hex it enrolled with.
pub fn public_key(text: &str) -> Option<VerifyingKey> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    VerifyingKey::from_bytes(&bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_payload_breaks_the_signature() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let signature = sign(&key, Link::START.follow("one"));
        assert!(is_signed_by(
            &key.verifying_key(),
            Link::START.follow("one"),
            &signature
        ));
        assert!(!is_signed_by(
            &key.verifying_key(),
            Link::START.follow("two"),
            &signature
        ));
        assert!(!is_signed_by(
            &key.verifying_key(),
            Link::START.follow("one"),
            "zz"
        ));
    }
}
