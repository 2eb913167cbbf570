//! The exchange beyond a plain day: forks, lost and retired devices, other versions, handover, alarms.
//! Real HTTP, real files.

use crate::work::stop;
use doorstep_device::{Device, DeviceClock, DeviceError, handover};
use doorstep_domain::case::FactField;
use doorstep_domain::{Change, Ruling};
use doorstep_protocol::alarm::AlarmKind;
use doorstep_protocol::chain::{Commitment, Link, Sign as _};
use doorstep_protocol::envelope::{Envelope, SCHEMA};
use doorstep_server::store::DeviceState;
use doorstep_testkit::build::Actor;
use doorstep_tests::company::{Company, PASSPHRASE, morning};
use ed25519_dalek::SigningKey;
use serde_json::{Value, json};
use std::time::Duration;

/// So long is the way that an answer can be lost on it.
const LONG: Duration = Duration::from_millis(400);

fn unlock(company: &Company) -> Device {
    let clock = DeviceClock::starting_at(morning());
    Device::unlock(&company.device_folder(), PASSPHRASE, clock).unwrap()
}

/// An envelope as another version of the app would seal it.
fn sealed_by(device: &Device, case: &doorstep_domain::Case, schema: u16, text: &str) -> Envelope {
    let profile = device.profile();
    let mut action = Actor::new(profile.user, 0x5c4e_0000 + u128::from(schema))
        .does(Change::AddNote { text: text.into() }, case.revision);
    action.device = profile.device;
    action.case = case.id;
    let mut payload = serde_json::to_string(&action).unwrap();
    if schema > SCHEMA {
        payload = payload.replace("add_note", "sing_a_song");
    }
    let mut seed = [0; 32];
    hex::decode_to_slice(&profile.signing_key, &mut seed).unwrap();
    let (salt, link) = match schema {
        1 => (String::new(), Link::START.follow_payload(&payload)),
        _ => {
            let salt = "5a".repeat(16);
            let link = Link::START.follow(Commitment::to(&salt, &payload));
            (salt, link)
        }
    };
    Envelope {
        schema,
        id: action.id,
        incarnation: action.incarnation,
        n: 1,
        payload,
        salt,
        link,
        signature: SigningKey::from_bytes(&seed).sign_hash(&link.0),
        verdict: None,
    }
}

