//! What PostgreSQL owes beside the contract: several processes over one database, a schema that is brought up
//! to date under row-level security, and tables that are spread over a cluster.

#![allow(clippy::unwrap_used, reason = "a test may")]

use crate::store::{ask, cluster, open_case};
use doorstep_server::store::StoreError;
use doorstep_server::{Store, Tenant};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Barrier};

fn tenant() -> Tenant {
    Tenant::named("main").unwrap()
}

/// What a cluster's extension offers, as far as one machine can: it remembers which tables were spread, and
/// refuses what the real one refuses.
const STAND_IN_FOR_CITUS: &str = "
    CREATE TABLE pg_dist_partition (n SERIAL, logicalrelid REGCLASS PRIMARY KEY);
    CREATE FUNCTION create_distributed_table(
        spread REGCLASS, by TEXT, colocate_with TEXT DEFAULT 'default'
    ) RETURNS VOID LANGUAGE plpgsql AS $$ BEGIN
        IF colocate_with <> 'default' AND NOT EXISTS (
            SELECT 1 FROM pg_dist_partition WHERE logicalrelid = colocate_with::regclass
        ) THEN RAISE EXCEPTION '% is not spread', colocate_with; END IF;
        INSERT INTO pg_dist_partition (logicalrelid) VALUES (spread);
    END $$;
    GRANT ALL ON pg_dist_partition, pg_dist_partition_n_seq TO doorstep";

#[test]
fn on_a_cluster_each_table_is_spread_once_and_a_read_is_of_one_moment() {
    let name = "spread";
    let url = cluster().database(name).unwrap();
    cluster().sql(name, STAND_IN_FOR_CITUS).unwrap();
    let count = |of: &str| cluster().sql(name, &format!("SELECT count(*) FROM {of}"));
    let spread = || count("pg_dist_partition").unwrap();
    drop(Store::connect(&url, tenant()).unwrap());
    let tables = "pg_tables WHERE schemaname = 'public' AND tablename
         NOT IN ('doorstep_migration', 'pg_dist_partition')";
    assert_eq!(spread(), count(tables).unwrap());
    // A table that came later is spread when the server starts again; the others are left alone.
    let forget = "DELETE FROM pg_dist_partition WHERE logicalrelid = 'duty'::regclass";
    cluster().sql(name, forget).unwrap();
    let store = Arc::new(Store::connect(&url, tenant()).unwrap());
    assert_eq!(spread(), count(tables).unwrap());

    open_case(&store, 1);
    let writer = store
        .read(|tx| {
            let before = (tx.head()?, tx.count_cases()?);
            let store = Arc::clone(&store);
            let writer = std::thread::spawn(move || open_case(&store, 2));
            std::thread::sleep(std::time::Duration::from_millis(300));
            assert_eq!((tx.head()?, tx.count_cases()?), before);
            Ok::<_, StoreError>(writer)
        })
        .unwrap();
    writer.join().unwrap();
    let cases = store.read(|tx| tx.count_cases()).unwrap();
    assert_eq!(cases, 2);
}

#[test]
fn a_plain_sequence_loses_rows_and_the_head_loses_none() {
    let name = "interleaved";
    let url = cluster().database(name).unwrap();
    cluster().sql(name, "CREATE TABLE plain (seq BIGSERIAL PRIMARY KEY); GRANT ALL ON plain, plain_seq_seq TO doorstep").unwrap();
    // Two server processes over one database.
    let stores = [0, 1].map(|_| Arc::new(Store::connect(&url, tenant()).unwrap()));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    // A plain sequence, one writer held open while another commits: the reader steps over it.
    let lost = runtime.block_on(async {
        let connect = || async {
            let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls)
                .await
                .unwrap();
            tokio::spawn(connection);
            client
        };
        let (slow, fast, reader) = (connect().await, connect().await, connect().await);
        let mut cursor = 0_i64;
        let mut seen = 0;
        for _ in 0..20 {
            slow.batch_execute("BEGIN; INSERT INTO plain DEFAULT VALUES")
                .await
                .unwrap();
            fast.batch_execute("INSERT INTO plain DEFAULT VALUES")
                .await
                .unwrap();
            for row in reader
                .query(
                    "SELECT seq FROM plain WHERE seq > $1 ORDER BY seq",
                    &[&cursor],
                )
                .await
                .unwrap()
            {
                cursor = row.get(0);
                seen += 1;
            }
            slow.batch_execute("COMMIT").await.unwrap();
        }
        40 - seen
    });
    assert!(lost >= 20, "the plain sequence lost only {lost} of 40");

    // The head row: the same interleaving, through both processes, while a reader polls.
    let start = Arc::new(Barrier::new(3));
    let writers: Vec<_> = stores
        .iter()
        .enumerate()
        .map(|(writer, store)| {
            let (store, start) = (Arc::clone(store), Arc::clone(&start));
            std::thread::spawn(move || {
                start.wait();
                for number in 0..60 {
                    open_case(&store, (writer * 1000 + number) as u128);
                }
            })
        })
        .collect();
    start.wait();
    let (mut cursor, mut seen) = (None, std::collections::BTreeSet::new());
    loop {
        let ended = writers.iter().all(std::thread::JoinHandle::is_finished);
        let answer = ask(&stores[0], cursor, 500);
        for document in &answer.cases {
            let case: doorstep_domain::Case = serde_json::from_str(document.text()).unwrap();
            seen.insert(case.id);
        }
        cursor = Some(answer.cursor);
        if ended {
            break;
        }
    }
    assert_eq!(seen.len(), 120);
    let head = stores[1].read(|tx| tx.head()).unwrap();
    assert_eq!(head.number, 240, "gapless");
}

/// The schema as it was before flags were looked for by day, with a case of each of two tenants.
fn older_schema(url: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/server/migrations/postgres");
    let mut names: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    names.sort();
    let mut sql = String::from(
        "CREATE TABLE doorstep_migration (name TEXT PRIMARY KEY, at TIMESTAMPTZ NOT NULL DEFAULT now());",
    );
    for path in names {
        let name = path.file_stem().unwrap().to_str().unwrap();
        if name < "0007" {
            sql += &std::fs::read_to_string(&path).unwrap();
            sql += &format!("INSERT INTO doorstep_migration (name) VALUES ('{name}');");
        }
    }
    for tenant in ["one", "two"] {
        sql += &format!(
            "SET doorstep.tenant = '{tenant}';
             INSERT INTO case_file (tenant, id, number, search, doc)
                 VALUES ('{tenant}', 'flagged', 1, '', '{{\"flags\":[{{}}]}}'),
                     ('{tenant}', 'quiet', 2, '', '{{\"flags\":[]}}');"
        );
    }
    let done = Command::new("psql")
        .args(["-v", "ON_ERROR_STOP=1", "-qAt", url, "-c", &sql])
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
}

#[test]
fn an_update_of_the_schema_reaches_the_rows_of_every_tenant() {
    let name = "older";
    let url = cluster().database(name).unwrap();
    older_schema(&url);
    drop(Store::connect(&url, tenant()).unwrap());
    let listed = "SELECT tenant, id FROM case_file WHERE look_on <> '' ORDER BY tenant";
    let listed = cluster().sql(name, listed).unwrap();
    assert_eq!(listed.trim(), "one|flagged\ntwo|flagged");
    // And afterwards nobody sees another one's, the owner of the tables neither.
    let seen = Command::new("psql")
        .args(["-qAt", &url, "-c", "SELECT count(*) FROM case_file"])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&seen.stdout), "0\n");
}
