//! Daylight at a place, computed offline: sunrise plus 30 minutes until sunset less 60.
//! Source: `reference` section 2, the scoring rule.

use crate::place::Position;
use chrono::{DateTime, Duration, NaiveDate, Utc};
use sunrise::{Coordinates, SolarDay, SolarEvent};

const AFTER_SUNRISE_MINUTES: i64 = 30;
const BEFORE_SUNSET_MINUTES: i64 = 60;

/// The hours of one day that count as daylight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Daylight {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
}

/// Daylight at `position` on the local day `date`; `None` where the sun does not rise or set.
pub fn daylight(position: Position, date: NaiveDate) -> Option<Daylight> {
    let coordinates = Coordinates::new(position.latitude(), position.longitude())?;
    let day = SolarDay::new(coordinates, date);
    let from = day.event_time(SolarEvent::Sunrise)? + Duration::minutes(AFTER_SUNRISE_MINUTES);
    let to = day.event_time(SolarEvent::Sunset)? - Duration::minutes(BEFORE_SUNSET_MINUTES);
    (from < to).then_some(Daylight { from, to })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_november_day_by_the_lake() {
        // The almanac gives about 06:31 and 16:57 (+08:00) for this place and day.
        let lake = Position::from_degrees(31.2, 120.2).unwrap();
        let light = daylight(lake, NaiveDate::from_ymd_opt(2026, 11, 21).unwrap()).unwrap();
        let near = |moment: DateTime<Utc>, wanted: &str| {
            let wanted: DateTime<Utc> = wanted.parse().unwrap();
            (moment - wanted).num_minutes().abs() <= 5
        };
        assert!(near(light.from, "2026-11-20T23:01:00Z"), "{light:?}");
        assert!(near(light.to, "2026-11-21T07:57:00Z"), "{light:?}");
    }

    #[test]
    fn no_daylight_where_the_sun_stays_down() {
        let svalbard = Position::from_degrees(78.2, 15.6).unwrap();
        assert_eq!(
            daylight(svalbard, NaiveDate::from_ymd_opt(2026, 12, 21).unwrap()),
            None
        );
    }
}
