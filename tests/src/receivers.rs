//! Where alarms arrive in a journey: a webhook of our own, and other people's mail server.

use crate::processes::{Running, free_port, start, wait_for_port};
use anyhow::{Context, Result, bail};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tempfile::TempDir;

#[derive(Default)]
struct Taken {
    messages: Mutex<Vec<Value>>,
    refuses: AtomicBool,
}

/// A webhook that keeps what it is told.
pub struct Webhook {
    pub url: String,
    taken: Arc<Taken>,
}

impl Webhook {
    /// Listens on a free port.
    pub async fn start() -> Result<Self> {
        let taken = Arc::new(Taken::default());
        let router = axum::Router::new()
            .route("/alarms", axum::routing::post(take))
            .with_state(Arc::clone(&taken));
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}/alarms", listener.local_addr()?);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { url, taken })
    }

    /// Answers the next message with an error.
    pub fn refuse_once(&self) {
        self.taken.refuses.store(true, Ordering::SeqCst);
    }

    /// What it has taken so far.
    pub fn taken(&self) -> Vec<Value> {
        let messages = self.taken.messages.lock();
        messages.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn take(State(taken): State<Arc<Taken>>, Json(message): Json<Value>) -> StatusCode {
    if taken.refuses.swap(false, Ordering::SeqCst) {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    let messages = taken.messages.lock();
    messages
        .unwrap_or_else(PoisonError::into_inner)
        .push(message);
    StatusCode::NO_CONTENT
}

/// A mail server that puts everything into one folder.
pub struct Mailbox {
    pub url: String,
    folder: TempDir,
    _process: Running,
}

impl Mailbox {
    /// Starts aiosmtpd on a free port.
    pub fn start(root: &Path) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let port = free_port()?;
        let process = start(
            Command::new(root.join("target/python/bin/python"))
                .args(["-m", "aiosmtpd", "-n", "-l"])
                .arg(format!("127.0.0.1:{port}"))
                .args(["-c", "aiosmtpd.handlers.Mailbox"])
                .arg(folder.path().join("mail"))
                .stdout(Stdio::null())
                .stderr(Stdio::null()),
        )?;
        wait_for_port(port, "aiosmtpd")?;
        Ok(Self {
            url: format!("smtp://127.0.0.1:{port}"),
            folder,
            _process: process,
        })
    }

    /// The one mail that came, as it was written.
    pub fn wait_for_one(&self) -> Result<String> {
        let began = Instant::now();
        loop {
            let new = std::fs::read_dir(self.folder.path().join("mail/new"))?;
            let mut files: Vec<_> = new.map(|file| Ok(file?.path())).collect::<Result<_>>()?;
            match files.pop() {
                Some(file) if files.is_empty() => {
                    return std::fs::read_to_string(file).context("read the mail");
                }
                Some(_) => bail!("more than one mail came"),
                None if began.elapsed() > Duration::from_secs(10) => bail!("no mail came"),
                None => std::thread::sleep(Duration::from_millis(50)),
            }
        }
    }
}
