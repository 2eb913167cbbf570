//! The lock: a random database key, wrapped by a key that only the passphrase gives.
//!
//! The wrapped key lies in a small file beside the database. Without the passphrase both are
//! noise. Deliberately absent: any way to open the database without it.

use crate::error::{DeviceError, Result};
use crate::store::StoreError;
use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};
use std::path::Path;
use zeroize::Zeroizing;

/// Shorter ones can be guessed from a stolen file.
pub const PASSPHRASE_LENGTH_MIN: usize = 8;

/// The key of the database file.
pub type DatabaseKey = Zeroizing<[u8; 32]>;

/// Argon2id: 64 MiB, three passes; about a third of a second on a tablet.
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;

/// The file beside the database.
#[derive(Serialize, Deserialize)]
struct LockFile {
    version: u16,
    memory_kib: u32,
    passes: u32,
    salt: String,
    nonce: String,
    wrapped_key: String,
}

const VERSION: u16 = 1;

/// Makes a new database key and writes it, wrapped, to `path`.
pub fn create(path: &Path, passphrase: &str) -> Result<DatabaseKey> {
    if passphrase.chars().count() < PASSPHRASE_LENGTH_MIN {
        return Err(DeviceError::PassphraseTooShort(PASSPHRASE_LENGTH_MIN));
    }
    let key = Zeroizing::new(random::<32>()?);
    let (salt, nonce) = (random::<16>()?, random::<24>()?);
    let cipher = cipher(passphrase, &salt, MEMORY_KIB, PASSES)?;
    let wrapped = cipher
        .encrypt(&XNonce::from(nonce), key.as_slice())
        .map_err(|_| StoreError::Lock("wrap the key"))?;
    let file = LockFile {
        version: VERSION,
        memory_kib: MEMORY_KIB,
        passes: PASSES,
        salt: hex::encode(salt),
        nonce: hex::encode(nonce),
        wrapped_key: hex::encode(wrapped),
    };
    let text = serde_json::to_vec_pretty(&file).map_err(StoreError::from)?;
    std::fs::write(path, text).map_err(StoreError::from)?;
    Ok(key)
}

/// Unwraps the database key with the passphrase.
pub fn open(path: &Path, passphrase: &str) -> Result<DatabaseKey> {
    let text = std::fs::read(path).map_err(StoreError::from)?;
    let file: LockFile =
        serde_json::from_slice(&text).map_err(|_| StoreError::Lock("read the lock file"))?;
    let broken = |_| StoreError::Lock("read the lock file");
    let salt = hex::decode(&file.salt).map_err(broken)?;
    let nonce: [u8; 24] = hex::decode(&file.nonce)
        .map_err(broken)?
        .try_into()
        .map_err(|_| StoreError::Lock("read the lock file"))?;
    let wrapped = hex::decode(&file.wrapped_key).map_err(broken)?;
    let cipher = cipher(passphrase, &salt, file.memory_kib, file.passes)?;
    let key = Zeroizing::new(
        cipher
            .decrypt(&XNonce::from(nonce), wrapped.as_slice())
            .map_err(|_| DeviceError::WrongPassphrase)?,
    );
    let key: [u8; 32] = key
        .as_slice()
        .try_into()
        .map_err(|_| StoreError::Lock("read the lock file"))?;
    Ok(Zeroizing::new(key))
}

fn cipher(
    passphrase: &str,
    salt: &[u8],
    memory_kib: u32,
    passes: u32,
) -> Result<XChaCha20Poly1305> {
    let unusable = |_| StoreError::Lock("derive the key");
    let params = Params::new(memory_kib, passes, 1, Some(32)).map_err(unusable)?;
    let mut derived = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.as_bytes(), salt, derived.as_mut_slice())
        .map_err(unusable)?;
    Ok(XChaCha20Poly1305::new(&(*derived).into()))
}

/// `N` random bytes from the system.
pub fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| StoreError::Lock("get random bytes"))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_passphrase_opens_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock.json");
        let key = create(&path, "rain on the step").unwrap();
        assert_eq!(open(&path, "rain on the step").unwrap(), key);
        assert!(matches!(
            open(&path, "rain on the stop"),
            Err(DeviceError::WrongPassphrase)
        ));
        assert!(matches!(
            create(&path, "short"),
            Err(DeviceError::PassphraseTooShort(_))
        ));
    }
}
