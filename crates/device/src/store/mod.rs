//! The device's encrypted file. What a person did is appended to the journal, and the outbox is a
//! part of the journal: saved and *will be sent* are one transaction.

mod alarms;
mod cases;
mod evidence;
mod journal;
mod meta;
mod search;

pub use journal::SavedRow;
pub use meta::{Profile, ServerClock};

use crate::handover::SealedFile;
use crate::lock::DatabaseKey;
use crate::record::names;
use doorstep_domain::Incarnation;
use doorstep_protocol::envelope::Envelope;
use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};
use rusqlite_migration::{M, Migrations};
use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::time::Duration;
use uuid::Uuid;

/// Why the store can't do what it was asked. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the disk is full")]
    DiskFull,
    #[error("the folder can't be written to")]
    ReadOnly,
    #[error("the SQLite library is older than {0} and can lose committed writes")]
    OldSqlite(&'static str),
    #[error("database")]
    Sqlite(#[source] rusqlite::Error),
    #[error("bring the database up to date")]
    Migration(#[from] rusqlite_migration::Error),
    #[error("a stored document can't be read")]
    Document(#[from] serde_json::Error),
    #[error("a stored value can't be read: {0}")]
    Value(&'static str),
    #[error("{0}")]
    Lock(&'static str),
    #[error("file")]
    File(#[source] std::io::Error),
}

impl StoreError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::DiskFull => "storage.full",
            Self::ReadOnly => "storage.read_only",
            _ => "storage.failed",
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                Self::ReadOnly
            }
            _ => Self::Sqlite(error),
        }
    }
}

impl From<std::io::Error> for StoreError {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::StorageFull => Self::DiskFull,
            std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
                Self::ReadOnly
            }
            _ => Self::File(error),
        }
    }
}

/// Shorthand for results of the store.
pub type Result<T> = std::result::Result<T, StoreError>;

/// WAL-reset race fixed here; older libraries can lose committed writes.
const SQLITE_VERSION_MIN: (i32, &str) = (3_051_003, "3.51.3");

const DATABASE: &str = "doorstep.db";
const INCARNATION: &str = "incarnation";

/// An open, decrypted database.
pub struct Store {
    connection: Connection,
    folder: PathBuf,
    /// Where each action goes as well, readable by the server alone; none before enrolment.
    sealed: Option<SealedFile>,
}

/// What is sealed, or no longer, once the transaction has committed.
enum ToSeal {
    Action(Box<Envelope>),
    Evidence { sha256: String, bytes: Vec<u8> },
    EvidenceIsSent { sha256: String },
}

/// One transaction.
pub struct Tx<'a> {
    tx: Transaction<'a>,
    to_seal: RefCell<Vec<ToSeal>>,
    has_purged: Cell<bool>,
}

impl<'a> Tx<'a> {
    const fn over(tx: Transaction<'a>) -> Self {
        Self {
            tx,
            to_seal: RefCell::new(Vec::new()),
            has_purged: Cell::new(false),
        }
    }

    fn to_seal(&self, what: ToSeal) {
        self.to_seal.borrow_mut().push(what);
    }

    /// Remembers that what was deleted must leave the write-ahead log as well.
    fn purged_something(&self) {
        self.has_purged.set(true);
    }
}

