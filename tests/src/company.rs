//! A made-up company on a real server in this process, over real HTTP, for journeys without a
//! screen.

use crate::ground::{self, Ground};
use anyhow::{Context, Result, ensure};
use chrono::{DateTime, Utc};
use doorstep_device::commands::enrol::{Enrolment, enrol};
use doorstep_device::{Device, DeviceClock, DeviceError};
use doorstep_domain::{Role, UserId};
use doorstep_server::api::App;
use doorstep_server::attachments::Attachments;
use doorstep_server::demo::{self, Demo};
use doorstep_server::import::Mapping;
use doorstep_server::policies::TrustedKeys;
use doorstep_server::{Clock, Store, Tenant, policies, serve};
use doorstep_testkit::cable::Cable;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

/// The passphrase of every device of a journey.
pub const PASSPHRASE: &str = "rain on the step";

/// A running company.
pub struct Company {
    pub address: SocketAddr,
    pub demo: Demo,
    pub store: Arc<Store>,
    pub cable: Cable,
    pub folder: TempDir,
    http: reqwest::Client,
    _ground: Ground,
}

/// A signed-in person, over HTTP.
pub struct Person<'a> {
    company: &'a Company,
    cookie: String,
}

/// Ten in the morning where the sample lives.
pub fn morning() -> DateTime<Utc> {
    doorstep_testkit::build::morning()
}

