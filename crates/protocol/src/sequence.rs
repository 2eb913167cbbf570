//! Where an arriving action stands in its device's numbering.

use crate::chain::Link;

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

/// Places action `n` with `payload` and `link`. `taken` is the link recorded for the same `n`.
pub fn place(head: Head, n: u64, payload: &str, link: Link, taken: Option<Link>) -> Arrival {
    if n <= head.n {
        return match taken {
            Some(taken) if taken == link => Arrival::Again,
            _ => Arrival::Fork,
        };
    }
    if n != head.n + 1 {
        return Arrival::Gap {
            expected: head.n + 1,
        };
    }
    match head.link.follow(payload) == link {
        true => Arrival::Next,
        false => Arrival::Fork,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_a_repeat_and_a_fork_are_told_apart() {
        let first = Link::START.follow("one");
        let head = Head { n: 1, link: first };
        assert_eq!(place(Head::START, 1, "one", first, None), Arrival::Next);
        assert_eq!(place(head, 1, "one", first, Some(first)), Arrival::Again);
        assert_eq!(
            place(head, 1, "other", Link::START.follow("other"), Some(first)),
            Arrival::Fork
        );
        assert_eq!(
            place(head, 2, "two", Link::START.follow("two"), None),
            Arrival::Fork
        );
        assert_eq!(
            place(head, 3, "three", first, None),
            Arrival::Gap { expected: 2 }
        );
    }
}