impl Store {
    /// Opens or creates the database in `folder`.
    ///
    /// The incarnation stands in the database *and* beside it: where they differ, the file is a
    /// restored backup or a copy, and takes a new incarnation before it records anything.
    pub fn open(folder: &Path, key: &DatabaseKey) -> Result<Self> {
        if rusqlite::version_number() < SQLITE_VERSION_MIN.0 {
            return Err(StoreError::OldSqlite(SQLITE_VERSION_MIN.1));
        }
        let mut connection = Connection::open(folder.join(DATABASE))?;
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.pragma_update(None, "key", format!("x'{}'", hex::encode(key.as_slice())))?;
        // Few, wide rows: larger pages take half the bytes and time.
        connection.pragma_update(None, "cipher_page_size", 16_384)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "secure_delete", true)?;
        connection.set_prepared_statement_cache_capacity(64);
        Migrations::new(vec![
            M::up(include_str!("../../migrations/0001_first.sql")),
            M::up(include_str!("../../migrations/0002_full_sync.sql")),
            M::up(include_str!("../../migrations/0003_evidence.sql")),
            M::up(include_str!("../../migrations/0004_recording.sql")),
            M::up(include_str!("../../migrations/0005_counts.sql")),
        ])
        .to_latest(&mut connection)?;
        let mut store = Self {
            connection,
            folder: folder.to_owned(),
            sealed: None,
        };
        store.settle_incarnation()?;
        Ok(store)
    }

    /// Seals from now on, and seals again what a crash kept from being sealed.
    pub fn seal_to(&mut self, profile: &Profile) -> Result<()> {
        self.sealed = SealedFile::of(&self.folder, profile);
        self.seal_anew()
    }

    /// Writes the sealed file anew: what waits, and nothing that the server has judged.
    pub fn seal_anew(&mut self) -> Result<()> {
        let Some(sealed) = self.sealed.clone() else {
            return Ok(());
        };
        let outbox = self.read(|tx| crate::record::outbox(tx, usize::MAX >> 1, usize::MAX))?;
        if sealed.count() != outbox.len() {
            sealed.write_anew(&outbox);
        }
        let waiting = self.read(|tx| tx.evidence_waiting())?;
        for sha256 in sealed.settle_evidence(&waiting) {
            if let Some(bytes) = self.read(|tx| tx.evidence_bytes(&sha256))? {
                sealed.keep_evidence(&sha256, &bytes);
            }
        }
        Ok(())
    }

    /// Notes a new life beside the database, after the database has it.
    pub fn note_life(&self, incarnation: Incarnation) -> Result<()> {
        Ok(std::fs::write(
            self.folder.join(INCARNATION),
            incarnation.to_string(),
        )?)
    }

    fn settle_incarnation(&mut self) -> Result<()> {
        let beside = self.folder.join(INCARNATION);
        let outside = std::fs::read_to_string(&beside).ok();
        self.write(|tx| {
            let inside: Option<Incarnation> = tx.meta(names::INCARNATION)?;
            let agrees =
                inside.is_some_and(|inside| outside.as_deref() == Some(&inside.to_string()));
            if !agrees {
                let fresh = Incarnation(Uuid::from_bytes(
                    crate::lock::random().map_err(|_| StoreError::Lock("get random bytes"))?,
                ));
                tx.set_meta(names::INCARNATION, &fresh)?;
                std::fs::write(&beside, fresh.to_string())?;
            }
            Ok(())
        })
    }

    /// Runs `work` in a transaction that only reads.
    pub fn read<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&Tx<'_>) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        let tx = self.connection.transaction().map_err(StoreError::from)?;
        work(&Tx::over(tx))
    }

    /// Runs `work` in a transaction; an error leaves no trace.
    pub fn write<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&Tx<'_>) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        let (done, to_seal, has_purged) = self.commit(work)?;
        self.seal(to_seal);
        if has_purged {
            // Best effort: a reader in another thread may hold it back until the next purge.
            let _ = self
                .connection
                .pragma_update(None, "wal_checkpoint", "TRUNCATE");
        }
        Ok(done)
    }

    /// After the commit: the database is what must not be lost.
    fn seal(&self, what: Vec<ToSeal>) {
        let Some(sealed) = &self.sealed else {
            return;
        };
        let mut actions = Vec::new();
        for what in what {
            match what {
                ToSeal::Action(envelope) => actions.push(*envelope),
                ToSeal::Evidence { sha256, bytes } => sealed.keep_evidence(&sha256, &bytes),
                ToSeal::EvidenceIsSent { sha256 } => sealed.forget_evidence(&sha256),
            }
        }
        if !actions.is_empty() {
            sealed.append(&actions);
        }
    }

    fn commit<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&Tx<'_>) -> std::result::Result<T, E>,
    ) -> std::result::Result<(T, Vec<ToSeal>, bool), E> {
        let tx = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(StoreError::from)?;
        let tx = Tx::over(tx);
        let done = work(&tx)?;
        let (to_seal, has_purged) = (tx.to_seal.take(), tx.has_purged.get());
        tx.tx.commit().map_err(StoreError::from)?;
        Ok((done, to_seal, has_purged))
    }

    /// Limits the file to its current size and `pages` more, as a full disk would.
    pub fn limit_growth(&mut self, pages: u32) -> Result<()> {
        let used: u32 = self
            .connection
            .pragma_query_value(None, "page_count", |row| row.get(0))?;
        self.connection
            .pragma_update(None, "max_page_count", used + pages)?;
        Ok(())
    }
}

fn parse<T: std::str::FromStr>(text: &str, what: &'static str) -> Result<T> {
    text.parse().map_err(|_| StoreError::Value(what))
}

#[cfg(test)]
mod tests {
    use super::*;
    use zeroize::Zeroizing;

    #[test]
    fn what_screens_ask_for_again_and_again_reads_no_documents() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), &Zeroizing::new([7; 32])).unwrap();
        for asked in cases::ASKED_OFTEN.iter().chain(&journal::ASKED_OFTEN) {
            let mut plan = store
                .connection
                .prepare(&format!("EXPLAIN QUERY PLAN {asked}"))
                .unwrap();
            let steps = plan.query_map([], |row| row.get::<_, String>(3)).unwrap();
            for step in steps {
                let step = step.unwrap();
                let reads_all = step.starts_with("SCAN") && !step.contains(" INDEX ");
                assert!(!reads_all, "{asked}: {step}");
            }
        }
    }
}
