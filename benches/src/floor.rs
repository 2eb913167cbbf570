//! The floor: what any client must do at least. The same bytes over the same kind of connection,
//! into the same tables of the same encrypted file; no rules, no signatures, no cursor.

use crate::fetch::Fetched;
use crate::measure::{ms, own_memory_mb};
use anyhow::{Context, Result, anyhow};
use axum::Router;
use axum::body::Bytes;
use axum::http::header;
use axum::routing::{get, post};
use doorstep_protocol::chain::Link;
use doorstep_protocol::envelope::Envelope;
use doorstep_protocol::exchange::{CaseDocument, SnapshotLine, SyncRequest, SyncResponse};
use rusqlite::{Connection, Row, Transaction, params};
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Where the bytes are.
#[derive(clap::Args)]
pub struct Fetching {
    #[arg(long)]
    url: String,
    #[arg(long)]
    folder: PathBuf,
}

/// Serves bytes that are compressed already.
pub async fn serve_bytes(bytes: Vec<u8>) -> Result<SocketAddr> {
    let bytes = Bytes::from(bytes);
    let answer = move || async move { ([(header::CONTENT_ENCODING, "zstd")], bytes) };
    listen(Router::new().route("/", get(answer))).await
}

async fn listen(router: Router) -> Result<SocketAddr> {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

/// Fetches the stream and writes it in one transaction, while it arrives.
pub async fn device(fetching: &Fetching) -> Result<()> {
    let mut connection = open(&fetching.folder)?;
    let http = reqwest::Client::builder().no_proxy().build()?;
    let began = Instant::now();
    let mut answer = http.get(&fetching.url).send().await?;
    let (sender, receiver) = std::sync::mpsc::sync_channel::<Vec<u8>>(16);
    let writing = tokio::task::spawn_blocking(move || write_stream(&mut connection, &receiver));
    while let Some(piece) = answer.chunk().await? {
        if sender.send(piece.to_vec()).is_err() {
            break;
        }
    }
    drop(sender);
    let cases = writing.await??;
    let fetched = Fetched {
        ms: ms(began.elapsed()),
        mb: own_memory_mb()?,
        cases,
    };
    println!("{}", serde_json::to_string(&fetched)?);
    Ok(())
}

/// An encrypted file with the device's tables and settings.
pub fn open(folder: &Path) -> Result<Connection> {
    std::fs::create_dir_all(folder)?;
    let connection = Connection::open(folder.join("floor.db"))?;
    connection.pragma_update(None, "key", format!("x'{}'", "5e".repeat(32)))?;
    connection.pragma_update(None, "cipher_page_size", 16_384)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "secure_delete", true)?;
    connection.execute_batch(include_str!(
        "../../crates/device/migrations/0001_first.sql"
    ))?;
    connection.execute_batch(include_str!(
        "../../crates/device/migrations/0002_full_sync.sql"
    ))?;
    connection.execute_batch(include_str!(
        "../../crates/device/migrations/0005_counts.sql"
    ))?;
    Ok(connection)
}

fn write_stream(
    connection: &mut Connection,
    receiver: &std::sync::mpsc::Receiver<Vec<u8>>,
) -> Result<u32> {
    let tx = connection.transaction()?;
    let mut line: Vec<u8> = Vec::new();
    let mut cases = 0;
    while let Ok(piece) = receiver.recv() {
        let mut rest = piece.as_slice();
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let (head, tail) = rest.split_at(end);
            line.extend_from_slice(head);
            if let SnapshotLine::Frame { cases: some, .. } = serde_json::from_slice(&line)? {
                for document in &some {
                    put(&tx, document)?;
                    cases += 1;
                }
            }
            line.clear();
            rest = tail.get(1..).unwrap_or_default();
        }
        line.extend_from_slice(rest);
    }
    tx.commit()?;
    Ok(cases)
}

/// What the columns of the table need of a document.
#[derive(Deserialize)]
struct Columns<'a> {
    id: &'a str,
    revision: Revision,
    #[serde(borrow)]
    person: Name<'a>,
    #[serde(borrow)]
    account: Reference<'a>,
    #[serde(borrow)]
    address: Place<'a>,
    #[serde(borrow)]
    assignment: Stop<'a>,
}

#[derive(Deserialize)]
struct Revision {
    epoch: u32,
    number: u64,
}

#[derive(Deserialize)]
struct Name<'a> {
    name: &'a str,
}

#[derive(Deserialize)]
struct Reference<'a> {
    reference: &'a str,
}

#[derive(Deserialize)]
struct Place<'a> {
    street: &'a str,
    town: &'a str,
}

#[derive(Deserialize)]
struct Stop<'a> {
    day: &'a str,
    position: u16,
}

impl<'a> Columns<'a> {
    fn of(document: &'a CaseDocument) -> Result<Self> {
        Ok(serde_json::from_str(document.text())?)
    }

    /// What a search finds the case by.
    fn words(&self) -> String {
        [
            self.person.name,
            self.account.reference,
            self.address.street,
            self.address.town,
        ]
        .join(" ")
    }
}

