//! Visits under watch, and what must be delivered. Times are milliseconds by the server's clock.

use super::sql::values;
use super::{Result, Tx};
use chrono::{DateTime, Utc};
use doorstep_domain::{CaseId, DeviceId, UserId, VisitId};
use uuid::Uuid;

/// A visit that is watched.
#[derive(Debug, Clone, Copy)]
pub struct WatchRow {
    pub visit: VisitId,
    pub case: CaseId,
    pub device: DeviceId,
    pub agent: UserId,
    /// Silence beyond this moment is the alarm.
    pub due_at: DateTime<Utc>,
    /// A sign of life beside the queue is good for so many milliseconds.
    pub rhythm_ms: i64,
}

/// An alarm that one of the channels has not taken yet.
#[derive(Debug, Clone)]
pub struct DeliveryRow {
    pub alarm: Uuid,
    pub channel: String,
    pub attempts: u32,
}

fn read(row: &mut super::sql::Row) -> Result<WatchRow> {
    Ok(WatchRow {
        visit: row.parsed(0, "visit id")?,
        case: row.parsed(1, "case id")?,
        device: row.parsed(2, "device id")?,
        agent: row.parsed(3, "person id")?,
        due_at: DateTime::from_timestamp_millis(row.int(4)?).unwrap_or_default(),
        rhythm_ms: row.int(5)?,
    })
}

