//! The list of rules: what the software holds, what a person attests, and what neither does.

use crate::machine;
use crate::steps::{DEBUG, build, built, output_of, root, step};
use anyhow::{Context, Result};
use serde_json::Value;
use std::path::Path;

/// Prints the list, and writes it as JSON where asked.
pub fn list(json: Option<&Path>) -> Result<()> {
    step("set up what is missing", machine::set_up)?;
    step("build", || build(DEBUG, &["doorstep-server"]))?;
    let text = output_of(&built(DEBUG, "doorstep-server"), &["policy", "rules"])?;
    let rules: Vec<Value> = serde_json::from_str(&text).context("read the list of rules")?;
    for state in ["implemented", "attested", "not"] {
        let of_state = || rules.iter().filter(|rule| rule["state"] == state);
        println!("\n{state}: {}", of_state().count());
        for rule in of_state() {
            let text = |name: &str| rule[name].as_str().unwrap_or_default().to_owned();
            println!("  {:<16} {}{}", text("id"), text("where"), text("reason"));
        }
    }
    if let Some(path) = json {
        let path = root().join(path);
        std::fs::write(&path, text).with_context(|| format!("write `{}`", path.display()))?;
    }
    Ok(())
}
