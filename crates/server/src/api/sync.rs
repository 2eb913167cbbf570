//! The exchange: actions up; verdicts, cases and policies down. Beside it the first sync's stream,
//! and the wait for news.

use super::auth::KnownDevice;
use super::devices::TOKEN_HOURS;
use super::error::Query;
use super::{ApiError, App};
use crate::feed::{self, Answer, Reader, Scope, frame};
use crate::intake::{IntakeError, Sender, TakenIn, confirm_partners, receive};
use crate::store::{DeviceState, Store, StoreError, aside};
use crate::watch;
use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::Duration;
use doorstep_domain::{CaseId, Epoch, Revision, UserId};
use doorstep_protocol::PROTOCOL;
use doorstep_protocol::chain::{self, FEW, Foreseen};
use doorstep_protocol::exchange::{
    ErrorResponse, PULL_CASES_MAX, PUSH_ACTIONS_MAX, SnapshotLine, SyncRequest, SyncResponse,
};
use std::io::Write;
use std::sync::{Arc, mpsc as channel};
use tokio::sync::{mpsc, oneshot};

/// The exchange of a device. Body and answer may be zstd-compressed.
#[utoipa::path(post, path = "/v1/sync",
    request_body(content = serde_json::Value, description = "A `SyncRequest`, described in docs/SYNC.md"),
    responses(
        (status = OK, description = "A `SyncResponse`", body = serde_json::Value),
        (status = BAD_REQUEST, description = "`body.malformed`, `sync.protocol_unknown`, `sync.bad_signature`", body = ErrorResponse),
        (status = UNAUTHORIZED, description = "`device.token_missing`, `device.token_expired`, `device.unknown`", body = ErrorResponse),
        (status = PAYLOAD_TOO_LARGE, description = "`body.too_large`, `sync.too_many_actions`", body = ErrorResponse)
    ),
    security(("device" = []))
)]
pub async fn sync(
    State(app): State<App>,
    device: KnownDevice,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<SyncResponse>, ApiError> {
    let body = body?;
    let request = read_request(&body)?;
    let (device_id, actions) = (device.id(), request.outbox.len());
    let brings_nothing =
        request.outbox.is_empty() && request.purged.is_empty() && request.newer.is_empty();
    let answer = match brings_nothing {
        true => only_ask(&app, device, request).await?,
        false => exchange(&app, device, request).await?,
    };
    let response = SyncResponse {
        // Read last: the writers' queue is no part of the way to the device.
        server_time: app.clock.now(),
        ..answer.response
    };
    tracing::info!(
        device = %device_id,
        actions,
        cases = response.cases.len(),
        left = response.left.len(),
        "exchanged"
    );
    if response.halt.is_some() {
        tracing::warn!(device = %device_id, "a device's numbering contradicts what it sent before");
    }
    if !response.repaired.is_empty() {
        tracing::error!(device = %device_id, buckets = response.repaired.len(),
            "a device held another set than its scope; repaired");
    }
    Ok(Json(response))
}

/// Takes actions in and answers, in one transaction.
async fn exchange(
    app: &App,
    device: KnownDevice,
    request: SyncRequest,
) -> Result<Answer, ApiError> {
    let key = chain::public_key(&device.row.public_key).ok_or(IntakeError::BadSignature)?;
    // Before the transaction, and beside it where there are many: nobody else's waits for it.
    let (request, key) = aside(move || {
        let key = Foreseen::of(key, signatures(&request));
        Ok::<_, StoreError>((request, key))
    })
    .await?;
    // So few are judged sooner than somebody else has begun to look.
    let before = match request.outbox.len() > FEW {
        true => Some(look_at_scope(&app.store, device.row.person).await),
        false => None,
    };
    let (now, policies) = (app.clock.now(), app.policies());
    app.write(move |tx| {
        let reader = reader(&device);
        let sender = Sender {
            device: device.row.id,
            person: device.row.person,
            role: device.role,
            key: &key,
            is_lost: device.row.state == DeviceState::Lost,
        };
        let taken_in = receive(tx, &sender, &request, &policies, now)?;
        let (sent, verdicts) = (&request.outbox, &taken_in.verdicts);
        watch::follow(tx, device.row.id, sent, verdicts, now)?;
        confirm_partners(tx, sent, verdicts, &policies.policies, now)?;
        tx.touch_device(device.row.id, now, now + Duration::hours(TOKEN_HOURS))?;
        let before = before.and_then(|before| before.recv().ok());
        let answer = feed::answer(
            tx,
            reader,
            before.as_ref(),
            &request,
            taken_in,
            &policies,
            now,
        )?;
        tx.note_sent(device.row.id, &answer.sent, now)?;
        Ok(answer)
    })
    .await
}

/// Looks at what a person has, beside whatever the caller does next. Its transaction has begun when this
/// returns: nobody waits for a connection while the writers wait for them.
async fn look_at_scope(store: &Arc<Store>, person: UserId) -> channel::Receiver<Scope> {
    let (begins, has_begun) = oneshot::channel();
    let (done, scope) = channel::sync_channel(1);
    let store = Arc::clone(store);
    tokio::task::spawn_blocking(move || {
        let read = store.read(|tx| {
            // Nobody listens any more where the device has gone.
            let _ = begins.send(());
            Scope::read(tx, person)
        });
        // Where it can't be read now, it is read when it is needed.
        let _ = read.map(|scope| done.send(scope));
    });
    let _ = has_begun.await;
    scope
}

/// What a device says that it signed.
fn signatures(request: &SyncRequest) -> Vec<([u8; 32], String)> {
    let outbox = request.outbox.iter();
    outbox
        .map(|envelope| (envelope.link.0, envelope.signature.clone()))
        .collect()
}

/// Answers without writing, unless there is something to note in the custody ledger.
async fn only_ask(
    app: &App,
    device: KnownDevice,
    request: SyncRequest,
) -> Result<Answer, ApiError> {
    let (now, policies) = (app.clock.now(), app.policies());
    let reader = reader(&device);
    let answer = app
        .read(move |tx| {
            let nothing = TakenIn::default();
            let answer = feed::answer(tx, reader, None, &request, nothing, &policies, now)?;
            Ok(answer)
        })
        .await?;
    let is_quiet = answer.sent.is_empty() && now - device.row.last_seen_at < QUIET;
    if !is_quiet {
        let sent = answer.sent.clone();
        app.write(move |tx| {
            tx.note_sent(device.row.id, &sent, now)?;
            tx.touch_device(device.row.id, now, now + Duration::hours(TOKEN_HOURS))?;
            Ok(())
        })
        .await?;
    }
    Ok(answer)
}

/// A device that only asks is noted as seen this often.
const QUIET: Duration = Duration::minutes(1);

fn reader(device: &KnownDevice) -> Reader {
    Reader {
        device: device.row.id,
        person: device.row.person,
        state: device.row.state,
        page_cases: PULL_CASES_MAX,
    }
}

/// Reads a request: the version first, so that a newer one gets a clear answer.
pub fn read_request(body: &[u8]) -> Result<SyncRequest, ApiError> {
    #[derive(serde::Deserialize)]
    struct Version {
        protocol: u16,
    }
    let malformed = |_| ApiError::bad_request("body.malformed", "the body is not a sync request");
    let version: Version = serde_json::from_slice(body).map_err(malformed)?;
    check_protocol(version.protocol)?;
    let request: SyncRequest = serde_json::from_slice(body).map_err(malformed)?;
    match request.outbox.len() > PUSH_ACTIONS_MAX {
        false => Ok(request),
        true => Err(ApiError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "sync.too_many_actions",
            "too many actions in one push",
        )),
    }
}

