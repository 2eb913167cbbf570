//! The journal: everything this device's people did, in order. The outbox is the part of it that
//! the server has not judged, or has asked for again.

use super::{Result, StoreError, ToSeal, Tx, parse};
use crate::record::{Entry, HandBack};
use doorstep_domain::verdict::Ruling;
use doorstep_domain::{Action, ActionId, CaseId, Epoch, RuleId};
use doorstep_protocol::chain::Link;
use doorstep_protocol::envelope::Envelope;
use doorstep_protocol::verdict::SignedVerdict;
use rusqlite::{OptionalExtension, Row, ToSql, params};

/// A line of the list of what was saved.
#[derive(Debug)]
pub struct SavedRow {
    pub action: ActionId,
    pub case: CaseId,
    pub kind: String,
    pub subject: String,
    pub recorded_at: String,
    pub ruling: Option<Ruling>,
}

const ENTRY: &str =
    "case_id, incarnation, n, action, schema, payload, salt, link, signature, ruling, rule, epoch,
     number, leaf, verdict";

const WAITING: &str = "SELECT count(*) FROM journal WHERE ruling = ''";
const REFUSED: &str = "SELECT count(*) FROM journal WHERE ruling = 'refused'";
const OUTBOX: &str = "SELECT count(*) FROM journal WHERE ruling = '' OR hand_back = 1";
const HIDDEN: &str = "SELECT count(*) FROM journal WHERE ruling = ''
     AND case_id NOT IN (SELECT id FROM case_file)";

/// What screens ask for again and again.
#[cfg(test)]
pub(super) const ASKED_OFTEN: [&str; 4] = [WAITING, REFUSED, OUTBOX, HIDDEN];

fn text(row: &Row<'_>, index: usize) -> Result<String> {
    Ok(row.get(index)?)
}

fn entry(row: &Row<'_>) -> Result<Entry> {
    let verdict = text(row, 14)?;
    let envelope = Envelope {
        incarnation: parse(&text(row, 1)?, "incarnation")?,
        n: row.get(2)?,
        id: parse(&text(row, 3)?, "action id")?,
        schema: row.get(4)?,
        payload: text(row, 5)?,
        salt: text(row, 6)?,
        link: Link::try_from(text(row, 7)?).map_err(|_| StoreError::Value("link"))?,
        signature: text(row, 8)?,
        verdict: None,
    };
    let verdict = match verdict.as_str() {
        "" => unsigned_verdict(row, envelope.id)?,
        verdict => Some(serde_json::from_str(verdict)?),
    };
    Ok(Entry {
        case: parse(&text(row, 0)?, "case id")?,
        envelope,
        verdict,
    })
}

/// The verdict of a server that did not sign yet.
fn unsigned_verdict(row: &Row<'_>, action: ActionId) -> Result<Option<SignedVerdict>> {
    let epoch = Epoch(row.get(11)?);
    let number: u64 = row.get(12)?;
    let ruling = Ruling::read(&text(row, 9)?, text(row, 10)?);
    Ok(ruling.map(|ruling| SignedVerdict {
        verdict: doorstep_domain::Verdict {
            action,
            ruling,
            revision: (number > 0).then_some(doorstep_domain::Revision { epoch, number }),
            first: None,
            remarks: Vec::new(),
            judged_at: chrono::DateTime::UNIX_EPOCH,
        },
        epoch,
        leaf: 0,
        signature: String::new(),
    }))
}

