//! One agent with so many cases, on a server that runs beside.

use crate::company::Company;
use crate::served::Served;

use anyhow::{Context, Result, ensure};
use doorstep_domain::{CaseId, Role, UserId};
use doorstep_protocol::exchange::{CaseDocument, SnapshotLine};
use doorstep_server::{Store, Tenant};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The database's file, where the server looks for it.
const DATABASE: &str = "doorstep.db";

/// The company of one agent.
pub struct Scene {
    pub folder: TempDir,
    pub company: Company,
    pub served: Served,
    pub agent: UserId,
    pub cases: Vec<CaseId>,
}

impl Scene {
    /// Opens the cases, then serves them.
    pub async fn set(server: &Path, cases: usize) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let (company, agent, cases) = fill(folder.path(), cases)?;
        let served = Served::start(server, folder.path(), None).await?;
        Ok(Self {
            folder,
            company,
            served,
            agent,
            cases,
        })
    }

    /// A fresh folder below the scene's.
    pub fn place(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The first sync's stream as it goes over the wire, and the documents in it.
    pub async fn stream(&self) -> Result<(Vec<u8>, Vec<CaseDocument>)> {
        let device = self.company.simulate(self.agent, Vec::new())?;
        let http = reqwest::Client::builder().no_proxy().no_zstd().build()?;
        let answer = http
            .get(self.served.url("/v1/snapshot"))
            .bearer_auth(device.token())
            .send()
            .await?
            .error_for_status()?;
        let stream = answer.bytes().await?.to_vec();
        let mut documents = Vec::new();
        let plain = String::from_utf8(zstd::decode_all(stream.as_slice())?)?;
        for line in plain.lines() {
            if let SnapshotLine::Frame { cases, .. } = serde_json::from_str(line)? {
                documents.extend(cases);
            }
        }
        ensure!(
            documents.len() == self.cases.len(),
            "the stream is not whole"
        );
        Ok((stream, documents))
    }
}

/// A company with one agent in a new database below `folder`.
pub fn fill(folder: &Path, cases: usize) -> Result<(Company, UserId, Vec<CaseId>)> {
    let store = Store::open(&folder.join(DATABASE), Tenant::default())
        .context("open the server's database")?;
    let mut company = Company::found(store)?;
    let agent = company.hire("agent", Role::Agent)?;
    let cases = company.open_cases(agent, cases)?;
    Ok((company, agent, cases))
}
