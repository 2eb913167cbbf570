//! A case in a list, and a case opened.

use crate::{BalanceView, ConflictView, PlanView, VisitView};
use chrono::{DateTime, NaiveDate, Utc};
use doorstep_domain::case::FactField;
use doorstep_domain::evidence::Evidence;
use doorstep_domain::plan::PlanState;
use doorstep_domain::safety::{Approval, Flag, FlagKind, StopKind};
use doorstep_domain::visit::VisitState;
use doorstep_domain::words::Language;
use doorstep_domain::{ActionId, Case, CaseId, Money, Revision, Role, UserId};
use serde::Serialize;
use ts_rs::TS;
use utoipa::ToSchema;

/// Who looks, and when.
#[derive(Debug, Clone, Copy)]
pub struct Viewer {
    pub user: UserId,
    pub role: Role,
    pub now: DateTime<Utc>,
}

impl Viewer {
    /// Today, where the household lives.
    pub(crate) fn today(&self, case: &Case) -> NaiveDate {
        self.now.with_timezone(&case.address.zone).date_naive()
    }
}

/// That there was a complaint; what it says is for the complaint handler.
#[derive(Debug, Clone, Serialize, TS, ToSchema)]
pub struct ComplaintStubView {
    pub raised_on: NaiveDate,
    pub is_answered: bool,
}

/// A case as a line of a list.
#[derive(Debug, Clone, Serialize, TS, ToSchema)]
pub struct CaseSummaryView {
    pub id: CaseId,
    pub revision: Revision,
    pub reference: String,
    pub name: String,
    pub language: Language,
    pub street: String,
    pub town: String,
    pub creditor: String,
    pub months_overdue: u16,
    /// How often gentler ways were tried; none where the creditor does not say.
    pub gentler_attempts: Option<u16>,
    pub total: Money,
    pub as_of: NaiveDate,
    pub assigned_to: Option<UserId>,
    pub day: Option<NaiveDate>,
    pub position: Option<u16>,
    pub stops: Vec<StopKind>,
    pub flags: Vec<FlagKind>,
    pub last_visit: Option<VisitState>,
    pub plan: Option<PlanState>,
    pub open_conflicts: u16,
    pub is_closed: bool,
}

/// A flag as a person reads it.
#[derive(Debug, Clone, Serialize, TS, ToSchema)]
pub struct FlagView {
    pub id: ActionId,
    pub kind: FlagKind,
    pub incident: String,
    pub raised_by: UserId,
    pub raised_on: NaiveDate,
    pub review_on: NaiveDate,
    /// The last day on which it speaks.
    pub expires_on: NaiveDate,
    /// Who looked at it last; nobody yet: it speaks all the same.
    pub approved: Option<Approval>,
}

impl From<&Flag> for FlagView {
    fn from(flag: &Flag) -> Self {
        Self {
            id: flag.id,
            kind: flag.kind,
            incident: flag.incident.clone(),
            raised_by: flag.raised_by,
            raised_on: flag.raised_on,
            review_on: flag.review_on,
            expires_on: flag.expires_on(),
            approved: flag.approved,
        }
    }
}

/// A stop as a person reads it.
#[derive(Debug, Clone, Serialize, TS, ToSchema)]
pub struct StopView {
    pub id: ActionId,
    pub kind: StopKind,
    pub effective: DateTime<Utc>,
    pub until: Option<NaiveDate>,
}

/// A fact that people correct.
#[derive(Debug, Clone, Serialize, TS, ToSchema)]
pub struct FactView {
    pub field: FactField,
    pub value: String,
}

/// A line of the history.
#[derive(Debug, Clone, Serialize, TS, ToSchema)]
pub struct NoteView {
    pub on: NaiveDate,
    pub by: UserId,
    pub text: String,
    pub late: bool,
}

