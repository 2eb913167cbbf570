//! The real processes of a journey: display, drivers, the demo server. Each ends with its value.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Where the sample lives, and so the people of the story.
const ZONE: &str = "Asia/Shanghai";

/// A process that is killed when it is no longer needed.
pub struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing left to do.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(command: &mut Command) -> Result<Running> {
    let name = command.get_program().to_string_lossy().into_owned();
    let child = command
        .spawn()
        .with_context(|| format!("start `{name}`; is it installed?"))?;
    Ok(Running(child))
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

fn wait_for_port(port: u16, what: &str) -> Result<()> {
    let began = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        if began.elapsed() > Duration::from_secs(20) {
            bail!("`{what}` did not answer within 20 seconds");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// A display that nobody sees.
pub struct Display {
    pub name: String,
    _xvfb: Running,
}

impl Display {
    /// Starts Xvfb on a free display.
    pub fn start() -> Result<Self> {
        let mut child = Command::new("Xvfb")
            .args([
                "-displayfd",
                "1",
                "-screen",
                "0",
                "1400x1000x24",
                "-nolisten",
                "tcp",
            ])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("start `Xvfb`; is it installed?")?;
        let mut number = String::new();
        let out = child.stdout.take().context("read Xvfb's display")?;
        let xvfb = Running(child);
        BufReader::new(out).read_line(&mut number)?;
        Ok(Self {
            name: format!(":{}", number.trim()),
            _xvfb: xvfb,
        })
    }
}

/// A WebDriver server.
pub struct Driver {
    pub url: String,
    _process: Running,
}

impl Driver {
    /// Drives windows of WebKitGTK, which the app is.
    pub fn webkit(display: &Display) -> Result<Self> {
        let port = free_port()?;
        let process = start(
            Command::new("WebKitWebDriver")
                .args(["--host=127.0.0.1", &format!("--port={port}")])
                .env("DISPLAY", &display.name)
                .env("TAURI_WEBVIEW_AUTOMATION", "true")
                // The story begins in English, whatever the machine speaks.
                .env("LANG", "en_US.UTF-8")
                .env("TZ", ZONE)
                .stderr(Stdio::null()),
        )?;
        wait_for_port(port, "WebKitWebDriver")?;
        Ok(Self {
            url: format!("http://127.0.0.1:{port}"),
            _process: process,
        })
    }

    /// Drives Chromium.
    pub fn chromium() -> Result<Self> {
        let port = free_port()?;
        let process = start(
            Command::new("chromedriver")
                .arg(format!("--port={port}"))
                .env("TZ", ZONE)
                .stdout(Stdio::null())
                .stderr(Stdio::null()),
        )?;
        wait_for_port(port, "chromedriver")?;
        Ok(Self {
            url: format!("http://127.0.0.1:{port}"),
            _process: process,
        })
    }
}

/// A demo server in its own process.
pub struct DemoServer {
    pub address: SocketAddr,
    /// What it said when it was set up.
    pub said: Value,
    _process: Running,
}

impl DemoServer {
    /// Sets up a made-up company in `data` and serves it.
    pub fn start(
        binary: &Path,
        data: &Path,
        input: Option<(&Path, &Path)>,
        clock: &str,
    ) -> Result<Self> {
        let mut command = Command::new(binary);
        command
            .arg("--data")
            .arg(data)
            .args(["demo", "--listen", "127.0.0.1:0", "--clock", clock]);
        if let Some((file, mapping)) = input {
            command
                .arg("--input")
                .arg(file)
                .arg("--mapping")
                .arg(mapping);
        }
        let mut child = command
            .env("RUST_LOG", "warn")
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("start `{}`", binary.display()))?;
        let out = child.stdout.take().context("read what the server says")?;
        let process = Running(child);
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line)?;
        let said: Value = serde_json::from_str(&line)
            .context("the server could not set the demo up; see above")?;
        let address = said["address"]
            .as_str()
            .unwrap_or_default()
            .trim_start_matches("http://");
        let address = address.parse().context("read the server's address")?;
        Ok(Self {
            address,
            said,
            _process: process,
        })
    }

    /// Who signs in with which password.
    pub fn password(&self, name: &str) -> Result<String> {
        self.said["people"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|person| person["name"] == name)
            .and_then(|person| person["password"].as_str())
            .map(str::to_owned)
            .with_context(|| format!("the demo has nobody called `{name}`"))
    }
}
