//! Every rule of the reference is in a pack.

use crate::POLICIES;
use doorstep_domain::policy::{Check, State};

/// The rules of the reference, one a line.
const REFERENCE: &str = include_str!("reference-rules.txt");

#[test]
fn every_rule_of_the_reference_is_held_or_says_why_not() {
    let rules: Vec<_> = POLICIES.packs.iter().flat_map(|pack| &pack.rules).collect();
    let wanted: Vec<&str> = REFERENCE.lines().collect();
    assert_eq!(wanted.len(), 129);
    for id in wanted {
        let rule = rules.iter().find(|rule| rule.id == id);
        let rule = rule.unwrap_or_else(|| panic!("{id} is in no pack"));
        match rule.state() {
            State::Not => assert!(!rule.reason().is_empty(), "{id}"),
            State::Implemented | State::Attested => assert!(!rule.place().is_empty(), "{id}"),
        }
        if let Check::Question { id: question } = &rule.check {
            let mut questions = POLICIES.checklist.questions.iter();
            assert!(questions.any(|known| known.id == *question), "{id}");
        }
    }
}
