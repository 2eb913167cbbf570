//! Positions in the server's history: an epoch and a feed number, compared only together.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The server's history line; a restored server starts a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(transparent)]
pub struct Epoch(#[cfg_attr(feature = "schema", ts(type = "number"))] pub u32);

/// A position in the feed of one epoch.
///
/// Not `Ord`: a restored server hands out the same numbers again, so that two revisions of
/// different epochs have no order, and a stale edit must not look fresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct Revision {
    pub epoch: Epoch,
    #[cfg_attr(feature = "schema", ts(type = "number"))]
    pub number: u64,
}

impl Revision {
    /// Before anything happened in `epoch`.
    pub const fn start(epoch: Epoch) -> Self {
        Self { epoch, number: 0 }
    }

    /// Whether somebody at `other` had seen this position, on a server whose epoch is `current`.
    ///
    /// Within an epoch numbers decide. A new epoch begins with everything that the restored server
    /// still has, so that who is in it has seen all of that; who is in an older one may have seen
    /// what was lost, and is taken not to have seen this.
    pub fn is_seen_from(self, other: Self, current: Epoch) -> bool {
        match self.is_covered_by(other) {
            Some(is_covered) => is_covered,
            None => other.epoch == current,
        }
    }

    /// Whether this position is at or before `other`; `None` across epochs.
    pub fn is_covered_by(self, other: Self) -> Option<bool> {
        (self.epoch == other.epoch).then_some(self.number <= other.number)
    }
}

/// Where an epoch comes from: the restored backup was made in the epoch `from`, at its feed number
/// `began`. What that epoch did afterwards is not in this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    pub from: Epoch,
    pub began: u64,
}

/// The restores of a server, each under the epoch that it began. A backup may be older than the last
/// restore, so that epochs form a tree and not a line; a number alone doesn't say whether the present
/// one still has what happened there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Lineage(BTreeMap<Epoch, Origin>);

impl Lineage {
    /// Whether there was no restore yet.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds the restore that began `epoch`.
    pub fn begin(&mut self, epoch: Epoch, origin: Origin) {
        self.0.insert(epoch, origin);
    }

    /// Learns the restores that `other` knows; says whether any was new.
    pub fn learn(&mut self, other: &Self) -> bool {
        let before = self.0.len();
        self.0.extend(&other.0);
        self.0.len() > before
    }

    /// Whether a document of revision `document` shows what happened at `position`: it is on the way
    /// from the document back to the beginning.
    pub fn shows(&self, document: Revision, position: Revision) -> bool {
        let mut reached = document;
        while reached.epoch > position.epoch {
            match self.0.get(&reached.epoch) {
                // An epoch comes from an earlier one, or nobody knows from where.
                Some(origin) if origin.from < reached.epoch => {
                    reached = Revision {
                        epoch: origin.from,
                        number: origin.began,
                    };
                }
                _ => return false,
            }
        }
        position.is_covered_by(reached) == Some(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(epoch: u32, number: u64) -> Revision {
        Revision {
            epoch: Epoch(epoch),
            number,
        }
    }

    fn lineage(origins: &[(u32, u32, u64)]) -> Lineage {
        let mut lineage = Lineage::default();
        for (epoch, from, began) in origins {
            let from = Epoch(*from);
            lineage.begin(
                Epoch(*epoch),
                Origin {
                    from,
                    began: *began,
                },
            );
        }
        lineage
    }

    #[test]
    fn a_document_shows_what_its_backup_had() {
        let restored = lineage(&[(2, 1, 10)]);
        assert!(restored.shows(at(2, 30), at(1, 10)));
        assert!(!restored.shows(at(2, 30), at(1, 11)));
        assert!(!restored.shows(at(1, 30), at(2, 11)));
    }

    #[test]
    fn a_second_restore_does_not_bring_back_what_the_first_one_lost() {
        let restored = lineage(&[(2, 1, 10), (3, 2, 20)]);
        assert!(!restored.shows(at(3, 30), at(1, 15)));
        assert!(restored.shows(at(3, 30), at(2, 15)));
    }

    #[test]
    fn an_older_backup_leaves_the_epoch_between_out() {
        // The second restore took a backup from before the first one.
        let restored = lineage(&[(2, 1, 10), (3, 1, 20)]);
        assert!(restored.shows(at(3, 30), at(1, 15)));
        assert!(!restored.shows(at(3, 30), at(2, 15)));
        assert!(!restored.shows(at(2, 30), at(1, 15)));
    }

    #[test]
    fn an_epoch_that_nobody_knows_shows_nothing_of_another() {
        assert!(!Lineage::default().shows(at(2, 30), at(1, 1)));
        assert!(!lineage(&[(2, 2, 10)]).shows(at(2, 30), at(1, 1)));
    }
}
