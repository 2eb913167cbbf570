//! The peer: PouchDB against express-pouchdb, both over LevelDB, on the same documents.

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Batches to try; the best one counts. 100 is the peer's own default.
const BATCHES: [u32; 4] = [100, 500, 1_000, 2_500];

/// A running peer server.
pub struct Peer {
    process: Child,
    url: String,
}

#[derive(Deserialize)]
struct Listening {
    url: String,
}

#[derive(Deserialize)]
struct Synced {
    ms: f64,
    documents: usize,
}

impl Peer {
    /// Fills a database from a file of JSON lines, and serves it.
    pub fn start(peers: &Path, folder: &Path, documents: &Path) -> Result<Self> {
        ensure!(
            peers.join("node_modules").exists(),
            "the peer is not installed: run `npm ci` in `{}`",
            peers.display()
        );
        std::fs::create_dir_all(folder)?;
        let mut process = Command::new("node")
            .arg("server.mjs")
            .arg(folder)
            .arg(documents)
            .current_dir(peers)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("start `node`; is it installed?")?;
        let said = process.stdout.take().context("the peer's output")?;
        let mut line = String::new();
        BufReader::new(said).read_line(&mut line)?;
        let listening: Listening =
            serde_json::from_str(&line).context("the peer's server did not start")?;
        Ok(Self {
            process,
            url: listening.url,
        })
    }

    /// The size of a batch with which the peer is fastest here.
    pub fn best_batch(&self, peers: &Path, folder: &Path, documents: usize) -> Result<u32> {
        let mut best = (f64::INFINITY, 0);
        for batch in BATCHES {
            let took = self.first_sync(peers, folder, batch, documents)?;
            if took < best.0 {
                best = (took, batch);
            }
        }
        Ok(best.1)
    }

    /// A first sync of everything into a fresh folder, in milliseconds.
    pub fn first_sync(
        &self,
        peers: &Path,
        folder: &Path,
        batch: u32,
        documents: usize,
    ) -> Result<f64> {
        std::fs::create_dir_all(folder)?;
        let output = Command::new("node")
            .args(["client.mjs", &self.url])
            .arg(folder)
            .arg(batch.to_string())
            .current_dir(peers)
            .output()?;
        if !output.status.success() {
            bail!("the peer: {}", String::from_utf8_lossy(&output.stderr));
        }
        let synced: Synced = serde_json::from_slice(&output.stdout)?;
        ensure!(
            synced.documents == documents,
            "the peer fetched {} of {documents} documents",
            synced.documents
        );
        std::fs::remove_dir_all(folder)?;
        Ok(synced.ms)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