impl Company {
    /// Sets the company up from the sample, and serves it on a free port.
    pub async fn start() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let (store, ground) = ground::fresh(folder.path())?;
        let mut company = Self::start_on(store, folder).await?;
        company._ground = ground;
        Ok(company)
    }

    /// The same in a file, for a journey that is about files.
    pub async fn start_in_a_file() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let store = ground::in_a_file(folder.path())?;
        Self::start_on(store, folder).await
    }

    /// The same over this fresh store.
    pub async fn start_on(store: Store, folder: TempDir) -> Result<Self> {
        let store = Arc::new(store);
        let policies = policies::shipped()?;
        let mapping = Mapping::parse(demo::SAMPLE_MAPPING)?;
        let accounts = demo::SAMPLE_CSV.as_bytes();
        // A store blocks its thread, and PostgreSQL's must not do so to one of the runtime's.
        let demo = tokio::task::block_in_place(|| {
            demo::set_up(&store, accounts, &mapping, &policies.policies, morning())
        })?;
        let attachments = Attachments::in_folder(&folder.path().join("attachments"))?;
        let clock = Clock::starting_at(morning());
        let app = App::new(Arc::clone(&store), policies, clock, attachments);
        let listener = serve::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        let address = listener.local_addr()?;
        tokio::spawn(serve::serve(listener, app, std::future::pending()));
        let cable = Cable::lay(address).await?;
        // One TLS provider for the whole process, as the device installs it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self {
            address,
            demo,
            store,
            cable,
            folder,
            http,
            _ground: None,
        })
    }

    /// Serves another database in this one's place, at the other end of the same cable.
    pub async fn serve_instead(self, file: &Path) -> Result<Self> {
        let store = Store::open(file, Tenant::default())?;
        self.serve_store_instead(store).await
    }

    /// Serves another store in this one's place.
    pub async fn serve_store_instead(self, store: Store) -> Result<Self> {
        self.serve_at(Arc::new(store), morning()).await
    }

    /// Serves the same database at another hour.
    pub async fn at(self, now: DateTime<Utc>) -> Result<Self> {
        let store = Arc::clone(&self.store);
        self.serve_at(store, now).await
    }

    /// Serves the same database, where packs signed with these keys count.
    pub async fn trusting(self, keys: TrustedKeys) -> Result<Self> {
        let store = Arc::clone(&self.store);
        self.serve_with(store, morning(), keys).await
    }

    async fn serve_at(self, store: Arc<Store>, now: DateTime<Utc>) -> Result<Self> {
        self.serve_with(store, now, TrustedKeys::default()).await
    }

    async fn serve_with(
        mut self,
        store: Arc<Store>,
        now: DateTime<Utc>,
        keys: TrustedKeys,
    ) -> Result<Self> {
        let attachments = Attachments::in_folder(&self.folder.path().join("attachments"))?;
        let clock = Clock::starting_at(now);
        let app = App::new(Arc::clone(&store), policies::shipped()?, clock, attachments)
            .with_policy_keys(keys);
        let listener = serve::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        self.address = listener.local_addr()?;
        self.store = store;
        tokio::spawn(serve::serve(listener, app, std::future::pending()));
        // Connections to the old one break.
        self.cable.cut();
        self.cable.plug_into(self.address);
        // Long enough for each of them to notice.
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        self.cable.mend();
        Ok(self)
    }

    /// Enrols a device of the demo agent, in its own folder, and syncs it once.
    pub async fn device(&self) -> Result<Device> {
        let device = self
            .enrol(&self.demo.enrol_code, &self.device_folder())
            .await?;
        device.sync().await?;
        Ok(device)
    }

    /// Where the first device keeps its data.
    pub fn device_folder(&self) -> std::path::PathBuf {
        self.folder.path().join("device")
    }

    /// Enrols with a code.
    pub async fn enrol(&self, code: &str, data: &Path) -> std::result::Result<Device, DeviceError> {
        let server = self.cable.url();
        let enrolment = Enrolment {
            server: &server,
            code,
            passphrase: PASSPHRASE,
        };
        enrol(data, enrolment, DeviceClock::starting_at(morning())).await
    }

    /// Somebody's id.
    pub fn id(&self, name: &str) -> Result<UserId> {
        let person = self.demo.people.iter().find(|person| person.name == name);
        Ok(person
            .with_context(|| format!("nobody is called `{name}`"))?
            .id)
    }

    /// The first person of a role.
    pub fn of_role(&self, role: Role) -> Option<UserId> {
        self.demo
            .people
            .iter()
            .find(|person| person.role == role)
            .map(|person| person.id)
    }

    /// Signs in over HTTP.
    pub async fn sign_in(&self, name: &str) -> Result<Person<'_>> {
        let person = self
            .demo
            .people
            .iter()
            .find(|person| person.name == name)
            .context("who?")?;
        let answer = self
            .send(
                "POST",
                "/v1/session",
                None,
                Some(json!({ "name": name, "password": person.password })),
            )
            .await?;
        ensure!(answer.status().is_success(), "sign in: {}", answer.status());
        let cookie = answer.headers()["set-cookie"]
            .to_str()?
            .split(';')
            .next()
            .unwrap_or_default()
            .to_owned();
        Ok(Person {
            company: self,
            cookie,
        })
    }

    /// Sends a request as it stands.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        cookie: Option<&str>,
        body: Option<Value>,
    ) -> Result<reqwest::Response> {
        let mut request = self
            .http
            .request(method.parse()?, format!("http://{}{path}", self.address));
        if let Some(cookie) = cookie {
            request = request.header("cookie", cookie);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        Ok(request.send().await?)
    }

    /// The HTTP client, for bodies of another kind.
    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }
}

impl Person<'_> {
    /// Asks, and reads the answer with its status.
    pub async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Result<(u16, Value)> {
        let answer = self
            .company
            .send(method, path, Some(&self.cookie), body)
            .await?;
        let status = answer.status().as_u16();
        let text = answer.text().await?;
        let value = if text.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&text)?
        };
        Ok((status, value))
    }

    /// Asks, and insists on success.
    pub async fn done(&self, method: &str, path: &str, body: Option<Value>) -> Result<Value> {
        let (status, value) = self.ask(method, path, body).await?;
        ensure!(
            (200..300).contains(&status),
            "{method} {path}: {status} {value}"
        );
        Ok(value)
    }

    /// The session cookie.
    pub fn cookie(&self) -> &str {
        &self.cookie
    }
}
