//! Is a pack fit to be used? What is wrong is told by rule, all of it at once.

use super::{Check, Grade, InstrumentKind, Lift, Pack, Rule, Status};
use crate::checklist::{Checklist, Effect};
use chrono::NaiveDate;
use std::collections::BTreeSet;

/// Something that is wrong with a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule that it is about; none where it is about the pack.
    pub rule: Option<String>,
    /// A stable name, such as `rule.citation`.
    pub code: &'static str,
    pub what: String,
}

/// Everything that is wrong with a pack, used with `checklist` on `today`.
pub fn check(pack: &Pack, checklist: &Checklist, today: NaiveDate) -> Vec<Finding> {
    let mut findings = Vec::new();
    let about_pack = |code, what: &str| Finding {
        rule: None,
        code,
        what: what.to_owned(),
    };
    if pack.id.is_empty()
        || !pack
            .id
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-')
    {
        let what = "the id of a pack is letters, digits and dashes";
        findings.push(about_pack("pack.id", what));
    }
    if pack.valid_until.is_some_and(|until| until < today) {
        findings.push(about_pack("pack.expired", "its last day has passed"));
    }
    if pack.clearance.minutes_max == 0 {
        let what = "a clearance that holds for no time permits nothing";
        findings.push(about_pack("pack.clearance", what));
    }
    if pack.plan.months_max == 0 || pack.plan.balance_tolerance_minor < 0 {
        let what = "a plan has at least a month, and its tolerance is not negative";
        findings.push(about_pack("pack.plan", what));
    }
    let mut seen = BTreeSet::new();
    for rule in &pack.rules {
        let mut found = rule_findings(rule, checklist);
        if !seen.insert(&rule.id) {
            found.push(("rule.twice", "this id is used twice".to_owned()));
        }
        findings.extend(found.into_iter().map(|(code, what)| Finding {
            rule: Some(rule.id.clone()),
            code,
            what,
        }));
    }
    findings.extend(overlapping_hours(pack));
    findings
}

fn rule_findings(rule: &Rule, checklist: &Checklist) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let mut say = |code, what: &str| found.push((code, what.to_owned()));
    let is_named = rule.id.contains('-')
        && rule
            .id
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-' || c == '/');
    if !is_named {
        say(
            "rule.id",
            "an id is capitals, digits and dashes, such as CN-HRS-1",
        );
    }
    if rule.instrument.trim().is_empty() {
        say("rule.citation", "it names no instrument");
    }
    if rule.text.en.trim().is_empty() || rule.text.zh.trim().is_empty() {
        say("rule.text", "it needs words in English and Chinese");
    }
    let forbids = matches!(rule.effect, Effect::Block | Effect::Limit);
    let is_held = !matches!(rule.check, Check::Not { .. });
    if rule.grade == Grade::M && forbids && is_held {
        say(
            "rule.from_memory",
            "a rule from memory (grade M) forbids nothing; use warn, or find its text",
        );
    }
    let is_law = matches!(
        rule.kind,
        InstrumentKind::Statute | InstrumentKind::Regulation | InstrumentKind::RegulatorRule
    );
    if rule.lift == Lift::Lead && is_law && forbids {
        say("rule.lift", "nobody lifts what comes from law");
    }
    if rule.status == Status::Draft && rule.effective_from.is_some() {
        say("rule.status", "a draft has no day from which it holds");
    }
    match &rule.check {
        Check::Hours(hours) if hours.from >= hours.to => {
            say("rule.hours", "its hours end before they begin");
        }
        Check::Headcount { staff_min: 0 } => say("rule.headcount", "nobody can't go anywhere"),
        Check::Stops { kinds } if kinds.is_empty() => say("rule.empty", "it names no stop"),
        Check::Flags { kinds } if kinds.is_empty() => say("rule.empty", "it names no flag"),
        Check::Question { id } if !checklist.questions.iter().any(|q| &q.id == id) => {
            say("rule.question", "the checklist has no such question");
        }
        Check::Not { reason } if reason.trim().is_empty() => {
            say("rule.reason", "it is not held, and does not say why");
        }
        _ => {}
    }
    found
}

/// Two hours rules of one pack that leave no time between them permit nothing.
fn overlapping_hours(pack: &Pack) -> Vec<Finding> {
    let hours: Vec<_> = pack
        .rules
        .iter()
        .filter_map(|rule| match &rule.check {
            Check::Hours(hours) => Some((rule, hours)),
            _ => None,
        })
        .collect();
    let mut findings = Vec::new();
    for (at, (rule, mine)) in hours.iter().enumerate() {
        for (other, theirs) in &hours[..at] {
            if mine.from.max(theirs.from) >= mine.to.min(theirs.to) {
                findings.push(Finding {
                    rule: Some(rule.id.clone()),
                    code: "rule.hours",
                    what: format!("with {} it leaves no hour of the day", other.id),
                });
            }
        }
    }
    findings
}