/// Writes a new document with its columns and its words.
pub fn put(tx: &Transaction<'_>, document: &CaseDocument) -> Result<()> {
    let columns = Columns::of(document)?;
    tx.prepare_cached(
        "INSERT INTO case_file (id, epoch, number, is_leaving, open_conflicts, conflicts, day,
             position, name, visits_open, doc)
         VALUES (?1, ?2, ?3, 0, 0, 0, ?4, ?5, ?6, 0, ?7)",
    )?
    .execute(params![
        columns.id,
        columns.revision.epoch,
        columns.revision.number,
        columns.assignment.day,
        columns.assignment.position,
        columns.person.name,
        document.text()
    ])?;
    tx.prepare_cached("INSERT INTO case_search (rowid, words) VALUES (?1, ?2)")?
        .execute(params![tx.last_insert_rowid(), columns.words()])?;
    Ok(())
}

/// How documents come into the places of those before.
pub type Replace = fn(&Transaction<'_>, &[CaseDocument]) -> Result<()>;

/// Writes documents with their columns and their words, as the first sync does.
pub fn replace(tx: &Transaction<'_>, documents: &[CaseDocument]) -> Result<()> {
    let mut rows = Vec::new();
    for document in documents {
        let columns = Columns::of(document)?;
        let row: i64 = tx
            .prepare_cached("SELECT rowid FROM case_file WHERE id = ?1")?
            .query_row([columns.id], |row| row.get(0))?;
        rows.push((row, columns, document));
    }
    // In any other order the index writes its words out after every case.
    rows.sort_by_key(|(row, ..)| *row);
    for (row, columns, document) in rows {
        tx.prepare_cached(
            "UPDATE case_file SET epoch = ?2, number = ?3, day = ?4, position = ?5, name = ?6,
                 doc = ?7 WHERE rowid = ?1",
        )?
        .execute(params![
            row,
            columns.revision.epoch,
            columns.revision.number,
            columns.assignment.day,
            columns.assignment.position,
            columns.person.name,
            document.text()
        ])?;
        tx.prepare_cached("INSERT OR REPLACE INTO case_search (rowid, words) VALUES (?1, ?2)")?
            .execute(params![row, columns.words()])?;
    }
    Ok(())
}

/// Writes their text alone, as who has been told that nothing which a list or a search needs has changed.
pub fn replace_text(tx: &Transaction<'_>, documents: &[CaseDocument]) -> Result<()> {
    for document in documents {
        let columns = Columns::of(document)?;
        tx.prepare_cached("UPDATE case_file SET number = ?2, doc = ?3 WHERE id = ?1")?
            .execute(params![
                columns.id,
                columns.revision.number,
                document.text()
            ])?;
    }
    Ok(())
}

/// The server's end of a day: a file with its tables and settings, and the answer that the real one
/// gave.
struct DayServer {
    connection: Connection,
    answer: SyncResponse,
    /// Days so far: each brings other actions, of the same size.
    days: u64,
}

/// Serves a day's exchange without thinking: keeps what came up with the verdicts that the real server
/// gave, writes the documents, and answers with what it reads back.
pub async fn serve_day(file: &Path, answer: SyncResponse) -> Result<SocketAddr> {
    let server = Arc::new(Mutex::new(DayServer::open(file, answer)?));
    let take = move |body: Bytes| {
        let server = Arc::clone(&server);
        async move {
            let done = tokio::task::spawn_blocking(move || {
                let mut server = server.lock().unwrap_or_else(PoisonError::into_inner);
                server.take(&body)
            });
            let bytes = done.await.ok().and_then(Result::ok).unwrap_or_default();
            ([(header::CONTENT_ENCODING, "zstd")], bytes)
        }
    };
    listen(Router::new().route("/", post(take))).await
}

const TENANT: &str = "main";

impl DayServer {
    fn open(file: &Path, answer: SyncResponse) -> Result<Self> {
        let connection = Connection::open(file)?;
        connection.pragma_update(None, "page_size", 16_384)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        for tables in SERVER_TABLES {
            connection.execute_batch(tables)?;
        }
        let server = Self {
            connection,
            answer,
            days: 0,
        };
        for document in &server.answer.cases {
            let columns = Columns::of(document)?;
            server.connection.execute(
                "INSERT INTO case_file (tenant, id, number, agent, search, doc)
                 VALUES (?1, ?2, 0, 'agent', ?3, ?4)",
                params![TENANT, columns.id, columns.person.name, document.text()],
            )?;
        }
        Ok(server)
    }

    fn take(&mut self, body: &[u8]) -> Result<Vec<u8>> {
        let request: SyncRequest = serde_json::from_slice(&zstd::decode_all(body)?)?;
        self.days += 1;
        let after = self.days * 1_000_000;
        let tx = self.connection.transaction()?;
        for (envelope, signed) in request.outbox.iter().zip(&self.answer.verdicts) {
            tx.prepare_cached(
                "INSERT INTO journal (tenant, device, incarnation, n, action, case_id, actor, kind,
                     schema, payload, salt, link, signature, ruling, number, judged_at, epoch, leaf,
                     verdict_signature)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?2, 'add_note', ?7, ?8, ?9, ?10, ?11, 'applied',
                     ?4, ?12, ?13, ?14, ?15)",
            )?
            .execute(params![
                TENANT,
                "device",
                envelope.incarnation.to_string(),
                after + envelope.n,
                envelope.id.to_string(),
                // It reads no payload: an id as long stands for the case's.
                signed.verdict.action.to_string(),
                envelope.schema,
                envelope.payload,
                envelope.salt,
                hex::encode(envelope.link.0),
                envelope.signature,
                signed.verdict.judged_at.to_rfc3339(),
                signed.epoch.0,
                signed.leaf,
                signed.signature
            ])?;
        }
        for (number, document) in (after..).zip(&self.answer.cases) {
            let columns = Columns::of(document)?;
            tx.prepare_cached(
                "UPDATE case_file SET number = ?3, doc = ?4 WHERE tenant = ?1 AND id = ?2",
            )?
            .execute(params![TENANT, columns.id, number, document.text()])?;
        }
        let documents = tx
            .prepare_cached(
                "SELECT doc FROM case_file WHERE tenant = ?1 AND agent = 'agent' AND number >= ?2
                 ORDER BY number",
            )?
            .query_map(params![TENANT, after], |row| row.get::<_, String>(0))?
            .map(|text| Ok(CaseDocument::from_text(text?)?))
            .collect::<Result<_>>()?;
        tx.commit()?;
        self.answer.cases = documents;
        let answer = serde_json::to_vec(&self.answer)?;
        zstd::encode_all(answer.as_slice(), 3).context("compress the answer")
    }
}

