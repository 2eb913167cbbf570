//! What the device knows about itself and the server.

use super::{Result, StoreError, Tx};
use crate::clock::BootTime;
use crate::record::names;
use chrono::{DateTime, Duration, Utc};
use doorstep_domain::policy::Policies;
use doorstep_domain::{DeviceId, Revision, Role, UserId};
use doorstep_protocol::chain::public_key;
use doorstep_protocol::exchange::Credentials;
use ed25519_dalek::{SigningKey, VerifyingKey};
use rusqlite::{OptionalExtension, params};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Whose device it is, and where it belongs. Kept inside the encrypted file.
#[derive(Clone, Serialize, Deserialize)]
pub struct Profile {
    pub server: String,
    pub device: DeviceId,
    pub user: UserId,
    pub display_name: String,
    #[serde(flatten)]
    pub credentials: Credentials,
    /// Ed25519 seed, in hex.
    pub signing_key: String,
    /// Verdicts are signed with it, in hex; empty where the server did not say at enrolment.
    #[serde(default)]
    pub server_key: String,
    /// Actions are sealed to it, in hex.
    #[serde(default)]
    pub seal_key: String,
    /// A device that was enrolled before servers said so is an agent's.
    #[serde(default = "agent")]
    pub role: Role,
}

const fn agent() -> Role {
    Role::Agent
}

impl Profile {
    /// The key that signs this device's actions.
    pub fn key(&self) -> Result<SigningKey> {
        let mut seed = [0; 32];
        hex::decode_to_slice(&self.signing_key, &mut seed)
            .map_err(|_| StoreError::Value("signing key"))?;
        Ok(SigningKey::from_bytes(&seed))
    }

    /// The server's key, where it is known.
    pub fn server_key(&self) -> Option<VerifyingKey> {
        public_key(&self.server_key)
    }
}

/// The server's clock as last heard.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct ServerClock {
    pub heard_at: DateTime<Utc>,
    /// How far it was ahead of the device's own.
    pub ahead_ms: i64,
    /// What the boot clock showed then.
    #[serde(default)]
    pub boot: Option<BootTime>,
}

impl ServerClock {
    /// How far the server's clock was ahead.
    pub fn ahead(&self) -> Duration {
        Duration::milliseconds(self.ahead_ms)
    }
}

impl Tx<'_> {
    pub(super) fn meta<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        let text = self.meta_text(name)?;
        Ok(text.map(|text| serde_json::from_str(&text)).transpose()?)
    }

    pub(super) fn meta_text(&self, name: &str) -> Result<Option<String>> {
        Ok(self
            .tx
            .prepare_cached("SELECT value FROM meta WHERE name = ?1")?
            .query_row([name], |row| row.get(0))
            .optional()?)
    }

    pub(super) fn set_meta<T: Serialize>(&self, name: &str, value: &T) -> Result<()> {
        self.set_meta_text(name, &serde_json::to_string(value)?)
    }

    pub(super) fn set_meta_text(&self, name: &str, value: &str) -> Result<()> {
        self.tx
            .prepare_cached(
                "INSERT INTO meta (name, value) VALUES (?1, ?2)
                 ON CONFLICT DO UPDATE SET value = excluded.value",
            )?
            .execute(params![name, value])?;
        Ok(())
    }

    /// The seed of the key with which this device signs, from before it was enrolled.
    pub fn own_seed(&self) -> Result<Option<[u8; 32]>> {
        self.meta("own_seed")
    }

    /// Keeps it.
    pub fn set_own_seed(&self, seed: &[u8; 32]) -> Result<()> {
        self.set_meta("own_seed", seed)
    }

    /// Whose device it is; none before enrolment.
    pub fn profile(&self) -> Result<Option<Profile>> {
        self.meta("profile")
    }

    /// Writes the result of enrolment.
    pub fn set_profile(&self, profile: &Profile) -> Result<()> {
        self.set_meta("profile", profile)
    }

    /// Where the last page left off.
    pub fn cursor(&self) -> Result<Option<Revision>> {
        self.meta(names::CURSOR)
    }

    /// The policies with their hash.
    pub fn policies(&self) -> Result<Option<(String, Policies)>> {
        self.meta(names::POLICIES)
    }

    /// Why newer policies than these are not used; a stable code.
    pub fn policies_refused(&self) -> Result<Option<String>> {
        Ok(self.meta(names::POLICIES_REFUSED)?.flatten())
    }

    /// The server's clock as last heard.
    pub fn server_clock(&self) -> Result<Option<ServerClock>> {
        self.meta(names::SERVER_CLOCK)
    }

    /// Whether everything in scope has arrived once. No work starts on half of it.
    pub fn is_ready(&self) -> Result<bool> {
        Ok(self.meta(names::IS_READY)?.unwrap_or(false))
    }

    /// Whether the network costs money or time: only what was recorded goes out by itself.
    pub fn is_metered(&self) -> Result<bool> {
        Ok(self.meta("is_metered")?.unwrap_or(false))
    }

    /// Says whether the network is a metered one.
    pub fn set_metered(&self, is_metered: bool) -> Result<()> {
        self.set_meta("is_metered", &is_metered)
    }
}
