//! The journal: everything this device's people did, in order. The outbox is the part of it that
//! the server has not judged. Nothing here is ever deleted before the server has it.

use super::{Result, StoreError, Tx, parse};
use doorstep_domain::moment::Moment;
use doorstep_domain::verdict::{Ruling, Verdict};
use doorstep_domain::{
    Action, ActionId, Base, Case, CaseId, Change, Epoch, Incarnation, Revision, RuleId,
};
use doorstep_protocol::chain::Link;
use doorstep_protocol::envelope::Envelope;
use ed25519_dalek::SigningKey;
use rusqlite::{OptionalExtension, Row, params};

/// Something a person did, about to be recorded.
pub struct NewAction {
    pub id: ActionId,
    pub change: Change,
    pub recorded: Moment,
}

/// An action that the server's document may not show yet.
pub struct Pending {
    pub action: Action,
    pub ruling: Option<Ruling>,
    pub revision: Option<Revision>,
}

/// A line of the list of what was saved.
#[derive(Debug)]
pub struct OutboxRow {
    pub action: ActionId,
    pub case: CaseId,
    pub kind: String,
    pub subject: String,
    pub recorded_at: String,
    pub ruling: Option<Ruling>,
}

fn envelope_columns(
    row: &Row<'_>,
) -> rusqlite::Result<(String, u64, String, u16, String, String, String)> {
    Ok((
        row.get(0)?,
        row.get(1)?,
        row.get(2)?,
        row.get(3)?,
        row.get(4)?,
        row.get(5)?,
        row.get(6)?,
    ))
}

