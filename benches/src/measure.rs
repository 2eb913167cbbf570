//! Medians, ratios and memory.

use anyhow::{Context, Result};
use serde_json::Value;
use std::process::Child;
use std::time::Duration;

/// The middle one of some timings, in milliseconds.
pub fn median(times: &[f64]) -> f64 {
    percentile(times, 50)
}

/// The value below which so many percent of the timings lie.
pub fn percentile(times: &[f64], percent: usize) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1);
    sorted
        .get(last * percent / 100)
        .copied()
        .unwrap_or(f64::NAN)
}

/// Milliseconds.
pub fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// As it stands in a report: three digits after the point.
pub fn figure(value: f64) -> Value {
    Value::from((value * 1_000.0).round() / 1_000.0)
}

/// The most memory that this process has held, in MB.
pub fn own_memory_mb() -> Result<f64> {
    memory_of("self")
}

/// The most memory that a process has held, in MB.
pub fn memory_mb(child: &Child) -> Result<f64> {
    memory_of(&child.id().to_string())
}

fn memory_of(process: &str) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))
        .context("read the memory of a process from /proc")?;
    let kilobytes: f64 = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.trim().strip_suffix("kB"))
        .context("no peak of memory in /proc")?
        .trim()
        .parse()?;
    Ok(kilobytes / 1_024.0)
}
