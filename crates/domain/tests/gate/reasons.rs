//! What stands in the way of a visit, and what it asks for.

use crate::{POLICIES, at, door, pair, says};
use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use doorstep_domain::checklist::{Answer, Effect};
use doorstep_domain::clearance::{against_any_visit, clear};
use doorstep_domain::moment::Moment;
use doorstep_domain::policy::{Check, Grade};
use doorstep_domain::safety::{Flag, FlagKind, Stop, StopKind};
use doorstep_domain::visit::{Visit, VisitIntent, VisitState};
use doorstep_domain::{Case, VisitId};
use doorstep_testkit::build::{agent, lead, morning, safe_answers};
use uuid::Uuid;

#[test]
fn two_of_us_in_china_and_one_is_enough_in_london() {
    let answers = safe_answers(&POLICIES);
    let alone = VisitIntent {
        headcount: 1,
        ..pair(30)
    };
    let noon = "2026-11-21T04:00:00Z".parse().unwrap();
    let there = |zone| clear(&door(zone), &answers, &POLICIES, &alone, noon);
    assert_eq!(
        says(&there(chrono_tz::Asia::Shanghai), "CN-VIS-1"),
        Some(Effect::Block)
    );
    let noon = "2026-11-21T12:00:00Z".parse().unwrap();
    let london = clear(
        &door(chrono_tz::Europe::London),
        &answers,
        &POLICIES,
        &alone,
        noon,
    );
    assert!(london.may_go(), "{:?}", london.reasons);
}

#[test]
fn a_place_without_a_law_pack_needs_the_lead() {
    let clearance = at(
        &door(chrono_tz::America::Sao_Paulo),
        "2026-11-21T12:00:00-03:00",
        30,
    );
    assert_eq!(says(&clearance, "HOUSE-LAW-1"), Some(Effect::Lead));
}

#[test]
fn a_draft_and_a_rule_from_memory_forbid_nothing() {
    for rule in POLICIES.packs.iter().flat_map(|pack| &pack.rules) {
        if rule.grade == Grade::M {
            assert_ne!(rule.strength(), Effect::Block, "{}", rule.id);
        }
    }
    let evening = at(
        &door(chrono_tz::Asia::Kolkata),
        "2026-11-21T20:00:00+05:30",
        15,
    );
    assert_eq!(says(&evening, "IN-HRS-2"), Some(Effect::Warn));
    assert_eq!(says(&evening, "IN-HRS-1"), Some(Effect::Block));
}

#[test]
fn a_rule_begins_on_its_day() {
    let directive = |id: &str| {
        let rules = POLICIES.packs.iter().flat_map(|pack| &pack.rules);
        rules.clone().find(|rule| rule.id == id).unwrap().clone()
    };
    let rule = directive("EU-CCD-1");
    assert!(!rule.is_effective(NaiveDate::from_ymd_opt(2026, 11, 19).unwrap()));
    assert!(rule.is_effective(NaiveDate::from_ymd_opt(2026, 11, 20).unwrap()));
}

#[test]
fn each_law_names_its_own_stop() {
    for (zone, kind, rule) in [
        (chrono_tz::Asia::Shanghai, StopKind::ActivePlan, "CN-PLAN-3"),
        (chrono_tz::America::Chicago, StopKind::Attorney, "US-ATT-1"),
        (
            chrono_tz::America::Chicago,
            StopKind::CeaseRequest,
            "US-CEASE-1",
        ),
        (chrono_tz::Europe::London, StopKind::Moratorium, "UK-BS-1"),
        (chrono_tz::Europe::London, StopKind::Dispute, "UK-DISP-1"),
        (
            chrono_tz::Europe::Paris,
            StopKind::Bereavement,
            "HOUSE-STOP-1",
        ),
    ] {
        let mut case = door(zone);
        case.stops.push(Stop {
            id: doorstep_domain::ActionId(uuid::Uuid::from_u128(1)),
            kind,
            effective: morning() - chrono::Duration::days(1),
            until: None,
            known_from: None,
            lifted: None,
        });
        let clearance = at(&case, "2026-11-21T12:00:00Z", 15);
        assert_eq!(says(&clearance, rule), Some(Effect::Block), "{rule}");
    }
}

