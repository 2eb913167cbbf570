//! The tests: everything, in the order in which a mistake is found fastest.

use crate::steps::{DEBUG, build, cargo, npm, run_with, step};
use crate::{hard, layers, machine};
use anyhow::Result;

/// Enough to meet the common moments; `cargo xtask crash --rounds 500` is for a release.
const CRASH_ROUNDS: u64 = 15;

/// How many tests run at once: journeys wait for sockets, disks and other processes half of the time.
fn at_once() -> String {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    (2 * processors).to_string()
}

/// Sets up and runs everything.
pub fn test() -> Result<()> {
    step("set up what is missing", machine::set_up_for_tests)?;
    step("format", || cargo(&["fmt", "--all", "--check"]))?;
    step("layers: who depends on whom", layers::check)?;
    step("interface: types", || npm(&["run", "--silent", "check"]))?;
    step("interface: lint and format", || {
        npm(&["run", "--silent", "lint"])
    })?;
    step("interface: unit tests", || {
        npm(&["run", "--silent", "test"])
    })?;
    step("interface: build", || npm(&["run", "--silent", "build"]))?;
    step("lint", || {
        cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "--deny",
            "warnings",
        ])
    })?;
    step("build the server and the app", || {
        build(DEBUG, &["doorstep-server", "doorstep"])
    })?;
    let at_once = ("RUST_TEST_THREADS", at_once());
    step("unit, property, contract, journeys, window", || {
        run_with(
            "cargo",
            &["test", "--workspace"],
            &[(at_once.0, &at_once.1)],
        )
    })?;
    step("journeys once more, over PostgreSQL", || {
        run_with(
            "cargo",
            &["test", "--workspace", "--test", "journeys"],
            &[
                (at_once.0, &at_once.1),
                ("DOORSTEP_JOURNEYS_ON", "postgres"),
            ],
        )
    })?;
    step(
        "weather: planted bugs, 20,000 seeds over the model, 2,000 over files",
        hard::weather_for_tests,
    )?;
    step("crashes: real processes killed at random moments", || {
        hard::crash(CRASH_ROUNDS, 1)
    })?;
    step("console in Chromium", || {
        npm(&["run", "--silent", "test:console"])
    })
}
