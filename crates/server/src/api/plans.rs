//! The life of a plan after the door: voided, countered, accepted, found broken; and that the customer
//! was told.

use super::auth::SignedIn;
use super::cases::{RulingView, checked_text, record};
use super::error::{Body, Path};
use super::{ApiError, App};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, NaiveDate, Utc};
use doorstep_domain::action::Told;
use doorstep_domain::plan::{
    Consent, Frequency, PlanError, PlanTerms, Relief, ScheduleOrder, schedule,
};
use doorstep_domain::policy::Policies;
use doorstep_domain::{Case, CaseId, Change, Money, PlanId};
use doorstep_protocol::exchange::ErrorResponse;
use serde::Deserialize;
use utoipa::ToSchema;

/// Why a plan ends, or is not as agreed: the customer hears it in these words.
#[derive(Deserialize, ToSchema)]
pub struct PlanReasonRequest {
    reason: String,
}

/// What is offered in a plan's place. It is made from the budget that was told at the door.
#[derive(Deserialize, ToSchema)]
pub struct CounterPlanRequest {
    reason: String,
    /// No instalment is above this, in minor units.
    instalment_minor: i64,
    frequency: Frequency,
    first_due: NaiveDate,
    /// What it eases; where it does not say, what the plan eased that it comes in place of.
    #[serde(default)]
    relief: Option<Relief>,
}

/// How the customer agreed to what was offered.
#[derive(Deserialize, ToSchema)]
pub struct AcceptCounterRequest {
    consent: Consent,
}

/// How the customer was told.
#[derive(Deserialize, ToSchema)]
pub struct TellRequest {
    how: Told,
}

/// Voids a plan: its stop is lifted, and the customer is to be told.
#[utoipa::path(post, path = "/v1/cases/{id}/plans/{plan}/void",
    params(("id" = uuid::Uuid, Path), ("plan" = uuid::Uuid, Path)), request_body = PlanReasonRequest, responses(
    (status = OK, body = RulingView), (status = UNPROCESSABLE_ENTITY, body = ErrorResponse)
))]
pub async fn void_plan(
    State(app): State<App>,
    person: SignedIn,
    Path((id, plan)): Path<(CaseId, PlanId)>,
    Body(request): Body<PlanReasonRequest>,
) -> Result<Json<RulingView>, ApiError> {
    let reason = checked_text(&request.reason)?;
    record(app, person, id, Change::VoidPlan { plan, reason }, None).await
}

/// Finds a plan broken, after its grace and after somebody has looked at why.
#[utoipa::path(post, path = "/v1/cases/{id}/plans/{plan}/break",
    params(("id" = uuid::Uuid, Path), ("plan" = uuid::Uuid, Path)), request_body = PlanReasonRequest, responses(
    (status = OK, body = RulingView), (status = UNPROCESSABLE_ENTITY, body = ErrorResponse)
))]
pub async fn break_plan(
    State(app): State<App>,
    person: SignedIn,
    Path((id, plan)): Path<(CaseId, PlanId)>,
    Body(request): Body<PlanReasonRequest>,
) -> Result<Json<RulingView>, ApiError> {
    let reason = checked_text(&request.reason)?;
    record(app, person, id, Change::BreakPlan { plan, reason }, None).await
}

/// Offers another plan in its place; it waits for the customer's new consent.
#[utoipa::path(post, path = "/v1/cases/{id}/plans/{plan}/counter",
    params(("id" = uuid::Uuid, Path), ("plan" = uuid::Uuid, Path)), request_body = CounterPlanRequest, responses(
    (status = OK, body = RulingView), (status = UNPROCESSABLE_ENTITY, body = ErrorResponse)
))]
pub async fn counter_plan(
    State(app): State<App>,
    person: SignedIn,
    Path((id, plan)): Path<(CaseId, PlanId)>,
    Body(request): Body<CounterPlanRequest>,
) -> Result<Json<RulingView>, ApiError> {
    person.require_console()?;
    let reason = checked_text(&request.reason)?;
    let (now, policies) = (app.clock.now(), app.policies());
    let terms = app
        .read(move |tx| {
            let case = tx
                .case(id)?
                .ok_or_else(|| ApiError::not_found("case.unknown"))?;
            counter(&case, plan, &request, &policies.policies, now)
        })
        .await?;
    let change = Change::CounterPlan {
        plan,
        terms: Box::new(terms),
        reason,
    };
    record(app, person, id, change, None).await
}

fn counter(
    case: &Case,
    plan: PlanId,
    request: &CounterPlanRequest,
    policies: &Policies,
    now: DateTime<Utc>,
) -> Result<PlanTerms, ApiError> {
    let known = case
        .plan(plan)
        .ok_or_else(|| ApiError::not_found("plan.unknown"))?;
    let total = case.balance.total;
    let today = now.with_timezone(&case.address.zone).date_naive();
    let relief = request.relief.unwrap_or(known.terms.relief);
    let order = ScheduleOrder {
        total,
        instalment_max: Money::new(request.instalment_minor, total.currency),
        frequency: request.frequency,
        first_due: request.first_due,
        months_max: policies.plan_policy(case).months_max,
        relief,
    };
    let wrong = |error: PlanError| {
        ApiError::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            error.code(),
            error.to_string(),
        )
    };
    if request.first_due < today {
        return Err(wrong(PlanError::ImpossibleDate));
    }
    Ok(PlanTerms {
        balance_seen: total,
        frequency: request.frequency,
        lines: schedule(&order, &policies.calendar(case)).map_err(wrong)?,
        agreed_on: today,
        relief,
        ..known.terms.clone()
    })
}

/// Records the customer's consent to what was offered.
#[utoipa::path(post, path = "/v1/cases/{id}/plans/{plan}/accept",
    params(("id" = uuid::Uuid, Path), ("plan" = uuid::Uuid, Path)), request_body = AcceptCounterRequest, responses(
    (status = OK, body = RulingView), (status = UNPROCESSABLE_ENTITY, body = ErrorResponse)
))]
pub async fn accept_counter(
    State(app): State<App>,
    person: SignedIn,
    Path((id, plan)): Path<(CaseId, PlanId)>,
    Body(request): Body<AcceptCounterRequest>,
) -> Result<Json<RulingView>, ApiError> {
    let consent = request.consent;
    record(
        app,
        person,
        id,
        Change::AcceptCounter { plan, consent },
        None,
    )
    .await
}

/// Says that the customer was told what became of their plan.
#[utoipa::path(post, path = "/v1/cases/{id}/plans/{plan}/told",
    params(("id" = uuid::Uuid, Path), ("plan" = uuid::Uuid, Path)), request_body = TellRequest, responses(
    (status = OK, body = RulingView), (status = UNPROCESSABLE_ENTITY, body = ErrorResponse)
))]
pub async fn tell_of_plan(
    State(app): State<App>,
    person: SignedIn,
    Path((id, plan)): Path<(CaseId, PlanId)>,
    Body(request): Body<TellRequest>,
) -> Result<Json<RulingView>, ApiError> {
    let how = request.how;
    record(app, person, id, Change::TellOfPlan { plan, how }, None).await
}
