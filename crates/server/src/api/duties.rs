//! The rota: who is on call for alarms. A lead sets it, and anybody on it hands their turn over.

use super::activity::Names;
use super::auth::SignedIn;
use super::error::{Body, Path};
use super::{ApiError, App};
use crate::store::{DutyPlace, DutyRow};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Duration, Utc};
use doorstep_domain::{Role, UserId};
use doorstep_protocol::exchange::ErrorResponse;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// A turn is at most so long: a rota that nobody looks at any more is worse than none.
const DAYS_MAX: i64 = 31;
const PHONE_BYTES_MAX: usize = 40;

/// One person's turn.
#[derive(Serialize, TS, ToSchema)]
pub struct DutyView {
    pub n: u32,
    pub place: DutyPlace,
    #[schema(value_type = String)]
    pub person: UserId,
    pub person_name: String,
    pub from: DateTime<Utc>,
    pub until: DateTime<Utc>,
    pub phone: String,
    pub is_now: bool,
}

/// A turn to add.
#[derive(Deserialize, ToSchema)]
pub struct DutyRequest {
    place: DutyPlace,
    #[schema(value_type = String)]
    person: UserId,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    #[serde(default)]
    phone: String,
}

/// Who takes over for the rest of a turn.
#[derive(Deserialize, ToSchema)]
pub struct HandOverDutyRequest {
    #[schema(value_type = String)]
    person: UserId,
    #[serde(default)]
    phone: String,
}

/// Lists the turns that are not over, the earliest first.
#[utoipa::path(get, path = "/v1/duties", responses((status = OK, body = Vec<DutyView>)))]
pub async fn list(
    State(app): State<App>,
    person: SignedIn,
) -> Result<Json<Vec<DutyView>>, ApiError> {
    person.require_console()?;
    let now = app.clock.now();
    app.read(move |tx| {
        let names = Names::of(tx)?;
        let mut is_on_duty = Vec::new();
        for place in [DutyPlace::First, DutyPlace::Backup] {
            is_on_duty.extend(tx.on_duty(place, now)?.map(|duty| duty.n));
        }
        let view = |duty: DutyRow| DutyView {
            is_now: is_on_duty.contains(&duty.n),
            n: duty.n,
            place: duty.place,
            person: duty.person,
            person_name: names.name(duty.person),
            from: duty.from,
            until: duty.until,
            phone: duty.phone,
        };
        Ok(Json(tx.duties(now)?.into_iter().map(view).collect()))
    })
    .await
}

/// Adds a turn. Where two overlap, the one that was set last counts.
#[utoipa::path(post, path = "/v1/duties", request_body = DutyRequest, responses(
    (status = NO_CONTENT), (status = UNPROCESSABLE_ENTITY, description = "`duty.times`, `duty.person`, `duty.phone`", body = ErrorResponse)))]
pub async fn add(
    State(app): State<App>,
    person: SignedIn,
    Body(request): Body<DutyRequest>,
) -> Result<StatusCode, ApiError> {
    person.require(&[Role::Lead])?;
    let now = app.clock.now();
    let length = request.until - request.from;
    let is_sound = request.until > now
        && length > Duration::zero()
        && length <= Duration::days(DAYS_MAX)
        && request.from < now + Duration::days(366);
    if !is_sound {
        return Err(wrong(
            "duty.times",
            "a turn ends after it begins and after now, within 31 days",
        ));
    }
    let phone = checked_phone(&request.phone)?;
    app.write(move |tx| {
        may_be_on_call(tx, request.person)?;
        tx.add_duty(&DutyRow {
            n: 0,
            place: request.place,
            person: request.person,
            from: request.from,
            until: request.until,
            phone,
        })?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

/// Hands the rest of a turn over to somebody else.
#[utoipa::path(post, path = "/v1/duties/{n}/hand-over", params(("n" = u32, Path)), request_body = HandOverDutyRequest,
    responses((status = NO_CONTENT), (status = NOT_FOUND, body = ErrorResponse)))]
pub async fn hand_over(
    State(app): State<App>,
    person: SignedIn,
    Path(n): Path<u32>,
    Body(request): Body<HandOverDutyRequest>,
) -> Result<StatusCode, ApiError> {
    person.require(&[Role::Lead, Role::BackOffice])?;
    let now = app.clock.now();
    let phone = checked_phone(&request.phone)?;
    let by = person.0;
    app.write(move |tx| {
        may_be_on_call(tx, request.person)?;
        let mut duties = tx.duties(now)?.into_iter();
        let duty = duties
            .find(|duty| duty.n == n)
            .ok_or_else(|| ApiError::not_found("duty.unknown"))?;
        if by.role != Role::Lead && by.id != duty.person {
            return Err(wrong(
                "duty.not_yours",
                "only a lead hands over what is another's",
            ));
        }
        tx.end_duty(n, now.max(duty.from))?;
        tx.add_duty(&DutyRow {
            person: request.person,
            from: now.max(duty.from),
            phone,
            ..duty
        })?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

/// Takes a turn back: one that runs ends now.
#[utoipa::path(delete, path = "/v1/duties/{n}", params(("n" = u32, Path)), responses((status = NO_CONTENT)))]
pub async fn end(
    State(app): State<App>,
    person: SignedIn,
    Path(n): Path<u32>,
) -> Result<StatusCode, ApiError> {
    person.require(&[Role::Lead])?;
    let now = app.clock.now();
    app.write(move |tx| {
        tx.end_duty(n, now)?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

/// Who answers alarms: nobody who is at doors, and nobody who answers complaints.
fn may_be_on_call(tx: &crate::store::Tx<'_>, person: UserId) -> Result<(), ApiError> {
    let known = tx.person(person)?;
    match known.map(|person| person.role) {
        Some(Role::Lead | Role::BackOffice) => Ok(()),
        _ => Err(wrong("duty.person", "a lead or the back office is on call")),
    }
}

fn checked_phone(phone: &str) -> Result<String, ApiError> {
    let phone = phone.trim();
    let is_number = phone
        .chars()
        .all(|letter| letter.is_ascii_digit() || "+-() ".contains(letter));
    match is_number && phone.len() <= PHONE_BYTES_MAX {
        true => Ok(phone.to_owned()),
        false => Err(wrong(
            "duty.phone",
            "a telephone number has digits, + and spaces",
        )),
    }
}

fn wrong(code: &str, message: &str) -> ApiError {
    ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, code, message)
}
