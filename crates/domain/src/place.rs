//! Where a door is: an address, a position, and the time zone in which its hours count.

use chrono_tz::Tz;
use geo::{Distance, Haversine, Point};
use serde::{Deserialize, Serialize};

/// A position in WGS 84, in whole microdegrees (about 11 cm), so that it compares exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct Position {
    pub latitude_microdegrees: i32,
    pub longitude_microdegrees: i32,
}

const MICRO: f64 = 1_000_000.0;

impl Position {
    /// A position from degrees; `None` outside the globe or not a number.
    pub fn from_degrees(latitude: f64, longitude: f64) -> Option<Self> {
        let on_globe = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
        // The range check above keeps both casts exact.
        on_globe.then(|| Self {
            latitude_microdegrees: (latitude * MICRO).round() as i32,
            longitude_microdegrees: (longitude * MICRO).round() as i32,
        })
    }

    /// Degrees north.
    pub fn latitude(self) -> f64 {
        f64::from(self.latitude_microdegrees) / MICRO
    }

    /// Degrees east.
    pub fn longitude(self) -> f64 {
        f64::from(self.longitude_microdegrees) / MICRO
    }

    /// Great-circle distance in metres.
    pub fn distance_m(self, other: Self) -> f64 {
        Haversine.distance(self.point(), other.point())
    }

    fn point(self) -> Point {
        Point::new(self.longitude(), self.latitude())
    }
}

/// Where a household lives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    pub street: String,
    pub town: String,
    pub position: Option<Position>,
    /// Visiting hours count in this zone, whatever the device's own clock says.
    pub zone: Tz,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_is_in_metres() {
        let a = Position::from_degrees(31.200_000, 120.200_000).unwrap();
        let b = Position::from_degrees(31.201_000, 120.200_000).unwrap();
        assert!((a.distance_m(b) - 111.2).abs() < 0.5);
    }

    #[test]
    fn off_the_globe_is_nowhere() {
        assert_eq!(Position::from_degrees(91.0, 0.0), None);
        assert_eq!(Position::from_degrees(f64::NAN, 0.0), None);
    }
}
