//! The one place where the device reads its clocks.
//!
//! The wall clock can be set, by a person or by a battery that died. The boot clock can't: it counts on
//! through sleep until the machine starts anew. So the server's time, once heard, is carried on by the
//! boot clock, and by the wall clock only after a restart of the machine.

use crate::store::ServerClock;
use chrono::{DateTime, Duration, FixedOffset, Local, Utc};
use doorstep_domain::moment::Moment;
use serde::{Deserialize, Serialize};
use std::sync::OnceLock;
use uuid::Uuid;

/// The device's clocks, which a demo or a test may move; they still run.
#[derive(Debug, Clone, Copy, Default)]
pub struct DeviceClock {
    /// How far all of them are moved.
    offset: Duration,
    /// How far somebody has set the wall clock, and nothing else.
    wall_set: Duration,
}

/// What the device's clocks showed at one instant.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading {
    wall: DateTime<Utc>,
    boot: Option<BootTime>,
}

impl Reading {
    /// The server's clock, where it showed `server_time` at this instant.
    pub(crate) fn heard(self, server_time: DateTime<Utc>) -> ServerClock {
        ServerClock {
            heard_at: server_time,
            ahead_ms: (server_time - self.wall).num_milliseconds(),
            boot: self.boot,
        }
    }
}

/// A reading of the boot clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BootTime {
    /// Which start of the machine it counts from.
    pub boot: Uuid,
    /// Milliseconds since, sleep included.
    pub ms: u64,
}

impl DeviceClock {
    /// Clocks that show `moment` now and run on from there.
    pub fn starting_at(moment: DateTime<Utc>) -> Self {
        Self {
            offset: moment - Utc::now(),
            ..Self::default()
        }
    }

    /// The same, with a wall clock that somebody has set by `by`.
    #[must_use]
    pub fn with_wall_set(self, by: Duration) -> Self {
        Self {
            wall_set: by,
            ..self
        }
    }

    /// The device's own idea of the time.
    pub fn wall(&self) -> DateTime<FixedOffset> {
        (Local::now() + self.offset + self.wall_set).fixed_offset()
    }

    /// The boot clock; `None` where the system can't say.
    pub fn boot(&self) -> Option<BootTime> {
        self.boot_at(boot_ms()?)
    }

    fn boot_at(&self, ms: u64) -> Option<BootTime> {
        // A clock that was moved would have been running all the while.
        let moved = u64::try_from((MOVED_AT_MOST + self.offset).num_milliseconds()).ok()?;
        Some(BootTime {
            boot: this_start()?,
            ms: ms.checked_add(moved)?,
        })
    }

    /// Both clocks at this instant.
    pub(crate) fn read(&self) -> Reading {
        Reading {
            wall: self.wall().to_utc(),
            boot: self.boot(),
        }
    }

    /// A reading for the record; `heard` is the server's clock as last heard.
    pub fn moment(&self, heard: Option<ServerClock>) -> Moment {
        let (wall, boot_ms) = (self.wall(), boot_ms());
        let now = boot_ms.and_then(|ms| self.boot_at(ms));
        let estimate = heard.map(|heard| {
            let since = heard.boot.and_then(|then| then.until(now?));
            since.map_or(wall.to_utc() + heard.ahead(), |since| {
                heard.heard_at + since
            })
        });
        Moment::read(wall, boot_ms, estimate)
    }
}

impl BootTime {
    /// What has passed until `now`; `None` where the machine was started anew between them.
    fn until(self, now: Self) -> Option<Duration> {
        let is_same = self.boot == now.boot;
        let passed = now.ms.checked_sub(self.ms).filter(|_| is_same)?;
        i64::try_from(passed).ok().map(Duration::milliseconds)
    }
}

/// Clocks are moved by years at most, and the boot clock has no negative readings.
const MOVED_AT_MOST: Duration = Duration::days(36_500);

/// The name of this start of the machine, which outlasts every process; `None` where it has none.
fn this_start() -> Option<Uuid> {
    static NAME: OnceLock<Option<Uuid>> = OnceLock::new();
    *NAME.get_or_init(|| {
        let name = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        name.trim().parse().ok()
    })
}

/// Milliseconds since the machine started, sleep included; `None` where the system can't say.
fn boot_ms() -> Option<u64> {
    let uptime = std::fs::read_to_string("/proc/uptime").ok()?;
    let (seconds, rest) = uptime.split_whitespace().next()?.split_once('.')?;
    let hundredths: u64 = rest.parse().ok()?;
    Some(seconds.parse::<u64>().ok()? * 1_000 + hundredths * 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOLERANCE: Duration = Duration::seconds(5);

    fn is_near(a: DateTime<Utc>, b: DateTime<Utc>) -> bool {
        (a - b).abs() < TOLERANCE
    }

    #[test]
    fn a_wall_clock_that_was_set_changes_nothing_of_the_servers_time() {
        let noon = "2026-11-21T12:00:00Z".parse().unwrap();
        let clock = DeviceClock::starting_at(noon);
        let heard = clock.read().heard(noon + Duration::seconds(90));
        for hours in [-3, 0, 2, 24 * 400] {
            let set = clock.with_wall_set(Duration::hours(hours));
            let moment = set.moment(Some(heard));
            assert!(is_near(moment.instant(), heard.heard_at), "{hours}");
            assert_eq!(moment.clock_suspect, hours != 0);
        }
    }

    #[test]
    fn time_that_passes_is_counted_by_both() {
        let noon = "2026-11-21T12:00:00Z".parse().unwrap();
        let heard = DeviceClock::starting_at(noon).read().heard(noon);
        let later = DeviceClock::starting_at(noon + Duration::minutes(40));
        let moment = later.moment(Some(heard));
        assert!(is_near(moment.instant(), noon + Duration::minutes(40)));
        assert!(!moment.clock_suspect);
    }

    #[test]
    fn after_a_restart_of_the_machine_the_wall_clock_carries_on() {
        let noon = "2026-11-21T12:00:00Z".parse().unwrap();
        let clock = DeviceClock::starting_at(noon);
        let another_start = ServerClock {
            boot: clock.boot().map(|boot| BootTime {
                boot: Uuid::from_u128(1),
                ..boot
            }),
            ..clock.read().heard(noon + Duration::seconds(90))
        };
        let set = clock.with_wall_set(Duration::hours(1));
        let instant = set.moment(Some(another_start)).instant();
        let by_wall = noon + Duration::seconds(90) + Duration::hours(1);
        assert!(is_near(instant, by_wall));
    }
}
