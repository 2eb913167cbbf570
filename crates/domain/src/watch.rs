//! The watch: when silence at a door is an alarm, and who is asked next. Times of the reference,
//! section 3; the way to the door and the wait without a network are decisions of this project.

use crate::checklist::Answer;
use crate::clearance::{CheckInRhythm, check_in_rhythm};
use crate::visit::{Visit, VisitState};
use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

/// Who set off arrives within this time, or says something.
const WAY_MINUTES: i64 = 90;
/// After the planned end, somebody without a network has had time to find one.
const BACK_MINUTES: i64 = 15;
/// The question whether the signal at the door is known to be weak.
const WEAK_SIGNAL: &str = "Q24";

/// Until when silence is all right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// The next sign of life, with its grace.
    pub at: DateTime<Utc>,
    /// No network is expected before this moment; silence until then says nothing.
    pub silent_until: Option<DateTime<Utc>>,
    pub rhythm: CheckInRhythm,
}

impl Due {
    /// When silence becomes the alarm.
    pub fn alarm_at(&self) -> DateTime<Utc> {
        self.at.max(self.silent_until.unwrap_or(self.at))
    }
}

/// Until when a visit may be silent; none where nobody is under way. Nothing that happened is taken
/// to lie after `now`: a device's clock that runs ahead buys no time.
pub fn due(visit: &Visit, now: DateTime<Utc>) -> Option<Due> {
    let minutes = |minutes: i64| Duration::minutes(minutes);
    let rhythm = check_in_rhythm(&visit.clearance, visit.intent.headcount);
    let left = visit.travelled_at.as_ref()?.instant().min(now);
    let (at, from) = match visit.state {
        VisitState::Travelling => (left + minutes(WAY_MINUTES), left),
        VisitState::OnScene => {
            let arrived = visit.arrived_at.as_ref()?.instant().min(now);
            let last = visit.check_ins.last().map(|last| last.instant().min(now));
            let silence = i64::from(rhythm.interval_minutes) + i64::from(rhythm.grace_minutes);
            (
                last.unwrap_or(arrived).max(arrived) + minutes(silence),
                arrived,
            )
        }
        VisitState::Planned | VisitState::Cleared | VisitState::Ended => return None,
    };
    let has_signal = visit.answers.get(WEAK_SIGNAL) == Some(&Answer::No);
    let away = i64::from(visit.intent.planned_minutes) + BACK_MINUTES;
    let way = match visit.state {
        VisitState::Travelling => WAY_MINUTES,
        _ => 0,
    };
    Some(Due {
        at,
        silent_until: (!has_signal).then(|| from + minutes(way + away)),
        rhythm,
    })
}

/// Who is asked, the longer an alarm goes unanswered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Rung {
    /// A loud prompt to the agent.
    Agent,
    /// The partner and the buddy call, twice.
    Buddy,
    /// The lead sees the last position, the address and the notes.
    Lead,
    /// The lead calls; another lead joins.
    BackupLead,
    /// The emergency number, with the prepared words.
    Emergency,
    /// Somebody goes to the last known place.
    OnTheSpot,
}

/// The ladder, in minutes after the alarm.
pub const LADDER: [(i64, Rung); 6] = [
    (0, Rung::Agent),
    (3, Rung::Buddy),
    (5, Rung::Lead),
    (10, Rung::BackupLead),
    (15, Rung::Emergency),
    (30, Rung::OnTheSpot),
];

/// How far the ladder has been climbed after `waited` without an answer. A cry for help (`is_cry`:
/// the panic button, a word under force) begins at the emergency number.
pub fn rung(waited: Duration, is_cry: bool) -> Rung {
    let waited = match is_cry {
        true => waited + Duration::minutes(15),
        false => waited,
    };
    LADDER
        .iter()
        .rev()
        .find(|(minutes, _)| waited >= Duration::minutes(*minutes))
        .map_or(Rung::Agent, |(_, rung)| *rung)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ladder_is_climbed_by_the_minute() {
        for (minutes, wanted) in [
            (0, Rung::Agent),
            (2, Rung::Agent),
            (3, Rung::Buddy),
            (5, Rung::Lead),
            (14, Rung::BackupLead),
            (15, Rung::Emergency),
            (45, Rung::OnTheSpot),
        ] {
            assert_eq!(rung(Duration::minutes(minutes), false), wanted, "{minutes}");
        }
        assert_eq!(rung(Duration::zero(), true), Rung::Emergency);
    }
}