fn flagged(kind: FlagKind, raised_on: &str, review_on: &str) -> Case {
    let mut case = door(chrono_tz::Asia::Shanghai);
    case.flags.push(Flag {
        id: doorstep_domain::ActionId(uuid::Uuid::from_u128(2)),
        kind,
        incident: "an incident".into(),
        raised_by: lead(),
        raised_on: raised_on.parse().unwrap(),
        review_on: review_on.parse().unwrap(),
        approved: None,
        cleared: None,
    });
    case
}

#[test]
fn an_expired_flag_leaves_and_a_weapon_is_remembered_for_longer() {
    let noon = "2026-11-21T12:00:00+08:00";
    let old = flagged(FlagKind::ThreatOrAggression, "2024-11-01", "2025-05-01");
    assert_eq!(says(&at(&old, noon, 30), "Q02"), None);
    let weapon = flagged(FlagKind::WeaponInHome, "2018-11-01", "2019-05-01");
    assert_eq!(says(&at(&weapon, noon, 30), "Q03"), Some(Effect::Block));
    // A later review is a decision that it still holds.
    let reviewed = flagged(FlagKind::ThreatOrAggression, "2024-11-01", "2027-05-01");
    assert_eq!(says(&at(&reviewed, noon, 30), "Q02"), Some(Effect::Pair));
}

#[test]
fn a_wish_of_the_person_narrows_and_never_widens() {
    use doorstep_domain::case::{Fact, FactField};
    let wished = |text: &str| {
        let mut case = door(chrono_tz::Asia::Shanghai);
        let fact = Fact {
            value: text.into(),
            revision: case.revision,
            set_by: doorstep_domain::ActionId(uuid::Uuid::from_u128(3)),
            first: None,
        };
        case.facts.insert(FactField::PreferredHours, fact);
        case
    };
    let evening = wished("18:00-20:00");
    assert!(at(&evening, "2026-11-21T12:00:00+08:00", 30).is_blocked());
    assert!(at(&evening, "2026-11-21T18:10:00+08:00", 30).may_go());
    assert!(at(&evening, "2026-11-21T19:40:00+08:00", 30).is_blocked());
    assert!(at(&wished("22:00-23:30"), "2026-11-21T22:30:00+08:00", 15).is_blocked());
    // Words are for people to read.
    assert!(at(&wished("Weekday evenings"), "2026-11-21T12:00:00+08:00", 30).may_go());
}

#[test]
fn the_last_resort_is_not_the_first() {
    let mut case = door(chrono_tz::Asia::Shanghai);
    case.account.months_overdue = 0;
    let clearance = at(&case, "2026-11-21T12:00:00+08:00", 30);
    assert_eq!(says(&clearance, "HOUSE-LAST-1"), Some(Effect::Block));
    // A list for planning says so at any hour, and nothing of a case that may be planned.
    let midnight = "2026-11-21T00:10:00+08:00".parse().unwrap();
    let listed = |case: &_| against_any_visit(case, &POLICIES, midnight);
    assert_eq!(listed(&case)[0].citation.rule, "HOUSE-LAST-1");
    case.account.months_overdue = 3;
    assert!(listed(&case).is_empty());
}

#[test]
fn gentler_ways_come_first_and_where_nobody_counted_the_checklist_asks() {
    let mut case = door(chrono_tz::Asia::Shanghai);
    let noon = "2026-11-21T12:00:00+08:00";
    let mut tried = |times| {
        case.account.gentler_attempts = times;
        let clearance = at(&case, noon, 30);
        let listed = against_any_visit(&case, &POLICIES, noon.parse().unwrap());
        assert_eq!(clearance.may_go(), listed.is_empty());
        says(&clearance, "HOUSE-LAST-2")
    };
    assert_eq!(tried(Some(0)), Some(Effect::Block));
    assert_eq!(tried(Some(2)), Some(Effect::Block));
    assert_eq!(tried(Some(3)), None);
    assert_eq!(tried(None), None);
    let unknown = POLICIES.checklist.questions.iter().find(|q| q.id == "Q28");
    assert_eq!(unknown.unwrap().effects, [Effect::Block]);
}

