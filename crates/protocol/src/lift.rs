//! A lead's approval as a code that is read out: it works while neither side has a network.
//!
//! The device shows what it asks for (a *question*), the lead's side answers with a *code*. Both are
//! made with a key that only this device, the server and the team's leads have. The question is bound to case, visit,
//! day and rules, and to a number used once; the code is bound to the question. Eight digits and five
//! tries a question: a guess succeeds once in twenty million.

use chrono::NaiveDate;
use doorstep_domain::{CaseId, DeviceId, VisitId};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Wrong codes for one question, before another one must be asked.
pub const TRIES_MAX: u8 = 5;
/// Minutes before another question, once the tries are used up.
pub const LOCKED_MINUTES: i64 = 10;

/// What is read out or typed: no letter or digit that can be taken for another.
const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
const QUESTION_LENGTH: usize = 6;
const CODE_MODULUS: u64 = 100_000_000;

/// The key of one device, made by the server.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LiftKey(String);

/// What a lead's device has of another device's key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LeadKey(String);

/// What a lead's device answers by.
pub struct KnownByLeads<'a> {
    /// The number of the account.
    pub reference: &'a str,
    /// How many of the leads' devices were lost.
    pub leads_lost: u32,
}

/// What is asked to be lifted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    pub case: CaseId,
    pub visit: VisitId,
    /// Where the household lives.
    pub day: NaiveDate,
    /// In order, each once.
    pub rules: Vec<String>,
    /// Never the same for two questions.
    pub nonce: u64,
}

impl LiftKey {
    /// The key of a device, from the server's own secret.
    pub fn of(secret: &[u8], device: DeviceId) -> Self {
        let mut mac = mac(secret, "doorstep lift key 1");
        mac.update(device.0.as_bytes());
        Self(hex::encode(mac.finalize().into_bytes()))
    }

    /// What the agent reads out, such as `7KQ2MX`.
    pub fn question(&self, asked: &Asked) -> String {
        let mut mac = mac(self.0.as_bytes(), "doorstep lift question 1");
        mac.update(asked.case.0.as_bytes());
        mac.update(asked.visit.0.as_bytes());
        mac.update(&asked.nonce.to_be_bytes());
        add(&mut mac, asked.day, &asked.rules);
        letters(&mac.finalize().into_bytes())
    }

    /// What the lead reads back: eight digits.
    pub fn code(&self, question: &str, case: CaseId, day: NaiveDate, rules: &[String]) -> String {
        let mut mac = mac(self.0.as_bytes(), "doorstep lift code 1");
        mac.update(normal(question).as_bytes());
        mac.update(case.0.as_bytes());
        add(&mut mac, day, rules);
        digits(&mac.finalize().into_bytes())
    }

    /// What a lead's device gets of it: answers questions, and nothing else that this key does. Another
    /// one each time that one of the leads' devices was lost.
    pub fn for_leads(&self, leads_lost: u32) -> LeadKey {
        let mut mac = mac(self.0.as_bytes(), "doorstep lead key 1");
        if leads_lost > 0 {
            mac.update(&leads_lost.to_be_bytes());
        }
        LeadKey(hex::encode(mac.finalize().into_bytes()))
    }

    /// Eight digits over what is asked, for a purpose.
    pub(crate) fn digits(&self, purpose: &str, asked: &[u8]) -> String {
        let mut mac = mac(self.0.as_bytes(), purpose);
        mac.update(asked);
        digits(&mac.finalize().into_bytes())
    }

    /// Whether `code` answers the question that was `asked`, from the console, or from the device of a lead
    /// who knows the account's number.
    pub fn is_answer(&self, asked: &Asked, known: &KnownByLeads<'_>, code: &str) -> bool {
        let question = self.question(asked);
        let given: String = code.chars().filter(char::is_ascii_digit).collect();
        let of_lead = self.for_leads(known.leads_lost);
        given == self.code(&question, asked.case, asked.day, &asked.rules)
            || given == of_lead.code(&question, known.reference, asked.day, &asked.rules)
    }
}

impl LeadKey {
    /// What a lead reads back who knows the case by its account's number alone: their own device has
    /// no case of the team. Eight digits.
    pub fn code(
        &self,
        question: &str,
        reference: &str,
        day: NaiveDate,
        rules: &[String],
    ) -> String {
        let mut mac = mac(self.0.as_bytes(), "doorstep lift code 2");
        mac.update(normal(question).as_bytes());
        mac.update(b"\n");
        mac.update(normal_reference(reference).as_bytes());
        mac.update(b"\n");
        add(&mut mac, day, rules);
        digits(&mac.finalize().into_bytes())
    }
}

impl std::fmt::Debug for LeadKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LeadKey")
    }
}

impl std::fmt::Debug for LiftKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LiftKey")
    }
}

/// Six letters and digits out of a hash.
pub(crate) fn letters(hash: &[u8]) -> String {
    let letters = hash.iter().take(QUESTION_LENGTH);
    letters
        .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]))
        .collect()
}

fn digits(hash: &[u8]) -> String {
    let bytes = hash.iter().take(8);
    let number = bytes.fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    format!("{:08}", number % CODE_MODULUS)
}

