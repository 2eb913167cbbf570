//! The measurements. They need quiet: close what else runs.

use crate::machine;
use crate::steps::{RELEASE, build, run_built, step};
use anyhow::Result;

const PEERS: &str = "benches/peers";

/// Measures the exchange: see `benches/`.
pub fn sync(arguments: &[String]) -> Result<()> {
    step("set up what is missing", machine::set_up)?;
    step("install the peer", || machine::install_node_modules(PEERS))?;
    step("build for release", || {
        build(RELEASE, &["doorstep-server", "bench-sync"])
    })?;
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    run_built(RELEASE, "bench-sync", &arguments)
}

/// Measures with one of the binaries of `benches/` that need nothing but themselves.
pub fn alone(binary: &str, arguments: &[String]) -> Result<()> {
    step("set up what is missing", machine::set_up)?;
    step("build for release", || build(RELEASE, &[binary]))?;
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    run_built(RELEASE, binary, &arguments)
}
