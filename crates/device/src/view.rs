//! What only the field app shows: what is saved and sent, and how plans could look.

use chrono::{DateTime, NaiveDate, Utc};
use doorstep_domain::plan::{Frequency, Instalment};
use doorstep_domain::policy::{Citation, DoorStep};
use doorstep_domain::verdict::Ruling;
use doorstep_domain::{ActionId, CaseId, Money, Role, RuleId, UserId, VisitId};
use doorstep_view::CaseSummaryView;
use serde::Serialize;
use ts_rs::TS;

/// What is saved, sent and judged, and whether the server is in reach.
#[derive(Debug, Clone, Serialize, TS)]
pub struct SyncStatusView {
    /// Saved here, not sent yet.
    pub waiting: u32,
    /// Waiting for a person's decision.
    pub held: u32,
    pub refused: u32,
    /// Saved and not sent, about cases that are here no longer.
    pub hidden: u32,
    pub cases: u32,
    /// How far the first sync has come, while it runs.
    pub arrived: Option<ArrivedView>,
    /// The network is a metered one: only what was recorded goes out by itself.
    pub is_metered: bool,
    /// The first sync has finished.
    pub is_ready: bool,
    pub is_running: bool,
    /// When the server was last heard: how old the facts are.
    pub heard_at: Option<DateTime<Utc>>,
    /// Why the last exchange did not succeed.
    pub problem: Option<String>,
    /// Why newer rules than those here are not used; a stable code.
    pub policies_refused: Option<String>,
    pub server: String,
}

/// How far the first sync has come.
#[derive(Debug, Clone, Copy, Serialize, TS)]
pub struct ArrivedView {
    pub cases: u32,
    pub of: u32,
}

/// One thing saved on this device, with what became of it.
#[derive(Debug, Clone, Serialize, TS)]
pub struct SavedView {
    pub action: ActionId,
    pub case: CaseId,
    pub kind: String,
    pub subject: String,
    pub recorded_at: String,
    /// None while the server has not judged it.
    pub ruling: Option<Ruling>,
}

/// The agent's day.
#[derive(Debug, Clone, Serialize, TS)]
pub struct TodayView {
    pub day: NaiveDate,
    /// Today's route, in order, and what is left of earlier days.
    pub stops: Vec<CaseSummaryView>,
    /// The visit that is going on.
    pub under_way: Option<UnderWayView>,
    pub sync: SyncStatusView,
}

/// A visit that is going on.
#[derive(Debug, Clone, Serialize, TS)]
pub struct UnderWayView {
    pub case: CaseId,
    pub visit: VisitId,
    pub name: String,
}

/// What came of saving: the rules warn where a person will have to decide.
#[derive(Debug, Clone, Serialize, TS)]
pub struct CommittedView {
    pub action: ActionId,
    pub will_be_held: Option<RuleId>,
}

/// How fast a proposed plan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    Gentle,
    Steady,
    /// This debt's part beside the others.
    FairShare,
    Fastest,
}

/// A plan as it could be agreed.
#[derive(Debug, Clone, Serialize, TS)]
pub struct ProposalView {
    pub pace: Pace,
    pub instalment: Money,
    pub lines: Vec<Instalment>,
    pub ends_on: NaiveDate,
    /// What is paid in all: what is owed, less what a settlement lets go.
    pub total: Money,
}

/// What is left of a budget, and the plans that fit into it, from gentle to fast.
#[derive(Debug, Clone, Serialize, TS)]
pub struct ProposalsView {
    pub monthly_surplus: Money,
    /// The most that one instalment may take.
    pub instalment_max: Money,
    pub frequency: Frequency,
    /// What is owed without a plan.
    pub owed: Money,
    pub proposals: Vec<ProposalView>,
    /// Why there is none, by code.
    pub none_because: Option<String>,
    /// The agreement names how it is paid, and whether new credit is taken meanwhile.
    pub needs_all_fields: bool,
    /// Since when the claim may be too old to be enforced: said before anything is agreed.
    pub limitation_since: Option<NaiveDate>,
    /// So large a discount is for a lead to grant: the plan is provisional until then.
    pub needs_lead: bool,
}

/// Who works on this device.
#[derive(Debug, Clone, Serialize, TS)]
pub struct ProfileView {
    pub user: UserId,
    pub display_name: String,
    pub server: String,
    pub role: Role,
}

/// What a lead's device can answer without a network.
#[derive(Debug, Clone, Serialize, TS)]
pub struct TeamView {
    /// Who may ask; empty until the first sync.
    pub agents: Vec<TeamAgentView>,
    /// What a lead may lift.
    pub liftable: Vec<Citation>,
    /// Approvals that are not recorded on the server yet.
    pub waiting: u32,
}

/// Somebody of the team whose device asks.
#[derive(Debug, Clone, Serialize, TS)]
pub struct TeamAgentView {
    pub agent: UserId,
    pub name: String,
}

/// What the agent reads out to a lead.
#[derive(Debug, Clone, Serialize, TS)]
pub struct LiftQuestionView {
    /// Six letters and digits.
    pub question: String,
    /// The number of the account: a lead without a network knows the case by it.
    pub reference: String,
    /// The rules that the code will lift.
    pub rules: Vec<String>,
    pub tries_left: u8,
}

/// What the window can show: enrol, unlock, or the day.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum SessionStateView {
    NotEnrolled,
    Locked,
    Open { profile: ProfileView },
}

/// Something that is said at the door.
#[derive(Debug, Clone, Serialize, TS)]
pub struct DoorStepView {
    pub step: DoorStep,
    /// The rules that ask for it; empty where it is good practice alone.
    pub asked_by: Vec<Citation>,
}
