//! One rule: what it does, where it comes from, who may lift it, and how it is held.

use super::Citation;
use crate::checklist::Effect;
use crate::hours::PermittedHours;
use crate::safety::{FlagKind, StopKind};
use crate::words::Bilingual;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// A rule of a pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "pack-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Stable, such as `CN-HRS-1`; a clearance names it.
    pub id: String,
    pub effect: Effect,
    pub instrument: String,
    /// Article or section; empty where the whole instrument says it.
    #[serde(default)]
    pub article: String,
    pub kind: InstrumentKind,
    #[serde(default)]
    pub status: Status,
    /// The first day on which it holds; always, when absent.
    #[serde(default)]
    pub effective_from: Option<NaiveDate>,
    pub grade: Grade,
    #[serde(default)]
    pub lift: Lift,
    /// What it says to the person who is about to go.
    pub text: Bilingual,
    pub check: Check,
}

/// What kind of instrument a rule comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "pack-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum InstrumentKind {
    Statute,
    Regulation,
    RegulatorRule,
    StandardVoluntary,
    SelfRegulatory,
    Guidance,
    EmployerPractice,
}

/// Whether an instrument binds yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "pack-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Status {
    #[default]
    InForce,
    /// Binds nobody: shown, and never more than a warning.
    Draft,
}

/// How a rule is known: *primary* text read, *secondary* source read, from *memory*, or a *decision*
/// of this project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "pack-schema", derive(schemars::JsonSchema))]
pub enum Grade {
    P,
    S,
    M,
    D,
}

/// Who may lift a rule.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "pack-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Lift {
    #[default]
    Nobody,
    /// A team lead, with a written reason.
    Lead,
}

/// How a rule is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "pack-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Check {
    /// The whole visit lies inside these hours where the person lives.
    Hours(PermittedHours),
    /// At least so many of us.
    Headcount { staff_min: u8 },
    /// No legal stop of these kinds is in force.
    Stops { kinds: Vec<StopKind> },
    /// No flag of these kinds stands.
    Flags { kinds: Vec<FlagKind> },
    /// So many days after the last visit to this case.
    VisitGap { days: u16 },
    /// At most so many visits to a household on a day, each with a permit of the server.
    HouseholdBudget { visits_a_day: u8 },
    /// Only what is overdue for so long and is so much, in minor units of its currency.
    LastResort {
        months_overdue_min: u16,
        #[serde(default = "not_nothing")]
        total_minor_min: i64,
    },
    /// Gentler ways were tried so often, where the creditor says how often; where it does not, the
    /// checklist asks.
    GentlerWays { attempts_min: u16 },
    /// The hours that the person asked for, where they can be read as hours.
    Wishes {},
    /// A place for which no pack of a jurisdiction is known.
    KnownPlace {},
    /// A question of the checklist, with its effects.
    Question { id: String },
    /// Built elsewhere in the product.
    Built { at: String },
    /// A step at the door that the agent confirms.
    AtTheDoor { step: DoorStep },
    /// What the agent attests with the outcome.
    Attested {},
    /// What the organisation answers for; no visit can show it.
    Organisation {},
    /// Not held, and why.
    Not { reason: String },
}

const fn not_nothing() -> i64 {
    1
}

/// The steps at a door, in their order. Source: reference section 6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(feature = "pack-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DoorStep {
    ConfirmIdentity,
    ShowId,
    NameCreditor,
    SayRecording,
    SayTheyMayRefuse,
    ItemiseDebt,
    OfferOptions,
    NameComplaintChannel,
    AskWishes,
    GiveReceipt,
}

/// How far a rule is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(feature = "schema", ts(rename = "RuleState"))]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The software holds it.
    Implemented,
    /// A person says that they kept it.
    Attested,
    Not,
}

impl Rule {
    /// Whether it speaks on `day`.
    pub fn is_effective(&self, day: NaiveDate) -> bool {
        self.effective_from.is_none_or(|from| from <= day)
    }

    /// What it does to a visit that breaks it. A draft, or a rule from memory, forbids nothing.
    pub const fn strength(&self) -> Effect {
        match (self.status, self.grade) {
            (Status::InForce, Grade::P | Grade::S | Grade::D) => match self.effect {
                Effect::Limit => Effect::Block,
                effect => effect,
            },
            _ => Effect::Warn,
        }
    }

    /// Its name, words and source, as a clearance shows them.
    pub fn citation(&self) -> Citation {
        let separator = match self.article.is_empty() {
            true => "",
            false => ", ",
        };
        Citation {
            rule: self.id.clone(),
            text: self.text.clone(),
            source: format!(
                "{}{separator}{}. Grade {:?}",
                self.instrument, self.article, self.grade
            ),
        }
    }

    /// How far it is held.
    pub const fn state(&self) -> State {
        match self.check {
            Check::AtTheDoor { .. } | Check::Attested {} | Check::Organisation {} => {
                State::Attested
            }
            Check::Not { .. } => State::Not,
            _ => State::Implemented,
        }
    }

    /// Where it is held, for the list of rules.
    pub fn place(&self) -> String {
        match &self.check {
            Check::Question { id } => format!("checklist {id}"),
            Check::Built { at } => at.clone(),
            Check::AtTheDoor { step } => format!("at the door: {}", step.name()),
            Check::Attested {} => "attested with the outcome".to_owned(),
            Check::Organisation {} => "attested by the organisation".to_owned(),
            Check::Not { .. } => String::new(),
            _ => "clearance".to_owned(),
        }
    }

    /// Why it is not held.
    pub fn reason(&self) -> &str {
        match &self.check {
            Check::Not { reason } => reason,
            _ => "",
        }
    }
}

impl DoorStep {
    /// All of them, in the order that protects the person.
    pub const ALL: [Self; 10] = [
        Self::ConfirmIdentity,
        Self::ShowId,
        Self::NameCreditor,
        Self::SayRecording,
        Self::SayTheyMayRefuse,
        Self::ItemiseDebt,
        Self::OfferOptions,
        Self::NameComplaintChannel,
        Self::AskWishes,
        Self::GiveReceipt,
    ];

    /// Its stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ConfirmIdentity => "confirm_identity",
            Self::ShowId => "show_id",
            Self::NameCreditor => "name_creditor",
            Self::SayRecording => "say_recording",
            Self::SayTheyMayRefuse => "say_they_may_refuse",
            Self::ItemiseDebt => "itemise_debt",
            Self::OfferOptions => "offer_options",
            Self::NameComplaintChannel => "name_complaint_channel",
            Self::AskWishes => "ask_wishes",
            Self::GiveReceipt => "give_receipt",
        }
    }
}
