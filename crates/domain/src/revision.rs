//! Positions in the server's history: an epoch and a feed number, compared only together.

use serde::{Deserialize, Serialize};

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

    /// Whether a document of revision `document` shows what happened here, where the document's epoch
    /// `began` at that number. Epochs grow with every restore: an earlier one's document can't have
    /// it, and a later one's has it only if the restored backup had.
    pub fn is_shown_in(self, document: Self, began: u64) -> bool {
        match self.is_covered_by(document) {
            Some(is_covered) => is_covered,
            None => self.epoch < document.epoch && self.number <= began,
        }
    }

    /// Whether this position is at or before `other`; `None` across epochs.
    pub fn is_covered_by(self, other: Self) -> Option<bool> {
        (self.epoch == other.epoch).then_some(self.number <= other.number)
    }
}