const SERVER_TABLES: [&str; 5] = [
    include_str!("../../crates/server/migrations/sqlite/0001_first.sql"),
    include_str!("../../crates/server/migrations/sqlite/0002_full_sync.sql"),
    include_str!("../../crates/server/migrations/sqlite/0003_lineage.sql"),
    include_str!("../../crates/server/migrations/sqlite/0007_journal_by_case.sql"),
    include_str!("../../crates/server/migrations/sqlite/0008_flags.sql"),
];

/// Makes the outbox full again: as many actions as were there in the morning.
pub fn fill_outbox(connection: &Connection) -> Result<()> {
    connection.execute("UPDATE journal SET ruling = '', verdict = ''", [])?;
    Ok(())
}

/// The device's side of that: the outbox up in one request, the answer into the file in one
/// transaction, the documents by `replace`.
pub async fn day(
    http: &reqwest::Client,
    connection: &mut Connection,
    server: &str,
    request: SyncRequest,
    replace: Replace,
) -> Result<f64> {
    let began = Instant::now();
    let outbox = connection
        .prepare_cached(
            "SELECT incarnation, n, action, schema, payload, salt, link, signature FROM journal
             WHERE ruling = '' OR hand_back = 1 ORDER BY place",
        )?
        .query_and_then([], envelope)?
        .collect::<Result<Vec<_>>>()?;
    let request = SyncRequest { outbox, ..request };
    let body = zstd::encode_all(serde_json::to_vec(&request)?.as_slice(), 3)?;
    let answer = http
        .post(server)
        .body(body)
        .send()
        .await?
        .error_for_status()?;
    let answer: SyncResponse = serde_json::from_slice(&answer.bytes().await?)?;
    let tx = connection.transaction()?;
    for verdict in &answer.verdicts {
        tx.prepare_cached("UPDATE journal SET ruling = 'applied', verdict = ?2 WHERE action = ?1")?
            .execute(params![
                verdict.verdict.action.to_string(),
                serde_json::to_string(verdict)?
            ])?;
    }
    replace(&tx, &answer.cases)?;
    tx.commit()?;
    Ok(ms(began.elapsed()))
}

fn envelope(row: &Row<'_>) -> Result<Envelope> {
    let text = |index| row.get::<_, String>(index);
    Ok(Envelope {
        incarnation: text(0)?.parse()?,
        n: row.get(1)?,
        id: text(2)?.parse()?,
        schema: row.get(3)?,
        payload: text(4)?,
        salt: text(5)?,
        link: Link::try_from(text(6)?).map_err(|_| anyhow!("a link"))?,
        signature: text(7)?,
        verdict: None,
    })
}

/// Puts a row of the device's journal in, as bare as it can be.
pub fn put_journal_row(connection: &mut Connection, envelope: &Envelope, case: &str) -> Result<()> {
    let tx = connection.transaction()?;
    tx.prepare_cached(
        "INSERT INTO journal (incarnation, n, action, case_id, kind, subject, recorded_at, schema,
             payload, salt, link, signature)
         VALUES (?1, ?2, ?3, ?4, 'add_note', 'Robin Sample', '2026-11-21T10:00:00Z', ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![
        envelope.incarnation.to_string(),
        envelope.n,
        envelope.id.to_string(),
        case,
        envelope.schema,
        envelope.payload,
        envelope.salt,
        hex::encode(envelope.link.0),
        envelope.signature
    ])?;
    tx.commit()?;
    Ok(())
}
