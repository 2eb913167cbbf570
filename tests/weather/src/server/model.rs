//! A server's books as plain maps.

use crate::stamp::Stamp;
use chrono::{DateTime, NaiveDate, Utc};
use doorstep_domain::policy::Policies;
use doorstep_domain::{
    ActionId, Case, CaseId, DeviceId, Epoch, HouseholdId, Incarnation, Origin, Revision, UserId,
    VisitId,
};
use doorstep_protocol::envelope::Envelope;
use doorstep_protocol::exchange::NewerCase;
use doorstep_protocol::sequence::Head;
use doorstep_protocol::verdict::SignedVerdict;
use doorstep_server::intake::{Books, JournalRow, OwnKey, Taken, TakenAction};
use doorstep_server::store::{Advance, FeedRow, Line, Result, StoreError};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use uuid::Uuid;

/// The server's own key.
pub const SERVER_KEY: Stamp = Stamp(0x5e4e_4e4e);
/// The server as an origin.
pub const ORIGIN: DeviceId = DeviceId(Uuid::from_u128(0x5e));
const LIFE: Incarnation = Incarnation(Uuid::from_u128(0x5f));

#[derive(Debug, Clone)]
struct File {
    case: Rc<Case>,
    doc: Rc<str>,
}

type Place = (DeviceId, Incarnation, u64);

#[derive(Debug, Clone, Default)]
struct State {
    epoch: u32,
    number: u64,
    leaves: u64,
    line: Line,
    files: BTreeMap<CaseId, File>,
    departures: BTreeMap<(UserId, CaseId), u64>,
    journal: BTreeMap<Place, TakenAction>,
    by_action: BTreeMap<ActionId, Place>,
    times: BTreeMap<u64, DateTime<Utc>>,
    permits: BTreeMap<CaseId, (HouseholdId, NaiveDate, UserId)>,
    visits: BTreeSet<(HouseholdId, NaiveDate, VisitId)>,
    aside: u64,
}

/// The model.
#[derive(Debug)]
pub struct ModelServer(RefCell<State>);

/// A copy of everything at one moment.
pub struct ModelBackup(State);

impl Default for ModelServer {
    fn default() -> Self {
        Self(RefCell::new(State {
            epoch: 1,
            ..State::default()
        }))
    }
}

impl ModelServer {
    /// Backs everything up; it is durable from then on.
    pub fn back_up(&self) -> ModelBackup {
        let mut state = self.0.borrow_mut();
        let copy = state.clone();
        state.line.durable = state.leaves;
        ModelBackup(copy)
    }

    /// Puts a backup in the place of everything, under a new history line.
    pub fn restore(&self, backup: &ModelBackup, epoch: u32) {
        let mut state = self.0.borrow_mut();
        *state = backup.0.clone();
        let origin = Origin {
            from: Epoch(state.epoch),
            began: state.number,
        };
        state.line.lineage.begin(Epoch(epoch), origin);
        state.line.durable = 0;
        state.epoch = epoch;
        // The first leaf of a new line is the head of the one before.
        state.leaves = 1;
    }
}

