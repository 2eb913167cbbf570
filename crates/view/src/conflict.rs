//! A conflict with both sides, and who may settle it.

use crate::PlanView;
use crate::case::Viewer;
use chrono::NaiveDate;
use doorstep_domain::case::FactField;
use doorstep_domain::conflict::{Choice, Conflict, Sides};
use doorstep_domain::{ActionId, Case, CaseId, Money, RuleId, UserId};
use serde::Serialize;
use ts_rs::TS;
use utoipa::ToSchema;

/// Both sides of a conflict.
#[derive(Debug, Clone, Serialize, TS, ToSchema)]
#[serde(tag = "about", rename_all = "snake_case")]
pub enum SidesView {
    Fact {
        field: FactField,
        before: Option<String>,
        held: String,
        current: Option<String>,
    },
    Plan {
        plan: Option<Box<PlanView>>,
        balance_seen: Money,
        balance_now: Money,
    },
    /// Two people settled the same conflict, each another way.
    Decision { settled: Choice, wanted: Choice },
    /// An action that waits as it is.
    Whole { kind: String },
}

/// How it was settled.
#[derive(Debug, Clone, Serialize, TS, ToSchema)]
pub struct SettlementView {
    pub choice: Choice,
    pub by: UserId,
    pub on: NaiveDate,
}

/// A held action with what it met.
#[derive(Debug, Clone, Serialize, TS, ToSchema)]
pub struct ConflictView {
    pub id: ActionId,
    pub case: CaseId,
    pub person: String,
    pub reference: String,
    pub rule: RuleId,
    pub author: UserId,
    pub raised_on: NaiveDate,
    pub sides: SidesView,
    pub may_settle: bool,
    pub settlement: Option<SettlementView>,
}

impl ConflictView {
    /// The conflict as `viewer` sees it; the server's side of a fact is its value *now*.
    pub fn of(case: &Case, conflict: &Conflict, viewer: Viewer) -> Self {
        let sides = match &conflict.sides {
            Sides::Fact {
                field,
                before,
                held,
                current,
            } => SidesView::Fact {
                field: *field,
                before: before.clone(),
                held: held.clone(),
                current: match conflict.is_open() {
                    true => case.fact(*field).map(str::to_owned),
                    false => current.clone(),
                },
            },
            Sides::Plan {
                plan,
                balance_seen,
                balance_now,
            } => SidesView::Plan {
                plan: case
                    .plan(*plan)
                    .map(|plan| Box::new(PlanView::of(plan, viewer.today(case), 0))),
                balance_seen: *balance_seen,
                balance_now: match conflict.is_open() {
                    true => case.balance.total,
                    false => *balance_now,
                },
            },
            Sides::Decision {
                settled, wanted, ..
            } => SidesView::Decision {
                settled: settled.clone(),
                wanted: wanted.clone(),
            },
            Sides::Whole { kind } => SidesView::Whole { kind: kind.clone() },
        };
        Self {
            id: conflict.id,
            case: case.id,
            person: case.person.name.clone(),
            reference: case.account.reference.clone(),
            rule: conflict.rule.clone(),
            author: conflict.author,
            raised_on: conflict.raised_on,
            sides,
            may_settle: conflict.is_open() && conflict.may_be_settled_by(viewer.user, viewer.role),
            settlement: conflict
                .settlement
                .as_ref()
                .map(|settlement| SettlementView {
                    choice: settlement.choice.clone(),
                    by: settlement.by,
                    on: settlement.on,
                }),
        }
    }
}
