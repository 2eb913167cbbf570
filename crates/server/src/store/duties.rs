//! Who is on call for alarms, and when. A duty that is handed over ends there, and another begins.

use super::sql::values;
use super::{Result, Tx};
use chrono::{DateTime, Utc};
use doorstep_domain::UserId;
use serde::{Deserialize, Serialize};

/// Who is asked first, and who joins.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    ts_rs::TS,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum DutyPlace {
    First,
    Backup,
}

impl DutyPlace {
    const fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Backup => "backup",
        }
    }
}

/// One person's turn.
#[derive(Debug, Clone)]
pub struct DutyRow {
    pub n: u32,
    pub place: DutyPlace,
    pub person: UserId,
    pub from: DateTime<Utc>,
    pub until: DateTime<Utc>,
    /// Where they are reached at once; for whoever passes an alarm on.
    pub phone: String,
}

impl Tx<'_> {
    /// Adds a turn, and gives its number. Two people may do so at once.
    pub fn add_duty(&self, duty: &DutyRow) -> Result<u32> {
        self.enter()?;
        let n = 1 + self.sql.count(
            "SELECT coalesce(max(n), 0) FROM duty WHERE tenant = ?1",
            &values![self.tenant],
        )?;
        self.sql.put(
            "INSERT INTO duty (tenant, n, place, person, from_ms, until_ms, phone)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            &values![
                self.tenant,
                n,
                duty.place.name(),
                duty.person,
                duty.from.timestamp_millis(),
                duty.until.timestamp_millis(),
                &duty.phone
            ],
        )?;
        Ok(n)
    }

    /// Ends a turn at a moment; one that has not begun is gone.
    pub fn end_duty(&self, n: u32, at: DateTime<Utc>) -> Result<()> {
        self.sql.put(
            "UPDATE duty SET until_ms = ?3 WHERE tenant = ?1 AND n = ?2 AND until_ms > ?3",
            &values![self.tenant, n, at.timestamp_millis()],
        )?;
        Ok(())
    }

    /// The turns that are not over at `now`, the earliest first; of two that overlap, the one that was
    /// set last comes first.
    pub fn duties(&self, now: DateTime<Utc>) -> Result<Vec<DutyRow>> {
        let rows = self.sql.query(
            "SELECT n, place, person, from_ms, until_ms, phone FROM duty
             WHERE tenant = ?1 AND until_ms > ?2 AND until_ms > from_ms
             ORDER BY from_ms, n DESC LIMIT 500",
            &values![self.tenant, now.timestamp_millis()],
        )?;
        let moment = |ms: i64| {
            DateTime::from_timestamp_millis(ms).ok_or(super::StoreError::Value("duty time"))
        };
        rows.into_iter()
            .map(|mut row| {
                Ok(DutyRow {
                    n: row.int(0)?,
                    place: match row.text(1)?.as_str() {
                        "first" => DutyPlace::First,
                        _ => DutyPlace::Backup,
                    },
                    person: row.parsed(2, "person id")?,
                    from: moment(row.int(3)?)?,
                    until: moment(row.int(4)?)?,
                    phone: row.text(5)?,
                })
            })
            .collect()
    }

    /// Who is on call at `now`.
    pub fn on_duty(&self, place: DutyPlace, now: DateTime<Utc>) -> Result<Option<DutyRow>> {
        let duties = self.duties(now)?.into_iter();
        Ok(duties
            .filter(|duty| duty.place == place && duty.from <= now)
            .max_by_key(|duty| duty.n))
    }
}
