//! Devices: enrolled by a one-time code, known by key and token; active, retired or lost.

use super::sql::{Row, values};
use super::{Result, StoreError, Tx};
use chrono::{DateTime, Utc};
use doorstep_domain::{DeviceId, UserId};

/// What a device may still do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceState {
    Active,
    /// Hands in what it has, gets nothing new, then destroys its key.
    Retired,
    /// Reported lost: what arrives from then on waits for a person.
    Lost,
}

impl DeviceState {
    /// As it is stored.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Retired => "retired",
            Self::Lost => "lost",
        }
    }

    fn read(name: &str) -> Result<Self> {
        [Self::Active, Self::Retired, Self::Lost]
            .into_iter()
            .find(|state| state.name() == name)
            .ok_or(StoreError::Value("device state"))
    }
}

/// An enrolled device.
#[derive(Debug, Clone)]
pub struct DeviceRow {
    pub id: DeviceId,
    pub person: UserId,
    pub public_key: String,
    pub token_hash: String,
    pub token_expires_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
    pub state: DeviceState,
    /// How many of the leads' devices were lost, as this one was told.
    pub leads_lost: u32,
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
    /// By a device of this person.
    Used(UserId),
    Expired,
}

const COLUMNS: &str =
    "id, person, public_key, token_hash, token_expires_at, last_seen_at, state, leads_lost";

fn device(mut row: Row) -> Result<DeviceRow> {
    Ok(DeviceRow {
        id: row.parsed(0, "device id")?,
        person: row.parsed(1, "person id")?,
        public_key: row.text(2)?,
        token_hash: row.text(3)?,
        token_expires_at: row.parsed(4, "token end")?,
        last_seen_at: row.parsed(5, "last seen")?,
        state: DeviceState::read(&row.text(6)?)?,
        leads_lost: row.int(7)?,
    })
}

