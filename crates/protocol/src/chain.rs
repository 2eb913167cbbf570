//! The hash chain of a journal, over salted commitments, and signatures.
//!
//! What is chained is the *commitment* to a payload, never the payload: when the law says so, payload
//! and salt can be erased, and the chain still verifies.

use ed25519_dalek::{Signature, Signer, SigningKey, Verifier, VerifyingKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
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

/// A key that has looked at many signatures beforehand, on all processors and outside of any
/// transaction. It says what the key says; what it has not seen, or did not like, it looks at when asked.
pub struct Foreseen<K> {
    key: K,
    /// The signatures that are the key's, by what they sign.
    good: BTreeMap<[u8; 32], String>,
}

/// Fewer signatures are not worth a thread.
const SIGNATURES_A_THREAD: usize = 16;

impl<K: Verify + Sync> Foreseen<K> {
    /// Looks at `signatures`, each with the hash that it is said to sign.
    pub fn of(key: K, signatures: &[([u8; 32], &str)]) -> Self {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let share = signatures.len().div_ceil(threads).max(SIGNATURES_A_THREAD);
        let look = |some: &[([u8; 32], &str)]| -> Vec<([u8; 32], String)> {
            let good = some
                .iter()
                .take_while(|(hash, signature)| key.has_signed(hash, signature));
            good.map(|(hash, signature)| (*hash, (*signature).to_owned()))
                .collect()
        };
        let mut shares = signatures.chunks(share);
        let mine = shares.next_back();
        let good = thread::scope(|scope| {
            // A share that no thread could be had for is looked at when asked.
            let look = &look;
            let look_aside =
                |share| thread::Builder::new().spawn_scoped(scope, move || look(share));
            let others: Vec<_> = shares.filter_map(|share| look_aside(share).ok()).collect();
            let mut good: BTreeMap<_, _> = mine.map(look).into_iter().flatten().collect();
            good.extend(
                others
                    .into_iter()
                    .filter_map(|other| other.join().ok())
                    .flatten(),
            );
            good
        });
        Self { key, good }
    }
}

impl<K: Verify> Verify for Foreseen<K> {
    fn has_signed(&self, hash: &[u8; 32], signature: &str) -> bool {
        let is_known = self.good.get(hash).is_some_and(|known| known == signature);
        is_known || self.key.has_signed(hash, signature)
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
            let mut pairs: Vec<([u8; 32], &str)> = hashes
                .iter()
                .copied()
                .zip(signatures.iter().map(String::as_str))
                .collect();
            // One in the middle is another's, and one is not even hex.
            pairs[40].1 = &signatures[41];
            pairs[70].1 = "zz";
            pairs.truncate(looked_at);
            let foreseen = Foreseen::of(key.verifying_key(), &pairs);
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
