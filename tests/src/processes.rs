//! The real processes of a journey: display, drivers, the demo server. Each ends with its value.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Where the sample lives, and so the people of the story.
const ZONE: &str = "Asia/Shanghai";

/// A server over a PostgreSQL database, beside others; its alarms go to a webhook.
pub fn serve_beside(binary: &Path, data: &Path, database: &str, webhook: &str) -> Result<Running> {
    start(
        Command::new(binary)
            .arg("--data")
            .arg(data)
            .args(["--database", database])
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(["--alarm-webhook", webhook])
            .env("RUST_LOG", "error"),
    )
}

/// A process that is killed when it is no longer needed, with everything that it has started: a
/// driver that is killed alone leaves its browser running.
pub struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing left to do.
        let group = format!("-{}", self.0.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.0.wait();
    }
}

pub(crate) fn start(command: &mut Command) -> Result<Running> {
    let name = command.get_program().to_string_lossy().into_owned();
    let child = command
        .process_group(0)
        .spawn()
        .with_context(|| format!("start `{name}`; is it installed?"))?;
    Ok(Running(child))
}

pub(crate) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

pub(crate) fn wait_for_port(port: u16, what: &str) -> Result<()> {
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
            .process_group(0)
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
    /// They hear the microphone that an ALSA configuration names.
    pub fn webkit(display: &Display, microphone: &Path) -> Result<Self> {
        let port = free_port()?;
        let process = start(
            Command::new("WebKitWebDriver")
                .args(["--host=127.0.0.1", &format!("--port={port}")])
                .env("DISPLAY", &display.name)
                .env("TAURI_WEBVIEW_AUTOMATION", "true")
                .env("ALSA_CONFIG_PATH", microphone)
                // There is no graphics card to draw with, and drawing as if there was one may crash.
                .env("WEBKIT_SKIA_ENABLE_CPU_RENDERING", "1")
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

/// The binaries that the test command has just built, beside the test's own.
pub fn built(name: &str) -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let folder = own.ancestors().nth(2).context("where the test lies")?;
    Ok(folder.join(name))
}

const BUCKET: &str = "doorstep";

/// A bucket of an S3 that lives in memory.
pub struct Bucket {
    url: String,
    _process: Running,
}

impl Bucket {
    /// Starts moto, and makes the bucket.
    pub async fn start(root: &Path) -> Result<Self> {
        let port = free_port()?;
        let process = start(
            Command::new(root.join("target/python/bin/moto_server"))
                .args(["--host", "127.0.0.1", "--port", &port.to_string()])
                .stdout(Stdio::null())
                .stderr(Stdio::null()),
        )?;
        wait_for_port(port, "moto_server")?;
        let bucket = Self {
            url: format!("http://127.0.0.1:{port}"),
            _process: process,
        };
        let made = reqwest::Client::new()
            .put(format!("{}/{BUCKET}", bucket.url))
            .send()
            .await?;
        made.error_for_status()?;
        Ok(bucket)
    }

    /// What lies in the bucket, by name.
    pub async fn objects(&self) -> Result<Vec<String>> {
        let listed = reqwest::get(format!("{}/{BUCKET}?list-type=2", self.url)).await?;
        let text = listed.error_for_status()?.text().await?;
        let names = text.split("<Key>").skip(1);
        Ok(names
            .filter_map(|rest| Some(rest.split_once("</Key>")?.0.to_owned()))
            .collect())
    }

    /// An object's bytes.
    pub async fn object(&self, name: &str) -> Result<Vec<u8>> {
        // Whoever signs may read it; this S3 does not look at the signature itself.
        let signed = "AWS4-HMAC-SHA256 Credential=nobody/20261122/us-east-1/s3/aws4_request, \
                      SignedHeaders=host, Signature=0";
        let answer = reqwest::Client::new()
            .get(format!("{}/{BUCKET}/{name}", self.url))
            .header("authorization", signed)
            .send()
            .await?;
        Ok(answer.error_for_status()?.bytes().await?.to_vec())
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
        Self::run(command)
    }

    /// The same with its attachments in a bucket.
    pub fn start_on(binary: &Path, data: &Path, bucket: &Bucket) -> Result<Self> {
        let mut command = Command::new(binary);
        command
            .arg("--data")
            .arg(data)
            .args(["--attachments", &format!("s3://{BUCKET}")])
            .args(["demo", "--listen", "127.0.0.1:0"])
            .env("AWS_ENDPOINT", &bucket.url)
            .env("AWS_ALLOW_HTTP", "true")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", "nobody")
            .env("AWS_SECRET_ACCESS_KEY", "nothing");
        Self::run(command)
    }

    fn run(mut command: Command) -> Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        let mut child = command
            .env("RUST_LOG", "warn")
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .with_context(|| format!("start `{name}`"))?;
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
