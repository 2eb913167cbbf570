//! Alarms: beside the queue. Idempotent, small, and taken from every device that was ever enrolled.

use super::activity::Names;
use super::auth::{EverKnownDevice, SignedIn};
use super::error::{Body, Path};
use super::{ApiError, App};
use crate::store::{AlarmRow, AlarmStepRow, StepKind, StoreError, Tx};
use crate::watch::{self, Asked, asked};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use doorstep_domain::watch::{Rung, rung};
use doorstep_domain::words::Bilingual;
use doorstep_domain::{CaseId, UserId};
use doorstep_protocol::alarm::{Alarm, AlarmKind};
use doorstep_protocol::exchange::ErrorResponse;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use ts_rs::TS;
use utoipa::ToSchema;
use uuid::Uuid;

const ALARMS_LISTED_MAX: u32 = 200;

/// That an alarm is kept, and when it arrived first.
#[derive(Serialize, ToSchema)]
pub struct AlarmReceipt {
    id: Uuid,
    /// It was known before: this was sent again.
    known: bool,
}

/// An alarm as the console lists it.
#[derive(Serialize, TS, ToSchema)]
pub struct AlarmView {
    pub id: Uuid,
    pub kind: AlarmKind,
    #[schema(value_type = String)]
    pub person: UserId,
    pub person_name: String,
    #[schema(value_type = Option<String>)]
    pub case: Option<CaseId>,
    pub arrived_at: DateTime<Utc>,
    /// Whose turn it is, while nobody has acknowledged it.
    pub rung: Option<Rung>,
    /// Who that is by name: none where nobody is on call.
    pub asked: Option<Asked>,
    pub is_closed: bool,
    pub steps: Vec<AlarmStepView>,
    /// What to say to the emergency number while it is open; without a word about a debt.
    pub emergency_text: Option<Bilingual>,
}

/// One step in the life of an alarm.
#[derive(Serialize, TS, ToSchema)]
pub struct AlarmStepView {
    pub at: DateTime<Utc>,
    pub kind: StepKind,
    pub person_name: String,
    pub note: String,
}

/// What somebody says who looks after an alarm.
#[derive(Deserialize, ToSchema)]
pub struct AlarmNoteRequest {
    /// Whom they reached and how; for closing it may not be empty.
    note: String,
}

/// Takes an alarm.
#[utoipa::path(post, path = "/v1/alarms", request_body = Alarm, responses(
    (status = OK, body = AlarmReceipt), (status = UNAUTHORIZED, body = ErrorResponse)
), security(("device" = [])))]
pub async fn raise(
    State(app): State<App>,
    device: EverKnownDevice,
    Body(alarm): Body<Alarm>,
) -> Result<Json<AlarmReceipt>, ApiError> {
    let now = app.clock.now();
    let id = alarm.id;
    let kind = alarm.kind.name();
    let row = device.0;
    let device_id = row.id;
    let channels = Arc::clone(&app.channels);
    if alarm.kind == AlarmKind::Silent {
        return Err(ApiError::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "alarm.kind",
            "only the watch says that a visit is silent",
        ));
    }
    let is_new = app
        .write(move |tx| {
            Ok(watch::raise(
                tx, &alarm, row.id, row.person, &channels, now,
            )?)
        })
        .await?;
    if is_new {
        tracing::warn!(device = %device_id, alarm = %id, kind, "alarm");
    }
    Ok(Json(AlarmReceipt { id, known: !is_new }))
}

/// Lists alarms, the newest first.
#[utoipa::path(get, path = "/v1/alarms", responses((status = OK, body = Vec<AlarmView>)))]
pub async fn list(
    State(app): State<App>,
    person: SignedIn,
) -> Result<Json<Vec<AlarmView>>, ApiError> {
    person.require_console()?;
    let now = app.clock.now();
    app.read(move |tx| {
        let names = Names::of(tx)?;
        let alarms = tx.alarms(ALARMS_LISTED_MAX)?;
        let alarms = alarms
            .into_iter()
            .map(|row| view(tx, &names, row, now))
            .collect::<Result<_, _>>()?;
        Ok(Json(alarms))
    })
    .await
}

