//! The real server in a process of its own.

use crate::measure::memory_mb;
use anyhow::{Context, Result, bail};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const START_SECONDS_MAX: u64 = 60;

/// A running server; it ends with this value.
pub struct Served {
    process: Child,
    pub address: SocketAddr,
}

impl Served {
    /// Serves the database below `data`, or the one at `database`.
    pub async fn start(program: &Path, data: &Path, database: Option<&str>) -> Result<Self> {
        let address = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?;
        let mut command = Command::new(program);
        command.arg("--data").arg(data);
        if let Some(database) = database {
            command.arg("--database").arg(database);
        }
        let process = command
            .args(["serve", "--listen", &address.to_string()])
            .env("RUST_LOG", "warn")
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| format!("start `{}`; is it built for release?", program.display()))?;
        let served = Self { process, address };
        let http = reqwest::Client::builder().no_proxy().build()?;
        let began = Instant::now();
        while http.get(served.url("/healthz")).send().await.is_err() {
            if began.elapsed() > Duration::from_secs(START_SECONDS_MAX) {
                bail!("the server did not answer within {START_SECONDS_MAX} seconds");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(served)
    }

    /// An address of the server.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The most memory it has held, in MB.
    pub fn memory_mb(&self) -> Result<f64> {
        memory_mb(&self.process)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
