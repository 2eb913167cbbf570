//! Positions in the server's history: an epoch and a feed number, compared only together.

use serde::{Deserialize, Serialize};

/// The server's history line; a restored server starts a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
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

    /// Whether this position is at or before `other`; `None` across epochs.
    pub fn is_covered_by(self, other: Self) -> Option<bool> {
        (self.epoch == other.epoch).then_some(self.number <= other.number)
    }
}
