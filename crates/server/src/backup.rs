//! Backup and restore. A backup is made while the server runs, and verified before it counts; it is
//! what lets devices drop what they hold. A restore begins a new history line.

use crate::export::root_of_log;
use crate::log::{Log, is_signed_head, leaf_of};
use crate::store::{HeadRow, Store, StoreError, Tenant};
use chrono::{DateTime, Utc};
use doorstep_domain::Epoch;
use doorstep_protocol::chain::Sign as _;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The last published head, beside the database and not in it: what a restored file can't know.
const BESIDE: &str = "published-head.json";

/// Epochs count seconds from here, 2020-01-01, where nothing else says how far they are.
const CALENDAR_BEGINS: i64 = 1_577_836_800;

/// Why there is no backup, or no restore. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("`{0}` exists already; a backup never replaces another")]
    Exists(PathBuf),
    #[error("`{0}` is no backup, or a damaged one: {1}")]
    Damaged(PathBuf, String),
    #[error("`pg_dump` did not succeed: {0}")]
    Dump(String),
    #[error("read or write a file")]
    File(#[from] std::io::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a backup covers.
#[derive(Debug, Serialize)]
pub struct BackupReport {
    pub epoch: Epoch,
    /// Verdicts of this epoch that it covers; devices may now drop these.
    pub verdicts: u64,
    pub cases: u32,
    pub bytes: u64,
    /// The tree hash over its log, in hex.
    pub log_root: String,
}

/// Backs the SQLite database up to `to`, verifies the copy, and moves *durable*.
pub fn backup(store: &Store, to: &Path, now: DateTime<Utc>) -> Result<BackupReport, BackupError> {
    if to.exists() {
        return Err(BackupError::Exists(to.to_owned()));
    }
    let report = match store.as_sqlite() {
        Some(sqlite) => {
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
            report
        }
        None => return Err(BackupError::Dump("no address of a database".into())),
    };
    store.write(|tx| tx.set_durable(report.epoch, report.verdicts, now))?;
    Ok(report)
}

/// Backs a tenant of a PostgreSQL database up with `pg_dump`, and moves *durable*.
pub fn dump(
    store: &Store,
    url: &str,
    tenant: &str,
    to: &Path,
    now: DateTime<Utc>,
) -> Result<BackupReport, BackupError> {
    if to.exists() {
        return Err(BackupError::Exists(to.to_owned()));
    }
    // What is committed now is in the dump, which begins later.
    let (epoch, verdicts, cases) = store
        .read(|tx| Ok::<_, StoreError>((tx.head()?.epoch, tx.leaf_count()?, tx.count_cases()?)))?;
    let log_root = store.read(|tx| root_of_log(tx, epoch))?;
    let output = Command::new("pg_dump")
        .args(["--format=custom", "--enable-row-security", "--file"])
        .arg(to)
        .arg(url)
        .env("PGOPTIONS", format!("-c doorstep.tenant={tenant}"))
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
    store.write(|tx| tx.set_durable(epoch, verdicts, now))?;
    Ok(BackupReport {
        epoch,
        verdicts,
        cases,
        bytes: std::fs::metadata(to)?.len(),
        log_root,
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
    let store = Store::open(file, Tenant::default())?;
    let report = store.read(|tx| {
        let head = tx.head()?;
        let key = tx.origin()?.key.verifying_key();
        let verdicts = tx.leaf_count()?;
        let heads = tx.log_heads(head.epoch)?;
        let log_root = root_of_log(tx, head.epoch)?;
        let is_published = |head: &HeadRow| is_signed_head(head, &key) && head.size <= verdicts;
        if !heads.iter().all(is_published) {
            return Err(damaged("a published head is not of this log"));
        }
        Ok(BackupReport {
            epoch: head.epoch,
            verdicts,
            cases: tx.count_cases()?,
            bytes: std::fs::metadata(file)?.len(),
            log_root,
        })
    })?;
    drop(store);
    Ok(report)
}

/// What a restore did.
#[derive(Debug, Serialize)]
pub struct RestoreReport {
    pub backup: BackupReport,
    /// The new history line: devices hand back what the backup does not have.
    pub new_epoch: Epoch,
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
    let mut kept = None;
    if file.exists() {
        let aside = file.with_extension(format!("before-{}", now.format("%Y%m%dT%H%M%SZ")));
        for suffix in ["", "-wal", "-shm"] {
            let (old, new) = (
                PathBuf::from(format!("{}{suffix}", file.display())),
                PathBuf::from(format!("{}{suffix}", aside.display())),
            );
            if old.exists() {
                std::fs::rename(old, new)?;
            }
        }
        kept = Some(aside);
    }
    for suffix in ["-wal", "-shm", ""] {
        let old = PathBuf::from(format!("{}{suffix}", fresh.display()));
        if old.exists() {
            std::fs::rename(old, format!("{}{suffix}", file.display()))?;
        }
    }
    let store = Store::open(file, Tenant::default())?;
    let new_epoch = begin_epoch(&store, beside(file), now)?;
    let head = store.write(|tx| Log::default().publish(tx, now))?;
    note_beside(file, &head)?;
    Ok(RestoreReport {
        backup,
        new_epoch,
        kept,
    })
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

fn beside_file(file: &Path) -> PathBuf {
    file.with_file_name(BESIDE)
}

/// The last head that was published from the database `file`, as noted beside it.
pub fn beside(file: &Path) -> Option<HeadRow> {
    serde_json::from_slice(&std::fs::read(beside_file(file)).ok()?).ok()
}

/// Notes a published head beside the database.
pub fn note_beside(file: &Path, head: &HeadRow) -> Result<(), BackupError> {
    let path = beside_file(file);
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
