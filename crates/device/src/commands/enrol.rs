//! Enrolling: a one-time code becomes a device with its own key and its own encrypted file.

use crate::clock::DeviceClock;
use crate::device::{Device, LOCK_FILE, next_profile_folder, profile_folders};
use crate::error::{DeviceError, Result};
use crate::lock::{self, DatabaseKey};
use crate::store::{Profile, Store, StoreError};
use crate::sync::{client, read, read_error};
use doorstep_domain::{Role, RuleId};
use doorstep_protocol::PROTOCOL;
use doorstep_protocol::chain::Sign as _;
use doorstep_protocol::exchange::{EnrolRequest, EnrolResponse};
use ed25519_dalek::SigningKey;
use std::path::Path;

/// What an agent types.
pub struct Enrolment<'a> {
    pub server: &'a str,
    pub code: &'a str,
    pub passphrase: &'a str,
}

/// Where a profile is made before it is complete; a crash leaves nothing half-enrolled.
const UNFINISHED: &str = "enrolling";

/// Enrols this device and unlocks it.
pub async fn enrol(data: &Path, enrolment: Enrolment<'_>, clock: DeviceClock) -> Result<Device> {
    let server = address(enrolment.server)?;
    // Whose database a passphrase opens must be plain: each person on a tablet has one of their own.
    let is_taken = |folder: &std::path::PathBuf| {
        let file = folder.join(LOCK_FILE);
        file.exists() && lock::open(&file, enrolment.passphrase).is_ok()
    };
    if profile_folders(data).iter().any(is_taken) {
        return Err(DeviceError::NotNow(RuleId::named("enrol.passphrase_taken")));
    }
    // The store comes first: a full or read-only disk must not use up the code.
    let folder = data.join(UNFINISHED);
    let (key, mut store) = match go_on(&folder, enrolment.passphrase) {
        Some(begun) => begun,
        None => begin(&folder, enrolment.passphrase)?,
    };
    let signing_key = own_key(&mut store)?;
    let answer = ask_server(&server, enrolment.code, &signing_key).await?;
    store.write(|tx| {
        tx.set_profile(&Profile {
            server,
            device: answer.device,
            user: answer.user,
            display_name: answer.display_name,
            credentials: answer.credentials,
            signing_key: hex::encode(signing_key.to_bytes()),
            server_key: answer.server_key,
            seal_key: answer.seal_key,
            role: answer.role.unwrap_or(Role::Agent),
        })
    })?;
    drop(store);
    let profile = next_profile_folder(data);
    std::fs::rename(&folder, &profile).map_err(StoreError::from)?;
    Device::open(&profile, &key, clock)
}

/// Begins anew, in an empty folder.
fn begin(folder: &Path, passphrase: &str) -> Result<(DatabaseKey, Store)> {
    if folder.exists() {
        std::fs::remove_dir_all(folder).map_err(StoreError::from)?;
    }
    std::fs::create_dir_all(folder).map_err(StoreError::from)?;
    let key = lock::create(&folder.join(LOCK_FILE), passphrase)?;
    let store = Store::open(folder, &key)?;
    Ok((key, store))
}

/// What was begun before, where the passphrase opens it: the answer may have been lost, and then the server
/// knows this device already.
fn go_on(folder: &Path, passphrase: &str) -> Option<(DatabaseKey, Store)> {
    let file = folder.join(LOCK_FILE);
    let opened = file
        .exists()
        .then(|| lock::open(&file, passphrase).ok())??;
    let store = Store::open(folder, &opened.key).ok()?;
    Some((opened.key, store))
}

/// The key with which the device signs, kept before anybody is asked to know it.
fn own_key(store: &mut Store) -> Result<SigningKey> {
    if let Some(seed) = store.read(|tx| tx.own_seed())? {
        return Ok(SigningKey::from_bytes(&seed));
    }
    let seed = lock::random()?;
    store.write(|tx| tx.set_own_seed(&seed))?;
    Ok(SigningKey::from_bytes(&seed))
}

async fn ask_server(server: &str, code: &str, key: &SigningKey) -> Result<EnrolResponse> {
    let mut request = EnrolRequest {
        protocol: PROTOCOL,
        code: code.to_owned(),
        public_key: hex::encode(key.verifying_key().to_bytes()),
        signature: String::new(),
    };
    request.signature = key.sign_hash(&request.hash());
    let answer = client()?
        .post(format!("{server}/v1/enrol"))
        .json(&request)
        .send()
        .await
        .map_err(|_| DeviceError::NoConnection)?;
    match answer.status().is_success() {
        true => read(answer).await,
        false => Err(read_error(answer).await.into()),
    }
}

/// The server's address without a path; a bare name means HTTPS.
fn address(typed: &str) -> Result<String> {
    let typed = typed.trim().trim_end_matches('/');
    let full = match typed.contains("://") {
        true => typed.to_owned(),
        false => format!("https://{typed}"),
    };
    let url = reqwest::Url::parse(&full).map_err(|_| DeviceError::BadAddress)?;
    let is_local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    match url.scheme() {
        "https" => Ok(full),
        // Without TLS only to this very machine.
        "http" if is_local => Ok(full),
        _ => Err(DeviceError::BadAddress),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_may_be_reached_without_tls() {
        assert_eq!(
            address("doorstep.example/").unwrap(),
            "https://doorstep.example"
        );
        assert_eq!(
            address("http://127.0.0.1:8383").unwrap(),
            "http://127.0.0.1:8383"
        );
        assert!(matches!(
            address("http://doorstep.example"),
            Err(DeviceError::BadAddress)
        ));
        assert!(matches!(
            address("not an address"),
            Err(DeviceError::BadAddress)
        ));
    }
}
