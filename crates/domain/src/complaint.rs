//! A complaint: a document of its own, for the complaint handler. On the case stands only that there
//! is one and until when it must be answered; its words are in the action that raised it, which the
//! agent's device never shows again.

use crate::ActionId;
use crate::policy::ComplaintClock;
use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

/// What a complaint is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ComplaintKind {
    /// How somebody of ours behaved.
    Conduct,
    /// What is owed.
    Amount,
    /// It is not their debt.
    NotTheirs,
    Privacy,
    Other,
}

/// Where a complaint came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ComplaintChannel {
    AtTheDoor,
    OnPaper,
    Phone,
}

/// What somebody complains about, in their words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct Complaint {
    pub about: ComplaintKind,
    pub channel: ComplaintChannel,
    pub text: String,
}

/// How complex a complaint is, and so how long its answer may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Complexity {
    Simple,
    Complex,
    /// With an approval of its own.
    Special,
}

/// What a case says of a complaint: that there is one, and until when it must be answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComplaintStub {
    /// The action that raised it.
    pub id: ActionId,
    pub about: ComplaintKind,
    pub raised_on: NaiveDate,
    pub complexity: Complexity,
    /// The action that answered it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered: Option<ActionId>,
}

impl ComplaintStub {
    /// The last day for the answer (CN-CMP-1: 15, 30, 60 days).
    pub fn due_on(&self, clock: ComplaintClock) -> NaiveDate {
        let days = match self.complexity {
            Complexity::Simple => clock.simple_days,
            Complexity::Complex => clock.complex_days,
            Complexity::Special => clock.special_days,
        };
        let due = self.raised_on.checked_add_days(Days::new(u64::from(days)));
        due.unwrap_or(NaiveDate::MAX)
    }
}

/// What the person said of the visit on the screen that was turned round to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct Feedback {
    /// *Were you treated with respect?* 1 to 5.
    pub respect: u8,
    /// *Was everything explained clearly?* 1 to 5.
    pub clarity: u8,
}

impl Feedback {
    /// Both answers are on the scale.
    pub fn is_sound(&self) -> bool {
        [self.respect, self.clarity]
            .iter()
            .all(|answer| (1..=5).contains(answer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn v7_fifteen_thirty_and_sixty_days() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let due = |complexity| {
            let stub = ComplaintStub {
                id: ActionId(Uuid::from_u128(1)),
                about: ComplaintKind::Conduct,
                raised_on: day("2026-11-22"),
                complexity,
                answered: None,
            };
            stub.due_on(ComplaintClock::default())
        };
        assert_eq!(due(Complexity::Simple), day("2026-12-07"));
        assert_eq!(due(Complexity::Complex), day("2026-12-22"));
        assert_eq!(due(Complexity::Special), day("2027-01-21"));
    }
}
