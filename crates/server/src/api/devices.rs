//! Enrolment: a one-time code and a public key become a device.

use super::error::Body;
use super::{ApiError, App};
use crate::secrets::{hash_token, normal_code, token};
use crate::store::{EnrolmentError, NewDevice};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::Duration;
use doorstep_domain::DeviceId;
use doorstep_protocol::exchange::{EnrolRequest, EnrolResponse, ErrorResponse};
use doorstep_protocol::{PROTOCOL, chain};
use uuid::Uuid;

/// Without contact for this long a device needs a new token from its lead.
pub const TOKEN_DAYS: i64 = 30;

/// Enrols a device.
#[utoipa::path(post, path = "/v1/enrol", request_body = EnrolRequest, responses(
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
    debug_assert_eq!(
        PROTOCOL, 1,
        "a new protocol version needs its own reading of this request"
    );
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
            token_expires_at: now + Duration::days(TOKEN_DAYS),
        };
        let code_hash = hash_token(&normal_code(&request.code));
        let user = tx.enrol(&code_hash, &device, now)?.map_err(refusal)?;
        let person = tx
            .person(user)?
            .ok_or_else(|| ApiError::not_found("person.unknown"))?;
        Ok(Json(EnrolResponse {
            device: id,
            user,
            display_name: person.display_name,
            token,
        }))
    })
    .await
}

fn refusal(error: EnrolmentError) -> ApiError {
    let (code, message) = match error {
        EnrolmentError::Unknown => ("enrol.code_unknown", "this code is not known"),
        EnrolmentError::Used => ("enrol.code_used", "this code has been used"),
        EnrolmentError::Expired => ("enrol.code_expired", "this code has expired"),
    };
    ApiError::new(StatusCode::FORBIDDEN, code, message)
}
