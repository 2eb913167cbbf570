//! Stops for many at once: a register, and an area.

use crate::work::{arrive, stop};
use doorstep_domain::safety::{FlagKind, StopKind};
use doorstep_tests::company::Company;
use serde_json::json;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_register_stops_every_account_once() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let lead = company.sign_in("lead").await.unwrap();
    let case = stop(&device, 0);
    let reference = device.case(case).unwrap().summary.reference;
    let register = json!({
        "references": [reference, "NO-SUCH-ACCOUNT", " "], "stop": "moratorium",
        "effective": "2026-11-01T00:00:00Z", "until": null,
    });
    let done = lead
        .done("POST", "/v1/stops", Some(register.clone()))
        .await
        .unwrap();
    assert_eq!(done["stopped"], 1, "{done}");
    assert_eq!(done["unknown"], json!(["NO-SUCH-ACCOUNT"]));
    let again = lead
        .done("POST", "/v1/stops", Some(register))
        .await
        .unwrap();
    assert_eq!(
        (again["stopped"].as_u64(), again["already"].as_u64()),
        (Some(0), Some(1))
    );
    device.sync().await.unwrap();
    let view = device.checklist(case).unwrap();
    let rule = |rule: &str| {
        view.clearance
            .reasons
            .iter()
            .any(|r| r.citation.rule == rule)
    };
    assert!(view.clearance.is_blocked && rule("HOUSE-STOP-1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_area_is_stood_down_in_one_move() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let lead = company.sign_in("lead").await.unwrap();
    let case = stop(&device, 0);
    let position = company
        .store
        .read(|tx| tx.case(case))
        .unwrap()
        .unwrap()
        .address
        .position
        .unwrap();
    let area = |radius_m: u32| {
        json!({
            "latitude": position.latitude(), "longitude": position.longitude(), "radius_m": radius_m,
            "until": "2026-11-22",
        })
    };
    let done = lead
        .done("POST", "/v1/stand-downs", Some(area(50)))
        .await
        .unwrap();
    let stopped = done["stopped"].as_u64().unwrap();
    assert!((1..300).contains(&stopped), "{done}");
    let wider = lead
        .done("POST", "/v1/stand-downs", Some(area(100_000)))
        .await
        .unwrap();
    assert_eq!(wider["already"].as_u64(), Some(stopped));
    device.sync().await.unwrap();
    assert!(
        device
            .case(case)
            .unwrap()
            .summary
            .stops
            .contains(&StopKind::StandDown)
    );
    for (wrong, code) in [
        (
            json!({ "latitude": 91.0, "longitude": 0.0, "radius_m": 10, "until": "2026-11-22" }),
            "stops.position",
        ),
        (
            json!({ "latitude": 1.0, "longitude": 0.0, "radius_m": 0, "until": "2026-11-22" }),
            "stops.radius",
        ),
        (
            json!({ "latitude": 1.0, "longitude": 0.0, "radius_m": 10, "until": "2020-01-01" }),
            "stops.until",
        ),
    ] {
        let (status, said) = lead
            .ask("POST", "/v1/stand-downs", Some(wrong))
            .await
            .unwrap();
        assert_eq!((status, said["code"].as_str()), (422, Some(code)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lead_sees_what_the_agent_could_not_know() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let case = stop(&device, 0);
    // Over a slow network a device's idea of the server's time is late.
    company.cable.add_round_trip(Duration::from_secs(2));
    company.cable.renew().await;
    device.sync().await.unwrap();
    company.cable.cut();
    company.cable.add_round_trip(Duration::ZERO);
    let lead = company.sign_in("lead").await.unwrap();
    let raise = json!({ "stop": "moratorium", "effective": "2026-11-01T00:00:00Z", "until": null });
    lead.done("POST", &format!("/v1/cases/{case}/stops"), Some(raise))
        .await
        .unwrap();
    arrive(&device, case);
    company.cable.mend();
    device.sync().await.unwrap();
    let visit = device.case(case).unwrap().visits[0].id;
    let path = format!("/v1/cases/{case}/visits/{visit}/known");
    let known = lead.done("GET", &path, None).await.unwrap();
    assert_eq!(known["not_known"][0]["kind"], "raise_stop");
    assert_eq!(known["not_known"].as_array().unwrap().len(), 1);
    assert!(known["answers"].as_array().unwrap().len() >= 38);
    assert!(known["facts_from"].is_string() && known["packs"].as_array().unwrap().len() > 1);
    let nobodys = format!("/v1/cases/{case}/visits/{case}/known");
    let (status, said) = lead.ask("GET", &nobodys, None).await.unwrap();
    assert_eq!(
        (status, said["code"].as_str()),
        (404, Some("visit.unknown"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flag_is_approved_by_somebody_else_and_a_stop_is_lifted_with_a_reason() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let case = stop(&device, 2);
    let flags = || device.case(case).unwrap().flags;
    let before = flags().len();
    device
        .raise_flag(case, FlagKind::DangerousAnimal, "A dog bit the colleague.")
        .unwrap();
    device.sync().await.unwrap();
    let lead = company.sign_in("lead").await.unwrap();
    let in_inbox = async || {
        let inbox = lead.done("GET", "/v1/inbox", None).await.unwrap();
        let listed = inbox["flags"].as_array().unwrap().clone();
        listed
            .into_iter()
            .find(|item| item["flag"]["kind"] == "dangerous_animal")
    };
    let item = in_inbox().await.unwrap();
    assert!(item["raised_by_name"].as_str().unwrap().starts_with("Ana"));
    let path = format!(
        "/v1/cases/{case}/flags/{}",
        item["flag"]["id"].as_str().unwrap()
    );
    let review = json!({ "review_on": "2027-05-21" });
    lead.done("POST", &format!("{path}/review"), Some(review))
        .await
        .unwrap();
    assert!(in_inbox().await.is_none(), "it was looked at");
    device.sync().await.unwrap();
    let shown = flags();
    let approved = shown.last().unwrap().approved.unwrap();
    assert_eq!(approved.by, company.id("lead").unwrap());
    let (status, said) = lead
        .ask(
            "POST",
            &format!("{path}/clear"),
            Some(json!({ "reason": " " })),
        )
        .await
        .unwrap();
    assert_eq!((status, said["code"].as_str()), (400, Some("text.empty")));
    let gone = json!({ "reason": "The dog lives elsewhere now." });
    lead.done("POST", &format!("{path}/clear"), Some(gone))
        .await
        .unwrap();
    let path = format!("/v1/cases/{case}/stops");
    for kind in ["active_plan", "complaint"] {
        let stop = json!({ "stop": kind, "effective": "2026-11-01T00:00:00Z", "until": null });
        let (status, said) = lead.ask("POST", &path, Some(stop)).await.unwrap();
        assert_eq!((status, said["code"].as_str()), (422, Some("stops.kind")));
    }
    let attorney =
        json!({ "stop": "attorney", "effective": "2026-11-01T00:00:00Z", "until": null });
    lead.done("POST", &path, Some(attorney)).await.unwrap();
    device.sync().await.unwrap();
    assert_eq!(flags().len(), before);
    let raised = device.case(case).unwrap().stops.pop().unwrap();
    let path = format!("{path}/{}/lift", raised.id);
    let reason = json!({ "reason": "The mandate ended." });
    lead.done("POST", &path, Some(reason)).await.unwrap();
    device.sync().await.unwrap();
    let stops = device.case(case).unwrap().stops;
    assert!(stops.iter().all(|stop| stop.id != raised.id));
}
