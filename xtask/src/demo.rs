//! The demo: the main job on an embedded database, in a window or headless.

use crate::machine;
use crate::steps::{DEBUG, build, npm, root, step};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Ten in the morning where the sample lives: visits are permitted then. Both clocks run on.
const CLOCK: &str = "2026-11-21T10:00:00+08:00";
const LISTEN: &str = "127.0.0.1:8383";
const MAPPING: &str = "examples/credit-accounts.mapping.toml";

/// Sets up, builds and shows.
pub fn demo(headless: bool, input: Option<PathBuf>, mapping: Option<PathBuf>) -> Result<()> {
    step("set up what is missing", machine::set_up)?;
    step("build the interface", || npm(&["run", "--silent", "build"]))?;
    step("build the server, the app and the driver", || {
        build(DEBUG, &["doorstep-server", "doorstep", "story"])
    })?;
    let out = root().join("target/demo");
    let mapping = mapping.unwrap_or_else(|| root().join(MAPPING));
    let input = input.map(|input| (input, mapping));
    let has_display = ["DISPLAY", "WAYLAND_DISPLAY"]
        .iter()
        .any(|name| std::env::var_os(name).is_some());
    match headless || (cfg!(target_os = "linux") && !has_display) {
        true => step("the story of a day, on the real screens", || {
            tell(&out, input.as_ref())
        }),
        false => open(&out, input.as_ref()),
    }
}

fn binary(name: &str) -> PathBuf {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    target
        .join("debug")
        .join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

/// Drives the story; its last lines are the summary, and it ends with 1 where anything differs.
fn tell(out: &Path, input: Option<&(PathBuf, PathBuf)>) -> Result<()> {
    let mut command = Command::new(binary("story"));
    command.args([
        binary("doorstep-server"),
        binary("doorstep"),
        out.to_owned(),
    ]);
    if let Some((file, mapping)) = input {
        command.args([file, mapping]);
    }
    let status = command.status().context("start the driver")?;
    println!("   pictures and summary.json: {}", out.display());
    match status.success() {
        true => Ok(()),
        false => {
            eprintln!("the story did not end as it should: see above");
            std::process::exit(1)
        }
    }
}

/// Opens the window, signed in as the demo agent, beside a running server.
fn open(out: &Path, input: Option<&(PathBuf, PathBuf)>) -> Result<()> {
    if out.exists() {
        std::fs::remove_dir_all(out).with_context(|| format!("empty `{}`", out.display()))?;
    }
    std::fs::create_dir_all(out)?;
    let (mut server, said) = start_server(out, input)?;
    let address = said["address"].as_str().unwrap_or_default();
    let sign_in = out.join("sign-in.json");
    let values = json!({
        "server": address, "code": said["enrol_code"], "passphrase": "rain on the step",
    });
    std::fs::write(&sign_in, values.to_string())?;
    println!(
        "\n   Imported {} accounts of {} rows.",
        said["import"]["opened"], said["import"]["rows"]
    );
    println!("   The console: {address}/console.html");
    for person in said["people"].as_array().into_iter().flatten() {
        println!(
            "     {} / {}",
            person["name"].as_str().unwrap_or_default(),
            person["password"].as_str().unwrap_or_default()
        );
    }
    println!("   The app's passphrase: rain on the step");
    println!("   Both clocks began at 10:00 where the sample lives, so that visits are permitted.");
    println!("   Close the window to end the demo.\n");
    let app = Command::new(binary("doorstep"))
        .arg("--data")
        .arg(out.join("device"))
        .arg("--sign-in")
        .arg(&sign_in)
        .args(["--clock", CLOCK])
        .status();
    // The server ends with the demo, also when the window could not be opened.
    let _ = server.kill();
    let _ = server.wait();
    app.context("open the window")?;
    Ok(())
}

fn start_server(out: &Path, input: Option<&(PathBuf, PathBuf)>) -> Result<(Child, Value)> {
    let mut command = Command::new(binary("doorstep-server"));
    command
        .arg("--data")
        .arg(out.join("server"))
        .args(["demo", "--listen", LISTEN, "--clock", CLOCK]);
    if let Some((file, mapping)) = input {
        command
            .arg("--input")
            .arg(file)
            .arg("--mapping")
            .arg(mapping);
    }
    let mut server = command
        .env("RUST_LOG", "warn")
        .stdout(Stdio::piped())
        .spawn()
        .context("start the server")?;
    let output = server.stdout.take().context("read what the server says")?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line)?;
    let said =
        serde_json::from_str(&line).context("the server could not set the demo up; see above")?;
    Ok((server, said))
}
