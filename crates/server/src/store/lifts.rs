//! What leads have lifted, as they said it.

use super::sql::values;
use super::{Result, Tx};
use chrono::{DateTime, NaiveDate, Utc};
use doorstep_domain::{CaseId, UserId};
use uuid::Uuid;

/// One approval that a lead gave.
#[derive(Debug, Clone)]
pub struct LiftRow {
    pub id: Uuid,
    pub agent: UserId,
    pub case: CaseId,
    pub day: NaiveDate,
    /// As the agent read it out.
    pub question: String,
    pub rules: Vec<String>,
    pub reason: String,
    pub lead: UserId,
    pub at: DateTime<Utc>,
}

impl Tx<'_> {
    /// Keeps an approval; one that is known stays as it is.
    pub fn put_lift(&self, lift: &LiftRow) -> Result<()> {
        self.sql.put(
            "INSERT INTO lift (tenant, id, agent, case_id, day, question, rules, reason, lead, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
             ON CONFLICT (tenant, id) DO NOTHING",
            &values![
                self.tenant,
                lift.id.to_string(),
                lift.agent,
                lift.case,
                lift.day,
                &lift.question,
                serde_json::to_string(&lift.rules)?,
                &lift.reason,
                lift.lead,
                lift.at
            ],
        )?;
        Ok(())
    }

    /// The approvals for a case, the newest first.
    pub fn lifts(&self, case: CaseId) -> Result<Vec<LiftRow>> {
        let rows = self.sql.query(
            "SELECT id, agent, day, question, rules, reason, lead, at FROM lift
             WHERE tenant = ?1 AND case_id = ?2 ORDER BY at DESC, id",
            &values![self.tenant, case],
        )?;
        rows.into_iter()
            .map(|mut row| {
                Ok(LiftRow {
                    id: row.parsed(0, "lift id")?,
                    agent: row.parsed(1, "person id")?,
                    case,
                    day: row.parsed(2, "day")?,
                    question: row.text(3)?,
                    rules: serde_json::from_str(&row.text(4)?)?,
                    reason: row.text(5)?,
                    lead: row.parsed(6, "person id")?,
                    at: row.parsed(7, "lift time")?,
                })
            })
            .collect()
    }
}
