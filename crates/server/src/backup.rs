//! Backup and restore. A backup is made while the server runs, and verified before it counts; it is
//! what lets devices drop what they hold. A restore begins a new history line.

use crate::export::root_of_log;
use crate::log::{Log, is_signed_head, leaf_of};
use crate::store::{HeadRow, Store, StoreError, Tenant, Tx};
use chrono::{DateTime, Utc};
use doorstep_domain::Epoch;
use doorstep_protocol::chain::Sign as _;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Epochs count seconds from here, 2020-01-01, where nothing else says how far they are.
const CALENDAR_BEGINS: i64 = 1_577_836_800;

/// Why there is no backup, or no restore. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("`{0}` exists already; a backup never replaces another")]
    Exists(PathBuf),
    #[error("`{0}` is no backup, or a damaged one: {1}")]
    Damaged(PathBuf, String),
    #[error("`{0}` is in use; stop the server first")]
    InUse(PathBuf),
    #[error("`pg_dump` did not succeed: {0}")]
    Dump(String),
    #[error("read or write a file")]
    File(#[from] std::io::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a backup is, and what it covers of each tenant in it.
#[derive(Debug, Serialize)]
pub struct BackupReport {
    pub bytes: u64,
    pub tenants: Vec<TenantReport>,
}

/// What a backup covers of one tenant.
#[derive(Debug, Serialize)]
pub struct TenantReport {
    pub tenant: String,
    pub epoch: Epoch,
    /// Verdicts of this epoch that it covers; devices may now drop these.
    pub verdicts: u64,
    pub cases: u32,
    /// The tree hash over its log, in hex.
    pub log_root: String,
}

/// Backs the SQLite database up to `to`, verifies the copy, and moves *durable* for every tenant in
/// it.
pub fn backup(store: &Store, to: &Path, now: DateTime<Utc>) -> Result<BackupReport, BackupError> {
    if to.exists() {
        return Err(BackupError::Exists(to.to_owned()));
    }
    let Some(sqlite) = store.as_sqlite() else {
        return Err(BackupError::Dump("no address of a database".into()));
    };
    let partial = to.with_extension("partial");
    if partial.exists() {
        std::fs::remove_file(&partial)?;
    }
    sqlite.copy_to(&partial)?;
    let report = inspect(&partial)?;
    for suffix in ["-wal", "-shm"] {
        let beside = PathBuf::from(format!("{}{suffix}", partial.display()));
        if beside.exists() {
            std::fs::remove_file(beside)?;
        }
    }
    std::fs::File::open(&partial)?.sync_all()?;
    std::fs::rename(&partial, to)?;
    sync_folder(to)?;
    for covered in &report.tenants {
        let tenant = Tenant::named(&covered.tenant).ok_or(StoreError::Value("tenant"))?;
        let move_durable = |tx: &Tx<'_>| tx.set_durable(covered.epoch, covered.verdicts, now);
        match tenant == *store.tenant() {
            true => store.write(move_durable)?,
            false => store.of(tenant)?.write(move_durable)?,
        }
    }
    Ok(report)
}

/// Backs the store's tenant of a PostgreSQL database up with `pg_dump`, and moves *durable*.
pub fn dump(
    store: &Store,
    url: &str,
    to: &Path,
    now: DateTime<Utc>,
) -> Result<BackupReport, BackupError> {
    if to.exists() {
        return Err(BackupError::Exists(to.to_owned()));
    }
    // What is committed now is in the dump, which begins later.
    let covered = covered(store)?;
    let output = Command::new("pg_dump")
        .args(["--format=custom", "--enable-row-security", "--file"])
        .arg(to)
        .arg(url)
        .env(
            "PGOPTIONS",
            format!("-c doorstep.tenant={}", covered.tenant),
        )
        .output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(BackupError::Dump(said));
    }
    let listed = Command::new("pg_restore").arg("--list").arg(to).output()?;
    if !listed.status.success() {
        return Err(BackupError::Damaged(
            to.to_owned(),
            "pg_restore can't list it".into(),
        ));
    }
    std::fs::File::open(to)?.sync_all()?;
    sync_folder(to)?;
    store.write(|tx| tx.set_durable(covered.epoch, covered.verdicts, now))?;
    Ok(BackupReport {
        bytes: std::fs::metadata(to)?.len(),
        tenants: vec![covered],
    })
}

