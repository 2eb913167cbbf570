//! An agent's route of one day: the cases, in the order of the visits.

use super::auth::SignedIn;
use super::error::{Body, Path};
use super::{ApiError, App};
use crate::intake::{OwnAction, act};
use crate::store::{CaseFilter, Tx};
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, NaiveDate, Utc};
use doorstep_domain::{Case, CaseId, Change, Role, UserId};
use doorstep_protocol::exchange::ErrorResponse;
use doorstep_view::CaseSummaryView;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use ts_rs::TS;
use utoipa::ToSchema;

/// The cases of a route, in order; what was on it and is not in the list is taken off.
#[derive(Deserialize, ToSchema)]
pub struct SetRouteRequest {
    cases: Vec<CaseId>,
}

/// A route as planned.
#[derive(Serialize, TS, ToSchema)]
pub struct RouteView {
    pub agent: UserId,
    pub day: NaiveDate,
    pub stops: Vec<CaseSummaryView>,
}

/// A lead plans at most this many stops for one day.
const STOPS_MAX: usize = 200;

fn route_cases(tx: &Tx<'_>, agent: UserId, day: NaiveDate) -> Result<Vec<Case>, ApiError> {
    let page = tx.list_cases(&CaseFilter {
        agent: Some(agent),
        limit: 500,
        ..CaseFilter::default()
    })?;
    let on_day = |case: &Case| case.assignment.as_ref().is_some_and(|a| a.day == day);
    Ok(page.cases.into_iter().filter(on_day).collect())
}

fn view(
    tx: &Tx<'_>,
    agent: UserId,
    day: NaiveDate,
    now: DateTime<Utc>,
) -> Result<RouteView, ApiError> {
    let cases = route_cases(tx, agent, day)?;
    let stops = cases
        .iter()
        .map(|case| CaseSummaryView::of(case, now))
        .collect();
    Ok(RouteView { agent, day, stops })
}

/// Reads a route.
#[utoipa::path(get, path = "/v1/routes/{agent}/{day}", params(("agent" = uuid::Uuid, Path), ("day" = chrono::NaiveDate, Path)), responses(
    (status = OK, body = RouteView)
))]
pub async fn read_route(
    State(app): State<App>,
    person: SignedIn,
    Path((agent, day)): Path<(UserId, NaiveDate)>,
) -> Result<Json<RouteView>, ApiError> {
    person.require_console()?;
    let now = app.clock.now();
    app.read(move |tx| Ok(Json(view(tx, agent, day, now)?)))
        .await
}

/// Sets a route: assigns what is in the list, in its order, and takes off what is not.
#[utoipa::path(put, path = "/v1/routes/{agent}/{day}", params(("agent" = uuid::Uuid, Path), ("day" = chrono::NaiveDate, Path)),
    request_body = SetRouteRequest,
    responses((status = OK, body = RouteView), (status = NOT_FOUND, body = ErrorResponse))
)]
pub async fn set_route(
    State(app): State<App>,
    person: SignedIn,
    Path((agent, day)): Path<(UserId, NaiveDate)>,
    Body(request): Body<SetRouteRequest>,
) -> Result<Json<RouteView>, ApiError> {
    person.require(&[Role::Lead])?;
    let wanted: BTreeSet<CaseId> = request.cases.iter().copied().collect();
    if wanted.len() != request.cases.len() || wanted.len() > STOPS_MAX {
        return Err(ApiError::bad_request(
            "route.stops",
            "a stop stands twice, or there are too many",
        ));
    }
    let (now, policies) = (app.clock.now(), app.policies());
    app.write(move |tx| {
        // Before the route is looked at: another lead may be setting it.
        tx.enter()?;
        let is_agent = tx
            .person(agent)?
            .is_some_and(|person| person.role == Role::Agent);
        if !is_agent {
            return Err(ApiError::not_found("person.unknown"));
        }
        let change = |case, change| {
            let own = OwnAction {
                actor: person.0.id,
                role: person.0.role,
                case,
                change,
                seen: None,
            };
            act(tx, own, &policies.policies, now)
        };
        for case in route_cases(tx, agent, day)? {
            if !wanted.contains(&case.id) {
                change(case.id, Change::Unassign)?;
            }
        }
        for (position, id) in (1_u16..).zip(request.cases) {
            let case = tx
                .case(id)?
                .ok_or_else(|| ApiError::not_found("case.unknown"))?;
            let stands = case
                .assignment
                .is_some_and(|a| a.agent == agent && a.day == day && a.position == position);
            if !stands {
                change(
                    id,
                    Change::Assign {
                        agent,
                        day,
                        position,
                    },
                )?;
            }
        }
        Ok(Json(view(tx, agent, day, now)?))
    })
    .await
}
