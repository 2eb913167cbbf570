//! The server's answer to one action. Every verdict reaches the person who acted.

use crate::{ActionId, Revision};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The stable name of a rule, such as `plan.balance_moved`.
///
/// A string and not an enum: a newer server may name a rule that an older device does not know,
/// and the verdict must still reach the person.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
#[cfg_attr(feature = "schema", ts(type = "string"), schema(value_type = String))]
#[serde(transparent)]
pub struct RuleId(pub Cow<'static, str>);

impl RuleId {
    /// A rule of this crate.
    pub const fn named(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// The stable name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What the rules say to one action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(tag = "ruling", rename_all = "snake_case")]
pub enum Ruling {
    /// Done.
    Applied,
    /// Kept, and waiting for a person's decision.
    Held { rule: RuleId },
    /// Not done, and the reason. The action stays on record at both ends.
    Refused { rule: RuleId },
}

impl Ruling {
    /// Held under a named rule.
    pub const fn held(rule: &'static str) -> Self {
        Self::Held {
            rule: RuleId::named(rule),
        }
    }

    /// Refused under a named rule.
    pub const fn refused(rule: &'static str) -> Self {
        Self::Refused {
            rule: RuleId::named(rule),
        }
    }
}

impl Ruling {
    /// The ruling's name, as it is sent and stored.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Held { .. } => "held",
            Self::Refused { .. } => "refused",
        }
    }

    /// The rule that held or refused.
    pub const fn rule(&self) -> Option<&RuleId> {
        match self {
            Self::Applied => None,
            Self::Held { rule } | Self::Refused { rule } => Some(rule),
        }
    }

    /// The ruling of a stored name and rule; `None` for a name that is none.
    pub fn read(name: &str, rule: String) -> Option<Self> {
        let rule = RuleId(rule.into());
        match name {
            "applied" => Some(Self::Applied),
            "held" => Some(Self::Held { rule }),
            "refused" => Some(Self::Refused { rule }),
            _ => None,
        }
    }
}

/// A ruling on one action, with the revision it produced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    pub action: ActionId,
    #[serde(flatten)]
    pub ruling: Ruling,
    /// The case's revision after this action; none when the case did not change.
    pub revision: Option<Revision>,
    /// The revision of the first verdict, where a restored server replayed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<Revision>,
    /// What the action is labelled with although it applies: kept, and reviewed by a person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<RuleId>,
    pub judged_at: DateTime<Utc>,
}
