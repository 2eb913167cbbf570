//! One sync: rounds until everything is up and everything is down.

use super::{read, salt};
use crate::device::{Device, LOCK_FILE};
use crate::error::{DeviceError, Result};
use crate::lock::random;
use crate::record::{self, Meanwhile, Peer, Received, Round};
use crate::store::{ServerClock, StoreError};
use crate::view::SyncStatusView;
use doorstep_domain::Incarnation;
use doorstep_protocol::chain::{Foreseen, Verify};
use doorstep_protocol::exchange::{
    CustodyOrder, PUSH_ACTIONS_MAX, PUSH_BYTES_MAX, SyncRequest, SyncResponse,
};
use doorstep_protocol::policies::PolicyRefusal;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE};
use std::sync::Arc;
use uuid::Uuid;

const ZSTD_LEVEL: i32 = 3;
/// Half of what the server takes: a payload is JSON inside JSON, and its quotes grow on the way.
const OUTBOX_BYTES_MAX: usize = PUSH_BYTES_MAX / 2;
/// So many judged actions stay for people to look back at, although a backup covers them.
const KEEP_JUDGED: usize = 2_000;
/// More rounds than any real backlog needs: a server that always asks for more is not believed.
const ROUNDS_MAX: usize = 10_000;

/// How much of a sync is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    Whole,
    /// Only what was recorded: the network costs money.
    Outbox,
}

impl Device {
    /// Exchanges with the server now. The outbox stays as it is unless the server judged it.
    pub async fn sync(&self) -> Result<SyncStatusView> {
        self.sync_some(Extent::Whole).await?;
        self.send_evidence().await?;
        self.sync_status()
    }

    pub(super) async fn sync_some(&self, extent: Extent) -> Result<()> {
        let _one_in_flight = self.exchange().lock().await;
        self.with_sync(|sync| sync.is_running = true);
        let done = self.rounds(extent).await;
        self.with_sync(|sync| {
            sync.is_running = false;
            sync.arrived = None;
            sync.problem = done.as_ref().err().map(|error| error.code().to_owned());
        });
        done
    }

    async fn rounds(&self, extent: Extent) -> Result<()> {
        // First: a device that is retired forgets everything in the end.
        self.exchange_team().await?;
        let has_cursor = self.read(|tx| tx.cursor())?.is_some();
        if !has_cursor {
            self.fetch_snapshot().await?;
        }
        for _ in 0..ROUNDS_MAX {
            let request =
                self.read(|tx| record::request(tx, PUSH_ACTIONS_MAX, OUTBOX_BYTES_MAX))?;
            let request = Arc::new(request);
            let meanwhile = {
                let (device, request) = (self.clone(), Arc::clone(&request));
                tokio::task::spawn_blocking(move || device.meanwhile(&request))
            };
            let (answer, clock) = self.send(&request).await?;
            let meanwhile = meanwhile
                .await
                .map_err(|_| StoreError::Value("work that stopped half-way"))??;
            let round = Round::of(&request, &meanwhile, &answer);
            let received = self.receive(&round, &clock)?;
            if extent == Extent::Outbox && self.read(|tx| tx.count_outbox())? == 0 {
                return Ok(());
            }
            if received.snapshot {
                self.fetch_snapshot().await?;
            }
            let waiting = self.read(|tx| record::outbox(tx, 1, usize::MAX))?;
            let got_on = answer.verdicts.len() >= request.outbox.len();
            if !received.again && (waiting.is_empty() || request.outbox.is_empty() || !got_on) {
                return Ok(());
            }
        }
        Err(DeviceError::UnreadableAnswer)
    }

    /// The answer, and the server's clock by it.
    async fn send(&self, request: &SyncRequest) -> Result<(SyncResponse, ServerClock)> {
        let body = serde_json::to_vec(request).map_err(StoreError::from)?;
        let body = zstd::encode_all(body.as_slice(), ZSTD_LEVEL).map_err(StoreError::from)?;
        let url = format!("{}/v1/sync", self.profile().server);
        let answer = self
            .ask(|http| {
                http.post(&url)
                    .header(CONTENT_TYPE, "application/json")
                    .header(CONTENT_ENCODING, "zstd")
                    .body(body.clone())
            })
            .await?;
        // Before the answer is read: its length is no part of the time.
        let reading = self.clock().read();
        let answer: SyncResponse = read(answer).await?;
        let clock = reading.heard(answer.server_time);
        Ok((answer, clock))
    }

    /// Works out what the answer will be held against, while the server judges. Nothing else changes
    /// what is held: one exchange is in flight.
    fn meanwhile(&self, request: &SyncRequest) -> Result<Meanwhile> {
        let held = self.read(|tx| record::held(tx))?;
        Ok(Meanwhile::of(self.author().device, request, held))
    }

    fn receive(&self, round: &Round<'_>, clock: &ServerClock) -> Result<Received> {
        let fresh = Incarnation(Uuid::from_bytes(random()?));
        let mut new_salt = salt;
        // Before the transaction, and beside it: no screen waits for it.
        let server_key = self
            .server_key()
            .map(|key| Foreseen::of(*key, round.signatures()));
        let received = self.write(|tx| {
            let mut peer = Peer {
                author: self.author(),
                server_key: server_key.as_ref().map(|key| key as &dyn Verify),
                fresh,
                salt: &mut new_salt,
                keep_judged: KEEP_JUDGED,
            };
            record::take_in(tx, &mut peer, round, clock)
        })?;
        if let Some(incarnation) = received.new_life {
            tracing::warn!("the server knows this device's numbers already; a new life begins");
            self.with_store(|store| store.note_life(incarnation))?;
        }
        if received.unsigned > 0 {
            tracing::error!(
                count = received.unsigned,
                "verdicts were not signed by the server"
            );
            return Err(DeviceError::UnreadableAnswer);
        }
        if received.repaired > 0 {
            tracing::error!(
                buckets = received.repaired,
                "held another set than its scope"
            );
        }
        note_refused_policies(received.policies_refused);
        if round.answer.policies.is_some() {
            self.reload_policies()?;
        }
        if !round.sent.outbox.is_empty() {
            self.with_store(crate::store::Store::seal_anew)?;
        }
        self.obey(received.custody)?;
        Ok(received)
    }

    /// Destroys the key where the server says so: at once if the device was lost, once everything
    /// is handed in if it was retired, evidence and approvals too; never while somebody is at a door.
    fn obey(&self, order: CustodyOrder) -> Result<()> {
        let is_due = match order {
            CustodyOrder::Keep => return Ok(()),
            CustodyOrder::Destroy => true,
            CustodyOrder::Retire => {
                let waiting =
                    self.read(|tx| Ok::<_, StoreError>((tx.count_outbox()?, tx.count_evidence()?)));
                waiting? == (0, 0) && self.given_lifts()?.is_empty()
            }
        };
        let is_at_a_door = self
            .read(|tx| Ok::<_, DeviceError>(self.visit_under_way(&tx.busy_cases()?).is_some()))?;
        if is_due && !is_at_a_door {
            std::fs::remove_file(self.folder().join(LOCK_FILE)).map_err(StoreError::from)?;
            return Err(DeviceError::Retired);
        }
        Ok(())
    }
}

/// Visits go on by the policies that are here; the person is told on the sync page.
pub(super) fn note_refused_policies(refused: Option<PolicyRefusal>) {
    if let Some(refusal) = refused {
        tracing::error!(code = refusal.code(), "new policies are not used");
    }
}
