//! The code on a debtor's copy: which action it is, and the device's signature over its place in the
//! chain. It is made without a network, names nobody, and only who holds it can ask about it.

use crate::chain::Link;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorstep_domain::ActionId;
use uuid::Uuid;

const ID_BYTES: usize = 16;
const LINK_BYTES: usize = 32;
const SIGNATURE_BYTES: usize = 64;

/// What the code says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckCode {
    pub action: ActionId,
    pub link: Link,
    /// In hex, as the envelope has it.
    pub signature: String,
}

impl CheckCode {
    /// As it stands in an address: letters, digits, `-` and `_`. `None` where the
    /// signature is none.
    pub fn encode(&self) -> Option<String> {
        let mut bytes = self.action.0.as_bytes().to_vec();
        bytes.extend(self.link.0);
        bytes.extend(hex::decode(&self.signature).ok()?);
        (bytes.len() == ID_BYTES + LINK_BYTES + SIGNATURE_BYTES)
            .then(|| URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Reads a code; `None` where it is none.
    pub fn decode(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text.trim()).ok()?;
        let (id, rest) = bytes.split_at_checked(ID_BYTES)?;
        let (link, signature) = rest.split_at_checked(LINK_BYTES)?;
        (signature.len() == SIGNATURE_BYTES).then_some(())?;
        Some(Self {
            action: ActionId(Uuid::from_slice(id).ok()?),
            link: Link(link.try_into().ok()?),
            signature: hex::encode(signature),
        })
    }

    /// The start of the link, for comparing by eye: three groups of four.
    pub fn short(&self) -> String {
        let groups = self.link.0.chunks(2).take(3);
        let groups: Vec<_> = groups.map(hex::encode).collect();
        groups.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_back_and_nonsense_is_none() {
        let code = CheckCode {
            action: ActionId(Uuid::from_u128(7)),
            link: Link([0xab; 32]),
            signature: "cd".repeat(64),
        };
        let text = code.encode().unwrap();
        assert_eq!(text.len(), 150);
        assert_eq!(CheckCode::decode(&text), Some(code.clone()));
        assert_eq!(code.short(), "abab abab abab");
        for wrong in ["", "!!!!", &text[1..], &format!("{text}AAAA")] {
            assert_eq!(CheckCode::decode(wrong), None, "{wrong}");
        }
    }
}
