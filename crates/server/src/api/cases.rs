//! Cases in the console: found, opened, corrected.

use super::auth::{CONSOLE, SignedIn};
use super::error::{Body, Path};
use super::{ApiError, App};
use crate::intake::{OwnAction, act};
use crate::store::CaseFilter;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, NaiveDate, Utc};
use doorstep_domain::case::FactField;
use doorstep_domain::checklist::Effect;
use doorstep_domain::clearance::against_any_visit;
use doorstep_domain::policy::{Citation, Policies};
use doorstep_domain::verdict::Ruling;
use doorstep_domain::{Case, CaseId, Change, Money, Revision, Role, UserId};
use doorstep_protocol::exchange::ErrorResponse;
use doorstep_view::case::Viewer;
use doorstep_view::{CaseSummaryView, CaseView};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

const PAGE_CASES: u32 = 50;
const TEXT_BYTES_MAX: usize = 4_000;

/// Which cases to list. A body and not a query: names do not belong into addresses and logs.
#[derive(Deserialize, ToSchema)]
pub struct SearchRequest {
    /// Words that must all be found in name, reference, street or town.
    #[serde(default)]
    search: String,
    agent: Option<UserId>,
    #[serde(default)]
    unassigned: bool,
    #[serde(default)]
    offset: u32,
    limit: Option<u32>,
}

/// A page of cases.
#[derive(Serialize, TS, ToSchema)]
pub struct CasesView {
    pub cases: Vec<ListedCaseView>,
    pub total: u32,
    /// The server's moment; a console plans days by it.
    pub now: DateTime<Utc>,
}

/// A case in a list, with what speaks against a visit.
#[derive(Serialize, TS, ToSchema)]
pub struct ListedCaseView {
    #[serde(flatten)]
    pub summary: CaseSummaryView,
    /// What forbids any visit today, or asks for the lead; the worst first. Empty: it may be planned.
    pub against: Vec<AgainstView>,
}

/// A rule that speaks against a visit.
#[derive(Serialize, TS, ToSchema)]
pub struct AgainstView {
    pub effect: Effect,
    pub citation: Citation,
}

/// What speaks against any visit to a case, each rule once.
fn against(case: &Case, policies: &Policies, now: DateTime<Utc>) -> Vec<AgainstView> {
    against_any_visit(case, policies, now)
        .into_iter()
        .map(|reason| AgainstView {
            effect: reason.effect,
            citation: reason.citation,
        })
        .collect()
}

/// What the rules said to something done in the console.
#[derive(Serialize, TS, ToSchema)]
pub struct RulingView {
    #[serde(flatten)]
    pub ruling: Ruling,
}

/// A corrected fact. `seen` is the revision that was on the screen.
#[derive(Deserialize, ToSchema)]
pub struct SetFactRequest {
    field: FactField,
    old: Option<String>,
    value: String,
    seen: Revision,
}

/// A note for the history.
#[derive(Deserialize, ToSchema)]
pub struct NoteRequest {
    text: String,
}

/// Money that arrived at the creditor.
#[derive(Deserialize, ToSchema)]
pub struct PaymentRequest {
    amount: Money,
    on: NaiveDate,
}

/// Lists cases.
#[utoipa::path(post, path = "/v1/cases/search", request_body = SearchRequest, responses((status = OK, body = CasesView)))]
pub async fn list_cases(
    State(app): State<App>,
    person: SignedIn,
    Body(query): Body<SearchRequest>,
) -> Result<Json<CasesView>, ApiError> {
    person.require_console()?;
    let (now, policies) = (app.clock.now(), app.policies());
    app.read(move |tx| {
        let page = tx.list_cases(&CaseFilter {
            search: query.search,
            agent: query.agent,
            unassigned_only: query.unassigned,
            offset: query.offset,
            limit: query.limit.unwrap_or(PAGE_CASES),
        })?;
        let cases = page
            .cases
            .iter()
            .map(|case| ListedCaseView {
                summary: CaseSummaryView::of(case, now),
                against: against(case, &policies.policies, now),
            })
            .collect();
        Ok(Json(CasesView {
            cases,
            total: page.total,
            now,
        }))
    })
    .await
}

