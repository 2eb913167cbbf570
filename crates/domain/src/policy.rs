//! Policy packs: the rules of a jurisdiction and a lender as data, each with its citation.

use crate::checklist::Checklist;
use crate::hours::PermittedHours;
use crate::words::Bilingual;
use serde::{Deserialize, Serialize};

/// A rule's name, what it says to a person, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct Citation {
    /// The stable rule id, such as `CN-HRS-1` or `Q03`.
    pub rule: String,
    pub text: Bilingual,
    /// Instrument and article, or the practice it follows.
    pub source: String,
}

/// A version of one pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pack {
    pub id: String,
    pub version: u32,
    pub hours: PermittedHours,
    pub headcount: Headcount,
    pub stop: Citation,
    pub daylight: Citation,
    pub clearance: ClearanceLife,
    pub plan: PlanPolicy,
}

/// How many of us must be at a door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Headcount {
    pub staff_min: u8,
    pub citation: Citation,
}

/// How long a clearance holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClearanceLife {
    pub minutes_max: u16,
}

/// What a plan may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanPolicy {
    pub months_max: u16,
    /// A balance that moved by more than this (in minor units) since the plan was agreed needs
    /// a person: daily interest is not a conflict, a payment is.
    pub balance_tolerance_minor: i64,
    pub citation: Citation,
}

/// Everything that decides a visit, as it travels to a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policies {
    pub pack: Pack,
    pub checklist: Checklist,
}