impl Tx<'_> {
    fn entries_where(&self, rest: &str, values: &[&dyn ToSql]) -> Result<Vec<Entry>> {
        let mut query = self
            .tx
            .prepare_cached(&format!("SELECT {ENTRY} FROM journal {rest}"))?;
        let mut rows = query.query(values)?;
        let mut entries = Vec::new();
        while let Some(row) = rows.next()? {
            entries.push(entry(row)?);
        }
        Ok(entries)
    }

    pub(super) fn append_row(
        &self,
        action: &Action,
        envelope: &Envelope,
        subject: &str,
    ) -> Result<()> {
        self.tx
            .prepare_cached(
                "INSERT INTO journal (incarnation, n, action, case_id, kind, subject, recorded_at,
                     schema, payload, salt, link, signature)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            )?
            .execute(params![
                envelope.incarnation.to_string(),
                envelope.n,
                envelope.id.to_string(),
                action.case.to_string(),
                action.change.kind(),
                subject,
                action.recorded.wall.to_rfc3339(),
                envelope.schema,
                envelope.payload,
                envelope.salt,
                String::from(envelope.link),
                envelope.signature,
            ])?;
        self.to_seal(ToSeal::Action(Box::new(envelope.clone())));
        Ok(())
    }

    pub(super) fn entries_of(&self, case: CaseId) -> Result<Vec<Entry>> {
        self.entries_where("WHERE case_id = ?1 ORDER BY place", &[&case.to_string()])
    }

    pub(super) fn entry_of(&self, action: ActionId) -> Result<Option<Entry>> {
        let found = self.entries_where("WHERE action = ?1", &[&action.to_string()])?;
        Ok(found.into_iter().next())
    }

    pub(super) fn outbox_rows(&self, limit: usize) -> Result<Vec<Entry>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.entries_where(
            "WHERE ruling = '' OR hand_back = 1 ORDER BY place LIMIT ?1",
            &[&limit],
        )
    }

    pub(super) fn put_verdict(&self, signed: &SignedVerdict) -> Result<()> {
        let verdict = &signed.verdict;
        let revision = verdict.revision;
        self.tx
            .prepare_cached(
                "UPDATE journal SET ruling = ?2, rule = ?3, epoch = ?4, number = ?5, leaf = ?6,
                     verdict = ?7, hand_back = 0 WHERE action = ?1",
            )?
            .execute(params![
                verdict.action.to_string(),
                verdict.ruling.name(),
                verdict.ruling.rule().map_or("", RuleId::as_str),
                signed.epoch.0,
                revision.map_or(0, |revision| revision.number),
                signed.leaf,
                serde_json::to_string(signed)?,
            ])?;
        Ok(())
    }

    pub(super) fn ask_back(&self, which: HandBack) -> Result<bool> {
        let changed = match which {
            HandBack::All => self
                .tx
                .execute("UPDATE journal SET hand_back = 1 WHERE ruling <> ''", [])?,
            HandBack::From { incarnation, n } => {
                let first: Option<i64> = self
                    .tx
                    .query_row(
                        "SELECT 1 FROM journal WHERE incarnation = ?1 AND n = ?2",
                        params![incarnation.to_string(), n],
                        |row| row.get(0),
                    )
                    .optional()?;
                match first {
                    None => 0,
                    Some(_) => self.tx.execute(
                        "UPDATE journal SET hand_back = 1
                         WHERE incarnation = ?1 AND n >= ?2 AND ruling <> ''",
                        params![incarnation.to_string(), n],
                    )?,
                }
            }
        };
        Ok(changed > 0)
    }

    pub(super) fn reseal_row(&self, envelope: &Envelope) -> Result<()> {
        self.tx.execute(
            "UPDATE journal SET incarnation = ?2, n = ?3, schema = ?4, payload = ?5, salt = ?6,
                 link = ?7, signature = ?8 WHERE action = ?1",
            params![
                envelope.id.to_string(),
                envelope.incarnation.to_string(),
                envelope.n,
                envelope.schema,
                envelope.payload,
                envelope.salt,
                String::from(envelope.link),
                envelope.signature
            ],
        )?;
        self.to_seal(ToSeal::Action(Box::new(envelope.clone())));
        Ok(())
    }

    pub(super) fn trim_rows(&self, epoch: Epoch, durable: u64, keep: usize) -> Result<()> {
        if durable == 0 {
            return Ok(());
        }
        // Held and refused actions stay with their reason; applied ones until the document that
        // shows them has come, which a backup that covers them outlives.
        self.tx
            .prepare_cached(
                "DELETE FROM journal WHERE ruling = 'applied' AND hand_back = 0
                     AND epoch = ?1 AND leaf < ?2
                     AND NOT EXISTS (SELECT 1 FROM case_file c WHERE c.id = journal.case_id
                         AND (c.epoch < journal.epoch
                             OR (c.epoch = journal.epoch AND c.number < journal.number)))
                     AND place <= (SELECT coalesce(max(place), 0) FROM journal) - ?3",
            )?
            .execute(params![
                epoch.0,
                durable,
                i64::try_from(keep).unwrap_or(i64::MAX)
            ])?;
        Ok(())
    }

    /// What was saved, the newest first.
    pub fn saved(&self, limit: u32) -> Result<Vec<SavedRow>> {
        let mut query = self.tx.prepare_cached(
            "SELECT action, case_id, kind, subject, recorded_at, ruling, rule FROM journal
             ORDER BY place DESC LIMIT ?1",
        )?;
        let mut rows = query.query([limit])?;
        let mut saved = Vec::new();
        while let Some(row) = rows.next()? {
            saved.push(SavedRow {
                action: parse(&text(row, 0)?, "action id")?,
                case: parse(&text(row, 1)?, "case id")?,
                kind: text(row, 2)?,
                subject: text(row, 3)?,
                recorded_at: text(row, 4)?,
                ruling: Ruling::read(&text(row, 5)?, text(row, 6)?),
            });
        }
        Ok(saved)
    }

    /// How many actions the server has not judged.
    pub fn count_waiting(&self) -> Result<u32> {
        self.count(WAITING)
    }

    /// How many actions the server has refused.
    pub fn count_refused(&self) -> Result<u32> {
        self.count(REFUSED)
    }

    /// How much must still go to the server: what is not judged, and what a restored one needs back.
    pub fn count_outbox(&self) -> Result<u32> {
        self.count(OUTBOX)
    }

    /// How many unsent actions are about cases that are here no longer.
    pub fn count_hidden(&self) -> Result<u32> {
        self.count(HIDDEN)
    }

    fn count(&self, statement: &str) -> Result<u32> {
        let mut query = self.tx.prepare_cached(statement)?;
        Ok(query.query_row([], |row| row.get(0))?)
    }
}
