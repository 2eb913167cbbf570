//! How fast the exchange is, and how much it moves: every figure against a floor or a peer that is
//! measured in the same run, because machines differ and are noisy.
//!
//! `bench-sync --server DOORSTEP-SERVER --peers FOLDER [--json FILE] [--only NAME]`

mod company;
mod day;
mod fetch;
mod first_sync;
mod floor;
mod load;
mod measure;
mod peer;
mod save;
mod scene;
mod served;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use serde_json::{Map, Value};
use std::path::PathBuf;

/// Measures the exchange with the server.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    part: Option<Part>,
    /// The server's program, built for release.
    #[arg(long, default_value = "target/release/doorstep-server")]
    server: PathBuf,
    /// The folder of the peers, with their packages installed.
    #[arg(long, default_value = "benches/peers")]
    peers: PathBuf,
    /// Where to write the figures: one object each, by name.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Only the figures whose name begins like this.
    #[arg(long, default_value = "")]
    only: String,
    /// How often each timing is taken; the median counts.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

/// What runs in a process of its own, so that its memory is its own too.
#[derive(Subcommand)]
enum Part {
    /// One first sync of a real device.
    Device(fetch::Enrolling),
    /// The same bytes into the same tables, and nothing else.
    Floor(floor::Fetching),
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    // One TLS provider for the whole process, as the device installs it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Runtime::new().context("start the async runtime")?;
    match &cli.part {
        Some(Part::Device(enrolling)) => runtime.block_on(fetch::device(enrolling)),
        Some(Part::Floor(fetching)) => runtime.block_on(floor::device(fetching)),
        None => runtime.block_on(measure_all(&cli)),
    }
}

async fn measure_all(cli: &Cli) -> Result<()> {
    let mut figures = Map::new();
    // Parts that are measured together run where any of their names is wanted.
    let wanted = |names: &[&str]| names.iter().any(|name| name.starts_with(&cli.only));
    if wanted(&["first_sync_5000", "first_sync_20000", "bytes_per_case"]) {
        figures.extend(first_sync::measure(cli).await?);
    }
    if wanted(&["day_200_200", "bytes_per_action"]) {
        figures.extend(day::measure(cli).await?);
    }
    if wanted(&["save_action"]) {
        figures.extend(save::measure(cli).await?);
    }
    if wanted(&["server_sqlite", "server_postgres"]) {
        figures.extend(load::servers(cli).await?);
    }
    if wanted(&["scope_200k"]) {
        figures.extend(load::scope(cli).await?);
    }
    figures.retain(|name, _| name.starts_with(&cli.only));
    println!("{}", table(&figures));
    if let Some(file) = &cli.json {
        std::fs::write(file, serde_json::to_vec_pretty(&figures)?)
            .with_context(|| format!("write `{}`", file.display()))?;
    }
    Ok(())
}

/// The figures for people.
fn table(figures: &Map<String, Value>) -> String {
    let mut lines = Vec::new();
    for (name, figure) in figures {
        let parts: Vec<String> = figure
            .as_object()
            .into_iter()
            .flatten()
            .map(|(part, value)| format!("{part} {value}"))
            .collect();
        lines.push(format!("{name:18} {}", parts.join(", ")));
    }
    lines.join("\n")
}