impl Books for ModelServer {
    fn enter(&self) -> Result<()> {
        Ok(())
    }
    fn head(&self) -> Result<Revision> {
        let state = self.0.borrow();
        Ok(Revision {
            epoch: Epoch(state.epoch),
            number: state.number,
        })
    }
    fn advance(&self, changes_a_case: bool) -> Result<Advance> {
        let mut state = self.0.borrow_mut();
        state.number += u64::from(changes_a_case);
        state.leaves += 1;
        Ok(Advance {
            epoch: Epoch(state.epoch),
            number: state.number,
            leaf: state.leaves - 1,
        })
    }
    fn own_life(&self) -> Result<(DeviceId, Incarnation)> {
        Ok((ORIGIN, LIFE))
    }
    fn key(&self) -> Result<&dyn OwnKey> {
        Ok(&SERVER_KEY)
    }
    fn line(&self) -> Result<Line> {
        Ok(self.0.borrow().line.clone())
    }
    fn case(&self, id: CaseId) -> Result<Option<Case>> {
        Ok(self
            .0
            .borrow()
            .files
            .get(&id)
            .map(|file| (*file.case).clone()))
    }
    fn put_case(&self, case: &Case, agent_before: Option<UserId>) -> Result<()> {
        let mut state = self.0.borrow_mut();
        let agent = case.assignment.as_ref().map(|assignment| assignment.agent);
        if let Some(before) = agent_before.filter(|before| Some(*before) != agent) {
            state
                .departures
                .insert((before, case.id), case.revision.number);
        }
        let file = File {
            doc: serde_json::to_string(case)?.into(),
            case: Rc::new(case.clone()),
        };
        state.files.insert(case.id, file);
        Ok(())
    }
    fn note_visit(
        &self,
        household: HouseholdId,
        day: NaiveDate,
        visit: VisitId,
        _case: CaseId,
    ) -> Result<()> {
        self.0.borrow_mut().visits.insert((household, day, visit));
        Ok(())
    }
    fn permits_of_others(
        &self,
        household: HouseholdId,
        day: NaiveDate,
        agent: UserId,
    ) -> Result<u32> {
        let state = self.0.borrow();
        let others = state
            .permits
            .values()
            .filter(|(of, on, by)| (*of, *on) == (household, day) && *by != agent);
        Ok(u32::try_from(others.count()).unwrap_or(u32::MAX))
    }
    fn reserve(&self, case: &Case, day: NaiveDate, agent: UserId) -> Result<()> {
        let permit = (case.household, day, agent);
        self.0.borrow_mut().permits.insert(case.id, permit);
        Ok(())
    }
    fn release(&self, case: CaseId) -> Result<()> {
        self.0.borrow_mut().permits.remove(&case);
        Ok(())
    }
    fn household_visits(
        &self,
        household: HouseholdId,
        day: NaiveDate,
        besides: VisitId,
    ) -> Result<u32> {
        let state = self.0.borrow();
        let others = state
            .visits
            .iter()
            .filter(|(at, on, visit)| (*at, *on) == (household, day) && *visit != besides);
        Ok(u32::try_from(others.count()).unwrap_or(u32::MAX))
    }
    fn policies(&self, _hash: &str) -> Result<Option<Policies>> {
        Ok(None)
    }
    fn journal_head(&self, device: DeviceId, incarnation: Incarnation) -> Result<Head> {
        let state = self.0.borrow();
        let life = (device, incarnation, 0)..=(device, incarnation, u64::MAX);
        Ok(state
            .journal
            .range(life)
            .next_back()
            .map_or(Head::START, |((.., n), taken)| Head {
                n: *n,
                link: taken.envelope.link,
            }))
    }
    fn taken(&self, device: DeviceId, incarnation: Incarnation, n: u64) -> Result<Option<Taken>> {
        let state = self.0.borrow();
        let taken = state.journal.get(&(device, incarnation, n));
        Ok(taken.map(|taken| Taken {
            link: taken.envelope.link,
            verdict: taken.verdict.clone(),
        }))
    }
    fn taken_action(&self, action: ActionId) -> Result<Option<TakenAction>> {
        let state = self.0.borrow();
        let place = state.by_action.get(&action);
        Ok(place.and_then(|place| state.journal.get(place)).cloned())
    }
    fn append(&self, row: &JournalRow<'_>) -> Result<()> {
        let mut state = self.0.borrow_mut();
        let place = (row.device, row.envelope.incarnation, row.envelope.n);
        let taken = TakenAction {
            device: row.device,
            envelope: Envelope {
                verdict: None,
                ..row.envelope.clone()
            },
            verdict: row.verdict.clone(),
            is_read: row.kind.is_some(),
        };
        if let Some(revision) = row.verdict.verdict.revision {
            state
                .times
                .insert(revision.number, row.verdict.verdict.judged_at);
        }
        state.journal.insert(place, taken);
        state.by_action.entry(row.envelope.id).or_insert(place);
        Ok(())
    }
    fn time_of(&self, cursor: Revision) -> Result<Option<DateTime<Utc>>> {
        let state = self.0.borrow();
        let is_now = cursor.epoch.0 == state.epoch;
        let last = state.times.range(..=cursor.number).next_back();
        Ok(last.filter(|_| is_now).map(|(_, time)| *time))
    }
    fn put_aside(
        &self,
        _device: DeviceId,
        _envelope: &Envelope,
        _reason: &str,
        _now: DateTime<Utc>,
    ) -> Result<bool> {
        self.0.borrow_mut().aside += 1;
        Ok(true)
    }
    fn note_newer(&self, _: DeviceId, _: &[NewerCase], _: DateTime<Utc>) -> Result<()> {
        Ok(())
    }
    fn note_purged(&self, _: DeviceId, _: &[CaseId], _: DateTime<Utc>) -> Result<()> {
        Ok(())
    }
    fn changed_cases(&self, agent: UserId, after: u64, limit: usize) -> Result<Vec<FeedRow>> {
        let mut rows: Vec<_> = self.rows(agent, |row| row.number > after);
        rows.sort_by_key(|row| row.number);
        rows.truncate(limit);
        Ok(rows)
    }
    fn count_changed(&self, agent: UserId, after: u64, limit: usize) -> Result<usize> {
        let state = self.0.borrow();
        let changed = state
            .files
            .values()
            .filter(|file| file.case.is_assigned_to(agent) && file.case.revision.number > after);
        Ok(changed.count().min(limit))
    }
    fn cases_in_scope(
        &self,
        agent: UserId,
        after: Option<CaseId>,
        limit: usize,
    ) -> Result<Vec<FeedRow>> {
        let mut rows = self.rows(agent, |row| after.is_none_or(|after| row.id > after));
        rows.truncate(limit);
        Ok(rows)
    }
    fn departures(&self, agent: UserId, after: u64, until: u64) -> Result<Vec<CaseId>> {
        let state = self.0.borrow();
        let has_left = |id: &CaseId| {
            state
                .files
                .get(id)
                .is_some_and(|file| !file.case.is_assigned_to(agent))
        };
        Ok(state
            .departures
            .iter()
            .filter(|((who, id), at)| {
                *who == agent && **at > after && **at <= until && has_left(id)
            })
            .map(|((_, id), _)| *id)
            .collect())
    }
    fn scope(&self, agent: UserId) -> Result<Vec<(CaseId, Revision)>> {
        let state = self.0.borrow();
        Ok(state
            .files
            .values()
            .filter(|file| file.case.is_assigned_to(agent))
            .map(|file| (file.case.id, file.case.revision))
            .collect())
    }
    fn late_verdicts(&self, _: DeviceId, _: u64) -> Result<Vec<SignedVerdict>> {
        Ok(Vec::new())
    }
    fn apart<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce() -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        work()
    }
}

impl ModelServer {
    fn rows(&self, agent: UserId, is_wanted: impl Fn(&FeedRow) -> bool) -> Vec<FeedRow> {
        let state = self.0.borrow();
        state
            .files
            .values()
            .filter(|file| file.case.is_assigned_to(agent))
            .map(|file| FeedRow {
                id: file.case.id,
                number: file.case.revision.number,
                doc: file.doc.to_string(),
            })
            .filter(|row| is_wanted(row))
            .collect()
    }
}
