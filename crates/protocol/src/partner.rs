//! That a colleague goes along, accepted on their own device without a network: the one device shows a
//! question about the visit, the colleague's answers with a code that only it and the server can make.
//! Whose code it is, the server finds; nobody is made a partner who did not accept.

use crate::lift::{LiftKey, normal};
use doorstep_domain::VisitId;
use sha2::{Digest as _, Sha256};

/// What the colleague types, such as `7KQ2MX`: names the visit, and is no secret.
pub fn question(visit: VisitId) -> String {
    let mut hash = Sha256::new();
    hash.update(b"doorstep partner question 1\n");
    hash.update(visit.0.as_bytes());
    crate::lift::letters(&hash.finalize())
}

/// What the colleague's device answers: eight digits.
pub fn code(key: &LiftKey, asked: &str) -> String {
    key.digits("doorstep partner code 1", normal(asked).as_bytes())
}

/// Whether the holder of `key` accepted to go along on a visit.
pub fn has_accepted(key: &LiftKey, visit: VisitId, given: &str) -> bool {
    let given: String = given.chars().filter(char::is_ascii_digit).collect();
    code(key, &question(visit)) == given
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorstep_domain::DeviceId;
    use uuid::Uuid;

    #[test]
    fn a_code_is_of_one_visit_and_one_colleague() {
        let key = |device| LiftKey::of(b"a secret", DeviceId(Uuid::from_u128(device)));
        let visit = |number| VisitId(Uuid::from_u128(number));
        let asked = question(visit(1));
        assert_eq!(asked.len(), 6);
        let spoken = format!("{} {}", &asked[..3].to_lowercase(), &asked[3..]);
        let code = code(&key(7), &spoken);
        assert_eq!(code.len(), 8);
        assert!(has_accepted(
            &key(7),
            visit(1),
            &format!("{} {}", &code[..4], &code[4..])
        ));
        assert!(!has_accepted(&key(8), visit(1), &code));
        assert!(!has_accepted(&key(7), visit(2), &code));
        assert!(!has_accepted(&key(7), visit(1), ""));
    }
}