/// Refuses a protocol that this version does not speak.
pub fn check_protocol(protocol: u16) -> Result<(), ApiError> {
    match protocol {
        PROTOCOL => Ok(()),
        _ => Err(ApiError::bad_request(
            "sync.protocol_unknown",
            "this server does not speak that protocol version",
        )),
    }
}

/// Where a dropped first sync goes on.
#[derive(serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SnapshotQuery {
    /// The last case id that arrived.
    #[param(value_type = Option<String>)]
    after: Option<CaseId>,
}

/// Frames under way to a slow device; more wait until it has read some.
const FRAMES_AHEAD: usize = 4;
const ZSTD_LEVEL: i32 = 1;

/// Everything in the device's scope, as a zstd stream of JSON lines in the order of the case ids.
#[utoipa::path(get, path = "/v1/snapshot", params(SnapshotQuery),
    responses(
        (status = OK, description = "Lines of `SnapshotLine`, described in docs/SYNC.md"),
        (status = UNAUTHORIZED, body = ErrorResponse),
        (status = FORBIDDEN, description = "`device.retired`", body = ErrorResponse)
    ),
    security(("device" = []))
)]
pub async fn snapshot(
    State(app): State<App>,
    device: KnownDevice,
    Query(query): Query<SnapshotQuery>,
) -> Result<Response, ApiError> {
    if device.row.state != DeviceState::Active {
        return Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "device.retired",
            "this device gets nothing new",
        ));
    }
    let (sender, receiver) = mpsc::channel(FRAMES_AHEAD);
    tokio::task::spawn_blocking(move || {
        // Nobody listens any more where the device has gone: it resumes by itself.
        if let Err(error) = write_snapshot(&app, &device, query.after, &sender) {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "first sync stopped"
            );
        }
    });
    let stream = futures_util::stream::unfold(receiver, |mut receiver| async move {
        let next: Option<Result<Bytes, std::io::Error>> = receiver.recv().await;
        next.map(|next| (next, receiver))
    });
    let headers = [
        (header::CONTENT_TYPE, "application/x-ndjson"),
        (header::CONTENT_ENCODING, "zstd"),
    ];
    Ok((headers, Body::from_stream(stream)).into_response())
}

