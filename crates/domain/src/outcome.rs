//! What came of a visit.

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
        }
    }
}
