//! Alarms that wait for the server, beside the outbox and never in it.

use super::{Result, Tx};
use doorstep_protocol::alarm::Alarm;
use rusqlite::params;
use uuid::Uuid;

impl Tx<'_> {
    /// Keeps an alarm until the server has it.
    pub fn keep_alarm(&self, alarm: &Alarm) -> Result<()> {
        self.tx.execute(
            "INSERT INTO alarm (id, doc) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            params![alarm.id.to_string(), serde_json::to_string(alarm)?],
        )?;
        Ok(())
    }

    /// The alarms that the server does not have yet, the oldest first.
    pub fn alarms(&self) -> Result<Vec<Alarm>> {
        let mut query = self
            .tx
            .prepare_cached("SELECT doc FROM alarm ORDER BY rowid")?;
        let mut rows = query.query([])?;
        let mut alarms = Vec::new();
        while let Some(row) = rows.next()? {
            alarms.push(serde_json::from_str(&row.get::<_, String>(0)?)?);
        }
        Ok(alarms)
    }

    /// Forgets an alarm that the server has.
    pub fn drop_alarm(&self, id: Uuid) -> Result<()> {
        self.tx
            .execute("DELETE FROM alarm WHERE id = ?1", [id.to_string()])?;
        Ok(())
    }
}
