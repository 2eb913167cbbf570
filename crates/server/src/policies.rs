//! The policies that come with the server, read once and named by their hash.

use doorstep_domain::checklist::Checklist;
use doorstep_domain::policy::{Pack, Policies};
use doorstep_protocol::exchange::PolicyDocument;
use sha2::{Digest, Sha256};

const PACK: &str = include_str!("../../../policies/packs/cn.toml");
const CHECKLIST: &str = include_str!("../../../policies/checklist.toml");

/// Why the policies can't be used; names the line.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    #[error("read the policy pack: {0}")]
    Pack(toml::de::Error),
    #[error("read the checklist: {0}")]
    Checklist(toml::de::Error),
    #[error("hash the policies")]
    Hash(#[from] serde_json::Error),
}

/// Reads the pack and the checklist that this version ships.
pub fn shipped() -> Result<PolicyDocument, PolicyError> {
    let pack: Pack = toml::from_str(PACK).map_err(PolicyError::Pack)?;
    let checklist: Checklist = toml::from_str(CHECKLIST).map_err(PolicyError::Checklist)?;
    let policies = Policies { pack, checklist };
    let hash = hex::encode(Sha256::digest(serde_json::to_vec(&policies)?));
    Ok(PolicyDocument { hash, policies })
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
        assert!(questions.len() >= 12);
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
