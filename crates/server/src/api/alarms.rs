//! Alarms: beside the queue. Idempotent, small, and taken from every device that was ever enrolled.

use super::activity::Names;
use super::auth::{EverKnownDevice, SignedIn};
use super::error::Body;
use super::{ApiError, App};
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use doorstep_domain::{CaseId, UserId};
use doorstep_protocol::alarm::{Alarm, AlarmKind};
use doorstep_protocol::exchange::ErrorResponse;
use serde::Serialize;
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
#[derive(Serialize, ToSchema)]
pub struct AlarmView {
    pub id: Uuid,
    pub kind: AlarmKind,
    #[schema(value_type = String)]
    pub person: UserId,
    pub person_name: String,
    #[schema(value_type = Option<String>)]
    pub case: Option<CaseId>,
    pub arrived_at: DateTime<Utc>,
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
    let is_new = app
        .write(move |tx| Ok(tx.put_alarm(row.id, row.person, &alarm, now)?))
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
    app.read(move |tx| {
        let names = Names::of(tx)?;
        let alarms = tx.alarms(ALARMS_LISTED_MAX)?;
        let view = |row: crate::store::AlarmRow| AlarmView {
            id: row.alarm.id,
            kind: row.alarm.kind,
            person: row.person,
            person_name: names.name(row.person),
            case: row.alarm.case,
            arrived_at: row.arrived_at,
        };
        Ok(Json(alarms.into_iter().map(view).collect()))
    })
    .await
}
