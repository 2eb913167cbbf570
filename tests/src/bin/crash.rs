//! Crash journeys: a real server and a real device, each its own process, killed at random moments of
//! saving and syncing. Nothing that was said to be saved is lost, nothing arrives twice.
//!
//! `crash SERVER_BINARY ROUNDS [SEED]`; with `field DATA OUT` it is the device's process itself.

use anyhow::{Context, Result, bail, ensure};
use doorstep_device::commands::enrol::{Enrolment, enrol};
use doorstep_device::{Device, DeviceClock};
use doorstep_domain::CaseId;
use rusqlite::Connection;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PASSPHRASE: &str = "rain on the step";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Runtime::new()?;
    match arguments.as_slice() {
        ["field", data, out] => {
            runtime.block_on(work_in_the_field(Path::new(data), Path::new(out)))
        }
        [server, rounds] => runtime.block_on(crash(Path::new(server), rounds.parse()?, 1)),
        [server, rounds, seed] => {
            runtime.block_on(crash(Path::new(server), rounds.parse()?, seed.parse()?))
        }
        _ => bail!("usage: crash SERVER_BINARY ROUNDS [SEED]"),
    }
}

/// Saves and syncs until it is killed. What is written to `out` was said to be saved.
async fn work_in_the_field(data: &Path, out: &Path) -> Result<()> {
    let device = Device::unlock(data, PASSPHRASE, DeviceClock::default())?;
    let mut out = OpenOptions::new().create(true).append(true).open(out)?;
    let cases: Vec<CaseId> = device.cases("")?.into_iter().map(|case| case.id).collect();
    println!("ready");
    for number in 0_usize.. {
        let case = cases
            .get(number % cases.len())
            .context("the device has cases")?;
        let saved = device.add_note(*case, &format!("note {number}"))?;
        writeln!(out, "{}", saved.action)?;
        if number % 3 == 2 {
            // The server may be gone: then it is tried again later.
            let _ = device.sync().await;
        }
    }
    Ok(())
}

/// Throws dice that do not depend on a clock.
struct Dice(u64);

impl Dice {
    const fn below(&mut self, count: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % count
    }
}

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        // SIGKILL: no handler runs, nothing is flushed.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn serve(binary: &Path, data: &Path, port: u16, mode: &str) -> Result<(Killed, Option<Value>)> {
    let mut child = Command::new(binary)
        .arg("--data")
        .arg(data)
        .args([mode, "--listen", &format!("127.0.0.1:{port}")])
        .env("RUST_LOG", "off")
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("start `{}`", binary.display()))?;
    let out = child.stdout.take().context("what the server says")?;
    let server = Killed(child);
    let mut said = None;
    if mode == "demo" {
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line)?;
        said = Some(serde_json::from_str(&line).context("set the demo up")?);
    }
    let began = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        ensure!(
            began.elapsed() < Duration::from_secs(20),
            "the server does not answer"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok((server, said))
}

fn field(data: &Path, out: &Path) -> Result<Killed> {
    let mut child = Command::new(std::env::current_exe()?)
        .arg("field")
        .arg(data)
        .arg(out)
        .stdout(Stdio::piped())
        .spawn()?;
    let said = child.stdout.take().context("what the device says")?;
    let field = Killed(child);
    let mut line = String::new();
    BufReader::new(said).read_line(&mut line)?;
    ensure!(line.trim() == "ready", "the device did not start again");
    Ok(field)
}

