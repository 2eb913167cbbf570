//! Devices: enrolled by a one-time code; their tokens renewed; retired, lost and found.

use super::activity::Names;
use super::auth::{SignedIn, unauthorised};
use super::error::{Body, Path};
use super::{ApiError, App};
use crate::secrets::{hash_token, normal_code, token};
use crate::store::{DeviceRow, DeviceState, EnrolmentError, NewDevice, Tx};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Duration, Utc};
use doorstep_domain::{DeviceId, Role, UserId};
use doorstep_protocol::chain::{self, Verify};
use doorstep_protocol::exchange::{
    Credentials, EnrolRequest, EnrolResponse, ErrorResponse, RenewRequest,
};
use doorstep_protocol::lift::LiftKey;
use doorstep_protocol::seal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;
use utoipa::ToSchema;
use uuid::Uuid;

/// A token lapses without contact for this long; the device's key gets it another.
pub const TOKEN_HOURS: i64 = 24;

/// Enrols a device.
#[utoipa::path(post, path = "/v1/enrol", security(()), request_body = EnrolRequest, responses(
    (status = OK, body = EnrolResponse),
    (status = BAD_REQUEST, description = "`sync.protocol_unknown`, `enrol.bad_key`", body = ErrorResponse),
    (status = FORBIDDEN, description = "`enrol.code_unknown`, `enrol.code_used`, `enrol.code_expired`", body = ErrorResponse),
    (status = TOO_MANY_REQUESTS, description = "`auth.throttled`", body = ErrorResponse)
))]
pub async fn enrol(
    State(app): State<App>,
    Body(request): Body<EnrolRequest>,
) -> Result<Json<EnrolResponse>, ApiError> {
    super::sync::check_protocol(request.protocol)?;
    if chain::public_key(&request.public_key).is_none() {
        return Err(ApiError::bad_request(
            "enrol.bad_key",
            "the public key is not an Ed25519 key in hex",
        ));
    }
    app.throttle.admit("enrol")?;
    let (id, token, now) = (DeviceId(Uuid::now_v7()), token()?, app.clock.now());
    let token_hash = hash_token(&token);
    app.write(move |tx| {
        let device = NewDevice {
            id,
            public_key: &request.public_key,
            token_hash: &token_hash,
            token_expires_at: now + Duration::hours(TOKEN_HOURS),
        };
        let code_hash = hash_token(&normal_code(&request.code));
        let (id, user) = match tx.enrol(&code_hash, &device, now)? {
            Ok(user) => (id, user),
            Err(error) => match begun_before(tx, &request, error)? {
                Some(known) => {
                    let shown_hash = known.token_hash;
                    tx.renew_token(known.id, &shown_hash, &token_hash, device.token_expires_at)?;
                    (known.id, known.person)
                }
                None => return Err(refusal(error)),
            },
        };
        let person = tx
            .person(user)?
            .ok_or_else(|| ApiError::not_found("person.unknown"))?;
        let origin = tx.origin()?;
        Ok(Json(EnrolResponse {
            device: id,
            user,
            display_name: person.display_name,
            credentials: Credentials {
                token,
                lift_key: Some(LiftKey::of(&origin.key.to_bytes(), id)),
                leads_lost: tx.leads_lost()?,
            },
            server_key: hex::encode(origin.key.verifying_key().to_bytes()),
            seal_key: seal::public_half(origin.seal_key),
            role: Some(person.role),
        }))
    })
    .await
}

/// The device that used the code up itself, and never had the answer: it holds the key, and signs for it.
fn begun_before(
    tx: &Tx<'_>,
    request: &EnrolRequest,
    error: EnrolmentError,
) -> Result<Option<DeviceRow>, ApiError> {
    let EnrolmentError::Used(person) = error else {
        return Ok(None);
    };
    let is_signed = chain::public_key(&request.public_key)
        .is_some_and(|key| key.has_signed(&request.hash(), &request.signature));
    let known = tx.device_by_key(person, &request.public_key)?;
    Ok(known.filter(|device| is_signed && device.state == DeviceState::Active))
}

fn refusal(error: EnrolmentError) -> ApiError {
    let (code, message) = match error {
        EnrolmentError::Unknown => ("enrol.code_unknown", "this code is not known"),
        EnrolmentError::Used(_) => ("enrol.code_used", "this code has been used"),
        EnrolmentError::Expired => ("enrol.code_expired", "this code has expired"),
    };
    ApiError::new(StatusCode::FORBIDDEN, code, message)
}