fn view(
    tx: &Tx<'_>,
    names: &Names,
    row: AlarmRow,
    now: DateTime<Utc>,
) -> Result<AlarmView, StoreError> {
    let steps = tx.alarm_steps(row.alarm.id)?;
    let has = |kind| steps.iter().any(|step| step.kind == kind);
    let waits =
        row.alarm.kind.needs_somebody() && !has(StepKind::Acknowledged) && !has(StepKind::Closed);
    let person_name = names.name(row.person);
    let rung = waits.then(|| rung(now - row.arrived_at, row.alarm.kind.is_cry()));
    let asked = match rung {
        Some(rung) => asked(tx, &row, rung, now)?,
        None => None,
    };
    let is_closed = has(StepKind::Closed) || !row.alarm.kind.needs_somebody();
    let emergency_text = match is_closed {
        true => None,
        false => Some(emergency_text(tx, &row, &person_name)?),
    };
    Ok(AlarmView {
        id: row.alarm.id,
        kind: row.alarm.kind,
        person: row.person,
        rung,
        asked,
        is_closed,
        emergency_text,
        person_name,
        case: row.alarm.case,
        arrived_at: row.arrived_at,
        steps: steps
            .into_iter()
            .map(|step| AlarmStepView {
                at: step.at,
                kind: step.kind,
                person_name: step.person.map(|p| names.name(p)).unwrap_or_default(),
                note: step.note,
            })
            .collect(),
    })
}

/// Prepared words for the emergency number: who, where, since when; not why they were there.
fn emergency_text(tx: &Tx<'_>, row: &AlarmRow, agent: &str) -> Result<Bilingual, StoreError> {
    // Whoever calls without a case was last at some door.
    let door = match row.alarm.case {
        Some(case) => Some(case),
        None => tx.last_door(row.device)?,
    };
    let case = match door {
        Some(case) => tx.case(case)?,
        None => None,
    };
    let address = case.map(|case| case.address);
    let place = address.as_ref().map(|address| {
        let position = address.position;
        let position = position.map(|at| format!(" ({:.5}, {:.5})", at.latitude(), at.longitude()));
        let position = position.unwrap_or_default();
        format!("{}, {}{position}", address.street, address.town)
    });
    // By the clock of whoever is called: they are near the door.
    let since = match &address {
        Some(address) => {
            let there = row.arrived_at.with_timezone(&address.zone);
            there.format("%Y-%m-%d %H:%M").to_string()
        }
        None => row.arrived_at.format("%Y-%m-%d %H:%M UTC").to_string(),
    };
    Ok(Bilingual {
        en: format!(
            "Our colleague {agent} is on a home visit and may be in danger. Last known place: {}. \
             Since {since}.",
            place.as_deref().unwrap_or("not known")
        ),
        zh: format!(
            "我们的同事{agent}正在上门走访，可能有危险。最后已知地点：{}。时间：{since}。",
            place.as_deref().unwrap_or("不明")
        ),
    })
}

/// Says that somebody is looking after an alarm: the ladder waits.
#[utoipa::path(post, path = "/v1/alarms/{id}/acknowledge", params(("id" = uuid::Uuid, Path)),
    request_body = AlarmNoteRequest,
    responses((status = NO_CONTENT), (status = NOT_FOUND, body = ErrorResponse)))]
pub async fn acknowledge(
    State(app): State<App>,
    person: SignedIn,
    Path(id): Path<Uuid>,
    Body(request): Body<AlarmNoteRequest>,
) -> Result<StatusCode, ApiError> {
    person.require_console()?;
    let step = step(&app, id, StepKind::Acknowledged, &person, request.note);
    app.write(move |tx| add_step(tx, &step)).await
}

/// Closes an alarm, after somebody has spoken to the person: a late sync never does.
#[utoipa::path(post, path = "/v1/alarms/{id}/close", params(("id" = uuid::Uuid, Path)),
    request_body = AlarmNoteRequest,
    responses((status = NO_CONTENT), (status = NOT_FOUND, body = ErrorResponse),
        (status = UNPROCESSABLE_ENTITY, description = "`alarm.note_missing`", body = ErrorResponse)))]
pub async fn close(
    State(app): State<App>,
    person: SignedIn,
    Path(id): Path<Uuid>,
    Body(request): Body<AlarmNoteRequest>,
) -> Result<StatusCode, ApiError> {
    person.require_console()?;
    if request.note.trim().is_empty() {
        return Err(ApiError::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "alarm.note_missing",
            "say whom you reached, and how",
        ));
    }
    let step = step(&app, id, StepKind::Closed, &person, request.note);
    app.write(move |tx| {
        let done = add_step(tx, &step)?;
        tx.watch_again(step.alarm, step.at)?;
        Ok(done)
    })
    .await
}

fn step(app: &App, alarm: Uuid, kind: StepKind, person: &SignedIn, note: String) -> AlarmStepRow {
    AlarmStepRow {
        alarm,
        at: app.clock.now(),
        kind,
        person: Some(person.0.id),
        note: note.trim().to_owned(),
    }
}

fn add_step(tx: &Tx<'_>, step: &AlarmStepRow) -> Result<StatusCode, ApiError> {
    if tx.alarm(step.alarm)?.is_none() {
        return Err(ApiError::not_found("alarm.unknown"));
    }
    tx.add_alarm_step(step)?;
    Ok(StatusCode::NO_CONTENT)
}
