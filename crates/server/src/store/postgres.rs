//! PostgreSQL: for more than one machine. Many stateless server processes over one database.
//!
//! The same statements as SQLite; the tenant is also held by row-level security, set for each
//! transaction. The calls block: they run on the threads that serve blocking work. A connection is
//! driven by the thread that uses it, so that no answer waits for another thread to wake; and what
//! nobody waits for is sent together with the next question, so that a transaction costs as many
//! round trips as it has questions.
//!
//! On a Citus cluster the tables are spread by tenant. Its workers hear of the tenant only where they are
//! told to, and give each statement a moment of its own: reads hold the head still instead.

use super::sql::{Row, Sql, Value};
use super::{Database, Mode, Result, StoreError};
use futures_util::future::{join, try_join_all};
use r2d2::{ManageConnection, Pool};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::runtime::{self, Handle, Runtime, RuntimeFlavor};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Config, Error, NoTls, Statement};

const CONNECTIONS_MAX: u32 = 16;
const WAIT_FOR_CONNECTION: Duration = Duration::from_secs(10);
/// Two processes that start at once bring the schema up to date one after the other.
const MIGRATION_LOCK: i64 = 0x646f_6f72;

const MIGRATIONS: [(&str, &str); 8] = [
    (
        "0001_first",
        include_str!("../../migrations/postgres/0001_first.sql"),
    ),
    (
        "0002_lineage",
        include_str!("../../migrations/postgres/0002_lineage.sql"),
    ),
    (
        "0003_gate",
        include_str!("../../migrations/postgres/0003_gate.sql"),
    ),
    (
        "0004_packs",
        include_str!("../../migrations/postgres/0004_packs.sql"),
    ),
    (
        "0005_duties",
        include_str!("../../migrations/postgres/0005_duties.sql"),
    ),
    (
        "0006_journal_by_case",
        include_str!("../../migrations/postgres/0006_journal_by_case.sql"),
    ),
    (
        "0007_flags",
        include_str!("../../migrations/postgres/0007_flags.sql"),
    ),
    (
        "0008_credentials",
        include_str!("../../migrations/postgres/0008_credentials.sql"),
    ),
];
/// Spreads the tables over a Citus cluster, those that are not spread yet; runs only where it can.
const CITUS: &str = include_str!("../../migrations/citus.sql");

/// A pool of connections.
pub struct Postgres {
    pool: Pool<Manager>,
    is_spread: bool,
}

impl Postgres {
    /// Connects to `url`, and brings the schema up to date.
    pub fn open(url: &str) -> Result<Self> {
        let manager = Manager(url.parse()?);
        // The first connection is made here, so that a wrong address is an error at once.
        let mut first = manager.connect()?;
        let is_spread = first.block_on(migrate)?;
        let pool = Pool::builder()
            .max_size(CONNECTIONS_MAX)
            .min_idle(Some(0))
            .connection_timeout(WAIT_FOR_CONNECTION)
            .test_on_check_out(false)
            .build_unchecked(manager);
        Ok(Self { pool, is_spread })
    }
}

/// Brings the schema up to date; says whether its tables are spread over a cluster.
async fn migrate(client: &mut Client) -> Result<bool> {
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
    let can_spread = tx
        .query_opt(
            "SELECT 1 FROM pg_proc WHERE proname = 'create_distributed_table' LIMIT 1",
            &[],
        )
        .await?;
    if can_spread.is_some() {
        // Each time: an update may have brought another table.
        tx.batch_execute(CITUS).await?;
    }
    tx.commit().await?;
    Ok(can_spread.is_some())
}

/// Makes connections, and knows which of them are of no use any more.
#[derive(Debug)]
struct Manager(Config);

impl ManageConnection for Manager {
    type Connection = Link;
    type Error = StoreError;

    fn connect(&self) -> Result<Link> {
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let client = runtime.block_on(async {
            let (client, connection) = self.0.connect(NoTls).await?;
            // Driven whenever this link waits for an answer; how it ends shows in that answer.
            tokio::spawn(connection);
            Ok::<_, Error>(client)
        })?;
        Ok(Link {
            runtime: Some(runtime),
            client,
            statements: RefCell::default(),
            is_within: false,
        })
    }

    fn is_valid(&self, link: &mut Link) -> Result<()> {
        link.block_on(async |client| Ok(client.batch_execute("").await?))
    }

    fn has_broken(&self, link: &mut Link) -> bool {
        link.is_within || link.client.is_closed()
    }
}

/// One connection with what drives it.
struct Link {
    /// Taken when the link is dropped: it must not wait for its end inside async code.
    runtime: Option<Runtime>,
    client: Client,
    statements: RefCell<BTreeMap<String, Statement>>,
    /// Within a transaction. A connection where that did not end is not shared again.
    is_within: bool,
}