#[test]
fn a_household_that_is_another_agents_today_needs_the_lead() {
    let mut case = door(chrono_tz::Asia::Shanghai);
    case.assignment.as_mut().unwrap().has_permit = false;
    let clearance = at(&case, "2026-11-21T12:00:00+08:00", 30);
    assert_eq!(says(&clearance, "HOUSE-BUDGET-1"), Some(Effect::Lead));
    assert!(!clearance.may_go());
}

#[test]
fn unknown_is_never_better_than_an_adverse_answer() {
    let case = door(chrono_tz::Europe::Paris);
    let now: DateTime<Utc> = "2026-11-21T11:00:00Z".parse().unwrap();
    for question in POLICIES.checklist.questions.iter().filter(|q| q.is_asked()) {
        let with = |answer| {
            let mut answers = safe_answers(&POLICIES);
            answers.insert(question.id.clone(), answer);
            clear(&case, &answers, &POLICIES, &pair(15), now)
        };
        let (unknown, adverse) = (with(Answer::Unknown), with(question.adverse));
        assert_eq!(
            unknown.conditions(),
            adverse.conditions(),
            "{}",
            question.id
        );
        assert_eq!(
            unknown.is_blocked(),
            adverse.is_blocked(),
            "{}",
            question.id
        );
    }
}

/// A visit that met somebody on a Monday in New York.
fn visited_on_monday() -> Case {
    let mut case = door(chrono_tz::America::New_York);
    let monday: DateTime<FixedOffset> = "2026-11-16T19:30:00-05:00".parse().unwrap();
    let moment = Moment::read(monday, None, Some(monday.to_utc()));
    let clearance = at(&case, "2026-11-16T19:00:00-05:00", 30);
    case.visits.push(Visit {
        id: VisitId(Uuid::from_u128(0x6a9)),
        agent: agent(),
        state: VisitState::Ended,
        intent: pair(30),
        answers: safe_answers(&POLICIES),
        clearance,
        checked_at: moment.clone(),
        travelled_at: Some(moment.clone()),
        arrived_at: Some(moment.clone()),
        arrived_position: None,
        arrival: None,
        partner: None,
        check_ins: Vec::new(),
        ended_at: Some(moment),
        outcome: None,
        late: false,
        remarks: Vec::new(),
    });
    case
}

#[test]
fn v6_seven_days_after_a_monday_end_on_the_following_monday() {
    let mut weekly = POLICIES.clone();
    let rules = weekly.packs.iter_mut().flat_map(|pack| &mut pack.rules);
    for rule in rules.filter(|rule| rule.id == "HOUSE-GAP-1") {
        rule.check = Check::VisitGap { days: 7 };
    }
    let case = visited_on_monday();
    let answers = safe_answers(&weekly);
    let gap = |policies: &_, moment: &str| {
        let now: DateTime<FixedOffset> = moment.parse().unwrap();
        let clearance = clear(&case, &answers, policies, &pair(30), now.to_utc());
        says(&clearance, "HOUSE-GAP-1")
    };
    // Days are those of the door: it is Monday already by Greenwich.
    assert_eq!(
        gap(&weekly, "2026-11-22T20:00:00-05:00"),
        Some(Effect::Lead)
    );
    assert_eq!(gap(&weekly, "2026-11-23T09:00:00-05:00"), None);
    assert_eq!(
        gap(&POLICIES, "2026-12-15T12:00:00-05:00"),
        Some(Effect::Lead)
    );
    assert_eq!(gap(&POLICIES, "2026-12-16T12:00:00-05:00"), None);
}
