//! A lead lifts what policy lets them: the agent reads a question out, the lead reads a code back.

use super::auth::SignedIn;
use super::error::{Body, Path};
use super::{ApiError, App};
use crate::store::{DeviceState, LiftRow};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use doorstep_domain::policy::Citation;
use doorstep_domain::{CaseId, Role, UserId};
use doorstep_protocol::exchange::ErrorResponse;
use doorstep_protocol::lift::{LiftKey, normal};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;
use uuid::Uuid;

/// What the agent asks for, as they read it out, and why the lead agrees.
#[derive(Deserialize, ToSchema)]
pub struct LiftRequest {
    #[schema(value_type = String)]
    agent: UserId,
    /// Six letters and digits.
    question: String,
    rules: Vec<String>,
    /// For the record; not empty.
    reason: String,
}

/// The code to read back.
#[derive(Serialize, TS, ToSchema)]
pub struct LiftView {
    /// One for each device that the agent has: almost always one.
    pub codes: Vec<String>,
}

/// Lists the rules and questions that a lead may lift.
#[utoipa::path(get, path = "/v1/lifts", responses((status = OK, body = Vec<Citation>)))]
pub async fn liftable(
    State(app): State<App>,
    person: SignedIn,
) -> Result<Json<Vec<Citation>>, ApiError> {
    person.require_console()?;
    let policies = app.policies();
    let policies = &policies.policies;
    let rules = policies.packs.iter().flat_map(|pack| &pack.rules);
    let rules = rules.map(|rule| rule.citation());
    let questions = policies.checklist.questions.iter();
    let questions = questions.map(|question| question.citation());
    let liftable = rules
        .chain(questions)
        .filter(|citation| policies.may_be_lifted(&citation.rule));
    Ok(Json(liftable.collect()))
}

/// Lifts rules for one visit, and says the code that tells the agent's device so.
#[utoipa::path(post, path = "/v1/cases/{id}/lifts", params(("id" = uuid::Uuid, Path)), request_body = LiftRequest,
    responses((status = OK, body = LiftView), (status = NOT_FOUND, body = ErrorResponse),
        (status = UNPROCESSABLE_ENTITY, description = "`lift.question`, `lift.reason_missing`, `lift.not_liftable`", body = ErrorResponse)))]
pub async fn lift(
    State(app): State<App>,
    person: SignedIn,
    Path(id): Path<CaseId>,
    Body(request): Body<LiftRequest>,
) -> Result<Json<LiftView>, ApiError> {
    person.require(&[Role::Lead])?;
    let wrong =
        |code: &str, message: &str| ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, code, message);
    let question = normal(&request.question);
    if question.len() != 6 {
        return Err(wrong(
            "lift.question",
            "a question has six letters and digits",
        ));
    }
    if request.reason.trim().is_empty() {
        return Err(wrong("lift.reason_missing", "write down why you agree"));
    }
    let mut rules = request.rules;
    rules.sort();
    rules.dedup();
    let policies = app.policies();
    let policies = &policies.policies;
    if rules.is_empty() || !rules.iter().all(|rule| policies.may_be_lifted(rule)) {
        return Err(wrong(
            "lift.not_liftable",
            "one of these is not yours to lift; nobody lifts what comes from law",
        ));
    }
    let now = app.clock.now();
    let lead = person.0.id;
    app.write(move |tx| {
        let case = tx
            .case(id)?
            .ok_or_else(|| ApiError::not_found("case.unknown"))?;
        let day = now.with_timezone(&case.address.zone).date_naive();
        let secret = tx.origin()?.key.to_bytes();
        let devices = tx
            .devices()?
            .into_iter()
            .filter(|device| device.person == request.agent && device.state == DeviceState::Active);
        let codes: Vec<_> = devices
            .map(|device| LiftKey::of(&secret, device.id).code(&question, id, day, &rules))
            .collect();
        if codes.is_empty() {
            return Err(ApiError::not_found("device.unknown"));
        }
        tx.put_lift(&LiftRow {
            id: Uuid::now_v7(),
            agent: request.agent,
            case: id,
            day,
            question,
            rules,
            reason: request.reason.trim().to_owned(),
            lead,
            at: now,
        })?;
        Ok(Json(LiftView { codes }))
    })
    .await
}