impl Tx<'_> {
    /// Watches a visit, or moves what is due. An alarm that it raised already stays.
    pub fn watch(&self, row: &WatchRow) -> Result<()> {
        self.sql.put(
            "INSERT INTO watch (tenant, visit, case_id, device, agent, due_at, rhythm)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (tenant, visit) DO UPDATE
             SET device = excluded.device, agent = excluded.agent, due_at = excluded.due_at,
                 rhythm = excluded.rhythm",
            &values![
                self.tenant,
                row.visit,
                row.case,
                row.device,
                row.agent,
                row.due_at.timestamp_millis(),
                row.rhythm_ms
            ],
        )?;
        Ok(())
    }

    /// The visit has ended: nobody is there any more. Its alarm, if it raised one, stays open.
    pub fn end_watch(&self, visit: VisitId) -> Result<()> {
        self.sql.put(
            "DELETE FROM watch WHERE tenant = ?1 AND visit = ?2",
            &values![self.tenant, visit],
        )?;
        Ok(())
    }

    /// A sign of life beside the queue, of whatever visit the device makes to that case.
    pub fn heard_from(&self, device: DeviceId, case: CaseId, now: DateTime<Utc>) -> Result<()> {
        self.sql.put(
            "UPDATE watch SET due_at = ?4 + rhythm
             WHERE tenant = ?1 AND device = ?2 AND case_id = ?3 AND due_at < ?4 + rhythm",
            &values![self.tenant, device, case, now.timestamp_millis()],
        )?;
        Ok(())
    }

    /// Visits that have been silent for too long and have raised no alarm yet, the longest first.
    pub fn overdue(&self, now: DateTime<Utc>, limit: u32) -> Result<Vec<WatchRow>> {
        let rows = self.sql.query(
            "SELECT visit, case_id, device, agent, due_at, rhythm FROM watch
             WHERE tenant = ?1 AND alarm = '' AND due_at <= ?2 ORDER BY due_at LIMIT ?3",
            &values![self.tenant, now.timestamp_millis(), limit],
        )?;
        rows.into_iter().map(|mut row| read(&mut row)).collect()
    }

    /// Notes the alarm that a visit's silence raised; false where another process was faster.
    pub fn note_silence(&self, visit: VisitId, alarm: Uuid) -> Result<bool> {
        let noted = self.sql.execute(
            "UPDATE watch SET alarm = ?3 WHERE tenant = ?1 AND visit = ?2 AND alarm = ''",
            &values![self.tenant, visit, alarm.to_string()],
        )?;
        Ok(noted == 1)
    }

    /// A person has dealt with the alarm: the visit, should it still go on, is watched again from now.
    pub fn watch_again(&self, alarm: Uuid, now: DateTime<Utc>) -> Result<()> {
        self.sql.put(
            "UPDATE watch SET alarm = '', due_at = ?3 + rhythm WHERE tenant = ?1 AND alarm = ?2",
            &values![self.tenant, alarm.to_string(), now.timestamp_millis()],
        )?;
        Ok(())
    }

    /// How many visits are watched.
    pub fn count_watched(&self) -> Result<u64> {
        let row = self.sql.first(
            "SELECT count(*) FROM watch WHERE tenant = ?1",
            &values![self.tenant],
        )?;
        row.map_or(Ok(0), |row| row.int(0))
    }

    /// Whether the server watches a visit.
    pub fn is_watched(&self, visit: VisitId) -> Result<bool> {
        let row = self.sql.first(
            "SELECT 1 FROM watch WHERE tenant = ?1 AND visit = ?2",
            &values![self.tenant, visit],
        )?;
        Ok(row.is_some())
    }

    /// Asks a channel to deliver an alarm; asked twice is asked once.
    pub fn deliver(&self, alarm: Uuid, channel: &str, now: DateTime<Utc>) -> Result<()> {
        self.sql.put(
            "INSERT INTO delivery (tenant, alarm, channel, next_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (tenant, alarm, channel) DO NOTHING",
            &values![
                self.tenant,
                alarm.to_string(),
                channel,
                now.timestamp_millis()
            ],
        )?;
        Ok(())
    }

    /// What a channel is to deliver within a span of time, in order.
    pub fn deliveries(
        &self,
        channel: &str,
        (since, until): (DateTime<Utc>, DateTime<Utc>),
        limit: u32,
    ) -> Result<Vec<DeliveryRow>> {
        let rows = self.sql.query(
            "SELECT alarm, channel, attempts FROM delivery
             WHERE tenant = ?1 AND delivered_at = '' AND next_at >= ?2 AND next_at <= ?3
             AND substr(channel, 1, length(?4)) = ?4 ORDER BY next_at LIMIT ?5",
            &values![
                self.tenant,
                since.timestamp_millis(),
                until.timestamp_millis(),
                // Behind the channel's name stands the rung of the ladder.
                format!("{channel} "),
                limit
            ],
        )?;
        rows.into_iter()
            .map(|mut row| {
                Ok(DeliveryRow {
                    alarm: row.parsed(0, "alarm id")?,
                    channel: row.text(1)?,
                    attempts: row.int(2)?,
                })
            })
            .collect()
    }

    /// Takes a delivery for this process alone, until `until`; false where another one was first.
    pub fn claim_delivery(
        &self,
        row: &DeliveryRow,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<bool> {
        let claimed = self.sql.execute(
            "UPDATE delivery SET next_at = ?5 WHERE tenant = ?1 AND alarm = ?2 AND channel = ?3
             AND delivered_at = '' AND next_at <= ?4",
            &values![
                self.tenant,
                row.alarm.to_string(),
                &row.channel,
                now.timestamp_millis(),
                until.timestamp_millis()
            ],
        )?;
        Ok(claimed == 1)
    }

    /// A channel has taken an alarm.
    pub fn delivered(&self, row: &DeliveryRow, now: DateTime<Utc>) -> Result<()> {
        self.sql.put(
            "UPDATE delivery SET delivered_at = ?4 WHERE tenant = ?1 AND alarm = ?2 AND channel = ?3",
            &values![self.tenant, row.alarm.to_string(), &row.channel, now],
        )?;
        Ok(())
    }

    /// A channel has not taken an alarm; it is tried again at `next`.
    pub fn not_delivered(&self, row: &DeliveryRow, next: DateTime<Utc>) -> Result<()> {
        self.sql.put(
            "UPDATE delivery SET attempts = attempts + 1, next_at = ?4
             WHERE tenant = ?1 AND alarm = ?2 AND channel = ?3",
            &values![
                self.tenant,
                row.alarm.to_string(),
                &row.channel,
                next.timestamp_millis()
            ],
        )?;
        Ok(())
    }
}
