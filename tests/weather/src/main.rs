//! `weather`: runs seeds, replays one, or shows that each planted bug is caught.

use anyhow::{Context, Result, bail};
use clap::Parser;
use doorstep_weather::bug::Bug;
use doorstep_weather::run::{first_caught, run_many};
use std::path::PathBuf;

/// Devices and a server in bad weather.
#[derive(Parser)]
struct Cli {
    /// How many seeds.
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// The first seed; with `--seeds 1` it replays that one.
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// Over real SQLite and SQLCipher files in place of the model.
    #[arg(long)]
    sqlite: bool,
    /// Plant each bug in turn, and show the first seed that catches it.
    #[arg(long)]
    planted: bool,
    /// Tell what happens, step by step; for one seed.
    #[arg(long)]
    tell: bool,
    /// Print only what is wrong, and one line.
    #[arg(long)]
    quiet: bool,
    /// Also write the report here.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// A bug that no seed up to here catches is not caught.
const PLANTED_SEEDS_MAX: u64 = 60_000;

fn main() -> Result<()> {
    let cli = Cli::parse();
    if cli.planted {
        return planted(&cli);
    }
    let report = run_many(cli.from, cli.seeds, None, cli.sqlite, cli.tell)?;
    let text = serde_json::to_string_pretty(&report)?;
    match cli.quiet && report.failed == 0 {
        true => println!(
            "{} seeds over the {} store, none failed, {:.0} a second",
            report.seeds, report.store, report.seeds_per_second
        ),
        false => println!("{text}"),
    }
    if let Some(path) = &cli.json {
        std::fs::write(path, &text).with_context(|| format!("write `{}`", path.display()))?;
    }
    match report.failed {
        0 => Ok(()),
        failed => bail!(
            "{failed} of {} seeds broke the promise; replay one with --seeds 1 --from SEED{}",
            report.seeds,
            if cli.sqlite { " --sqlite" } else { "" }
        ),
    }
}

fn planted(cli: &Cli) -> Result<()> {
    let mut missed = Vec::new();
    let mut caught = serde_json::Map::new();
    for bug in Bug::ALL {
        match first_caught(bug, PLANTED_SEEDS_MAX)? {
            Some((seed, broken)) => {
                println!("{:<36} seed {seed:>5}  {broken}", bug.name());
                caught.insert(bug.name().to_owned(), seed.into());
            }
            None => {
                println!("{:<36} not caught", bug.name());
                missed.push(bug.name());
            }
        }
    }
    if let Some(path) = &cli.json {
        std::fs::write(path, serde_json::to_string_pretty(&caught)?)
            .with_context(|| format!("write `{}`", path.display()))?;
    }
    match missed.is_empty() {
        true => Ok(()),
        false => bail!("not caught: {}", missed.join(", ")),
    }
}
