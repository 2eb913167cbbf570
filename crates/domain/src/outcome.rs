//! What came of a visit.

use crate::RuleId;
use crate::safety::{FlagKind, StopKind};
use serde::{Deserialize, Serialize};

/// How a visit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OutcomeKind {
    Met,
    NotMet,
    WrongAddress,
    RefusedToTalk,
    AskedToLeave,
    /// The agent left: for safety, for any reason, with no explanation owed.
    Withdrawn,
    VulnerabilityShown,
    Dispute,
    /// The person has died.
    Deceased,
}

/// What was left when nobody opened. It names nobody's debt on the outside (reference section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(feature = "pack-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum LeftBehind {
    /// A sealed letter to the person.
    SealedLetter,
    /// A card with a name and a number, and no word of why.
    PlainCard,
}

/// Why somebody fell behind, where they say so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ArrearsCause {
    LostWork,
    LessIncome,
    Illness,
    Bereavement,
    Separation,
    TooManyDebts,
    Misunderstanding,
    PreferNotToSay,
}

/// What happens next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum NextStep {
    PlanAgreed,
    FreeDebtAdvice,
    NothingAffordableNow,
    VisitAgain,
    CheckAddress,
    SpecialistTeam,
    NoFurtherContact,
}

/// What the agent confirms about the conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct Conduct {
    /// Identity was confirmed before the debt was named (UK-3P-1, AU-ID-1).
    pub identity_confirmed_first: bool,
    /// ID was shown, and whom we represent was said (CN-VIS-2, CN-VIS-4).
    pub credentials_shown: bool,
    /// The person heard that they need not let us in and may ask us to leave.
    pub right_to_refuse_said: bool,
}

/// The outcome of a visit, as the agent recorded it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct Outcome {
    pub kind: OutcomeKind,
    pub cause: Option<ArrearsCause>,
    pub next_step: Option<NextStep>,
    pub conduct: Conduct,
    pub note: String,
    /// Only where nobody was met.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", ts(optional))]
    pub left_behind: Option<LeftBehind>,
}

impl Outcome {
    /// A withdrawal: nothing needs to be said.
    pub fn withdrawn() -> Self {
        Self {
            kind: OutcomeKind::Withdrawn,
            cause: None,
            next_step: None,
            conduct: Conduct::default(),
            note: String::new(),
            left_behind: None,
        }
    }

    /// Whether it says only what the form for what happened offers.
    pub fn check(&self, form: &OutcomeForm) -> Result<(), RuleId> {
        let is_offered = self.kind == form.kind
            && (self.cause.is_none() || form.asks_cause)
            && self
                .next_step
                .is_none_or(|step| form.next_steps.contains(&step))
            && self
                .left_behind
                .is_none_or(|left| form.may_leave.contains(&left));
        match is_offered {
            true => Ok(()),
            false => Err(RuleId::named("outcome.not_offered")),
        }
    }
}

/// The parts of the form that belong to what happened. What is not offered is prohibited, or makes no
/// sense.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct OutcomeForm {
    pub kind: OutcomeKind,
    /// Somebody who was not met has no cause to give.
    pub asks_cause: bool,
    /// Nor was anything said to them that could be attested.
    pub asks_conduct: bool,
    pub next_steps: Vec<NextStep>,
    pub may_leave: Vec<LeftBehind>,
    /// What follows by itself, to protect the person.
    pub protects: Option<Protection>,
}

/// What an outcome sets in motion by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Protection {
    Stop { stop: StopKind },
    Flag { flag: FlagKind },
}

impl OutcomeKind {
    /// What an agent may choose; leaving at once has a button of its own.
    pub const CHOICES: [Self; 8] = [
        Self::Met,
        Self::NotMet,
        Self::WrongAddress,
        Self::RefusedToTalk,
        Self::AskedToLeave,
        Self::VulnerabilityShown,
        Self::Dispute,
        Self::Deceased,
    ];

    /// The form for what happened. `may_leave` is what the packs let stay behind at the door.
    pub fn form(self, may_leave: &[LeftBehind]) -> OutcomeForm {
        use NextStep as Next;
        let spoke = matches!(self, Self::Met | Self::VulnerabilityShown | Self::Dispute);
        let heard = spoke || matches!(self, Self::RefusedToTalk | Self::AskedToLeave);
        let next_steps = match self {
            Self::Met => vec![
                Next::PlanAgreed,
                Next::FreeDebtAdvice,
                Next::NothingAffordableNow,
                Next::VisitAgain,
                Next::SpecialistTeam,
            ],
            Self::NotMet => vec![Next::VisitAgain, Next::CheckAddress],
            Self::WrongAddress => vec![Next::CheckAddress],
            // Nobody goes back to a person who showed vulnerability or disputes.
            Self::VulnerabilityShown => vec![Next::SpecialistTeam, Next::FreeDebtAdvice],
            Self::Dispute => vec![Next::SpecialistTeam, Next::NoFurtherContact],
            Self::Deceased => vec![Next::SpecialistTeam],
            Self::RefusedToTalk | Self::AskedToLeave | Self::Withdrawn => {
                vec![Next::NoFurtherContact, Next::SpecialistTeam]
            }
        };
        let protects = match self {
            Self::Dispute => Some(Protection::Stop {
                stop: StopKind::Dispute,
            }),
            Self::Deceased => Some(Protection::Stop {
                stop: StopKind::Bereavement,
            }),
            Self::VulnerabilityShown => Some(Protection::Flag {
                flag: FlagKind::ParticularlyVulnerable,
            }),
            _ => None,
        };
        OutcomeForm {
            kind: self,
            asks_cause: spoke,
            asks_conduct: heard,
            next_steps,
            may_leave: match self {
                Self::NotMet => may_leave.to_vec(),
                _ => Vec::new(),
            },
            protects,
        }
    }
}
