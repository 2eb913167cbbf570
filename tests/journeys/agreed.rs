//! What was agreed at the door: the copy that is left there and its check, the plan's life after it,
//! complaints that only their handler reads.

use crate::work::{agree_plan, arrive, end_met, plan_input, stop};
use doorstep_device::DeviceError;
use doorstep_device::commands::agree_plan::AgreementInput;
use doorstep_domain::complaint::{Complaint, ComplaintChannel, ComplaintKind, Feedback};
use doorstep_domain::evidence::EvidenceKind;
use doorstep_domain::outcome::{Conduct, LeftBehind, NextStep, Outcome, OutcomeKind};
use doorstep_domain::plan::{Consent, PaymentMethod, PlanState};
use doorstep_domain::safety::StopKind;
use doorstep_server::attachments::Attachments;
use doorstep_server::retention;
use doorstep_tests::company::{Company, Person, morning};
use serde_json::{Value, json};
use std::process::Command;

async fn check(company: &Company, code: &str) -> (u16, Value) {
    let asked = Some(json!({ "code": code }));
    let answer = company.send("POST", "/v1/check", None, asked).await;
    let answer = answer.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_copy_is_made_offline_and_its_code_is_checked_later() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let case = stop(&device, 0);
    arrive(&device, case);
    company.cable.cut();
    agree_plan(&device, case);
    let record = device.copy_record(case).unwrap();
    let plan = record.plan.as_ref().unwrap();
    assert!(!plan.is_confirmed);
    assert_eq!(plan.total_after, plan.total_before);
    let pdf = doorstep_copy::pdf(&record).unwrap();
    assert_eq!(pdf, doorstep_copy::pdf(&record).unwrap());
    let url = record.check.as_ref().unwrap().url.clone();
    let (before_hash, code) = url.split_once("/#/check/").unwrap();
    assert!(before_hash.starts_with("http://127.0.0.1"), "{before_hash}");
    // Nothing in it names a person, and the server does not know it yet.
    let (status, said) = check(&company, code).await;
    assert_eq!(
        (status, said["code"].as_str()),
        (404, Some("check.unknown"))
    );
    company.cable.mend();
    device.sync().await.unwrap();
    let (status, said) = check(&company, code).await;
    assert_eq!(status, 200, "{said}");
    assert_eq!(
        (&said["kind"], &said["plan"]),
        (&json!("agree_plan"), &json!("active"))
    );
    assert!(!said.to_string().contains(&record.person));
    // A copy that somebody has changed is not known.
    let mut forged = code.to_owned().into_bytes();
    forged[40] = if forged[40] == b'A' { b'B' } else { b'A' };
    let (status, _) = check(&company, &String::from_utf8(forged).unwrap()).await;
    assert_eq!(status, 404);
    assert!(device.copy_record(case).unwrap().plan.unwrap().is_confirmed);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_copy_reads_as_text_in_both_languages() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let case = stop(&device, 0);
    arrive(&device, case);
    agree_plan(&device, case);
    let mut record = device.copy_record(case).unwrap();
    record.person = "Robin مريم Sample".into();
    let file = company.folder.path().join("copy.pdf");
    for (language, words) in [
        (
            doorstep_domain::words::Language::English,
            ["What we agreed", "Your rights", "Robin"],
        ),
        (
            doorstep_domain::words::Language::Chinese,
            ["还款约定", "您的权利", "Robin"],
        ),
    ] {
        record.language = language;
        std::fs::write(&file, doorstep_copy::pdf(&record).unwrap()).unwrap();
        let read = Command::new("pdftotext")
            .arg(&file)
            .arg("-")
            .output()
            .unwrap();
        let text = String::from_utf8(read.stdout).unwrap();
        for word in words {
            assert!(text.contains(word), "{word} in {text}");
        }
        for line in &record.plan.as_ref().unwrap().lines {
            let amount = line.amount.to_string();
            let amount = amount.split(' ').next().unwrap();
            assert!(text.replace(',', "").contains(amount), "{amount}");
        }
    }
}

