//! Saving one action, against putting the same row into the same encrypted file.

use crate::Cli;
use crate::fetch::PASSPHRASE;
use crate::floor;
use crate::measure::{figure, median, ms};
use crate::scene::Scene;

use anyhow::Result;
use doorstep_device::DeviceClock;
use doorstep_device::commands::enrol::{Enrolment, enrol};
use serde_json::{Map, Value, json};
use std::time::Instant;

const CASES: usize = 200;
const SAVES_A_ROUND: usize = 60;

/// `save_action`.
pub async fn measure(cli: &Cli) -> Result<Map<String, Value>> {
    eprintln!("save_action: {} rounds", cli.rounds);
    let scene = Scene::set(&cli.server, CASES).await?;
    let enrolment = Enrolment {
        server: &scene.served.url(""),
        code: &scene.company.enrol_code(scene.agent)?,
        passphrase: PASSPHRASE,
    };
    let device = enrol(&scene.place("device"), enrolment, DeviceClock::default()).await?;
    device.sync().await?;
    let mut simulated = scene.company.simulate(scene.agent, scene.cases.clone())?;
    let mut bare_file = floor::open(&scene.place("floor"))?;
    let (mut ours, mut bare) = (vec![], vec![]);
    for (round, case) in scene
        .cases
        .iter()
        .cycle()
        .take(cli.rounds * SAVES_A_ROUND)
        .enumerate()
    {
        let began = Instant::now();
        device.add_note(
            *case,
            "Nobody opened; a neighbour said that they are away until Monday.",
        )?;
        ours.push(ms(began.elapsed()));
        let (envelope, case) = (simulated.note()?, case.to_string());
        let began = Instant::now();
        floor::put_journal_row(&mut bare_file, &envelope, &case)?;
        bare.push(ms(began.elapsed()));
        if round % SAVES_A_ROUND == SAVES_A_ROUND - 1 {
            // A day ends with an exchange: the outbox never grows for ever.
            device.sync().await?;
        }
    }
    let (ours, bare) = (median(&ours), median(&bare));
    let figures = json!({
        "ms": figure(ours),
        "floor_ms": figure(bare),
        "floor_ratio": figure(ours / bare),
    });
    Ok([("save_action".to_owned(), figures)].into_iter().collect())
}
