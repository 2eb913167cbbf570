//! Where the server keeps its truth: SQLite in one file by default, PostgreSQL for many processes.
//!
//! All SQL of the server lives below this folder, written once for both. Every key begins with the
//! tenant, and every statement names it.

mod alarms;
mod cases;
mod custody;
mod devices;
mod duties;
mod journal;
mod lifts;
mod log;
mod packs;
mod people;
mod postgres;
mod sql;
mod sqlite;
mod uploads;
mod watch;

pub use alarms::{AlarmRow, AlarmStepRow, StepKind};
pub use cases::{CaseFilter, CasePage, FeedRow};
pub use custody::AsideRow;
pub use devices::{DeviceRow, DeviceState, EnrolmentError, NewDevice};
pub use duties::{DutyPlace, DutyRow};
pub use journal::ActivityRow;
pub use lifts::LiftRow;
pub use log::{HeadRow, LeafRow, Line};
pub use packs::PackRow;
pub use people::PersonRow;
pub use sqlite::Sqlite;
pub use uploads::{PartRow, UploadRow};
pub use watch::{DeliveryRow, WatchRow};

use doorstep_domain::{DeviceId, Epoch, Incarnation, Revision};
use ed25519_dalek::SigningKey;
use postgres::Postgres;
use sql::{Sql, values};
use std::cell::Cell;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use uuid::Uuid;

/// Whose data a row is. One server may serve several companies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant(String);

