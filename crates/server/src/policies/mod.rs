//! The policies of this server: the packs that it ships and those that the organisation published,
//! read together and named by their hash.

mod pack;
mod publish;

pub use pack::{PolicyError, Wrong, read_pack, schema_json};
pub use publish::{PublishError, Published, Publisher, Signer, TrustedKeys, current};

use pack::Lines;

use chrono::NaiveDate;
use doorstep_domain::checklist::Checklist;
use doorstep_domain::policy::{Pack, Policies, Rule};
use doorstep_protocol::chain::Sign;
use doorstep_protocol::policies::{PolicyDocument, hash_of};
use serde::Serialize;

/// The packs that are shipped. What each says is in its file.
const PACKS: [&str; 7] = [
    include_str!("../../../../policies/packs/au.toml"),
    include_str!("../../../../policies/packs/cn.toml"),
    include_str!("../../../../policies/packs/eu.toml"),
    include_str!("../../../../policies/packs/house.toml"),
    include_str!("../../../../policies/packs/in.toml"),
    include_str!("../../../../policies/packs/uk.toml"),
    include_str!("../../../../policies/packs/us.toml"),
];
const CHECKLIST: &str = include_str!("../../../../policies/checklist.toml");

/// Policies as they are used, with the text that devices get and its hash.
#[derive(Debug, Clone)]
pub struct InForce {
    pub hash: String,
    pub policies: Policies,
    text: String,
}

impl InForce {
    /// The order of the packs never matters; their text has one.
    pub fn of(mut policies: Policies) -> Result<Self, PolicyError> {
        policies.packs.sort_by(|one, other| one.id.cmp(&other.id));
        let text = serde_json::to_string(&policies)?;
        Ok(Self {
            hash: hash_of(&text),
            policies,
            text,
        })
    }

    /// As a device gets them.
    pub fn document(&self, key: &dyn Sign) -> serde_json::Result<PolicyDocument> {
        PolicyDocument::sign(self.text.clone(), key)
    }

    /// The text that the hash names.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// The checklist that this version ships.
pub fn shipped_checklist() -> Result<Checklist, PolicyError> {
    toml::from_str(CHECKLIST).map_err(PolicyError::Checklist)
}

/// Reads the packs and the checklist that this version ships.
pub fn shipped() -> Result<InForce, PolicyError> {
    let checklist = shipped_checklist()?;
    // What is shipped was checked when it was built, and is not refused for its age.
    let packs = PACKS
        .iter()
        .map(|text| read_pack(text, &checklist, NaiveDate::MIN))
        .collect::<Result<Vec<_>, _>>()?;
    InForce::of(Policies { packs, checklist })
}

/// One rule in the list of rules.
#[derive(Debug, Serialize)]
pub struct ListedRule {
    pub id: String,
    pub pack: String,
    pub state: doorstep_domain::policy::State,
    #[serde(rename = "where")]
    pub place: String,
    pub reason: String,
}

/// Every rule of the packs: whether the software holds it, a person attests it, or why neither.
pub fn list_rules(policies: &Policies) -> Vec<ListedRule> {
    let listed = |pack: &Pack, rule: &Rule| ListedRule {
        id: rule.id.clone(),
        pack: pack.id.clone(),
        state: rule.state(),
        place: rule.place(),
        reason: rule.reason().to_owned(),
    };
    policies
        .packs
        .iter()
        .flat_map(|pack| pack.rules.iter().map(move |rule| listed(pack, rule)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn what_is_shipped_can_be_read_and_every_question_has_both_languages_and_a_source() {
        let document = shipped().unwrap();
        let questions = &document.policies.checklist.questions;
        let ids: BTreeSet<_> = questions.iter().map(|question| &question.id).collect();
        assert_eq!(ids.len(), questions.len());
        assert_eq!(questions.len(), 40);
        for question in questions {
            assert!(
                !question.text.en.is_empty() && !question.text.zh.is_empty(),
                "{}",
                question.id
            );
            assert!(question.source.contains("Grade"), "{}", question.id);
            assert!(!question.effects.is_empty(), "{}", question.id);
        }
    }
}
