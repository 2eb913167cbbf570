//! Complaints and feedback: for their handler alone.

use crate::work::{arrive, end_met, stop};
use doorstep_domain::complaint::{Complaint, ComplaintChannel, ComplaintKind, Feedback};
use doorstep_domain::safety::StopKind;
use doorstep_server::store::{DeviceState, Tx};
use doorstep_tests::company::{Company, morning};
use serde_json::json;

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
async fn a_complaint_from_a_lost_device_reaches_its_handler_and_nobody_else() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let case = stop(&device, 0);
    let complaint = Complaint {
        about: ComplaintKind::Privacy,
        channel: ComplaintChannel::OnPaper,
        text: "You spoke to my neighbour.".into(),
    };
    device.raise_complaint(case, complaint).unwrap();
    device.add_note(case, "beside it").unwrap();
    let own = device.profile().device;
    let lost = |tx: &Tx<'_>| tx.set_device_state(own, DeviceState::Lost, morning());
    company.store.write(lost).unwrap();
    device.sync().await.unwrap_err();
    let known = company.store.read(|tx| tx.case(case)).unwrap().unwrap();
    let document = serde_json::to_string(&known).unwrap();
    assert!(!document.contains("neighbour"), "{document}");
    assert_eq!(known.complaints.len(), 1);
    assert_eq!(known.conflicts.len(), 1, "the note waits for a person");
    let handler = company.sign_in("complaints").await.unwrap();
    let listed = handler.done("GET", "/v1/complaints", None).await.unwrap();
    assert_eq!(
        listed["complaints"][0]["text"],
        "You spoke to my neighbour."
    );
}
