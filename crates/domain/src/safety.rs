//! What protects people: flags (hazards, needs) and legal stops.
//!
//! *The cautious side wins*: raising always applies; clearing names the one raise that the
//! clearer had seen, so that a raise nobody saw can't vanish. A flag is personal data too: it names an
//! incident, somebody else approves it, it is looked at again, and it leaves (reference, section 4.6).

use crate::{ActionId, Revision, UserId};
use chrono::{DateTime, Months, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// A hazard to staff, or a need of the customer. Needs, never diagnoses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(feature = "pack-schema", derive(schemars::JsonSchema))]
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
    /// Who looked at it last; it speaks before anybody has, because the cautious side wins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<Approval>,
    pub cleared: Option<ActionId>,
}

/// That somebody other than the raiser found the incident specific and the flag right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct Approval {
    pub by: UserId,
    pub on: NaiveDate,
}

/// A fact that forbids contact from a moment on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(feature = "pack-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum StopKind {
    Moratorium,
    Attorney,
    CeaseRequest,
    Dispute,
    Bereavement,
    Incapacity,
    ActivePlan,
    /// Nobody goes into the area for now: a fact of the place, not of the person.
    StandDown,
    /// Somebody complained; nobody goes there until it is answered.
    Complaint,
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

impl StopKind {
    /// A fact of the person in law, which also forbids to agree on anything: neither a plan's own stop,
    /// nor an area that is closed for safety, nor a complaint, which keeps us from the door alone.
    pub const fn is_of_the_person(self) -> bool {
        !matches!(self, Self::ActivePlan | Self::StandDown | Self::Complaint)
    }
}

impl FlagKind {
    /// For how many years after the incident a flag of this kind may be held. Staged by what
    /// happened: reference section 4.6, council retention practice.
    const fn years(self) -> u32 {
        match self {
            Self::WeaponInHome | Self::DangerousAnimal => 10,
            Self::PastViolence => 5,
            Self::ThreatOrAggression => 2,
            Self::SelfHarmStatement | Self::DomesticAbuse => 3,
            Self::PoorLighting
            | Self::CapacityLimit
            | Self::ParticularlyVulnerable
            | Self::NeedsInterpreter
            | Self::NeedsLargePrint => 2,
        }
    }
}

/// Stale markers do harm: each is looked at again at least this often (reference, section 4.6).
const REVIEW_MONTHS_MAX: Months = Months::new(12);

impl Flag {
    /// The last day for its next look, when somebody raises or approves it on `day`.
    pub fn latest_review(day: NaiveDate) -> NaiveDate {
        day.checked_add_months(REVIEW_MONTHS_MAX)
            .unwrap_or(NaiveDate::MAX)
    }

    /// Not cleared by anybody.
    pub const fn is_open(&self) -> bool {
        self.cleared.is_none()
    }

    /// The last day on which it may speak; it leaves by itself afterwards.
    pub fn expires_on(&self) -> NaiveDate {
        let held = self
            .raised_on
            .checked_add_months(Months::new(self.kind.years() * 12));
        // A later review is a decision that it still holds.
        held.unwrap_or(NaiveDate::MAX).max(self.review_on)
    }

    /// From when a person should look at it: at once while nobody has, then on its day.
    pub fn look_on(&self) -> NaiveDate {
        match self.approved {
            Some(_) => self.review_on,
            None => self.raised_on,
        }
    }

    /// Speaks on `day`: neither cleared nor expired.
    pub fn is_in_force(&self, day: NaiveDate) -> bool {
        self.is_open() && day <= self.expires_on()
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
