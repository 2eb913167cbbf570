//! A device's books as plain maps.

use doorstep_device::record::{Books, CaseHead, Entry, HandBack};
use doorstep_device::store::Result;
use doorstep_domain::verdict::Ruling;
use doorstep_domain::{Action, ActionId, CaseId, Epoch, Revision};
use doorstep_protocol::envelope::Envelope;
use doorstep_protocol::verdict::SignedVerdict;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone)]
struct CaseRow {
    revision: Revision,
    is_leaving: bool,
    doc: String,
}

#[derive(Debug, Clone)]
struct Line {
    entry: Entry,
    hand_back: bool,
}

#[derive(Debug, Clone, Default)]
struct State {
    known: BTreeMap<String, String>,
    cases: BTreeMap<CaseId, CaseRow>,
    purged: BTreeSet<CaseId>,
    journal: Vec<Line>,
}

/// The model. A transaction that fails is undone by putting the copy back that was taken before.
#[derive(Debug, Clone, Default)]
pub struct ModelDevice(RefCell<State>);

impl ModelDevice {
    /// What a purge must never do.
    pub fn drop_unjudged(&self, case: CaseId) {
        let mut state = self.0.borrow_mut();
        let is_kept = |line: &Line| line.entry.case != case || line.entry.verdict.is_some();
        state.journal.retain(is_kept);
    }
}

impl Books for ModelDevice {
    fn known(&self, name: &str) -> Result<Option<String>> {
        Ok(self.0.borrow().known.get(name).cloned())
    }
    fn know(&self, name: &str, value: &str) -> Result<()> {
        let mut state = self.0.borrow_mut();
        state.known.insert(name.to_owned(), value.to_owned());
        Ok(())
    }
    fn document(&self, id: CaseId) -> Result<Option<String>> {
        Ok(self.0.borrow().cases.get(&id).map(|row| row.doc.clone()))
    }
    fn revision(&self, id: CaseId) -> Result<Option<Revision>> {
        Ok(self.0.borrow().cases.get(&id).map(|row| row.revision))
    }
    fn put_case(&self, head: &CaseHead, doc: &str) -> Result<()> {
        let row = CaseRow {
            revision: head.revision,
            is_leaving: false,
            doc: doc.to_owned(),
        };
        self.0.borrow_mut().cases.insert(head.id, row);
        Ok(())
    }
    fn mark_leaving(&self, id: CaseId) -> Result<()> {
        if let Some(row) = self.0.borrow_mut().cases.get_mut(&id) {
            row.is_leaving = true;
        }
        Ok(())
    }
    fn leaving(&self) -> Result<Vec<CaseId>> {
        let state = self.0.borrow();
        let leaving = state.cases.iter().filter(|(_, row)| row.is_leaving);
        Ok(leaving.map(|(id, _)| *id).collect())
    }
    fn purge_case(&self, id: CaseId) -> Result<()> {
        let mut state = self.0.borrow_mut();
        state.cases.remove(&id);
        state.purged.insert(id);
        Ok(())
    }
    fn purged(&self) -> Result<Vec<CaseId>> {
        Ok(self.0.borrow().purged.iter().copied().collect())
    }
    fn forget_purged(&self, cases: &[CaseId]) -> Result<()> {
        let mut state = self.0.borrow_mut();
        for id in cases {
            state.purged.remove(id);
        }
        Ok(())
    }
    fn held(&self) -> Result<Vec<(CaseId, Revision)>> {
        let state = self.0.borrow();
        Ok(state
            .cases
            .iter()
            .map(|(id, row)| (*id, row.revision))
            .collect())
    }
    fn append(&self, action: &Action, envelope: &Envelope, _subject: &str) -> Result<()> {
        let entry = Entry {
            case: action.case,
            envelope: envelope.clone(),
            verdict: None,
        };
        self.0.borrow_mut().journal.push(Line {
            entry,
            hand_back: false,
        });
        Ok(())
    }
    fn entries(&self, case: CaseId) -> Result<Vec<Entry>> {
        let state = self.0.borrow();
        let of_case = state.journal.iter().filter(|line| line.entry.case == case);
        Ok(of_case.map(|line| line.entry.clone()).collect())
    }
    fn entry(&self, action: ActionId) -> Result<Option<Entry>> {
        let state = self.0.borrow();
        let found = state
            .journal
            .iter()
            .find(|line| line.entry.envelope.id == action);
        Ok(found.map(|line| line.entry.clone()))
    }
    fn outbox(&self, limit: usize) -> Result<Vec<Entry>> {
        let state = self.0.borrow();
        let waiting = |line: &&Line| line.hand_back || line.entry.verdict.is_none();
        let waiting = state.journal.iter().filter(waiting).take(limit);
        Ok(waiting.map(|line| line.entry.clone()).collect())
    }
    fn set_verdict(&self, verdict: &SignedVerdict) -> Result<()> {
        let mut state = self.0.borrow_mut();
        let action = verdict.verdict.action;
        for line in &mut state.journal {
            if line.entry.envelope.id == action {
                line.entry.verdict = Some(verdict.clone());
                line.hand_back = false;
            }
        }
        Ok(())
    }
    fn hand_back(&self, which: HandBack) -> Result<bool> {
        let mut state = self.0.borrow_mut();
        if let HandBack::From { incarnation, n } = which {
            let is_first = |line: &Line| {
                line.entry.envelope.incarnation == incarnation && line.entry.envelope.n == n
            };
            if !state.journal.iter().any(is_first) {
                return Ok(false);
            }
        }
        let mut any = false;
        for line in &mut state.journal {
            let envelope = &line.entry.envelope;
            let is_meant = match which {
                HandBack::All => true,
                HandBack::From { incarnation, n } => {
                    envelope.incarnation == incarnation && envelope.n >= n
                }
            };
            if is_meant && line.entry.verdict.is_some() {
                line.hand_back = true;
                any = true;
            }
        }
        Ok(any)
    }
    fn reseal(&self, envelope: &Envelope) -> Result<()> {
        let mut state = self.0.borrow_mut();
        for line in &mut state.journal {
            if line.entry.envelope.id == envelope.id {
                line.entry.envelope = envelope.clone();
            }
        }
        Ok(())
    }
    fn trim(&self, epoch: Epoch, durable: u64, keep: usize) -> Result<()> {
        let mut state = self.0.borrow_mut();
        let State { cases, journal, .. } = &mut *state;
        let kept_from = journal.len().saturating_sub(keep);
        let mut place = 0;
        journal.retain(|line| {
            place += 1;
            let Some(signed) = &line.entry.verdict else {
                return true;
            };
            let is_covered = signed.epoch == epoch && signed.leaf < durable;
            let is_shown = cases.get(&line.entry.case).is_none_or(|row| {
                signed
                    .verdict
                    .revision
                    .is_none_or(|revision| revision.is_covered_by(row.revision) == Some(true))
            });
            let is_applied = signed.verdict.ruling == Ruling::Applied;
            let may_go = is_covered && is_shown && is_applied && !line.hand_back;
            !(may_go && place <= kept_from)
        });
        Ok(())
    }
}