impl Tx<'_> {
    /// Records what a person did to `case`, as they see it, and puts it into the outbox.
    pub fn commit(&self, case: &Case, new: NewAction) -> Result<Action> {
        let profile = self.profile()?.ok_or(StoreError::Value("profile"))?;
        let incarnation = self
            .incarnation()?
            .ok_or(StoreError::Value("incarnation"))?;
        let (n, link) = self.journal_head(incarnation)?;
        let prev = self.unjudged_edit(case.id, &new.change)?;
        let server_revision = self
            .case_revision(case.id)?
            .ok_or(StoreError::Value("case"))?;
        let action = Action {
            id: new.id,
            device: profile.device,
            incarnation,
            n: n + 1,
            actor: profile.user,
            case: case.id,
            recorded: new.recorded,
            base: Base {
                cursor: self.cursor()?.unwrap_or(server_revision),
                // What arrived under one's own unjudged edit was never seen: keep the first base.
                case: prev.as_ref().map_or(server_revision, |edit| edit.base.case),
            },
            prev: prev.map(|edit| edit.id),
            after: Vec::new(),
            change: new.change,
        };
        let seed: [u8; 32] = hex::decode(&profile.signing_key)
            .ok()
            .and_then(|seed| seed.try_into().ok())
            .ok_or(StoreError::Value("signing key"))?;
        let envelope = Envelope::seal(&action, link, &SigningKey::from_bytes(&seed))?;
        self.tx
            .prepare_cached(
                "INSERT INTO journal (incarnation, n, action, case_id, kind, subject, recorded_at,
                     schema, payload, link, signature)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            )?
            .execute(params![
                incarnation.to_string(),
                action.n,
                action.id.to_string(),
                action.case.to_string(),
                action.change.kind(),
                case.person.name,
                action.recorded.wall.to_rfc3339(),
                envelope.schema,
                envelope.payload,
                String::from(envelope.link),
                envelope.signature,
            ])?;
        Ok(action)
    }

    fn journal_head(&self, incarnation: Incarnation) -> Result<(u64, Link)> {
        let last: Option<(u64, String)> = self
            .tx
            .query_row(
                "SELECT n, link FROM journal WHERE incarnation = ?1 ORDER BY n DESC LIMIT 1",
                [incarnation.to_string()],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()?;
        match last {
            Some((n, link)) => Ok((
                n,
                Link::try_from(link).map_err(|_| StoreError::Value("link"))?,
            )),
            None => Ok((0, Link::START)),
        }
    }

    /// This device's last edit of the same fact, while the server has not judged it.
    fn unjudged_edit(&self, case: CaseId, change: &Change) -> Result<Option<Action>> {
        let Change::SetFact { field, .. } = change else {
            return Ok(None);
        };
        let edits = self.pending(case)?.into_iter().rev();
        Ok(edits
            .filter(|pending| pending.ruling.is_none())
            .map(|pending| pending.action)
            .find(|action| matches!(&action.change, Change::SetFact { field: edited, .. } if edited == field)))
    }

    /// The actions on a case that its document may not show yet, in order.
    pub fn pending(&self, case: CaseId) -> Result<Vec<Pending>> {
        let shown = self.case_revision(case)?;
        let mut query = self.tx.prepare_cached(
            "SELECT payload, ruling, rule, epoch, number FROM journal
             WHERE case_id = ?1 ORDER BY rowid",
        )?;
        let rows = query.query_map([case.to_string()], |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, String>(2)?,
                Revision {
                    epoch: Epoch(row.get(3)?),
                    number: row.get(4)?,
                },
            ))
        })?;
        let mut pending = Vec::new();
        for row in rows {
            let (payload, ruling, rule, revision) = row?;
            let ruling = Ruling::read(&ruling, rule);
            let is_shown = ruling.is_some()
                && (revision.number == 0
                    || shown.is_some_and(|shown| revision.is_covered_by(shown) != Some(false)));
            if !is_shown {
                pending.push(Pending {
                    action: serde_json::from_str(&payload)?,
                    revision: ruling.is_some().then_some(revision),
                    ruling,
                });
            }
        }
        Ok(pending)
    }

    /// The outbox from its first action on, at most `count` actions and about `bytes`.
    pub fn outbox(&self, count: usize, bytes: usize) -> Result<Vec<Envelope>> {
        let mut query = self.tx.prepare_cached(
            "SELECT incarnation, n, action, schema, payload, link, signature FROM journal
             WHERE ruling = '' ORDER BY rowid LIMIT ?1",
        )?;
        let limit = i64::try_from(count).unwrap_or(i64::MAX);
        let mut envelopes = Vec::new();
        let mut size = 0;
        for row in query.query_map([limit], envelope_columns)? {
            let (incarnation, n, id, schema, payload, link, signature) = row?;
            size += payload.len() + 300;
            if size > bytes && !envelopes.is_empty() {
                break;
            }
            envelopes.push(Envelope {
                schema,
                id: parse(&id, "action id")?,
                incarnation: parse(&incarnation, "incarnation")?,
                n,
                payload,
                link: Link::try_from(link).map_err(|_| StoreError::Value("link"))?,
                signature,
            });
        }
        Ok(envelopes)
    }

    /// Notes the server's answer to an action.
    pub fn note_verdict(&self, verdict: &Verdict) -> Result<()> {
        let revision = verdict.revision;
        self.tx
            .prepare_cached(
                "UPDATE journal SET ruling = ?2, rule = ?3, epoch = ?4, number = ?5 WHERE action = ?1",
            )?
            .execute(params![
                verdict.action.to_string(),
                verdict.ruling.name(),
                verdict.ruling.rule().map_or("", RuleId::as_str),
                revision.map_or(0, |revision| revision.epoch.0),
                revision.map_or(0, |revision| revision.number),
            ])?;
        Ok(())
    }

    /// What was saved, the newest first.
    pub fn journal(&self, limit: u32) -> Result<Vec<OutboxRow>> {
        let mut query = self.tx.prepare_cached(
            "SELECT action, case_id, kind, subject, recorded_at, ruling, rule FROM journal
             ORDER BY rowid DESC LIMIT ?1",
        )?;
        let text = |row: &Row<'_>, index| row.get::<_, String>(index);
        let rows = query.query_map([limit], |row| {
            Ok((
                text(row, 0)?,
                text(row, 1)?,
                text(row, 2)?,
                text(row, 3)?,
                text(row, 4)?,
                text(row, 5)?,
                text(row, 6)?,
            ))
        })?;
        rows.map(|row| {
            let (action, case, kind, subject, recorded_at, ruling, rule) = row?;
            Ok(OutboxRow {
                action: parse(&action, "action id")?,
                case: parse(&case, "case id")?,
                kind,
                subject,
                recorded_at,
                ruling: Ruling::read(&ruling, rule),
            })
        })
        .collect()
    }

    /// How many actions have this ruling; the empty one is the outbox.
    pub fn count(&self, ruling: &str) -> Result<u32> {
        Ok(self
            .tx
            .prepare_cached("SELECT count(*) FROM journal WHERE ruling = ?1")?
            .query_row([ruling], |row| row.get(0))?)
    }
}
