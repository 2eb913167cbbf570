//! May this visit happen? Any block wins; else the union of the conditions. No point score:
//! a sum would hide a single fatal answer.

use crate::case::Case;
use crate::checklist::{Answers, Effect};
use crate::daylight::daylight;
use crate::policy::{Citation, Policies};
use crate::visit::VisitIntent;
use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Why a rule spoke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Because {
    // In the order in which a person wants to read them.
    /// The case already says so.
    Case,
    /// The agent's answer.
    Answer,
    /// The pack's own rule.
    Policy,
    /// *Unknown*, or not answered: the stricter branch.
    Unknown,
}

/// One rule's effect on the visit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct Reason {
    pub effect: Effect,
    pub because: Because,
    pub citation: Citation,
}

/// What the answers allow, until when, and which rules said so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clearance {
    /// Blocks first, then conditions; what is certain before what is not known.
    pub reasons: Vec<Reason>,
    /// Conditions that are asked for and not met by what the visit brings.
    pub unmet: BTreeSet<Effect>,
    pub checklist_version: u32,
    pub pack_id: String,
    pub pack_version: u32,
    /// The visit must have begun by then; none where it may not begin.
    pub valid_until: Option<DateTime<Utc>>,
}

impl Clearance {
    /// Nothing forbids the visit and every condition is met.
    pub fn may_go(&self) -> bool {
        self.unmet.is_empty() && !self.is_blocked()
    }

    /// A rule says *do not go*.
    pub fn is_blocked(&self) -> bool {
        self.reasons
            .iter()
            .any(|reason| reason.effect == Effect::Block)
    }

    /// The conditions asked for, met or not.
    pub fn conditions(&self) -> BTreeSet<Effect> {
        self.reasons
            .iter()
            .map(|reason| reason.effect)
            .filter(|effect| *effect != Effect::Block)
            .collect()
    }

    /// Still good at `now`.
    pub fn is_valid_at(&self, now: DateTime<Utc>) -> bool {
        self.may_go() && self.valid_until.is_some_and(|until| now <= until)
    }

    /// A risk that somebody named (not the law alone) asks for a condition.
    pub fn is_elevated(&self) -> bool {
        self.reasons
            .iter()
            .any(|reason| reason.because != Because::Policy)
    }
}

/// How often the agent checks in while on scene, and how long silence is tolerated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckInRhythm {
    pub interval_minutes: u16,
    pub grace_minutes: u16,
}

/// The rhythm of `reference` section 3 for a visit of this clearance and headcount.
pub fn check_in_rhythm(clearance: &Clearance, headcount: u8) -> CheckInRhythm {
    let (interval_minutes, grace_minutes) = match (clearance.is_elevated(), headcount) {
        (true, _) => (15, 3),
        (false, 0 | 1) => (20, 5),
        (false, _) => (30, 5),
    };
    CheckInRhythm {
        interval_minutes,
        grace_minutes,
    }
}

/// Decides whether the visit may begin at `now`.
///
/// Adding an adverse answer, an *unknown*, a flag or a stop never loosens the result.
pub fn clear(
    case: &Case,
    answers: &Answers,
    policies: &Policies,
    intent: &VisitIntent,
    now: DateTime<Utc>,
) -> Clearance {
    let mut reasons = checklist_reasons(case, answers, policies, now);
    let hours = &policies.pack.hours;
    let latest_by_hours = hours.latest_start(now, intent.planned_minutes, case.address.zone);
    reasons.extend(policy_reasons(
        case,
        policies,
        intent,
        now,
        latest_by_hours.is_some(),
    ));
    reasons.sort_by_key(|reason| (reason.effect, reason.because));

    let asks = |effect| {
        reasons
            .iter()
            .any(|reason: &Reason| reason.effect == effect)
    };
    let latest_by_daylight = latest_in_daylight(case, intent, now);
    let mut unmet = BTreeSet::new();
    if asks(Effect::Pair) && intent.headcount < 2 {
        unmet.insert(Effect::Pair);
    }
    let lead_asked = intent
        .lead_approval
        .as_deref()
        .is_some_and(|text| !text.trim().is_empty());
    if asks(Effect::Lead) && !lead_asked {
        unmet.insert(Effect::Lead);
    }
    if asks(Effect::Daylight) && latest_by_daylight.is_none() {
        unmet.insert(Effect::Daylight);
    }

    let life = now + Duration::minutes(i64::from(policies.pack.clearance.minutes_max));
    let by_daylight = asks(Effect::Daylight)
        .then_some(latest_by_daylight)
        .flatten();
    let may_go = unmet.is_empty() && !asks(Effect::Block);
    let valid_until = may_go
        .then(|| {
            [Some(life), latest_by_hours, by_daylight]
                .into_iter()
                .flatten()
                .min()
        })
        .flatten();
    Clearance {
        reasons,
        unmet,
        checklist_version: policies.checklist.version,
        pack_id: policies.pack.id.clone(),
        pack_version: policies.pack.version,
        valid_until,
    }
}

fn checklist_reasons(
    case: &Case,
    answers: &Answers,
    policies: &Policies,
    now: DateTime<Utc>,
) -> Vec<Reason> {
    let known = policies.checklist.prefilled(case, now);
    let mut reasons = Vec::new();
    for question in &policies.checklist.questions {
        let given = answers.get(&question.id).copied();
        let because = match (known.contains_key(&question.id), given) {
            (true, _) => Because::Case,
            (false, Some(answer)) if answer == question.adverse => Because::Answer,
            (false, given) if question.is_adverse(given) => Because::Unknown,
            _ => continue,
        };
        reasons.extend(question.effects.iter().map(|effect| Reason {
            effect: *effect,
            because,
            citation: question.citation(),
        }));
    }
    reasons
}

fn policy_reasons(
    case: &Case,
    policies: &Policies,
    intent: &VisitIntent,
    now: DateTime<Utc>,
    inside_hours: bool,
) -> Vec<Reason> {
    let pack = &policies.pack;
    let rule = |effect, citation: &Citation| Reason {
        effect,
        because: Because::Policy,
        citation: citation.clone(),
    };
    let mut reasons = Vec::new();
    if case.stops_in_force(now).next().is_some() {
        reasons.push(rule(Effect::Block, &pack.stop));
    }
    if !inside_hours {
        reasons.push(rule(Effect::Block, &pack.hours.citation));
    }
    match pack.headcount.staff_min {
        0 | 1 => {}
        staff_min if intent.headcount < staff_min => {
            reasons.push(rule(Effect::Block, &pack.headcount.citation));
        }
        _ => reasons.push(rule(Effect::Pair, &pack.headcount.citation)),
    }
    reasons
}

/// The last start that leaves the whole visit in daylight; `None` when there is none today, or
/// no position to compute it for: unknown takes the stricter branch.
fn latest_in_daylight(
    case: &Case,
    intent: &VisitIntent,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let position = case.address.position?;
    let today = now.with_timezone(&case.address.zone).date_naive();
    let light = daylight(position, today)?;
    let latest = light.to - Duration::minutes(i64::from(intent.planned_minutes));
    (light.from <= now && now <= latest).then_some(latest)
}