/// An account's number as it is compared: as it was heard, without spaces, in small letters.
pub fn normal_reference(reference: &str) -> String {
    let letters = reference.chars().filter(|letter| !letter.is_whitespace());
    letters.flat_map(char::to_lowercase).collect()
}

/// A question as it is compared: without spaces and dashes, in capitals.
pub fn normal(question: &str) -> String {
    question
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_uppercase())
        .collect()
}

type HmacSha256 = Hmac<Sha256>;

/// Of SHA-256, in bytes.
const BLOCK_LENGTH: usize = 64;

fn mac(key: &[u8], what_for: &str) -> HmacSha256 {
    // What is longer than a block is hashed first, as RFC 2104 has it.
    let mut block = [0; BLOCK_LENGTH];
    match block.get_mut(..key.len()) {
        Some(start) => start.copy_from_slice(key),
        None => block[..32].copy_from_slice(&Sha256::digest(key)),
    }
    let mut mac = HmacSha256::new(&block.into());
    mac.update(what_for.as_bytes());
    mac.update(b"\n");
    mac
}

fn add(mac: &mut HmacSha256, day: NaiveDate, rules: &[String]) {
    mac.update(day.to_string().as_bytes());
    for rule in rules {
        mac.update(b"\n");
        mac.update(rule.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const REFERENCE: &str = "AB398";

    fn asked() -> Asked {
        Asked {
            case: CaseId(Uuid::from_u128(1)),
            visit: VisitId(Uuid::from_u128(2)),
            day: NaiveDate::from_ymd_opt(2026, 11, 21).unwrap(),
            rules: vec!["HOUSE-GAP-1".into(), "Q12".into()],
            nonce: 7,
        }
    }

    fn key(device: u128) -> LiftKey {
        LiftKey::of(b"a secret of the server", DeviceId(Uuid::from_u128(device)))
    }

    fn known(reference: &str) -> KnownByLeads<'_> {
        KnownByLeads {
            reference,
            leads_lost: 0,
        }
    }

    fn answer(key: &LiftKey, asked: &Asked) -> String {
        key.code(&key.question(asked), asked.case, asked.day, &asked.rules)
    }

    #[test]
    fn the_code_answers_this_question_and_no_other() {
        let (key, asked) = (key(1), asked());
        let code = answer(&key, &asked);
        assert_eq!((key.question(&asked).len(), code.len()), (6, 8));
        assert!(key.is_answer(&asked, &known(REFERENCE), &code));
        assert!(key.is_answer(
            &asked,
            &known(REFERENCE),
            &format!("{} {}", &code[..4], &code[4..])
        ));
        for other in [
            Asked {
                case: CaseId(Uuid::from_u128(9)),
                ..asked.clone()
            },
            Asked {
                visit: VisitId(Uuid::from_u128(9)),
                ..asked.clone()
            },
            Asked {
                day: asked.day.succ_opt().unwrap(),
                ..asked.clone()
            },
            Asked {
                rules: vec!["HOUSE-GAP-1".into()],
                ..asked.clone()
            },
            Asked {
                nonce: 8,
                ..asked.clone()
            },
        ] {
            assert!(
                !key.is_answer(&other, &known(REFERENCE), &code),
                "{other:?}"
            );
        }
    }

    #[test]
    fn a_lead_who_has_only_the_account_number_answers_as_well() {
        let (key, asked) = (key(1), asked());
        let question = key.question(&asked);
        let code = key
            .for_leads(0)
            .code(&question, "ab 398", asked.day, &asked.rules);
        assert!(key.is_answer(&asked, &known("AB398"), &code));
        assert!(!key.is_answer(&asked, &known("AB399"), &code));
        let tomorrow = asked.day.succ_opt().unwrap();
        assert_ne!(
            code,
            key.for_leads(0)
                .code(&question, "AB398", tomorrow, &asked.rules)
        );
        let other = key
            .for_leads(0)
            .code(&question, "AB398", asked.day, &["Q12".into()]);
        assert!(!key.is_answer(&asked, &known("AB398"), &other));
    }

    #[test]
    fn what_a_lost_lead_device_had_answers_no_more() {
        let (key, asked) = (key(1), asked());
        let code = |leads_lost| {
            let of_lead = key.for_leads(leads_lost);
            of_lead.code(&key.question(&asked), REFERENCE, asked.day, &asked.rules)
        };
        let after = KnownByLeads {
            leads_lost: 1,
            ..known(REFERENCE)
        };
        assert!(!key.is_answer(&asked, &after, &code(0)));
        assert!(key.is_answer(&asked, &after, &code(1)));
        assert!(key.is_answer(&asked, &after, &answer(&key, &asked)));
    }

    #[test]
    fn another_devices_code_is_none() {
        let code = answer(&key(2), &asked());
        assert!(!key(1).is_answer(&asked(), &known(REFERENCE), &code));
    }

    #[test]
    fn a_question_is_typed_as_it_was_heard() {
        let (key, asked) = (key(1), asked());
        let question = key.question(&asked);
        let heard = format!("{} {}", question[..3].to_lowercase(), &question[3..]);
        assert_eq!(
            key.code(&heard, asked.case, asked.day, &asked.rules),
            answer(&key, &asked)
        );
    }
}
