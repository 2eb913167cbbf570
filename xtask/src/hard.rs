//! The hard tests: weather, crashes, twisted input.

use crate::steps::{DEBUG, RELEASE, build, built, run_built, run_with};
use anyhow::Result;

/// Seeds of the weather that the test command runs, over the model and over files.
const MODEL_SEEDS: &str = "20000";
const FILE_SEEDS: &str = "2000";

/// Runs the weather as asked.
pub fn weather(arguments: &[String]) -> Result<()> {
    build(RELEASE, &["doorstep-weather"])?;
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    run_built(RELEASE, "doorstep-weather", &arguments)
}

/// The weather of the test command.
pub fn weather_for_tests() -> Result<()> {
    build(DEBUG, &["doorstep-weather"])?;
    let weather = |arguments: &[&str]| run_built(DEBUG, "doorstep-weather", arguments);
    weather(&["--planted"])?;
    weather(&["--quiet", "--seeds", MODEL_SEEDS])?;
    weather(&["--quiet", "--seeds", FILE_SEEDS, "--sqlite"])
}

/// Fuzzes every decoder; the tests do so for two seconds each.
pub fn fuzz(minutes: u64) -> Result<()> {
    let seconds = (minutes * 60).to_string();
    run_with(
        "cargo",
        &["test", "--package", "doorstep-fuzz", "--", "--nocapture"],
        &[("DOORSTEP_FUZZ_SECONDS", &seconds)],
    )
}

/// Kills real processes: the ones that the tests have built.
pub fn crash(rounds: u64, seed: u64) -> Result<()> {
    build(DEBUG, &["doorstep-server", "crash"])?;
    let (server, rounds, seed) = (
        built(DEBUG, "doorstep-server"),
        rounds.to_string(),
        seed.to_string(),
    );
    run_built(DEBUG, "crash", &[&server, &rounds, &seed])
}
