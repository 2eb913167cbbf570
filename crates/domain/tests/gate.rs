//! The packs at their boundaries: the vectors of the reference, and what each pack adds.

#![allow(clippy::unwrap_used, reason = "a test may")]

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use chrono_tz::Tz;
use doorstep_domain::Case;
use doorstep_domain::checklist::{Answer, Effect};
use doorstep_domain::clearance::{Clearance, against_any_visit, clear};
use doorstep_domain::policy::{Check, Grade, Policies, State};
use doorstep_domain::safety::{Flag, FlagKind, Stop, StopKind};
use doorstep_domain::visit::VisitIntent;
use doorstep_testkit::build::{case, lead, morning, safe_answers, shipped_policies};
use std::sync::LazyLock;

static POLICIES: LazyLock<Policies> = LazyLock::new(|| shipped_policies().unwrap());

fn door(zone: Tz) -> Case {
    let mut case = case().unwrap();
    case.address.zone = zone;
    case
}

fn pair(planned_minutes: u16) -> VisitIntent {
    VisitIntent {
        planned_minutes,
        headcount: 2,
        lead_approval: None,
        lifts: Vec::new(),
        partner_code: None,
    }
}

fn at(case: &Case, moment: &str, minutes: u16) -> Clearance {
    let moment: DateTime<FixedOffset> = moment.parse().unwrap();
    let answers = safe_answers(&POLICIES);
    clear(case, &answers, &POLICIES, &pair(minutes), moment.to_utc())
}

fn says(clearance: &Clearance, rule: &str) -> Option<Effect> {
    let reason = clearance.reasons.iter().find(|r| r.citation.rule == rule);
    reason.map(|reason| reason.effect)
}

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
fn what_is_said_at_the_door_comes_in_order_with_who_asks_for_it() {
    use doorstep_domain::policy::DoorStep;
    let day = "2026-11-21".parse().unwrap();
    let steps = POLICIES.door_steps(&door(chrono_tz::Asia::Shanghai), day);
    let names: Vec<_> = steps.iter().map(|(step, _)| *step).collect();
    assert_eq!(names, DoorStep::ALL, "a recording is required there");
    let asked_by = |step| {
        let (_, asked_by) = steps.iter().find(|(known, _)| *known == step).unwrap();
        asked_by
            .iter()
            .map(|citation| citation.rule.as_str())
            .collect::<Vec<_>>()
    };
    assert_eq!(asked_by(DoorStep::SayRecording), ["CN-VIS-5"]);
    assert!(asked_by(DoorStep::GiveReceipt).is_empty(), "good practice");
    let unknown = POLICIES.door_steps(&door(chrono_tz::Pacific::Fiji), day);
    assert!(
        unknown
            .iter()
            .all(|(step, _)| *step != DoorStep::SayRecording)
    );
}

#[test]
fn evidence_goes_after_the_longest_duty_and_a_recording_not_before_the_debt_is_settled() {
    use doorstep_domain::evidence::{Evidence, EvidenceKind};
    let mut case = door(chrono_tz::Asia::Shanghai);
    let piece = |kind| Evidence {
        kind,
        sha256: "0".repeat(64),
        bytes: 1,
        media: String::new(),
        visit: None,
        signs: None,
        has_consent: true,
        taken_on: "2026-11-21".parse().unwrap(),
        deleted_on: None,
    };
    let is_over = |case: &_, kind, day: &str| {
        POLICIES.is_evidence_over(case, &piece(kind), day.parse().unwrap())
    };
    // The house wants two years, CN-RET-1 five.
    assert!(!is_over(&case, EvidenceKind::Photo, "2031-11-21"));
    assert!(is_over(&case, EvidenceKind::Photo, "2031-11-22"));
    assert!(
        !is_over(&case, EvidenceKind::Recording, "2040-01-01"),
        "CN-RET-3"
    );
    case.balance.total.minor = 0;
    assert!(is_over(&case, EvidenceKind::Recording, "2031-11-22"));
    let us = door(chrono_tz::America::New_York);
    assert!(
        !is_over(&us, EvidenceKind::Recording, "2029-11-21"),
        "US-RET-1"
    );
    assert!(is_over(&us, EvidenceKind::Recording, "2029-11-22"));
    let london = door(chrono_tz::Europe::London);
    assert!(is_over(&london, EvidenceKind::Photo, "2028-11-22"));
}

#[test]
fn off_in_one_pack_is_off_and_no_word_is_off() {
    use doorstep_domain::policy::RecordingRule::{Allowed, Off, Required};
    let case = door(chrono_tz::Asia::Shanghai);
    let with = |said: [Option<doorstep_domain::policy::RecordingRule>; 2]| {
        let mut policies = Policies::clone(&POLICIES);
        let mut said = said.into_iter();
        policies
            .packs
            .retain(|pack| pack.id == "house" || pack.id == "cn");
        for pack in &mut policies.packs {
            pack.recording = said.next().flatten();
        }
        policies.recording(&case)
    };
    assert_eq!(POLICIES.recording(&case), Required, "CN-VIS-5");
    assert_eq!(with([None, None]), Off);
    assert_eq!(with([Some(Allowed), None]), Allowed);
    assert_eq!(with([Some(Required), Some(Allowed)]), Required);
    assert_eq!(with([Some(Required), Some(Off)]), Off);
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

/// The rules of the reference, one a line.
const REFERENCE: &str = include_str!("reference-rules.txt");

#[test]
fn every_rule_of_the_reference_is_held_or_says_why_not() {
    let rules: Vec<_> = POLICIES.packs.iter().flat_map(|pack| &pack.rules).collect();
    let wanted: Vec<&str> = REFERENCE.lines().collect();
    assert_eq!(wanted.len(), 129);
    for id in wanted {
        let rule = rules.iter().find(|rule| rule.id == id);
        let rule = rule.unwrap_or_else(|| panic!("{id} is in no pack"));
        match rule.state() {
            State::Not => assert!(!rule.reason().is_empty(), "{id}"),
            State::Implemented | State::Attested => assert!(!rule.place().is_empty(), "{id}"),
        }
        if let Check::Question { id: question } = &rule.check {
            let mut questions = POLICIES.checklist.questions.iter();
            assert!(questions.any(|known| known.id == *question), "{id}");
        }
    }
}
