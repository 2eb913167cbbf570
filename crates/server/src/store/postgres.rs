//! PostgreSQL: for more than one machine. Many stateless server processes over one database.
//!
//! The same statements as SQLite; the tenant is also held by row-level security, set for each
//! transaction. The calls block: they run on the threads that serve blocking work.

use super::sql::{Row, Sql, Value};
use super::{Database, Mode, Result, StoreError};
use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime};
use futures_util::future::try_join_all;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Config, NoTls};

const CONNECTIONS_MAX: usize = 16;
const WAIT_FOR_CONNECTION: Duration = Duration::from_secs(10);
/// Two processes that start at once bring the schema up to date one after the other.
const MIGRATION_LOCK: i64 = 0x646f_6f72;

const MIGRATIONS: [(&str, &str); 1] = [(
    "0001_first",
    include_str!("../../migrations/postgres/0001_first.sql"),
)];
/// Spreads the tables over a Citus cluster; runs only where the extension is installed.
const CITUS: &str = include_str!("../../migrations/citus.sql");

/// A pool of connections, with the threads that drive them.
pub struct Postgres {
    pool: Pool,
    /// Taken when the store is dropped: it must not wait for its threads inside async code.
    runtime: Option<runtime::Runtime>,
    translated: Mutex<BTreeMap<String, Arc<str>>>,
}

impl Postgres {
    /// Connects to `url`, and brings the schema up to date.
    pub fn open(url: &str) -> Result<Self> {
        let runtime = runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("postgres")
            .enable_all()
            .build()
            .map_err(|_| StoreError::Value("threads for the database"))?;
        let config: Config = url.parse()?;
        let manager = Manager::from_config(
            config,
            NoTls,
            ManagerConfig {
                recycling_method: RecyclingMethod::Fast,
            },
        );
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS_MAX)
            .wait_timeout(Some(WAIT_FOR_CONNECTION))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|_| StoreError::Value("connection pool"))?;
        let store = Self {
            pool,
            runtime: Some(runtime),
            translated: Mutex::default(),
        };
        store.block_on(migrate(&store.pool))?;
        Ok(store)
    }

    fn block_on<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        match &self.runtime {
            Some(runtime) => runtime.block_on(work),
            None => Err(StoreError::Value("threads for the database")),
        }
    }

    /// The statement with the parameters that PostgreSQL knows.
    fn translate(&self, sql: &str) -> Arc<str> {
        let mut translated = self
            .translated
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = translated.get(sql) {
            return Arc::clone(known);
        }
        let text: Arc<str> = sql.replace('?', "$").into();
        translated.insert(sql.to_owned(), Arc::clone(&text));
        text
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn migrate(pool: &Pool) -> Result<()> {
    let mut client = pool.get().await?;
    let tx = client.transaction().await?;
    tx.execute("SELECT pg_advisory_xact_lock($1)", &[&MIGRATION_LOCK])
        .await?;
    tx.batch_execute(
        "CREATE TABLE IF NOT EXISTS doorstep_migration (name TEXT PRIMARY KEY, at TIMESTAMPTZ NOT NULL DEFAULT now())",
    )
    .await?;
    for (name, sql) in MIGRATIONS {
        let known = tx
            .query_opt("SELECT 1 FROM doorstep_migration WHERE name = $1", &[&name])
            .await?;
        if known.is_none() {
            tx.batch_execute(sql).await?;
            tx.execute(
                "INSERT INTO doorstep_migration (name) VALUES ($1)",
                &[&name],
            )
            .await?;
        }
    }
    let has_citus = tx
        .query_opt("SELECT 1 FROM pg_extension WHERE extname = 'citus'", &[])
        .await?;
    let is_spread = tx
        .query_opt("SELECT 1 FROM doorstep_migration WHERE name = 'citus'", &[])
        .await?;
    if has_citus.is_some() && is_spread.is_none() {
        tx.batch_execute(CITUS).await?;
        tx.execute(
            "INSERT INTO doorstep_migration (name) VALUES ('citus')",
            &[],
        )
        .await?;
    }
    Ok(tx.commit().await?)
}

impl Database for Postgres {
    fn transaction(
        &self,
        tenant: &str,
        mode: Mode,
        work: &mut dyn FnMut(&dyn Sql) -> bool,
    ) -> Result<()> {
        let begin = match mode {
            // Everything that one answer shows is of one moment.
            Mode::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Mode::Write => "BEGIN",
        };
        // A tenant's name is checked when it is made: letters, digits, dashes.
        let begin = format!("{begin}; SET LOCAL doorstep.tenant = '{tenant}'");
        let client = self.block_on(async { Ok(self.pool.get().await?) })?;
        let mut held = Held(Some(client));
        let client = held.0.as_ref().ok_or(StoreError::Value("connection"))?;
        let open = Open {
            store: self,
            client,
        };
        open.batch(&begin)?;
        let end = match work(&open) {
            true => "COMMIT",
            false => "ROLLBACK",
        };
        open.batch(end)?;
        // Only a connection whose transaction has ended goes back to the others.
        drop(held.0.take());
        Ok(())
    }
}

/// A connection within a transaction: closed, and not shared again, where that does not end.
struct Held(Option<Object>);

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(client) = self.0.take() {
            drop(Object::take(client));
        }
    }
}

