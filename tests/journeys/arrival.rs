//! At the door: where the device believes to be, how many are there, and who went along.

use crate::work::{answer_safely, stop, without_a_fix};
use doorstep_device::commands::arrive::ArrivalInput;
use doorstep_device::{Device, DeviceError};
use doorstep_domain::CaseId;
use doorstep_domain::arrival::{ArrivalReason, Fix, Whereabouts};
use doorstep_domain::place::Position;
use doorstep_tests::company::Company;

fn refused<T: std::fmt::Debug>(outcome: Result<T, DeviceError>) -> String {
    match outcome.unwrap_err() {
        DeviceError::NotNow(rule) => rule.as_str().to_owned(),
        other => panic!("{other}"),
    }
}

fn set_off(device: &Device, case: CaseId) -> Position {
    answer_safely(device, case);
    device.save_checklist(case).unwrap();
    device.start_travel(case).unwrap();
    let view = device.case(case).unwrap();
    Position::from_degrees(view.latitude.unwrap(), view.longitude.unwrap()).unwrap()
}

fn fixes(at: Position, north_m: f64) -> Vec<Fix> {
    let position = Position::from_degrees(at.latitude() + north_m / 111_195.0, at.longitude());
    let fix = |accuracy| Fix {
        position: position.unwrap(),
        accuracy_m: Some(accuracy),
    };
    vec![fix(30), fix(12)]
}

#[tokio::test(flavor = "multi_thread")]
async fn two_good_fixes_are_enough_and_anything_else_asks_why() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let case = stop(&device, 0);
    let door = set_off(&device, case);
    let at = |north_m, reason, headcount| ArrivalInput {
        fixes: fixes(door, north_m),
        reason,
        headcount,
    };
    assert_eq!(
        refused(device.arrive(case, &at(10.0, None, 1))),
        "visit.partner_missing"
    );
    assert_eq!(
        refused(device.arrive(case, &at(900.0, None, 2))),
        "visit.say_where_you_are"
    );
    let seen = device.locate(case, &fixes(door, 900.0)).unwrap();
    assert_eq!(seen.whereabouts, Whereabouts::Outside);
    assert!((899..=901).contains(&seen.distance_m.unwrap()) && !seen.is_perhaps_shifted);
    device.arrive(case, &at(10.0, None, 2)).unwrap();
    device.sync().await.unwrap();
    let known = company.store.read(|tx| tx.case(case)).unwrap().unwrap();
    let visit = &known.visits[0];
    let arrival = visit.arrival.unwrap();
    assert_eq!(arrival.whereabouts, Whereabouts::Inside);
    assert_eq!((arrival.accuracy_m, arrival.headcount), (Some(12), 2));
    assert!(visit.arrived_position.is_some() && visit.remarks.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_elsewhere_goes_on_with_a_reason_and_it_is_remarked() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let case = stop(&device, 0);
    let door = set_off(&device, case);
    let input = ArrivalInput {
        fixes: fixes(door, 900.0),
        reason: Some(ArrivalReason::MetElsewhere),
        headcount: 2,
    };
    device.arrive(case, &input).unwrap();
    device.sync().await.unwrap();
    let view = device.case(case).unwrap();
    assert_eq!(
        view.visits[0].remarks[0].as_str(),
        "visit.away_from_address"
    );
    // No trail: one position, once.
    let known = company.store.read(|tx| tx.case(case)).unwrap().unwrap();
    let text = serde_json::to_string(&known.visits).unwrap();
    assert_eq!(text.matches("latitude_microdegrees").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_with_the_shift_of_chinese_maps_is_said_to_be_one() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let case = stop(&device, 0);
    let door = set_off(&device, case);
    // Who stands there reads a position that is the door's without the shift.
    let (east, north) = coordtransform::gcj02_to_wgs84(door.longitude(), door.latitude());
    let there = Position::from_degrees(north, east).unwrap();
    let seen = device.locate(case, &fixes(there, 0.0)).unwrap();
    assert_eq!(seen.whereabouts, Whereabouts::Outside);
    assert!(seen.is_perhaps_shifted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_colleague_accepts_on_their_own_device_without_a_network() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let lead = company.sign_in("lead").await.unwrap();
    let buddy = company.id("agent2").unwrap();
    let path = format!("/v1/people/{buddy}/enrol-code");
    let code = lead.done("POST", &path, None).await.unwrap();
    let folder = company.folder.path().join("buddy");
    let theirs = company
        .enrol(code["code"].as_str().unwrap(), &folder)
        .await
        .unwrap();
    theirs.sync().await.unwrap();
    company.cable.cut();
    let case = stop(&device, 0);
    let asked = device.ask_partner(case).unwrap();
    assert_eq!(device.ask_partner(case).unwrap(), asked, "the same visit");
    assert_eq!(refused(theirs.accept_to_go_along("12")), "partner.question");
    assert_eq!(refused(device.note_partner(case, "123")), "partner.code");
    let answer = theirs.accept_to_go_along(&asked).unwrap();
    device.note_partner(case, &answer).unwrap();
    assert!(device.checklist(case).unwrap().has_partner_code);
    set_off(&device, case);
    device.arrive(case, &without_a_fix()).unwrap();
    company.cable.mend();
    device.sync().await.unwrap();
    let known = || company.store.read(|tx| tx.case(case)).unwrap().unwrap();
    assert_eq!(known().visits[0].partner, Some(buddy));
    device.sync().await.unwrap();
    assert_eq!(device.case(case).unwrap().visits[0].partner, Some(buddy));
    // Somebody else's visit, and a made-up code, name nobody.
    let other = stop(&device, 1);
    device.ask_partner(other).unwrap();
    device.note_partner(other, &answer).unwrap();
    answer_safely(&device, other);
    device.save_checklist(other).unwrap();
    device.sync().await.unwrap();
    let view = company.store.read(|tx| tx.case(other)).unwrap().unwrap();
    assert_eq!(view.visits[0].partner, None);
    assert!(view.visits[0].intent.partner_code.is_some());
}
