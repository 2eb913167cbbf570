//! When something was recorded: evidence for people, never an order for the machine.

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// A recorded time, with everything that helps to judge whether it can be true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// The device's wall clock with its offset.
    pub wall: DateTime<FixedOffset>,
    /// Milliseconds since the device started; survives sleep, unlike the wall clock.
    pub boot_ms: Option<u64>,
    /// The server's time as the device estimates it.
    pub server_estimate: Option<DateTime<Utc>>,
    /// The wall clock contradicts the other readings. The action is kept all the same.
    pub clock_suspect: bool,
}

/// A difference between wall clock and server estimate above this makes a clock suspect.
const CLOCK_DRIFT_SECONDS_MAX: i64 = 300;

impl Moment {
    /// A reading of the wall clock beside what is known of the server's time.
    pub fn read(
        wall: DateTime<FixedOffset>,
        boot_ms: Option<u64>,
        server_estimate: Option<DateTime<Utc>>,
    ) -> Self {
        let clock_suspect = server_estimate.is_some_and(|estimate| {
            (wall.to_utc() - estimate).num_seconds().abs() > CLOCK_DRIFT_SECONDS_MAX
        });
        Self {
            wall,
            boot_ms,
            server_estimate,
            clock_suspect,
        }
    }

    /// The best guess of the true instant: the server's time where it is known.
    pub fn instant(&self) -> DateTime<Utc> {
        self.server_estimate.unwrap_or_else(|| self.wall.to_utc())
    }

    /// The calendar day of that instant, in the time zone of the device: no rule counts days by a clock
    /// that somebody set.
    pub fn day(&self) -> NaiveDate {
        self.instant()
            .with_timezone(self.wall.offset())
            .date_naive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_three_days_wrong_is_suspect_and_the_estimate_counts() {
        let wall: DateTime<FixedOffset> = "2026-11-24T10:00:00+08:00".parse().unwrap();
        let estimate: DateTime<Utc> = "2026-11-21T02:00:00Z".parse().unwrap();
        let moment = Moment::read(wall, None, Some(estimate));
        assert!(moment.clock_suspect);
        assert_eq!(moment.instant(), estimate);
        assert_eq!(moment.day(), "2026-11-21".parse().unwrap());
    }
}
