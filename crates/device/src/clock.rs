//! The one place where the device reads its clocks.

use chrono::{DateTime, Duration, FixedOffset, Local, Utc};
use doorstep_domain::moment::Moment;

/// The wall clock, which a demo or a test may move; it still runs.
#[derive(Debug, Clone, Copy, Default)]
pub struct DeviceClock {
    offset: Duration,
}

impl DeviceClock {
    /// A clock that shows `moment` now and runs on from there.
    pub fn starting_at(moment: DateTime<Utc>) -> Self {
        Self {
            offset: moment - Utc::now(),
        }
    }

    /// The device's own idea of the time.
    pub fn wall(&self) -> DateTime<FixedOffset> {
        (Local::now() + self.offset).fixed_offset()
    }

    /// A reading for the record; `server_ahead` is how far the server's clock was ahead when it
    /// was last heard.
    pub fn moment(&self, server_ahead: Option<Duration>) -> Moment {
        let wall = self.wall();
        Moment::read(
            wall,
            boot_ms(),
            server_ahead.map(|ahead| wall.to_utc() + ahead),
        )
    }
}

/// Milliseconds since the machine started, sleep included; `None` where the system can't say.
fn boot_ms() -> Option<u64> {
    let uptime = std::fs::read_to_string("/proc/uptime").ok()?;
    let (seconds, rest) = uptime.split_whitespace().next()?.split_once('.')?;
    let hundredths: u64 = rest.parse().ok()?;
    Some(seconds.parse::<u64>().ok()? * 1_000 + hundredths * 10)
}
