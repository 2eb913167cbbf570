//! A visit from plan to end, with what was answered, cleared, seen and said.

use crate::checklist::Answers;
use crate::clearance::Clearance;
use crate::moment::Moment;
use crate::outcome::Outcome;
use crate::place::Position;
use crate::{UserId, VisitId};
use serde::{Deserialize, Serialize};

/// How far a visit has come. The order is the order of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum VisitState {
    /// The checklist said no, or has not been worked through.
    Planned,
    Cleared,
    Travelling,
    OnScene,
    Ended,
}

/// What the agent brings to a visit: how long, how many, and whom they asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct VisitIntent {
    pub planned_minutes: u16,
    /// How many of us go to the door.
    pub headcount: u8,
    /// The lead who agreed by phone, and why, in the agent's words.
    pub lead_approval: Option<String>,
}

/// One visit, as recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    pub id: VisitId,
    pub agent: UserId,
    pub state: VisitState,
    pub intent: VisitIntent,
    pub answers: Answers,
    pub clearance: Clearance,
    pub checked_at: Moment,
    pub travelled_at: Option<Moment>,
    pub arrived_at: Option<Moment>,
    pub arrived_position: Option<Position>,
    pub check_ins: Vec<Moment>,
    pub ended_at: Option<Moment>,
    pub outcome: Option<Outcome>,
    /// Made by somebody who no longer had the case; kept, and shown to the lead.
    pub late: bool,
}

impl Visit {
    /// Cleared or further, and not ended.
    pub fn is_under_way(&self) -> bool {
        (VisitState::Cleared..VisitState::Ended).contains(&self.state)
    }
}
