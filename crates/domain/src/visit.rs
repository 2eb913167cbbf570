//! A visit from plan to end, with what was answered, cleared, seen and said.

use crate::arrival::Arrival;
use crate::checklist::{Answers, Effect};
use crate::clearance::Clearance;
use crate::moment::Moment;
use crate::outcome::Outcome;
use crate::place::Position;
use crate::{RuleId, UserId, VisitId};
use chrono::{DateTime, Utc};
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
    /// The lead who agreed by phone, in the agent's words. Actions before schema 3 say it; it lifts
    /// nothing any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead_approval: Option<String>,
    /// What a lead has lifted for this visit, each with the reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lifts: Vec<Lifted>,
    /// What the device of the colleague who goes along answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner_code: Option<String>,
}

/// A rule that a lead has lifted for one visit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct Lifted {
    /// The rule or question, as its citation names it.
    pub rule: String,
    /// The lead, as the agent knows them.
    pub by: String,
    pub reason: String,
    /// The question that the code answered; the server has it beside the lead's own record.
    pub question: String,
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrival: Option<Arrival>,
    /// The colleague who accepted to go along.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<UserId>,
    pub check_ins: Vec<Moment>,
    pub ended_at: Option<Moment>,
    pub outcome: Option<Outcome>,
    /// Made by somebody who no longer had the case; kept, and shown to the lead.
    pub late: bool,
    /// Rules that the visit broke without the agent being able to know; kept, and reviewed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<RuleId>,
}

impl Visit {
    /// Cleared or further, and not ended.
    pub fn is_under_way(&self) -> bool {
        (VisitState::Cleared..VisitState::Ended).contains(&self.state)
    }
}

/// A step of a visit that a person is about to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Travel,
    Arrive,
    CheckIn,
    /// End with an outcome.
    End,
    /// Leave, at any moment and for any reason.
    Withdraw,
    /// Agree a plan with the person.
    AgreePlan,
}

impl Visit {
    /// Whether too few of us stand at the door.
    pub fn is_short_of_people(&self, headcount: u8) -> bool {
        headcount < 2 && self.clearance.conditions().contains(&Effect::Pair)
    }

    /// Whether the step may be taken at `now`. The device asks before it saves; the server never
    /// refuses a step that was taken.
    pub fn may_take(&self, step: Step, now: DateTime<Utc>) -> Result<(), RuleId> {
        let refused = match (step, self.state) {
            (Step::Travel, VisitState::Cleared) if self.clearance.is_valid_at(now) => return Ok(()),
            (Step::Travel, VisitState::Cleared) => "visit.clearance_expired",
            (Step::Travel, VisitState::Planned) => "visit.not_cleared",
            (Step::Arrive, VisitState::Travelling) => return Ok(()),
            (Step::CheckIn | Step::End | Step::AgreePlan, VisitState::OnScene) => return Ok(()),
            (Step::Withdraw, _) if self.is_under_way() => return Ok(()),
            (_, VisitState::Ended) => "visit.ended",
            _ => "visit.not_there_yet",
        };
        Err(RuleId::named(refused))
    }
}
