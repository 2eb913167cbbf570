//! May this visit happen? Any block wins; else the union of the conditions. No point score:
//! a sum would hide a single fatal answer.

use crate::case::Case;
use crate::checklist::{Answers, Effect};
use crate::daylight::daylight;
use crate::policy::{Check, Citation, Lift, Pack, Policies, Rule};
use crate::visit::{VisitIntent, VisitState};
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
    /// A lead may lift it, with a reason.
    #[serde(default, skip_serializing_if = "is_false")]
    pub may_lift: bool,
    /// A lead has lifted it for this visit.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_lifted: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// What the answers allow, until when, and which rules said so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clearance {
    /// Blocks first, then conditions; what is certain before what is not known.
    pub reasons: Vec<Reason>,
    /// Conditions that are asked for and not met by what the visit brings.
    pub unmet: BTreeSet<Effect>,
    pub checklist_version: u32,
    /// The packs that it was made by: the first one, and the others.
    pub pack_id: String,
    pub pack_version: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<PackUsed>,
    /// The visit must have begun by then; none where it may not begin.
    pub valid_until: Option<DateTime<Utc>>,
}

/// A version of a pack by which a clearance was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackUsed {
    pub id: String,
    pub version: u32,
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
            .any(|reason| reason.effect == Effect::Block && !reason.is_lifted)
    }

    /// The rules that stand in the way and that a lead may lift, in order, each once.
    pub fn liftable(&self) -> Vec<String> {
        let hinders = |reason: &&Reason| {
            let effect = reason.effect;
            !reason.is_lifted && (effect == Effect::Block || self.unmet.contains(&effect))
        };
        let hindering = self.reasons.iter().filter(hinders);
        let rules: BTreeSet<_> = hindering
            .filter(|reason| reason.may_lift)
            .map(|reason| reason.citation.rule.clone())
            .collect();
        rules.into_iter().collect()
    }

    /// The conditions asked for, met or not.
    pub fn conditions(&self) -> BTreeSet<Effect> {
        self.reasons
            .iter()
            .filter(|reason| !reason.is_lifted)
            .map(|reason| reason.effect)
            .filter(|effect| effect.is_condition())
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
            .any(|reason| reason.because != Because::Policy && reason.effect.is_condition())
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
    let by_policy = policy_view(case, policies, intent, now);
    reasons.extend(by_policy.reasons);
    for reason in reasons.iter_mut().filter(|reason| reason.may_lift) {
        let mut lifts = intent.lifts.iter();
        reason.is_lifted = lifts.any(|lifted| lifted.rule == reason.citation.rule);
    }
    reasons.sort_by_key(|reason| (reason.is_lifted, reason.effect, reason.because));

    let asks = |effect| {
        reasons
            .iter()
            .any(|reason: &Reason| reason.effect == effect && !reason.is_lifted)
    };
    let latest_by_daylight = latest_in_daylight(case, intent, now);
    let mut unmet = BTreeSet::new();
    if asks(Effect::Pair) && intent.headcount < 2 {
        unmet.insert(Effect::Pair);
    }
    // Nothing but a lifted rule answers it.
    if asks(Effect::Lead) {
        unmet.insert(Effect::Lead);
    }
    if asks(Effect::Daylight) && latest_by_daylight.is_none() {
        unmet.insert(Effect::Daylight);
    }

    let minutes = policies
        .for_case(case)
        .map(|pack| pack.clearance.minutes_max)
        .min();
    let life = now + Duration::minutes(i64::from(minutes.unwrap_or_default()));
    let by_daylight = asks(Effect::Daylight)
        .then_some(latest_by_daylight)
        .flatten();
    let may_go = unmet.is_empty() && !asks(Effect::Block);
    let valid_until = may_go
        .then(|| {
            [Some(life), by_policy.latest, by_daylight]
                .into_iter()
                .flatten()
                .min()
        })
        .flatten();
    let mut packs = policies.for_case(case);
    let first = packs.next();
    Clearance {
        reasons,
        unmet,
        checklist_version: policies.checklist.version,
        pack_id: first.map(|pack| pack.id.clone()).unwrap_or_default(),
        pack_version: first.map(|pack| pack.version).unwrap_or_default(),
        also: packs
            .map(|pack| PackUsed {
                id: pack.id.clone(),
                version: pack.version,
            })
            .collect(),
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
    for question in policies.checklist.questions.iter().filter(|q| q.is_asked()) {
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
            may_lift: question.may_be_lifted(),
            is_lifted: false,
        }));
    }
    reasons
}

/// What the packs say of this visit, and until when they let it begin.
struct PolicyView {
    reasons: Vec<Reason>,
    latest: Option<DateTime<Utc>>,
}

