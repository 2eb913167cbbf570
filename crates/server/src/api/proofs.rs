//! The log of verdicts, for anybody who was given a copy: signed heads, inclusion, consistency.
//!
//! Nothing here names a person: leaves are commitments, and a proof is asked for by an action's id.

use super::error::Path;
use super::{ApiError, App};
use crate::log::{ConsistencyView, InclusionView, Log};
use crate::store::{HeadRow, StoreError, Tx};
use axum::Json;
use axum::extract::State;
use doorstep_domain::ActionId;
use doorstep_protocol::exchange::ErrorResponse;
use std::sync::Arc;

/// The signed head of the log.
#[utoipa::path(get, path = "/v1/log/head", security(()), responses((status = OK, body = serde_json::Value)))]
pub async fn head(State(app): State<App>) -> Result<Json<HeadRow>, ApiError> {
    let found = with_head(&app, |_, _, head| Ok(Some(head))).await?;
    found
        .map(Json)
        .ok_or_else(|| ApiError::not_found("log.size"))
}

/// That the verdict on an action is in the log.
#[utoipa::path(get, path = "/v1/log/inclusion/{action}", security(()), params(("action" = uuid::Uuid, Path)), responses(
    (status = OK, body = InclusionView), (status = NOT_FOUND, body = ErrorResponse)
))]
pub async fn inclusion(
    State(app): State<App>,
    Path(action): Path<ActionId>,
) -> Result<Json<InclusionView>, ApiError> {
    let found = with_head(&app, move |log, tx, head| log.inclusion(tx, action, head)).await?;
    found
        .map(Json)
        .ok_or_else(|| ApiError::not_found("action.unknown"))
}

/// That an earlier head of `size` leaves is a beginning of the log as it is now.
#[utoipa::path(get, path = "/v1/log/consistency/{size}", security(()), params(("size" = u64, Path)), responses(
    (status = OK, body = ConsistencyView), (status = NOT_FOUND, body = ErrorResponse)
))]
pub async fn consistency(
    State(app): State<App>,
    Path(size): Path<u64>,
) -> Result<Json<ConsistencyView>, ApiError> {
    let found = with_head(&app, move |log, tx, head| log.consistency(tx, size, head)).await?;
    found
        .map(Json)
        .ok_or_else(|| ApiError::not_found("log.size"))
}

/// Asks the log as of its head. A new head is signed only where the log has grown: anybody may ask
/// here, and nobody shall keep the writers waiting by it.
async fn with_head<T, F>(app: &App, ask: F) -> Result<Option<T>, ApiError>
where
    T: Send + 'static,
    F: Fn(&Log, &Tx<'_>, HeadRow) -> Result<Option<T>, StoreError> + Clone + Send + 'static,
{
    let (log, first) = (Arc::clone(&app.log), ask.clone());
    let known = app
        .read(move |tx| {
            let Some(head) = log.whole(tx)? else {
                return Ok(None);
            };
            let found = first(&log, tx, head.clone())?;
            let is_sure = found.is_some() || log.is_at(&head);
            Ok(is_sure.then_some(found))
        })
        .await?;
    if let Some(found) = known {
        return Ok(found);
    }
    let (log, now) = (Arc::clone(&app.log), app.clock.now());
    app.write(move |tx| {
        let head = log.publish(tx, now)?;
        Ok(ask(&log, tx, head)?)
    })
    .await
}
