//! What recording and syncing need of a store. The real one is SQLCipher; the simulation has a model.

use crate::store::{Result, StoreError};
use doorstep_domain::{Action, ActionId, CaseId, Epoch, Incarnation, Lineage, Revision};
use doorstep_protocol::chain::Link;
use doorstep_protocol::envelope::Envelope;
use doorstep_protocol::verdict::SignedVerdict;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};

/// What a list needs of a case: read without reading all of it.
#[derive(Debug, Deserialize)]
pub struct CaseHead {
    pub id: CaseId,
    pub revision: Revision,
    pub person: NameOnly,
    pub account: ReferenceOnly,
    pub address: PlaceOnly,
    pub assignment: Option<Stop>,
    pub conflicts: Vec<ConflictOnly>,
    pub visits: Vec<StateOnly>,
}

/// The name of a person.
#[derive(Debug, Deserialize)]
pub struct NameOnly {
    pub name: String,
}

/// The reference of an account.
#[derive(Debug, Deserialize)]
pub struct ReferenceOnly {
    pub reference: String,
}

/// Street and town.
#[derive(Debug, Deserialize)]
pub struct PlaceOnly {
    pub street: String,
    pub town: String,
}

/// A stop of a route.
#[derive(Debug, Deserialize)]
pub struct Stop {
    pub day: String,
    pub position: u16,
}

/// Whether a conflict is settled.
#[derive(Debug, Deserialize)]
pub struct ConflictOnly {
    pub settlement: Option<IgnoredAny>,
}

/// How far a visit has come.
#[derive(Debug, Deserialize)]
pub struct StateOnly {
    pub state: doorstep_domain::visit::VisitState,
}

/// An action in the journal, with what became of it.
#[derive(Debug, Clone)]
pub struct Entry {
    pub case: CaseId,
    pub envelope: Envelope,
    pub verdict: Option<SignedVerdict>,
}

impl Entry {
    /// Reads the action.
    pub fn action(&self) -> Result<Action> {
        Ok(serde_json::from_str(&self.envelope.payload)?)
    }
}

/// The last link of this life's journal, kept although the actions themselves may be trimmed.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct JournalHead {
    pub incarnation: Incarnation,
    pub n: u64,
    pub link: Link,
}

/// Which judged actions are to be handed in again.
#[derive(Debug, Clone, Copy)]
pub enum HandBack {
    /// All: the server was restored.
    All,
    /// Those of one life from a number on: the server lost them.
    From { incarnation: Incarnation, n: u64 },
}

/// One transaction of a device's books.
pub trait Books {
    fn known(&self, name: &str) -> Result<Option<String>>;
    fn know(&self, name: &str, value: &str) -> Result<()>;

    /// The server's document of a case as it came, JSON text.
    fn document(&self, id: CaseId) -> Result<Option<String>>;
    /// The revision of that document.
    fn revision(&self, id: CaseId) -> Result<Option<Revision>>;
    fn put_case(&self, head: &CaseHead, doc: &str) -> Result<()>;
    fn mark_leaving(&self, id: CaseId) -> Result<()>;
    /// The cases that have left and are still here.
    fn leaving(&self) -> Result<Vec<CaseId>>;
    /// Deletes a case with everything but the journal, and notes it as purged.
    fn purge_case(&self, id: CaseId) -> Result<()>;
    fn purged(&self) -> Result<Vec<CaseId>>;
    fn forget_purged(&self, cases: &[CaseId]) -> Result<()>;
    /// What is held of the server's set, for the digest.
    fn held(&self) -> Result<Vec<(CaseId, Revision)>>;

    /// Puts an action at the end of the journal. `subject` names whom it is about, for a list.
    fn append(&self, action: &Action, envelope: &Envelope, subject: &str) -> Result<()>;
    /// The actions on a case, in the order in which they were recorded.
    fn entries(&self, case: CaseId) -> Result<Vec<Entry>>;
    fn entry(&self, action: ActionId) -> Result<Option<Entry>>;
    /// What waits for a verdict, or was asked for again; in order, at most `limit`.
    fn outbox(&self, limit: usize) -> Result<Vec<Entry>>;
    fn set_verdict(&self, verdict: &SignedVerdict) -> Result<()>;
    /// Asks for judged actions again; says whether any was there.
    fn hand_back(&self, which: HandBack) -> Result<bool>;
    /// Puts another envelope in the place of an action's: its number in a new life. A verdict that
    /// it has stays with it until the server gives it another: the screen goes by it.
    fn reseal(&self, envelope: &Envelope) -> Result<()>;
    /// Drops applied actions that a backup covers, but for the newest `keep`.
    fn trim(&self, epoch: Epoch, durable: u64, keep: usize) -> Result<()>;
}

/// Reads something known by name.
pub fn read<T: DeserializeOwned>(books: &impl Books, name: &str) -> Result<Option<T>> {
    let text = books.known(name)?;
    Ok(text.map(|text| serde_json::from_str(&text)).transpose()?)
}

/// Writes something known by name.
pub fn write<T: Serialize>(books: &impl Books, name: &str, value: &T) -> Result<()> {
    books.know(name, &serde_json::to_string(value)?)
}

/// The names of what is known.
pub mod names {
    pub const CURSOR: &str = "cursor";
    pub const DIFFERS: &str = "differs";
    pub const HEAD: &str = "journal_head";
    pub const INCARNATION: &str = "incarnation";
    pub const IS_READY: &str = "is_ready";
    pub const LINEAGE: &str = "lineage";
    pub const NEWER: &str = "newer";
    pub const POLICIES: &str = "policies";
    /// Beside them, so that asking does not read them all.
    pub const POLICIES_HASH: &str = "policies_hash";
    /// Why newer ones than these are not used.
    pub const POLICIES_REFUSED: &str = "policies_refused";
    pub const REPAIRS: &str = "repairs";
    pub const SERVER_CLOCK: &str = "server_clock";
    pub const SNAPSHOT: &str = "snapshot";
    pub const SNAPSHOT_AFTER: &str = "snapshot_after";
}

/// The life of this database.
pub fn incarnation(books: &impl Books) -> Result<Incarnation> {
    read(books, names::INCARNATION)?.ok_or(StoreError::Value("incarnation"))
}

/// How the server's epochs follow from one another, as far as this device met them.
pub fn lineage(books: &impl Books) -> Result<Lineage> {
    Ok(read(books, names::LINEAGE)?.unwrap_or_default())
}

/// Where the last page left off.
pub fn cursor(books: &impl Books) -> Result<Option<Revision>> {
    read(books, names::CURSOR)
}
