//! Policy packs: the rules of a jurisdiction, a lender or the house as data, each with its source.
//! The strictest of all that apply to a case wins, so that their order never matters.

mod check;
mod rule;

pub use check::{Finding, check};
pub use rule::{Check, DoorStep, Grade, InstrumentKind, Lift, Rule, State, Status};

use crate::Case;
use crate::checklist::{Checklist, Question};
use crate::evidence::{Evidence, EvidenceKind};
use crate::outcome::LeftBehind;
use crate::plan::Calendar;
use crate::safety::{Flag, FlagKind};
use crate::words::Bilingual;
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

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
    #[serde(default)]
    pub clearance: ClearanceLife,
    #[serde(default = "any_plan")]
    pub plan: PlanPolicy,
    /// Public holidays: no instalment falls due on them.
    #[serde(default)]
    pub holidays: Vec<NaiveDate>,
    /// Weekend days that are worked in exchange for a holiday.
    #[serde(default)]
    pub worked_weekends: Vec<NaiveDate>,
    /// What may stay behind at a door where nobody opened: the house says what, a place takes away.
    #[serde(default)]
    pub may_leave: Vec<LeftBehind>,
    #[serde(default)]
    pub never_leave: Vec<LeftBehind>,
    /// For how long photos, signatures and recordings are kept.
    #[serde(default)]
    pub evidence_months: Option<u16>,
    /// A duty to keep them for at least so long after the last visit, whatever other packs say.
    #[serde(default)]
    pub evidence_months_min: Option<u16>,
    /// A recording is kept until nothing is owed any more, however long that takes.
    #[serde(default)]
    pub recordings_until_settled: bool,
    /// Whether the conversation is recorded; never without their word that it may be.
    #[serde(default)]
    pub recording: Option<RecordingRule>,
    /// What a debtor's copy says beside the record.
    #[serde(default)]
    pub copy: CopyWords,
    /// Until when a complaint is answered.
    #[serde(default)]
    pub complaint: ComplaintClock,
    #[serde(rename = "rule", default)]
    pub rules: Vec<Rule>,
}

/// Whether a conversation at the door is recorded. Wherever it is, the person agrees first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "pack-schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum RecordingRule {
    Allowed,
    /// Where they do not agree, the visit ends politely (reference section 6).
    Required,
    /// Also where no pack says a word.
    #[default]
    Off,
}

/// How long a clearance holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "pack-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ClearanceLife {
    pub minutes_max: u16,
}

impl Default for ClearanceLife {
    /// No limit of its own: the house pack speaks for all places.
    fn default() -> Self {
        Self {
            minutes_max: u16::MAX,
        }
    }
}

/// What a plan may be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "pack-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PlanPolicy {
    /// This and the next five: no limit where a pack says nothing; the house pack speaks for all places.
    #[serde(default = "any_months")]
    pub months_max: u16,
    /// A balance that moved by more than this (in minor units) since the plan was agreed needs
    /// a person: daily interest is not a conflict, a payment is.
    #[serde(default = "any_amount")]
    pub balance_tolerance_minor: i64,
    /// How many months may pass before the first payment.
    #[serde(default = "any_months")]
    pub deferral_months_max: u16,
    /// How long a payment holiday may last.
    #[serde(default = "any_months")]
    pub holiday_months_max: u16,
    /// The most interest that a plan may bear, in hundredths of a percent a year.
    #[serde(default = "any_rate")]
    pub interest_bp_max: u32,
    /// The largest discount of a settlement that an agent may agree; more needs a lead's decision.
    #[serde(default = "any_percent")]
    pub discount_percent_max: u8,
    /// Days after a due date before a plan can be found broken.
    #[serde(default = "grace")]
    pub grace_days: u16,
    /// An agreement names how the instalments are paid and whether new credit is taken meanwhile.
    #[serde(default)]
    pub needs_all_fields: bool,
    /// Years after which a claim may no longer be enforced; unknown where absent.
    #[serde(default)]
    pub limitation_years: Option<u8>,
}

const fn any_months() -> u16 {
    u16::MAX
}

const fn any_amount() -> i64 {
    i64::MAX
}

const fn any_rate() -> u32 {
    u32::MAX
}

const fn any_percent() -> u8 {
    100
}

/// Two weeks, where a pack says nothing: a payment may take days, and a letter may too.
const fn grace() -> u16 {
    14
}

/// The part of a pack that says nothing about plans.
const fn any_plan() -> PlanPolicy {
    PlanPolicy {
        months_max: any_months(),
        balance_tolerance_minor: any_amount(),
        deferral_months_max: any_months(),
        holiday_months_max: any_months(),
        interest_bp_max: any_rate(),
        discount_percent_max: any_percent(),
        grace_days: grace(),
        needs_all_fields: false,
        limitation_years: None,
    }
}

/// What a debtor's copy says of rights and of help.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "pack-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct CopyWords {
    /// Who sends the people that come; an organisation writes its own name here.
    pub organisation: Option<Bilingual>,
    pub rights: Vec<Bilingual>,
    /// Where to complain.
    pub complaints: Vec<Bilingual>,
    /// Where help is free.
    pub advice: Vec<Bilingual>,
}

/// Days from a complaint until it must be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "pack-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ComplaintClock {
    pub simple_days: u16,
    pub complex_days: u16,
    /// With an approval of its own.
    pub special_days: u16,
}