fn sync_folder(of: &Path) -> Result<(), BackupError> {
    let folder = of.parent().filter(|folder| !folder.as_os_str().is_empty());
    std::fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(())
}

/// Opens a backup, and checks that it is whole: pages, log, and the heads that were published.
fn inspect(file: &Path) -> Result<BackupReport, BackupError> {
    let damaged = |why: &str| BackupError::Damaged(file.to_owned(), why.to_owned());
    let connection =
        rusqlite::Connection::open_with_flags(file, rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE)
            .map_err(StoreError::from)?;
    let check: Result<String, _> =
        connection.query_row("PRAGMA integrity_check", [], |row| row.get(0));
    match check.as_deref() {
        Ok("ok") => {}
        _ => return Err(damaged("its pages contradict each other")),
    }
    drop(connection);
    let tenants = Store::all_in(file)?;
    if tenants.is_empty() {
        return Err(damaged("nobody has data in it"));
    }
    for store in &tenants {
        let (heads, verdicts, key) = store.read(|tx| {
            let heads = tx.log_heads(tx.head()?.epoch)?;
            let key = tx.origin()?.key.verifying_key();
            Ok::<_, StoreError>((heads, tx.leaf_count()?, key))
        })?;
        let is_published = |head: &HeadRow| is_signed_head(head, &key) && head.size <= verdicts;
        if !heads.iter().all(is_published) {
            return Err(damaged("a published head is not of this log"));
        }
    }
    Ok(BackupReport {
        bytes: std::fs::metadata(file)?.len(),
        tenants: tenants.iter().map(covered).collect::<Result<_, _>>()?,
    })
}

/// What a store holds at this moment.
fn covered(store: &Store) -> Result<TenantReport, StoreError> {
    store.read(|tx| {
        let epoch = tx.head()?.epoch;
        Ok(TenantReport {
            tenant: store.tenant().name().to_owned(),
            epoch,
            verdicts: tx.leaf_count()?,
            cases: tx.count_cases()?,
            log_root: root_of_log(tx, epoch)?,
        })
    })
}

/// What a restore did.
#[derive(Debug, Serialize)]
pub struct RestoreReport {
    pub backup: BackupReport,
    /// The new history line of each tenant: devices hand back what the backup does not have.
    pub new_epochs: BTreeMap<String, Epoch>,
    /// Where the database that was there is now; none where there was none.
    pub kept: Option<PathBuf>,
}

/// Puts a backup in the place of the database `file`, which is kept beside it.
pub fn restore(from: &Path, file: &Path, now: DateTime<Utc>) -> Result<RestoreReport, BackupError> {
    if !from.exists() {
        return Err(BackupError::Damaged(
            from.to_owned(),
            "it does not exist".into(),
        ));
    }
    // The backup is inspected as a copy: looking at it must not change it.
    let fresh = file.with_extension("restoring");
    std::fs::copy(from, &fresh)?;
    let backup = inspect(&fresh).map_err(|error| match error {
        BackupError::Damaged(_, why) => BackupError::Damaged(from.to_owned(), why),
        _ => BackupError::Damaged(from.to_owned(), "it can't be opened".into()),
    })?;
    let kept = set_aside(file, now)?;
    move_database(&fresh, file)?;
    let mut new_epochs = BTreeMap::new();
    for store in Store::all_in(file)? {
        let epoch = begin_epoch(&store, beside(file, store.tenant()), now)?;
        let head = store.write(|tx| Log::default().publish(tx, now))?;
        note_beside(file, store.tenant(), &head)?;
        new_epochs.insert(store.tenant().name().to_owned(), epoch);
    }
    Ok(RestoreReport {
        backup,
        new_epochs,
        kept,
    })
}

/// Moves the database that is there out of the way, unless somebody uses it.
fn set_aside(file: &Path, now: DateTime<Utc>) -> Result<Option<PathBuf>, BackupError> {
    if !file.exists() {
        return Ok(None);
    }
    if is_in_use(file) {
        return Err(BackupError::InUse(file.to_owned()));
    }
    let aside = file.with_extension(format!("before-{}", now.format("%Y%m%dT%H%M%SZ")));
    move_database(file, &aside)?;
    Ok(Some(aside))
}

