//! Every action that arrived, as it came, with its verdict. Nothing is ever deleted here.

use super::{Result, StoreError, Tx, optional, parse};
use chrono::{DateTime, Utc};
use doorstep_domain::verdict::{Ruling, Verdict};
use doorstep_domain::{ActionId, CaseId, DeviceId, Incarnation, Revision, RuleId, UserId};
use doorstep_protocol::chain::Link;
use doorstep_protocol::envelope::Envelope;
use doorstep_protocol::sequence::Head;
use rusqlite::{Row, params};

/// An action to record, with what became of it.
pub struct JournalRow<'a> {
    pub device: DeviceId,
    pub envelope: &'a Envelope,
    pub case: Option<CaseId>,
    pub actor: UserId,
    pub kind: &'a str,
    pub verdict: &'a Verdict,
}

/// Something that happened, for the lead's eyes.
#[derive(Debug)]
pub struct ActivityRow {
    pub number: u64,
    pub action: ActionId,
    pub case: CaseId,
    pub actor: UserId,
    pub kind: String,
    pub ruling: Ruling,
    pub judged_at: DateTime<Utc>,
}

fn ruling(name: &str, rule: String) -> Result<Ruling> {
    Ruling::read(name, rule).ok_or(StoreError::Value("ruling"))
}

type VerdictColumns = (String, String, String, u64, String);

fn verdict_columns(row: &Row<'_>) -> rusqlite::Result<VerdictColumns> {
    Ok((
        row.get(0)?,
        row.get(1)?,
        row.get(2)?,
        row.get(3)?,
        row.get(4)?,
    ))
}

