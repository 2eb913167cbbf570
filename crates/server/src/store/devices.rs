//! Devices: enrolled by a one-time code, known by key and token.

use super::{Result, Tx, optional, parse};
use chrono::{DateTime, Utc};
use doorstep_domain::{DeviceId, UserId};
use rusqlite::params;

/// An enrolled device.
#[derive(Debug, Clone)]
pub struct DeviceRow {
    pub id: DeviceId,
    pub person: UserId,
    pub public_key: String,
    pub token_expires_at: DateTime<Utc>,
}

/// A device about to be enrolled.
pub struct NewDevice<'a> {
    pub id: DeviceId,
    pub public_key: &'a str,
    pub token_hash: &'a str,
    pub token_expires_at: DateTime<Utc>,
}

/// Why a code does not enrol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnrolmentError {
    Unknown,
    Used,
    Expired,
}

impl Tx<'_> {
    /// Keeps a new code for a device of `person`.
    pub fn add_enrol_code(
        &self,
        code_hash: &str,
        person: UserId,
        expires_at: DateTime<Utc>,
    ) -> Result<()> {
        self.tx.execute(
            "INSERT INTO enrol_code (tenant, code_hash, person, expires_at) VALUES (?1, ?2, ?3, ?4)",
            params![self.tenant, code_hash, person.to_string(), expires_at.to_rfc3339()],
        )?;
        Ok(())
    }

    /// Uses up a code and enrols the device, in one transaction.
    pub fn enrol(
        &self,
        code_hash: &str,
        device: &NewDevice<'_>,
        now: DateTime<Utc>,
    ) -> Result<std::result::Result<UserId, EnrolmentError>> {
        let found = optional(self.tx.query_row(
            "SELECT person, expires_at, used_at FROM enrol_code WHERE tenant = ?1 AND code_hash = ?2",
            params![self.tenant, code_hash],
            |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?)),
        ))?;
        let Some((person, expires_at, used_at)) = found else {
            return Ok(Err(EnrolmentError::Unknown));
        };
        if !used_at.is_empty() {
            return Ok(Err(EnrolmentError::Used));
        }
        if parse::<DateTime<Utc>>(&expires_at, "code end")? < now {
            return Ok(Err(EnrolmentError::Expired));
        }
        self.tx.execute(
            "UPDATE enrol_code SET used_at = ?3 WHERE tenant = ?1 AND code_hash = ?2",
            params![self.tenant, code_hash, now.to_rfc3339()],
        )?;
        self.tx.execute(
            "INSERT INTO device (tenant, id, person, public_key, token_hash, token_expires_at,
                 enrolled_at, last_seen_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
            params![
                self.tenant,
                device.id.to_string(),
                person,
                device.public_key,
                device.token_hash,
                device.token_expires_at.to_rfc3339(),
                now.to_rfc3339()
            ],
        )?;
        Ok(Ok(parse(&person, "person id")?))
    }

    /// The device behind a token.
    pub fn device_by_token(&self, token_hash: &str) -> Result<Option<DeviceRow>> {
        let found = optional(self.tx.query_row(
            "SELECT id, person, public_key, token_expires_at FROM device
             WHERE tenant = ?1 AND token_hash = ?2",
            params![self.tenant, token_hash],
            |row| {
                Ok((
                    row.get::<_, String>(0)?,
                    row.get::<_, String>(1)?,
                    row.get(2)?,
                    row.get::<_, String>(3)?,
                ))
            },
        ))?;
        found
            .map(|(id, person, public_key, expires)| {
                Ok(DeviceRow {
                    id: parse(&id, "device id")?,
                    person: parse(&person, "person id")?,
                    public_key,
                    token_expires_at: parse(&expires, "token end")?,
                })
            })
            .transpose()
    }

    /// Notes that a device was heard, and extends its token.
    pub fn touch_device(
        &self,
        id: DeviceId,
        now: DateTime<Utc>,
        token_expires_at: DateTime<Utc>,
    ) -> Result<()> {
        self.tx.execute(
            "UPDATE device SET last_seen_at = ?3, token_expires_at = ?4 WHERE tenant = ?1 AND id = ?2",
            params![self.tenant, id.to_string(), now.to_rfc3339(), token_expires_at.to_rfc3339()],
        )?;
        Ok(())
    }
}
