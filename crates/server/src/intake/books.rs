//! What taking in and sending down need of a store. The real one is SQL; the simulation has a model.

use crate::store::{Advance, FeedRow, Line, Result, StoreError, Tx};
use chrono::{DateTime, NaiveDate, Utc};
use doorstep_domain::policy::Policies;
use doorstep_domain::{
    ActionId, Case, CaseId, DeviceId, HouseholdId, Incarnation, Revision, UserId, VisitId,
};
use doorstep_protocol::chain::{Commitment, Link, Sign, Verify};
use doorstep_protocol::envelope::Envelope;
use doorstep_protocol::exchange::NewerCase;
use doorstep_protocol::sequence::Head;
use doorstep_protocol::verdict::SignedVerdict;

/// Signs, and knows its own signature again.
pub trait OwnKey: Sign + Verify {}

impl<T: Sign + Verify> OwnKey for T {}

/// What was recorded under one number.
#[derive(Debug, Clone)]
pub struct Taken {
    pub link: Link,
    pub verdict: SignedVerdict,
}

/// An action as it was taken in, under any number.
#[derive(Debug, Clone)]
pub struct TakenAction {
    pub device: DeviceId,
    pub envelope: Envelope,
    pub verdict: SignedVerdict,
    /// False while this server could not read it.
    pub is_read: bool,
}

/// An action to record, with what became of it.
pub struct JournalRow<'a> {
    pub device: DeviceId,
    pub envelope: &'a Envelope,
    pub commitment: Commitment,
    pub case: Option<CaseId>,
    pub actor: UserId,
    /// None where the payload can't be read.
    pub kind: Option<&'a str>,
    pub verdict: &'a SignedVerdict,
    /// The leaf of the log, word for word.
    pub statement: &'a str,
}

/// One transaction of a tenant's books.
pub trait Books {
    /// See [`Tx::enter`].
    fn enter(&self) -> Result<()>;
    fn head(&self) -> Result<Revision>;
    fn advance(&self, changes_a_case: bool) -> Result<Advance>;
    /// The server as the origin of what happens in the console.
    fn own_life(&self) -> Result<(DeviceId, Incarnation)>;
    /// The server's key: signs verdicts, and knows them again after a restore.
    fn key(&self) -> Result<&dyn OwnKey>;
    fn line(&self) -> Result<Line>;

    fn case(&self, id: CaseId) -> Result<Option<Case>>;
    fn put_case(&self, case: &Case, agent_before: Option<UserId>) -> Result<()>;
    fn note_visit(
        &self,
        household: HouseholdId,
        day: NaiveDate,
        visit: VisitId,
        case: CaseId,
    ) -> Result<()>;
    /// How many cases of the household other agents have on that day.
    fn permits_of_others(
        &self,
        household: HouseholdId,
        day: NaiveDate,
        agent: UserId,
    ) -> Result<u32>;
    /// Reserves the household's contact of a day for the agent of a case; frees what the case had.
    fn reserve(&self, case: &Case, day: NaiveDate, agent: UserId) -> Result<()>;
    /// Frees what the case had reserved.
    fn release(&self, case: CaseId) -> Result<()>;
    fn household_visits(
        &self,
        household: HouseholdId,
        day: NaiveDate,
        besides: VisitId,
    ) -> Result<u32>;
    fn policies(&self, hash: &str) -> Result<Option<Policies>>;

