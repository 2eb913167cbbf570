//! The case: one debtor's account with one creditor, as a document with a revision.

use crate::complaint::ComplaintStub;
use crate::conflict::Conflict;
use crate::evidence::Evidence;
use crate::hours::PermittedHours;
use crate::money::Money;
use crate::place::Address;
use crate::plan::Plan;
use crate::safety::{Flag, Stop};
use crate::visit::Visit;
use crate::words::Language;
use crate::{Action, ActionId, CaseId, HouseholdId, PlanId, Revision, UserId, VisitId};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A case, whole. Two to ten kilobytes, so that it travels whole and never half-applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    pub id: CaseId,
    pub revision: Revision,
    pub account: Account,
    pub person: Person,
    pub household: HouseholdId,
    pub address: Address,
    /// Facts that people correct one by one; each knows who changed it last.
    pub facts: BTreeMap<FactField, Fact>,
    pub balance: Balance,
    pub flags: Vec<Flag>,
    pub stops: Vec<Stop>,
    pub history: Vec<Note>,
    pub visits: Vec<Visit>,
    pub plans: Vec<Plan>,
    pub assignment: Option<Assignment>,
    pub past_assignments: Vec<PastAssignment>,
    pub conflicts: Vec<Conflict>,
    /// That there are complaints; never what they say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub complaints: Vec<ComplaintStub>,
    /// Photos, signatures, recordings: what they are, not what they show.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// The reason it was closed; open while absent.
    pub closed: Option<String>,
}

/// What is owed to whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub creditor: String,
    /// The creditor's own number for the account.
    pub reference: String,
    pub product: String,
    pub months_overdue: u16,
    /// How often gentler ways (a call, a message, a letter) were tried, as the creditor counts it; none
    /// where it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gentler_attempts: Option<u16>,
}

/// The person the account belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub name: String,
    pub language: Language,
}

/// A fact about how to reach and treat somebody that a person may correct.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FactField {
    Phone,
    Email,
    PreferredHours,
    PreferredChannel,
    DoorNote,
}

/// The value of a fact, and the change that it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    pub value: String,
    /// The revision at which it got this value; a device's own unjudged edit keeps the old one.
    pub revision: Revision,
    /// The action that set it.
    pub set_by: ActionId,
    /// Its revision in an earlier epoch, where a restored server took it in again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<Revision>,
}

/// What is owed, itemised, and how old the figure is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    pub lines: Vec<BalanceLine>,
    pub total: Money,
    pub as_of: NaiveDate,
}

/// One line of an itemised balance; the lines sum to the total.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct BalanceLine {
    pub item: BalanceItem,
    pub on: NaiveDate,
    /// Negative for what reduces the debt.
    pub amount: Money,
}

/// What a line of the balance is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum BalanceItem {
    Opening,
    /// Purchases, interest and fees billed in the month; the source does not split them.
    Charges,
    /// Costs of the creditor, such as a fee.
    Costs,
    Interest,
    Principal,
    /// More credited than charged in the month.
    Credit,
    Payment,
    /// Let go by a settlement that was kept.
    Discount,
}

/// A line in the contact history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    pub id: ActionId,
    pub on: NaiveDate,
    pub by: UserId,
    pub text: String,
    /// Written by somebody who no longer had the case.
    pub late: bool,
}

/// Who works the case, on which day, at which place in the route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    pub agent: UserId,
    pub day: NaiveDate,
    pub position: u16,
    pub from: Revision,
    /// The server reserved the household's contact of that day for this agent (P7).
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub has_permit: bool,
}

const fn yes() -> bool {
    true
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
const fn is_yes(value: &bool) -> bool {
    *value
}

/// An assignment that ended; late work is judged by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastAssignment {
    pub agent: UserId,
    pub from: Revision,
    pub to: Revision,
}

impl Case {
    /// Finds a visit of this case.
    /// The newest visit of this person.
    pub fn last_visit_of(&self, agent: UserId) -> Option<&Visit> {
        let mut visits = self.visits.iter().rev();
        visits.find(|visit| visit.agent == agent)
    }

    pub fn visit(&self, id: VisitId) -> Option<&Visit> {
        self.visits.iter().find(|visit| visit.id == id)
    }

    /// Finds a plan of this case.
    pub fn plan(&self, id: PlanId) -> Option<&Plan> {
        self.plans.iter().find(|plan| plan.terms.id == id)
    }

    /// Whether a plan stands: active, or agreed and waiting for its verdict.
    pub fn has_standing_plan(&self) -> bool {
        self.plans.iter().any(Plan::stands)
    }

    /// Finds a conflict by the action that was held first.
    pub fn conflict(&self, id: ActionId) -> Option<&Conflict> {
        self.conflicts.iter().find(|conflict| conflict.id == id)
    }

    /// The stops that forbid contact at `moment`.
    pub fn stops_in_force(&self, moment: DateTime<Utc>) -> impl Iterator<Item = &Stop> {
        self.stops
            .iter()
            .filter(move |stop| stop.is_in_force(moment))
    }

    /// The hours that the person asked for, where the fact can be read as hours of a day, such as
    /// `18:00-20:00`. Whatever else it says is for people to read.
    pub fn wished_hours(&self) -> Option<PermittedHours> {
        let text = self.fact(FactField::PreferredHours)?;
        let (from, to) = text.split_once(['-', '–', '—', '~', '至'])?;
        let read = |text: &str| NaiveTime::parse_from_str(text.trim(), "%H:%M").ok();
        let (from, to) = (read(from)?, read(to)?);
        (from < to).then_some(PermittedHours {
            from,
            to,
            closed_on: Vec::new(),
        })
    }

    /// The flags that speak at `moment`.
    pub fn flags_in_force(&self, moment: DateTime<Utc>) -> impl Iterator<Item = &Flag> {
        let day = moment.with_timezone(&self.address.zone).date_naive();
        self.flags.iter().filter(move |flag| flag.is_in_force(day))
    }

    /// Whether `user` has the case now.
    pub fn is_assigned_to(&self, user: UserId) -> bool {
        self.assignment.as_ref().is_some_and(|a| a.agent == user)
    }

    /// Whether `user` had the case at the position `seen`, as far as they could know.
    ///
    /// Across epochs numbers do not compare; then having had it at any time counts.
    pub fn was_assigned_to(&self, user: UserId, seen: Revision) -> bool {
        self.past_assignments
            .iter()
            .filter(|past| past.agent == user)
            .any(
                |past| match (past.from.is_covered_by(seen), past.to.is_covered_by(seen)) {
                    (Some(began), Some(ended)) => began && !ended,
                    _ => true,
                },
            )
    }

    /// Whether `action` is late work: by somebody who has the case no longer, and who had it as far
    /// as they could know, or stood at the door when it was taken from them.
    pub fn is_late_work(&self, action: &Action) -> bool {
        let began_there = |visit: &Visit| {
            visit.agent == action.actor
                && (visit.is_under_way() || action.change.visit() == Some(visit.id))
        };
        !self.is_assigned_to(action.actor)
            && (self.was_assigned_to(action.actor, action.base.cursor)
                || self.visits.iter().any(began_there))
    }

    /// The value of a fact as people read it.
    pub fn fact(&self, field: FactField) -> Option<&str> {
        self.facts.get(&field).map(|fact| fact.value.as_str())
    }
}
