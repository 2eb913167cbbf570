//! Somebody goes to a door and is not heard from: the server's own watch raises the alarm, tells
//! whom it was told to tell, and only a person ends it.

use crate::work::{arrive, end_met, stop};
use chrono::{Duration, Utc};
use doorstep_device::{Device, DeviceClock, handover};
use doorstep_domain::{CaseId, DeviceId, Role, VisitId};
use doorstep_protocol::alarm::AlarmKind;
use doorstep_server::store::{StoreError, WatchRow};
use doorstep_server::watch::{Channel, deliver, raise_overdue};
use doorstep_server::{Store, Tenant};
use doorstep_testkit::cluster::Cluster;
use doorstep_tests::company::{Company, PASSPHRASE, Person, morning};
use doorstep_tests::processes::{built, serve_beside};
use doorstep_tests::receivers::{Mailbox, Webhook};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use tokio::task::block_in_place;
use uuid::Uuid;

async fn at_a_door(company: &Company) -> (Device, CaseId) {
    let device = company.device().await.unwrap();
    let case = stop(&device, 0);
    arrive(&device, case);
    device.sync().await.unwrap();
    (device, case)
}

async fn alarms(lead: &Person<'_>) -> Vec<Value> {
    let listed = lead.done("GET", "/v1/alarms", None).await.unwrap();
    listed.as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tablet_destroyed_during_a_visit_raises_the_alarm() {
    let company = Company::start().await.unwrap();
    let (device, _) = at_a_door(&company).await;
    assert_eq!(company.store.read(|tx| tx.count_watched()).unwrap(), 1);
    drop(device);
    std::fs::remove_dir_all(company.device_folder()).unwrap();
    let in_time = morning() + Duration::minutes(20);
    assert_eq!(raise_overdue(&company.store, &[], in_time).unwrap(), 0);
    let too_late = morning() + Duration::hours(2);
    assert_eq!(raise_overdue(&company.store, &[], too_late).unwrap(), 1);
    let lead = company.sign_in("lead").await.unwrap();
    let alarms = alarms(&lead).await;
    assert_eq!(alarms.len(), 1);
    assert_eq!(alarms[0]["kind"], "silent");
    assert_eq!(alarms[0]["person_name"], "Ana Agent (demo)");
    let words = alarms[0]["emergency_text"]["en"].as_str().unwrap();
    assert!(
        words.contains("Last known place") && !words.contains("debt"),
        "{words}"
    );
    let there = "2026-11-21 12:00";
    let in_chinese = alarms[0]["emergency_text"]["zh"].as_str().unwrap();
    assert!(
        words.contains(there) && in_chinese.contains(there),
        "{words} {in_chinese}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_sync_never_ends_an_alarm_and_a_person_does() {
    let company = Company::start().await.unwrap();
    let (device, case) = at_a_door(&company).await;
    raise_overdue(&company.store, &[], morning() + Duration::hours(2)).unwrap();
    // The network was gone; they were all right, and everything arrives now.
    device.check_in(case).unwrap();
    end_met(&device, case, "spoke for a while");
    device.sync().await.unwrap();
    let lead = company.sign_in("lead").await.unwrap();
    let open = alarms(&lead).await.remove(0);
    assert_eq!(open["is_closed"], false, "{open}");
    let path = |what: &str| format!("/v1/alarms/{}/{what}", open["id"].as_str().unwrap());
    let said = json!({ "note": "on the phone now" });
    lead.done("POST", &path("acknowledge"), Some(said))
        .await
        .unwrap();
    let (status, said) = lead
        .ask("POST", &path("close"), Some(json!({ "note": " " })))
        .await
        .unwrap();
    assert_eq!(
        (status, said["code"].as_str()),
        (422, Some("alarm.note_missing"))
    );
    let said = json!({ "note": "spoke to them, all is well" });
    lead.done("POST", &path("close"), Some(said)).await.unwrap();
    let closed = alarms(&lead).await.remove(0);
    assert_eq!(closed["is_closed"], true);
    let kinds: Vec<_> = closed["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["kind"].clone())
        .collect();
    assert_eq!(kinds, ["raised", "acknowledged", "closed"]);
    assert_eq!(company.store.read(|tx| tx.count_watched()).unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_heard_in_time_raises_nothing() {
    let company = Company::start().await.unwrap();
    let (device, case) = at_a_door(&company).await;
    end_met(&device, case, "a short talk");
    device.sync().await.unwrap();
    let later = morning() + Duration::days(1);
    assert_eq!(raise_overdue(&company.store, &[], later).unwrap(), 0);
    assert_eq!(company.store.read(|tx| tx.count_watched()).unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_that_is_handed_in_by_pieces_raises_nothing_between_them() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let case = stop(&device, 0);
    arrive(&device, case);
    let now = morning() + Duration::hours(3);
    let company = company.at(now).await.unwrap();
    device.sync().await.unwrap();
    assert_eq!(raise_overdue(&company.store, &[], now).unwrap(), 0);
    let silent = now + Duration::minutes(2);
    assert_eq!(raise_overdue(&company.store, &[], silent).unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_in_work_that_somebody_hands_in_is_watched() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    arrive(&device, stop(&device, 0));
    drop(device);
    handover::hand_over(&company.device_folder()).await.unwrap();
    assert_eq!(company.store.read(|tx| tx.count_watched()).unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_reaches_a_webhook_and_a_mailbox_also_after_they_were_away() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let company = Company::start().await.unwrap();
    let (_device, _) = at_a_door(&company).await;
    let webhook = Webhook::start().await.unwrap();
    let mailbox = Mailbox::start(root).unwrap();
    let channels = [
        Channel::webhook(1, &webhook.url).unwrap(),
        Channel::mail(1, &mailbox.url, "doorstep@example.org", "lead@example.org").unwrap(),
    ];
    webhook.refuse_once();
    let now = morning() + Duration::hours(2);
    raise_overdue(&company.store, &channels, now).unwrap();
    deliver(&company.store, &channels, now).await.unwrap();
    assert_eq!(webhook.taken(), Vec::<Value>::new(), "it was refused");
    deliver(&company.store, &channels, now + Duration::seconds(2))
        .await
        .unwrap();
    deliver(&company.store, &channels, now + Duration::seconds(90))
        .await
        .unwrap();
    let taken = webhook.taken();
    assert_eq!(taken.len(), 1, "{taken:?}");
    let alarm = company
        .store
        .read(|tx| tx.alarms(1))
        .unwrap()
        .remove(0)
        .alarm
        .id;
    assert_eq!(taken[0]["alarm"], alarm.to_string());
    assert_eq!(taken[0]["kind"], "silent");
    let mail = mailbox.wait_for_one().unwrap();
    assert!(mail.contains(&alarm.to_string()), "{mail}");
    assert!(mail.contains("Ana Agent (demo)"), "{mail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_never_answers_holds_up_no_other() {
    let company = Company::start().await.unwrap();
    let (device, case) = at_a_door(&company).await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = format!("http://{}/", silent.local_addr().unwrap());
    let webhook = Webhook::start().await.unwrap();
    let channels = [&silent, &webhook.url]
        .iter()
        .zip(1..)
        .map(|(url, place)| Channel::webhook(place, url).unwrap())
        .collect::<Vec<_>>();
    let now = morning() + Duration::hours(2);
    raise_overdue(&company.store, &channels, now).unwrap();
    device.raise_alarm(AlarmKind::Panic, Some(case)).unwrap();
    let store = std::sync::Arc::clone(&company.store);
    let delivering = tokio::spawn(async move { deliver(&store, &channels, now).await });
    for _ in 0..50 {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        if !webhook.taken().is_empty() {
            break;
        }
    }
    assert_eq!(webhook.taken().len(), 1);
    assert!(!delivering.is_finished(), "the other is still tried");
}

const SILENT_VISITS: u128 = 60;

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_raise_each_alarm_once_and_one_that_dies_loses_none() {
    let cluster = Cluster::start().unwrap();
    let url = cluster.database("company").unwrap();
    let store = block_in_place(|| Store::connect(&url, Tenant::default())).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let company = Company::start_on(store, folder).await.unwrap();
    let agent = company.of_role(Role::Agent).unwrap();
    let began = Utc::now();
    block_in_place(|| {
        company.store.write(|tx| {
            for number in 1..=SILENT_VISITS {
                tx.watch(&WatchRow {
                    visit: VisitId(Uuid::from_u128(number)),
                    case: CaseId(Uuid::from_u128(number)),
                    device: DeviceId(Uuid::from_u128(number)),
                    agent,
                    due_at: began + Duration::milliseconds(2_000 + 50 * number as i64),
                    rhythm_ms: 1_200_000,
                })?;
            }
            Ok::<_, StoreError>(())
        })
    })
    .unwrap();
    let webhook = Webhook::start().await.unwrap();
    let binary = built("doorstep-server").unwrap();
    let serve = |name: &str| {
        let data = company.folder.path().join(name);
        serve_beside(&binary, &data, &url, &webhook.url).unwrap()
    };
    let (first, _second) = (serve("first"), serve("second"));
    tokio::time::sleep(std::time::Duration::from_secs(4)).await;
    drop(first);
    let distinct = || {
        let taken = webhook.taken();
        let ids = taken.iter().map(|message| message["alarm"].to_string());
        ids.collect::<BTreeSet<_>>().len()
    };
    let late = began + Duration::seconds(90);
    while distinct() < SILENT_VISITS as usize && Utc::now() < late {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(distinct(), SILENT_VISITS as usize);
    let rows = block_in_place(|| company.store.read(|tx| tx.alarms(1_000))).unwrap();
    assert_eq!(rows.len(), SILENT_VISITS as usize);
    // Whoever died may have sent one without having noted it.
    let sent = webhook.taken().len();
    assert!(sent <= SILENT_VISITS as usize + 1, "{sent} deliveries");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_during_a_visit_moves_no_timer() {
    let company = Company::start().await.unwrap();
    let (device, case) = at_a_door(&company).await;
    let left = |device: &Device| {
        let seen = device.case(case).unwrap();
        let visit = seen
            .visits
            .iter()
            .find(|visit| visit.check_in_due.is_some());
        visit.unwrap().check_in_due.unwrap() - seen.now
    };
    let before = left(&device);
    drop(device);
    let after_ten_minutes = DeviceClock::starting_at(morning() + Duration::minutes(10));
    for hours in [0, -5, 3, 24 * 30] {
        let clock = after_ten_minutes.with_wall_set(Duration::hours(hours));
        let opened = Device::unlock(&company.device_folder(), PASSPHRASE, clock).unwrap();
        let passed = before - left(&opened);
        let is_ten = (passed - Duration::minutes(10)).abs() < Duration::seconds(20);
        assert!(is_ten, "set by {hours} hours: {passed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passphrase_given_under_force_looks_like_success_and_calls_for_help() {
    let company = Company::start().await.unwrap();
    let (device, case) = at_a_door(&company).await;
    device
        .set_forced_passphrase(PASSPHRASE, "anything you say")
        .unwrap();
    drop(device);
    let clock = DeviceClock::starting_at(morning());
    let opened = Device::unlock(&company.device_folder(), "anything you say", clock).unwrap();
    assert_eq!(
        opened.today().unwrap().stops[0].id,
        case,
        "everything is there"
    );
    assert_eq!(opened.send_alarms().await.unwrap(), 0);
    let lead = company.sign_in("lead").await.unwrap();
    let alarms = alarms(&lead).await;
    assert_eq!(alarms.len(), 1, "{alarms:?}");
    assert_eq!(alarms[0]["kind"], "duress");
    assert_eq!(
        alarms[0]["rung"], "emergency",
        "nobody waits for the ladder"
    );
    assert_eq!(alarms[0]["case"], case.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_between_two_visits_names_the_last_door() {
    let company = Company::start().await.unwrap();
    let (device, case) = at_a_door(&company).await;
    end_met(&device, case, "a short talk");
    device.sync().await.unwrap();
    device.raise_alarm(AlarmKind::Panic, None).unwrap();
    assert_eq!(device.send_alarms().await.unwrap(), 0);
    let lead = company.sign_in("lead").await.unwrap();
    let alarms = alarms(&lead).await;
    let words = alarms[0]["emergency_text"]["en"].as_str().unwrap();
    let street = device.case(case).unwrap().summary.street;
    assert!(words.contains(&street), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_names_whoever_is_on_call_and_a_turn_is_handed_over() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let case = stop(&device, 0);
    let lead = company.sign_in("lead").await.unwrap();
    let office = company.sign_in("office").await.unwrap();
    let [lead_id, office_id] = ["lead", "office"].map(|name| company.id(name).unwrap());
    device.raise_alarm(AlarmKind::Panic, Some(case)).unwrap();
    device.send_alarms().await.unwrap();
    let asked = async || {
        let alarms = lead.done("GET", "/v1/alarms", None).await.unwrap();
        alarms[0]["asked"].clone()
    };
    assert!(asked().await.is_null(), "nobody is on call");
    let turn = |person, from: i64, until: i64| {
        let at = |hours| (morning() + chrono::Duration::hours(hours)).to_rfc3339();
        json!({ "place": "first", "person": person, "from": at(from), "until": at(until), "phone": "+44 7700 900123" })
    };
    for (person, from, until, code) in [
        (lead_id, 3, 2, "duty.times"),
        (lead_id, -9, -1, "duty.times"),
        (lead_id, 0, 24 * 40, "duty.times"),
        (company.id("agent").unwrap(), -1, 9, "duty.person"),
    ] {
        let (status, said) = lead
            .ask("POST", "/v1/duties", Some(turn(person, from, until)))
            .await
            .unwrap();
        assert_eq!((status, said["code"].as_str()), (422, Some(code)));
    }
    let (status, _) = office
        .ask("POST", "/v1/duties", Some(turn(office_id, -1, 9)))
        .await
        .unwrap();
    assert_eq!(status, 403, "a lead sets the rota");
    lead.done("POST", "/v1/duties", Some(turn(lead_id, -1, 9)))
        .await
        .unwrap();
    let name = asked().await["name"].as_str().unwrap().to_owned();
    assert!(name.starts_with("Lin Lead"), "{name}");
    let duties = lead.done("GET", "/v1/duties", None).await.unwrap();
    assert_eq!(duties[0]["is_now"], true);
    let path = format!("/v1/duties/{}/hand-over", duties[0]["n"]);
    let (status, said) = office
        .ask("POST", &path, Some(json!({ "person": office_id })))
        .await
        .unwrap();
    assert_eq!(
        (status, said["code"].as_str()),
        (422, Some("duty.not_yours"))
    );
    lead.done(
        "POST",
        &path,
        Some(json!({ "person": office_id, "phone": "+44 7700 900124" })),
    )
    .await
    .unwrap();
    let asked = asked().await;
    assert!(asked["name"].as_str().unwrap().starts_with("Olga Office"));
    assert_eq!(asked["phone"], "+44 7700 900124");
}
