//! One first sync of a real device, in a process of its own.

use crate::measure::{ms, own_memory_mb};
use anyhow::{Context, Result, bail};
use doorstep_device::DeviceClock;
use doorstep_device::commands::enrol::{Enrolment, enrol};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

/// The passphrase of every device here.
pub const PASSPHRASE: &str = "rain on the step";

/// Where a device enrols.
#[derive(clap::Args)]
pub struct Enrolling {
    #[arg(long)]
    url: String,
    #[arg(long)]
    code: String,
    #[arg(long)]
    folder: PathBuf,
}

/// How a first sync went.
#[derive(Serialize, Deserialize)]
pub struct Fetched {
    pub ms: f64,
    pub mb: f64,
    pub cases: u32,
}

/// Enrols, then takes the time of the first sync.
pub async fn device(enrolling: &Enrolling) -> Result<()> {
    let enrolment = Enrolment {
        server: &enrolling.url,
        code: &enrolling.code,
        passphrase: PASSPHRASE,
    };
    let device = enrol(&enrolling.folder, enrolment, DeviceClock::default()).await?;
    let began = Instant::now();
    let status = device.sync().await?;
    let fetched = Fetched {
        ms: ms(began.elapsed()),
        mb: own_memory_mb()?,
        cases: status.cases,
    };
    println!("{}", serde_json::to_string(&fetched)?);
    Ok(())
}

/// Runs this program again as another part, and reads what it found.
pub fn part(arguments: &[&str]) -> Result<Fetched> {
    let output = Command::new(std::env::current_exe()?)
        .args(arguments)
        .output()?;
    if !output.status.success() {
        bail!(
            "`{}`: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    serde_json::from_slice(&output.stdout).context("read what a part found")
}
