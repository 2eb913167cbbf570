//! The action: one thing a person did, recorded where it happened. The only way anything changes.

use crate::arrival::Arrival;
use crate::case::{Account, Balance, FactField, Person};
use crate::checklist::Answers;
use crate::clearance::Clearance;
use crate::complaint::{Complaint, Complexity, Feedback};
use crate::conflict::Choice;
use crate::evidence::Evidence;
use crate::moment::Moment;
use crate::money::Money;
use crate::outcome::Outcome;
use crate::place::{Address, Position};
use crate::plan::{Consent, PlanTerms};
use crate::safety::{FlagKind, StopKind};
use crate::visit::VisitIntent;
use crate::{
    ActionId, CaseId, DeviceId, HouseholdId, Incarnation, PlanId, Revision, UserId, VisitId,
};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An action: immutable, numbered per device and incarnation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    pub id: ActionId,
    pub device: DeviceId,
    pub incarnation: Incarnation,
    /// Gapless within the incarnation, from 1.
    pub n: u64,
    pub actor: UserId,
    pub case: CaseId,
    pub recorded: Moment,
    /// What the actor had before their eyes.
    pub base: Base,
    /// This device's last action on the same fact, where the server has not judged it yet.
    pub prev: Option<ActionId>,
    /// Actions that this one depends on. Safety actions depend on nothing.
    pub after: Vec<ActionId>,
    /// The policies that the actor had, by hash; what they may do is judged by these. Absent in
    /// actions of schema 1 and in the server's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policies: Option<String>,
    pub change: Change,
}

/// The state of the world as the actor saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// The device's feed cursor.
    pub cursor: Revision,
    /// The revision of the case as shown. An edit on top of one's own unjudged edit keeps the
    /// base of the first: what arrived underneath was never seen.
    pub case: Revision,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Change {
    /// An account became a case.
    OpenCase {
        facts: Box<OpeningFacts>,
    },
    /// A newer statement of the account.
    ReplaceBalance {
        balance: Balance,
        months_overdue: u16,
        /// As the newer statement says; none leaves what was known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        gentler_attempts: Option<u16>,
    },
    /// Money arrived at the creditor.
    PostPayment {
        amount: Money,
        on: NaiveDate,
    },
    /// No more work on this case.
    CloseCase {
        reason: String,
    },
    Assign {
        agent: UserId,
        day: NaiveDate,
        position: u16,
    },
    Unassign,
    /// A fact corrected. The old value stands beside the new for people to read.
    SetFact {
        field: FactField,
        old: Option<String>,
        new: String,
    },
    AddNote {
        text: String,
    },
    RaiseFlag {
        flag: FlagKind,
        incident: String,
        review_on: NaiveDate,
    },
    /// Somebody else than the raiser has looked at the incident: the flag holds until the next review.
    ReviewFlag {
        raise: ActionId,
        review_on: NaiveDate,
    },
    /// Clears the one raise that the clearer had seen.
    ClearFlag {
        raise: ActionId,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        reason: String,
    },
    RaiseStop {
        stop: StopKind,
        effective: DateTime<Utc>,
        until: Option<NaiveDate>,
    },
    LiftStop {
        raise: ActionId,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        reason: String,
    },
    /// The checklist worked through, with what it allowed.
    CheckVisit {
        visit: VisitId,
        intent: VisitIntent,
        answers: Answers,
        clearance: Box<Clearance>,
    },
    StartTravel {
        visit: VisitId,
    },
    Arrive {
        visit: VisitId,
        position: Option<Position>,
        /// Absent before schema 5.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        arrival: Option<Arrival>,
    },
    /// A colleague goes along; the server records it by the code that their own device gave.
    JoinVisit {
        visit: VisitId,
    },
    CheckIn {
        visit: VisitId,
    },
    EndVisit {
        visit: VisitId,
        outcome: Box<Outcome>,
    },
    AgreePlan {
        terms: Box<PlanTerms>,
    },
    /// A plan ends before it was kept; the customer is told.
    VoidPlan {
        plan: PlanId,
        reason: String,
    },
    /// Another plan is offered in its place. It needs the customer's new consent.
    CounterPlan {
        plan: PlanId,
        terms: Box<PlanTerms>,
        reason: String,
    },
    /// The customer consents to what was offered.
    AcceptCounter {
        plan: PlanId,
        consent: Consent,
    },
    /// A plan was missed beyond its grace, and a person has looked at why.
    BreakPlan {
        plan: PlanId,
        reason: String,
    },
    /// The customer was told what became of their plan.
    TellOfPlan {
        plan: PlanId,
        how: Told,
    },
    /// For the complaint handler; the agent does not see it again.
    RaiseComplaint {
        complaint: Box<Complaint>,
    },
    /// How long the answer to a complaint may take.
    GradeComplaint {
        complaint: ActionId,
        complexity: Complexity,
    },
    AnswerComplaint {
        complaint: ActionId,
        text: String,
    },
    /// What the person said of the visit; for the complaint handler.
    GiveFeedback {
        visit: VisitId,
        feedback: Feedback,
    },
    /// A photo, a signature, a recording.
    AddEvidence {
        evidence: Evidence,
    },
    /// The bytes of a piece were removed: its time was over.
    DeleteEvidence {
        sha256: String,
    },
    /// Settles the conflict of a held action.
    Decide {
        conflict: ActionId,
        choice: Choice,
    },
}

