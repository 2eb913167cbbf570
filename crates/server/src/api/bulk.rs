//! Stops for many cases in one move: a register of moratoria, and the stand-down of an area.

use super::auth::SignedIn;
use super::error::Body;
use super::protections::check_stop;
use super::{ApiError, App};
use crate::intake::{OwnAction, act};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, NaiveDate, Utc};
use doorstep_domain::place::Position;
use doorstep_domain::safety::StopKind;
use doorstep_domain::{Case, CaseId, Change, Role, Ruling};
use doorstep_protocol::exchange::ErrorResponse;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use ts_rs::TS;
use utoipa::ToSchema;

const REFERENCES_MAX: usize = 20_000;
const RADIUS_M_MAX: u32 = 200_000;
/// Cases that are read at a time, and stopped in one transaction.
const CASES_AT_ONCE: u32 = 200;

/// A register of accounts that may not be collected for now.
#[derive(Deserialize, ToSchema)]
pub struct StopRegisterRequest {
    /// The creditor's numbers of the accounts.
    references: Vec<String>,
    stop: StopKind,
    /// From when on, in law; it may lie in the past.
    effective: DateTime<Utc>,
    until: Option<NaiveDate>,
}

/// An area where nobody goes for now.
#[derive(Deserialize, ToSchema)]
pub struct StandDownRequest {
    latitude: f64,
    longitude: f64,
    radius_m: u32,
    /// The last day.
    until: NaiveDate,
}

/// What a move in bulk did.
#[derive(Debug, Default, Serialize, TS, ToSchema)]
pub struct BulkStopView {
    pub stopped: u32,
    /// They had this very stop already.
    pub already: u32,
    /// References that no case has.
    pub unknown: Vec<String>,
    /// In an area: cases without a position, which nobody can place.
    pub without_position: u32,
}

/// Raises a stop on every account of a register. The same register again changes nothing.
#[utoipa::path(post, path = "/v1/stops", request_body = StopRegisterRequest, responses(
    (status = OK, body = BulkStopView), (status = UNPROCESSABLE_ENTITY, body = ErrorResponse)
))]
pub async fn stop_register(
    State(app): State<App>,
    person: SignedIn,
    Body(request): Body<StopRegisterRequest>,
) -> Result<Json<BulkStopView>, ApiError> {
    person.require_console()?;
    let wanted: BTreeSet<String> = request
        .references
        .iter()
        .map(|reference| reference.trim().to_owned())
        .filter(|reference| !reference.is_empty())
        .collect();
    if wanted.is_empty() || wanted.len() > REFERENCES_MAX {
        return Err(wrong(
            "stops.references",
            "name between 1 and 20,000 references",
        ));
    }
    check_stop(request.stop)?;
    let change = Change::RaiseStop {
        stop: request.stop,
        effective: request.effective,
        until: request.until,
    };
    let mut found = BTreeSet::new();
    let mut view = raise(&app, &person, &change, |case, _| {
        let is_wanted = wanted.contains(&case.account.reference);
        if is_wanted {
            found.insert(case.account.reference.clone());
        }
        is_wanted
    })
    .await?;
    view.unknown = wanted.difference(&found).cloned().collect();
    Ok(Json(view))
}

/// Stands an area down: nobody goes to a door within the radius until the day has passed.
#[utoipa::path(post, path = "/v1/stand-downs", request_body = StandDownRequest, responses(
    (status = OK, body = BulkStopView), (status = UNPROCESSABLE_ENTITY, body = ErrorResponse)
))]
pub async fn stand_down(
    State(app): State<App>,
    person: SignedIn,
    Body(request): Body<StandDownRequest>,
) -> Result<Json<BulkStopView>, ApiError> {
    person.require(&[Role::Lead])?;
    let now = app.clock.now();
    let middle = Position::from_degrees(request.latitude, request.longitude)
        .ok_or_else(|| wrong("stops.position", "this is no place on the globe"))?;
    if request.radius_m == 0 || request.radius_m > RADIUS_M_MAX {
        return Err(wrong("stops.radius", "a radius is between 1 m and 200 km"));
    }
    // Somewhere it is still the day before.
    if request.until < now.date_naive().pred_opt().unwrap_or(request.until) {
        return Err(wrong("stops.until", "that day has passed"));
    }
    let change = Change::RaiseStop {
        stop: StopKind::StandDown,
        effective: now,
        until: Some(request.until),
    };
    let radius = f64::from(request.radius_m);
    let view = raise(&app, &person, &change, |case, view| {
        match case.address.position {
            Some(position) => position.distance_m(middle) <= radius,
            None => {
                view.without_position += 1;
                false
            }
        }
    })
    .await?;
    Ok(Json(view))
}

fn wrong(code: &str, message: &str) -> ApiError {
    ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, code, message)
}

/// Raises the stop on every open case that is chosen, some at a time: other writers get their turn.
async fn raise(
    app: &App,
    person: &SignedIn,
    change: &Change,
    mut choose: impl FnMut(&Case, &mut BulkStopView) -> bool,
) -> Result<BulkStopView, ApiError> {
    let mut view = BulkStopView::default();
    let mut after: Option<CaseId> = None;
    loop {
        let from = after;
        let cases = app
            .read(move |tx| Ok(tx.cases_after(from, CASES_AT_ONCE)?))
            .await?;
        let Some(last) = cases.last() else {
            return Ok(view);
        };
        after = Some(last.id);
        let mut chosen = Vec::new();
        for case in cases.iter().filter(|case| case.closed.is_none()) {
            if !choose(case, &mut view) {
                continue;
            }
            match has_stop(case, change) {
                true => view.already += 1,
                false => chosen.push(case.id),
            }
        }
        view.stopped += stop_some(app, person, change, chosen).await?;
    }
}

fn has_stop(case: &Case, change: &Change) -> bool {
    let Change::RaiseStop {
        stop,
        effective,
        until,
    } = change
    else {
        return false;
    };
    case.stops.iter().any(|known| {
        let is_alike = known.kind == *stop && known.until == *until && known.lifted.is_none();
        // A stand-down begins when it is said; said twice it is one.
        is_alike && (known.effective == *effective || *stop == StopKind::StandDown)
    })
}

async fn stop_some(
    app: &App,
    person: &SignedIn,
    change: &Change,
    cases: Vec<CaseId>,
) -> Result<u32, ApiError> {
    if cases.is_empty() {
        return Ok(0);
    }
    let (now, policies) = (app.clock.now(), app.policies());
    let (actor, role, change) = (person.0.id, person.0.role, change.clone());
    app.write(move |tx| {
        let mut stopped = 0;
        for case in cases {
            let own = OwnAction {
                actor,
                role,
                case,
                change: change.clone(),
                seen: None,
            };
            let verdict = act(tx, own, &policies.policies, now)?;
            stopped += u32::from(verdict.ruling == Ruling::Applied);
        }
        Ok(stopped)
    })
    .await
}
