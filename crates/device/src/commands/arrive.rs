//! Arriving: where the device believes to be, how many are there, and a reason instead of a dead end.

use crate::device::Device;
use crate::error::{DeviceError, Result};
use crate::view::CommittedView;
use doorstep_domain::arrival::{Arrival, ArrivalReason, Fix, Whereabouts, locate};
use doorstep_domain::place::Position;
use doorstep_domain::visit::Step;
use doorstep_domain::{CaseId, Change, RuleId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Who says where they are when they arrive.
#[derive(Debug, Clone, Default, Deserialize, TS)]
pub struct ArrivalInput {
    /// In the order in which the sensor gave them; none where it is off or there is none.
    pub fixes: Vec<Fix>,
    /// Needed where they do not show the door.
    #[ts(optional = nullable)]
    pub reason: Option<ArrivalReason>,
    /// How many of us are here.
    pub headcount: u8,
}

/// What fixes say about a door.
#[derive(Debug, Clone, Serialize, TS)]
pub struct LocatedView {
    pub whereabouts: Whereabouts,
    pub distance_m: Option<u32>,
    pub accuracy_m: Option<u32>,
    /// The address lies where the fixes would in GCJ-02: its position was perhaps not converted.
    pub is_perhaps_shifted: bool,
}

impl Device {
    /// What fixes say about the door, before anything is recorded.
    pub fn locate(&self, id: CaseId, fixes: &[Fix]) -> Result<LocatedView> {
        self.read(|tx| {
            let case = self.case_in(tx, id)?;
            let located = locate(case.address.position, fixes);
            Ok(LocatedView {
                whereabouts: located.whereabouts,
                distance_m: located.distance_m,
                accuracy_m: located.fix.and_then(|fix| fix.accuracy_m),
                is_perhaps_shifted: is_shifted(case.address.position, fixes),
            })
        })
    }

    /// Arrives at the address: with whoever is there, and a reason where the fixes do not show it.
    /// One position is kept, and no trail.
    pub fn arrive(&self, id: CaseId, input: &ArrivalInput) -> Result<CommittedView> {
        self.write(|tx| {
            let case = self.case_in(tx, id)?;
            let located = locate(case.address.position, &input.fixes);
            let visit = self.may_take(tx, &case, Step::Arrive)?;
            if visit.is_short_of_people(input.headcount) {
                return Err(DeviceError::NotNow(RuleId::named("visit.partner_missing")));
            }
            if located.whereabouts != Whereabouts::Inside && input.reason.is_none() {
                return Err(DeviceError::NotNow(RuleId::named(
                    "visit.say_where_you_are",
                )));
            }
            let change = Change::Arrive {
                visit: visit.id,
                position: located.fix.map(|fix| fix.position),
                arrival: Some(Arrival {
                    whereabouts: located.whereabouts,
                    distance_m: located.distance_m,
                    accuracy_m: located.fix.and_then(|fix| fix.accuracy_m),
                    reason: input.reason,
                    headcount: input.headcount,
                }),
            };
            self.save(tx, &case, change)
        })
    }
}

/// Whether the door is where the fixes would be in GCJ-02, the shifted datum of maps in China.
fn is_shifted(door: Option<Position>, fixes: &[Fix]) -> bool {
    let shifted = |fix: &Fix| {
        let (longitude, latitude) =
            coordtransform::wgs84_to_gcj02(fix.position.longitude(), fix.position.latitude());
        Position::from_degrees(latitude, longitude).map(|position| Fix { position, ..*fix })
    };
    let moved: Vec<_> = fixes.iter().filter_map(shifted).collect();
    moved != fixes
        && locate(door, fixes).whereabouts != Whereabouts::Inside
        && locate(door, &moved).whereabouts == Whereabouts::Inside
}
