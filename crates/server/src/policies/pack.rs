//! The check of a pack that somebody wrote: everything that is wrong with it, by line.

use chrono::NaiveDate;
use doorstep_domain::checklist::Checklist;
use doorstep_domain::policy::{Pack, check};
use serde::Serialize;
use toml::Spanned;
use toml::de::DeTable;

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
            rule: rule_at(text, at),
            code: "pack.malformed".to_owned(),
            what: error.message().trim().to_owned(),
        }])
    })?;
    let findings = check(&pack, checklist, today);
    if findings.is_empty() {
        return Ok(pack);
    }
    let lines = Lines::of(text);
    let wrong = findings.into_iter().map(|finding| Wrong {
        line: lines.of_key(finding.rule.as_deref(), finding.key),
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

/// Where the keys of a pack stand in its file.
pub(super) struct Lines<'a> {
    text: &'a str,
    keys: DeTable<'a>,
}

impl<'a> Lines<'a> {
    /// Of a text that could be read.
    pub(super) fn of(text: &'a str) -> Self {
        let keys = DeTable::parse(text).map(Spanned::into_inner);
        Self {
            text,
            keys: keys.unwrap_or_default(),
        }
    }

    /// The line of a key of the pack or of a rule; where it is not written, the line of their id. Of two
    /// rules that are alike, the second is the one too many.
    pub(super) fn of_key(&self, rule: Option<&str>, key: &str) -> usize {
        let table = match rule {
            None => Some(&self.keys),
            Some(rule) => self.rules().rfind(|table| id_of(table) == Some(rule)),
        };
        let at = |key: &str| table?.keys().find(|name| name.get_ref() == key);
        at(key)
            .or_else(|| at("id"))
            .map_or(1, |name| line_of(self.text, name.span().start))
    }

    fn rules(&self) -> impl DoubleEndedIterator<Item = &DeTable<'a>> {
        let rules = self
            .keys
            .get("rule")
            .and_then(|rules| rules.get_ref().as_array());
        let rules = rules.into_iter().flat_map(|rules| rules.iter());
        rules.filter_map(|rule| rule.get_ref().as_table())
    }
}

fn id_of<'a>(rule: &'a DeTable<'_>) -> Option<&'a str> {
    rule.get("id")?.get_ref().as_str()
}

/// The rule in which a place of the text lies.
fn rule_at(text: &str, at: usize) -> Option<String> {
    const BEGIN: &str = "[[rule]]";
    // The place of a key that is missing is where its rule begins.
    let before = text.get(..at + BEGIN.len()).or_else(|| text.get(..at))?;
    let begin = before.rfind(BEGIN)? + BEGIN.len();
    let rule = text.get(begin..)?.split(BEGIN).next()?;
    let (_, id) = rule.split_once("id = \"")?;
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
        let hours = "{ hours = { from = \"09:00:00\", to = \"17:00:00\" } }";
        for (from, to, line, code) in [
            ("to = \"17:00:00\"", "to = \"08:00:00\"", 21, "rule.hours"),
            ("grade = \"D\"", "grade = \"M\"", 18, "rule.from_memory"),
            ("House rule of the lender", " ", 16, "rule.citation"),
            (
                "kind = \"employer_practice\"\ngrade = \"D\"",
                "kind = \"statute\"\ngrade = \"P\"",
                18,
                "rule.citation",
            ),
            ("Only from nine to five.", "", 19, "rule.text"),
            (
                hours,
                "{ question = { id = \"Q99\" } }",
                21,
                "rule.question",
            ),
            (hours, "{ no_such_check = {} }", 21, "pack.malformed"),
            (
                "lenders = [\"Sample Card\"]",
                "zones = [\"Mars/Olympus\"]",
                4,
                "pack.malformed",
            ),
            (
                "lenders = [\"Sample Card\"]",
                "valid_until = \"2026-11-20\"",
                4,
                "pack.expired",
            ),
            ("minutes_max = 120", "minutes_max = 0", 6, "pack.clearance"),
            (
                "from = \"09:00:00\"",
                "from = \"25:00:00\"",
                21,
                "pack.malformed",
            ),
            (
                "kind = \"employer_practice\"\ngrade = \"D\"",
                "kind = \"statute\"\nlift = \"lead\"\ngrade = \"S\"",
                18,
                "rule.lift",
            ),
            ("id = \"NORTH-1\"", "id='north 1'", 14, "rule.id"),
        ] {
            let text = GOOD.replace(from, to);
            assert_ne!(text, GOOD, "{from}");
            assert_eq!(wrong(&text), [(line, code.to_owned())], "{to}");
        }
    }

    #[test]
    fn a_key_that_is_missing_is_told_with_its_rule() {
        let checklist = shipped_checklist().unwrap();
        let text = GOOD.replace("instrument = \"House rule of the lender\"\n", "");
        match read_pack(&text, &checklist, NaiveDate::MIN) {
            Err(PolicyError::Pack(wrong)) => {
                assert_eq!(
                    (wrong[0].line, wrong[0].rule.as_deref()),
                    (13, Some("NORTH-1"))
                );
            }
            other => panic!("{other:?}"),
        }
    }

    /// A second hours rule in the pack, from and to.
    fn with_second_hours(from: &str, to: &str) -> String {
        let rule = &GOOD[GOOD.find("\n[[rule]]").unwrap()..];
        let second = rule.replace("NORTH-1", "NORTH-2");
        let second = second.replace("09:00:00", from).replace("17:00:00", to);
        format!("{GOOD}{second}")
    }

    #[test]
    fn two_hours_of_a_pack_lie_one_within_the_other() {
        let beside = [(31, "rule.hours".to_owned())];
        assert_eq!(wrong(&with_second_hours("16:00:00", "20:00:00")), beside);
        assert_eq!(wrong(&with_second_hours("18:00:00", "20:00:00")), beside);
        assert_eq!(wrong(&with_second_hours("10:00:00", "17:00:00")), []);
        assert_eq!(wrong(&with_second_hours("08:00:00", "22:00:00")), []);
    }

    #[test]
    fn of_two_rules_that_are_alike_the_second_is_one_too_many() {
        let twice = with_second_hours("09:00:00", "17:00:00").replace("NORTH-2", "NORTH-1");
        assert_eq!(wrong(&twice), [(24, "rule.twice".to_owned())]);
    }

    #[test]
    fn a_pack_need_not_speak_of_clearances_and_plans() {
        let (start, end) = (
            GOOD.find("[clearance]").unwrap(),
            GOOD.find("[[rule]]").unwrap(),
        );
        assert_eq!(wrong(&format!("{}{}", &GOOD[..start], &GOOD[end..])), []);
        let of_plans = GOOD.replace("balance_tolerance_minor = 1000", "");
        assert_eq!(wrong(&of_plans), []);
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