type Sent = mpsc::Sender<Result<Bytes, std::io::Error>>;

fn write_snapshot(
    app: &App,
    device: &KnownDevice,
    mut after: Option<CaseId>,
    sender: &Sent,
) -> Result<(), StoreError> {
    let mut encoder = zstd::stream::Encoder::new(Vec::new(), ZSTD_LEVEL)?;
    let person = device.row.person;
    let (cursor, lineage, cases, policies) = app.store.read(|tx| {
        let cases = tx.count_changed(person, 0, usize::MAX >> 1)?;
        let policies = app.policies().document(&tx.origin()?.key)?;
        Ok::<_, StoreError>((tx.head()?, tx.line()?.lineage, cases, policies))
    })?;
    let begin = SnapshotLine::Begin {
        cursor,
        lineage,
        cases: cases as u64,
        policies: Box::new(policies),
        server_time: app.clock.now(),
    };
    if !send_line(&mut encoder, &begin, sender)? {
        return Ok(());
    }
    while let Some(next) = app.store.read(|tx| frame(tx, person, after))? {
        after = Some(next.last);
        // The ledger knows before the device has it.
        app.store
            .write(|tx| tx.note_sent(device.row.id, &next.ids, app.clock.now()))?;
        let line = SnapshotLine::Frame {
            cases: next.cases,
            last: next.last,
        };
        if !send_line(&mut encoder, &line, sender)? {
            return Ok(());
        }
    }
    serde_json::to_writer(&mut encoder, &SnapshotLine::End)?;
    encoder.write_all(b"\n")?;
    let rest = encoder.finish()?;
    // A device that has gone meanwhile resumes by itself.
    let _ = sender.blocking_send(Ok(rest.into()));
    Ok(())
}

/// Sends one line; false where nobody listens any more.
fn send_line(
    encoder: &mut zstd::stream::Encoder<'_, Vec<u8>>,
    line: &SnapshotLine,
    sender: &Sent,
) -> Result<bool, StoreError> {
    serde_json::to_writer(&mut *encoder, line)?;
    encoder.write_all(b"\n")?;
    encoder.flush()?;
    let bytes = std::mem::take(encoder.get_mut());
    Ok(sender.blocking_send(Ok(bytes.into())).is_ok())
}

/// The cursor of somebody who waits.
#[derive(serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct NewsQuery {
    epoch: u32,
    number: u64,
}

/// Whether there is something to fetch.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub struct NewsView {
    news: bool,
}

/// Shorter than the time after which a proxy in between gives up.
const WAIT_LONGEST: std::time::Duration = std::time::Duration::from_secs(50);

/// Answers as soon as the device's scope changes, or after 50 seconds.
#[utoipa::path(get, path = "/v1/news", params(NewsQuery),
    responses((status = OK, body = NewsView), (status = UNAUTHORIZED, body = ErrorResponse)),
    security(("device" = []))
)]
pub async fn news(
    State(app): State<App>,
    device: KnownDevice,
    Query(query): Query<NewsQuery>,
) -> Result<Json<NewsView>, ApiError> {
    let person = device.row.person;
    let cursor = Revision {
        epoch: Epoch(query.epoch),
        number: query.number,
    };
    let has_news = app.read(move |tx| {
        let head = tx.head()?;
        if cursor.is_covered_by(head) != Some(true) {
            return Ok(true);
        }
        let has_changed = tx.count_changed(person, cursor.number, 1)? > 0;
        Ok(has_changed
            || !tx
                .departures(person, cursor.number, head.number)?
                .is_empty())
    });
    let news = app.waiting.for_news(person, WAIT_LONGEST, has_news).await?;
    Ok(Json(NewsView { news }))
}