    fn journal_head(&self, device: DeviceId, incarnation: Incarnation) -> Result<Head>;
    fn taken(&self, device: DeviceId, incarnation: Incarnation, n: u64) -> Result<Option<Taken>>;
    fn taken_action(&self, action: ActionId) -> Result<Option<TakenAction>>;
    fn append(&self, row: &JournalRow<'_>) -> Result<()>;
    fn time_of(&self, cursor: Revision) -> Result<Option<DateTime<Utc>>>;
    fn put_aside(
        &self,
        device: DeviceId,
        envelope: &Envelope,
        reason: &str,
        now: DateTime<Utc>,
    ) -> Result<bool>;
    fn note_newer(&self, device: DeviceId, cases: &[NewerCase], now: DateTime<Utc>) -> Result<()>;
    fn note_purged(&self, device: DeviceId, cases: &[CaseId], now: DateTime<Utc>) -> Result<()>;

    fn changed_cases(&self, agent: UserId, after: u64, limit: usize) -> Result<Vec<FeedRow>>;
    fn count_changed(&self, agent: UserId, after: u64, limit: usize) -> Result<usize>;
    fn cases_in_scope(
        &self,
        agent: UserId,
        after: Option<CaseId>,
        limit: usize,
    ) -> Result<Vec<FeedRow>>;
    fn departures(&self, agent: UserId, after: u64, until: u64) -> Result<Vec<CaseId>>;
    fn scope(&self, agent: UserId) -> Result<Vec<(CaseId, Revision)>>;
    fn late_verdicts(&self, device: DeviceId, after: u64) -> Result<Vec<SignedVerdict>>;

    /// Runs `work` in a savepoint: an error undoes this part and leaves the rest.
    fn apart<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce() -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E>;
}

macro_rules! as_written {
    ($(fn $name:ident(&self $(, $argument:ident: $kind:ty)*) -> $answer:ty;)*) => {
        $(fn $name(&self $(, $argument: $kind)*) -> $answer {
            Tx::$name(self $(, $argument)*)
        })*
    };
}

impl Books for Tx<'_> {
    as_written! {
        fn enter(&self) -> Result<()>;
        fn head(&self) -> Result<Revision>;
        fn advance(&self, changes_a_case: bool) -> Result<Advance>;
        fn line(&self) -> Result<Line>;
        fn case(&self, id: CaseId) -> Result<Option<Case>>;
        fn put_case(&self, case: &Case, agent_before: Option<UserId>) -> Result<()>;
        fn note_visit(&self, household: HouseholdId, day: NaiveDate, visit: VisitId, case: CaseId) -> Result<()>;
        fn permits_of_others(&self, household: HouseholdId, day: NaiveDate, agent: UserId) -> Result<u32>;
        fn reserve(&self, case: &Case, day: NaiveDate, agent: UserId) -> Result<()>;
        fn release(&self, case: CaseId) -> Result<()>;
        fn household_visits(&self, household: HouseholdId, day: NaiveDate, besides: VisitId) -> Result<u32>;
        fn policies(&self, hash: &str) -> Result<Option<Policies>>;
        fn journal_head(&self, device: DeviceId, incarnation: Incarnation) -> Result<Head>;
        fn taken(&self, device: DeviceId, incarnation: Incarnation, n: u64) -> Result<Option<Taken>>;
        fn taken_action(&self, action: ActionId) -> Result<Option<TakenAction>>;
        fn append(&self, row: &JournalRow<'_>) -> Result<()>;
        fn time_of(&self, cursor: Revision) -> Result<Option<DateTime<Utc>>>;
        fn put_aside(&self, device: DeviceId, envelope: &Envelope, reason: &str, now: DateTime<Utc>) -> Result<bool>;
        fn note_newer(&self, device: DeviceId, cases: &[NewerCase], now: DateTime<Utc>) -> Result<()>;
        fn note_purged(&self, device: DeviceId, cases: &[CaseId], now: DateTime<Utc>) -> Result<()>;
        fn changed_cases(&self, agent: UserId, after: u64, limit: usize) -> Result<Vec<FeedRow>>;
        fn count_changed(&self, agent: UserId, after: u64, limit: usize) -> Result<usize>;
        fn cases_in_scope(&self, agent: UserId, after: Option<CaseId>, limit: usize) -> Result<Vec<FeedRow>>;
        fn departures(&self, agent: UserId, after: u64, until: u64) -> Result<Vec<CaseId>>;
        fn scope(&self, agent: UserId) -> Result<Vec<(CaseId, Revision)>>;
        fn late_verdicts(&self, device: DeviceId, after: u64) -> Result<Vec<SignedVerdict>>;
    }

    fn own_life(&self) -> Result<(DeviceId, Incarnation)> {
        let origin = self.origin()?;
        Ok((origin.device, origin.incarnation))
    }

    fn key(&self) -> Result<&dyn OwnKey> {
        Ok(&self.origin()?.key)
    }

    fn apart<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce() -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        Tx::apart(self, work)
    }
}
