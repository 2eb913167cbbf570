//! A device that is only its protocol: it signs actions and exchanges, and keeps nothing. A thousand
//! of them fit into one process.

use anyhow::{Context, Result, ensure};
use chrono::{TimeDelta, Utc};
use doorstep_domain::moment::Moment;
use doorstep_domain::{
    Action, ActionId, Base, CaseId, Change, DeviceId, Incarnation, Revision, UserId,
};
use doorstep_protocol::PROTOCOL;
use doorstep_protocol::chain::Link;
use doorstep_protocol::envelope::Envelope;
use doorstep_protocol::exchange::{SyncRequest, SyncResponse};
use doorstep_server::store::{NewDevice, StoreError};
use doorstep_server::{Store, secrets};
use ed25519_dalek::SigningKey;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// One device of one agent.
pub struct Simulated {
    device: DeviceId,
    person: UserId,
    key: SigningKey,
    token: String,
    incarnation: Incarnation,
    n: u64,
    link: Link,
    cursor: Revision,
    policies: String,
    cases: Vec<CaseId>,
}

impl Simulated {
    /// Enrols beside the server, which admits only a few by HTTP in a minute.
    pub fn enrol(
        store: &Store,
        policies: &str,
        person: UserId,
        cases: Vec<CaseId>,
    ) -> Result<Self> {
        let device = DeviceId(Uuid::now_v7());
        let key = SigningKey::from_bytes(&secrets::random()?);
        let token = hex::encode(secrets::random::<32>()?);
        let now = Utc::now();
        let code = Uuid::now_v7().to_string();
        let cursor = store.write(|tx| {
            tx.add_enrol_code(&code, person, now + TimeDelta::hours(1))?;
            let new = NewDevice {
                id: device,
                public_key: &hex::encode(key.verifying_key().to_bytes()),
                token_hash: &secrets::hash_token(&token),
                token_expires_at: now + TimeDelta::days(1),
            };
            tx.enrol(&code, &new, now)?
                .map_err(|_| StoreError::Value("code"))?;
            tx.head()
        })?;
        Ok(Self {
            device,
            person,
            key,
            token,
            incarnation: Incarnation(Uuid::now_v7()),
            n: 0,
            link: Link::START,
            cursor,
            policies: policies.to_owned(),
            cases,
        })
    }

    /// The token, for a request of another kind.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The next action: a note on the next of its cases.
    pub fn note(&mut self) -> Result<Envelope> {
        self.n += 1;
        let which = usize::try_from(self.n)? % self.cases.len().max(1);
        let now = Utc::now();
        let action = Action {
            id: ActionId(Uuid::now_v7()),
            device: self.device,
            incarnation: self.incarnation,
            n: self.n,
            actor: self.person,
            case: *self.cases.get(which).context("a device without cases")?,
            recorded: Moment::read(now.fixed_offset(), Some(self.n), Some(now)),
            base: Base {
                cursor: self.cursor,
                case: self.cursor,
            },
            prev: None,
            after: Vec::new(),
            policies: Some(self.policies.clone()),
            change: Change::AddNote {
                text: "Nobody opened; a neighbour said that they are away until Monday.".into(),
            },
        };
        let salt = hex::encode(secrets::random::<16>()?);
        let envelope = Envelope::seal(&action, self.link, salt, &self.key)?;
        self.link = envelope.link;
        Ok(envelope)
    }

    /// A request that brings these actions.
    pub fn request(&self, outbox: Vec<Envelope>) -> SyncRequest {
        SyncRequest {
            protocol: PROTOCOL,
            incarnation: self.incarnation,
            cursor: Some(self.cursor),
            policies: Some(self.policies.clone()),
            outbox,
            purged: Vec::new(),
            repair: None,
            newer: Vec::new(),
        }
    }

    /// One exchange, with the time it took. Every action must have been applied.
    pub async fn exchange(
        &mut self,
        http: &reqwest::Client,
        url: &str,
        request: &SyncRequest,
    ) -> Result<(Duration, SyncResponse)> {
        let began = Instant::now();
        let answer = http
            .post(url)
            .bearer_auth(&self.token)
            .header("content-type", "application/json")
            .header("content-encoding", "zstd")
            .body(compressed(request)?)
            .send()
            .await?
            .error_for_status()?;
        let answer: SyncResponse = serde_json::from_slice(&answer.bytes().await?)?;
        let took = began.elapsed();
        ensure!(
            answer.verdicts.len() == request.outbox.len()
                && answer
                    .verdicts
                    .iter()
                    .all(|verdict| verdict.verdict.revision.is_some()),
            "an action was not applied"
        );
        self.cursor = answer.cursor;
        Ok((took, answer))
    }
}

/// A request as it goes over the wire.
pub fn compressed(request: &SyncRequest) -> Result<Vec<u8>> {
    Ok(zstd::encode_all(
        serde_json::to_vec(request)?.as_slice(),
        3,
    )?)
}
