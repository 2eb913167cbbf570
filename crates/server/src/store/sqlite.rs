//! SQLite: the embedded default, one file, no set-up. One writer, several readers.

use super::sql::{Row, Sql, Value};
use super::{Database, Mode, Result, StoreError, Tenant};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, TransactionBehavior, params_from_iter};
use rusqlite_migration::{M, Migrations};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// WAL-reset race fixed here; older libraries can lose committed writes.
const SQLITE_VERSION_MIN: (i32, &str) = (3_051_003, "3.51.3");
const READERS_KEPT: usize = 8;

/// An open database file.
pub struct Sqlite {
    path: PathBuf,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
}

impl Sqlite {
    /// Opens or creates the file, and brings it up to date.
    pub fn open(path: &Path) -> Result<Self> {
        if rusqlite::version_number() < SQLITE_VERSION_MIN.0 {
            return Err(StoreError::OldSqlite {
                found: rusqlite::version().to_owned(),
                needed: SQLITE_VERSION_MIN.1,
            });
        }
        let mut writer = connect(path)?;
        Migrations::new(vec![
            M::up(include_str!("../../migrations/sqlite/0001_first.sql")),
            M::up(include_str!("../../migrations/sqlite/0002_full_sync.sql")),
            M::up(include_str!("../../migrations/sqlite/0003_lineage.sql")),
            M::up(include_str!("../../migrations/sqlite/0004_gate.sql")),
            M::up(include_str!("../../migrations/sqlite/0005_packs.sql")),
            M::up(include_str!("../../migrations/sqlite/0006_duties.sql")),
            M::up(include_str!(
                "../../migrations/sqlite/0007_journal_by_case.sql"
            )),
            M::up(include_str!("../../migrations/sqlite/0008_flags.sql")),
            M::up(include_str!("../../migrations/sqlite/0009_credentials.sql")),
        ])
        .to_latest(&mut writer)?;
        Ok(Self {
            path: path.to_owned(),
            writer: Mutex::new(writer),
            readers: Mutex::new(Vec::new()),
        })
    }

    /// Copies the database, as of one moment, while it is in use.
    pub fn copy_to(&self, path: &Path) -> Result<()> {
        let reader = self.reader()?;
        reader.execute("VACUUM INTO ?1", [path.to_string_lossy()])?;
        self.keep(reader);
        Ok(())
    }

    /// All who have data in this file: an operator's view, which no request has.
    pub fn tenants(&self) -> Result<Vec<Tenant>> {
        let reader = self.reader()?;
        let names = reader
            .prepare("SELECT tenant FROM head ORDER BY tenant")?
            .query_map([], |row| row.get(0))?
            .collect::<std::result::Result<Vec<String>, _>>()?;
        self.keep(reader);
        let tenant = |name: String| Tenant::named(&name).ok_or(StoreError::Value("tenant"));
        names.into_iter().map(tenant).collect()
    }

    fn reader(&self) -> Result<Connection> {
        let idle = lock(&self.readers).pop();
        idle.map_or_else(|| connect(&self.path), Ok)
    }

    fn keep(&self, reader: Connection) {
        let mut readers = lock(&self.readers);
        if readers.len() < READERS_KEPT {
            readers.push(reader);
        }
    }
}

fn connect(path: &Path) -> Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    // Few, wide rows: larger pages take half the bytes and time.
    connection.pragma_update(None, "page_size", 16_384)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(connection)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // A panic in another request rolled its transaction back: the connection is sound.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Database for Sqlite {
    fn transaction(
        &self,
        _tenant: &str,
        mode: Mode,
        work: &mut dyn FnMut(&dyn Sql) -> bool,
    ) -> Result<()> {
        match mode {
            Mode::Read => {
                let mut reader = self.reader()?;
                let tx = reader.transaction()?;
                work(&Open(&tx));
                tx.finish()?;
                self.keep(reader);
            }
            Mode::Write => {
                let mut writer = lock(&self.writer);
                let tx = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
                match work(&Open(&tx)) {
                    true => tx.commit()?,
                    false => tx.rollback()?,
                }
            }
        }
        Ok(())
    }

    fn as_sqlite(&self) -> Option<&Sqlite> {
        Some(self)
    }
}

struct Open<'a>(&'a Connection);

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl Sql for Open<'_> {
    fn execute(&self, sql: &str, values: &[Value]) -> Result<u64> {
        let changed = self
            .0
            .prepare_cached(sql)?
            .execute(params_from_iter(values))?;
        Ok(u64::try_from(changed).unwrap_or(u64::MAX))
    }

    fn put(&self, sql: &str, values: &[Value]) -> Result<()> {
        self.execute(sql, values).map(drop)
    }

    fn query(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>> {
        let mut statement = self.0.prepare_cached(sql)?;
        let columns = statement.column_count();
        let mut rows = statement.query(params_from_iter(values))?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let values = (0..columns).map(|index| {
                Ok(match row.get_ref(index)? {
                    ValueRef::Integer(number) => Value::Int(number),
                    ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
                    text => Value::Text(
                        text.as_str()
                            .map_err(|_| StoreError::Value("text column"))?
                            .to_owned(),
                    ),
                })
            });
            found.push(Row(values.collect::<Result<_>>()?));
        }
        Ok(found)
    }

    fn batch(&self, sql: &str) -> Result<()> {
        Ok(self.0.execute_batch(sql)?)
    }

    fn lock_clause(&self) -> &'static str {
        ""
    }
}
