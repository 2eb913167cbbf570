//! The log of verdicts, for anybody who was given a copy: signed heads, inclusion, consistency.
//!
//! Nothing here names a person: leaves are commitments, and a proof is asked for by an action's id.

use super::error::Path;
use super::{ApiError, App};
use crate::log::{ConsistencyView, InclusionView};
use crate::store::HeadRow;
use axum::Json;
use axum::extract::State;
use doorstep_domain::ActionId;
use doorstep_protocol::exchange::ErrorResponse;

/// The signed head of the log.
#[utoipa::path(get, path = "/v1/log/head", responses((status = OK, body = serde_json::Value)))]
pub async fn head(State(app): State<App>) -> Result<Json<HeadRow>, ApiError> {
    let (log, now) = (std::sync::Arc::clone(&app.log), app.clock.now());
    app.write(move |tx| Ok(Json(log.publish(tx, now)?))).await
}

/// That the verdict on an action is in the log.
#[utoipa::path(get, path = "/v1/log/inclusion/{action}", params(("action" = String, Path)), responses(
    (status = OK, body = InclusionView), (status = NOT_FOUND, body = ErrorResponse)
))]
pub async fn inclusion(
    State(app): State<App>,
    Path(action): Path<ActionId>,
) -> Result<Json<InclusionView>, ApiError> {
    let (log, now) = (std::sync::Arc::clone(&app.log), app.clock.now());
    app.write(move |tx| {
        log.inclusion(tx, action, now)?
            .map(Json)
            .ok_or_else(|| ApiError::not_found("action.unknown"))
    })
    .await
}

/// That an earlier head of `size` leaves is a beginning of the log as it is now.
#[utoipa::path(get, path = "/v1/log/consistency/{size}", params(("size" = u64, Path)), responses(
    (status = OK, body = ConsistencyView), (status = NOT_FOUND, body = ErrorResponse)
))]
pub async fn consistency(
    State(app): State<App>,
    Path(size): Path<u64>,
) -> Result<Json<ConsistencyView>, ApiError> {
    let (log, now) = (std::sync::Arc::clone(&app.log), app.clock.now());
    app.write(move |tx| {
        log.consistency(tx, size, now)?
            .map(Json)
            .ok_or_else(|| ApiError::not_found("log.size"))
    })
    .await
}
