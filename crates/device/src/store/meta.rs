//! What the device knows about itself and the server.

use super::{Result, Tx};
use chrono::{DateTime, Duration, Utc};
use doorstep_domain::policy::Policies;
use doorstep_domain::{DeviceId, Incarnation, Revision, UserId};
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
    pub token: String,
    /// Ed25519 seed, in hex.
    pub signing_key: String,
}

/// The server's clock as last heard.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct ServerClock {
    pub heard_at: DateTime<Utc>,
    /// How far it was ahead of the device's own.
    pub ahead_ms: i64,
}

impl ServerClock {
    /// How far the server's clock was ahead.
    pub fn ahead(&self) -> Duration {
        Duration::milliseconds(self.ahead_ms)
    }
}

impl Tx<'_> {
    pub(super) fn meta<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        let text: Option<String> = self
            .tx
            .prepare_cached("SELECT value FROM meta WHERE name = ?1")?
            .query_row([name], |row| row.get(0))
            .optional()?;
        Ok(text.map(|text| serde_json::from_str(&text)).transpose()?)
    }

    pub(super) fn set_meta<T: Serialize>(&self, name: &str, value: &T) -> Result<()> {
        self.tx
            .prepare_cached(
                "INSERT INTO meta (name, value) VALUES (?1, ?2)
                 ON CONFLICT DO UPDATE SET value = excluded.value",
            )?
            .execute(params![name, serde_json::to_string(value)?])?;
        Ok(())
    }

    /// Whose device it is; none before enrolment.
    pub fn profile(&self) -> Result<Option<Profile>> {
        self.meta("profile")
    }

    /// Writes the result of enrolment.
    pub fn set_profile(&self, profile: &Profile) -> Result<()> {
        self.set_meta("profile", profile)
    }

    /// The life of this database.
    pub fn incarnation(&self) -> Result<Option<Incarnation>> {
        self.meta("incarnation")
    }

    /// Where the last page left off.
    pub fn cursor(&self) -> Result<Option<Revision>> {
        self.meta("cursor")
    }

    pub(super) fn set_cursor(&self, cursor: Revision) -> Result<()> {
        self.set_meta("cursor", &cursor)
    }

    /// The policies with their hash.
    pub fn policies(&self) -> Result<Option<(String, Policies)>> {
        self.meta("policies")
    }

    pub(super) fn set_policies(&self, hash: &str, policies: &Policies) -> Result<()> {
        self.set_meta("policies", &(hash, policies))
    }

    /// The server's clock as last heard.
    pub fn server_clock(&self) -> Result<Option<ServerClock>> {
        self.meta("server_clock")
    }

    pub(super) fn set_server_clock(&self, clock: &ServerClock) -> Result<()> {
        self.set_meta("server_clock", clock)
    }

    /// Whether everything in scope has arrived once. No work starts on half of it.
    pub fn is_ready(&self) -> Result<bool> {
        Ok(self.meta("is_ready")?.unwrap_or(false))
    }

    pub(super) fn set_ready(&self) -> Result<()> {
        self.set_meta("is_ready", &true)
    }
}
