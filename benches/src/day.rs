//! A day's exchange: 200 actions up and 200 cases down, with 5,000 cases on the device.

use crate::Cli;
use crate::fetch::PASSPHRASE;
use crate::floor;
use crate::measure::{figure, median, ms};
use crate::scene::Scene;

use anyhow::{Result, ensure};
use doorstep_device::commands::enrol::{Enrolment, enrol};
use doorstep_device::{Device, DeviceClock};
use doorstep_domain::CaseId;
use doorstep_testkit::cable::Cable;
use doorstep_tests::simulated::compressed;
use serde_json::{Map, Value, json};
use std::time::{Duration, Instant};

const CASES: usize = 5_000;
const A_DAY: usize = 200;
const ROUND_TRIP: Duration = Duration::from_millis(100);

/// `day_200_200` and `bytes_per_action`.
pub async fn measure(cli: &Cli) -> Result<Map<String, Value>> {
    eprintln!("day_200_200: {} rounds", cli.rounds);
    let mut scene = Scene::set(&cli.server, CASES).await?;
    let cable = Cable::lay(scene.served.address).await?;
    let enrolment = Enrolment {
        server: &cable.url(),
        code: &scene.company.enrol_code(scene.agent)?,
        passphrase: PASSPHRASE,
    };
    let device = enrol(&scene.place("device"), enrolment, DeviceClock::default()).await?;
    device.sync().await?;

    // What the floor holds and is answered is what a real exchange was.
    let (_, documents) = scene.stream().await?;
    let today: Vec<CaseId> = scene.cases.iter().take(A_DAY).copied().collect();
    let mut simulated = scene.company.simulate(scene.agent, today)?;
    let outbox = (0..A_DAY)
        .map(|_| simulated.note())
        .collect::<Result<Vec<_>>>()?;
    let request = simulated.request(outbox);
    let http = reqwest::Client::builder().no_proxy().build()?;
    let url = scene.served.url("/v1/sync");
    let (_, answer) = simulated.exchange(&http, &url, &request).await?;
    ensure!(
        answer.cases.len() == A_DAY,
        "{} cases came",
        answer.cases.len()
    );
    let floor_server = floor::serve_day(&scene.place("floor-server.db"), answer).await?;
    // The same way there: what the cable costs, both pay.
    let floor_cable = Cable::lay(floor_server).await?;
    let floor_url = floor_cable.url();
    let mut floor_device = floor::open(&scene.place("floor-device"))?;
    let tx = floor_device.transaction()?;
    for document in &documents {
        floor::put(&tx, document)?;
    }
    tx.commit()?;
    for envelope in &request.outbox {
        floor::put_journal_row(&mut floor_device, envelope, "")?;
    }

    let (mut near, mut far, mut requests) = (vec![], vec![], vec![]);
    let (mut bare, mut least) = (vec![], vec![]);
    let mut days = scene
        .cases
        .chunks(A_DAY)
        .map(<[CaseId]>::to_vec)
        .collect::<Vec<_>>();
    for _ in 0..cli.rounds {
        for (round_trip, times) in [(Duration::ZERO, &mut near), (ROUND_TRIP, &mut far)] {
            let cases = days.pop().unwrap_or_default();
            ensure!(cases.len() == A_DAY, "too many rounds for {CASES} cases");
            for case in &cases {
                device.add_note(*case, "Nobody opened; away until Monday, a neighbour said.")?;
            }
            scene.company.change_cases(&cases)?;
            cable.add_round_trip(round_trip);
            // A device that was offline has no connection open.
            cable.renew().await;
            let before = cable.requests();
            times.push(exchange(&device).await?);
            requests.push(cable.requests() - before);
        }
        let floors: [(floor::Replace, _); 2] = [
            (floor::replace, &mut bare),
            (floor::replace_text, &mut least),
        ];
        for (replace, times) in floors {
            floor::fill_outbox(&floor_device)?;
            floor_cable.renew().await;
            let request = request.clone();
            times.push(floor::day(&http, &mut floor_device, &floor_url, request, replace).await?);
        }
    }
    let (near, far) = (median(&near), median(&far));
    let (bare, least) = (median(&bare), median(&least));
    let per_action = |bytes: usize| figure(bytes as f64 / A_DAY as f64);
    let plain = serde_json::to_vec(&request)?.len();
    Ok([
        (
            "day_200_200".to_owned(),
            json!({
                "ms": figure(near),
                "floor_ms": figure(bare),
                "floor_ratio": figure(near / bare),
                // The same, told beforehand that no list and no search changes.
                "least_ms": figure(least),
                "least_ratio": figure(near / least),
                "requests": requests.into_iter().max().unwrap_or_default(),
                "ms_rtt100": figure(far),
            }),
        ),
        (
            "bytes_per_action".to_owned(),
            json!({
                "bytes": per_action(compressed(&request)?.len()),
                "plain_bytes": per_action(plain),
            }),
        ),
    ]
    .into_iter()
    .collect())
}

async fn exchange(device: &Device) -> Result<f64> {
    let began = Instant::now();
    let status = device.sync().await?;
    let took = ms(began.elapsed());
    ensure!(status.waiting == 0, "{} actions still wait", status.waiting);
    Ok(took)
}
