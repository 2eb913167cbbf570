//! Bugs that can be planted. Each is put between the real code and its store, or between drafting
//! and recording, so that nothing of it is in the product.

/// A mistake that sync engines have made, and that a run must catch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    FeedOutOfOrder,
    NoDedupe,
    DedupeWithoutId,
    PurgeDropsUnjudged,
    CursorBeforePage,
    LastPushWins,
    CounterReused,
    DroppedBeforeDurable,
    ChainedWithoutBase,
    BaseWithoutEpoch,
    HiddenBase,
    VerdictBeforeDocument,
}

impl Bug {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::FeedOutOfOrder,
        Self::NoDedupe,
        Self::DedupeWithoutId,
        Self::PurgeDropsUnjudged,
        Self::CursorBeforePage,
        Self::LastPushWins,
        Self::CounterReused,
        Self::DroppedBeforeDurable,
        Self::ChainedWithoutBase,
        Self::BaseWithoutEpoch,
        Self::HiddenBase,
        Self::VerdictBeforeDocument,
    ];

    /// Its name in a report.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FeedOutOfOrder => "feed out of commit order",
            Self::NoDedupe => "no dedupe",
            Self::DedupeWithoutId => "dedupe without the action's id",
            Self::PurgeDropsUnjudged => "purge drops unjudged work",
            Self::CursorBeforePage => "cursor before page",
            Self::LastPushWins => "last push wins",
            Self::CounterReused => "counter reused after a restore",
            Self::DroppedBeforeDurable => "journal dropped before durable",
            Self::ChainedWithoutBase => "no base on a chained edit",
            Self::BaseWithoutEpoch => "base without epoch",
            Self::HiddenBase => "hidden base",
            Self::VerdictBeforeDocument => "verdict before document",
        }
    }
}