impl Default for ComplaintClock {
    /// CN-CMP-1, the strictest that the reference names; a house that knows none keeps it.
    fn default() -> Self {
        Self {
            simple_days: 15,
            complex_days: 30,
            special_days: 60,
        }
    }
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

    /// It is the shipped proposal for everybody; what others say in words comes before it.
    pub fn is_shipped_house(&self) -> bool {
        self.id == "house"
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

    /// Every rule and question that a lead may lift.
    pub fn liftable(&self) -> Vec<Citation> {
        let rules = self.packs.iter().flat_map(|pack| &pack.rules);
        let rules = rules.map(Rule::citation);
        let questions = self.checklist.questions.iter().map(Question::citation);
        rules
            .chain(questions)
            .filter(|citation| self.may_be_lifted(&citation.rule))
            .collect()
    }

    /// The working days at the door of this case: what is a holiday in any of its packs is one.
    pub fn calendar(&self, case: &Case) -> Calendar {
        let packs: Vec<_> = self.for_case(case).collect();
        let holidays = packs.iter().flat_map(|pack| &pack.holidays);
        let worked = packs.iter().flat_map(|pack| &pack.worked_weekends);
        Calendar::new(holidays.copied(), worked.copied())
    }

    /// What may stay behind at this door. Nothing where somebody is afraid of another person there
    /// (reference section 4.2).
    pub fn may_leave(&self, case: &Case, now: DateTime<Utc>) -> Vec<LeftBehind> {
        let fears = |flag: &Flag| flag.kind == FlagKind::DomesticAbuse;
        if case.flags_in_force(now).any(fears) {
            return Vec::new();
        }
        let is_never = |left: &LeftBehind| {
            let mut packs = self.for_case(case);
            packs.any(|pack| pack.never_leave.contains(left))
        };
        let allowed: BTreeSet<_> = self
            .for_case(case)
            .flat_map(|pack| pack.may_leave.iter().copied())
            .collect();
        allowed.into_iter().filter(|left| !is_never(left)).collect()
    }

    /// What is said at this door, in order, each with the rules that ask for it. That a recording runs is
    /// said only where one may.
    pub fn door_steps(&self, case: &Case, today: NaiveDate) -> Vec<(DoorStep, Vec<Citation>)> {
        let is_recorded = self.recording(case) != RecordingRule::Off;
        let asked_by = |step: DoorStep| {
            let rules = self.for_case(case).flat_map(|pack| &pack.rules);
            let asking = rules.filter(|rule| {
                rule.is_effective(today)
                    && matches!(&rule.check, Check::AtTheDoor { step: of } if *of == step)
            });
            asking.map(Rule::citation).collect()
        };
        DoorStep::ALL
            .into_iter()
            .filter(|step| *step != DoorStep::SayRecording || is_recorded)
            .map(|step| (step, asked_by(step)))
            .collect()
    }

    /// Whether the conversation about this case is recorded: *off* in one pack is *off*.
    pub fn recording(&self, case: &Case) -> RecordingRule {
        let rules = self.for_case(case).filter_map(|pack| pack.recording);
        rules.max().unwrap_or_default()
    }

    /// For how many months evidence of this case is kept: the shortest that a pack wants (a year where none
    /// says), and never shorter than the longest duty.
    pub fn evidence_months(&self, case: &Case) -> u16 {
        let wanted = self.for_case(case).filter_map(|pack| pack.evidence_months);
        let duties = self
            .for_case(case)
            .filter_map(|pack| pack.evidence_months_min);
        wanted.min().unwrap_or(12).max(duties.max().unwrap_or(0))
    }

    /// Whether the time of a piece of evidence is over on `today`.
    pub fn is_evidence_over(&self, case: &Case, piece: &Evidence, today: NaiveDate) -> bool {
        let is_owed = case.balance.total.minor > 0;
        let mut packs = self.for_case(case);
        let until_settled = packs.any(|pack| pack.recordings_until_settled);
        if piece.kind == EvidenceKind::Recording && is_owed && until_settled {
            return false;
        }
        let last_visit = case.visits.iter().map(|visit| visit.checked_at.day()).max();
        piece.kept_until(self.evidence_months(case), last_visit) < today
    }

    /// Until when a complaint about this case is answered: the shortest of its packs.
    pub fn complaint_clock(&self, case: &Case) -> ComplaintClock {
        self.for_case(case)
            .map(|pack| pack.complaint)
            .reduce(|one, other| ComplaintClock {
                simple_days: one.simple_days.min(other.simple_days),
                complex_days: one.complex_days.min(other.complex_days),
                special_days: one.special_days.min(other.special_days),
            })
            .unwrap_or_default()
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
            deferral_months_max: self.deferral_months_max.min(other.deferral_months_max),
            holiday_months_max: self.holiday_months_max.min(other.holiday_months_max),
            interest_bp_max: self.interest_bp_max.min(other.interest_bp_max),
            discount_percent_max: self.discount_percent_max.min(other.discount_percent_max),
            grace_days: self.grace_days.max(other.grace_days),
            needs_all_fields: self.needs_all_fields || other.needs_all_fields,
            limitation_years: match (self.limitation_years, other.limitation_years) {
                (Some(one), Some(two)) => Some(one.min(two)),
                (one, two) => one.or(two),
            },
        }
    }
}
