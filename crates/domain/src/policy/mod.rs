//! Policy packs: the rules of a jurisdiction, a lender or the house as data, each with its source.
//! The strictest of all that apply to a case wins, so that their order never matters.

mod check;
mod rule;

pub use check::{Finding, check};
pub use rule::{Check, Grade, InstrumentKind, Lift, Rule, State, Status};

use crate::Case;
use crate::checklist::Checklist;
use crate::words::Bilingual;
use chrono::NaiveDate;
use chrono_tz::Tz;
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
#[cfg_attr(feature = "pack-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Pack {
    pub id: String,
    pub version: u32,
    pub name: Bilingual,
    /// The time zones in which a door stands under this pack; a pack without any and without
    /// lenders applies everywhere.
    #[serde(default)]
    #[cfg_attr(feature = "pack-schema", schemars(with = "Vec<String>"))]
    pub zones: Vec<Tz>,
    /// The creditors whose cases it applies to, as the cases name them.
    #[serde(default)]
    pub lenders: Vec<String>,
    /// The last day on which it may be used; open-ended when absent.
    #[serde(default)]
    pub valid_until: Option<NaiveDate>,
    pub clearance: ClearanceLife,
    pub plan: PlanPolicy,
    #[serde(rename = "rule", default)]
    pub rules: Vec<Rule>,
}

/// How long a clearance holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "pack-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ClearanceLife {
    pub minutes_max: u16,
}

/// What a plan may be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "pack-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PlanPolicy {
    pub months_max: u16,
    /// A balance that moved by more than this (in minor units) since the plan was agreed needs
    /// a person: daily interest is not a conflict, a payment is.
    pub balance_tolerance_minor: i64,
}

/// Everything that decides a visit, as it travels to a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policies {
    pub packs: Vec<Pack>,
    pub checklist: Checklist,
}

impl Pack {
    /// Whether its rules hold at the door of `case`.
    pub fn applies_to(&self, case: &Case) -> bool {
        let is_everywhere = self.zones.is_empty() && self.lenders.is_empty();
        is_everywhere
            || self.zones.contains(&case.address.zone)
            || self.lenders.contains(&case.account.creditor)
    }

    /// It is a law pack: it belongs to places.
    pub fn is_of_a_place(&self) -> bool {
        !self.zones.is_empty()
    }
}

impl Policies {
    /// The packs that hold for a case.
    pub fn for_case<'a>(&'a self, case: &'a Case) -> impl Iterator<Item = &'a Pack> {
        self.packs.iter().filter(|pack| pack.applies_to(case))
    }

    /// Whether a lead may lift a rule or question of this name.
    pub fn may_be_lifted(&self, rule: &str) -> bool {
        let mut questions = self.checklist.questions.iter();
        let mut rules = self.packs.iter().flat_map(|pack| &pack.rules);
        questions.any(|known| known.id == rule && known.may_be_lifted())
            || rules.any(|known| known.id == rule && known.lift == Lift::Lead)
    }

    /// What a plan may be for this case: the strictest of its packs. Without any pack, nothing.
    pub fn plan_policy(&self, case: &Case) -> PlanPolicy {
        self.for_case(case)
            .map(|pack| pack.plan)
            .reduce(PlanPolicy::strictest)
            .unwrap_or_default()
    }
}

impl PlanPolicy {
    /// The stricter of each part.
    pub fn strictest(self, other: Self) -> Self {
        Self {
            months_max: self.months_max.min(other.months_max),
            balance_tolerance_minor: self
                .balance_tolerance_minor
                .min(other.balance_tolerance_minor),
        }
    }
}
