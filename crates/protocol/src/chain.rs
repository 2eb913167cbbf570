//! The hash chain of a journal, over salted commitments, and signatures.
//!
//! What is chained is the *commitment* to a payload, never the payload: when the law says so, payload
//! and salt can be erased, and the chain still verifies.

use ed25519_dalek::{Signature, Signer, SigningKey, Verifier, VerifyingKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::thread;
use utoipa::ToSchema;

macro_rules! hash_as_hex {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
        #[schema(value_type = String)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(pub [u8; 32]);

        impl From<$name> for String {
            fn from(hash: $name) -> Self {
                hex::encode(hash.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = hex::FromHexError;
            fn try_from(text: String) -> Result<Self, Self::Error> {
                let mut bytes = [0; 32];
                hex::decode_to_slice(text, &mut bytes)?;
                Ok(Self(bytes))
            }
        }
    };
}

hash_as_hex! {
    /// A link of the chain: the hash of the link before and of what follows it.
    Link
}
hash_as_hex! {
    /// A salted hash of a payload: says nothing about it without the salt.
    Commitment
}

/// The salt of one payload, in hex; empty in schema 1, which had none.
pub type Salt = String;

impl Commitment {
    /// Commits to `payload` with a random `salt`.
    pub fn to(salt: &str, payload: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(salt.as_bytes());
        hash.update([0]);
        hash.update(payload.as_bytes());
        Self(hash.finalize().into())
    }
}

impl Link {
    /// The link before the first action of an incarnation.
    pub const START: Self = Self([0; 32]);

    /// The link that a commitment adds after this one.
    pub fn follow(self, commitment: Commitment) -> Self {
        let mut hash = Sha256::new();
        hash.update(self.0);
        hash.update(commitment.0);
        Self(hash.finalize().into())
    }

    /// The link of schema 1, which chained the payload itself.
    pub fn follow_payload(self, payload: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(self.0);
        hash.update(payload.as_bytes());
        Self(hash.finalize().into())
    }
}

/// Who can sign a hash. The one real implementation is Ed25519; the simulation has a cheap one.
pub trait Sign {
    /// The signature over `hash`, in hex.
    fn sign_hash(&self, hash: &[u8; 32]) -> String;
}

/// Who can tell whether a hash was signed.
pub trait Verify {
    /// Whether `signature` is theirs over `hash`.
    fn has_signed(&self, hash: &[u8; 32], signature: &str) -> bool;
}

impl Sign for SigningKey {
    fn sign_hash(&self, hash: &[u8; 32]) -> String {
        hex::encode(self.sign(hash).to_bytes())
    }
}

impl Verify for SigningKey {
    fn has_signed(&self, hash: &[u8; 32], signature: &str) -> bool {
        self.verifying_key().has_signed(hash, signature)
    }
}

impl Verify for VerifyingKey {
    fn has_signed(&self, hash: &[u8; 32], signature: &str) -> bool {
        let mut bytes = [0; 64];
        hex::decode_to_slice(signature, &mut bytes).is_ok()
            && self.verify(hash, &Signature::from_bytes(&bytes)).is_ok()
    }
}

/// A key that looks at many signatures ahead of whoever asks, on another processor. It says what the key
/// says; what has not been looked at when it is asked for is looked at then.
pub struct Foreseen<K> {
    key: K,
    ahead: Arc<Ahead>,
}

/// Signatures with the hashes that they are said to sign, in the order in which they will be asked for.
struct Ahead {
    signatures: Vec<([u8; 32], String)>,
    /// Whether each is good, once somebody has looked; who else asks meanwhile waits for that look.
    found: Vec<OnceLock<bool>>,
    places: BTreeMap<[u8; 32], usize>,
}

/// For so few no thread is begun: whoever asks for them does not begin a transaction before.
pub const FEW: usize = 16;

impl<K: Verify + Clone + Send + Sync + 'static> Foreseen<K> {
    /// Looks at `signatures`, each with the hash that it is said to sign: at a few at once, at more while
    /// this one's caller goes on.
    pub fn of(key: K, signatures: Vec<([u8; 32], String)>) -> Self {
        let places = signatures.iter().map(|(hash, _)| *hash).zip(0..).collect();
        let ahead = Arc::new(Ahead {
            found: signatures.iter().map(|_| OnceLock::new()).collect(),
            signatures,
            places,
        });
        let count = ahead.signatures.len();
        let look_at_all = {
            let (key, ahead) = (key.clone(), Arc::clone(&ahead));
            move || (0..count).all(|place| ahead.look(&key, place))
        };
        match count > FEW {
            // Where no thread is to be had, each is looked at when it is asked for.
            true => drop(thread::Builder::new().spawn(look_at_all)),
            false => drop(look_at_all()),
        }
        Self { key, ahead }
    }
}

impl Ahead {
    /// Looks at one, unless somebody has.
    fn look(&self, key: &impl Verify, place: usize) -> bool {
        let (signature, found) = (self.signatures.get(place), self.found.get(place));
        signature
            .zip(found)
            .is_some_and(|((hash, signature), found)| {
                *found.get_or_init(|| key.has_signed(hash, signature))
            })
    }
}

impl<K: Verify> Verify for Foreseen<K> {
    fn has_signed(&self, hash: &[u8; 32], signature: &str) -> bool {
        let place = self.ahead.places.get(hash).copied();
        let known = place.and_then(|place| self.ahead.signatures.get(place));
        match place.zip(known) {
            Some((place, (_, known))) if known == signature => self.ahead.look(&self.key, place),
            _ => self.key.has_signed(hash, signature),
        }
    }
}

/// A public key from the hex it was enrolled with.
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
        let link = |payload| Link::START.follow(Commitment::to("salt", payload));
        let signature = key.sign_hash(&link("one").0);
        let public = key.verifying_key();
        assert!(public.has_signed(&link("one").0, &signature));
        assert!(!public.has_signed(&link("two").0, &signature));
        assert!(!public.has_signed(&link("one").0, "zz"));
    }

    #[test]
    fn a_key_that_looked_beforehand_says_what_the_key_says() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let hashes: Vec<[u8; 32]> = (0..100).map(|number| [number; 32]).collect();
        let signatures: Vec<String> = hashes.iter().map(|hash| key.sign_hash(hash)).collect();
        for looked_at in [0, 1, 16, 17, 33, 100] {
            let mut pairs: Vec<([u8; 32], String)> = hashes
                .iter()
                .copied()
                .zip(signatures.iter().cloned())
                .collect();
            // One in the middle is another's, and one is not even hex.
            pairs[40].1 = signatures[41].clone();
            pairs[70].1 = "zz".to_owned();
            pairs.truncate(looked_at);
            let foreseen = Foreseen::of(key.verifying_key(), pairs);
            for (hash, signature) in hashes.iter().zip(&signatures) {
                assert!(foreseen.has_signed(hash, signature));
                assert!(!foreseen.has_signed(&[200; 32], signature));
            }
            assert!(!foreseen.has_signed(&hashes[40], &signatures[41]));
            assert!(!foreseen.has_signed(&hashes[70], "zz"));
        }
    }

    #[test]
    fn the_salt_is_part_of_the_commitment_and_ends_where_the_payload_begins() {
        assert_ne!(Commitment::to("a", "x"), Commitment::to("b", "x"));
        assert_ne!(Commitment::to("a", "bx"), Commitment::to("ab", "x"));
    }
}
