//! Every action that arrived, as it came, with its verdict. Nothing is ever deleted here.

use super::sql::{Row, Value, values};
use super::{Result, StoreError, Tx};
use crate::intake::{JournalRow, Taken, TakenAction};
use chrono::{DateTime, Utc};
use doorstep_domain::policy::Policies;
use doorstep_domain::verdict::{Ruling, Verdict};
use doorstep_domain::{ActionId, CaseId, DeviceId, Epoch, Incarnation, Revision, RuleId, UserId};
use doorstep_protocol::chain::Link;
use doorstep_protocol::envelope::Envelope;
use doorstep_protocol::sequence::Head;
use doorstep_protocol::verdict::SignedVerdict;

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

const VERDICT: &str =
    "action, ruling, rule, remarks, epoch, number, leaf, verdict_signature, judged_at, first";
const VERDICT_COLUMNS: usize = 10;
const ENVELOPE: &str = "incarnation, n, schema, payload, salt, link, signature";
const ACTIVITY: &str = "number, action, case_id, actor, kind, ruling, rule, judged_at";

fn ruling(name: &str, rule: String) -> Result<Ruling> {
    Ruling::read(name, rule).ok_or(StoreError::Value("ruling"))
}

fn link(text: String) -> Result<Link> {
    Link::try_from(text).map_err(|_| StoreError::Value("link"))
}

fn signed_verdict(row: &mut Row) -> Result<SignedVerdict> {
    let epoch = Epoch(row.int(4)?);
    let number: u64 = row.int(5)?;
    Ok(SignedVerdict {
        verdict: Verdict {
            action: row.parsed(0, "action id")?,
            ruling: ruling(&row.text(1)?, row.text(2)?)?,
            remarks: serde_json::from_str(&row.text(3)?)?,
            revision: (number > 0).then_some(Revision { epoch, number }),
            judged_at: row.parsed(8, "judged at")?,
            first: match row.text(9)?.as_str() {
                "" => None,
                first => Some(serde_json::from_str(first)?),
            },
        },
        epoch,
        leaf: row.int(6)?,
        signature: row.text(7)?,
    })
}

/// An envelope from the columns after those of the verdict.
fn envelope(row: &mut Row, id: ActionId) -> Result<Envelope> {
    let at = VERDICT_COLUMNS;
    Ok(Envelope {
        id,
        incarnation: row.parsed(at, "incarnation")?,
        n: row.int(at + 1)?,
        schema: row.int(at + 2)?,
        payload: row.text(at + 3)?,
        salt: row.text(at + 4)?,
        link: link(row.text(at + 5)?)?,
        signature: row.text(at + 6)?,
        verdict: None,
    })
}