struct Open<'a> {
    store: &'a Postgres,
    client: &'a Object,
}

impl ToSql for Value {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut bytes::BytesMut,
    ) -> std::result::Result<tokio_postgres::types::IsNull, Box<dyn std::error::Error + Sync + Send>>
    {
        match self {
            Self::Text(text) => text.to_sql(kind, out),
            Self::Int(number) => number.to_sql(kind, out),
            Self::Bytes(bytes) => bytes.to_sql(kind, out),
        }
    }

    fn accepts(kind: &Type) -> bool {
        <String as ToSql>::accepts(kind)
            || <i64 as ToSql>::accepts(kind)
            || <Vec<u8> as ToSql>::accepts(kind)
    }

    tokio_postgres::types::to_sql_checked!();
}

fn parameters(values: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    values
        .iter()
        .map(|value| value as &(dyn ToSql + Sync))
        .collect()
}

impl Sql for Open<'_> {
    fn execute(&self, sql: &str, values: &[Value]) -> Result<u64> {
        let sql = self.store.translate(sql);
        self.store.block_on(async {
            let statement = self.client.prepare_cached(&sql).await?;
            Ok(self.client.execute(&statement, &parameters(values)).await?)
        })
    }

    fn execute_many(&self, sql: &str, rows: &[Vec<Value>]) -> Result<()> {
        let sql = self.store.translate(sql);
        self.store.block_on(async {
            let statement = self.client.prepare_cached(&sql).await?;
            // Sent one behind the other without waiting: one round trip for all of them.
            let sent: Vec<_> = rows.iter().map(|values| parameters(values)).collect();
            try_join_all(
                sent.iter()
                    .map(|values| self.client.execute(&statement, values)),
            )
            .await?;
            Ok(())
        })
    }

    fn query(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>> {
        let sql = self.store.translate(sql);
        self.store.block_on(async {
            let statement = self.client.prepare_cached(&sql).await?;
            let rows = self.client.query(&statement, &parameters(values)).await?;
            rows.iter().map(read_row).collect()
        })
    }

    fn batch(&self, sql: &str) -> Result<()> {
        self.store
            .block_on(async { Ok(self.client.batch_execute(sql).await?) })
    }

    fn lock_clause(&self) -> &'static str {
        " FOR UPDATE"
    }
}

fn read_row(row: &tokio_postgres::Row) -> Result<Row> {
    let values = row.columns().iter().enumerate().map(|(index, column)| {
        Ok(match *column.type_() {
            Type::INT8 => Value::Int(row.try_get(index)?),
            Type::INT4 => Value::Int(row.try_get::<_, i32>(index)?.into()),
            Type::BYTEA => Value::Bytes(row.try_get(index)?),
            _ => Value::Text(row.try_get(index)?),
        })
    });
    Ok(Row(values.collect::<Result<_>>()?))
}
