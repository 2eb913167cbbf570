//! The server of a simulation: the real intake and feed over a model or over SQLite. Between them and
//! the books lies the seam, where the simulation sees what happens and where bugs are planted.

mod model;

pub use model::{ModelBackup, ModelServer, ORIGIN, SERVER_KEY};

use crate::bug::Bug;
use crate::files;
use crate::seam::Seam;
use chrono::{DateTime, NaiveDate, Utc};
use doorstep_domain::policy::Policies;
use doorstep_domain::{
    Action, ActionId, Case, CaseId, DeviceId, Epoch, HouseholdId, Incarnation, Revision, UserId,
    VisitId,
};
use doorstep_protocol::envelope::Envelope;
use doorstep_protocol::exchange::NewerCase;
use doorstep_protocol::sequence::Head;
use doorstep_protocol::verdict::SignedVerdict;
use doorstep_server::backup;
use doorstep_server::intake::{Books, JournalRow, OwnKey, Taken, TakenAction};
use doorstep_server::store::{Advance, FeedRow, Line, Result, StoreError, Tx};
use doorstep_server::{Store, Tenant};
use std::path::PathBuf;

/// A server's books, over whichever store.
pub enum Server {
    Model(Box<ModelServer>),
    Sqlite(Box<SqliteServer>),
}

/// Real files.
pub struct SqliteServer {
    store: Option<Store>,
    file: PathBuf,
    backups: u32,
}

/// A backup of whichever store.
pub enum Backup {
    Model(Box<ModelBackup>),
    Sqlite(PathBuf),
}

impl Server {
    /// A server over maps.
    pub fn model() -> Self {
        Self::Model(Box::default())
    }

    /// A server over a file below `folder`.
    pub fn sqlite(folder: &std::path::Path) -> anyhow::Result<Self> {
        const FILE: &str = "server.db";
        files::fill(folder, "server", |blank| {
            Store::open(&blank.join(FILE), Tenant::default())?;
            Ok(())
        })?;
        let file = folder.join(FILE);
        Ok(Self::Sqlite(Box::new(SqliteServer {
            store: Some(Store::open(&file, Tenant::default())?),
            file,
            backups: 0,
        })))
    }

    /// Runs `work` in a transaction.
    pub fn write<T>(
        &self,
        bug: Option<Bug>,
        seam: &Seam,
        work: impl FnOnce(&ServerBooks<'_>) -> T,
    ) -> anyhow::Result<T> {
        match self {
            Self::Model(model) => Ok(work(&ServerBooks {
                inner: Inner::Model(model),
                bug,
                seam,
            })),
            Self::Sqlite(sqlite) => {
                let store = sqlite
                    .store
                    .as_ref()
                    .ok_or_else(|| anyhow::anyhow!("the server is closed"))?;
                let work = |tx: &Tx<'_>| {
                    Ok::<_, StoreError>(work(&ServerBooks {
                        inner: Inner::Sql(tx),
                        bug,
                        seam,
                    }))
                };
                Ok(store.write(work)?)
            }
        }
    }

    /// Backs everything up; it is durable from then on.
    pub fn back_up(&mut self, now: DateTime<Utc>) -> anyhow::Result<Backup> {
        match self {
            Self::Model(model) => Ok(Backup::Model(Box::new(model.back_up()))),
            Self::Sqlite(sqlite) => {
                sqlite.backups += 1;
                let to = sqlite
                    .file
                    .with_extension(format!("backup-{}", sqlite.backups));
                let store = sqlite
                    .store
                    .as_ref()
                    .ok_or_else(|| anyhow::anyhow!("the server is closed"))?;
                backup::backup(store, &to, now)?;
                Ok(Backup::Sqlite(to))
            }
        }
    }