fn policy_view(
    case: &Case,
    policies: &Policies,
    intent: &VisitIntent,
    now: DateTime<Utc>,
) -> PolicyView {
    let today = now.with_timezone(&case.address.zone).date_naive();
    let mut view = PolicyView {
        reasons: Vec::new(),
        latest: None,
    };
    for pack in policies.for_case(case) {
        for rule in pack.rules.iter().filter(|rule| rule.is_effective(today)) {
            let effect = rule.strength();
            let spoken = match &rule.check {
                Check::Hours(hours) => {
                    let latest = hours.latest_start(now, intent.planned_minutes, case.address.zone);
                    if effect == Effect::Block {
                        view.latest = earlier(view.latest, latest);
                    }
                    latest.is_none().then_some(effect)
                }
                Check::Headcount { staff_min } => match intent.headcount < *staff_min {
                    true => Some(effect),
                    // Said also where it is met: nobody shall stay behind in the car.
                    false => (*staff_min > 1).then_some(Effect::Pair),
                },
                Check::Wishes {} => match case.wished_hours() {
                    Some(wished) => {
                        let latest =
                            wished.latest_start(now, intent.planned_minutes, case.address.zone);
                        if latest.is_some() {
                            view.latest = earlier(view.latest, latest);
                        }
                        latest.is_none().then_some(effect)
                    }
                    None => None,
                },
                check => is_broken_by(check, case, policies, now).then_some(effect),
            };
            if let Some(effect) = spoken {
                view.reasons.push(spoken_by(rule, effect));
            }
        }
    }
    view
}

fn spoken_by(rule: &Rule, effect: Effect) -> Reason {
    Reason {
        effect,
        because: Because::Policy,
        citation: rule.citation(),
        may_lift: rule.lift == Lift::Lead,
        is_lifted: false,
    }
}

/// Whether the case itself breaks a rule, whoever goes and at whatever hour.
fn is_broken_by(check: &Check, case: &Case, policies: &Policies, now: DateTime<Utc>) -> bool {
    match check {
        Check::Stops { kinds } => {
            let mut stops = case.stops_in_force(now);
            stops.any(|stop| kinds.contains(&stop.kind))
        }
        Check::Flags { kinds } => {
            let mut flags = case.flags_in_force(now);
            flags.any(|flag| kinds.contains(&flag.kind))
        }
        Check::VisitGap { days } => was_visited(case, now, *days),
        Check::LastResort {
            months_overdue_min,
            total_minor_min,
        } => {
            let is_due = case.account.months_overdue >= *months_overdue_min
                && case.balance.total.minor >= *total_minor_min;
            !is_due
        }
        Check::GentlerWays { attempts_min } => {
            let tried = case.account.gentler_attempts;
            tried.is_some_and(|tried| tried < *attempts_min)
        }
        Check::KnownPlace {} => !policies.for_case(case).any(Pack::is_of_a_place),
        Check::HouseholdBudget { .. } => {
            let held = case.assignment.as_ref();
            held.is_some_and(|held| !held.has_permit)
        }
        _ => false,
    }
}

/// What speaks against any visit to this case today: what the case itself says, before anybody has
/// answered a checklist, and at whatever hour. Empty: it may be planned (P5).
pub fn against_any_visit(case: &Case, policies: &Policies, now: DateTime<Utc>) -> Vec<Reason> {
    let today = now.with_timezone(&case.address.zone).date_naive();
    let stands_in_the_way = |effect| matches!(effect, Effect::Block | Effect::Lead);
    let from_case = |reason: &Reason| reason.because == Because::Case;
    let mut reasons: Vec<_> = checklist_reasons(case, &Answers::new(), policies, now)
        .into_iter()
        .filter(from_case)
        .collect();
    for pack in policies.for_case(case) {
        let rules = pack.rules.iter();
        let broken = rules.filter(|rule| {
            rule.is_effective(today) && is_broken_by(&rule.check, case, policies, now)
        });
        reasons.extend(broken.map(|rule| spoken_by(rule, rule.strength())));
    }
    reasons.retain(|reason| stands_in_the_way(reason.effect));
    reasons.sort_by_key(|reason| (reason.effect, reason.because));
    reasons
}

fn earlier(one: Option<DateTime<Utc>>, other: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    [one, other].into_iter().flatten().min()
}

/// Somebody arrived there within the last `days` days, by the calendar of the place.
fn was_visited(case: &Case, now: DateTime<Utc>, days: u16) -> bool {
    let local = |moment: DateTime<Utc>| moment.with_timezone(&case.address.zone).date_naive();
    let again = local(now) - Duration::days(i64::from(days));
    case.visits.iter().any(|visit| {
        visit.state == VisitState::Ended
            && visit
                .arrived_at
                .as_ref()
                .is_some_and(|arrived| local(arrived.instant()) > again)
    })
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
