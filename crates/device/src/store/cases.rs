//! The cases on this device: the server's documents, with what was done here folded on top.

use super::{Result, ServerClock, Tx, parse};
use doorstep_domain::fold::{Standing, fold};
use doorstep_domain::verdict::Ruling;
use doorstep_domain::{Case, CaseId, Epoch, Revision};
use doorstep_protocol::exchange::SyncResponse;
use rusqlite::{OptionalExtension, params};
use std::collections::BTreeSet;

impl Tx<'_> {
    /// The revision of the server's document.
    pub(super) fn case_revision(&self, id: CaseId) -> Result<Option<Revision>> {
        Ok(self
            .tx
            .prepare_cached("SELECT epoch, number FROM case_file WHERE id = ?1")?
            .query_row([id.to_string()], |row| {
                Ok(Revision {
                    epoch: Epoch(row.get(0)?),
                    number: row.get(1)?,
                })
            })
            .optional()?)
    }

    /// A case as its person sees it.
    pub fn case(&self, id: CaseId) -> Result<Option<Case>> {
        let doc: Option<String> = self
            .tx
            .prepare_cached("SELECT doc FROM case_file WHERE id = ?1")?
            .query_row([id.to_string()], |row| row.get(0))
            .optional()?;
        match doc {
            Some(doc) => self.with_pending(serde_json::from_str(&doc)?),
            None => Ok(None),
        }
    }

    /// All cases as their person sees them, in the order of their ids.
    pub fn cases(&self) -> Result<Vec<Case>> {
        let touched: BTreeSet<CaseId> = {
            let mut query = self
                .tx
                .prepare_cached("SELECT DISTINCT case_id FROM journal")?;
            let ids = query.query_map([], |row| row.get::<_, String>(0))?;
            ids.map(|id| parse(&id?, "case id"))
                .collect::<Result<_>>()?
        };
        let mut query = self
            .tx
            .prepare_cached("SELECT doc FROM case_file ORDER BY id")?;
        let docs = query.query_map([], |row| row.get::<_, String>(0))?;
        let mut cases = Vec::new();
        for doc in docs {
            let case: Case = serde_json::from_str(&doc?)?;
            match touched.contains(&case.id) {
                true => cases.extend(self.with_pending(case)?),
                false => cases.push(case),
            }
        }
        Ok(cases)
    }

    fn with_pending(&self, case: Case) -> Result<Option<Case>> {
        let pending = self.pending(case.id)?;
        let mut view = Some(case);
        for pending in pending {
            let standing = match (pending.ruling, pending.revision) {
                (Some(Ruling::Applied), Some(revision)) => Standing::Applied { revision },
                (Some(Ruling::Held { rule }), Some(revision)) => Standing::Held { revision, rule },
                (Some(Ruling::Refused { rule }), Some(revision)) => {
                    Standing::Refused { revision, rule }
                }
                _ => Standing::Unjudged,
            };
            view = fold(view, &pending.action, &standing);
        }
        Ok(view)
    }

    /// Takes an answer in: verdicts, documents, departures, policies and cursor, as one.
    pub fn take_in(&self, answer: &SyncResponse, clock: &ServerClock) -> Result<()> {
        for verdict in &answer.verdicts {
            self.note_verdict(verdict)?;
        }
        for case in &answer.cases {
            self.put_case(case)?;
        }
        for id in &answer.left {
            self.let_go(*id)?;
        }
        self.purge_finished()?;
        if let Some(document) = &answer.policies {
            self.set_policies(&document.hash, &document.policies)?;
        }
        self.set_server_clock(clock)?;
        self.set_cursor(answer.cursor)?;
        match answer.more {
            true => Ok(()),
            false => self.set_ready(),
        }
    }

    fn put_case(&self, case: &Case) -> Result<()> {
        let known = self.case_revision(case.id)?;
        let is_older = known.is_some_and(|known| {
            case.revision != known && case.revision.is_covered_by(known) == Some(true)
        });
        if is_older {
            return Ok(());
        }
        self.tx
            .prepare_cached(
                "INSERT INTO case_file (id, epoch, number, is_leaving, open_conflicts, doc)
                 VALUES (?1, ?2, ?3, 0, ?4, ?5)
                 ON CONFLICT DO UPDATE SET epoch = excluded.epoch, number = excluded.number,
                     is_leaving = 0, open_conflicts = excluded.open_conflicts, doc = excluded.doc",
            )?
            .execute(params![
                case.id.to_string(),
                case.revision.epoch.0,
                case.revision.number,
                u32::try_from(
                    case.conflicts
                        .iter()
                        .filter(|conflict| conflict.is_open())
                        .count()
                )
                .unwrap_or(u32::MAX),
                serde_json::to_string(case)?
            ])?;
        Ok(())
    }

    /// A case left the scope: it goes now, or when the visit that is under way has ended.
    fn let_go(&self, id: CaseId) -> Result<()> {
        self.tx.execute(
            "UPDATE case_file SET is_leaving = 1 WHERE id = ?1",
            [id.to_string()],
        )?;
        Ok(())
    }

    fn purge_finished(&self) -> Result<()> {
        let leaving: Vec<String> = {
            let mut query = self
                .tx
                .prepare_cached("SELECT id FROM case_file WHERE is_leaving = 1")?;
            query
                .query_map([], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?
        };
        for id in leaving {
            let is_busy = self.case(parse(&id, "case id")?)?.is_some_and(|case| {
                case.visits
                    .last()
                    .is_some_and(doorstep_domain::visit::Visit::is_under_way)
            });
            if !is_busy {
                // The journal keeps what was done; only the server's document and drafts go.
                self.tx
                    .execute("DELETE FROM draft WHERE case_id = ?1", [&id])?;
                self.tx
                    .execute("DELETE FROM case_file WHERE id = ?1", [&id])?;
            }
        }
        Ok(())
    }

    /// A form that is not finished; a draft is never lost.
    pub fn draft(&self, name: &str) -> Result<Option<String>> {
        Ok(self
            .tx
            .prepare_cached("SELECT doc FROM draft WHERE name = ?1")?
            .query_row([name], |row| row.get(0))
            .optional()?)
    }

    /// Keeps a form that is not finished.
    pub fn keep_draft(&self, name: &str, case: CaseId, doc: &str) -> Result<()> {
        self.tx.execute(
            "INSERT INTO draft (name, case_id, doc) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET doc = excluded.doc",
            params![name, case.to_string(), doc],
        )?;
        Ok(())
    }

    /// Forgets a form that was finished.
    pub fn drop_draft(&self, name: &str) -> Result<()> {
        self.tx
            .execute("DELETE FROM draft WHERE name = ?1", [name])?;
        Ok(())
    }
}

impl Tx<'_> {
    /// How many held actions wait for somebody's decision.
    pub fn count_open_conflicts(&self) -> Result<u32> {
        Ok(self.tx.query_row(
            "SELECT coalesce(sum(open_conflicts), 0) FROM case_file",
            [],
            |row| row.get(0),
        )?)
    }

    /// How many cases are on the device.
    pub fn count_cases(&self) -> Result<u32> {
        Ok(self
            .tx
            .query_row("SELECT count(*) FROM case_file", [], |row| row.get(0))?)
    }
}
