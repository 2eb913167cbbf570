//! What a device had sealed to this server, brought by anybody: actions, and evidence.

use super::error::{Body, Path};
use super::uploads::{bad, upload_id};
use super::{ApiError, App};
use crate::attachments::ATTACHMENT_BYTES_MAX;
use crate::intake::{IntakeError, Sender, confirm_partners, take_in};
use crate::policies::InForce;
use crate::store::{DeviceState, Tx, UploadRow};
use crate::watch;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use doorstep_domain::DeviceId;
use doorstep_protocol::chain::{self, Verify as _};
use doorstep_protocol::exchange::{
    ErrorResponse, HandoverRequest, HandoverResponse, PUSH_ACTIONS_MAX,
};
use doorstep_protocol::seal;
use sha2::{Digest, Sha256};

/// What sealing adds: a key and a tag.
const SEAL_BYTES: usize = 32 + 16;

/// Takes in what a device had sealed to this server. Anybody may bring it: each action is signed by
/// the device, and only the server can read it.
#[utoipa::path(post, path = "/v1/handover", security(()), request_body = HandoverRequest, responses(
    (status = OK, body = HandoverResponse), (status = NOT_FOUND, body = ErrorResponse)
))]
pub async fn hand_over(
    State(app): State<App>,
    Body(request): Body<HandoverRequest>,
) -> Result<Json<HandoverResponse>, ApiError> {
    super::sync::check_protocol(request.protocol)?;
    if request.sealed.len() > PUSH_ACTIONS_MAX {
        return Err(ApiError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "sync.too_many_actions",
            "too many actions in one handover",
        ));
    }
    app.throttle
        .admit(&format!("handover {}", request.device))?;
    let (now, policies) = (app.clock.now(), app.policies());
    app.write(move |tx| Ok(Json(take_over(tx, &request, &policies, now)?)))
        .await
}

fn take_over(
    tx: &Tx<'_>,
    request: &HandoverRequest,
    policies: &InForce,
    now: DateTime<Utc>,
) -> Result<HandoverResponse, ApiError> {
    let device = tx
        .device(request.device)?
        .ok_or_else(|| ApiError::not_found("device.unknown"))?;
    let person = tx
        .person(device.person)?
        .ok_or_else(|| ApiError::not_found("person.unknown"))?;
    let key = chain::public_key(&device.public_key).ok_or(IntakeError::BadSignature)?;
    let secret = tx.origin()?.seal_key;
    let opened: Vec<_> = request
        .sealed
        .iter()
        .filter_map(|sealed| seal::open(sealed, secret))
        .filter(|envelope| key.has_signed(&envelope.link.0, &envelope.signature))
        .collect();
    tx.enter()?;
    let sender = Sender {
        device: device.id,
        person: device.person,
        role: person.role,
        key: &key,
        is_lost: device.state == DeviceState::Lost,
    };
    let taken = take_in(tx, &sender, &opened, policies, now)?;
    watch::follow(tx, device.id, &opened, &taken.verdicts, now)?;
    confirm_partners(tx, &opened, &taken.verdicts, &policies.policies, now)?;
    let (fresh, all) = (taken.fresh, taken.verdicts.len());
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Ok(HandoverResponse {
        taken: count(fresh),
        known: count(all - fresh),
        rejected: count(request.sealed.len() - all),
    })
}

/// Takes a piece of evidence that a device had sealed to this server, whoever brings it: its hash is
/// signed by the device, which is looked at before anything is read. 201 where it was not here yet.
#[utoipa::path(post, path = "/v1/handover/{device}/evidence/{sha256}", security(()),
    params(
        ("device" = uuid::Uuid, Path),
        ("sha256" = String, Path, description = "of what is sealed, in hexadecimal"),
        ("doorstep-signature" = String, Header, description = "the device's, of that hash")
    ),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses(
    (status = CREATED), (status = NO_CONTENT, description = "it was here already"),
    (status = NOT_FOUND, description = "`device.unknown`", body = ErrorResponse),
    (status = BAD_REQUEST, description = "`sync.bad_signature`", body = ErrorResponse),
    (status = UNPROCESSABLE_ENTITY, description = "`attachment.not_sealed`", body = ErrorResponse)
))]
pub async fn hand_over_evidence(
    State(app): State<App>,
    Path((device, sha256)): Path<(DeviceId, String)>,
    request: Request,
) -> Result<StatusCode, ApiError> {
    let signature = request.headers().get("doorstep-signature");
    let signature = signature.and_then(|text| text.to_str().ok());
    let signature = signature.unwrap_or_default().to_owned();
    let hash = sha256.clone();
    let (secret, is_known) = app
        .read(move |tx| {
            let row = tx.device(device)?;
            let row = row.ok_or_else(|| ApiError::not_found("device.unknown"))?;
            let key = chain::public_key(&row.public_key).ok_or(IntakeError::BadSignature)?;
            if !key.has_signed(&seal::evidence_statement(&hash), &signature) {
                return Err(IntakeError::BadSignature.into());
            }
            Ok((tx.origin()?.seal_key, tx.is_stored(&hash)?))
        })
        .await?;
    if is_known {
        return Ok(StatusCode::NO_CONTENT);
    }
    let limit = usize::try_from(ATTACHMENT_BYTES_MAX).unwrap_or(usize::MAX);
    let sealed = axum::body::to_bytes(request.into_body(), limit.saturating_add(SEAL_BYTES))
        .await
        .map_err(|_| bad("attachment.too_large", "it is too large, or was cut off"))?;
    let opened = seal::open_bytes(&sealed, secret)
        .filter(|bytes| hex::encode(Sha256::digest(bytes)) == sha256)
        .ok_or_else(|| {
            let code = "attachment.not_sealed";
            let what = "this is not what was signed, or not sealed to this server";
            ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, code, what)
        })?;
    let key = app.write(|tx| Ok(tx.attachment_key()?)).await?;
    let name = app.store.attachment_name(&sha256);
    app.attachments.put(&name, &opened, &key).await?;
    let upload = UploadRow {
        id: upload_id(device, &sha256),
        device,
        hash: sha256,
        size_bytes: opened.len() as u64,
        received_bytes: 0,
        is_stored: false,
    };
    let now = app.clock.now();
    let parts = app
        .write(move |tx| {
            let begun = tx.begin_upload(&upload)?;
            tx.set_stored(&begun.id, now)?;
            // What the device itself had begun to send.
            let parts = tx.parts(&begun.id)?;
            tx.drop_parts(&begun.id)?;
            Ok(parts)
        })
        .await?;
    for part in parts {
        app.attachments.remove(&part.object).await?;
    }
    Ok(StatusCode::CREATED)
}