impl Link {
    fn block_on<T>(&mut self, work: impl AsyncFnOnce(&mut Client) -> Result<T>) -> Result<T> {
        match &self.runtime {
            Some(runtime) => runtime.block_on(work(&mut self.client)),
            None => Err(StoreError::Value("connection")),
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Database for Postgres {
    fn transaction(
        &self,
        tenant: &str,
        mode: Mode,
        work: &mut dyn FnMut(&dyn Sql) -> bool,
    ) -> Result<()> {
        where_one_may_block(|| self.run(tenant, mode, work))
    }
}

/// A connection is driven by the thread that asks, which must not drive async tasks meanwhile. Whoever
/// asks from such a thread is slow to others, and no more than that: a watch must not end by it.
fn where_one_may_block<T>(work: impl FnOnce() -> T) -> T {
    let flavor = Handle::try_current().map(|runtime| runtime.runtime_flavor());
    match flavor {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

impl Postgres {
    fn run(&self, tenant: &str, mode: Mode, work: &mut dyn FnMut(&dyn Sql) -> bool) -> Result<()> {
        // Everything that one answer shows is of one moment.
        let is_snapshot = mode == Mode::Read && !self.is_spread;
        let begin = match is_snapshot {
            true => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            false => "BEGIN",
        };
        let mut link = self.pool.get()?;
        link.is_within = true;
        let open = Open {
            link: &link,
            waiting: RefCell::default(),
        };
        open.batch(begin)?;
        if self.is_spread {
            open.batch("SET LOCAL citus.propagate_set_commands = 'local'")?;
        }
        // Alone in its message: a cluster hands on the message whole. A tenant's name is checked when it is
        // made: letters, digits, dashes.
        open.batch(&format!("SET LOCAL doorstep.tenant = '{tenant}'"))?;
        if self.is_spread && mode == Mode::Read {
            // Workers give each statement a moment of its own: no writer gives out a position meanwhile.
            open.batch(&format!(
                "SELECT 1 FROM head WHERE tenant = '{tenant}' FOR SHARE"
            ))?;
            // At once: what is begun beside a writer must not wait for it later.
            open.send(async { Ok(()) })?;
        }
        open.batch(match work(&open) {
            true => "COMMIT",
            false => "ROLLBACK",
        })?;
        open.send(async { Ok(()) })?;
        link.is_within = false;
        Ok(())
    }
}

/// An open transaction, with what has not been sent yet.
struct Open<'a> {
    link: &'a Link,
    waiting: RefCell<Vec<Step>>,
}

/// Something whose outcome nobody waits for.
enum Step {
    Batch(String),
    Run(Statement, Vec<Value>),
}

impl Step {
    async fn run(&self, client: &Client) -> std::result::Result<(), Error> {
        match self {
            Self::Batch(sql) => client.batch_execute(sql).await,
            Self::Run(statement, values) => client
                .execute(statement, &parameters(values))
                .await
                .map(drop),
        }
    }
}

impl Open<'_> {
    /// Sends what waits and `last` behind it, in one round trip. The first error counts: what comes
    /// after it in a transaction only repeats it.
    fn send<T>(&self, last: impl Future<Output = std::result::Result<T, Error>>) -> Result<T> {
        let waiting = self.waiting.take();
        let steps = waiting.iter().map(|step| step.run(&self.link.client));
        // Polled in this order, and a statement is sent when it is polled first.
        let both = join(try_join_all(steps), last);
        let runtime = self.link.runtime.as_ref();
        let (before, last) = runtime
            .ok_or(StoreError::Value("connection"))?
            .block_on(both);
        before?;
        Ok(last?)
    }

    fn prepared(&self, sql: &str) -> Result<Statement> {
        if let Some(known) = self.link.statements.borrow().get(sql) {
            return Ok(known.clone());
        }
        // PostgreSQL names parameters in its own way.
        let text = sql.replace('?', "$");
        let statement = self.send(self.link.client.prepare(&text))?;
        let mut statements = self.link.statements.borrow_mut();
        statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
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
        let statement = self.prepared(sql)?;
        self.send(self.link.client.execute(&statement, &parameters(values)))
    }

    fn put(&self, sql: &str, values: &[Value]) -> Result<()> {
        let statement = self.prepared(sql)?;
        let step = Step::Run(statement, values.to_vec());
        self.waiting.borrow_mut().push(step);
        Ok(())
    }

    fn query(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>> {
        let statement = self.prepared(sql)?;
        let rows = self.send(self.link.client.query(&statement, &parameters(values)))?;
        rows.iter().map(read_row).collect()
    }

    fn batch(&self, sql: &str) -> Result<()> {
        self.waiting.borrow_mut().push(Step::Batch(sql.to_owned()));
        Ok(())
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
