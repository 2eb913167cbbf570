//! A visit on a screen: where it stands, and the timer while somebody is at the door.

use crate::ClearanceView;
use crate::case::Viewer;
use chrono::{DateTime, Duration, Utc};
use doorstep_domain::arrival::Arrival;
use doorstep_domain::clearance::check_in_rhythm;
use doorstep_domain::outcome::Outcome;
use doorstep_domain::visit::{Visit, VisitState};
use doorstep_domain::{RuleId, UserId, VisitId};
use serde::Serialize;
use ts_rs::TS;
use utoipa::ToSchema;

/// A visit as recorded.
#[derive(Debug, Clone, Serialize, TS, ToSchema)]
pub struct VisitView {
    pub id: VisitId,
    pub agent: UserId,
    /// Whether it is the viewer's own: only their own visit can be gone on with.
    pub is_own: bool,
    pub state: VisitState,
    pub planned_minutes: u16,
    pub headcount: u8,
    pub clearance: ClearanceView,
    pub checked_at: DateTime<Utc>,
    pub arrived_at: Option<DateTime<Utc>>,
    pub arrival: Option<Arrival>,
    /// The colleague who accepted on their own device to go along.
    pub partner: Option<UserId>,
    /// A code was noted; it is checked when it reaches the server.
    pub has_partner_code: bool,
    /// The next check-in, while on scene.
    pub check_in_due: Option<DateTime<Utc>>,
    pub check_in_minutes: u16,
    pub grace_minutes: u16,
    pub ended_at: Option<DateTime<Utc>>,
    pub outcome: Option<Outcome>,
    pub late: bool,
    /// Rules that it broke without the agent being able to know.
    pub remarks: Vec<RuleId>,
    /// The server has taken in everything that was recorded of it, and watches it.
    pub is_watched: bool,
}

impl VisitView {
    /// The visit as `viewer` sees it.
    pub fn of(visit: &Visit, viewer: Viewer) -> Self {
        let rhythm = check_in_rhythm(&visit.clearance, visit.intent.headcount);
        let arrived_at = visit.arrived_at.as_ref().map(|moment| moment.instant());
        let last_sign = visit
            .check_ins
            .last()
            .map(|moment| moment.instant())
            .max(arrived_at);
        let is_on_scene = visit.state == VisitState::OnScene;
        Self {
            id: visit.id,
            agent: visit.agent,
            is_own: visit.agent == viewer.user,
            state: visit.state,
            planned_minutes: visit.intent.planned_minutes,
            headcount: visit.intent.headcount,
            clearance: ClearanceView::from(&visit.clearance),
            checked_at: visit.checked_at.instant(),
            arrived_at,
            arrival: visit.arrival,
            partner: visit.partner,
            has_partner_code: visit.intent.partner_code.is_some(),
            check_in_due: last_sign
                .filter(|_| is_on_scene)
                // Nothing lies after now: a clock that was set back over a restart buys no time.
                .map(|sign| {
                    sign.min(viewer.now) + Duration::minutes(i64::from(rhythm.interval_minutes))
                }),
            check_in_minutes: rhythm.interval_minutes,
            grace_minutes: rhythm.grace_minutes,
            ended_at: visit.ended_at.as_ref().map(|moment| moment.instant()),
            outcome: visit.outcome.clone(),
            late: visit.late,
            remarks: visit.remarks.clone(),
            is_watched: true,
        }
    }
}