/// How the customer was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Told {
    Phone,
    Letter,
    InPerson,
}

/// What an import knows of a new case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpeningFacts {
    pub account: Account,
    pub person: Person,
    pub household: HouseholdId,
    pub address: Address,
    pub facts: BTreeMap<FactField, String>,
    pub balance: Balance,
}

impl Change {
    /// Whether it protects somebody: never made to wait for another action.
    pub const fn is_safety(&self) -> bool {
        matches!(
            self,
            Self::RaiseFlag { .. }
                | Self::RaiseStop { .. }
                | Self::CheckVisit { .. }
                | Self::StartTravel { .. }
                | Self::Arrive { .. }
                | Self::JoinVisit { .. }
                | Self::CheckIn { .. }
                | Self::EndVisit { .. }
                | Self::AddNote { .. }
                | Self::RaiseComplaint { .. }
                | Self::GiveFeedback { .. }
        )
    }

    /// Whether its words are for the complaint handler alone, and never stand in the case.
    pub const fn is_confidential(&self) -> bool {
        matches!(
            self,
            Self::RaiseComplaint { .. } | Self::GiveFeedback { .. }
        )
    }

    /// What a visit's action belongs to.
    pub const fn visit(&self) -> Option<VisitId> {
        match self {
            Self::CheckVisit { visit, .. }
            | Self::StartTravel { visit }
            | Self::Arrive { visit, .. }
            | Self::JoinVisit { visit }
            | Self::CheckIn { visit }
            | Self::EndVisit { visit, .. } => Some(*visit),
            _ => None,
        }
    }

    /// The stable name of the kind, for lists and logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::OpenCase { .. } => "open_case",
            Self::ReplaceBalance { .. } => "replace_balance",
            Self::PostPayment { .. } => "post_payment",
            Self::CloseCase { .. } => "close_case",
            Self::Assign { .. } => "assign",
            Self::Unassign => "unassign",
            Self::SetFact { .. } => "set_fact",
            Self::AddNote { .. } => "add_note",
            Self::RaiseFlag { .. } => "raise_flag",
            Self::ReviewFlag { .. } => "review_flag",
            Self::ClearFlag { .. } => "clear_flag",
            Self::RaiseStop { .. } => "raise_stop",
            Self::LiftStop { .. } => "lift_stop",
            Self::CheckVisit { .. } => "check_visit",
            Self::StartTravel { .. } => "start_travel",
            Self::Arrive { .. } => "arrive",
            Self::JoinVisit { .. } => "join_visit",
            Self::CheckIn { .. } => "check_in",
            Self::EndVisit { .. } => "end_visit",
            Self::AgreePlan { .. } => "agree_plan",
            Self::VoidPlan { .. } => "void_plan",
            Self::CounterPlan { .. } => "counter_plan",
            Self::AcceptCounter { .. } => "accept_counter",
            Self::BreakPlan { .. } => "break_plan",
            Self::TellOfPlan { .. } => "tell_of_plan",
            Self::RaiseComplaint { .. } => "raise_complaint",
            Self::GradeComplaint { .. } => "grade_complaint",
            Self::AnswerComplaint { .. } => "answer_complaint",
            Self::GiveFeedback { .. } => "give_feedback",
            Self::AddEvidence { .. } => "add_evidence",
            Self::DeleteEvidence { .. } => "delete_evidence",
            Self::Decide { .. } => "decide",
        }
    }
}
