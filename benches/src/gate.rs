//! The safety gate: how long a clearance takes with all packs, and how late the watch is over a
//! hundred thousand visits. `bench-gate [--json FILE]`

use anyhow::{Context, Result, ensure};
use chrono::{Duration, Utc};
use clap::Parser;
use doorstep_domain::checklist::{Answer, Answers};
use doorstep_domain::clearance::clear;
use doorstep_domain::visit::VisitIntent;
use doorstep_domain::{Case, CaseId, DeviceId, UserId, VisitId};
use doorstep_server::api::App;
use doorstep_server::attachments::Attachments;
use doorstep_server::store::WatchRow;
use doorstep_server::{Clock, Store, Tenant, policies};
use doorstep_testkit::build::{case, morning, safe_answers};
use serde_json::json;
use std::hint::black_box;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;
use uuid::Uuid;

const CLEARANCES: usize = 20_000;
const OPEN_VISITS: u128 = 100_000;
/// So many of them fall silent, spread over [`SILENCE_SECONDS`].
const SILENT_VISITS: u128 = 2_000;
const SILENCE_SECONDS: i64 = 10;

/// Measures the safety gate.
#[derive(Parser)]
struct Cli {
    /// Where to write the figures.
    #[arg(long)]
    json: Option<PathBuf>,
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    let (clear_us, clear_worst_us) = clearances()?;
    let runtime = tokio::runtime::Runtime::new().context("start the async runtime")?;
    let watched = runtime.block_on(watch())?;
    let figures = json!({
        "clear_us": clear_us,
        "clear_worst_us": clear_worst_us,
        "watch_open": watched.open,
        "watch_late_ms_p50": watched.late_p50,
        "watch_late_ms_p99": watched.late_p99,
        "watch_alarms": watched.alarms,
        "watch_lodge_per_s": watched.lodged_a_second,
    });
    let text = serde_json::to_string_pretty(&figures)?;
    println!("{text}");
    if let Some(path) = &cli.json {
        std::fs::write(path, text).with_context(|| format!("write `{}`", path.display()))?;
    }
    Ok(())
}

/// Microseconds a clearance with every pack: the median where nothing is adverse, and where all is.
fn clearances() -> Result<(f64, f64)> {
    let policies = policies::shipped()?.policies;
    let case = case().context("a case")?;
    let intent = VisitIntent {
        planned_minutes: 30,
        headcount: 2,
        lead_approval: None,
        lifts: Vec::new(),
        partner_code: None,
    };
    let safe = safe_answers(&policies);
    let worst: Answers = safe
        .keys()
        .map(|question| (question.clone(), Answer::Unknown))
        .collect();
    let median = |case: &Case, answers: &Answers| {
        let mut took: Vec<f64> = (0..CLEARANCES)
            .map(|_| {
                let began = Instant::now();
                black_box(clear(case, answers, &policies, &intent, morning()));
                began.elapsed().as_secs_f64() * 1e6
            })
            .collect();
        took.sort_by(f64::total_cmp);
        (took[CLEARANCES / 2] * 10.0).round() / 10.0
    };
    Ok((median(&case, &safe), median(&case, &worst)))
}

struct Watched {
    open: u64,
    alarms: usize,
    late_p50: i64,
    late_p99: i64,
    lodged_a_second: u64,
}

/// A hundred thousand visits on one server, some of which fall silent.
async fn watch() -> Result<Watched> {
    let folder = tempfile::tempdir()?;
    let store = Store::open(&folder.path().join("server.db"), Tenant::default())?;
    let store = Arc::new(store);
    let attachments = Attachments::in_folder(&folder.path().join("attachments"))?;
    let began = Instant::now();
    let first = Utc::now() + Duration::seconds(20);
    for some in 0..OPEN_VISITS / 1_000 {
        store.write(|tx| {
            for number in some * 1_000..(some + 1) * 1_000 {
                let due_at = match number % (OPEN_VISITS / SILENT_VISITS) {
                    0 => {
                        let share = number as i64 * SILENCE_SECONDS * 1_000 / OPEN_VISITS as i64;
                        first + Duration::milliseconds(share)
                    }
                    _ => first + Duration::hours(2),
                };
                tx.watch(&WatchRow {
                    visit: VisitId(Uuid::from_u128(number)),
                    case: CaseId(Uuid::from_u128(number)),
                    device: DeviceId(Uuid::from_u128(number)),
                    agent: UserId(Uuid::from_u128(1)),
                    due_at,
                    rhythm_ms: 1_200_000,
                })?;
            }
            Ok::<_, doorstep_server::store::StoreError>(())
        })?;
    }
    let lodged_a_second = (OPEN_VISITS as f64 / began.elapsed().as_secs_f64()) as u64;
    ensure!(
        Utc::now() < first,
        "lodging took longer than the measurement waits"
    );
    let open = store.read(|tx| tx.count_watched())?;
    let app = App::new(
        Arc::clone(&store),
        policies::shipped()?,
        Clock::default(),
        attachments,
    );
    let beside = tokio::spawn(async move { app.run_beside().await });
    let until = first + Duration::seconds(SILENCE_SECONDS + 3);
    let wait = (until - Utc::now()).to_std().unwrap_or_default();
    tokio::time::sleep(wait).await;
    beside.abort();
    let alarms = store.read(|tx| tx.alarms(u32::MAX >> 1))?;
    let mut late: Vec<i64> = alarms
        .iter()
        .map(|row| (row.arrived_at - row.alarm.recorded_at.to_utc()).num_milliseconds())
        .collect();
    late.sort_unstable();
    ensure!(
        late.len() as u128 == SILENT_VISITS,
        "{} alarms were raised",
        late.len()
    );
    Ok(Watched {
        open,
        alarms: late.len(),
        late_p50: late[late.len() / 2],
        late_p99: late[late.len() * 99 / 100],
        lodged_a_second,
    })
}
