//! A thousand devices at one server, and what cases outside a device's scope cost it.

use crate::Cli;
use crate::company::Company;
use crate::measure::{figure, median, ms, percentile};
use crate::scene::fill;
use crate::served::Served;

use anyhow::{Context, Result};
use doorstep_domain::Role;
use doorstep_server::{Store, Tenant};
use doorstep_testkit::cluster::Cluster;
use doorstep_tests::simulated::Simulated;
use serde_json::{Map, Value, json};
use std::path::Path;
use std::time::Instant;

const DEVICES: usize = 1_000;
const CASES_A_DEVICE: usize = 10;
/// Devices that ask at the same moment.
const AT_ONCE: usize = 16;
const EXCHANGES_A_DEVICE: usize = 2;

/// `server_sqlite` and `server_postgres`.
pub async fn servers(cli: &Cli) -> Result<Map<String, Value>> {
    let mut figures = Map::new();
    if "server_sqlite".starts_with(&cli.only) {
        let folder = tempfile::tempdir()?;
        let store = Store::open(&folder.path().join("doorstep.db"), Tenant::default())?;
        let figure = thousand(cli, "server_sqlite", store, folder.path(), None).await?;
        figures.insert("server_sqlite".into(), figure);
    }
    if "server_postgres".starts_with(&cli.only) {
        let folder = tempfile::tempdir()?;
        let cluster = Cluster::start_durable()?;
        let url = cluster.database("bench")?;
        let name = url.clone();
        // The client of PostgreSQL brings its own runtime, which must not start inside this one.
        let opened = tokio::task::spawn_blocking(move || Store::connect(&name, Tenant::default()));
        let store = opened.await??;
        let figure = thousand(cli, "server_postgres", store, folder.path(), Some(&url)).await?;
        figures.insert("server_postgres".into(), figure);
    }
    Ok(figures)
}

async fn thousand(
    cli: &Cli,
    name: &str,
    store: Store,
    data: &Path,
    database: Option<&str>,
) -> Result<Value> {
    eprintln!("{name}: {DEVICES} devices");
    let enrolled = tokio::task::spawn_blocking(move || enrol(store)).await??;
    let served = Served::start(&cli.server, data, database).await?;
    let mut shares: Vec<Vec<Simulated>> = (0..AT_ONCE).map(|_| Vec::new()).collect();
    for (place, device) in enrolled.into_iter().enumerate() {
        if let Some(share) = shares.get_mut(place % AT_ONCE) {
            share.push(device);
        }
    }
    let url = served.url("/v1/sync");
    let began = Instant::now();
    let workers: Vec<_> = shares
        .into_iter()
        .map(|share| tokio::spawn(work(share, url.clone())))
        .collect();
    let mut times = Vec::new();
    for worker in workers {
        times.extend(worker.await??);
    }
    let seconds = began.elapsed().as_secs_f64();
    Ok(json!({
        "per_s": figure(times.len() as f64 / seconds),
        "p50_ms": figure(median(&times)),
        "p99_ms": figure(percentile(&times, 99)),
        "mb": figure(served.memory_mb()?),
        "devices": DEVICES,
        "at_once": AT_ONCE,
    }))
}

fn enrol(store: Store) -> Result<Vec<Simulated>> {
    let mut company = Company::found(store)?;
    let mut devices = Vec::with_capacity(DEVICES);
    for number in 0..DEVICES {
        let agent = company.hire(&format!("agent-{number}"), Role::Agent)?;
        let cases = company.open_cases(agent, CASES_A_DEVICE)?;
        devices.push(company.simulate(agent, cases)?);
    }
    Ok(devices)
}

/// Each device in turn, some actions one after the other.
async fn work(mut devices: Vec<Simulated>, url: String) -> Result<Vec<f64>> {
    let http = reqwest::Client::builder().no_proxy().build()?;
    let mut times = Vec::new();
    for _ in 0..EXCHANGES_A_DEVICE {
        for device in &mut devices {
            times.push(one(device, &http, &url).await?);
        }
    }
    Ok(times)
}

/// One exchange with one action.
async fn one(device: &mut Simulated, http: &reqwest::Client, url: &str) -> Result<f64> {
    let note = device.note()?;
    let request = device.request(vec![note]);
    Ok(ms(device.exchange(http, url, &request).await?.0))
}

const SCOPE: usize = 200;
const OUTSIDE: [usize; 2] = [10_000, 200_000];
const EXCHANGES_A_ROUND: usize = 60;

/// `scope_200k`: one device with 200 cases, beside 10,000 and beside 200,000 of other people.
pub async fn scope(cli: &Cli) -> Result<Map<String, Value>> {
    let mut beside = Vec::new();
    for outside in OUTSIDE {
        eprintln!("scope_200k: {outside} cases of other people");
        let folder = tempfile::tempdir()?;
        let (mut company, agent, cases) = fill(folder.path(), SCOPE)?;
        let others = company.hire("others", Role::Agent)?;
        company.open_cases(others, outside)?;
        let device = company.simulate(agent, cases)?;
        let served = Served::start(&cli.server, folder.path(), None).await?;
        beside.push((folder, served, device, Vec::new()));
    }
    let http = reqwest::Client::builder().no_proxy().build()?;
    for _ in 0..cli.rounds * EXCHANGES_A_ROUND {
        for (_, served, device, times) in &mut beside {
            let url = served.url("/v1/sync");
            times.push(one(device, &http, &url).await?);
        }
    }
    let medians: Vec<f64> = beside.iter().map(|(.., times)| median(times)).collect();
    let (few, many) = (
        medians.first().context("no figure")?,
        medians.last().context("no figure")?,
    );
    let figures = json!({
        "ms_10k": figure(*few),
        "ms_200k": figure(*many),
        "cost_ratio_to_10k": figure(many / few),
    });
    Ok([("scope_200k".to_owned(), figures)].into_iter().collect())
}
