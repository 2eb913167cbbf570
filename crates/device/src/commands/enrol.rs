//! Enrolling: a one-time code becomes a device with its own key and its own encrypted file.

use crate::clock::DeviceClock;
use crate::device::{Device, LOCK_FILE, next_profile_folder, profile_folders};
use crate::error::{DeviceError, Result};
use crate::lock;
use crate::store::{Profile, Store, StoreError};
use crate::sync::{client, read_error};
use doorstep_domain::{Role, RuleId};
use doorstep_protocol::PROTOCOL;
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
    let folder = data.join(UNFINISHED);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(StoreError::from)?;
    }
    std::fs::create_dir_all(&folder).map_err(StoreError::from)?;
    // Whose database a passphrase opens must be plain: each person on a tablet has one of their own.
    let is_taken = |folder: &std::path::PathBuf| {
        let file = folder.join(LOCK_FILE);
        file.exists() && lock::open(&file, enrolment.passphrase).is_ok()
    };
    if profile_folders(data).iter().any(is_taken) {
        return Err(DeviceError::NotNow(RuleId::named("enrol.passphrase_taken")));
    }
    // The store comes first: a full or read-only disk must not use up the code.
    let key = lock::create(&folder.join(LOCK_FILE), enrolment.passphrase)?;
    let mut store = Store::open(&folder, &key)?;
    let signing_key = SigningKey::from_bytes(&lock::random()?);
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

async fn ask_server(server: &str, code: &str, key: &SigningKey) -> Result<EnrolResponse> {
    let request = EnrolRequest {
        protocol: PROTOCOL,
        code: code.to_owned(),
        public_key: hex::encode(key.verifying_key().to_bytes()),
    };
    let answer = client()?
        .post(format!("{server}/v1/enrol"))
        .json(&request)
        .send()
        .await
        .map_err(|_| DeviceError::NoConnection)?;
    match answer.status().is_success() {
        true => answer
            .json()
            .await
            .map_err(|_| DeviceError::UnreadableAnswer),
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
