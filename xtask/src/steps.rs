//! Running steps with their time shown, from the project's root.

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// The project's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("."))
        .to_owned()
}

/// Runs a step and says how long it took.
pub fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("== {name}");
    let began = Instant::now();
    let done = work().with_context(|| format!("step `{name}`"))?;
    println!("== {name}: done in {:.0} s", began.elapsed().as_secs_f32());
    Ok(done)
}

/// Runs a program in a folder of the project; its output is shown.
pub fn run(folder: &str, program: &str, arguments: &[&str]) -> Result<()> {
    finish(
        Command::new(program)
            .args(arguments)
            .current_dir(root().join(folder)),
    )
}

/// Runs a program in the project's root, with more in its environment.
pub fn run_with(program: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Result<()> {
    finish(
        Command::new(program)
            .args(arguments)
            .envs(environment.iter().copied())
            .current_dir(root()),
    )
}

fn finish(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command
        .status()
        .with_context(|| format!("start `{program}`; is it installed?"))?;
    match status.success() {
        true => Ok(()),
        false => bail!("`{program}` ended with {status}"),
    }
}

/// Runs cargo.
pub fn cargo(arguments: &[&str]) -> Result<()> {
    run(
        ".",
        &std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()),
        arguments,
    )
}

/// Runs npm in the interface's folder.
pub fn npm(arguments: &[&str]) -> Result<()> {
    run("ui", "npm", arguments)
}

/// The profile in which things are measured.
pub const RELEASE: &[&str] = &["--release"];
/// The profile that the tests have built already.
pub const DEBUG: &[&str] = &[];

/// Builds programs in a profile. They are built as parts of the whole workspace, with the features that
/// everything in it asks for: a package by itself would have its dependencies compiled once more.
pub fn build(profile: &[&str], programs: &[&str]) -> Result<()> {
    let mut arguments = vec!["build", "--workspace"];
    arguments.extend(profile);
    for program in programs {
        arguments.extend(["--bin", program]);
    }
    cargo(&arguments)
}

/// Where a program of that profile lies.
pub fn built(profile: &[&str], name: &str) -> String {
    let folder = match profile.is_empty() {
        true => "target/debug",
        false => "target/release",
    };
    let path = root().join(folder).join(name);
    path.to_string_lossy().into_owned()
}

/// Runs a program of that profile.
pub fn run_built(profile: &[&str], name: &str, arguments: &[&str]) -> Result<()> {
    run(".", &built(profile, name), arguments)
}

/// What a program says on its standard output.
pub fn output_of(program: &str, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(root())
        .output()
        .with_context(|| format!("start `{program}`"))?;
    match output.status.success() {
        true => String::from_utf8(output.stdout).context("read what it says"),
        false => bail!("`{program}` ended with {}", output.status),
    }
}
