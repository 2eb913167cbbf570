//! What the machine must have. On Debian and Ubuntu missing packages are installed where that is
//! allowed; elsewhere the one line to run is printed.

use crate::steps::{root, run};
use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::{Command, Stdio};

/// Debian packages and why they are needed.
const PACKAGES: [&str; 16] = [
    "build-essential",
    "pkg-config",
    "cmake",
    "libasound2-dev",
    "libssl-dev",
    "libwebkit2gtk-4.1-dev",
    "webkit2gtk-driver",
    "xvfb",
    "xauth",
    "chromium",
    "chromium-driver",
    "fonts-wqy-microhei",
    "fonts-dejavu-core",
    "poppler-utils",
    "postgresql",
    "python3-venv",
];

const NODE_MAJOR_MIN: u32 = 20;

/// Installs or names what is missing.
pub fn set_up() -> Result<()> {
    check_node()?;
    if cfg!(target_os = "linux") && Path::new("/usr/bin/dpkg-query").exists() {
        install_packages()?;
    } else if cfg!(target_os = "linux") {
        println!(
            "   not Debian or Ubuntu: please see that these are installed: {}",
            PACKAGES.join(" ")
        );
    } else {
        println!("   on this system install Rust, Node 20 and the prerequisites of Tauri 2 first;");
        println!("   the headless demo and the tests need Debian 12 or Ubuntu 24.04.");
    }
    install_node_modules("ui")
}

/// Sets up what only the tests need as well: other people's clients and servers.
pub fn set_up_for_tests() -> Result<()> {
    set_up()?;
    install_node_modules(CLIENTS)?;
    install_python()
}

const CLIENTS: &str = "tests/clients";

fn check_node() -> Result<()> {
    let output = Command::new("node").arg("--version").output().context(
        "Node.js is not installed; install version 20 or later (Debian 12 has 18: take it from nodejs.org)",
    )?;
    let version = String::from_utf8_lossy(&output.stdout)
        .trim()
        .trim_start_matches('v')
        .to_owned();
    let major = version
        .split('.')
        .next()
        .and_then(|major| major.parse().ok())
        .unwrap_or(0);
    match major >= NODE_MAJOR_MIN {
        true => Ok(()),
        false => bail!("Node.js {version} is too old; install version {NODE_MAJOR_MIN} or later"),
    }
}

fn install_packages() -> Result<()> {
    let missing: Vec<_> = PACKAGES
        .into_iter()
        .filter(|package| !is_installed(package))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let line = format!(
        "apt-get install --yes --no-install-recommends {}",
        missing.join(" ")
    );
    let prefix = match (is_root(), may_sudo()) {
        (true, _) => "",
        (false, true) => "sudo ",
        (false, false) => bail!("please run this line, then start again:\n\n  sudo {line}\n"),
    };
    println!("   installing {}", missing.join(" "));
    shell(&format!("{prefix}apt-get update"))?;
    shell(&format!("{prefix}{line}"))
}

fn is_installed(package: &str) -> bool {
    Command::new("dpkg-query")
        .args(["--show", "--showformat=${db:Status-Status}", package])
        .stderr(Stdio::null())
        .output()
        .is_ok_and(|output| output.stdout == b"installed")
}

fn is_root() -> bool {
    Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn may_sudo() -> bool {
    Command::new("sudo")
        .args(["-n", "true"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn shell(line: &str) -> Result<()> {
    let status = Command::new("sh")
        .args(["-c", line])
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdout(Stdio::null())
        .status()?;
    match status.success() {
        true => Ok(()),
        false => bail!("`{line}` ended with {status}"),
    }
}

/// Runs `npm ci` in a folder where the lock file is not the one that was installed.
pub fn install_node_modules(folder: &str) -> Result<()> {
    let folder_there = root().join(folder);
    let wanted = std::fs::read(folder_there.join("package-lock.json"))
        .with_context(|| format!("read the lock file of npm in `{folder}`"))?;
    let stamp = folder_there.join("node_modules/.installed-lock.json");
    if std::fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    run(folder, "npm", &["ci", "--no-audit", "--no-fund"])?;
    Ok(std::fs::write(stamp, wanted)?)
}

/// Installs the Python programs of the tests into a virtual environment of their own.
fn install_python() -> Result<()> {
    let wanted = root().join(CLIENTS).join("requirements.txt");
    let wanted = std::fs::read(&wanted).context("read what the tests need of Python")?;
    let stamp = root().join("target/python/installed.txt");
    if std::fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    run(".", "python3", &["-m", "venv", "target/python"])?;
    let requirements = format!("{CLIENTS}/requirements.txt");
    let arguments = ["install", "--quiet", "--requirement", &requirements];
    run(".", "target/python/bin/pip", &arguments)?;
    Ok(std::fs::write(stamp, wanted)?)
}
