//! A lead lifts what policy lets them: the agent reads a question out, the lead reads a code back, here
//! or on a device of their own without a network.

use super::activity::Names;
use super::auth::{KnownDevice, SignedIn};
use super::error::{Body, Path};
use super::{ApiError, App};
use crate::store::{CaseFilter, DeviceState, LiftRow, Tx};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use doorstep_domain::policy::Citation;
use doorstep_domain::{CaseId, Role, UserId};
use doorstep_protocol::exchange::ErrorResponse;
use doorstep_protocol::lift::{LiftKey, normal, normal_reference};
use doorstep_protocol::team::{GivenLift, TeamDevice, TeamKeys};
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
    Ok(Json(app.policies().policies.liftable()))
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

/// So many approvals in one request; a lead gives a few a day.
const GIVEN_MAX: usize = 200;
const CASES_OF_A_NUMBER_MAX: u32 = 500;

/// What a lead's device needs to answer without a network: the keys of the devices in use.
#[utoipa::path(get, path = "/v1/team-keys", responses(
    (status = OK, body = TeamKeys), (status = FORBIDDEN, description = "`role.not_permitted`", body = ErrorResponse)
), security(("device" = [])))]
pub async fn team_keys(
    State(app): State<App>,
    device: KnownDevice,
) -> Result<Json<TeamKeys>, ApiError> {
    require_lead(&device, &[DeviceState::Active])?;
    app.read(|tx| {
        let secret = tx.origin()?.key.to_bytes();
        let names = Names::of(tx)?;
        let in_use = tx.devices()?.into_iter();
        let in_use = in_use.filter(|device| device.state == DeviceState::Active);
        let mut devices: Vec<_> = in_use
            .map(|device| TeamDevice {
                device: device.id,
                agent: device.person,
                name: names.name(device.person),
                key: LiftKey::of(&secret, device.id).for_leads(device.leads_lost),
            })
            .collect();
        devices.sort_by(|a, b| (&a.name, a.device).cmp(&(&b.name, b.device)));
        Ok(Json(TeamKeys { devices }))
    })
    .await
}

/// Takes the approvals that a lead gave without a network; what is known already changes nothing.
#[utoipa::path(post, path = "/v1/given-lifts", request_body = Vec<GivenLift>, responses(
    (status = NO_CONTENT), (status = FORBIDDEN, description = "`role.not_permitted`", body = ErrorResponse),
    (status = UNPROCESSABLE_ENTITY, description = "`lift.too_many`", body = ErrorResponse)
), security(("device" = [])))]
pub async fn take_given(
    State(app): State<App>,
    device: KnownDevice,
    Body(given): Body<Vec<GivenLift>>,
) -> Result<StatusCode, ApiError> {
    // A device that is retired hands in what it has, and gets nothing.
    require_lead(&device, &[DeviceState::Active, DeviceState::Retired])?;
    if given.len() > GIVEN_MAX {
        return Err(ApiError::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "lift.too_many",
            "too many approvals at once",
        ));
    }
    let lead = device.row.person;
    app.write(move |tx| {
        for lift in given {
            let case = case_of(tx, &lift)?;
            tx.put_lift(&LiftRow {
                id: lift.id,
                agent: lift.agent,
                case,
                day: lift.day,
                question: normal(&lift.question),
                rules: lift.rules,
                reason: lift.reason,
                lead,
                at: lift.at,
            })?;
        }
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

/// The case that the account's number names: the agent's own, where several creditors use it. One
/// that nobody has is kept all the same: it was said.
fn case_of(tx: &Tx<'_>, lift: &GivenLift) -> Result<CaseId, ApiError> {
    let number = normal_reference(&lift.reference);
    let filter = CaseFilter {
        search: lift.reference.trim().to_owned(),
        limit: CASES_OF_A_NUMBER_MAX,
        ..CaseFilter::default()
    };
    let mut found = tx.list_cases(&filter)?.cases;
    found.retain(|case| normal_reference(&case.account.reference) == number);
    let own = found.iter().find(|case| case.is_assigned_to(lift.agent));
    Ok(own
        .or(found.first())
        .map_or(CaseId(Uuid::nil()), |case| case.id))
}

fn require_lead(device: &KnownDevice, states: &[DeviceState]) -> Result<(), ApiError> {
    match device.role == Role::Lead && states.contains(&device.row.state) {
        true => Ok(()),
        false => Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "role.not_permitted",
            "only a lead's device in use may ask this",
        )),
    }
}