/// Opens a case.
#[utoipa::path(get, path = "/v1/cases/{id}", params(("id" = uuid::Uuid, Path)), responses(
    (status = OK, body = CaseView), (status = NOT_FOUND, body = ErrorResponse)
))]
pub async fn read_case(
    State(app): State<App>,
    person: SignedIn,
    Path(id): Path<CaseId>,
) -> Result<Json<CaseView>, ApiError> {
    person.require_console()?;
    let viewer = Viewer {
        user: person.0.id,
        role: person.0.role,
        now: app.clock.now(),
    };
    let policies = app.policies();
    app.read(move |tx| {
        let case = tx
            .case(id)?
            .ok_or_else(|| ApiError::not_found("case.unknown"))?;
        let grace_days = policies.policies.plan_policy(&case).grace_days;
        Ok(Json(CaseView::of(&case, viewer, grace_days)))
    })
    .await
}

/// Corrects a fact.
#[utoipa::path(post, path = "/v1/cases/{id}/facts", params(("id" = uuid::Uuid, Path)), request_body = SetFactRequest, responses(
    (status = OK, body = RulingView), (status = UNPROCESSABLE_ENTITY, body = ErrorResponse)
))]
pub async fn set_fact(
    State(app): State<App>,
    person: SignedIn,
    Path(id): Path<CaseId>,
    Body(request): Body<SetFactRequest>,
) -> Result<Json<RulingView>, ApiError> {
    let new = checked_text(&request.value)?;
    let change = Change::SetFact {
        field: request.field,
        old: request.old,
        new,
    };
    record(app, person, id, change, Some(request.seen)).await
}

/// Adds a note to the history.
#[utoipa::path(post, path = "/v1/cases/{id}/notes", params(("id" = uuid::Uuid, Path)), request_body = NoteRequest, responses(
    (status = OK, body = RulingView), (status = UNPROCESSABLE_ENTITY, body = ErrorResponse)
))]
pub async fn add_note(
    State(app): State<App>,
    person: SignedIn,
    Path(id): Path<CaseId>,
    Body(request): Body<NoteRequest>,
) -> Result<Json<RulingView>, ApiError> {
    let change = Change::AddNote {
        text: checked_text(&request.text)?,
    };
    record(app, person, id, change, None).await
}

/// Posts a payment; for the back office.
#[utoipa::path(post, path = "/v1/cases/{id}/payments", params(("id" = uuid::Uuid, Path)), request_body = PaymentRequest, responses(
    (status = OK, body = RulingView), (status = UNPROCESSABLE_ENTITY, body = ErrorResponse)
))]
pub async fn post_payment(
    State(app): State<App>,
    person: SignedIn,
    Path(id): Path<CaseId>,
    Body(request): Body<PaymentRequest>,
) -> Result<Json<RulingView>, ApiError> {
    let change = Change::PostPayment {
        amount: request.amount,
        on: request.on,
    };
    record(app, person, id, change, None).await
}

/// A text that somebody wrote: trimmed, not empty, not too long.
pub fn checked_text(text: &str) -> Result<String, ApiError> {
    match text.trim() {
        "" => Err(ApiError::bad_request("text.empty", "the text is empty")),
        text if text.len() > TEXT_BYTES_MAX => Err(ApiError::bad_request(
            "text.too_long",
            "the text is too long",
        )),
        text => Ok(text.to_owned()),
    }
}

/// Records something done in the console. A refusal is an answer with the rule as its code.
pub async fn record(
    app: App,
    person: SignedIn,
    case: CaseId,
    change: Change,
    seen: Option<Revision>,
) -> Result<Json<RulingView>, ApiError> {
    record_as(app, person, &CONSOLE, case, change, seen).await
}

/// The same for whoever has one of `roles`.
pub async fn record_as(
    app: App,
    person: SignedIn,
    roles: &[Role],
    case: CaseId,
    change: Change,
    seen: Option<Revision>,
) -> Result<Json<RulingView>, ApiError> {
    person.require(roles)?;
    let (now, policies) = (app.clock.now(), app.policies());
    let own = OwnAction {
        actor: person.0.id,
        role: person.0.role,
        case,
        change,
        seen,
    };
    let verdict = app
        .write(move |tx| {
            if tx.case(case)?.is_none() {
                return Err(ApiError::not_found("case.unknown"));
            }
            Ok(act(tx, own, &policies.policies, now)?)
        })
        .await?;
    match verdict.ruling {
        Ruling::Refused { rule } => Err(ApiError::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            rule.as_str(),
            "the rules do not permit this",
        )),
        ruling => Ok(Json(RulingView { ruling })),
    }
}
