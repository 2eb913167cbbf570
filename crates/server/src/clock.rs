//! The one place where the server reads the time.

use chrono::{DateTime, Duration, Utc};

/// The wall clock, which a demo or a test may move; it still runs.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock {
    offset: Duration,
}

impl Clock {
    /// A clock that shows `moment` now and runs on from there.
    pub fn starting_at(moment: DateTime<Utc>) -> Self {
        Self {
            offset: moment - Utc::now(),
        }
    }

    /// The current moment.
    pub fn now(&self) -> DateTime<Utc> {
        Utc::now() + self.offset
    }
}
