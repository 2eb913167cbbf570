//! A plan after the door: proposed, countered, accepted, voided, paid.

use crate::work::{agree_on, agree_plan, arrive, end_met, plan_input, stop};
use chrono::{DateTime, Duration, Utc};
use doorstep_device::{Device, DeviceClock};
use doorstep_domain::plan::{Pause, PlanState};
use doorstep_domain::safety::StopKind;
use doorstep_domain::{Case, CaseId};
use doorstep_server::policies;
use doorstep_tests::company::{Company, PASSPHRASE, Person};
use serde_json::{Value, json};

async fn plan_of(company: &Company, device: &Device) -> (String, String) {
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
    let id = case.parse().map(CaseId).unwrap();
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
async fn a_plan_that_was_missed_is_found_broken_by_a_person_after_its_grace_and_holds_nobody_off() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let (case, plan) = plan_of(&company, &device).await;
    let id = case.parse().map(CaseId).unwrap();
    drop(device);
    let known = |company: &Company| company.store.read(|tx| tx.case(id)).unwrap().unwrap();
    let agreed = known(&company);
    let first = agreed.plans[0].terms.lines[0].due;
    let rules = policies::shipped().unwrap().policies;
    let grace = i64::from(rules.plan_policy(&agreed).grace_days);
    let last_day = first.and_hms_opt(4, 0, 0).unwrap().and_utc() + Duration::days(grace);
    assert!(is_stopped_by_a_plan(&agreed, last_day));
    let path = format!("/v1/cases/{case}/plans/{plan}/break");
    let words = json!({ "reason": "Two letters were not answered." });

    let company = company.at(last_day).await.unwrap();
    let lead = company.sign_in("lead").await.unwrap();
    let seen = lead.done("GET", &format!("/v1/cases/{case}"), None).await;
    assert_eq!(seen.unwrap()["plans"][0]["missed"], Value::Null);
    let (status, said) = lead.ask("POST", &path, Some(words.clone())).await.unwrap();
    assert_eq!(
        (status, said["code"].as_str()),
        (422, Some("plan.not_missed"))
    );

    let day_after = last_day + Duration::days(1);
    let company = company.at(day_after).await.unwrap();
    let lead = company.sign_in("lead").await.unwrap();
    let seen = lead.done("GET", &format!("/v1/cases/{case}"), None).await;
    let missed = &seen.unwrap()["plans"][0]["missed"];
    assert_eq!(missed["due"], json!(first), "{missed}");
    // Nobody has said anything: a missed day alone breaks no plan.
    assert_eq!(known(&company).plans[0].state, PlanState::Active);
    lead.done("POST", &path, Some(words.clone())).await.unwrap();
    let (status, said) = lead.ask("POST", &path, Some(words)).await.unwrap();
    assert_eq!((status, said["code"].as_str()), (422, Some("plan.not_now")));
    assert!(!is_stopped_by_a_plan(&known(&company), day_after));

    let clock = DeviceClock::starting_at(day_after);
    let device = Device::unlock(&company.device_folder(), PASSPHRASE, clock).unwrap();
    device.sync().await.unwrap();
    let seen = device.case(id).unwrap().plans[0].clone();
    assert_eq!(seen.state, PlanState::Broken);
    assert_eq!(seen.reason, "Two letters were not answered.");
}

fn is_stopped_by_a_plan(case: &Case, now: DateTime<Utc>) -> bool {
    let mut stops = case.stops_in_force(now);
    stops.any(|stop| stop.kind == StopKind::ActivePlan)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_eases_what_the_plan_eased_unless_the_lead_says_otherwise() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let case = stop(&device, 0);
    arrive(&device, case);
    let owed = device.case(case).unwrap().balance.total.minor;
    let mut input = plan_input(&device, case);
    input.discount_percent = 10;
    let day = |text: &str| text.parse().unwrap();
    input.holiday = Some(Pause {
        from: day("2027-02-01"),
        to: day("2027-02-28"),
    });
    agree_on(&device, case, input).unwrap();
    end_met(&device, case, "agreed");
    device.sync().await.unwrap();
    let plan = device.case(case).unwrap().plans[0].clone();
    let lead = company.sign_in("lead").await.unwrap();
    let path = format!("/v1/cases/{case}/plans/{}/counter", plan.id.0);
    let mut offer = json!({
        "reason": "A smaller instalment.", "instalment_minor": plan.lines[0].amount.minor / 2,
        "frequency": "monthly", "first_due": "2026-12-31",
    });
    let offered = async |offer: &Value| {
        lead.done("POST", &path, Some(offer.clone())).await.unwrap();
        device.sync().await.unwrap();
        device.case(case).unwrap().plans[0].counter.clone().unwrap()
    };
    let kept = offered(&offer).await;
    assert_eq!(kept.relief, plan.relief);
    assert_eq!(kept.total.minor, owed - plan.relief.discount_minor);
    assert!(
        kept.lines
            .iter()
            .all(|line| line.due < day("2027-02-01") || line.due > day("2027-02-28"))
    );
    offer["relief"] = json!({ "discount_minor": 0, "holiday": null });
    assert_eq!(offered(&offer).await.total.minor, owed);
    offer["relief"] = json!({ "discount_minor": owed });
    let (status, said) = lead.ask("POST", &path, Some(offer)).await.unwrap();
    assert_eq!(
        (status, said["code"].as_str()),
        (422, Some("plan.nothing_owed"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn payments_of_a_file_are_matched_counted_once_and_keep_the_plan() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let (case, _) = plan_of(&company, &device).await;
    let id = case.parse().map(CaseId).unwrap();
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

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_payments_that_is_sent_by_several_at_once_counts_once() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let id = stop(&device, 0);
    let known = || company.store.read(|tx| tx.case(id)).unwrap().unwrap();
    let before = known();
    let reference = &before.account.reference;
    let file: String = (1..=5)
        .map(|number| format!("B-{number},{reference},1.00,2026-12-30\n"))
        .collect();
    let file = format!("payment,reference,amount,date\n{file}");
    let office = company.sign_in("office").await.unwrap();
    let all = futures_util::future::join_all((0..6).map(|_| upload(&company, &office, &file)));
    let said = all.await;
    let sum = |what: &str| -> u64 { said.iter().map(|said| said[what].as_u64().unwrap()).sum() };
    assert_eq!((sum("posted"), sum("already")), (5, 25), "{said:?}");
    assert_eq!(
        before.balance.total.minor - known().balance.total.minor,
        5 * 100
    );
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