fn outcome(kind: OutcomeKind) -> Outcome {
    Outcome {
        kind,
        cause: None,
        next_step: None,
        conduct: Conduct::default(),
        note: String::new(),
        left_behind: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outcome_offers_what_is_permitted_and_protects_by_itself() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let case = stop(&device, 0);
    arrive(&device, case);
    let refused = |outcome: Outcome| match device.end_visit(case, outcome) {
        Err(DeviceError::NotNow(rule)) => rule.as_str().to_owned(),
        other => panic!("{other:?}"),
    };
    let mut again = outcome(OutcomeKind::Dispute);
    again.next_step = Some(NextStep::VisitAgain);
    assert_eq!(refused(again), "outcome.not_offered");
    let mut card = outcome(OutcomeKind::Met);
    card.left_behind = Some(LeftBehind::PlainCard);
    assert_eq!(refused(card), "outcome.not_offered");
    device
        .end_visit(case, outcome(OutcomeKind::Dispute))
        .unwrap();
    let stops = device.case(case).unwrap().summary.stops;
    assert!(stops.contains(&StopKind::Dispute), "{stops:?}");
    device.sync().await.unwrap();
    let known = company.store.read(|tx| tx.case(case)).unwrap().unwrap();
    assert!(
        known
            .stops
            .iter()
            .any(|stop| stop.kind == StopKind::Dispute)
    );
}

async fn plan_of(company: &Company, device: &doorstep_device::Device) -> (String, String) {
    let case = stop(device, 0);
    arrive(device, case);
    agree_plan(device, case);
    end_met(device, case, "agreed");
    device.sync().await.unwrap();
    let known = company.store.read(|tx| tx.case(case)).unwrap().unwrap();
    assert_eq!(known.plans[0].state, PlanState::Active);
    (case.to_string(), known.plans[0].terms.id.0.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_countered_accepted_and_voided_and_the_device_hears_of_each() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let (case, plan) = plan_of(&company, &device).await;
    let lead = company.sign_in("lead").await.unwrap();
    let path = |what: &str| format!("/v1/cases/{case}/plans/{plan}/{what}");
    let id = case.parse().map(doorstep_domain::CaseId).unwrap();
    let state = || device.case(id).unwrap().plans[0].state;
    let (status, said) = lead
        .ask("POST", &path("break"), Some(json!({ "reason": "late" })))
        .await
        .unwrap();
    assert_eq!(
        (status, said["code"].as_str()),
        (422, Some("plan.not_missed"))
    );
    let offer = json!({
        "reason": "The first day had passed.", "instalment_minor": 100,
        "frequency": "monthly", "first_due": "2027-01-15",
    });
    let (status, said) = lead
        .ask("POST", &path("counter"), Some(offer))
        .await
        .unwrap();
    assert_eq!(
        (status, said["code"].as_str()),
        (422, Some("plan.too_long"))
    );
    let offer = json!({
        "reason": "The first day had passed.", "instalment_minor": 1_000_000,
        "frequency": "monthly", "first_due": "2027-01-15",
    });
    lead.done("POST", &path("counter"), Some(offer))
        .await
        .unwrap();
    device.sync().await.unwrap();
    assert_eq!(state(), PlanState::Countered);
    let seen = device.case(id).unwrap().plans[0].clone();
    assert!(seen.is_to_be_told && seen.counter.is_some());
    let consent = json!({ "consent": "spoken" });
    lead.done("POST", &path("accept"), Some(consent))
        .await
        .unwrap();
    device.sync().await.unwrap();
    assert_eq!(state(), PlanState::Active);
    assert_eq!(
        device.case(id).unwrap().plans[0].lines[0].due,
        "2027-01-15".parse().unwrap()
    );
    let void = json!({ "reason": "The debt was sold." });
    lead.done("POST", &path("void"), Some(void)).await.unwrap();
    let told = json!({ "how": "phone" });
    lead.done("POST", &path("told"), Some(told.clone()))
        .await
        .unwrap();
    let (status, said) = lead.ask("POST", &path("told"), Some(told)).await.unwrap();
    assert_eq!((status, said["code"].as_str()), (422, Some("plan.not_now")));
    device.sync().await.unwrap();
    assert_eq!(state(), PlanState::Void);
}

#[tokio::test(flavor = "multi_thread")]
async fn payments_of_a_file_are_matched_counted_once_and_keep_the_plan() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let (case, _) = plan_of(&company, &device).await;
    let id = case.parse().map(doorstep_domain::CaseId).unwrap();
    let known = || company.store.read(|tx| tx.case(id)).unwrap().unwrap();
    let (reference, total) = (known().account.reference, known().balance.total);
    let owed = total.to_string();
    let owed = owed.split(' ').next().unwrap();
    let file = format!(
        "payment,reference,amount,date\nB-1,{reference},{owed},2026-12-30\n\
         B-2,nobody,10.00,2026-12-30\nB-3,{reference},ten,2026-12-30\n,{reference},1,2026-12-30\n\
         B-4,{reference},1.00,yesterday\n"
    );
    let office = company.sign_in("office").await.unwrap();
    let post = || async { upload(&company, &office, &file).await };
    let said = post().await;
    assert_eq!(
        (&said["posted"], &said["plans_kept"]),
        (&json!(1), &json!(1)),
        "{said}"
    );
    let codes: Vec<_> = said["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| problem["code"].as_str().unwrap())
        .collect();
    assert_eq!(
        codes,
        [
            "payment.no_number",
            "payment.date",
            "payment.unmatched",
            "payment.amount"
        ]
    );
    let said = post().await;
    assert_eq!(
        (&said["posted"], &said["already"]),
        (&json!(0), &json!(1)),
        "{said}"
    );
    assert_eq!(known().balance.total.minor, 0);
    assert_eq!(known().plans[0].state, PlanState::Kept);
    device.sync().await.unwrap();
    assert_eq!(device.case(id).unwrap().plans[0].state, PlanState::Kept);
}

async fn upload(company: &Company, person: &Person<'_>, file: &str) -> Value {
    let request = company
        .http()
        .post(format!("http://{}/v1/payments", company.address))
        .header("cookie", person.cookie())
        .body(file.to_owned());
    let answer = request.send().await.unwrap();
    answer.error_for_status().unwrap().json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_complaint_is_for_its_handler_alone_and_stops_visits_until_answered() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let case = stop(&device, 0);
    arrive(&device, case);
    end_met(&device, case, "they complained");
    let complaint = Complaint {
        about: ComplaintKind::Conduct,
        channel: ComplaintChannel::AtTheDoor,
        text: "They came at dinner time.".into(),
    };
    device.raise_complaint(case, complaint).unwrap();
    device
        .give_feedback(
            case,
            Feedback {
                respect: 2,
                clarity: 4,
            },
        )
        .unwrap();
    let off_scale = device.give_feedback(
        case,
        Feedback {
            respect: 0,
            clarity: 9,
        },
    );
    assert!(off_scale.is_err());
    device.sync().await.unwrap();
    // What the agent can read again does not say it.
    let view = serde_json::to_string(&device.case(case).unwrap()).unwrap();
    assert!(!view.contains("dinner") && view.contains("complaint"));
    for name in ["lead", "office"] {
        let person = company.sign_in(name).await.unwrap();
        let (status, _) = person.ask("GET", "/v1/complaints", None).await.unwrap();
        assert_eq!(status, 403, "{name}");
        let document = person
            .done("GET", &format!("/v1/cases/{case}"), None)
            .await
            .unwrap();
        assert!(!document.to_string().contains("dinner"));
    }
    let handler = company.sign_in("complaints").await.unwrap();
    let (status, _) = handler
        .ask("GET", &format!("/v1/cases/{case}"), None)
        .await
        .unwrap();
    assert_eq!(status, 403, "only complaints");
    let listed = handler.done("GET", "/v1/complaints", None).await.unwrap();
    let first = &listed["complaints"][0];
    assert_eq!(first["text"], "They came at dinner time.");
    assert_eq!(first["raised_on"], "2026-11-21");
    assert_eq!(first["due_on"], "2026-12-06", "fifteen days");
    assert_eq!(
        listed["feedback"][0]["feedback"],
        json!({ "respect": 2, "clarity": 4 })
    );
    let path = |what: &str| {
        format!(
            "/v1/cases/{case}/complaints/{}/{what}",
            first["id"].as_str().unwrap()
        )
    };
    let grade = json!({ "complexity": "complex" });
    handler
        .done("POST", &path("grade"), Some(grade))
        .await
        .unwrap();
    let listed = handler.done("GET", "/v1/complaints", None).await.unwrap();
    assert_eq!(listed["complaints"][0]["due_on"], "2026-12-21");
    let is_stopped = || {
        let stops = device.case(case).unwrap().summary.stops;
        stops.contains(&StopKind::Complaint)
    };
    assert!(is_stopped());
    let answer = json!({ "text": "We are sorry, and come no more at that hour." });
    handler
        .done("POST", &path("answer"), Some(answer.clone()))
        .await
        .unwrap();
    let (status, said) = handler
        .ask("POST", &path("answer"), Some(answer))
        .await
        .unwrap();
    assert_eq!(
        (status, said["code"].as_str()),
        (422, Some("complaint.answered"))
    );
    device.sync().await.unwrap();
    assert!(!is_stopped());
}

#[tokio::test(flavor = "multi_thread")]
async fn proposals_share_with_other_debts_and_say_what_needs_a_lead() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let case = stop(&device, 0);
    let mut input = plan_input(&device, case);
    let owed = device.case(case).unwrap().balance.total.minor;
    input.budget.other_debts_minor = vec![owed * 3];
    let found = device.propose_plans(case, &input).unwrap();
    let most = found
        .proposals
        .iter()
        .map(|proposal| proposal.instalment.minor)
        .max()
        .unwrap();
    assert!(most <= found.instalment_max.minor / 4 + 1, "{most}");
    assert!(!found.needs_lead && found.needs_all_fields);
    input.discount_percent = 50;
    let found = device.propose_plans(case, &input).unwrap();
    assert!(found.needs_lead);
    for proposal in &found.proposals {
        assert_eq!(proposal.total.minor, owed - (owed * 50 + 99) / 100);
    }
    input.discount_percent = 100;
    let found = device.propose_plans(case, &input).unwrap();
    assert_eq!(found.none_because.as_deref(), Some("plan.nothing_owed"));
}

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
    let plan = &company
        .store
        .read(|tx| tx.case(case))
        .unwrap()
        .unwrap()
        .plans[0];
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
    // Two years later their time is over; before that it is not.
    let folder = company.folder.path().join("attachments");
    let attachments = Attachments::in_folder(&folder).unwrap();
    let policies = std::sync::Arc::new(doorstep_server::policies::shipped().unwrap());
    let sweep = |days| {
        let now = morning() + chrono::Duration::days(days);
        retention::sweep(&company.store, &attachments, &policies, now)
    };
    assert_eq!(sweep(729).await.unwrap(), 0);
    assert_eq!(sweep(732).await.unwrap(), 2);
    assert_eq!(sweep(733).await.unwrap(), 0, "once");
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
