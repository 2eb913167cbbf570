//! Killed, restored, full, read-only: what was saved is still there.

use crate::work::{arrive, end_met, stop};
use chrono::Duration;
use doorstep_device::commands::enrol::{Enrolment, enrol};
use doorstep_device::{Device, DeviceClock, DeviceError};
use doorstep_domain::case::FactField;
use doorstep_tests::company::{Company, PASSPHRASE, morning};

fn unlock(data: &std::path::Path) -> Device {
    Device::unlock(data, PASSPHRASE, DeviceClock::starting_at(morning())).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_started_again_shows_the_same_state() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let case = stop(&device, 0);
    company.cable.cut();
    arrive(&device, case);
    end_met(&device, case, "before the battery died");
    device
        .keep_form_draft("plan", case, r#"{"typed":{"wages":"1"}}"#)
        .unwrap();
    let shown = |device: &Device| {
        let view = device.case(case).unwrap();
        let saved: Vec<_> = device
            .saved()
            .unwrap()
            .into_iter()
            .map(|saved| saved.action)
            .collect();
        (
            view.visits.len(),
            view.visits[0].state,
            saved,
            device.form_draft("plan", case).unwrap(),
        )
    };
    let before = shown(&device);
    drop(device);
    assert_eq!(shown(&unlock(&company.device_folder())), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_is_noise_without_the_passphrase() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let name = device.case(stop(&device, 0)).unwrap().summary.name;
    drop(device);
    let wrong = Device::unlock(
        &company.device_folder(),
        "not the passphrase",
        DeviceClock::default(),
    );
    assert!(matches!(wrong.err(), Some(DeviceError::WrongPassphrase)));
    for entry in std::fs::read_dir(company.device_folder().join("profile")).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let shows = |text: &str| {
            bytes
                .windows(text.len())
                .any(|window| window == text.as_bytes())
        };
        assert!(!shows(&name) && !shows("SQLite format"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_says_so_and_loses_nothing() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let case = stop(&device, 0);
    device
        .add_note(case, "saved before the disk was full")
        .unwrap();
    device.limit_growth(0).unwrap();
    let long = "x".repeat(3_900);
    let full = (0..200)
        .find_map(|_| device.add_note(case, &long).err())
        .expect("the disk fills up");
    assert_eq!(full.code(), "storage.full");
    let notes = device.case(case).unwrap().history.len();
    let status = device.sync_status().unwrap();
    assert_eq!(status.waiting as usize, notes);
    drop(device);
    // With space again, everything that was saved goes up.
    let device = unlock(&company.device_folder());
    assert_eq!(device.sync().await.unwrap().waiting, 0);
    let server = company.store.read(|tx| tx.case(case)).unwrap().unwrap();
    assert_eq!(server.history.len(), notes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_can_not_be_written_to_says_so_and_keeps_the_code_unused() {
    let company = Company::start().await.unwrap();
    // A file where the folder should be: no account may write there, not even the administrator.
    let blocked = company.folder.path().join("blocked");
    std::fs::write(&blocked, "in the way").unwrap();
    let refused = company
        .enrol(&company.demo.enrol_code, &blocked)
        .await
        .err()
        .unwrap();
    assert!(refused.code().starts_with("storage."), "{}", refused.code());
    company.device().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copied_tablet_takes_another_incarnation() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let case = stop(&device, 0);
    device
        .set_fact(case, FactField::Phone, "first life")
        .unwrap();
    device.sync().await.unwrap();
    drop(device);
    // The database alone comes back from a backup; the file beside it does not match.
    std::fs::remove_file(company.device_folder().join("profile/incarnation")).unwrap();
    let device = unlock(&company.device_folder());
    device
        .set_fact(case, FactField::Phone, "second life")
        .unwrap();
    let status = device.sync().await.unwrap();
    assert_eq!((status.waiting, status.refused), (0, 0));
    let server = company.store.read(|tx| tx.case(case)).unwrap().unwrap();
    assert_eq!(server.fact(FactField::Phone), Some("second life"));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_two_weeks_without_its_server_a_device_meets_it_first_but_never_at_a_door() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let case = stop(&device, 0);
    drop(device);
    let unlock_after = |days| {
        let clock = DeviceClock::starting_at(morning() + Duration::days(days));
        Device::unlock(&company.device_folder(), PASSPHRASE, clock).unwrap()
    };
    company.cable.cut();
    unlock_after(13).renew_lease().await.unwrap();
    for over in [15, -2] {
        let device = unlock_after(over);
        let refused = device.renew_lease().await.unwrap_err();
        assert_eq!(refused.code(), "device.lease_over");
    }
    company.cable.mend();
    let device = unlock_after(15);
    device.renew_lease().await.unwrap();
    arrive(&device, case);
    drop(device);
    company.cable.cut();
    unlock_after(40).renew_lease().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_share_a_tablet_and_neither_opens_what_is_the_others() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let case = stop(&device, 0);
    device.add_note(case, "mine").unwrap();
    let (first, folder) = (device.profile().device, company.device_folder());
    drop(device);
    let lead = company.sign_in("lead").await.unwrap();
    let path = format!("/v1/people/{}/enrol-code", company.id("agent").unwrap());
    let code = lead.done("POST", &path, None).await.unwrap();
    let code = code["code"].as_str().unwrap();
    let enrol_with = async |passphrase| {
        let enrolment = Enrolment {
            server: &company.cable.url(),
            code,
            passphrase,
        };
        enrol(&folder, enrolment, DeviceClock::starting_at(morning())).await
    };
    let refused = enrol_with(PASSPHRASE).await.err().unwrap();
    assert!(
        matches!(refused, DeviceError::NotNow(rule) if rule.as_str() == "enrol.passphrase_taken")
    );
    // The code is still good.
    let second = enrol_with("another passphrase").await.unwrap();
    assert_ne!(second.profile().device, first);
    assert_eq!(second.sync_status().unwrap().waiting, 0);
    drop(second);
    let open = |passphrase| {
        Device::unlock(&folder, passphrase, DeviceClock::starting_at(morning())).unwrap()
    };
    assert_eq!(open(PASSPHRASE).profile().device, first);
    assert_eq!(open(PASSPHRASE).sync_status().unwrap().waiting, 1);
    assert_ne!(open("another passphrase").profile().device, first);
}
