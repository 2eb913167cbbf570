//! Permitted hours, in the customer's local time, with the visit's planned length inside.

use chrono::{DateTime, Duration, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// When a visit may be under way: from `from` until `to`, each day but those that are closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "pack-schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PermittedHours {
    pub from: NaiveTime,
    pub to: NaiveTime,
    /// Days without any visit, such as public holidays.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub closed_on: Vec<NaiveDate>,
}

impl PermittedHours {
    /// The last moment at which a visit of `minutes` may begin, if it may begin at `start`.
    ///
    /// A visit must end by `to`; one that begins at `to` is too late whatever its length.
    pub fn latest_start(
        &self,
        start: DateTime<Utc>,
        minutes: u16,
        zone: Tz,
    ) -> Option<DateTime<Utc>> {
        let local = start.with_timezone(&zone);
        let closing = local.date_naive().and_time(self.to);
        // A clock change can make the closing time ambiguous: the earlier one is stricter.
        let closing = zone.from_local_datetime(&closing).earliest()?.to_utc();
        let latest = closing - Duration::minutes(i64::from(minutes));
        let is_closed = self.closed_on.contains(&local.date_naive());
        let permitted =
            !is_closed && local.time() >= self.from && start < closing && start <= latest;
        permitted.then_some(latest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::Asia::Shanghai;

    fn cn() -> PermittedHours {
        PermittedHours {
            from: NaiveTime::from_hms_opt(8, 0, 0).unwrap(),
            to: NaiveTime::from_hms_opt(22, 0, 0).unwrap(),
            closed_on: Vec::new(),
        }
    }

    fn allows(clock: &str, minutes: u16) -> bool {
        let local: DateTime<chrono::FixedOffset> =
            format!("2026-11-21T{clock}:00+08:00").parse().unwrap();
        cn().latest_start(local.to_utc(), minutes, Shanghai)
            .is_some()
    }

    #[test]
    fn v5_the_night_begins_at_22_and_ends_at_8() {
        assert!(allows("21:59", 0));
        assert!(!allows("22:00", 0));
        assert!(!allows("07:59", 0));
        assert!(allows("08:00", 0));
    }

    #[test]
    fn v5_the_planned_length_counts() {
        assert!(!allows("21:40", 30));
        assert!(allows("21:30", 30));
    }
}