impl Tenant {
    /// A tenant by name: lower-case letters, digits and dashes.
    pub fn named(name: &str) -> Option<Self> {
        let is_plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
        let is_name = !name.is_empty()
            && name.len() <= 60
            && name.chars().all(|letter| is_plain(letter) || letter == '-');
        is_name.then(|| Self(name.to_owned()))
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.0
    }
}

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
    #[error("database")]
    Postgres(#[from] tokio_postgres::Error),
    #[error("connections to the database")]
    Pool(#[from] r2d2::Error),
    #[error("a stored document can't be read")]
    Document(#[from] serde_json::Error),
    #[error("a stored value can't be read: {0}")]
    Value(&'static str),
    #[error("file")]
    File(#[from] std::io::Error),
    #[error(transparent)]
    Randomness(#[from] crate::secrets::NoRandomness),
}

impl StoreError {
    /// Whether something stored can't be read, in a store that is otherwise well.
    pub const fn is_unreadable(&self) -> bool {
        matches!(self, Self::Document(_) | Self::Value(_))
    }
}

/// Shorthand for results of the store.
pub type Result<T> = std::result::Result<T, StoreError>;

/// Whether a transaction writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Read,
    Write,
}

/// What the two databases have in common.
trait Database: Send + Sync {
    /// Runs `work` in one transaction, and commits it if `work` says so.
    fn transaction(
        &self,
        tenant: &str,
        mode: Mode,
        work: &mut dyn FnMut(&dyn Sql) -> bool,
    ) -> Result<()>;

    /// The file behind it, where there is one.
    fn as_sqlite(&self) -> Option<&Sqlite> {
        None
    }
}

/// An open database.
pub struct Store {
    database: Arc<dyn Database>,
    tenant: Tenant,
    origin: OnceLock<Arc<Origin>>,
}

/// One transaction of one tenant.
pub struct Tx<'a> {
    sql: &'a dyn Sql,
    tenant: &'a str,
    origin: Option<&'a Arc<Origin>>,
    /// Where feed and log stand, once no other transaction can change that; see [`Self::enter`].
    entered: Cell<Option<Place>>,
}

/// Where feed and log stand.
#[derive(Debug, Clone, Copy)]
struct Place {
    epoch: Epoch,
    number: u64,
    leaves: u64,
}

const PLACE: &str = "SELECT epoch, number, leaves FROM head WHERE tenant = ?1";

/// The server's own identity, as the origin of what happens in the console.
pub struct Origin {
    pub device: DeviceId,
    pub incarnation: Incarnation,
    /// Signs the server's own actions, and its verdicts.
    pub key: SigningKey,
    /// Opens what was sealed to the server.
    pub seal_key: [u8; 32],
}

/// Runs `work` on a thread that may block. PostgreSQL's client panics on one that drives async tasks.
pub(crate) async fn aside<T, E>(
    work: impl FnOnce() -> std::result::Result<T, E> + Send + 'static,
) -> std::result::Result<T, E>
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(StoreError::Value("work that stopped half-way").into()))
}

impl Store {
    /// Opens or creates the database file at `path`.
    pub fn open(path: &Path, tenant: Tenant) -> Result<Self> {
        Self::over(Arc::new(Sqlite::open(path)?), tenant)
    }

    /// Connects to a PostgreSQL database, such as `postgres://user@host/doorstep`.
    pub fn connect(url: &str, tenant: Tenant) -> Result<Self> {
        Self::over(Arc::new(Postgres::open(url)?), tenant)
    }

    fn over(database: Arc<dyn Database>, tenant: Tenant) -> Result<Self> {
        let store = Self {
            database,
            tenant,
            origin: OnceLock::new(),
        };
        let origin = store.write(|tx| {
            tx.found()?;
            tx.read_origin()
        })?;
        // The cell was empty a line ago, and nobody else has the store yet.
        let _ = store.origin.set(Arc::new(origin));
        Ok(store)
    }

    /// The stores of all tenants in the file at `path`.
    pub fn all_in(path: &Path) -> Result<Vec<Self>> {
        let sqlite = Arc::new(Sqlite::open(path)?);
        let tenants = sqlite.tenants()?;
        let store = |tenant| Self::over(Arc::clone(&sqlite) as Arc<dyn Database>, tenant);
        tenants.into_iter().map(store).collect()
    }

    /// Where an attachment of this tenant is kept: two tenants may have the same bytes, each under a
    /// key of its own.
    pub fn attachment_name(&self, sha256: &str) -> String {
        format!("attachments/{}/{sha256}", self.tenant.0)
    }

    /// The same database for another tenant.
    pub fn of(&self, tenant: Tenant) -> Result<Self> {
        Self::over(Arc::clone(&self.database), tenant)
    }

    /// Whose data this store reads and writes.
    pub const fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// Runs `work` in a transaction that only reads, all of it as of one moment.
    pub fn read<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        self.run(Mode::Read, work)
    }

    /// Runs `work` in a transaction that writes; an error leaves no trace.
    pub fn write<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        self.run(Mode::Write, work)
    }

    /// [`Self::read`] for async code: on a thread that may block.
    pub async fn read_aside<T, E>(
        self: &Arc<Self>,
        work: impl FnOnce(&Tx<'_>) -> std::result::Result<T, E> + Send + 'static,
    ) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let store = Arc::clone(self);
        aside(move || store.read(work)).await
    }

    /// [`Self::write`] for async code: on a thread that may block.
    pub async fn write_aside<T, E>(
        self: &Arc<Self>,
        work: impl FnOnce(&Tx<'_>) -> std::result::Result<T, E> + Send + 'static,
    ) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let store = Arc::clone(self);
        aside(move || store.write(work)).await
    }

    /// The file behind the store; none with PostgreSQL, whose own tools back it up.
    pub fn as_sqlite(&self) -> Option<&Sqlite> {
        self.database.as_sqlite()
    }

    fn run<T, E: From<StoreError>>(
        &self,
        mode: Mode,
        work: impl FnOnce(&Tx<'_>) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        let (mut work, mut done) = (Some(work), None);
        let mut once = |sql: &dyn Sql| {
            let tx = Tx {
                sql,
                tenant: &self.tenant.0,
                origin: self.origin.get(),
                entered: Cell::new(None),
            };
            done = work.take().map(|work| work(&tx));
            matches!(done, Some(Ok(_)))
        };
        let ended = self.database.transaction(&self.tenant.0, mode, &mut once);
        match (done, ended) {
            // What the work itself ran into says more than that its transaction ended badly.
            (Some(Err(error)), _) => Err(error),
            (_, Err(error)) => Err(error.into()),
            (Some(done), Ok(())) => done,
            (None, Ok(())) => Err(StoreError::Value("transaction").into()),
        }
    }
}

/// Where the feed and the log stand after an action was given its place.
#[derive(Debug, Clone, Copy)]
pub struct Advance {
    pub epoch: Epoch,
    /// The new feed number; unchanged where the action leaves no trace on a case.
    pub number: u64,
    /// The place of its verdict in the log.
    pub leaf: u64,
}