    /// Restores a backup under a new history line.
    pub fn restore(&mut self, from: &Backup, now: DateTime<Utc>, epoch: u32) -> anyhow::Result<()> {
        match (self, from) {
            (Self::Model(model), Backup::Model(copy)) => model.restore(copy, epoch),
            (Self::Sqlite(sqlite), Backup::Sqlite(from)) => {
                sqlite.store = None;
                let kept = backup::restore(from, &sqlite.file, now)?.kept;
                if let Some(kept) = kept {
                    std::fs::remove_file(kept)?;
                }
                sqlite.store = Some(Store::open(&sqlite.file, Tenant::default())?);
            }
            _ => anyhow::bail!("a backup of another store"),
        }
        Ok(())
    }
}

enum Inner<'a> {
    Model(&'a ModelServer),
    Sql(&'a Tx<'a>),
}

/// One transaction, seen through the seam.
pub struct ServerBooks<'a> {
    inner: Inner<'a>,
    bug: Option<Bug>,
    seam: &'a Seam,
}

macro_rules! pass {
    ($self:ident, $name:ident($($argument:expr),*)) => {
        match &$self.inner {
            Inner::Model(model) => Books::$name(*model $(, $argument)*),
            Inner::Sql(tx) => Books::$name(*tx $(, $argument)*),
        }
    };
}

impl ServerBooks<'_> {
    fn has(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }
}

