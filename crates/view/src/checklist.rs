//! The checklist on a screen, and the answer to *may I go?*

use chrono::{DateTime, Utc};
use doorstep_domain::checklist::{Answer, Answers, Checklist, Effect, QuestionGroup};
use doorstep_domain::clearance::{Clearance, Reason};
use doorstep_domain::words::Bilingual;
use serde::Serialize;
use std::collections::BTreeMap;
use ts_rs::TS;
use utoipa::ToSchema;

/// One question, with its answer so far.
#[derive(Debug, Clone, Serialize, TS, ToSchema)]
pub struct QuestionView {
    pub id: String,
    pub group: QuestionGroup,
    pub text: Bilingual,
    pub source: String,
    pub answer: Option<Answer>,
    /// The case answers it; the agent can't talk it away.
    pub is_known: bool,
    /// Answered earlier, at this door or today, and still good; it may be changed.
    pub is_carried: bool,
}

/// The questions of one case, and what the answers so far allow.
#[derive(Debug, Clone, Serialize, TS, ToSchema)]
pub struct ChecklistView {
    pub version: u32,
    pub questions: Vec<QuestionView>,
    pub planned_minutes: u16,
    pub headcount: u8,
    /// A colleague's code was noted.
    pub has_partner_code: bool,
    /// A lead may lift something that stands in the way.
    pub may_ask_lead: bool,
    pub clearance: ClearanceView,
}

/// A clearance as a screen shows it.
#[derive(Debug, Clone, Serialize, TS, ToSchema)]
pub struct ClearanceView {
    pub may_go: bool,
    pub is_blocked: bool,
    pub conditions: Vec<Effect>,
    pub unmet: Vec<Effect>,
    pub reasons: Vec<Reason>,
    pub valid_until: Option<DateTime<Utc>>,
}

impl QuestionView {
    /// The questions in order, with `answers` and what the case `known`s by itself.
    pub fn all(
        checklist: &Checklist,
        answers: &Answers,
        known: &BTreeMap<String, Answer>,
        carried: &Answers,
    ) -> Vec<Self> {
        checklist
            .questions
            .iter()
            .filter(|question| question.is_asked())
            .map(|question| Self {
                id: question.id.clone(),
                group: question.group,
                text: question.text.clone(),
                source: question.source.clone(),
                answer: known
                    .get(&question.id)
                    .or_else(|| answers.get(&question.id))
                    .copied(),
                is_known: known.contains_key(&question.id),
                is_carried: carried
                    .get(&question.id)
                    .is_some_and(|answer| answers.get(&question.id) == Some(answer)),
            })
            .collect()
    }
}

impl From<&Clearance> for ClearanceView {
    fn from(clearance: &Clearance) -> Self {
        Self {
            may_go: clearance.may_go(),
            is_blocked: clearance.is_blocked(),
            conditions: clearance.conditions().into_iter().collect(),
            unmet: clearance.unmet.iter().copied().collect(),
            reasons: clearance.reasons.clone(),
            valid_until: clearance.valid_until,
        }
    }
}
