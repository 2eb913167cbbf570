//! Sealing an envelope to the server: a public-key box that only the server opens, so that any
//! later session of a device, or nobody's, can hand in what was recorded.

use crate::envelope::Envelope;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto_box::aead::Aead;
use crypto_box::{ChaChaBox, Nonce, PublicKey, SecretKey};
use sha2::{Digest, Sha256};

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;

/// The server's end of the box, as hex.
pub fn public_half(secret: [u8; 32]) -> String {
    hex::encode(SecretKey::from(secret).public_key().as_bytes())
}

/// A box that stands open: the slow half of sealing is done, and needs to know nothing of what will
/// lie in it. It is closed once.
pub struct OpenBox {
    own: PublicKey,
    nonce: Nonce,
    cipher: ChaChaBox,
}

impl OpenBox {
    /// A box for the server with this public key. `ephemeral` is 32 fresh random bytes.
    ///
    /// `None` where the key is none.
    pub fn to(server: &str, ephemeral: [u8; 32]) -> Option<Self> {
        let mut key = [0; KEY_BYTES];
        hex::decode_to_slice(server, &mut key).ok()?;
        let (server, ephemeral) = (PublicKey::from(key), SecretKey::from(ephemeral));
        let own = ephemeral.public_key();
        Some(Self {
            nonce: nonce(&own, &server),
            cipher: ChaChaBox::new(&server, &ephemeral),
            own,
        })
    }

    /// Seals an envelope, as a line of text. `None` where it can't be written.
    pub fn seal(self, envelope: &Envelope) -> Option<String> {
        let text = serde_json::to_vec(envelope).ok()?;
        self.seal_bytes(&text).map(|whole| STANDARD.encode(whole))
    }

    /// Seals bytes, such as a piece of evidence.
    pub fn seal_bytes(self, bytes: &[u8]) -> Option<Vec<u8>> {
        let sealed = self.cipher.encrypt(&self.nonce, bytes).ok()?;
        let mut whole = self.own.as_bytes().to_vec();
        whole.extend(sealed);
        Some(whole)
    }
}

/// Opens what was sealed to `secret`; `None` for anything else.
pub fn open(sealed: &str, secret: [u8; 32]) -> Option<Envelope> {
    let whole = STANDARD.decode(sealed).ok()?;
    serde_json::from_slice(&open_bytes(&whole, secret)?).ok()
}

/// Opens bytes that were sealed to `secret`; `None` for anything else.
pub fn open_bytes(whole: &[u8], secret: [u8; 32]) -> Option<Vec<u8>> {
    let (own, sealed) = whole.split_at_checked(KEY_BYTES)?;
    let own: [u8; KEY_BYTES] = own.try_into().ok()?;
    let (own, secret) = (PublicKey::from(own), SecretKey::from(secret));
    ChaChaBox::new(&own, &secret)
        .decrypt(&nonce(&own, &secret.public_key()), sealed)
        .ok()
}

/// What a device signs over a piece of evidence, so that anybody may bring it: the piece's SHA-256 in
/// hex, and what the hash is of.
pub fn evidence_statement(sha256: &str) -> [u8; 32] {
    Sha256::digest(format!("doorstep evidence 1\n{sha256}").as_bytes()).into()
}

/// The nonce follows from both keys: the ephemeral one is used once.
fn nonce(ephemeral: &PublicKey, server: &PublicKey) -> Nonce {
    let mut hash = Sha256::new();
    hash.update(ephemeral.as_bytes());
    hash.update(server.as_bytes());
    let mut nonce = [0; NONCE_BYTES];
    for (to, from) in nonce.iter_mut().zip(hash.finalize()) {
        *to = from;
    }
    Nonce::from(nonce)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::Link;
    use doorstep_domain::{ActionId, Incarnation};
    use uuid::Uuid;

    #[test]
    fn only_the_server_opens_what_was_sealed_to_it() {
        let envelope = Envelope {
            schema: 2,
            id: ActionId(Uuid::nil()),
            incarnation: Incarnation(Uuid::nil()),
            n: 1,
            payload: "what was agreed".into(),
            salt: "salt".into(),
            link: Link::START,
            signature: String::new(),
            verdict: None,
        };
        let to_server = |ephemeral| OpenBox::to(&public_half([5; 32]), ephemeral).unwrap();
        let sealed = to_server([6; 32]).seal(&envelope).unwrap();
        assert_eq!(open(&sealed, [5; 32]), Some(envelope));
        assert_eq!(open(&sealed, [7; 32]), None);
        assert_eq!(open("not a box", [5; 32]), None);
        let whole = to_server([8; 32]).seal_bytes(b"a photo").unwrap();
        assert_eq!(open_bytes(&whole, [5; 32]).unwrap(), b"a photo");
        assert_eq!(open_bytes(&whole, [7; 32]), None);
        assert_eq!(open_bytes(&whole[..20], [5; 32]), None);
        assert!(OpenBox::to("no key", [8; 32]).is_none());
    }
}
