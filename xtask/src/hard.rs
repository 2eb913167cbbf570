//! The hard tests: weather and crashes.

use crate::steps::{DEBUG, RELEASE, build, built, run_built};
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

/// Kills real processes: the ones that the tests have built.
pub fn crash(rounds: u64, seed: u64) -> Result<()> {
    build(DEBUG, &["doorstep-server", "doorstep-tests"])?;
    let (server, rounds, seed) = (
        built(DEBUG, "doorstep-server"),
        rounds.to_string(),
        seed.to_string(),
    );
    run_built(DEBUG, "crash", &[&server, &rounds, &seed])
}
