//! A day with the network off, and what two people did to the same case meanwhile.

use crate::work::{agree_plan, arrive, end_met, stop};
use doorstep_device::DeviceError;
use doorstep_domain::case::FactField;
use doorstep_domain::conflict::Choice;
use doorstep_domain::plan::PlanState;
use doorstep_domain::visit::VisitState;
use doorstep_tests::company::Company;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_saved_offline_is_judged_once_after_reconnect() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let case = stop(&device, 0);
    company.cable.cut();
    arrive(&device, case);
    end_met(&device, case, "spoke at the door");
    assert!(matches!(
        device.sync().await,
        Err(DeviceError::NoConnection)
    ));
    assert_eq!(device.sync_status().unwrap().waiting, 4);

    company.cable.mend();
    let status = device.sync().await.unwrap();
    assert_eq!((status.waiting, status.held, status.refused), (0, 0, 0));
    device.sync().await.unwrap();
    let server = company.store.read(|tx| tx.case(case)).unwrap().unwrap();
    assert_eq!(server.visits.len(), 1);
    assert_eq!(server.visits[0].state, VisitState::Ended);
    assert_eq!(
        server.visits[0].outcome.as_ref().unwrap().note,
        "spoke at the door"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_is_shown_on_both_sides_and_its_decisions_reach_the_device() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let case = stop(&device, 0);
    company.cable.cut();
    arrive(&device, case);
    device.set_fact(case, FactField::Phone, "door").unwrap();
    device
        .set_fact(case, FactField::PreferredHours, "evenings")
        .unwrap();
    agree_plan(&device, case);
    let again = crate::work::agree(&device, case).unwrap_err();
    assert_eq!(again.code(), "plan.already_active");
    end_met(&device, case, "agreed");

    let lead = company.sign_in("lead").await.unwrap();
    let view = lead
        .done("GET", &format!("/v1/cases/{case}"), None)
        .await
        .unwrap();
    let seen = &view["summary"]["revision"];
    for (field, value) in [("phone", "desk"), ("email", "r@sample.example")] {
        let body = json!({ "field": field, "old": null, "value": value, "seen": seen });
        let ruling = lead
            .done("POST", &format!("/v1/cases/{case}/facts"), Some(body))
            .await
            .unwrap();
        assert_eq!(ruling["ruling"], "applied");
    }
    let office = company.sign_in("office").await.unwrap();
    let payment = json!({ "amount": { "minor": 50_000, "currency": "TWD" }, "on": "2026-11-20" });
    office
        .done("POST", &format!("/v1/cases/{case}/payments"), Some(payment))
        .await
        .unwrap();

    company.cable.mend();
    assert_eq!(device.sync().await.unwrap().held, 2);
    let merged = device.case(case).unwrap();
    let fact = |view: &doorstep_view::CaseView, field| {
        view.facts
            .iter()
            .find(|fact| fact.field == field)
            .map(|fact| fact.value.clone())
    };
    assert_eq!(
        fact(&merged, FactField::PreferredHours).as_deref(),
        Some("evenings")
    );
    assert_eq!(
        fact(&merged, FactField::Email).as_deref(),
        Some("r@sample.example")
    );
    assert_eq!(fact(&merged, FactField::Phone).as_deref(), Some("desk"));

    let inbox = lead.done("GET", "/v1/inbox", None).await.unwrap();
    let conflicts = inbox["conflicts"].as_array().unwrap();
    assert_eq!(conflicts.len(), 2);
    let plan = conflicts
        .iter()
        .find(|item| item["conflict"]["sides"]["about"] == "plan")
        .unwrap();
    let path = format!(
        "/v1/cases/{case}/conflicts/{}/decision",
        plan["conflict"]["id"].as_str().unwrap()
    );
    let decision = json!({ "choice": { "choice": "take_held" }, "seen": plan["seen"] });
    lead.done("POST", &path, Some(decision)).await.unwrap();

    device.sync().await.unwrap();
    let own = device
        .inbox()
        .unwrap()
        .into_iter()
        .find(|conflict| conflict.may_settle)
        .unwrap();
    device.decide(case, own.id, Choice::TakeHeld).unwrap();
    assert_eq!(device.sync().await.unwrap().held, 0);
    let settled = device.case(case).unwrap();
    assert_eq!(fact(&settled, FactField::Phone).as_deref(), Some("door"));
    assert_eq!(settled.plans[0].state, PlanState::Active);
    let server = company.store.read(|tx| tx.case(case)).unwrap().unwrap();
    assert_eq!(server.fact(FactField::Phone), Some("door"));
    assert!(server.conflicts.iter().all(|conflict| !conflict.is_open()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_lost_changes_nothing_when_the_batch_is_sent_again() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let case = stop(&device, 0);
    device.add_note(case, "first").unwrap();
    // The server gets the batch; the cable breaks before the answer can be used.
    let sending = device.sync();
    let cutting = async {
        while company
            .store
            .read(|tx| tx.case(case))
            .unwrap()
            .unwrap()
            .history
            .is_empty()
        {
            tokio::task::yield_now().await;
        }
        company.cable.cut();
    };
    let _ = tokio::join!(sending, cutting);
    company.cable.mend();
    device.sync().await.unwrap();
    let server = company.store.read(|tx| tx.case(case)).unwrap().unwrap();
    assert_eq!(server.history.len(), 1);
    assert_eq!(device.case(case).unwrap().history.len(), 1);
    assert_eq!(device.sync_status().unwrap().waiting, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_given_to_somebody_else_leaves_and_the_late_note_is_kept() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let case = stop(&device, 0);
    company.cable.cut();
    device
        .add_note(case, "written before the network came back")
        .unwrap();

    let lead = company.sign_in("lead").await.unwrap();
    let other = company.id("agent2").unwrap();
    let path = format!("/v1/routes/{other}/2026-11-21");
    lead.done("PUT", &path, Some(json!({ "cases": [case] })))
        .await
        .unwrap();

    company.cable.mend();
    let status = device.sync().await.unwrap();
    assert_eq!((status.waiting, status.cases), (0, 7));
    assert!(matches!(device.case(case), Err(DeviceError::UnknownCase)));
    let server = company.store.read(|tx| tx.case(case)).unwrap().unwrap();
    assert!(server.history[0].late);

    // And back again.
    let own = company.id("agent").unwrap();
    let path = format!("/v1/routes/{own}/2026-11-22");
    lead.done("PUT", &path, Some(json!({ "cases": [case] })))
        .await
        .unwrap();
    device.sync().await.unwrap();
    assert_eq!(device.case(case).unwrap().history.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_is_not_purged_while_its_visit_is_under_way() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let case = stop(&device, 0);
    arrive(&device, case);
    let lead = company.sign_in("lead").await.unwrap();
    let own = company.id("agent").unwrap();
    lead.done(
        "PUT",
        &format!("/v1/routes/{own}/2026-11-21"),
        Some(json!({ "cases": [] })),
    )
    .await
    .unwrap();
    device.sync().await.unwrap();
    assert!(device.case(case).is_ok(), "somebody is at that door");
    end_met(&device, case, "ended after all");
    device.sync().await.unwrap();
    assert!(matches!(device.case(case), Err(DeviceError::UnknownCase)));
    let server = company.store.read(|tx| tx.case(case)).unwrap().unwrap();
    assert_eq!(server.visits[0].state, VisitState::Ended);
    assert_eq!(device.sync_status().unwrap().refused, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_checklist_says_no_and_nobody_can_set_off() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let (weapon, moratorium) = (stop(&device, 2), stop(&device, 3));
    for (case, rule) in [(weapon, "Q03"), (moratorium, "HOUSE-STOP-1")] {
        let list = device.checklist(case).unwrap();
        assert!(list.clearance.is_blocked);
        assert!(
            list.clearance
                .reasons
                .iter()
                .any(|reason| reason.citation.rule == rule),
            "{rule}"
        );
        device.save_checklist(case).unwrap();
        let refused = device.start_travel(case).unwrap_err();
        assert_eq!(refused.code(), "visit.not_cleared");
    }
    assert_eq!(device.sync().await.unwrap().refused, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_one_visit_at_a_time_and_leaving_needs_no_reason() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let (first, second) = (stop(&device, 0), stop(&device, 1));
    arrive(&device, first);
    crate::work::answer_safely(&device, second);
    device.save_checklist(second).unwrap();
    assert_eq!(
        device.start_travel(second).unwrap_err().code(),
        "visit.another_under_way"
    );
    device.withdraw(first).unwrap();
    device.start_travel(second).unwrap();
}
