//! What protects people: flags (hazards, needs) and legal stops.
//!
//! *The cautious side wins*: raising always applies; clearing names the one raise that the
//! clearer had seen, so that a raise nobody saw can't vanish.

use crate::{ActionId, Revision, UserId};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// A hazard to staff, or a need of the customer. Needs, never diagnoses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FlagKind {
    PastViolence,
    ThreatOrAggression,
    WeaponInHome,
    DangerousAnimal,
    PoorLighting,
    CapacityLimit,
    ParticularlyVulnerable,
    SelfHarmStatement,
    DomesticAbuse,
    NeedsInterpreter,
    NeedsLargePrint,
}

/// A flag on a case, with the incident behind it and the day it must be looked at again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flag {
    /// The raise itself; clearing names it.
    pub id: ActionId,
    pub kind: FlagKind,
    /// What happened, in a sentence.
    pub incident: String,
    pub raised_by: UserId,
    pub raised_on: NaiveDate,
    pub review_on: NaiveDate,
    pub cleared: Option<ActionId>,
}

/// A fact that forbids contact from a moment on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum StopKind {
    Moratorium,
    Attorney,
    CeaseRequest,
    Dispute,
    Bereavement,
    Incapacity,
    ActivePlan,
}

/// A legal stop on a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    pub id: ActionId,
    pub kind: StopKind,
    /// When it began in law, which may be before anybody here knew.
    pub effective: DateTime<Utc>,
    /// The last day it holds; open-ended when absent.
    pub until: Option<NaiveDate>,
    /// The server's position when it learned of it; none while only one device knows.
    pub known_from: Option<Revision>,
    pub lifted: Option<ActionId>,
}

impl Flag {
    /// Still standing.
    pub const fn is_open(&self) -> bool {
        self.cleared.is_none()
    }
}

impl Stop {
    /// Whether it forbids contact at `moment`.
    pub fn is_in_force(&self, moment: DateTime<Utc>) -> bool {
        self.lifted.is_none()
            && self.effective <= moment
            && self.until.is_none_or(|until| moment.date_naive() <= until)
    }
}
