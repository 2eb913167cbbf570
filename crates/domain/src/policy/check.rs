//! Is a pack fit to be used? What is wrong is told by rule, all of it at once.

use super::{Check, Grade, InstrumentKind, Lift, Pack, Rule, Status};
use crate::checklist::{Checklist, Effect};
use crate::hours::PermittedHours;
use chrono::{NaiveDate, NaiveTime};
use std::collections::BTreeSet;

/// Something that is wrong with a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule that it is about; none where it is about the pack.
    pub rule: Option<String>,
    /// The key of the pack or of the rule where it stands written.
    pub key: &'static str,
    /// A stable name, such as `rule.citation`.
    pub code: &'static str,
    pub what: String,
}

/// Everything that is wrong with a pack, used with `checklist` on `today`.
pub fn check(pack: &Pack, checklist: &Checklist, today: NaiveDate) -> Vec<Finding> {
    let mut findings = Vec::new();
    let about_pack = |code, key, what: &str| Finding {
        rule: None,
        key,
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
        findings.push(about_pack("pack.id", "id", what));
    }
    if pack.valid_until.is_some_and(|until| until < today) {
        let what = "its last day has passed";
        findings.push(about_pack("pack.expired", "valid_until", what));
    }
    if pack.clearance.minutes_max == 0 {
        let what = "a clearance that holds for no time permits nothing";
        findings.push(about_pack("pack.clearance", "clearance", what));
    }
    if pack.plan.months_max == 0 || pack.plan.balance_tolerance_minor < 0 {
        let what = "a plan has at least a month, and its tolerance is not negative";
        findings.push(about_pack("pack.plan", "plan", what));
    }
    let mut seen = BTreeSet::new();
    for rule in &pack.rules {
        let mut found = rule_findings(rule, checklist);
        if !seen.insert(&rule.id) {
            found.push(("rule.twice", "id", "this id is used twice".to_owned()));
        }
        findings.extend(found.into_iter().map(|(code, key, what)| Finding {
            rule: Some(rule.id.clone()),
            key,
            code,
            what,
        }));
    }
    findings.extend(overlapping_hours(pack));
    findings
}

fn rule_findings(rule: &Rule, checklist: &Checklist) -> Vec<(&'static str, &'static str, String)> {
    let mut found = Vec::new();
    let mut say = |code, key, what: &str| found.push((code, key, what.to_owned()));
    let is_named = rule.id.contains('-')
        && rule
            .id
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-' || c == '/');
    if !is_named {
        let what = "an id is capitals, digits and dashes, such as CN-HRS-1";
        say("rule.id", "id", what);
    }
    if rule.instrument.trim().is_empty() {
        say("rule.citation", "instrument", "it names no instrument");
    }
    let is_law = matches!(
        rule.kind,
        InstrumentKind::Statute | InstrumentKind::Regulation | InstrumentKind::RegulatorRule
    );
    if is_law && rule.grade == Grade::P && rule.article.trim().is_empty() {
        let what = "whoever read the text of the law (grade P) names its article";
        say("rule.citation", "grade", what);
    }
    if rule.text.en.trim().is_empty() || rule.text.zh.trim().is_empty() {
        say("rule.text", "text", "it needs words in English and Chinese");
    }
    let forbids = matches!(rule.effect, Effect::Block | Effect::Limit);
    let is_held = !matches!(rule.check, Check::Not { .. });
    if rule.grade == Grade::M && forbids && is_held {
        let what = "a rule from memory (grade M) forbids nothing; use warn, or find its text";
        say("rule.from_memory", "grade", what);
    }
    if rule.lift == Lift::Lead && is_law && forbids {
        say("rule.lift", "lift", "nobody lifts what comes from law");
    }
    if rule.status == Status::Draft && rule.effective_from.is_some() {
        let what = "a draft has no day from which it holds";
        say("rule.status", "status", what);
    }
    let mut say = |code, what| say(code, "check", what);
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

/// Two hours rules of one pack, of which neither lies within the other. Only what both permit would be
/// permitted, and whoever wrote two such windows may have meant either of them: they write the one that holds.
fn overlapping_hours(pack: &Pack) -> Vec<Finding> {
    let hours: Vec<_> = pack
        .rules
        .iter()
        .filter_map(|rule| match &rule.check {
            Check::Hours(hours) if hours.from < hours.to => Some((rule, hours)),
            _ => None,
        })
        .collect();
    let is_within = |inner: &PermittedHours, outer: &PermittedHours| {
        outer.from <= inner.from && inner.to <= outer.to
    };
    let mut findings = Vec::new();
    for (at, (rule, mine)) in hours.iter().enumerate() {
        for (other, theirs) in &hours[..at] {
            if is_within(mine, theirs) || is_within(theirs, mine) {
                continue;
            }
            let (from, to) = (mine.from.max(theirs.from), mine.to.min(theirs.to));
            let left = match from < to {
                true => format!("leaves only {} to {}", clock(from), clock(to)),
                false => "leaves no hour of the day".to_owned(),
            };
            findings.push(Finding {
                rule: Some(rule.id.clone()),
                key: "check",
                code: "rule.hours",
                what: format!("with {} it {left}; write the hours that hold", other.id),
            });
        }
    }
    findings
}

fn clock(time: NaiveTime) -> String {
    time.format("%H:%M").to_string()
}
