//! Alarms as they arrived: one row each, however often they were sent.

use super::sql::values;
use super::{Result, Tx};
use chrono::{DateTime, Utc};
use doorstep_domain::{DeviceId, UserId};
use doorstep_protocol::alarm::{Alarm, AlarmKind};

/// An alarm, and whose it is.
#[derive(Debug)]
pub struct AlarmRow {
    pub alarm: Alarm,
    pub device: DeviceId,
    pub person: UserId,
    pub arrived_at: DateTime<Utc>,
}

impl Tx<'_> {
    /// Keeps an alarm; false where it is known already.
    pub fn put_alarm(
        &self,
        device: DeviceId,
        person: UserId,
        alarm: &Alarm,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let added = self.sql.execute(
            "INSERT INTO alarm (tenant, id, device, person, kind, case_id, recorded_at, arrived_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (tenant, id) DO NOTHING",
            &values![
                self.tenant,
                alarm.id.to_string(),
                device,
                person,
                alarm.kind.name(),
                alarm.case.map(|case| case.to_string()).unwrap_or_default(),
                alarm.recorded_at.to_rfc3339(),
                now
            ],
        )?;
        Ok(added == 1)
    }

    /// The alarms, the newest first.
    pub fn alarms(&self, limit: u32) -> Result<Vec<AlarmRow>> {
        let rows = self.sql.query(
            "SELECT id, device, person, kind, case_id, recorded_at, arrived_at FROM alarm
             WHERE tenant = ?1 ORDER BY arrived_at DESC, id LIMIT ?2",
            &values![self.tenant, limit],
        )?;
        rows.into_iter()
            .map(|mut row| {
                Ok(AlarmRow {
                    alarm: Alarm {
                        id: row.parsed(0, "alarm id")?,
                        kind: row.parsed::<AlarmKind>(3, "alarm kind")?,
                        case: row.text(4)?.parse().ok(),
                        recorded_at: row.parsed(5, "alarm time")?,
                    },
                    device: row.parsed(1, "device id")?,
                    person: row.parsed(2, "person id")?,
                    arrived_at: row.parsed(6, "arrival")?,
                })
            })
            .collect()
    }
}