/// Gives a device another token: it shows the old one, lapsed or not, signed with its key. Where the answer
/// was lost, it asks again with the same.
#[utoipa::path(post, path = "/v1/devices/token", security(()), request_body = RenewRequest, responses(
    (status = OK, body = Credentials), (status = UNAUTHORIZED, body = ErrorResponse)
))]
pub async fn renew_token(
    State(app): State<App>,
    Body(request): Body<RenewRequest>,
) -> Result<Json<Credentials>, ApiError> {
    app.throttle.admit(&format!("renew {}", request.device))?;
    let (fresh, now) = (token()?, app.clock.now());
    let fresh_hash = hash_token(&fresh);
    app.write(move |tx| {
        let shown_hash = hash_token(&request.token);
        let known = match tx.device_by_token(&shown_hash)? {
            Some(device) if device.id == request.device => Some(device),
            Some(_) => None,
            // A restored server may know an older token than the device has: its signature tells who it is.
            None if tx.line()?.lineage.is_empty() => None,
            None => tx.device(request.device)?,
        };
        let known = known.ok_or_else(|| unauthorised("device.unknown"))?;
        let is_signed = chain::public_key(&known.public_key)
            .is_some_and(|key| key.has_signed(&request.hash(), &request.signature));
        if !is_signed {
            return Err(unauthorised("device.bad_signature"));
        }
        let expires_at = now + Duration::hours(TOKEN_HOURS);
        let leads_lost = tx.renew_token(known.id, &shown_hash, &fresh_hash, expires_at)?;
        let secret = tx.origin()?.key.to_bytes();
        Ok(Json(Credentials {
            token: fresh,
            lift_key: Some(LiftKey::of(&secret, known.id)),
            leads_lost,
        }))
    })
    .await
}

/// A device as the console lists it.
#[derive(Serialize, TS, ToSchema)]
pub struct DeviceView {
    pub id: DeviceId,
    pub person: UserId,
    pub person_name: String,
    /// `active`, `retired` or `lost`.
    pub state: String,
    pub last_seen_at: DateTime<Utc>,
    /// Cases it was sent and has not purged.
    #[ts(type = "number")]
    pub cases_held: u64,
    /// What of it was kept aside because its numbering contradicts what it sent before.
    #[ts(type = "number")]
    pub kept_aside: u64,
    /// Cases that it has newer than this server, since a restore.
    #[ts(type = "number")]
    pub newer_cases: u64,
}

/// Lists the devices with what they hold.
#[utoipa::path(get, path = "/v1/devices", responses((status = OK, body = Vec<DeviceView>)))]
pub async fn list_devices(
    State(app): State<App>,
    person: SignedIn,
) -> Result<Json<Vec<DeviceView>>, ApiError> {
    person.require_console()?;
    app.read(|tx| {
        let names = Names::of(tx)?;
        let held = tx.count_in_custody()?;
        let (aside, newer) = (tx.count_aside()?, tx.count_newer()?);
        let view = |row: DeviceRow| {
            let of =
                |counts: &BTreeMap<DeviceId, u64>| counts.get(&row.id).copied().unwrap_or_default();
            DeviceView {
                id: row.id,
                person: row.person,
                person_name: names.name(row.person),
                state: row.state.name().to_owned(),
                last_seen_at: row.last_seen_at,
                cases_held: of(&held),
                kept_aside: of(&aside),
                newer_cases: of(&newer),
            }
        };
        Ok(Json(tx.devices()?.into_iter().map(view).collect()))
    })
    .await
}

/// What becomes of a device.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeviceStateRequest {
    /// Reported found again, or given back to work.
    Active,
    Retired,
    Lost,
}

/// Retires a device, or reports it lost or found.
#[utoipa::path(put, path = "/v1/devices/{id}/state", params(("id" = uuid::Uuid, Path)), request_body = DeviceStateRequest,
    responses((status = NO_CONTENT), (status = NOT_FOUND, body = ErrorResponse)))]
pub async fn set_state(
    State(app): State<App>,
    person: SignedIn,
    Path(id): Path<DeviceId>,
    Body(request): Body<DeviceStateRequest>,
) -> Result<StatusCode, ApiError> {
    person.require(&[Role::Lead])?;
    let now = app.clock.now();
    let state = match request {
        DeviceStateRequest::Active => DeviceState::Active,
        DeviceStateRequest::Retired => DeviceState::Retired,
        DeviceStateRequest::Lost => DeviceState::Lost,
    };
    app.write(move |tx| {
        let device = tx
            .device(id)?
            .ok_or_else(|| ApiError::not_found("device.unknown"))?;
        let owner = tx.person(device.person)?.map(|person| person.role);
        let is_news = state == DeviceState::Lost && device.state != DeviceState::Lost;
        if is_news && owner == Some(Role::Lead) {
            tx.count_lost_lead(now)?;
        }
        tx.set_device_state(id, state, now)?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}
