//! The team: who there is, and codes for their devices.

use super::auth::SignedIn;
use super::error::Path;
use super::session::PersonView;
use super::{ApiError, App};
use crate::secrets::{enrol_code, hash_token, normal_code};
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Duration, Utc};
use doorstep_domain::{Role, UserId};
use doorstep_protocol::exchange::ErrorResponse;
use serde::Serialize;
use ts_rs::TS;
use utoipa::ToSchema;

/// How long an enrolment code can be used.
pub const ENROL_CODE_HOURS: i64 = 24;

/// A code to read out or type, shown once.
#[derive(Serialize, TS, ToSchema)]
pub struct EnrolCodeView {
    pub code: String,
    pub expires_at: DateTime<Utc>,
}

/// Lists the team.
#[utoipa::path(get, path = "/v1/people", responses(
    (status = OK, body = Vec<PersonView>), (status = UNAUTHORIZED, body = ErrorResponse)
))]
pub async fn list_people(
    State(app): State<App>,
    person: SignedIn,
) -> Result<Json<Vec<PersonView>>, ApiError> {
    person.require_console()?;
    app.read(|tx| Ok(Json(tx.people()?.iter().map(PersonView::from).collect())))
        .await
}

/// Makes a one-time code for a device of this person.
#[utoipa::path(post, path = "/v1/people/{id}/enrol-code", params(("id" = uuid::Uuid, Path)), responses(
    (status = OK, body = EnrolCodeView), (status = NOT_FOUND, body = ErrorResponse)
))]
pub async fn make_enrol_code(
    State(app): State<App>,
    person: SignedIn,
    Path(id): Path<UserId>,
) -> Result<Json<EnrolCodeView>, ApiError> {
    person.require(&[Role::Lead])?;
    let code = enrol_code()?;
    let hash = hash_token(&normal_code(&code));
    let expires_at = app.clock.now() + Duration::hours(ENROL_CODE_HOURS);
    app.write(move |tx| {
        let known = tx.person(id)?.is_some();
        if !known {
            return Err(ApiError::not_found("person.unknown"));
        }
        Ok(tx.add_enrol_code(&hash, id, expires_at)?)
    })
    .await?;
    Ok(Json(EnrolCodeView { code, expires_at }))
}
