//! Where somebody is when they say that they are at the door. Two fixes, each with its accuracy, against
//! the address; never a dead end: whoever is not seen to be there says why, and goes on. No trail is kept.

use crate::place::Position;
use serde::{Deserialize, Serialize};

/// Nearer than this is at the door. Source: reference, routing section 9, for GNSS between houses.
pub const RADIUS_M: f64 = 150.0;
/// A fix that is no better than this says nothing about a door.
const ACCURACY_M_MAX: u32 = 1_000;

/// One fix of the device's own sensor, in WGS 84.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS))]
pub struct Fix {
    pub position: Position,
    /// The radius in metres in which the device believes to be; none where the sensor does not say.
    pub accuracy_m: Option<u32>,
}

/// What the fixes say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Whereabouts {
    /// At the door, by both fixes.
    Inside,
    /// They do not agree, or are too coarse.
    Unsure,
    /// Elsewhere, by both fixes.
    Outside,
    /// No fix, or the address has no position.
    Unknown,
}

/// Why somebody goes on who is not seen to be at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ArrivalReason {
    /// The address on file is drawn at the wrong place.
    AddressIsWrong,
    /// The device finds no position here.
    NoPosition,
    /// A gate, a compound, a tall building.
    Compound,
    /// They asked to meet somewhere else.
    MetElsewhere,
}

/// What is kept of an arrival beside the position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct Arrival {
    pub whereabouts: Whereabouts,
    /// From the address, in metres.
    pub distance_m: Option<u32>,
    pub accuracy_m: Option<u32>,
    pub reason: Option<ArrivalReason>,
    /// How many of us are at the door.
    pub headcount: u8,
}

/// What fixes say about a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Located {
    pub whereabouts: Whereabouts,
    /// The better fix, the only one that is kept.
    pub fix: Option<Fix>,
    pub distance_m: Option<u32>,
}

/// Holds fixes against a door. One alone may be an old one from the sensor's memory, and never says
/// more than *unsure*.
pub fn locate(door: Option<Position>, fixes: &[Fix]) -> Located {
    let best = fixes
        .iter()
        .min_by_key(|fix| fix.accuracy_m.unwrap_or(u32::MAX))
        .copied();
    let (Some(door), Some(fix)) = (door, best) else {
        return Located {
            whereabouts: Whereabouts::Unknown,
            fix: best,
            distance_m: None,
        };
    };
    let mut said = fixes.iter().map(|fix| says(door, fix));
    let first = said.next().unwrap_or(Whereabouts::Unsure);
    let agree = fixes.len() >= 2 && said.all(|other| other == first);
    Located {
        whereabouts: if agree { first } else { Whereabouts::Unsure },
        fix: Some(fix),
        // No distance on the globe is beyond 32 bits.
        distance_m: Some(door.distance_m(fix.position).round() as u32),
    }
}

fn says(door: Position, fix: &Fix) -> Whereabouts {
    let Some(accuracy) = fix.accuracy_m.filter(|accuracy| *accuracy < ACCURACY_M_MAX) else {
        return Whereabouts::Unsure;
    };
    let (distance, accuracy) = (door.distance_m(fix.position), f64::from(accuracy));
    if distance + accuracy <= RADIUS_M {
        Whereabouts::Inside
    } else if distance - accuracy > RADIUS_M {
        Whereabouts::Outside
    } else {
        Whereabouts::Unsure
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn door() -> Position {
        Position::from_degrees(31.2, 120.15).unwrap()
    }

    /// A fix so many metres north of the door.
    fn fix(metres: f64, accuracy_m: Option<u32>) -> Fix {
        Fix {
            position: Position::from_degrees(31.2 + metres / 111_195.0, 120.15).unwrap(),
            accuracy_m,
        }
    }

    #[test]
    fn two_fixes_say_inside_unsure_or_outside() {
        let of = |fixes: &[Fix]| locate(Some(door()), fixes).whereabouts;
        for (one, other, wanted) in [
            (
                fix(20.0, Some(15)),
                fix(30.0, Some(20)),
                Whereabouts::Inside,
            ),
            (
                fix(130.0, Some(30)),
                fix(30.0, Some(20)),
                Whereabouts::Unsure,
            ),
            (
                fix(400.0, Some(30)),
                fix(420.0, Some(25)),
                Whereabouts::Outside,
            ),
            (
                fix(400.0, Some(30)),
                fix(20.0, Some(20)),
                Whereabouts::Unsure,
            ),
            (fix(20.0, None), fix(20.0, Some(10)), Whereabouts::Unsure),
            (
                fix(5_000.0, Some(4_000)),
                fix(5_000.0, Some(4_000)),
                Whereabouts::Unsure,
            ),
        ] {
            assert_eq!(of(&[one, other]), wanted, "{one:?} {other:?}");
        }
        assert_eq!(of(&[fix(10.0, Some(5))]), Whereabouts::Unsure);
        assert_eq!(of(&[]), Whereabouts::Unknown);
        assert_eq!(
            locate(None, &[fix(1.0, Some(5))]).whereabouts,
            Whereabouts::Unknown
        );
        let located = locate(Some(door()), &[fix(300.0, Some(50)), fix(40.0, Some(9))]);
        assert_eq!(
            (located.distance_m, located.fix.unwrap().accuracy_m),
            (Some(40), Some(9))
        );
    }

    proptest! {
        #[test]
        fn a_coarser_fix_is_never_surer(metres in 0.0..2_000.0_f64, accuracy in 0..900_u32, coarser in 0..900_u32) {
            let of = |accuracy| {
                let fix = fix(metres, Some(accuracy));
                locate(Some(door()), &[fix, fix]).whereabouts
            };
            let (fine, coarse) = (of(accuracy), of(accuracy + coarser));
            prop_assert!(coarse == fine || coarse == Whereabouts::Unsure);
        }
    }
}
