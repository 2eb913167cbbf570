//! The check of a pack that somebody wrote: everything that is wrong with it, by line.

use chrono::NaiveDate;
use doorstep_domain::checklist::Checklist;
use doorstep_domain::policy::{Pack, check};
use serde::Serialize;

/// Why the policies can't be used; names the line.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    #[error("the policy pack can't be used:\n{}", in_lines(.0))]
    Pack(Vec<Wrong>),
    #[error("read the checklist: {0}")]
    Checklist(toml::de::Error),
    #[error("hash the policies")]
    Hash(#[from] serde_json::Error),
}

/// Something wrong in a pack's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Wrong {
    /// Counted from 1.
    pub line: usize,
    pub rule: Option<String>,
    /// A stable name, such as `rule.hours`.
    pub code: String,
    pub what: String,
}

fn in_lines(wrong: &[Wrong]) -> String {
    let lines = wrong.iter().map(|wrong| {
        let rule = wrong.rule.as_deref().unwrap_or("the pack");
        format!(
            "  line {}: {rule}: {} ({})",
            wrong.line, wrong.what, wrong.code
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Reads a pack and checks it, as of `today`.
pub fn read_pack(text: &str, checklist: &Checklist, today: NaiveDate) -> Result<Pack, PolicyError> {
    let pack: Pack = crate::toml_text::read(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        PolicyError::Pack(vec![Wrong {
            line: line_of(text, at),
            rule: rule_before(text, at),
            code: "pack.malformed".to_owned(),
            what: error.message().trim().to_owned(),
        }])
    })?;
    let findings = check(&pack, checklist, today);
    if findings.is_empty() {
        return Ok(pack);
    }
    let wrong = findings.into_iter().map(|finding| Wrong {
        line: finding
            .rule
            .as_deref()
            .map_or(1, |rule| line_of_rule(text, rule)),
        rule: finding.rule,
        code: finding.code.to_owned(),
        what: finding.what,
    });
    Err(PolicyError::Pack(wrong.collect()))
}

fn line_of(text: &str, at: usize) -> usize {
    let before = text.as_bytes().get(..at).unwrap_or_default();
    1 + before.iter().filter(|byte| **byte == b'\n').count()
}

/// The place of the last rule with this id: of two that are alike, the second is the one too many.
fn last_of(text: &str, rule: &str) -> Option<usize> {
    text.rfind(&format!("id = \"{rule}\""))
}

/// The line in which a rule begins.
pub(super) fn line_of_rule(text: &str, rule: &str) -> usize {
    line_of(text, last_of(text, rule).unwrap_or_default())
}

/// The rule in which a place of the text lies.
fn rule_before(text: &str, at: usize) -> Option<String> {
    let before = text.get(..at)?;
    let block = &before[before.rfind("[[rule]]")?..];
    let (_, id) = block.split_once("id = \"")?;
    Some(id.split('"').next()?.to_owned())
}

/// The JSON Schema of a pack's file, for editors that check while somebody types.
pub fn schema_json() -> serde_json::Result<String> {
    serde_json::to_string_pretty(&schemars::schema_for!(Pack))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policies::shipped_checklist;

    fn wrong(text: &str) -> Vec<(usize, String)> {
        let checklist = shipped_checklist().unwrap();
        let today = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
        match read_pack(text, &checklist, today) {
            Err(PolicyError::Pack(wrong)) => wrong.into_iter().map(|w| (w.line, w.code)).collect(),
            Err(error) => panic!("{error}"),
            Ok(_) => Vec::new(),
        }
    }

    const GOOD: &str = r#"id = "north-lender"
version = 1
name = { en = "North lender", zh = "北方" }
lenders = ["Sample Card"]

[clearance]
minutes_max = 120

[plan]
months_max = 24
balance_tolerance_minor = 1000

[[rule]]
id = "NORTH-1"
effect = "block"
instrument = "House rule of the lender"
kind = "employer_practice"
grade = "D"
text.en = "Only from nine to five."
text.zh = "仅限九点至五点。"
check = { hours = { from = "09:00:00", to = "17:00:00" } }
"#;

    #[test]
    fn a_pack_that_somebody_wrote_is_checked_by_line() {
        assert_eq!(wrong(GOOD), []);
        for (from, to, line, code) in [
            ("to = \"17:00:00\"", "to = \"08:00:00\"", 14, "rule.hours"),
            ("grade = \"D\"", "grade = \"M\"", 14, "rule.from_memory"),
            ("House rule of the lender", " ", 14, "rule.citation"),
            ("Only from nine to five.", "", 14, "rule.text"),
            (
                "{ hours = { from = \"09:00:00\", to = \"17:00:00\" } }",
                "{ question = { id = \"Q99\" } }",
                14,
                "rule.question",
            ),
            (
                "{ hours = { from = \"09:00:00\", to = \"17:00:00\" } }",
                "{ no_such_check = {} }",
                21,
                "pack.malformed",
            ),
            (
                "lenders = [\"Sample Card\"]",
                "zones = [\"Mars/Olympus\"]",
                4,
                "pack.malformed",
            ),
            (
                "lenders = [\"Sample Card\"]",
                "valid_until = \"2026-11-20\"",
                1,
                "pack.expired",
            ),
            (
                "from = \"09:00:00\"",
                "from = \"25:00:00\"",
                21,
                "pack.malformed",
            ),
            (
                "kind = \"employer_practice\"\ngrade = \"D\"",
                "kind = \"statute\"\nlift = \"lead\"\ngrade = \"P\"",
                14,
                "rule.lift",
            ),
        ] {
            let text = GOOD.replace(from, to);
            assert_ne!(text, GOOD, "{from}");
            assert_eq!(wrong(&text), [(line, code.to_owned())], "{to}");
        }
        let twice = format!("{GOOD}{}", &GOOD[GOOD.find("\n[[rule]]").unwrap()..]);
        assert_eq!(wrong(&twice)[0], (24, "rule.twice".to_owned()));
        let apart = twice.replacen("NORTH-1", "NORTH-0", 1).replacen(
            "09:00:00\", to = \"17:00:00",
            "18:00:00\", to = \"20:00:00",
            1,
        );
        assert_eq!(wrong(&apart), [(24, "rule.hours".to_owned())]);
    }

    #[test]
    fn the_schema_in_the_repository_is_the_one_of_the_types() {
        let kept = include_str!("../../../../policies/pack.schema.json");
        assert_eq!(
            kept.trim(),
            schema_json().unwrap(),
            "doorstep-server policy schema > policies/pack.schema.json"
        );
    }
}
