//! The check of a debtor's copy: whoever holds the code learns whether the record is known and what
//! became of it. Nothing here names a person or an amount.

use super::error::Body;
use super::{ApiError, App};
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use doorstep_domain::plan::PlanState;
use doorstep_domain::verdict::Ruling;
use doorstep_domain::{ActionId, Change};
use doorstep_protocol::check::CheckCode;
use doorstep_protocol::exchange::ErrorResponse;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// The code from the square on the copy.
#[derive(Deserialize, ToSchema)]
pub struct CheckRequest {
    code: String,
}

/// What became of the record.
#[derive(Debug, Serialize, TS, ToSchema)]
pub struct CheckView {
    /// Its inclusion in the log can be asked for by this id, at `/v1/log/inclusion/`.
    #[schema(value_type = String)]
    pub action: ActionId,
    pub kind: String,
    pub ruling: Ruling,
    pub judged_at: DateTime<Utc>,
    /// Of a plan: how it stands now.
    pub plan: Option<PlanState>,
}

/// Says what became of a record. Anybody may ask who holds its code.
#[utoipa::path(post, path = "/v1/check", security(()), request_body = CheckRequest, responses(
    (status = OK, body = CheckView), (status = NOT_FOUND, description = "`check.unknown`", body = ErrorResponse)
))]
pub async fn check(
    State(app): State<App>,
    Body(request): Body<CheckRequest>,
) -> Result<Json<CheckView>, ApiError> {
    let unknown = || ApiError::not_found("check.unknown");
    let code = CheckCode::decode(&request.code).ok_or_else(unknown)?;
    app.throttle.admit(&format!("check {}", code.action))?;
    app.read(move |tx| {
        let taken = tx.taken_action(code.action)?.ok_or_else(unknown)?;
        let envelope = &taken.envelope;
        // Another copy than the one that was recorded is as unknown as none.
        if envelope.link != code.link || envelope.signature != code.signature {
            return Err(unknown());
        }
        let action = envelope.open().map_err(|_| unknown())?;
        let case = tx.case(action.case)?;
        let plan = match (&action.change, &case) {
            (Change::AgreePlan { terms }, Some(case)) => case.plan(terms.id),
            _ => None,
        };
        let verdict = &taken.verdict.verdict;
        Ok(Json(CheckView {
            action: action.id,
            kind: action.change.kind().to_owned(),
            ruling: verdict.ruling.clone(),
            judged_at: verdict.judged_at,
            plan: plan.map(|plan| plan.state),
        }))
    })
    .await
}