impl Tx<'_> {
    /// The last action taken of an incarnation.
    pub fn journal_head(&self, device: DeviceId, incarnation: Incarnation) -> Result<Head> {
        let last = self.sql.first(
            "SELECT n, link FROM journal WHERE tenant = ?1 AND device = ?2 AND incarnation = ?3
             ORDER BY n DESC LIMIT 1",
            &values![self.tenant, device, incarnation],
        )?;
        last.map_or(Ok(Head::START), |mut row| {
            Ok(Head {
                n: row.int(0)?,
                link: link(row.text(1)?)?,
            })
        })
    }

    /// The link recorded for one number, and the verdict given then.
    pub fn taken(
        &self,
        device: DeviceId,
        incarnation: Incarnation,
        n: u64,
    ) -> Result<Option<Taken>> {
        let statement = format!(
            "SELECT {VERDICT}, link FROM journal
             WHERE tenant = ?1 AND device = ?2 AND incarnation = ?3 AND n = ?4"
        );
        let found = self
            .sql
            .first(&statement, &values![self.tenant, device, incarnation, n])?;
        found
            .map(|mut row| {
                Ok(Taken {
                    link: link(row.text(VERDICT_COLUMNS)?)?,
                    verdict: signed_verdict(&mut row)?,
                })
            })
            .transpose()
    }

    /// An action under any number, with the verdict given to it first.
    pub fn taken_action(&self, action: ActionId) -> Result<Option<TakenAction>> {
        let statement = format!(
            "SELECT {VERDICT}, {ENVELOPE}, device, kind FROM journal
             WHERE tenant = ?1 AND action = ?2 ORDER BY epoch, leaf LIMIT 1"
        );
        let found = self.sql.first(&statement, &values![self.tenant, action])?;
        found.map(Self::taken_row).transpose()
    }

    fn taken_row(mut row: Row) -> Result<TakenAction> {
        let at = VERDICT_COLUMNS + 7;
        let verdict = signed_verdict(&mut row)?;
        Ok(TakenAction {
            device: row.parsed(at, "device id")?,
            is_read: row.text(at + 1)? != UNREAD,
            envelope: envelope(&mut row, verdict.verdict.action)?,
            verdict,
        })
    }

    /// Records an action with its verdict, and the verdict in the log.
    pub fn append(&self, row: &JournalRow<'_>) -> Result<()> {
        let (envelope, signed) = (row.envelope, row.verdict);
        let verdict = &signed.verdict;
        self.sql.put(
            "INSERT INTO journal (tenant, device, incarnation, n, action, case_id, actor, kind,
                 schema, payload, salt, commitment, link, signature, ruling, rule, remarks,
                 epoch, number, leaf, verdict_signature, judged_at, first)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,
                 ?18, ?19, ?20, ?21, ?22, ?23)",
            &values![
                self.tenant,
                row.device,
                envelope.incarnation,
                envelope.n,
                envelope.id,
                row.case.map(|case| case.to_string()).unwrap_or_default(),
                row.actor,
                row.kind.unwrap_or(UNREAD),
                envelope.schema,
                &envelope.payload,
                &envelope.salt,
                String::from(row.commitment),
                String::from(envelope.link),
                &envelope.signature,
                verdict.ruling.name(),
                verdict.ruling.rule().map_or("", RuleId::as_str),
                serde_json::to_string(&verdict.remarks)?,
                signed.epoch,
                verdict.revision.map_or(0, |revision| revision.number),
                signed.leaf,
                &signed.signature,
                verdict.judged_at,
                match &verdict.first {
                    Some(first) => serde_json::to_string(first)?,
                    None => String::new(),
                },
            ],
        )?;
        self.append_leaf(signed.epoch, signed.leaf, row.statement, &signed.signature)
    }

    /// Gives an action that waited unread its verdict at last, and keeps it for its device.
    pub fn judge_again(&self, row: &JournalRow<'_>) -> Result<()> {
        let (envelope, signed) = (row.envelope, row.verdict);
        let verdict = &signed.verdict;
        let number = verdict.revision.map_or(0, |revision| revision.number);
        self.sql.put(
            "UPDATE journal SET case_id = ?5, kind = ?6, ruling = ?7, rule = ?8, remarks = ?9,
                 epoch = ?10, number = ?11, leaf = ?12, verdict_signature = ?13, judged_at = ?14
             WHERE tenant = ?1 AND device = ?2 AND incarnation = ?3 AND n = ?4",
            &values![
                self.tenant,
                row.device,
                envelope.incarnation,
                envelope.n,
                row.case.map(|case| case.to_string()).unwrap_or_default(),
                row.kind.unwrap_or(UNREAD),
                verdict.ruling.name(),
                verdict.ruling.rule().map_or("", RuleId::as_str),
                serde_json::to_string(&verdict.remarks)?,
                signed.epoch,
                number,
                signed.leaf,
                &signed.signature,
                verdict.judged_at,
            ],
        )?;
        self.append_leaf(signed.epoch, signed.leaf, row.statement, &signed.signature)?;
        self.sql.put(
            "INSERT INTO late_verdict (tenant, device, number, action) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (tenant, device, number) DO NOTHING",
            &values![self.tenant, row.device, self.head()?.number, envelope.id],
        )?;
        Ok(())
    }

    /// Verdicts that were given anew after a device's cursor.
    pub fn late_verdicts(&self, device: DeviceId, after: u64) -> Result<Vec<SignedVerdict>> {
        let columns = VERDICT
            .split(", ")
            .map(|column| format!("j.{column}"))
            .collect::<Vec<_>>()
            .join(", ");
        let statement = format!(
            "SELECT {columns} FROM late_verdict l
             JOIN journal j ON j.tenant = l.tenant AND j.action = l.action AND j.device = l.device
             WHERE l.tenant = ?1 AND l.device = ?2 AND l.number > ?3 ORDER BY l.number"
        );
        let rows = self
            .sql
            .query(&statement, &values![self.tenant, device, after])?;
        rows.into_iter()
            .map(|mut row| signed_verdict(&mut row))
            .collect()
    }

    /// The actions that wait for a server that can read them, of schema `readable` at most.
    pub fn waiting_unread(&self, readable: u16) -> Result<Vec<TakenAction>> {
        let statement = format!(
            "SELECT {VERDICT}, {ENVELOPE}, device, kind FROM journal
             WHERE tenant = ?1 AND rule = 'action.newer_app' AND schema <= ?2
             ORDER BY device, incarnation, n"
        );
        let rows = self
            .sql
            .query(&statement, &values![self.tenant, readable])?;
        rows.into_iter().map(Self::taken_row).collect()
    }

    /// The server's time at a position of the current epoch: nothing seen there is younger.
    pub fn time_of(&self, cursor: Revision) -> Result<Option<DateTime<Utc>>> {
        let found = self.sql.first(
            "SELECT judged_at FROM journal
             WHERE tenant = ?1 AND number <= ?2 AND number > 0 AND epoch = ?3
             ORDER BY number DESC LIMIT 1",
            &values![self.tenant, cursor.number, cursor.epoch],
        )?;
        found.map(|mut row| row.parsed(0, "judged at")).transpose()
    }

    /// What people did, the newest first: `kinds` only.
    pub fn activity(&self, kinds: &[&str], limit: u32) -> Result<Vec<ActivityRow>> {
        let marks: Vec<String> = (0..kinds.len())
            .map(|index| format!("?{}", index + 3))
            .collect();
        let statement = format!(
            "SELECT {ACTIVITY} FROM journal
             WHERE tenant = ?1 AND case_id <> '' AND kind IN ({})
             ORDER BY judged_at DESC, n DESC LIMIT ?2",
            marks.join(", ")
        );
        let mut values = values![self.tenant, limit].to_vec();
        values.extend(kinds.iter().map(|kind| Value::from(*kind)));
        self.activity_rows(&statement, &values)
    }

    /// What happened to a case, the oldest first; the newest thousand.
    pub fn case_activity(&self, case: CaseId) -> Result<Vec<ActivityRow>> {
        let statement = format!(
            "SELECT {ACTIVITY} FROM journal WHERE tenant = ?1 AND case_id = ?2
             ORDER BY judged_at DESC, n DESC LIMIT 1000"
        );
        let mut rows = self.activity_rows(&statement, &values![self.tenant, case])?;
        rows.reverse();
        Ok(rows)
    }

    /// The case at whose door a device was last, or on the way to it.
    pub fn last_door(&self, device: DeviceId) -> Result<Option<CaseId>> {
        let found = self.sql.first(
            "SELECT case_id FROM journal WHERE tenant = ?1 AND device = ?2
                 AND kind IN ('start_travel', 'arrive', 'check_in')
             ORDER BY judged_at DESC, n DESC LIMIT 1",
            &values![self.tenant, device],
        )?;
        found.map(|mut row| row.parsed(0, "case id")).transpose()
    }

    /// What was refused, the newest first.
    pub fn refused(&self, limit: u32) -> Result<Vec<ActivityRow>> {
        let statement = format!(
            "SELECT {ACTIVITY} FROM journal
             WHERE tenant = ?1 AND ruling = 'refused' AND case_id <> ''
             ORDER BY judged_at DESC LIMIT ?2"
        );
        self.activity_rows(&statement, &values![self.tenant, limit])
    }

    fn activity_rows(&self, statement: &str, values: &[Value]) -> Result<Vec<ActivityRow>> {
        let rows = self.sql.query(statement, values)?;
        rows.into_iter()
            .map(|mut row| {
                Ok(ActivityRow {
                    number: row.int(0)?,
                    action: row.parsed(1, "action id")?,
                    case: row.parsed(2, "case id")?,
                    actor: row.parsed(3, "person id")?,
                    kind: row.text(4)?,
                    ruling: ruling(&row.text(5)?, row.text(6)?)?,
                    judged_at: row.parsed(7, "judged at")?,
                })
            })
            .collect()
    }

    /// Every action of the tenant with its verdict, in the order in which they were judged: what an
    /// export writes. At most `limit`, after the leaf `after` of `epoch`.
    pub fn journal_of_epoch(
        &self,
        epoch: Epoch,
        after: Option<u64>,
        limit: u32,
    ) -> Result<Vec<(TakenAction, String)>> {
        let statement = format!(
            "SELECT {VERDICT}, {ENVELOPE}, device, kind, commitment FROM journal
             WHERE tenant = ?1 AND epoch = ?2 AND leaf > ?3 AND verdict_signature <> ''
             ORDER BY leaf LIMIT ?4"
        );
        let after = after.map_or(-1, |leaf| i64::try_from(leaf).unwrap_or(i64::MAX));
        let rows = self
            .sql
            .query(&statement, &values![self.tenant, epoch, after, limit])?;
        rows.into_iter()
            .map(|mut row| {
                let commitment = row.text(VERDICT_COLUMNS + 9)?;
                Ok((Self::taken_row(row)?, commitment))
            })
            .collect()
    }
}

/// The policies as they were at the time of old actions.
impl Tx<'_> {
    /// Keeps a version of the policies.
    pub fn keep_policies(&self, hash: &str, text: &str) -> Result<()> {
        self.sql.put(
            "INSERT INTO policy_version (tenant, hash, doc) VALUES (?1, ?2, ?3)
             ON CONFLICT (tenant, hash) DO NOTHING",
            &values![self.tenant, hash, text],
        )?;
        Ok(())
    }

    /// A version of the policies by its hash.
    pub fn policies(&self, hash: &str) -> Result<Option<Policies>> {
        let found = self.sql.first(
            "SELECT doc FROM policy_version WHERE tenant = ?1 AND hash = ?2",
            &values![self.tenant, hash],
        )?;
        found
            .map(|mut row| Ok(serde_json::from_str(&row.text(0)?)?))
            .transpose()
    }
}

/// The kind of an action that could not be read.
const UNREAD: &str = "unread";
