//! What protects people on one case: flags with their due process, and legal stops.

use super::auth::SignedIn;
use super::cases::{RulingView, checked_text, record};
use super::error::{Body, Path};
use super::{ApiError, App};
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, NaiveDate, Utc};
use doorstep_domain::safety::{FlagKind, StopKind};
use doorstep_domain::{ActionId, CaseId, Change};
use doorstep_protocol::exchange::ErrorResponse;
use serde::Deserialize;
use utoipa::ToSchema;

/// A hazard or a need, with the incident behind it.
#[derive(Deserialize, ToSchema)]
pub struct FlagRequest {
    flag: FlagKind,
    incident: String,
    review_on: NaiveDate,
}

/// Until when a flag holds without another look.
#[derive(Deserialize, ToSchema)]
pub struct ReviewRequest {
    review_on: NaiveDate,
}

/// Why something no longer protects.
#[derive(Deserialize, ToSchema)]
pub struct ReasonRequest {
    reason: String,
}

/// A fact that forbids contact.
#[derive(Deserialize, ToSchema)]
pub struct StopRequest {
    stop: StopKind,
    effective: DateTime<Utc>,
    until: Option<NaiveDate>,
}

/// Raises a flag. It speaks at once; a lead who did not raise it approves it.
#[utoipa::path(post, path = "/v1/cases/{id}/flags", params(("id" = uuid::Uuid, Path)), request_body = FlagRequest, responses(
    (status = OK, body = RulingView), (status = UNPROCESSABLE_ENTITY, body = ErrorResponse)
))]
pub async fn raise_flag(
    State(app): State<App>,
    person: SignedIn,
    Path(id): Path<CaseId>,
    Body(request): Body<FlagRequest>,
) -> Result<Json<RulingView>, ApiError> {
    let incident = checked_text(&request.incident)?;
    let change = Change::RaiseFlag {
        flag: request.flag,
        incident,
        review_on: request.review_on,
    };
    record(app, person, id, change, None).await
}

/// Approves a flag, or holds it for longer; never the one who raised it.
#[utoipa::path(post, path = "/v1/cases/{id}/flags/{raise}/review",
    params(("id" = uuid::Uuid, Path), ("raise" = uuid::Uuid, Path)), request_body = ReviewRequest, responses(
    (status = OK, body = RulingView), (status = UNPROCESSABLE_ENTITY, body = ErrorResponse)
))]
pub async fn review_flag(
    State(app): State<App>,
    person: SignedIn,
    Path((id, raise)): Path<(CaseId, ActionId)>,
    Body(request): Body<ReviewRequest>,
) -> Result<Json<RulingView>, ApiError> {
    let review_on = request.review_on;
    let change = Change::ReviewFlag { raise, review_on };
    record(app, person, id, change, None).await
}

/// Clears a flag.
#[utoipa::path(post, path = "/v1/cases/{id}/flags/{raise}/clear",
    params(("id" = uuid::Uuid, Path), ("raise" = uuid::Uuid, Path)), request_body = ReasonRequest, responses(
    (status = OK, body = RulingView), (status = UNPROCESSABLE_ENTITY, body = ErrorResponse)
))]
pub async fn clear_flag(
    State(app): State<App>,
    person: SignedIn,
    Path((id, raise)): Path<(CaseId, ActionId)>,
    Body(request): Body<ReasonRequest>,
) -> Result<Json<RulingView>, ApiError> {
    let reason = checked_text(&request.reason)?;
    record(app, person, id, Change::ClearFlag { raise, reason }, None).await
}

/// Raises a legal stop.
#[utoipa::path(post, path = "/v1/cases/{id}/stops", params(("id" = uuid::Uuid, Path)), request_body = StopRequest, responses(
    (status = OK, body = RulingView), (status = UNPROCESSABLE_ENTITY, body = ErrorResponse)
))]
pub async fn raise_stop(
    State(app): State<App>,
    person: SignedIn,
    Path(id): Path<CaseId>,
    Body(request): Body<StopRequest>,
) -> Result<Json<RulingView>, ApiError> {
    check_stop(request.stop)?;
    let change = Change::RaiseStop {
        stop: request.stop,
        effective: request.effective,
        until: request.until,
    };
    record(app, person, id, change, None).await
}

/// Lifts a legal stop whose ground has gone.
#[utoipa::path(post, path = "/v1/cases/{id}/stops/{raise}/lift",
    params(("id" = uuid::Uuid, Path), ("raise" = uuid::Uuid, Path)), request_body = ReasonRequest, responses(
    (status = OK, body = RulingView), (status = UNPROCESSABLE_ENTITY, body = ErrorResponse)
))]
pub async fn lift_stop(
    State(app): State<App>,
    person: SignedIn,
    Path((id, raise)): Path<(CaseId, ActionId)>,
    Body(request): Body<ReasonRequest>,
) -> Result<Json<RulingView>, ApiError> {
    let reason = checked_text(&request.reason)?;
    record(app, person, id, Change::LiftStop { raise, reason }, None).await
}

/// Whether a person may raise it: a plan and a complaint raise theirs themselves, and lift them.
pub fn check_stop(stop: StopKind) -> Result<(), ApiError> {
    match stop {
        StopKind::ActivePlan | StopKind::Complaint => Err(ApiError::new(
            axum::http::StatusCode::UNPROCESSABLE_ENTITY,
            "stops.kind",
            "only a plan or a complaint itself raises this stop",
        )),
        _ => Ok(()),
    }
}