impl Tx<'_> {
    /// Keeps a new code for a device of `person`.
    pub fn add_enrol_code(
        &self,
        code_hash: &str,
        person: UserId,
        expires_at: DateTime<Utc>,
    ) -> Result<()> {
        self.sql.put(
            "INSERT INTO enrol_code (tenant, code_hash, person, expires_at) VALUES (?1, ?2, ?3, ?4)",
            &values![self.tenant, code_hash, person, expires_at],
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
        let statement = format!(
            "SELECT person, expires_at, used_at FROM enrol_code
             WHERE tenant = ?1 AND code_hash = ?2{}",
            self.sql.lock_clause()
        );
        let found = self
            .sql
            .first(&statement, &values![self.tenant, code_hash])?;
        let Some(mut row) = found else {
            return Ok(Err(EnrolmentError::Unknown));
        };
        let person: UserId = row.parsed(0, "person id")?;
        if !row.text(2)?.is_empty() {
            return Ok(Err(EnrolmentError::Used(person)));
        }
        if row.parsed::<DateTime<Utc>>(1, "code end")? < now {
            return Ok(Err(EnrolmentError::Expired));
        }
        self.sql.execute(
            "UPDATE enrol_code SET used_at = ?3 WHERE tenant = ?1 AND code_hash = ?2",
            &values![self.tenant, code_hash, now],
        )?;
        self.sql.execute(
            "INSERT INTO device (tenant, id, person, public_key, token_hash, token_expires_at,
                 enrolled_at, last_seen_at, leads_lost)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8)",
            &values![
                self.tenant,
                device.id,
                person,
                device.public_key,
                device.token_hash,
                device.token_expires_at,
                now,
                self.leads_lost()?
            ],
        )?;
        Ok(Ok(person))
    }

    /// The device behind a token: its present one, or the one before, where the device has not been heard
    /// with the present one. That one may never have arrived.
    pub fn device_by_token(&self, token_hash: &str) -> Result<Option<DeviceRow>> {
        let by = |condition| {
            let statement =
                format!("SELECT {COLUMNS} FROM device WHERE tenant = ?1 AND {condition}");
            let found = self
                .sql
                .first(&statement, &values![self.tenant, token_hash])?;
            found.map(device).transpose()
        };
        match by("token_hash = ?2")? {
            Some(device) => Ok(Some(device)),
            None => by("previous_token_hash = ?2 AND previous_token_hash <> ''"),
        }
    }

    /// A device by its id.
    pub fn device(&self, id: DeviceId) -> Result<Option<DeviceRow>> {
        let statement = format!("SELECT {COLUMNS} FROM device WHERE tenant = ?1 AND id = ?2");
        let found = self.sql.first(&statement, &values![self.tenant, id])?;
        found.map(device).transpose()
    }

    /// The device of a person that has this key.
    pub fn device_by_key(&self, person: UserId, public_key: &str) -> Result<Option<DeviceRow>> {
        let statement = format!(
            "SELECT {COLUMNS} FROM device WHERE tenant = ?1 AND person = ?2 AND public_key = ?3"
        );
        let found = self
            .sql
            .first(&statement, &values![self.tenant, person, public_key])?;
        found.map(device).transpose()
    }

    /// All devices, the one heard last first.
    pub fn devices(&self) -> Result<Vec<DeviceRow>> {
        let statement = format!(
            "SELECT {COLUMNS} FROM device WHERE tenant = ?1 ORDER BY last_seen_at DESC, id"
        );
        let found = self.sql.query(&statement, &values![self.tenant])?;
        found.into_iter().map(device).collect()
    }

    /// Notes that a device was heard with its present token, and extends it.
    pub fn touch_device(
        &self,
        id: DeviceId,
        now: DateTime<Utc>,
        token_expires_at: DateTime<Utc>,
    ) -> Result<()> {
        self.sql.put(
            "UPDATE device SET last_seen_at = ?3, token_expires_at = ?4, previous_token_hash = ''
             WHERE tenant = ?1 AND id = ?2",
            &values![self.tenant, id, now, token_expires_at],
        )?;
        Ok(())
    }

    /// Gives a device another token in place of the one that it `shown`, and says how many of the leads'
    /// devices were lost.
    pub fn renew_token(
        &self,
        id: DeviceId,
        shown_hash: &str,
        token_hash: &str,
        expires_at: DateTime<Utc>,
    ) -> Result<u32> {
        let leads_lost = self.leads_lost()?;
        self.sql.put(
            "UPDATE device SET previous_token_hash = ?3, token_hash = ?4, token_expires_at = ?5,
                 leads_lost = ?6 WHERE tenant = ?1 AND id = ?2",
            &values![
                self.tenant,
                id,
                shown_hash,
                token_hash,
                expires_at,
                leads_lost
            ],
        )?;
        Ok(leads_lost)
    }

    /// How many of the leads' devices were lost.
    pub fn leads_lost(&self) -> Result<u32> {
        self.sql
            .first(
                "SELECT leads_lost FROM head WHERE tenant = ?1",
                &values![self.tenant],
            )?
            .ok_or(StoreError::Value("head"))?
            .int(0)
    }

    /// A lead's device was lost: every device fetches other credentials before anything else.
    pub fn count_lost_lead(&self, now: DateTime<Utc>) -> Result<()> {
        self.sql.put(
            "UPDATE head SET leads_lost = leads_lost + 1 WHERE tenant = ?1",
            &values![self.tenant],
        )?;
        self.sql.put(
            "UPDATE device SET token_expires_at = ?2 WHERE tenant = ?1",
            &values![self.tenant, now],
        )?;
        Ok(())
    }

    /// Retires a device, or reports it lost or found.
    pub fn set_device_state(
        &self,
        id: DeviceId,
        state: DeviceState,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let changed = self.sql.execute(
            "UPDATE device SET state = ?3, state_at = ?4 WHERE tenant = ?1 AND id = ?2",
            &values![self.tenant, id, state.name(), now],
        )?;
        Ok(changed == 1)
    }
}