/// A case opened: everything a person works with.
#[derive(Debug, Clone, Serialize, TS, ToSchema)]
pub struct CaseView {
    pub summary: CaseSummaryView,
    pub product: String,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    /// The IANA time zone of the address: visiting hours are shown in it.
    pub zone: String,
    pub facts: Vec<FactView>,
    pub balance: BalanceView,
    pub flags: Vec<FlagView>,
    pub stops: Vec<StopView>,
    pub history: Vec<NoteView>,
    pub visits: Vec<VisitView>,
    pub plans: Vec<PlanView>,
    pub complaints: Vec<ComplaintStubView>,
    pub evidence: Vec<Evidence>,
    pub conflicts: Vec<ConflictView>,
    /// The moment of this look, by the clock that judges; timers on a screen count from it.
    pub now: DateTime<Utc>,
}

impl CaseSummaryView {
    /// The line of a case at `now`.
    pub fn of(case: &Case, now: DateTime<Utc>) -> Self {
        let assignment = case.assignment.as_ref();
        let open_conflicts = case
            .conflicts
            .iter()
            .filter(|conflict| conflict.is_open())
            .count();
        Self {
            id: case.id,
            revision: case.revision,
            reference: case.account.reference.clone(),
            name: case.person.name.clone(),
            language: case.person.language,
            street: case.address.street.clone(),
            town: case.address.town.clone(),
            creditor: case.account.creditor.clone(),
            months_overdue: case.account.months_overdue,
            gentler_attempts: case.account.gentler_attempts,
            total: case.balance.total,
            as_of: case.balance.as_of,
            assigned_to: assignment.map(|a| a.agent),
            day: assignment.map(|a| a.day),
            position: assignment.map(|a| a.position),
            stops: case.stops_in_force(now).map(|stop| stop.kind).collect(),
            flags: case.flags_in_force(now).map(|flag| flag.kind).collect(),
            last_visit: match assignment {
                Some(assignment) => case.last_visit_of(assignment.agent),
                None => case.visits.last(),
            }
            .map(|visit| visit.state),
            plan: case.plans.last().map(|plan| plan.state),
            open_conflicts: u16::try_from(open_conflicts).unwrap_or(u16::MAX),
            is_closed: case.closed.is_some(),
        }
    }
}

impl CaseView {
    /// The case as `viewer` sees it. A plan counts as missed `grace_days` after a due date.
    pub fn of(case: &Case, viewer: Viewer, grace_days: u16) -> Self {
        Self {
            summary: CaseSummaryView::of(case, viewer.now),
            product: case.account.product.clone(),
            latitude: case.address.position.map(|position| position.latitude()),
            longitude: case.address.position.map(|position| position.longitude()),
            zone: case.address.zone.name().to_owned(),
            facts: case
                .facts
                .iter()
                .map(|(field, fact)| FactView {
                    field: *field,
                    value: fact.value.clone(),
                })
                .collect(),
            balance: BalanceView::from(&case.balance),
            flags: case
                .flags_in_force(viewer.now)
                .map(FlagView::from)
                .collect(),
            stops: case
                .stops_in_force(viewer.now)
                .map(|stop| StopView {
                    id: stop.id,
                    kind: stop.kind,
                    effective: stop.effective,
                    until: stop.until,
                })
                .collect(),
            history: case
                .history
                .iter()
                .rev()
                .map(|note| NoteView {
                    on: note.on,
                    by: note.by,
                    text: note.text.clone(),
                    late: note.late,
                })
                .collect(),
            visits: case
                .visits
                .iter()
                .rev()
                .map(|visit| VisitView::of(visit, viewer))
                .collect(),
            plans: case
                .plans
                .iter()
                .rev()
                .map(|plan| PlanView::of(plan, viewer.today(case), grace_days))
                .collect(),
            complaints: case
                .complaints
                .iter()
                .map(|stub| ComplaintStubView {
                    raised_on: stub.raised_on,
                    is_answered: stub.answered.is_some(),
                })
                .collect(),
            evidence: case.evidence.clone(),
            conflicts: case
                .conflicts
                .iter()
                .map(|conflict| ConflictView::of(case, conflict, viewer))
                .collect(),
            now: viewer.now,
        }
    }
}