impl Books for ServerBooks<'_> {
    fn enter(&self) -> Result<()> {
        pass!(self, enter())
    }
    fn head(&self) -> Result<Revision> {
        pass!(self, head())
    }
    fn advance(&self, changes_a_case: bool) -> Result<Advance> {
        pass!(self, advance(changes_a_case))
    }
    fn own_life(&self) -> Result<(DeviceId, Incarnation)> {
        pass!(self, own_life())
    }
    fn key(&self) -> Result<&dyn OwnKey> {
        pass!(self, key())
    }
    fn line(&self) -> Result<Line> {
        pass!(self, line())
    }

    fn case(&self, id: CaseId) -> Result<Option<Case>> {
        let mut case = pass!(self, case(id))?;
        if let Some(case) = &mut case {
            if self.has(Bug::LastPushWins) {
                let epoch = self.head()?.epoch;
                for fact in case.facts.values_mut() {
                    fact.revision = Revision { epoch, number: 0 };
                }
            }
            if self.has(Bug::BaseWithoutEpoch)
                && let Some(epoch) = self.base_epoch(id)
            {
                for fact in case.facts.values_mut() {
                    fact.revision.epoch = epoch;
                }
            }
        }
        Ok(case)
    }

    fn put_case(&self, case: &Case, agent_before: Option<UserId>) -> Result<()> {
        self.seam.saw_case(case);
        if self.has(Bug::FeedOutOfOrder) {
            self.seam.hide_some(case.revision.number);
        }
        pass!(self, put_case(case, agent_before))
    }

    fn note_visit(
        &self,
        household: HouseholdId,
        day: NaiveDate,
        visit: VisitId,
        case: CaseId,
    ) -> Result<()> {
        pass!(self, note_visit(household, day, visit, case))
    }
    fn permits_of_others(
        &self,
        household: HouseholdId,
        day: NaiveDate,
        agent: UserId,
    ) -> Result<u32> {
        pass!(self, permits_of_others(household, day, agent))
    }
    fn reserve(&self, case: &Case, day: NaiveDate, agent: UserId) -> Result<()> {
        pass!(self, reserve(case, day, agent))
    }
    fn release(&self, case: CaseId) -> Result<()> {
        pass!(self, release(case))
    }
    fn household_visits(
        &self,
        household: HouseholdId,
        day: NaiveDate,
        besides: VisitId,
    ) -> Result<u32> {
        pass!(self, household_visits(household, day, besides))
    }
    fn policies(&self, hash: &str) -> Result<Option<Policies>> {
        pass!(self, policies(hash))
    }

    fn journal_head(&self, device: DeviceId, incarnation: Incarnation) -> Result<Head> {
        let head = pass!(self, journal_head(device, incarnation))?;
        if device == ORIGIN {
            return Ok(head);
        }
        let arriving = self.seam.arriving();
        let mut of_life = arriving.iter().filter(|e| e.incarnation == incarnation);
        if self.has(Bug::NoDedupe)
            && let Some(first) = of_life.next()
        {
            return Ok(Head {
                n: first.n - 1,
                link: self.seam.link_before(first).unwrap_or(head.link),
            });
        }
        if self.has(Bug::CounterReused)
            && let Some(next) = of_life.find(|envelope| envelope.n == head.n + 1)
        {
            return Ok(Head {
                n: head.n,
                link: self.seam.link_before(next).unwrap_or(head.link),
            });
        }
        Ok(head)
    }

    fn taken(&self, device: DeviceId, incarnation: Incarnation, n: u64) -> Result<Option<Taken>> {
        let mut taken = pass!(self, taken(device, incarnation, n))?;
        if self.has(Bug::CounterReused) {
            let arriving = self.seam.arriving();
            let same = arriving
                .iter()
                .find(|envelope| envelope.incarnation == incarnation && envelope.n == n);
            if let (Some(taken), Some(same)) = (&mut taken, same) {
                taken.link = same.link;
                // The device takes the old verdict for its own.
                taken.verdict.verdict.action = same.id;
            }
        }
        Ok(taken)
    }

    fn taken_action(&self, action: ActionId) -> Result<Option<TakenAction>> {
        match self.bug {
            Some(Bug::NoDedupe | Bug::DedupeWithoutId) if self.seam.is_arriving(action) => Ok(None),
            _ => pass!(self, taken_action(action)),
        }
    }

    fn append(&self, row: &JournalRow<'_>) -> Result<()> {
        self.seam.saw_verdict(row.envelope.id, row.verdict);
        pass!(self, append(row))
    }

    fn time_of(&self, cursor: Revision) -> Result<Option<DateTime<Utc>>> {
        pass!(self, time_of(cursor))
    }
    fn put_aside(
        &self,
        device: DeviceId,
        envelope: &Envelope,
        reason: &str,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        self.seam.put_aside(envelope.id);
        pass!(self, put_aside(device, envelope, reason, now))
    }
    fn note_newer(&self, device: DeviceId, cases: &[NewerCase], now: DateTime<Utc>) -> Result<()> {
        pass!(self, note_newer(device, cases, now))
    }
    fn note_purged(&self, device: DeviceId, cases: &[CaseId], now: DateTime<Utc>) -> Result<()> {
        pass!(self, note_purged(device, cases, now))
    }

    fn changed_cases(&self, agent: UserId, after: u64, limit: usize) -> Result<Vec<FeedRow>> {
        let mut rows = pass!(self, changed_cases(agent, after, limit))?;
        if self.has(Bug::FeedOutOfOrder) {
            rows.retain(|row| !self.seam.is_hidden(row.number));
        }
        Ok(rows)
    }
    fn count_changed(&self, agent: UserId, after: u64, limit: usize) -> Result<usize> {
        pass!(self, count_changed(agent, after, limit))
    }
    fn cases_in_scope(
        &self,
        agent: UserId,
        after: Option<CaseId>,
        limit: usize,
    ) -> Result<Vec<FeedRow>> {
        pass!(self, cases_in_scope(agent, after, limit))
    }
    fn departures(&self, agent: UserId, after: u64, until: u64) -> Result<Vec<CaseId>> {
        pass!(self, departures(agent, after, until))
    }
    fn scope(&self, agent: UserId) -> Result<Vec<(CaseId, Revision)>> {
        pass!(self, scope(agent))
    }
    fn late_verdicts(&self, device: DeviceId, after: u64) -> Result<Vec<SignedVerdict>> {
        pass!(self, late_verdicts(device, after))
    }
    fn apart<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce() -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        pass!(self, apart(work))
    }
}

impl ServerBooks<'_> {
    /// The epoch of the base of the action on this case that is being judged.
    fn base_epoch(&self, case: CaseId) -> Option<Epoch> {
        self.seam.arriving().iter().find_map(|envelope| {
            let action: Action = serde_json::from_str(&envelope.payload).ok()?;
            (action.case == case && !self.seam.was_judged(action.id))
                .then_some(action.base.case.epoch)
        })
    }
}