async fn crash(binary: &Path, rounds: u64, seed: u64) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (central, data, out) = (
        folder.path().join("server"),
        folder.path().join("device"),
        folder.path().join("saved"),
    );
    let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
    let (mut server, said) = serve(binary, &central, port, "demo")?;
    let code = said
        .as_ref()
        .and_then(|said| said["enrol_code"].as_str())
        .context("the demo gives a code")?
        .to_owned();
    let address = format!("http://127.0.0.1:{port}");
    let enrolment = Enrolment {
        server: &address,
        code: &code,
        passphrase: PASSPHRASE,
    };
    let device = enrol(&data, enrolment, DeviceClock::default()).await?;
    device.sync().await?;
    drop(device);
    let mut dice = Dice(seed);
    let (mut field_kills, mut server_kills) = (0_u64, 0_u64);
    let began = Instant::now();
    for round in 0..rounds {
        let working = field(&data, &out)?;
        std::thread::sleep(Duration::from_millis(dice.below(160)));
        if dice.below(3) == 0 {
            drop(server);
            server_kills += 1;
            std::thread::sleep(Duration::from_millis(dice.below(40)));
            server = serve(binary, &central, port, "serve")?.0;
            std::thread::sleep(Duration::from_millis(dice.below(80)));
        }
        drop(working);
        field_kills += 1;
        if round % 100 == 99 {
            eprintln!(
                "{} rounds in {:.0} s",
                round + 1,
                began.elapsed().as_secs_f32()
            );
        }
    }
    let device = Device::unlock(&data, PASSPHRASE, DeviceClock::default())?;
    let status = device.sync().await?;
    ensure!(status.waiting == 0, "{} actions still wait", status.waiting);
    drop(device);
    drop(server);
    let report = compare(&central, &out)?;
    println!(
        "{}",
        serde_json::json!({
            "rounds": rounds,
            "seed": seed,
            "device_kills": field_kills,
            "server_kills": server_kills,
            "saved": report.saved,
            "lost": report.lost,
            "doubled": report.doubled,
            "seconds": began.elapsed().as_secs_f32(),
        })
    );
    match report.lost + report.doubled {
        0 => Ok(()),
        _ => bail!(
            "{} actions were lost, {} doubled",
            report.lost,
            report.doubled
        ),
    }
}

struct Report {
    saved: usize,
    lost: usize,
    doubled: usize,
}

/// What was said to be saved, against the server's file.
fn compare(central: &Path, out: &Path) -> Result<Report> {
    let said = std::fs::read_to_string(out)?;
    // A line that was cut by the kill was said to nobody.
    let saved: Vec<&str> = said.lines().filter(|line| line.len() == 36).collect();
    let file: PathBuf = central.join("doorstep.db");
    let server = Connection::open(file)?;
    let mut journal: BTreeMap<String, u32> = BTreeMap::new();
    let mut query = server.prepare("SELECT action, count(*) FROM journal GROUP BY action")?;
    for row in query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))? {
        let (action, count) = row?;
        journal.insert(action, count);
    }
    let mut notes: BTreeMap<String, u32> = BTreeMap::new();
    let mut query = server.prepare("SELECT doc FROM case_file")?;
    for doc in query.query_map([], |row| row.get::<_, String>(0))? {
        let doc: Value = serde_json::from_str(&doc?)?;
        for note in doc["history"].as_array().into_iter().flatten() {
            let id = note["id"].as_str().unwrap_or_default().to_owned();
            *notes.entry(id).or_default() += 1;
        }
    }
    let mut gaps = server.prepare(
        "SELECT count(*) FROM (SELECT max(n) - count(*) AS missing FROM journal
         GROUP BY device, incarnation) WHERE missing <> 0",
    )?;
    let gaps: u32 = gaps.query_row([], |row| row.get(0))?;
    ensure!(gaps == 0, "a journal has a gap");
    let times = |id: &str| {
        let in_journal = journal.get(id).copied().unwrap_or_default();
        let as_note = notes.get(id).copied().unwrap_or_default();
        (in_journal, as_note)
    };
    Ok(Report {
        saved: saved.len(),
        lost: saved
            .iter()
            .filter(|id| times(id).0 == 0 || times(id).1 == 0)
            .count(),
        doubled: saved
            .iter()
            .filter(|id| times(id).0 > 1 || times(id).1 > 1)
            .count(),
    })
}
