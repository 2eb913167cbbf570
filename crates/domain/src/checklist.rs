//! The questions before a visit, as data, and what a case already answers by itself.

use crate::case::Case;
use crate::policy::Citation;
use crate::safety::{FlagKind, StopKind};
use crate::words::Bilingual;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The stable name of a question, such as `Q03`.
pub type QuestionId = String;

/// What an agent answered, by question.
pub type Answers = BTreeMap<QuestionId, Answer>;

/// An answer. *Unknown* takes the stricter branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    Yes,
    No,
    Unknown,
}

/// What a rule does to a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(feature = "pack-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Do not go.
    Block,
    /// Two or more of us.
    Pair,
    /// Ask the team lead, who gives a reason.
    Lead,
    /// Between sunrise and sunset, with a margin.
    Daylight,
    /// To be done and recorded; it does not keep anybody from going.
    Required,
    /// To be known; it does not keep anybody from going.
    Warn,
    /// A count or a clock; forbids once it is used up.
    Limit,
}

impl Effect {
    /// Something that the visit must bring before it may begin.
    pub const fn is_condition(self) -> bool {
        matches!(self, Self::Pair | Self::Lead | Self::Daylight)
    }
}

/// The part of the checklist that a question belongs to, in the order of working through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum QuestionGroup {
    Person,
    Premises,
    Area,
    Task,
    Staff,
    Equipment,
    Plan,
}

/// Something a case may already know, which then answers a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KnownFact {
    PastViolence,
    ThreatOrAggression,
    WeaponInHome,
    DangerousAnimal,
    PoorLighting,
    CapacityLimit,
    ParticularlyVulnerable,
    SelfHarmStatement,
    DomesticAbuse,
    LegalStop,
    Dispute,
    Bereavement,
}

/// How long an answer is good, before it is asked again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holds {
    /// This visit alone.
    #[default]
    Visit,
    /// The agent's day, at whatever door.
    Day,
    /// This case, for [`CASE_DAYS`] days.
    Case,
    /// Never asked: the rules of the packs say it.
    Rules,
}

/// For so many days what was said of a place is not asked again.
pub const CASE_DAYS: i64 = 30;

/// One question, with its effects when the answer is adverse or unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    pub id: QuestionId,
    pub group: QuestionGroup,
    pub text: Bilingual,
    /// What to do about an adverse answer, in a sentence.
    pub advice: Bilingual,
    pub adverse: Answer,
    pub effects: Vec<Effect>,
    /// The case fact that answers it by itself.
    pub known_from: Option<KnownFact>,
    #[serde(default)]
    pub holds: Holds,
    pub source: String,
}

/// A version of the checklist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checklist {
    pub version: u32,
    #[serde(rename = "question")]
    pub questions: Vec<Question>,
}

impl Question {
    /// A lead may lift what it asks for (a pair, daylight, their own word), and no *do not go*.
    pub fn may_be_lifted(&self) -> bool {
        !self.effects.contains(&Effect::Block)
    }

    /// Whether somebody has to answer it.
    pub fn is_asked(&self) -> bool {
        self.holds != Holds::Rules
    }

    /// Whether `answer` (none: not answered yet) takes the stricter branch.
    pub fn is_adverse(&self, answer: Option<Answer>) -> bool {
        match answer {
            Some(answer) => answer == Answer::Unknown || answer == self.adverse,
            None => true,
        }
    }

    /// The question as the citation of its own effects.
    pub fn citation(&self) -> Citation {
        Citation {
            rule: self.id.clone(),
            text: self.advice.clone(),
            source: self.source.clone(),
        }
    }
}

impl Checklist {
    /// The answers that the case gives by itself at `now`; they can't be talked away.
    pub fn prefilled(&self, case: &Case, now: DateTime<Utc>) -> Answers {
        self.questions
            .iter()
            .filter(|question| {
                question
                    .known_from
                    .is_some_and(|fact| knows(case, fact, now))
            })
            .map(|question| (question.id.clone(), question.adverse))
            .collect()
    }
}

fn knows(case: &Case, fact: KnownFact, now: DateTime<Utc>) -> bool {
    let flag = match fact {
        KnownFact::LegalStop => return case.stops_in_force(now).next().is_some(),
        KnownFact::Dispute => return has_stop(case, StopKind::Dispute, now),
        KnownFact::Bereavement => return has_stop(case, StopKind::Bereavement, now),
        KnownFact::PastViolence => FlagKind::PastViolence,
        KnownFact::ThreatOrAggression => FlagKind::ThreatOrAggression,
        KnownFact::WeaponInHome => FlagKind::WeaponInHome,
        KnownFact::DangerousAnimal => FlagKind::DangerousAnimal,
        KnownFact::PoorLighting => FlagKind::PoorLighting,
        KnownFact::CapacityLimit => FlagKind::CapacityLimit,
        KnownFact::ParticularlyVulnerable => FlagKind::ParticularlyVulnerable,
        KnownFact::SelfHarmStatement => FlagKind::SelfHarmStatement,
        KnownFact::DomesticAbuse => FlagKind::DomesticAbuse,
    };
    case.flags_in_force(now).any(|open| open.kind == flag)
}

fn has_stop(case: &Case, kind: StopKind, now: DateTime<Utc>) -> bool {
    case.stops_in_force(now).any(|stop| stop.kind == kind)
}
