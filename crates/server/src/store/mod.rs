//! Where the server keeps its truth: SQLite, one file, no set-up.
//!
//! All SQL of the server lives below this folder. Every statement names the tenant.

mod cases;
mod devices;
mod journal;
mod people;

pub use cases::{CaseFilter, CasePage};
pub use devices::{DeviceRow, EnrolmentError, NewDevice};
pub use journal::{ActivityRow, JournalRow};
pub use people::PersonRow;

use doorstep_domain::{DeviceId, Epoch, Incarnation, Revision};
use ed25519_dalek::SigningKey;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use rusqlite_migration::{M, Migrations};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use uuid::Uuid;

/// Whose data a row is. One server may serve several companies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant(pub String);

impl Default for Tenant {
    fn default() -> Self {
        Self("main".into())
    }
}

/// Why the store can't do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the SQLite library is {found}, older than {needed}, and can lose committed writes")]
    OldSqlite { found: String, needed: &'static str },
    #[error("bring the database up to date")]
    Migration(#[from] rusqlite_migration::Error),
    #[error("database")]
    Sqlite(#[from] rusqlite::Error),
    #[error("a stored document can't be read")]
    Document(#[from] serde_json::Error),
    #[error("a stored value can't be read: {0}")]
    Value(&'static str),
    #[error(transparent)]
    Randomness(#[from] crate::secrets::NoRandomness),
}

/// Shorthand for results of the store.
pub type Result<T> = std::result::Result<T, StoreError>;

/// WAL-reset race fixed here; older libraries can lose committed writes.
const SQLITE_VERSION_MIN: (i32, &str) = (3_051_003, "3.51.3");

/// An open database.
pub struct Store {
    connection: Mutex<Connection>,
    tenant: Tenant,
}

/// One transaction of one tenant.
pub struct Tx<'a> {
    tx: Transaction<'a>,
    tenant: &'a str,
}

/// The server's own identity, as the origin of what happens in the console.
pub struct Origin {
    pub device: DeviceId,
    pub incarnation: Incarnation,
    pub key: SigningKey,
}

impl Store {
    /// Opens or creates the database at `path`.
    pub fn open(path: &Path, tenant: Tenant) -> Result<Self> {
        if rusqlite::version_number() < SQLITE_VERSION_MIN.0 {
            return Err(StoreError::OldSqlite {
                found: rusqlite::version().to_owned(),
                needed: SQLITE_VERSION_MIN.1,
            });
        }
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(10))?;
        // Few, wide rows: larger pages take half the bytes and time.
        connection.pragma_update(None, "page_size", 16_384)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        Migrations::new(vec![M::up(include_str!("../../migrations/0001_first.sql"))])
            .to_latest(&mut connection)?;
        let store = Self {
            connection: Mutex::new(connection),
            tenant,
        };
        store.write(|tx| tx.found())?;
        Ok(store)
    }

    /// Runs `work` in a transaction that only reads.
    pub fn read<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        let mut connection = self.lock();
        let tx = connection.transaction().map_err(StoreError::from)?;
        work(&Tx {
            tx,
            tenant: &self.tenant.0,
        })
    }

    /// Runs `work` in a transaction of the one writer; an error leaves no trace.
    pub fn write<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        let mut connection = self.lock();
        let tx = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(StoreError::from)?;
        let tx = Tx {
            tx,
            tenant: &self.tenant.0,
        };
        let done = work(&tx)?;
        tx.tx.commit().map_err(StoreError::from)?;
        Ok(done)
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        // A panic in another request rolled its transaction back: the connection is sound.
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tx<'_> {
    /// Creates the tenant's head and origin where they are missing.
    fn found(&self) -> Result<()> {
        let epoch = u32::from_be_bytes(crate::secrets::random()?) >> 1;
        self.tx.execute(
            "INSERT INTO head (tenant, epoch, number) VALUES (?1, ?2, 0) ON CONFLICT DO NOTHING",
            params![self.tenant, epoch],
        )?;
        self.tx.execute(
            "INSERT INTO origin (tenant, device, incarnation, secret_key) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO NOTHING",
            params![
                self.tenant,
                Uuid::now_v7().to_string(),
                Uuid::now_v7().to_string(),
                crate::secrets::random::<32>()?.as_slice()
            ],
        )?;
        Ok(())
    }

    /// The position after everything that is committed.
    pub fn head(&self) -> Result<Revision> {
        let head = self.tx.query_row(
            "SELECT epoch, number FROM head WHERE tenant = ?1",
            [self.tenant],
            |row| {
                Ok(Revision {
                    epoch: Epoch(row.get(0)?),
                    number: row.get(1)?,
                })
            },
        )?;
        Ok(head)
    }

    /// Takes the next position. The single writer makes positions visible in their order.
    pub fn next_revision(&self) -> Result<Revision> {
        let next = self.tx.query_row(
            "UPDATE head SET number = number + 1 WHERE tenant = ?1 RETURNING epoch, number",
            [self.tenant],
            |row| {
                Ok(Revision {
                    epoch: Epoch(row.get(0)?),
                    number: row.get(1)?,
                })
            },
        )?;
        Ok(next)
    }

    /// The server's own identity.
    pub fn origin(&self) -> Result<Origin> {
        let (device, incarnation, secret): (String, String, Vec<u8>) = self.tx.query_row(
            "SELECT device, incarnation, secret_key FROM origin WHERE tenant = ?1",
            [self.tenant],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        let secret: [u8; 32] = secret
            .try_into()
            .map_err(|_| StoreError::Value("origin key"))?;
        Ok(Origin {
            device: parse(&device, "origin device")?,
            incarnation: parse(&incarnation, "origin incarnation")?,
            key: SigningKey::from_bytes(&secret),
        })
    }

    /// Runs `work` in a savepoint: an error undoes this part and leaves the rest.
    pub fn apart<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce() -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        self.tx
            .execute_batch("SAVEPOINT part")
            .map_err(StoreError::from)?;
        let done = work();
        let end = match done {
            Ok(_) => "RELEASE part",
            Err(_) => "ROLLBACK TO part; RELEASE part",
        };
        self.tx.execute_batch(end).map_err(StoreError::from)?;
        done
    }
}

fn parse<T: std::str::FromStr>(text: &str, what: &'static str) -> Result<T> {
    text.parse().map_err(|_| StoreError::Value(what))
}

fn optional<T>(row: rusqlite::Result<T>) -> Result<Option<T>> {
    Ok(row.optional()?)
}