impl Tx<'_> {
    /// Creates the tenant's head and origin where they are missing.
    fn found(&self) -> Result<()> {
        // Small: every line that a restore begins is larger, by the calendar if by nothing else.
        let epoch = u32::from_be_bytes(crate::secrets::random()?) >> 8;
        self.sql.execute(
            "INSERT INTO head (tenant, epoch, number) VALUES (?1, ?2, 0)
             ON CONFLICT (tenant) DO NOTHING",
            &values![self.tenant, epoch],
        )?;
        self.sql.execute(
            "INSERT INTO origin (tenant, device, incarnation, secret_key, seal_key)
             VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (tenant) DO NOTHING",
            &values![
                self.tenant,
                Uuid::now_v7().to_string(),
                Uuid::now_v7().to_string(),
                crate::secrets::random::<32>()?.as_slice(),
                crate::secrets::random::<32>()?.as_slice()
            ],
        )?;
        // A database of the first schema has no key yet for what is sealed.
        let empty: &[u8] = &[];
        self.sql.execute(
            "UPDATE origin SET seal_key = ?2 WHERE tenant = ?1 AND seal_key = ?3",
            &values![
                self.tenant,
                crate::secrets::random::<32>()?.as_slice(),
                empty
            ],
        )?;
        Ok(())
    }

    /// The position after everything that is committed.
    pub fn head(&self) -> Result<Revision> {
        let place = match self.entered.get() {
            Some(place) => place,
            None => self.place(PLACE)?,
        };
        Ok(Revision {
            epoch: place.epoch,
            number: place.number,
        })
    }

    fn place(&self, statement: &str) -> Result<Place> {
        let row = self
            .sql
            .first(statement, &values![self.tenant])?
            .ok_or(StoreError::Value("head"))?;
        Ok(Place {
            epoch: Epoch(row.int(0)?),
            number: row.int(1)?,
            leaves: row.int(2)?,
        })
    }

    /// Makes this the only transaction of the tenant that gives out positions, until it ends.
    ///
    /// The head row is locked before anything is judged: positions become visible in their order,
    /// and what is judged has seen everything before it. With one writer there is nothing to lock.
    /// Whoever looks something up and then acts by it enters before they look.
    pub fn enter(&self) -> Result<()> {
        if self.entered.get().is_none() {
            let locked = self.place(&format!("{PLACE}{}", self.sql.lock_clause()))?;
            self.entered.set(Some(locked));
        }
        Ok(())
    }

    /// Gives an action its place: a leaf in the log, and a feed number where it changes a case.
    pub fn advance(&self, changes_a_case: bool) -> Result<Advance> {
        self.enter()?;
        let before = self.entered.get().ok_or(StoreError::Value("head"))?;
        let place = Place {
            epoch: before.epoch,
            number: before.number + u64::from(changes_a_case),
            leaves: before.leaves + 1,
        };
        self.sql.put(
            "UPDATE head SET number = ?2, leaves = ?3 WHERE tenant = ?1",
            &values![self.tenant, place.number, place.leaves],
        )?;
        self.entered.set(Some(place));
        Ok(Advance {
            epoch: place.epoch,
            number: place.number,
            leaf: before.leaves,
        })
    }

    /// The server's own identity.
    pub fn origin(&self) -> Result<&Arc<Origin>> {
        self.origin.ok_or(StoreError::Value("origin"))
    }

    fn read_origin(&self) -> Result<Origin> {
        let mut row = self
            .sql
            .first(
                "SELECT device, incarnation, secret_key, seal_key FROM origin WHERE tenant = ?1",
                &values![self.tenant],
            )?
            .ok_or(StoreError::Value("origin"))?;
        let secret = |bytes: Vec<u8>| <[u8; 32]>::try_from(bytes);
        let unreadable = |_| StoreError::Value("origin key");
        Ok(Origin {
            device: row.parsed(0, "origin device")?,
            incarnation: row.parsed(1, "origin incarnation")?,
            key: SigningKey::from_bytes(&secret(row.bytes(2)?).map_err(unreadable)?),
            seal_key: secret(row.bytes(3)?).map_err(unreadable)?,
        })
    }

    /// Runs `work` in a savepoint: an error undoes this part and leaves the rest.
    pub fn apart<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce() -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        self.sql.batch("SAVEPOINT part")?;
        let before = self.entered.get();
        let done = work();
        let end = match done {
            Ok(_) => "RELEASE SAVEPOINT part",
            Err(_) => {
                self.entered.set(before);
                "ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part"
            }
        };
        self.sql.batch(end)?;
        done
    }
}
