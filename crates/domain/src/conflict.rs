//! A held action with both sides, and the decision that settles it. No side is ever lost.

use crate::action::Action;
use crate::case::FactField;
use crate::money::Money;
use crate::{ActionId, PlanId, Role, RuleId, UserId};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// What the two sides are about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "about", rename_all = "snake_case")]
pub enum Sides {
    /// Two values of one fact.
    Fact {
        field: FactField,
        /// What the author saw before the change.
        before: Option<String>,
        /// What the author wrote.
        held: String,
        /// What the server had when it held the action.
        current: Option<String>,
    },
    /// A plan agreed for a debt that had changed, or where it can't simply stand.
    Plan {
        plan: PlanId,
        /// The balance the author and the customer saw.
        balance_seen: Money,
        /// The balance the server had.
        balance_now: Money,
    },
    /// Two people decided the same conflict, each another way.
    Decision {
        conflict: ActionId,
        /// What was decided first, and stands.
        settled: Choice,
        /// What the later one wanted.
        wanted: Choice,
    },
    /// An action that waits as it is: it depends on a held one, or its device was reported lost.
    Whole { kind: String },
}

/// How a conflict was settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(tag = "choice", rename_all = "snake_case")]
pub enum Choice {
    /// What the server has stays; a held plan is void and the customer is told.
    KeepCurrent,
    /// What was held applies; a held plan becomes active as agreed.
    TakeHeld,
    /// A third value, for a fact.
    Write { value: String },
}

/// A decision on a conflict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    pub choice: Choice,
    pub by: UserId,
    pub on: NaiveDate,
    pub action: ActionId,
}

/// A held action, whole, until and after its decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    /// The action that was held.
    pub id: ActionId,
    pub rule: RuleId,
    pub author: UserId,
    pub raised_on: NaiveDate,
    pub sides: Sides,
    /// Later actions of the author that build on the held one and share its fate.
    pub joined: Vec<ActionId>,
    /// Actions that depend on the held one, whole: the same decision applies or drops them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<Action>,
    pub settlement: Option<Settlement>,
}

impl Conflict {
    /// Still waiting for somebody.
    pub const fn is_open(&self) -> bool {
        self.settlement.is_none()
    }

    /// Whether the fate of `action` is decided here.
    pub fn concerns(&self, action: ActionId) -> bool {
        self.id == action
            || self.joined.contains(&action)
            || self.waiting.iter().any(|waiting| waiting.id == action)
    }

    /// Whether `user` in `role` may settle it: a fact by its author or a lead; what binds the
    /// customer by a lead.
    pub fn may_be_settled_by(&self, user: UserId, role: Role) -> bool {
        match (&self.sides, role) {
            (_, Role::Lead) => true,
            (Sides::Fact { .. }, Role::Agent) => self.author == user,
            _ => false,
        }
    }
}