impl Tx<'_> {
    /// The last action taken of an incarnation.
    pub fn journal_head(&self, device: DeviceId, incarnation: Incarnation) -> Result<Head> {
        let last = optional(self.tx.query_row(
            "SELECT n, link FROM journal WHERE tenant = ?1 AND device = ?2 AND incarnation = ?3
             ORDER BY n DESC LIMIT 1",
            params![self.tenant, device.to_string(), incarnation.to_string()],
            |row| Ok((row.get(0)?, row.get::<_, String>(1)?)),
        ))?;
        last.map_or(Ok(Head::START), |(n, link)| {
            Ok(Head {
                n,
                link: read_link(link)?,
            })
        })
    }

    /// The link recorded for one number, and the verdict given then.
    pub fn taken(
        &self,
        device: DeviceId,
        incarnation: Incarnation,
        n: u64,
    ) -> Result<Option<(Link, Verdict)>> {
        let found = optional(self.tx.query_row(
            "SELECT action, ruling, rule, number, judged_at, link FROM journal
             WHERE tenant = ?1 AND device = ?2 AND incarnation = ?3 AND n = ?4",
            params![self.tenant, device.to_string(), incarnation.to_string(), n],
            |row| Ok((verdict_columns(row)?, row.get::<_, String>(5)?)),
        ))?;
        found
            .map(|(columns, link)| Ok((read_link(link)?, self.verdict(columns)?)))
            .transpose()
    }

    /// The verdict given to an action under any number, with its payload.
    pub fn taken_action(&self, action: ActionId) -> Result<Option<(String, Verdict)>> {
        let found = optional(self.tx.query_row(
            "SELECT action, ruling, rule, number, judged_at, payload FROM journal
             WHERE tenant = ?1 AND action = ?2 LIMIT 1",
            params![self.tenant, action.to_string()],
            |row| Ok((verdict_columns(row)?, row.get::<_, String>(5)?)),
        ))?;
        found
            .map(|(columns, payload)| Ok((payload, self.verdict(columns)?)))
            .transpose()
    }

    fn verdict(&self, (action, kind, rule, number, judged_at): VerdictColumns) -> Result<Verdict> {
        let epoch = self.head()?.epoch;
        Ok(Verdict {
            action: parse(&action, "action id")?,
            ruling: ruling(&kind, rule)?,
            revision: (number > 0).then_some(Revision { epoch, number }),
            judged_at: parse(&judged_at, "judged at")?,
        })
    }

    /// Records an action with its verdict.
    pub fn append(&self, row: &JournalRow<'_>) -> Result<()> {
        let (envelope, verdict) = (row.envelope, row.verdict);
        self.tx
            .prepare_cached(
                "INSERT INTO journal (tenant, device, incarnation, n, action, case_id, actor, kind,
                     schema, payload, link, signature, ruling, rule, number, judged_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
            )?
            .execute(params![
                self.tenant,
                row.device.to_string(),
                envelope.incarnation.to_string(),
                envelope.n,
                envelope.id.to_string(),
                row.case.map(|case| case.to_string()).unwrap_or_default(),
                row.actor.to_string(),
                row.kind,
                envelope.schema,
                envelope.payload,
                String::from(envelope.link),
                envelope.signature,
                verdict.ruling.name(),
                verdict.ruling.rule().map_or("", RuleId::as_str),
                verdict.revision.map_or(0, |revision| revision.number),
                verdict.judged_at.to_rfc3339(),
            ])?;
        Ok(())
    }

    /// The server's time at a position of the current epoch: nothing seen there is younger.
    pub fn time_of(&self, cursor: Revision) -> Result<Option<DateTime<Utc>>> {
        if cursor.epoch != self.head()?.epoch {
            return Ok(None);
        }
        let found = optional(self.tx.query_row(
            "SELECT judged_at FROM journal WHERE tenant = ?1 AND number <= ?2 AND number > 0
             ORDER BY number DESC LIMIT 1",
            params![self.tenant, cursor.number],
            |row| row.get::<_, String>(0),
        ))?;
        found.map(|text| parse(&text, "judged at")).transpose()
    }

    /// What people did, the newest first: `kinds` only, before position `before`.
    pub fn activity(&self, kinds: &[&str], limit: u32) -> Result<Vec<ActivityRow>> {
        let marks: Vec<String> = (0..kinds.len())
            .map(|index| format!("?{}", index + 3))
            .collect();
        let mut query = self.tx.prepare(&format!(
            "SELECT number, action, case_id, actor, kind, ruling, rule, judged_at FROM journal
             WHERE tenant = ?1 AND case_id <> '' AND kind IN ({})
             ORDER BY judged_at DESC, n DESC LIMIT ?2",
            marks.join(", ")
        ))?;
        let mut values: Vec<&dyn rusqlite::ToSql> = vec![&self.tenant, &limit];
        values.extend(kinds.iter().map(|kind| kind as &dyn rusqlite::ToSql));
        self.activity_rows(&mut query, &values)
    }

    /// What was refused, the newest first.
    pub fn refused(&self, limit: u32) -> Result<Vec<ActivityRow>> {
        let mut query = self.tx.prepare_cached(
            "SELECT number, action, case_id, actor, kind, ruling, rule, judged_at FROM journal
             WHERE tenant = ?1 AND ruling = 'refused' AND case_id <> ''
             ORDER BY judged_at DESC LIMIT ?2",
        )?;
        self.activity_rows(&mut query, &[&self.tenant, &limit])
    }

    fn activity_rows(
        &self,
        query: &mut rusqlite::Statement<'_>,
        values: &[&dyn rusqlite::ToSql],
    ) -> Result<Vec<ActivityRow>> {
        let rows = query.query_map(values, |row| {
            Ok((
                row.get(0)?,
                text(row, 1)?,
                text(row, 2)?,
                text(row, 3)?,
                text(row, 4)?,
                text(row, 5)?,
                text(row, 6)?,
                text(row, 7)?,
            ))
        })?;
        rows.map(|row| {
            let (number, action, case, actor, kind, outcome, rule, judged_at) = row?;
            Ok(ActivityRow {
                number,
                action: parse(&action, "action id")?,
                case: parse(&case, "case id")?,
                actor: parse(&actor, "person id")?,
                kind,
                ruling: ruling(&outcome, rule)?,
                judged_at: parse(&judged_at, "judged at")?,
            })
        })
        .collect()
    }

    /// How many actions were judged, by ruling.
    pub fn count_rulings(&self) -> Result<std::collections::BTreeMap<String, u32>> {
        let mut query = self
            .tx
            .prepare("SELECT ruling, count(*) FROM journal WHERE tenant = ?1 GROUP BY ruling")?;
        let rows = query.query_map([self.tenant], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

fn text(row: &Row<'_>, index: usize) -> rusqlite::Result<String> {
    row.get(index)
}

fn read_link(text: String) -> Result<Link> {
    Link::try_from(text).map_err(|_| StoreError::Value("link"))
}
