//! Passwords, tokens and codes: made, hashed and compared. None is ever stored or logged in clear.

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Argon2, PasswordHash};
use sha2::{Digest, Sha256};

/// The machine could not give random bytes or hash with them.
#[derive(Debug, thiserror::Error)]
#[error("no secure random bytes from the system")]
pub struct NoRandomness;

/// One TLS provider for the whole process, before anything speaks TLS.
pub fn install_tls() {
    // An error only says that one is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// 32 random bytes, in hex.
pub fn token() -> Result<String, NoRandomness> {
    random::<32>().map(hex::encode)
}

/// `N` random bytes.
pub fn random<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

/// What is read out or typed: no letter or digit that can be taken for another.
const CODE_ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
const CODE_LENGTH: usize = 10;

/// A one-time enrolment code such as `7KQ2M-XD4RT`: 50 random bits.
pub fn enrol_code() -> Result<String, NoRandomness> {
    let mut code = String::with_capacity(CODE_LENGTH + 1);
    for (place, byte) in random::<CODE_LENGTH>()?.into_iter().enumerate() {
        if place == CODE_LENGTH / 2 {
            code.push('-');
        }
        code.push(char::from(
            CODE_ALPHABET[usize::from(byte) % CODE_ALPHABET.len()],
        ));
    }
    Ok(code)
}

/// The same code however it was typed: case, spaces and dashes aside.
pub fn normal_code(typed: &str) -> String {
    typed
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_uppercase())
        .collect()
}

/// What is stored of a random token. A fast hash is enough: it can't be guessed.
pub fn hash_token(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

/// What is stored of a password: Argon2id with the library's current parameters.
pub fn hash_password(password: &str) -> Result<String, NoRandomness> {
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|_| NoRandomness)
}

/// Whether `password` is the one behind `hash`. Slow on purpose: call it off the async threads.
pub fn is_password(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|parsed| {
        Argon2::default()
            .verify_password(password.as_bytes(), &parsed)
            .is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_survives_sloppy_typing() {
        assert_eq!(normal_code(" 7kq2m xd4rt "), normal_code("7KQ2M-XD4RT"));
    }

    #[test]
    fn only_the_right_password_opens() {
        let hash = hash_password("correct horse").unwrap();
        assert!(is_password("correct horse", &hash));
        assert!(!is_password("Correct horse", &hash));
        assert!(!is_password("correct horse", "nonsense"));
    }
}
