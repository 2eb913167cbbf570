//! When a visit may be: the vectors of the reference, at their edges.

use crate::{at, door, says};
use doorstep_domain::checklist::Effect;

#[test]
fn v5_hours_at_their_edges_where_the_person_lives() {
    for (zone, day, offset, clock, minutes, may_go) in [
        (
            chrono_tz::America::New_York,
            "2026-11-21",
            "-05:00",
            "07:59",
            0,
            false,
        ),
        (
            chrono_tz::America::New_York,
            "2026-11-21",
            "-05:00",
            "08:00",
            0,
            true,
        ),
        (
            chrono_tz::America::New_York,
            "2026-11-21",
            "-05:00",
            "20:59",
            0,
            true,
        ),
        (
            chrono_tz::America::New_York,
            "2026-11-21",
            "-05:00",
            "21:00",
            0,
            false,
        ),
        (
            chrono_tz::Asia::Shanghai,
            "2026-11-21",
            "+08:00",
            "07:59",
            0,
            false,
        ),
        (
            chrono_tz::Asia::Shanghai,
            "2026-11-21",
            "+08:00",
            "08:00",
            0,
            true,
        ),
        (
            chrono_tz::Asia::Shanghai,
            "2026-11-21",
            "+08:00",
            "21:59",
            0,
            true,
        ),
        (
            chrono_tz::Asia::Shanghai,
            "2026-11-21",
            "+08:00",
            "22:00",
            0,
            false,
        ),
        (
            chrono_tz::Asia::Shanghai,
            "2026-11-21",
            "+08:00",
            "21:40",
            30,
            false,
        ),
        (
            chrono_tz::Asia::Kolkata,
            "2026-11-21",
            "+05:30",
            "18:30",
            30,
            true,
        ),
        (
            chrono_tz::Asia::Kolkata,
            "2026-11-21",
            "+05:30",
            "18:31",
            30,
            false,
        ),
        (
            chrono_tz::Europe::London,
            "2026-11-21",
            "+00:00",
            "20:31",
            30,
            false,
        ),
        (
            chrono_tz::Australia::Sydney,
            "2026-11-21",
            "+11:00",
            "08:59",
            0,
            false,
        ),
        (
            chrono_tz::Australia::Sydney,
            "2026-11-21",
            "+11:00",
            "09:00",
            0,
            true,
        ),
        // A national public holiday.
        (
            chrono_tz::Australia::Sydney,
            "2026-12-25",
            "+11:00",
            "12:00",
            0,
            false,
        ),
    ] {
        let clearance = at(&door(zone), &format!("{day}T{clock}:00{offset}"), minutes);
        assert_eq!(
            !clearance.is_blocked(),
            may_go,
            "{zone} {day} {clock} {minutes}"
        );
    }
}

#[test]
fn hours_count_where_the_person_lives_whatever_the_agents_clock_says() {
    // 20:30 in New York, and 09:30 on the next day by the agent's clock in Shanghai.
    let clearance = at(
        &door(chrono_tz::America::New_York),
        "2026-11-22T09:45:00+08:00",
        30,
    );
    assert_eq!(says(&clearance, "US-HRS-1"), Some(Effect::Block));
    assert_eq!(says(&clearance, "CN-HRS-1"), None);
}
