//! The cases on this device: the server's documents, and what lists need of them.

use super::{Result, Tx, parse, search};
use crate::record::{self, Books, CaseHead};
use doorstep_domain::visit::VisitState;
use doorstep_domain::{Case, CaseId, Epoch, Revision};
use rusqlite::{OptionalExtension, Params, ToSql, params, params_from_iter};

/// A visit may be going on: by the document, or by what was done here.
const BUSY: &str = "SELECT id FROM case_file WHERE visits_open > 0
     UNION SELECT j.case_id FROM journal j JOIN case_file c ON c.id = j.case_id
         WHERE j.kind IN ('check_visit', 'start_travel', 'arrive', 'check_in')
             AND (j.ruling = '' OR j.epoch <> c.epoch OR j.number > c.number)";
const IN_CONFLICT: &str = "SELECT id FROM case_file WHERE conflicts > 0
     UNION SELECT case_id FROM journal WHERE ruling = 'held'
     UNION SELECT case_id FROM journal WHERE kind = 'decide'";
const OPEN_CONFLICTS: &str =
    "SELECT coalesce(sum(open_conflicts), 0) FROM case_file WHERE open_conflicts > 0";
const ON_DEVICE: &str = "SELECT count(*) FROM case_file";
const LEAVING: &str = "SELECT id FROM case_file WHERE is_leaving > 0 ORDER BY id";

/// What lists are made of, beside the documents.
#[derive(PartialEq, Eq)]
struct Listed {
    is_leaving: bool,
    open_conflicts: u32,
    /// Open and settled.
    conflicts: u32,
    day: String,
    position: u16,
    name: String,
    visits_open: u32,
}

impl Listed {
    fn of(head: &CaseHead) -> Self {
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let is_open = |state: VisitState| (VisitState::Cleared..VisitState::Ended).contains(&state);
        let open_conflicts = head.conflicts.iter().filter(|one| one.settlement.is_none());
        let open_visits = head.visits.iter().filter(|visit| is_open(visit.state));
        let stop = head.assignment.as_ref();
        Self {
            is_leaving: false,
            open_conflicts: count(open_conflicts.count()),
            conflicts: count(head.conflicts.len()),
            day: stop.map(|stop| stop.day.clone()).unwrap_or_default(),
            position: stop.map_or(0, |stop| stop.position),
            name: head.person.name.clone(),
            visits_open: count(open_visits.count()),
        }
    }

    /// The columns in the order of the statements that write them, after these others.
    fn after<'a>(&'a self, others: &[&'a dyn ToSql]) -> Vec<&'a dyn ToSql> {
        let columns: [&dyn ToSql; 7] = [
            &self.is_leaving,
            &self.open_conflicts,
            &self.conflicts,
            &self.day,
            &self.position,
            &self.name,
            &self.visits_open,
        ];
        [others, &columns].concat()
    }
}

/// What screens ask for again and again.
#[cfg(test)]
pub(super) const ASKED_OFTEN: [&str; 5] = [BUSY, IN_CONFLICT, OPEN_CONFLICTS, ON_DEVICE, LEAVING];

impl Tx<'_> {
    /// A case as its person sees it.
    pub fn case(&self, id: CaseId) -> Result<Option<Case>> {
        record::case(self, id)
    }

    fn ids(&self, statement: &str, values: impl Params) -> Result<Vec<CaseId>> {
        let mut query = self.tx.prepare_cached(statement)?;
        let mut rows = query.query(values)?;
        let mut ids = Vec::new();
        while let Some(row) = rows.next()? {
            ids.push(parse(&row.get::<_, String>(0)?, "case id")?);
        }
        Ok(ids)
    }

    /// These cases as their person sees them; those that are not here are left out.
    fn seen(&self, ids: Vec<CaseId>) -> Result<Vec<Case>> {
        ids.into_iter()
            .filter_map(|id| self.case(id).transpose())
            .collect()
    }

    /// The cases of routes up to `day`, in their order.
    pub fn cases_until(&self, day: &str) -> Result<Vec<Case>> {
        let ids = self.ids(
            "SELECT id FROM case_file WHERE day <> '' AND day <= ?1 ORDER BY day, position, id",
            [day],
        )?;
        self.seen(ids)
    }