async fn push(company: &Company, device: &Device, envelope: &Envelope) -> Value {
    let request = json!({
        "protocol": 1, "incarnation": envelope.incarnation, "cursor": null, "policies": null,
        "outbox": [envelope],
    });
    let answer = company
        .http()
        .post(format!("http://{}/v1/sync", company.address))
        .bearer_auth(&device.profile().credentials.token)
        .json(&request)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    serde_json::from_str(&answer.text().await.unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn scenario_17_app_one_version_older_app_one_version_newer() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let id = stop(&device, 0);
    let case = company.store.read(|tx| tx.case(id)).unwrap().unwrap();
    let older = sealed_by(&device, &case, 1, "from an older app");
    let said = push(&company, &device, &older).await;
    assert_eq!(said["verdicts"][0]["verdict"]["ruling"], "applied");
    let newer = sealed_by(&device, &case, 9, "from a newer app");
    let said = push(&company, &device, &newer).await;
    assert_eq!(said["verdicts"][0]["verdict"]["rule"], "action.newer_app");
    // Kept as it came, to the byte.
    let kept = company
        .store
        .read(|tx| tx.taken_action(newer.id))
        .unwrap()
        .unwrap();
    assert_eq!(
        (kept.envelope.payload, kept.is_read),
        (newer.payload, false)
    );
    // And nothing of the same device waits behind it.
    device.add_note(id, "after it").unwrap();
    assert_eq!(device.sync().await.unwrap().waiting, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_push_is_signed_throughout_whatever_is_said_of_each() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let (id, note) = (stop(&device, 0), |number| format!("note {number}"));
    for number in 0..30 {
        device.add_note(id, &note(number)).unwrap();
    }
    // Held: a lead has changed the same meanwhile.
    let lead = company.sign_in("lead").await.unwrap();
    let seen = company.store.read(|tx| tx.case(id)).unwrap().unwrap();
    let body = json!({ "field": "phone", "old": null, "value": "desk", "seen": seen.revision });
    let path = format!("/v1/cases/{id}/facts");
    lead.done("POST", &path, Some(body)).await.unwrap();
    device.set_fact(id, FactField::Phone, "door").unwrap();
    for number in 30..90 {
        device.add_note(id, &note(number)).unwrap();
    }
    // The device looks at every signature: a verdict that is not signed would stop it.
    let status = device.sync().await.unwrap();
    assert_eq!((status.waiting, status.held), (0, 1));
    let case = company.store.read(|tx| tx.case(id)).unwrap().unwrap();
    assert_eq!((case.history.len(), case.conflicts.len()), (90, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn scenario_18_device_lost_with_unsent_work_then_found() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let id = stop(&device, 0);
    device.add_note(id, "not sent yet").unwrap();
    let own = device.profile().device;
    company
        .store
        .write(|tx| tx.set_device_state(own, DeviceState::Lost, morning()))
        .unwrap();
    // What arrives after the report waits for a person; the key is gone.
    let refused = device.sync().await.err().unwrap();
    assert_eq!(refused.code(), "device.retired");
    drop(device);
    let locked = Device::unlock(
        &company.device_folder(),
        PASSPHRASE,
        DeviceClock::starting_at(morning()),
    );
    assert!(matches!(locked.err(), Some(DeviceError::NotEnrolled)));
    let case = company.store.read(|tx| tx.case(id)).unwrap().unwrap();
    assert!(case.history.is_empty());
    let waiting = &case.conflicts[0];
    assert_eq!(waiting.rule.as_str(), "device.reported_lost");
    // A lead takes it in after all.
    let lead = company.sign_in("lead").await.unwrap();
    lead.done(
        "POST",
        &format!("/v1/cases/{id}/conflicts/{}/decision", waiting.id),
        Some(json!({ "choice": { "choice": "take_held" }, "seen": case.revision })),
    )
    .await
    .unwrap();
    let case = company.store.read(|tx| tx.case(id)).unwrap().unwrap();
    assert_eq!(case.history[0].text, "not sent yet");
}

#[tokio::test(flavor = "multi_thread")]
async fn scenario_24_what_was_sealed_is_handed_in_without_the_passphrase() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let id = stop(&device, 0);
    let saved = device.add_note(id, "sealed").unwrap().action;
    drop(device);
    // Nobody knows the passphrase any more; whoever has the tablet brings it in.
    assert_eq!(
        handover::hand_over(&company.device_folder()).await.unwrap(),
        1
    );
    assert_eq!(
        handover::hand_over(&company.device_folder()).await.unwrap(),
        0
    );
    let case = company.store.read(|tx| tx.case(id)).unwrap().unwrap();
    assert_eq!(case.history[0].id, saved);
    // It is found again: the same action has the same verdict, once.
    let device = unlock(&company);
    assert_eq!(device.sync().await.unwrap().waiting, 0);
    assert_eq!(device.saved().unwrap()[0].ruling, Some(Ruling::Applied));
    let case = company.store.read(|tx| tx.case(id)).unwrap().unwrap();
    assert_eq!(case.history.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_passes_the_queue_and_is_one_row_also_from_a_lapsed_device() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let id = stop(&device, 0);
    company.cable.cut();
    device.raise_alarm(AlarmKind::Panic, Some(id)).unwrap();
    assert!(device.send_alarms().await.is_err());
    company.cable.mend();
    let own = device.profile().device;
    company
        .store
        .write(|tx| {
            tx.set_device_state(own, DeviceState::Retired, morning())?;
            tx.touch_device(own, morning(), morning() - chrono::Duration::days(40))
        })
        .unwrap();
    assert_eq!(device.send_alarms().await.unwrap(), 0);
    let alarms = company.store.read(|tx| tx.alarms(10)).unwrap();
    assert_eq!(alarms.len(), 1);
    assert_eq!(alarms[0].alarm.kind, AlarmKind::Panic);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lapsed_token_is_renewed_by_the_devices_key() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let own = device.profile().device;
    company
        .store
        .write(|tx| tx.touch_device(own, morning(), morning() - chrono::Duration::days(40)))
        .unwrap();
    assert!(device.sync().await.is_ok());
    drop(device);
    assert!(unlock(&company).sync().await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enrolment_whose_answer_was_lost_is_gone_on_with() {
    let company = Company::start().await.unwrap();
    let (code, folder) = (&company.demo.enrol_code, company.device_folder());
    let devices = || company.store.read(|tx| tx.devices()).unwrap();
    // The server takes the code; the cable breaks before it says so.
    company.cable.add_round_trip(LONG);
    let enrolling = company.enrol(code, &folder);
    let cutting = async {
        while devices().is_empty() {
            tokio::task::yield_now().await;
        }
        company.cable.cut();
    };
    let (enrolled, ()) = tokio::join!(enrolling, cutting);
    company.cable.add_round_trip(Duration::ZERO);
    company.cable.mend();
    let Err(error) = enrolled else {
        panic!("the answer arrived all the same");
    };
    assert_eq!(error.code(), DeviceError::NoConnection.code());
    let elsewhere = company.folder.path().join("elsewhere");
    let used = company.enrol(code, &elsewhere).await.err().unwrap();
    assert_eq!(
        used.code(),
        "enrol.code_used",
        "only its own device goes on"
    );
    let device = company.enrol(code, &folder).await.unwrap();
    assert!(device.sync().await.is_ok());
    assert_eq!(devices().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_whose_answer_was_lost_is_asked_for_again() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let own = device.profile().device;
    let id = stop(&device, 0);
    let lapse = || {
        let long_ago = morning() - chrono::Duration::days(40);
        let lapse = company
            .store
            .write(|tx| tx.touch_device(own, morning(), long_ago));
        lapse.unwrap();
    };
    let token_hash = || {
        company
            .store
            .read(|tx| tx.device(own))
            .unwrap()
            .unwrap()
            .token_hash
    };
    lapse();
    let before = token_hash();
    // The server gives the other token; the cable breaks before it arrives.
    company.cable.add_round_trip(LONG);
    company.cable.renew().await;
    let sending = device.sync();
    let cutting = async {
        while token_hash() == before {
            tokio::task::yield_now().await;
        }
        company.cable.cut();
    };
    let (sent, ()) = tokio::join!(sending, cutting);
    assert!(sent.is_err());
    company.cable.add_round_trip(Duration::ZERO);
    company.cable.mend();
    // Help can be called with what the device has.
    device.raise_alarm(AlarmKind::Panic, Some(id)).unwrap();
    assert_eq!(device.send_alarms().await.unwrap(), 0);
    device.add_note(id, "Nobody opened.").unwrap();
    assert_eq!(device.sync().await.unwrap().waiting, 0);
    // Once the present token was heard, the one before is worth nothing.
    let old = company
        .store
        .read(|tx| tx.device_by_token(&before))
        .unwrap();
    assert!(old.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_that_the_server_cannot_read_holds_up_its_own_actions_and_no_others() {
    let company = Company::start_in_a_file().await.unwrap();
    let device = company.device().await.unwrap();
    let (spoiled, sound) = (stop(&device, 0), stop(&device, 1));
    let text = "Nobody opened.";
    for case in [sound, spoiled, sound, spoiled, sound] {
        device.add_note(case, text).unwrap();
    }
    let file = rusqlite::Connection::open(company.folder.path().join("server.db")).unwrap();
    let spoil = "UPDATE case_file SET doc = substr(doc, 1, 40) WHERE id = ?1";
    assert_eq!(file.execute(spoil, [spoiled.to_string()]).unwrap(), 1);
    let head = || {
        let head = "SELECT number, leaves FROM head";
        let count = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?));
        file.query_row(head, [], count).unwrap()
    };
    let before = head();
    device.sync().await.unwrap();
    let rulings: Vec<Option<Ruling>> = device
        .saved()
        .unwrap()
        .into_iter()
        .map(|saved| saved.ruling)
        .collect();
    let held = Some(Ruling::held("server.could_not_judge"));
    let applied = Some(Ruling::Applied);
    // Newest first.
    assert_eq!(
        rulings,
        [&applied, &held, &applied, &held, &applied].map(Clone::clone)
    );
    // Each is in the log once, and each that was applied has a number of its own.
    assert_eq!(head(), (before.0 + 3, before.1 + 5));
    device.add_note(sound, text).unwrap();
    assert_eq!(device.sync().await.unwrap().waiting, 0);
}
