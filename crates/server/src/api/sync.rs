//! The exchange: actions up; verdicts, cases and policies down.

use super::auth::KnownDevice;
use super::devices::TOKEN_DAYS;
use super::{ApiError, App};
use crate::intake::{Sender, take_in};
use crate::store::{DeviceRow, Tx};
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use chrono::Duration;
use doorstep_domain::{CaseId, Revision};
use doorstep_protocol::PROTOCOL;
use doorstep_protocol::exchange::{
    ErrorResponse, PULL_CASES_MAX, PUSH_ACTIONS_MAX, SyncRequest, SyncResponse,
};

/// The exchange of a device. Body and answer may be zstd-compressed.
#[utoipa::path(post, path = "/v1/sync",
    request_body(content = serde_json::Value, description = "A `SyncRequest`, described in docs/SYNC.md"),
    responses(
        (status = OK, description = "A `SyncResponse`", body = serde_json::Value),
        (status = BAD_REQUEST, description = "`body.malformed`, `sync.protocol_unknown`, `sync.bad_signature`", body = ErrorResponse),
        (status = UNAUTHORIZED, description = "`device.token_missing`, `device.token_expired`, `device.unknown`", body = ErrorResponse),
        (status = CONFLICT, description = "`sync.gap` with the number expected, `sync.fork`", body = ErrorResponse),
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
    let now = app.clock.now();
    let policies = std::sync::Arc::clone(&app.policies);
    let (device_id, actions) = (device.id(), request.outbox.len());
    let answer = app
        .write(move |tx| {
            let sender = Sender {
                device: &device.row,
                role: device.role,
            };
            let verdicts = take_in(tx, &sender, &request.outbox, &policies.policies, now)?;
            tx.touch_device(device.row.id, now, now + Duration::days(TOKEN_DAYS))?;
            let page = pull(tx, &device.row, request.cursor)?;
            let has_policies = request.policies.as_deref() == Some(policies.hash.as_str());
            Ok(SyncResponse {
                protocol: PROTOCOL,
                verdicts,
                cases: page.cases,
                left: page.left,
                policies: (!has_policies).then(|| (*policies).clone()),
                cursor: page.cursor,
                more: page.more,
                server_time: now,
            })
        })
        .await?;
    tracing::info!(
        device = %device_id,
        actions,
        cases = answer.cases.len(),
        left = answer.left.len(),
        "exchanged"
    );
    Ok(Json(answer))
}

/// Reads a request: the version first, so that a newer one gets a clear answer.
fn read_request(body: &[u8]) -> Result<SyncRequest, ApiError> {
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

struct Page {
    cases: Vec<doorstep_domain::Case>,
    left: Vec<CaseId>,
    cursor: Revision,
    more: bool,
}

/// What changed in the device's scope since its cursor, as of this transaction.
fn pull(tx: &Tx<'_>, device: &DeviceRow, cursor: Option<Revision>) -> Result<Page, ApiError> {
    let head = tx.head()?;
    // Another epoch, or a cursor ahead of us: everything again, applied only where newer.
    let after = match cursor {
        Some(cursor) if tx.knows(cursor)? => cursor.number,
        _ => 0,
    };
    let mut cases = tx.changed_cases(device.person, after, PULL_CASES_MAX + 1)?;
    let more = cases.len() > PULL_CASES_MAX;
    cases.truncate(PULL_CASES_MAX);
    let until = match cases.last() {
        Some(last) if more => last.revision,
        _ => head,
    };
    let left = tx.departures(device.person, after, until.number)?;
    Ok(Page {
        cases,
        left,
        cursor: until,
        more,
    })
}
