//! A cheap stand-in for signatures: the real ones are tried in the journeys.

use doorstep_protocol::chain::{Sign, Verify};

/// A key that stamps a hash.
#[derive(Debug, Clone, Copy)]
pub struct Stamp(pub u64);

impl Sign for Stamp {
    fn sign_hash(&self, hash: &[u8; 32]) -> String {
        let mut first = [0; 8];
        for (to, from) in first.iter_mut().zip(hash) {
            *to = *from;
        }
        format!("{:016x}", u64::from_be_bytes(first) ^ self.0)
    }
}

impl Verify for Stamp {
    fn has_signed(&self, hash: &[u8; 32], signature: &str) -> bool {
        self.sign_hash(hash) == signature
    }
}