    /// The cases in which every word is found, by name; all for none. At most `limit`.
    pub fn find_cases(&self, typed: &str, limit: u32) -> Result<Vec<Case>> {
        let wanted = search::query(typed);
        let ids = match wanted.is_empty() {
            true => self.ids(
                "SELECT id FROM case_file ORDER BY name, id LIMIT ?1",
                [limit],
            )?,
            false => self.ids(
                "SELECT c.id FROM case_search s JOIN case_file c ON c.rowid = s.rowid
                 WHERE case_search MATCH ?1 ORDER BY c.name, c.id LIMIT ?2",
                params![wanted, limit],
            )?,
        };
        self.seen(ids)
    }

    /// The cases on which a visit may be going on: by the document, or by what was done here.
    pub fn busy_cases(&self) -> Result<Vec<Case>> {
        self.seen(self.ids(BUSY, [])?)
    }

    /// The cases with a conflict, open or settled, in their documents.
    pub fn cases_with_conflicts(&self) -> Result<Vec<Case>> {
        self.seen(self.ids(IN_CONFLICT, [])?)
    }

    pub(super) fn document_of(&self, id: CaseId) -> Result<Option<String>> {
        Ok(self
            .tx
            .prepare_cached("SELECT doc FROM case_file WHERE id = ?1")?
            .query_row([id.to_string()], |row| row.get(0))
            .optional()?)
    }

    pub(super) fn revision_of(&self, id: CaseId) -> Result<Option<Revision>> {
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

    pub(super) fn put_case_file(&self, head: &CaseHead, doc: &str) -> Result<()> {
        let (id, listed) = (head.id.to_string(), Listed::of(head));
        let (epoch, number) = (head.revision.epoch.0, head.revision.number);
        let words = search::words(&[
            &head.person.name,
            &head.account.reference,
            &head.address.street,
            &head.address.town,
        ]);
        // Plain statements: one that upserts and returns its row makes the index write its words out
        // after every case.
        let Some((row, known)) = self.listed(head.id)? else {
            self.tx
                .prepare_cached(
                    "INSERT INTO case_file (id, epoch, number, doc, is_leaving, open_conflicts,
                         conflicts, day, position, name, visits_open)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
                )?
                .execute(params_from_iter(
                    listed.after(&[&id, &epoch, &number, &doc]),
                ))?;
            return self.add_words(self.tx.last_insert_rowid(), &words);
        };
        self.tx
            .prepare_cached(
                "UPDATE case_file SET epoch = ?2, number = ?3, doc = ?4 WHERE rowid = ?1",
            )?
            .execute(params![row, epoch, number, doc])?;
        // Most changes leave the lists as they are; to name a column is to write its index anew.
        if known != listed {
            self.tx
                .prepare_cached(
                    "UPDATE case_file SET is_leaving = ?2, open_conflicts = ?3, conflicts = ?4,
                         day = ?5, position = ?6, name = ?7, visits_open = ?8 WHERE rowid = ?1",
                )?
                .execute(params_from_iter(listed.after(&[&row])))?;
        }
        self.replace_words(row, &words)
    }

    fn listed(&self, id: CaseId) -> Result<Option<(i64, Listed)>> {
        Ok(self
            .tx
            .prepare_cached(
                "SELECT rowid, is_leaving, open_conflicts, conflicts, day, position, name,
                     visits_open FROM case_file WHERE id = ?1",
            )?
            .query_row([id.to_string()], |row| {
                let listed = Listed {
                    is_leaving: row.get(1)?,
                    open_conflicts: row.get(2)?,
                    conflicts: row.get(3)?,
                    day: row.get(4)?,
                    position: row.get(5)?,
                    name: row.get(6)?,
                    visits_open: row.get(7)?,
                };
                Ok((row.get(0)?, listed))
            })
            .optional()?)
    }

    fn add_words(&self, row: i64, words: &str) -> Result<()> {
        self.tx
            .prepare_cached("INSERT OR REPLACE INTO case_search (rowid, words) VALUES (?1, ?2)")?
            .execute(params![row, words])?;
        Ok(())
    }

    /// Most changes leave the words as they are, and taking words out of the index costs: with
    /// `secure-delete` they leave no trace there.
    fn replace_words(&self, row: i64, words: &str) -> Result<()> {
        let known: Option<String> = self
            .tx
            .prepare_cached("SELECT words FROM case_search WHERE rowid = ?1")?
            .query_row([row], |found| found.get(0))
            .optional()?;
        match known.as_deref() == Some(words) {
            true => Ok(()),
            false => self.add_words(row, words),
        }
    }

    pub(super) fn leaving_cases(&self) -> Result<Vec<CaseId>> {
        self.ids(LEAVING, [])
    }

