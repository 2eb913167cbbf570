//! The lock: a random database key, wrapped by a key that only the passphrase gives.
//!
//! The wrapped key lies in a small file beside the database. Without the passphrase both are
//! noise. Deliberately absent: any way to open the database without it.
//!
//! A second passphrase, for somebody who is forced to unlock, opens the same database and calls for
//! help. Its place in the file is filled with noise until there is one, so that the file does not tell.

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
    /// The second passphrase's; absent in files of the first version.
    #[serde(default)]
    second: Option<Slot>,
}

/// The key wrapped by another passphrase, or noise.
#[derive(Serialize, Deserialize)]
struct Slot {
    salt: String,
    nonce: String,
    wrapped_key: String,
}

const VERSION: u16 = 2;
/// A wrapped key: 32 bytes and the seal of the cipher.
const WRAPPED_BYTES: usize = 48;

/// What a passphrase has opened.
pub struct Opened {
    pub key: DatabaseKey,
    /// It was the one that is given under force.
    pub is_forced: bool,
}

/// Makes a new database key and writes it, wrapped, to `path`.
pub fn create(path: &Path, passphrase: &str) -> Result<DatabaseKey> {
    if passphrase.chars().count() < PASSPHRASE_LENGTH_MIN {
        return Err(DeviceError::PassphraseTooShort(PASSPHRASE_LENGTH_MIN));
    }
    let key = Zeroizing::new(random::<32>()?);
    let own = wrap(&key, passphrase, MEMORY_KIB, PASSES)?;
    let noise = Slot {
        salt: hex::encode(random::<16>()?),
        nonce: hex::encode(random::<24>()?),
        wrapped_key: hex::encode(random::<WRAPPED_BYTES>()?),
    };
    write(
        path,
        &LockFile {
            version: VERSION,
            memory_kib: MEMORY_KIB,
            passes: PASSES,
            salt: own.salt,
            nonce: own.nonce,
            wrapped_key: own.wrapped_key,
            second: Some(noise),
        },
    )?;
    Ok(key)
}

/// Sets the passphrase that is given under force. `own` must open the lock.
pub fn set_forced(path: &Path, own: &str, forced: &str) -> Result<()> {
    if forced.chars().count() < PASSPHRASE_LENGTH_MIN {
        return Err(DeviceError::PassphraseTooShort(PASSPHRASE_LENGTH_MIN));
    }
    if own == forced {
        return Err(DeviceError::SamePassphrase);
    }
    let mut file = read(path)?;
    let key = unwrap(&file, &own_slot(&file), own)?;
    file.second = Some(wrap(&key, forced, file.memory_kib, file.passes)?);
    file.version = VERSION;
    write(path, &file)
}

fn wrap(key: &DatabaseKey, passphrase: &str, memory_kib: u32, passes: u32) -> Result<Slot> {
    let (salt, nonce) = (random::<16>()?, random::<24>()?);
    let wrapped = cipher(passphrase, &salt, memory_kib, passes)?
        .encrypt(&XNonce::from(nonce), key.as_slice())
        .map_err(|_| StoreError::Lock("wrap the key"))?;
    Ok(Slot {
        salt: hex::encode(salt),
        nonce: hex::encode(nonce),
        wrapped_key: hex::encode(wrapped),
    })
}

/// Writes beside and renames: a lock that is half written would lock everybody out.
fn write(path: &Path, file: &LockFile) -> Result<()> {
    let text = serde_json::to_vec_pretty(file).map_err(StoreError::from)?;
    let beside = path.with_extension("new");
    std::fs::write(&beside, text).map_err(StoreError::from)?;
    std::fs::rename(&beside, path).map_err(StoreError::from)?;
    Ok(())
}

fn read(path: &Path) -> Result<LockFile> {
    let text = std::fs::read(path).map_err(StoreError::from)?;
    Ok(serde_json::from_slice(&text).map_err(|_| StoreError::Lock("read the lock file"))?)
}

fn own_slot(file: &LockFile) -> Slot {
    Slot {
        salt: file.salt.clone(),
        nonce: file.nonce.clone(),
        wrapped_key: file.wrapped_key.clone(),
    }
}

/// Unwraps the database key with either passphrase.
pub fn open(path: &Path, passphrase: &str) -> Result<Opened> {
    let file = read(path)?;
    let own = unwrap(&file, &own_slot(&file), passphrase);
    if let Ok(key) = own {
        return Ok(Opened {
            key,
            is_forced: false,
        });
    }
    let refused = own.err().unwrap_or(DeviceError::WrongPassphrase);
    let second = file.second.as_ref();
    match second.map(|slot| unwrap(&file, slot, passphrase)) {
        Some(Ok(key)) => Ok(Opened {
            key,
            is_forced: true,
        }),
        _ => Err(refused),
    }
}

fn unwrap(file: &LockFile, slot: &Slot, passphrase: &str) -> Result<DatabaseKey> {
    let broken = |_| StoreError::Lock("read the lock file");
    let salt = hex::decode(&slot.salt).map_err(broken)?;
    let nonce: [u8; 24] = hex::decode(&slot.nonce)
        .map_err(broken)?
        .try_into()
        .map_err(|_| StoreError::Lock("read the lock file"))?;
    let wrapped = hex::decode(&slot.wrapped_key).map_err(broken)?;
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
        assert_eq!(open(&path, "rain on the step").unwrap().key, key);
        assert!(matches!(
            open(&path, "rain on the stop"),
            Err(DeviceError::WrongPassphrase)
        ));
        assert!(matches!(
            create(&path, "short"),
            Err(DeviceError::PassphraseTooShort(_))
        ));
    }

    #[test]
    fn a_second_passphrase_opens_the_same_and_the_file_does_not_tell() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock.json");
        let shape = || {
            let text = std::fs::read_to_string(&path).unwrap();
            let letters = text
                .chars()
                .map(|c| if c.is_ascii_hexdigit() { '0' } else { c });
            letters.collect::<String>()
        };
        let key = create(&path, "rain on the step").unwrap();
        let before = shape();
        set_forced(&path, "rain on the step", "sun on the step").unwrap();
        assert_eq!(shape(), before);
        let forced = open(&path, "sun on the step").unwrap();
        assert!(forced.is_forced && forced.key == key);
        let own = open(&path, "rain on the step").unwrap();
        assert!(!own.is_forced && own.key == key);
        assert!(matches!(
            set_forced(&path, "rain on the step", "rain on the step"),
            Err(DeviceError::SamePassphrase)
        ));
        assert!(matches!(
            set_forced(&path, "not this one", "whatever else"),
            Err(DeviceError::WrongPassphrase)
        ));
    }
}
