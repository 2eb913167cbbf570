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

/// Seals an envelope to the server's public key. `ephemeral` is 32 fresh random bytes.
///
/// `None` where the key is none, or the envelope can't be written.
pub fn seal(envelope: &Envelope, server: &str, ephemeral: [u8; 32]) -> Option<String> {
    let text = serde_json::to_vec(envelope).ok()?;
    seal_bytes(&text, server, ephemeral).map(|whole| STANDARD.encode(whole))
}

/// Seals bytes, such as a piece of evidence, in the same way.
pub fn seal_bytes(bytes: &[u8], server: &str, ephemeral: [u8; 32]) -> Option<Vec<u8>> {
    let mut key = [0; KEY_BYTES];
    hex::decode_to_slice(server, &mut key).ok()?;
    let (server, ephemeral) = (PublicKey::from(key), SecretKey::from(ephemeral));
    let own = ephemeral.public_key();
    let sealed = ChaChaBox::new(&server, &ephemeral)
        .encrypt(&nonce(&own, &server), bytes)
        .ok()?;
    let mut whole = own.as_bytes().to_vec();
    whole.extend(sealed);
    Some(whole)
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
        let sealed = seal(&envelope, &public_half([5; 32]), [6; 32]).unwrap();
        assert_eq!(open(&sealed, [5; 32]), Some(envelope));
        assert_eq!(open(&sealed, [7; 32]), None);
        assert_eq!(open("not a box", [5; 32]), None);
        let whole = seal_bytes(b"a photo", &public_half([5; 32]), [8; 32]).unwrap();
        assert_eq!(open_bytes(&whole, [5; 32]).unwrap(), b"a photo");
        assert_eq!(open_bytes(&whole, [7; 32]), None);
        assert_eq!(open_bytes(&whole[..20], [5; 32]), None);
    }
}
