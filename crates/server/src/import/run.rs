//! The import itself: check everything first, then write in one transaction.

use super::account::{self, Cells};
use super::table::{self, FileError, Table};
use super::{Mapping, MappingError, RowError};
use crate::intake::{OwnAction, act};
use crate::store::{StoreError, Tx};
use chrono::{DateTime, Utc};
use doorstep_domain::action::OpeningFacts;
use doorstep_domain::policy::Policies;
use doorstep_domain::{CaseId, Change, Role, UserId};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// What to import, and how strictly.
pub struct ImportOrder<'a> {
    pub bytes: &'a [u8],
    pub mapping: &'a Mapping,
    /// Check and count, write nothing.
    pub dry_run: bool,
    /// Take the rows that are right although others are wrong.
    pub accept_good_rows: bool,
    pub actor: UserId,
    pub role: Role,
}

/// What an import did, or would do.
#[derive(Debug, Clone, Serialize, ToSchema, ts_rs::TS)]
pub struct ImportReport {
    /// Rows in the file, the heading aside.
    pub rows: u32,
    /// Rows that the mapping selects as cases.
    pub selected: u32,
    pub opened: u32,
    pub updated: u32,
    pub unchanged: u32,
    /// All wrong rows; the list below may be shorter.
    pub wrong: u32,
    pub errors: Vec<RowError>,
    pub dry_run: bool,
    /// Whether anything was written: false for a dry run, and where wrong rows stopped it.
    pub written: bool,
}

/// Why an import could not even be tried.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error(transparent)]
    Mapping(#[from] MappingError),
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A report lists at most this many wrong rows; it counts all of them.
const ERRORS_LISTED_MAX: usize = 200;

type Accounts = Vec<(CaseId, OpeningFacts)>;

/// Imports a file inside the caller's transaction.
pub fn import(
    tx: &Tx<'_>,
    order: &ImportOrder<'_>,
    policies: &Policies,
    now: DateTime<Utc>,
) -> Result<ImportReport, ImportError> {
    let table = table::read(order.bytes, order.mapping.encoding)?;
    let mut errors = heading_errors(&table, order.mapping);
    let rows = u32::try_from(table.rows.len() + table.errors.len()).unwrap_or(u32::MAX);
    let accounts = match errors.is_empty() {
        true => {
            errors.extend(table.errors.iter().cloned());
            check_rows(&table, order.mapping, &mut errors)
        }
        false => Accounts::new(),
    };
    errors.sort_by_key(|error| error.row);
    let is_file_wrong = errors.first().is_some_and(|error| error.row == 0);
    let stopped = is_file_wrong || (!errors.is_empty() && !order.accept_good_rows);
    let mut report = ImportReport {
        rows,
        selected: u32::try_from(accounts.len()).unwrap_or(u32::MAX),
        opened: 0,
        updated: 0,
        unchanged: 0,
        wrong: u32::try_from(errors.len()).unwrap_or(u32::MAX),
        errors,
        dry_run: order.dry_run,
        written: !order.dry_run && !stopped,
    };
    report.errors.truncate(ERRORS_LISTED_MAX);
    if stopped {
        return Ok(report);
    }
    if !order.dry_run {
        // Before anything is looked up: somebody else may be importing the same file.
        tx.enter()?;
    }
    for (case, facts) in accounts {
        let hash = hex::encode(Sha256::digest(
            serde_json::to_vec(&facts).map_err(StoreError::from)?,
        ));
        let change = match tx.imported_hash(case)? {
            Some(known) if known == hash => {
                report.unchanged += 1;
                continue;
            }
            Some(_) => {
                report.updated += 1;
                Change::ReplaceBalance {
                    balance: facts.balance,
                    months_overdue: facts.account.months_overdue,
                    gentler_attempts: facts.account.gentler_attempts,
                }
            }
            None => {
                report.opened += 1;
                Change::OpenCase {
                    facts: Box::new(facts),
                }
            }
        };
        if !order.dry_run {
            let own = OwnAction {
                actor: order.actor,
                role: order.role,
                case,
                change,
                seen: None,
            };
            act(tx, own, policies, now)?;
            tx.put_imported_hash(case, &hash)?;
        }
    }
    Ok(report)
}

/// Columns that the mapping reads and the file lacks, and columns that the mapping does not know.
fn heading_errors(table: &Table, mapping: &Mapping) -> Vec<RowError> {
    let found: BTreeSet<&str> = table.headings.iter().map(String::as_str).collect();
    let read: BTreeSet<&str> = mapping.headings().collect();
    let ignored: BTreeSet<&str> = mapping.ignored.iter().map(String::as_str).collect();
    let missing = read.difference(&found).map(|heading| {
        RowError::new(
            0,
            Some(heading),
            "column.missing",
            "The mapping reads this column and the file does not have it.",
        )
    });
    let unknown = found.iter().filter(|heading| !read.contains(*heading) && !ignored.contains(*heading)).map(|heading| {
        RowError::new(
            0,
            Some(heading),
            "column.unknown",
            "The mapping does not know this column; list it under `ignored` if it is not needed.",
        )
    });
    missing.chain(unknown).collect()
}

fn check_rows(table: &Table, mapping: &Mapping, errors: &mut Vec<RowError>) -> Accounts {
    let mut accounts = Accounts::new();
    let mut seen = BTreeSet::new();
    let reference_at = table
        .headings
        .iter()
        .position(|heading| *heading == mapping.columns.reference);
    for (row, cells) in &table.rows {
        let reference = reference_at
            .and_then(|at| cells.get(at))
            .filter(|text| !text.is_empty());
        if reference.is_some_and(|reference| !seen.insert(reference)) {
            errors.push(RowError::new(
                *row,
                Some(&mapping.columns.reference),
                "account.duplicate",
                "The same account stands above in this file.",
            ));
            continue;
        }
        match account::read(&Cells::of(table, *row, cells), mapping) {
            Ok(Some(account)) => accounts.push(account),
            Ok(None) => {}
            Err(error) => errors.push(error),
        }
    }
    accounts
}