/// Whether another process has the database open: it can't leave the write-ahead log then. A file
/// that can't be opened at all is nobody's, and may be why there is a restore.
fn is_in_use(file: &Path) -> bool {
    let left_log = rusqlite::Connection::open(file).and_then(|connection| {
        connection.busy_timeout(Duration::ZERO)?;
        connection.pragma_update_and_check(None, "journal_mode", "DELETE", |row| {
            row.get::<_, String>(0)
        })
    });
    match left_log {
        Ok(mode) => mode == "wal",
        Err(error) => error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy),
    }
}

/// Moves a database with what lies beside it; the file itself last.
fn move_database(from: &Path, to: &Path) -> Result<(), BackupError> {
    for suffix in ["-wal", "-shm", ""] {
        let of = |path: &Path| PathBuf::from(format!("{}{suffix}", path.display()));
        if of(from).exists() {
            std::fs::rename(of(from), of(to))?;
        }
    }
    Ok(())
}

/// Begins a new history line, whose log begins with the last published head of the one before.
pub fn begin_epoch(
    store: &Store,
    beside: Option<HeadRow>,
    now: DateTime<Utc>,
) -> Result<Epoch, BackupError> {
    // Larger than any epoch that this server ever had, also one that the backup does not know of:
    // by what lies beside the database, and by the calendar should that be lost.
    let known = beside.as_ref().map_or(0, |head| head.epoch.0);
    let today = u32::try_from(now.timestamp() - CALENDAR_BEGINS).unwrap_or_default();
    Ok(store.write(|tx| {
        tx.enter()?;
        let before = tx.head()?.epoch;
        let fresh = Epoch(before.0.max(known).max(today) + 1);
        let known = tx.log_heads(before)?.pop();
        let last = match (beside.filter(|head| head.epoch == before), known) {
            (Some(beside), Some(known)) if known.size > beside.size => Some(known),
            (Some(beside), _) => Some(beside),
            (None, known) => known,
        };
        let statement = serde_json::json!({
            "doorstep": "epoch 1",
            "epoch": fresh.0,
            "before": before.0,
            "last_head": last,
            "at_ms": now.timestamp_millis(),
        })
        .to_string();
        let signature = tx.origin()?.key.sign_hash(&leaf_of(&statement));
        tx.begin_epoch(fresh)?;
        tx.append_first_leaf(fresh, &statement, &signature)?;
        Ok::<_, StoreError>(fresh)
    })?)
}

fn beside_file(file: &Path, tenant: &Tenant) -> PathBuf {
    file.with_file_name(format!("published-head-{}.json", tenant.name()))
}

/// The last head that was published from the database `file`, as noted beside it and not in it:
/// what a restored file can't know.
pub fn beside(file: &Path, tenant: &Tenant) -> Option<HeadRow> {
    serde_json::from_slice(&std::fs::read(beside_file(file, tenant)).ok()?).ok()
}

/// Notes a published head beside the database.
pub fn note_beside(file: &Path, tenant: &Tenant, head: &HeadRow) -> Result<(), BackupError> {
    let path = beside_file(file, tenant);
    let partial = path.with_extension("partial");
    std::fs::write(
        &partial,
        serde_json::to_vec_pretty(head).map_err(StoreError::from)?,
    )?;
    Ok(std::fs::rename(partial, path)?)
}

/// Whether the database is older than what was published from it: somebody put an old file back
/// without `restore`. Then a new history line must begin before any device is answered.
pub fn was_replaced(store: &Store, beside: Option<&HeadRow>) -> Result<bool, StoreError> {
    let Some(beside) = beside else {
        return Ok(false);
    };
    store.read(|tx| {
        let head = tx.head()?;
        Ok(match head.epoch == beside.epoch {
            true => tx.leaf_count()? < beside.size,
            // A newer line than the one noted is this server's own doing; an older one is not.
            false => head.epoch.0 < beside.epoch.0,
        })
    })
}