    pub(super) fn purge_case_file(&self, id: CaseId) -> Result<()> {
        let id = id.to_string();
        for statement in [
            "DELETE FROM case_search WHERE rowid = (SELECT rowid FROM case_file WHERE id = ?1)",
            "DELETE FROM draft WHERE case_id = ?1",
            "DELETE FROM case_file WHERE id = ?1",
            "INSERT INTO purged (case_id) VALUES (?1) ON CONFLICT DO NOTHING",
        ] {
            self.tx.prepare_cached(statement)?.execute([&id])?;
        }
        self.purged_something();
        Ok(())
    }

    pub(super) fn purged_cases(&self) -> Result<Vec<CaseId>> {
        self.ids("SELECT case_id FROM purged ORDER BY case_id", [])
    }

    pub(super) fn held_cases(&self) -> Result<Vec<(CaseId, Revision)>> {
        let mut query = self
            .tx
            .prepare_cached("SELECT id, epoch, number FROM case_file ORDER BY id")?;
        let mut rows = query.query([])?;
        let mut held = Vec::new();
        while let Some(row) = rows.next()? {
            let revision = Revision {
                epoch: Epoch(row.get(1)?),
                number: row.get(2)?,
            };
            held.push((parse(&row.get::<_, String>(0)?, "case id")?, revision));
        }
        Ok(held)
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

    /// How many held actions wait for somebody's decision.
    pub fn count_open_conflicts(&self) -> Result<u32> {
        let mut query = self.tx.prepare_cached(OPEN_CONFLICTS)?;
        Ok(query.query_row([], |row| row.get(0))?)
    }

    /// How many cases are on the device.
    pub fn count_cases(&self) -> Result<u32> {
        let mut query = self.tx.prepare_cached(ON_DEVICE)?;
        Ok(query.query_row([], |row| row.get(0))?)
    }
}

/// A case that the device holds, by its journal's rules.
impl Books for Tx<'_> {
    fn known(&self, name: &str) -> Result<Option<String>> {
        self.meta_text(name)
    }
    fn know(&self, name: &str, value: &str) -> Result<()> {
        self.set_meta_text(name, value)
    }
    fn document(&self, id: CaseId) -> Result<Option<String>> {
        self.document_of(id)
    }
    fn revision(&self, id: CaseId) -> Result<Option<Revision>> {
        self.revision_of(id)
    }
    fn put_case(&self, head: &CaseHead, doc: &str) -> Result<()> {
        self.put_case_file(head, doc)
    }
    fn mark_leaving(&self, id: CaseId) -> Result<()> {
        self.tx
            .prepare_cached("UPDATE case_file SET is_leaving = 1 WHERE id = ?1")?
            .execute([id.to_string()])?;
        Ok(())
    }
    fn leaving(&self) -> Result<Vec<CaseId>> {
        self.leaving_cases()
    }
    fn purge_case(&self, id: CaseId) -> Result<()> {
        self.purge_case_file(id)
    }
    fn purged(&self) -> Result<Vec<CaseId>> {
        self.purged_cases()
    }
    fn forget_purged(&self, cases: &[CaseId]) -> Result<()> {
        for id in cases {
            self.tx
                .prepare_cached("DELETE FROM purged WHERE case_id = ?1")?
                .execute([id.to_string()])?;
        }
        Ok(())
    }
    fn held(&self) -> Result<Vec<(CaseId, Revision)>> {
        self.held_cases()
    }
    fn append(
        &self,
        action: &doorstep_domain::Action,
        envelope: &doorstep_protocol::envelope::Envelope,
        subject: &str,
    ) -> Result<()> {
        self.append_row(action, envelope, subject)
    }
    fn entries(&self, case: CaseId) -> Result<Vec<record::Entry>> {
        self.entries_of(case)
    }
    fn entry(&self, action: doorstep_domain::ActionId) -> Result<Option<record::Entry>> {
        self.entry_of(action)
    }
    fn outbox(&self, limit: usize) -> Result<Vec<record::Entry>> {
        self.outbox_rows(limit)
    }
    fn set_verdict(&self, verdict: &doorstep_protocol::verdict::SignedVerdict) -> Result<()> {
        self.put_verdict(verdict)
    }
    fn hand_back(&self, which: record::HandBack) -> Result<bool> {
        self.ask_back(which)
    }
    fn reseal(&self, envelope: &doorstep_protocol::envelope::Envelope) -> Result<()> {
        self.reseal_row(envelope)
    }
    fn trim(&self, epoch: Epoch, durable: u64, keep: usize) -> Result<()> {
        self.trim_rows(epoch, durable, keep)
    }
}
