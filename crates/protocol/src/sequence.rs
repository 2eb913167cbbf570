//! Where an arriving action stands in its device's numbering.

use crate::chain::Link;
use crate::envelope::Envelope;

/// What the server already has of one incarnation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The number of the last action taken; 0 before the first.
    pub n: u64,
    pub link: Link,
}

impl Head {
    /// Before the first action of an incarnation.
    pub const START: Self = Self {
        n: 0,
        link: Link::START,
    };
}

/// What to do with an arriving action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// The next one, and its link follows the last.
    Next,
    /// Seen before, the same to the byte: answer with the old verdict.
    Again,
    /// The same number with other content, or a link that does not follow: a restored or cloned
    /// device.
    Fork,
    /// An earlier action is missing.
    Gap { expected: u64 },
}

/// Places an envelope. `taken` is the link recorded for the same number.
///
/// An action that an earlier epoch judged (`is_handed_back`, its verdict verified) may stand beyond
/// a gap: what was in between is covered by a backup and gone from the device, or lost for good.
pub fn place(
    head: Head,
    envelope: &Envelope,
    taken: Option<Link>,
    is_handed_back: bool,
) -> Arrival {
    if envelope.n <= head.n {
        return match taken {
            Some(taken) if taken == envelope.link => Arrival::Again,
            _ => Arrival::Fork,
        };
    }
    if envelope.n != head.n + 1 {
        return match is_handed_back {
            true => Arrival::Next,
            false => Arrival::Gap {
                expected: head.n + 1,
            },
        };
    }
    match envelope.link_after(head.link) == envelope.link {
        true => Arrival::Next,
        false => Arrival::Fork,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorstep_domain::{ActionId, Incarnation};
    use uuid::Uuid;

    fn envelope(schema: u16, n: u64, payload: &str, before: Link) -> Envelope {
        let mut envelope = Envelope {
            schema,
            id: ActionId(Uuid::from_u128(n.into())),
            incarnation: Incarnation(Uuid::nil()),
            n,
            payload: payload.into(),
            salt: String::new(),
            link: before,
            signature: String::new(),
            verdict: None,
        };
        envelope.link = envelope.link_after(before);
        envelope
    }

    #[test]
    fn a_gap_a_repeat_and_a_fork_are_told_apart_in_every_schema() {
        for schema in [1, 2] {
            let first = envelope(schema, 1, "one", Link::START);
            let head = Head {
                n: 1,
                link: first.link,
            };
            let taken = Some(first.link);
            assert_eq!(place(Head::START, &first, None, false), Arrival::Next);
            assert_eq!(place(head, &first, taken, false), Arrival::Again);
            let other = envelope(schema, 1, "other", Link::START);
            assert_eq!(place(head, &other, taken, false), Arrival::Fork);
            let astray = envelope(schema, 2, "two", Link::START);
            assert_eq!(place(head, &astray, None, false), Arrival::Fork);
            let third = envelope(schema, 3, "three", first.link);
            let gap = Arrival::Gap { expected: 2 };
            assert_eq!(place(head, &third, None, false), gap);
            assert_eq!(place(head, &third, None, true), Arrival::Next);
        }
    }
}
