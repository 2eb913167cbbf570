//! What the packs ask for once somebody is there: words, recordings, and how long evidence stays.

use crate::{POLICIES, door};
use doorstep_domain::policy::Policies;

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
