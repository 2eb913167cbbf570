//! Alarms as they arrived: one row each, however often they were sent.

use super::sql::values;
use super::{Result, StoreError, Tx};
use chrono::{DateTime, Utc};
use doorstep_domain::{DeviceId, UserId};
use doorstep_protocol::alarm::{Alarm, AlarmKind};
use uuid::Uuid;

/// An alarm, and whose it is.
#[derive(Debug)]
pub struct AlarmRow {
    pub alarm: Alarm,
    pub device: DeviceId,
    pub person: UserId,
    pub arrived_at: DateTime<Utc>,
}

/// What became of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, ts_rs::TS, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    Raised,
    /// A channel took it.
    Delivered,
    /// Somebody is looking after it.
    Acknowledged,
    /// Somebody has spoken to the person, or been there. Only this ends an alarm.
    Closed,
}

impl StepKind {
    const ALL: [Self; 4] = [
        Self::Raised,
        Self::Delivered,
        Self::Acknowledged,
        Self::Closed,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Raised => "raised",
            Self::Delivered => "delivered",
            Self::Acknowledged => "acknowledged",
            Self::Closed => "closed",
        }
    }
}

/// One step in the life of an alarm.
#[derive(Debug, Clone)]
pub struct AlarmStepRow {
    pub alarm: Uuid,
    pub at: DateTime<Utc>,
    pub kind: StepKind,
    pub person: Option<UserId>,
    pub note: String,
}

impl Tx<'_> {
    /// Adds a step to an alarm. Two people may do so at once.
    pub fn add_alarm_step(&self, step: &AlarmStepRow) -> Result<()> {
        let person = step.person.map(|person| person.to_string());
        let alarm = step.alarm.to_string();
        let lock = format!(
            "SELECT 1 FROM alarm WHERE tenant = ?1 AND id = ?2{}",
            self.sql.lock_clause()
        );
        self.sql.first(&lock, &values![self.tenant, &alarm])?;
        let steps = self.sql.count(
            "SELECT coalesce(max(step), 0) FROM alarm_step WHERE tenant = ?1 AND alarm = ?2",
            &values![self.tenant, &alarm],
        )?;
        self.sql.put(
            "INSERT INTO alarm_step (tenant, alarm, step, at, kind, person, note)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            &values![
                self.tenant,
                alarm,
                steps + 1,
                step.at,
                step.kind.name(),
                person.unwrap_or_default(),
                &step.note
            ],
        )?;
        Ok(())
    }

    /// The steps of an alarm, in order.
    pub fn alarm_steps(&self, alarm: Uuid) -> Result<Vec<AlarmStepRow>> {
        let rows = self.sql.query(
            "SELECT at, kind, person, note FROM alarm_step
             WHERE tenant = ?1 AND alarm = ?2 ORDER BY step",
            &values![self.tenant, alarm.to_string()],
        )?;
        rows.into_iter()
            .map(|mut row| {
                let kind = row.text(1)?;
                Ok(AlarmStepRow {
                    alarm,
                    at: row.parsed(0, "step time")?,
                    kind: StepKind::ALL
                        .into_iter()
                        .find(|known| known.name() == kind)
                        .ok_or(StoreError::Value("alarm step"))?,
                    person: row.text(2)?.parse().ok(),
                    note: row.text(3)?,
                })
            })
            .collect()
    }

    /// The alarm of this id.
    pub fn alarm(&self, id: Uuid) -> Result<Option<AlarmRow>> {
        let row = self.sql.first(
            "SELECT id, device, person, kind, case_id, recorded_at, arrived_at FROM alarm
             WHERE tenant = ?1 AND id = ?2",
            &values![self.tenant, id.to_string()],
        )?;
        row.map(read).transpose()
    }

    /// Alarms that somebody must look at and nobody has closed, the oldest first.
    pub fn open_alarms(&self, limit: u32) -> Result<Vec<AlarmRow>> {
        let rows = self.sql.query(
            "SELECT id, device, person, kind, case_id, recorded_at, arrived_at FROM alarm
             WHERE tenant = ?1 AND kind <> 'check_in' AND NOT EXISTS (
                 SELECT 1 FROM alarm_step s WHERE s.tenant = ?1 AND s.alarm = alarm.id
                     AND s.kind = 'closed')
             ORDER BY arrived_at, id LIMIT ?2",
            &values![self.tenant, limit],
        )?;
        rows.into_iter().map(read).collect()
    }

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
        rows.into_iter().map(read).collect()
    }
}

fn read(mut row: super::sql::Row) -> Result<AlarmRow> {
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
}
