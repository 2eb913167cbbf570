//! Signatures and photos: kept offline, sent, shown, deleted when their time is over.

use crate::work::{arrive, end_met, plan_input, stop};
use doorstep_device::commands::agree_plan::AgreementInput;
use doorstep_device::{Device, DeviceClock, DeviceError, handover};
use doorstep_domain::evidence::EvidenceKind;
use doorstep_domain::plan::{Consent, PaymentMethod};
use doorstep_server::attachments::Attachments;
use doorstep_server::retention;
use doorstep_tests::company::{Company, PASSPHRASE, morning};
use tokio::task::block_in_place;

/// A drawing of one stroke, as a screen sends it.
fn drawn(ink: bool) -> String {
    use base64::Engine as _;
    let mut picture = image::GrayAlphaImage::new(90, 26);
    if ink {
        (10..80).for_each(|x| picture.put_pixel(x, 13, image::LumaA([0, 255])));
    }
    let mut png = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut png, image::ImageFormat::Png).unwrap();
    base64::engine::general_purpose::STANDARD.encode(png.into_inner())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_and_a_photo_are_kept_offline_and_reach_the_case() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let case = stop(&device, 0);
    arrive(&device, case);
    company.cable.cut();
    let plan = plan_input(&device, case);
    let fastest = device
        .propose_plans(case, &plan)
        .unwrap()
        .proposals
        .pop()
        .unwrap();
    let agreement = |signature: String| AgreementInput {
        plan: plan.clone(),
        instalment: fastest.instalment,
        consent: Consent::Signed,
        method: PaymentMethod::BankTransfer,
        no_new_credit: true,
        limitation_told: true,
        other: String::new(),
        replaces: false,
        signature: Some(signature),
    };
    let refused = |error: DeviceError| error.code().to_owned();
    let empty = device
        .agree_plan(case, &agreement(drawn(false)))
        .err()
        .unwrap();
    assert_eq!(refused(empty), "evidence.empty_signature");
    assert!(
        device.case(case).unwrap().plans.is_empty(),
        "nothing half-saved"
    );
    device.agree_plan(case, &agreement(drawn(true))).unwrap();
    let changed = AgreementInput {
        replaces: true,
        ..agreement(drawn(true))
    };
    device.agree_plan(case, &changed).unwrap();
    let states: Vec<_> = device
        .case(case)
        .unwrap()
        .plans
        .iter()
        .map(|plan| plan.state)
        .collect();
    assert_eq!(states.len(), 2, "the first stays on record: {states:?}");
    let unasked = device.add_photo(case, &drawn(true), false).err().unwrap();
    assert_eq!(refused(unasked), "evidence.no_consent");
    for torn in ["", "%%%", "aGVsbG8="] {
        let error = device.add_photo(case, torn, true).err().unwrap();
        assert_eq!(refused(error), "evidence.not_readable", "{torn}");
    }
    device.add_photo(case, &drawn(true), true).unwrap();
    company.cable.mend();
    device.sync().await.unwrap();
    let evidence = device.case(case).unwrap().evidence;
    let kinds: Vec<_> = evidence.iter().map(|piece| piece.kind).collect();
    assert_eq!(kinds, [EvidenceKind::Signature, EvidenceKind::Photo]);
    let known = block_in_place(|| company.store.read(|tx| tx.case(case)));
    let plan = &known.unwrap().unwrap().plans[0];
    assert_eq!(evidence[0].signs, Some(plan.action));
    let lead = company.sign_in("lead").await.unwrap();
    for (piece, start) in evidence
        .iter()
        .zip([b"\x89PNG".as_slice(), b"\xff\xd8\xff"])
    {
        let path = format!("/v1/cases/{case}/evidence/{}", piece.sha256);
        let answer = company
            .send("GET", &path, Some(lead.cookie()), None)
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
        let bytes = answer.bytes().await.unwrap();
        assert!(bytes.starts_with(start));
        assert_eq!(bytes.len() as u64, piece.bytes);
    }
    let handler = company.sign_in("complaints").await.unwrap();
    let path = format!("/v1/cases/{case}/evidence/{}", evidence[0].sha256);
    let (status, _) = handler.ask("GET", &path, None).await.unwrap();
    assert_eq!(status, 403);
    // Five years later (CN-RET-1) their time is over; before that it is not, whatever the house says.
    let folder = company.folder.path().join("attachments");
    let attachments = Attachments::in_folder(&folder).unwrap();
    let policies = std::sync::Arc::new(doorstep_server::policies::shipped().unwrap());
    let sweep = |days| {
        let now = morning() + chrono::Duration::days(days);
        retention::sweep(&company.store, &attachments, &policies, now)
    };
    assert_eq!(sweep(1825).await.unwrap(), 0);
    assert_eq!(sweep(1828).await.unwrap(), 2);
    assert_eq!(sweep(1829).await.unwrap(), 0, "once");
    let path = format!("/v1/cases/{case}/evidence/{}", evidence[1].sha256);
    let (status, said) = lead.ask("GET", &path, None).await.unwrap();
    assert_eq!(
        (status, said["code"].as_str()),
        (404, Some("evidence.deleted"))
    );
    device.sync().await.unwrap();
    let evidence_now = device.case(case).unwrap().evidence;
    assert!(evidence_now.iter().all(|piece| piece.deleted_on.is_some()));
    let other = stop(&device, 1);
    let path = format!("/v1/cases/{other}/evidence/{}", evidence[0].sha256);
    let (status, _) = lead.ask("GET", &path, None).await.unwrap();
    assert_eq!(status, 404, "another case's");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_begins_at_the_door_with_their_word_and_reaches_the_console() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let case = stop(&device, 0);
    let refused = |consent| {
        device
            .may_record(case, consent)
            .unwrap_err()
            .code()
            .to_owned()
    };
    assert_eq!(refused(false), "evidence.no_consent");
    assert_eq!(refused(true), "visit.not_there_yet");
    arrive(&device, case);
    device.may_record(case, true).unwrap();
    company.cable.cut();
    for piece in [b"OggS and".as_slice(), b" so on"] {
        device.keep_recording_piece(case, piece).unwrap();
    }
    // The device dies meanwhile; what was heard until then is there when it opens again.
    drop(device);
    let clock = DeviceClock::starting_at(morning());
    let device = Device::unlock(&company.device_folder(), PASSPHRASE, clock).unwrap();
    assert!(device.rescue_recording().unwrap().is_some());
    assert!(device.rescue_recording().unwrap().is_none(), "once");
    company.cable.mend();
    device.sync().await.unwrap();
    let kept = device.case(case).unwrap().evidence.pop().unwrap();
    assert_eq!(
        (kept.kind, kept.media.as_str()),
        (EvidenceKind::Recording, "audio/ogg")
    );
    let lead = company.sign_in("lead").await.unwrap();
    let path = format!("/v1/cases/{case}/evidence/{}", kept.sha256);
    let answer = company
        .send("GET", &path, Some(lead.cookie()), None)
        .await
        .unwrap();
    assert_eq!(answer.headers()["content-type"], "audio/ogg");
    assert_eq!(answer.bytes().await.unwrap().as_ref(), b"OggS and so on");
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_is_handed_in_without_the_passphrase_and_only_as_it_was_signed() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let case = stop(&device, 0);
    arrive(&device, case);
    company.cable.cut();
    device.add_photo(case, &drawn(true), true).unwrap();
    let piece = device.case(case).unwrap().evidence.pop().unwrap();
    let own = device.profile().device;
    drop(device);
    company.cable.mend();
    let folder = company.device_folder();
    let sealed = folder.join("profile/sealed-evidence").join(&piece.sha256);
    let whole = std::fs::read(&sealed).unwrap();
    let (signature, body) = whole.split_at(64);
    assert!(
        !body.windows(4).any(|bytes| bytes == b"\xff\xd8\xff\xe0"),
        "noise"
    );
    let bring = async |sha256: &str, signature: &[u8], body: &[u8]| {
        let path = format!("/v1/handover/{own}/evidence/{sha256}");
        let request = company
            .http()
            .post(format!("http://{}{path}", company.address))
            .header("doorstep-signature", hex::encode(signature))
            .body(body.to_vec());
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let said: serde_json::Value = answer.json().await.unwrap_or_default();
        (status, said["code"].as_str().unwrap_or_default().to_owned())
    };
    let unsigned = (400, "sync.bad_signature".to_owned());
    assert_eq!(bring(&piece.sha256, &[0; 64], body).await, unsigned);
    assert_eq!(bring(&"ab".repeat(32), signature, body).await, unsigned);
    let not_sealed = (422, "attachment.not_sealed".to_owned());
    for wrong in [&body[..40], b"", b"a photo of something else"] {
        assert_eq!(bring(&piece.sha256, signature, wrong).await, not_sealed);
    }
    // Three actions of the way to the door, the photo's, and the photo.
    assert_eq!(handover::hand_over(&folder).await.unwrap(), 5);
    assert_eq!(handover::hand_over(&folder).await.unwrap(), 0);
    let lead = company.sign_in("lead").await.unwrap();
    let path = format!("/v1/cases/{case}/evidence/{}", piece.sha256);
    let answer = company
        .send("GET", &path, Some(lead.cookie()), None)
        .await
        .unwrap();
    assert_eq!(answer.bytes().await.unwrap().len() as u64, piece.bytes);
    // Its owner comes back: it is sent once more, and leaves the folder.
    let clock = DeviceClock::starting_at(morning());
    let device = Device::unlock(&folder, PASSPHRASE, clock).unwrap();
    device.sync().await.unwrap();
    assert!(!sealed.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retired_device_forgets_nothing_that_the_server_has_not() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let case = stop(&device, 0);
    arrive(&device, case);
    device.add_photo(case, &drawn(true), true).unwrap();
    end_met(&device, case, "");
    let piece = device.case(case).unwrap().evidence.pop().unwrap();
    let lead = company.sign_in("lead").await.unwrap();
    let path = format!("/v1/devices/{}/state", device.profile().device);
    let retired = Some(serde_json::json!("retired"));
    lead.done("PUT", &path, retired).await.unwrap();
    device.sync().await.unwrap();
    let path = format!("/v1/cases/{case}/evidence/{}", piece.sha256);
    let answer = company.send("GET", &path, Some(lead.cookie()), None);
    assert_eq!(answer.await.unwrap().status(), 200, "the photo came first");
    let gone = device.sync().await.err().unwrap();
    assert_eq!(gone.code(), "device.retired");
}
