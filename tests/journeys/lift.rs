//! A lead's approval by phone, while the agent's device has no network: one visit, one day, one use.

use crate::work::{answer_safely, stop};
use doorstep_device::commands::check_visit::ChecklistInput;
use doorstep_device::commands::give_lift::GiveLift;
use doorstep_device::{Device, DeviceError};
use doorstep_domain::CaseId;
use doorstep_domain::checklist::Answer;
use doorstep_tests::company::{Company, Person};
use serde_json::json;

/// Everything is safe, but nobody told the person that we come.
fn without_notice(device: &Device, case: CaseId) {
    answer_safely(device, case);
    let questions = device.checklist(case).unwrap().questions;
    let mut input = ChecklistInput::default();
    for question in questions {
        input.answers.insert(question.id, question.answer.unwrap());
    }
    input.answers.insert("Q29".into(), Answer::No);
    let view = device.answer_checklist(case, &input).unwrap();
    assert!(!view.clearance.may_go && view.may_ask_lead);
}

async fn read_back(
    lead: &Person<'_>,
    company: &Company,
    case: CaseId,
    question: &str,
    rules: &[String],
) -> String {
    let agent = company.id("agent").unwrap();
    let asked =
        json!({ "agent": agent, "question": question, "rules": rules, "reason": "phoned ahead" });
    let said = lead
        .done("POST", &format!("/v1/cases/{case}/lifts"), Some(asked))
        .await
        .unwrap();
    said["codes"][0].as_str().unwrap().to_owned()
}

fn refused(outcome: Result<(), DeviceError>) -> String {
    match outcome.unwrap_err() {
        DeviceError::NotNow(rule) => rule.as_str().to_owned(),
        other => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_lifts_for_one_visit_while_there_is_no_network() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let lead = company.sign_in("lead").await.unwrap();
    let case = stop(&device, 0);
    company.cable.cut();
    without_notice(&device, case);
    let asked = device.ask_lift(case).unwrap();
    assert_eq!(asked.rules, ["Q29"]);
    assert_eq!(device.ask_lift(case).unwrap().question, asked.question);
    let code = read_back(&lead, &company, case, &asked.question, &asked.rules).await;
    device
        .answer_lift(case, "Lin", "phoned ahead", &code)
        .unwrap();
    assert!(device.checklist(case).unwrap().clearance.may_go);
    device.save_checklist(case).unwrap();
    device.start_travel(case).unwrap();
    // It was for that visit: afterwards the same code opens nothing.
    device.withdraw(case).unwrap();
    without_notice(&device, case);
    assert_eq!(
        refused(device.answer_lift(case, "Lin", "phoned ahead", &code)),
        "lift.not_asked"
    );
    let again = device.ask_lift(case).unwrap();
    assert_ne!(again.question, asked.question);
    assert_eq!(
        refused(device.answer_lift(case, "Lin", "phoned ahead", &code)),
        "lift.wrong_code"
    );
    company.cable.mend();
    device.sync().await.unwrap();
    let kept = company.store.read(|tx| tx.lifts(case)).unwrap();
    assert_eq!(kept[0].question, asked.question);
    let visits = company
        .store
        .read(|tx| tx.case(case))
        .unwrap()
        .unwrap()
        .visits;
    assert_eq!(visits[0].intent.lifts[0].question, asked.question);
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_is_slow_and_trying_again_does_not_help() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let case = stop(&device, 0);
    without_notice(&device, case);
    device.ask_lift(case).unwrap();
    for left in [4, 3, 2, 1] {
        let said = refused(device.answer_lift(case, "Lin", "a guess", "00000000"));
        assert_eq!(said, "lift.wrong_code");
        assert_eq!(device.ask_lift(case).unwrap().tries_left, left);
    }
    refused(device.answer_lift(case, "Lin", "a guess", "00000000"));
    match device.ask_lift(case) {
        Err(DeviceError::NotNow(rule)) => assert_eq!(rule.as_str(), "lift.locked"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_another_question_nor_another_case_gives_more_guesses() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let (case, other) = (stop(&device, 0), stop(&device, 1));
    without_notice(&device, case);
    device.ask_lift(case).unwrap();
    let guess = |case| refused(device.answer_lift(case, "Lin", "a guess", "00000000"));
    guess(case);
    guess(case);
    // Recorded as a *no*, and begun again.
    device.save_checklist(case).unwrap();
    without_notice(&device, case);
    assert_eq!(device.ask_lift(case).unwrap().tries_left, 3);
    guess(case);
    without_notice(&device, other);
    assert_eq!(device.ask_lift(other).unwrap().tries_left, 2);
    guess(other);
    guess(other);
    for case in [case, other] {
        match device.ask_lift(case) {
            Err(DeviceError::NotNow(rule)) => assert_eq!(rule.as_str(), "lift.locked"),
            told => panic!("{told:?}"),
        }
        assert_eq!(
            guess(case),
            "lift.locked",
            "an older question is no way round"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_lifts_law_or_a_fatal_answer() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let lead = company.sign_in("lead").await.unwrap();
    let case = stop(&device, 0);
    for rule in [
        "CN-VIS-1",
        "CN-HRS-1",
        "Q01",
        "Q03",
        "Q07",
        "HOUSE-STOP-1",
        "NO-SUCH-1",
    ] {
        let asked = json!({
            "agent": company.id("agent").unwrap(), "question": "7KQ2MX", "rules": [rule], "reason": "please",
        });
        let path = format!("/v1/cases/{case}/lifts");
        let (status, said) = lead.ask("POST", &path, Some(asked)).await.unwrap();
        assert_eq!(
            (status, said["code"].as_str()),
            (422, Some("lift.not_liftable")),
            "{rule}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_without_a_network_reads_the_code_from_a_device_of_their_own() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let lead = company.sign_in("lead").await.unwrap();
    let (lead_id, agent) = (company.id("lead").unwrap(), company.id("agent").unwrap());
    let code = lead
        .done("POST", &format!("/v1/people/{lead_id}/enrol-code"), None)
        .await
        .unwrap();
    let folder = company.folder.path().join("lead");
    let desk = company
        .enrol(code["code"].as_str().unwrap(), &folder)
        .await
        .unwrap();
    desk.sync().await.unwrap();
    let case = stop(&device, 0);
    let reference = device.case(case).unwrap().summary.reference;
    company.cable.cut();
    without_notice(&device, case);
    let asked = device.ask_lift(case).unwrap();
    let team = desk.team().unwrap();
    assert_eq!(team.agents.len(), 1, "{team:?}");
    assert!(team.liftable.iter().any(|rule| rule.rule == "Q29"));
    let right = GiveLift {
        agent,
        reference: format!(" {reference}"),
        question: asked.question.to_lowercase(),
        rules: asked.rules.clone(),
        reason: "phoned ahead".into(),
    };
    let wrong = |lift: GiveLift| match desk.give_lift(&lift).unwrap_err() {
        DeviceError::NotNow(rule) => rule.as_str().to_owned(),
        other => panic!("{other}"),
    };
    for (lift, rule) in [
        (
            GiveLift {
                question: "7K".into(),
                ..right.clone()
            },
            "lift.question",
        ),
        (
            GiveLift {
                reference: " ".into(),
                ..right.clone()
            },
            "lift.account",
        ),
        (
            GiveLift {
                reason: " ".into(),
                ..right.clone()
            },
            "lift.reason_missing",
        ),
        (
            GiveLift {
                rules: vec!["CN-VIS-1".into()],
                ..right.clone()
            },
            "lift.not_liftable",
        ),
        (
            GiveLift {
                rules: Vec::new(),
                ..right.clone()
            },
            "lift.not_liftable",
        ),
        (
            GiveLift {
                agent: lead_id,
                ..right.clone()
            },
            "lift.wrong_code",
        ),
    ] {
        if rule == "lift.wrong_code" {
            // The code of another device opens nothing.
            let code = desk.give_lift(&lift).unwrap().remove(0);
            let answered = device.answer_lift(case, "Lin", "phoned ahead", &code);
            assert_eq!(refused(answered), rule);
        } else {
            assert_eq!(wrong(lift), rule);
        }
    }
    let other = GiveLift {
        reference: "another".into(),
        ..right.clone()
    };
    let code = desk.give_lift(&other).unwrap().remove(0);
    let answered = device.answer_lift(case, "Lin", "phoned ahead", &code);
    assert_eq!(refused(answered), "lift.wrong_code");
    let codes = desk.give_lift(&right).unwrap();
    device
        .answer_lift(case, "Lin", "phoned ahead", &codes[0])
        .unwrap();
    assert!(device.checklist(case).unwrap().clearance.may_go);
    device.save_checklist(case).unwrap();
    assert_eq!(desk.team().unwrap().waiting, 3);
    // The agent's side arrives first: nobody has approved it as far as the server knows.
    company.cable.mend();
    device.sync().await.unwrap();
    let visit = device.case(case).unwrap().visits[0].id;
    let path = format!("/v1/cases/{case}/visits/{visit}/known");
    let lifted = async || lead.done("GET", &path, None).await.unwrap()["lifted"][0].clone();
    assert_eq!(lifted().await["said_by"], "Lin");
    assert!(lifted().await["approved"].is_null());
    desk.sync().await.unwrap();
    desk.sync().await.unwrap();
    assert_eq!(desk.team().unwrap().waiting, 0);
    assert_eq!(lifted().await["approved"]["reason"], "phoned ahead");
    let kept = company.store.read(|tx| tx.lifts(case)).unwrap();
    assert!(kept.iter().all(|lift| lift.lead == lead_id));
    assert_eq!(kept.len(), 2, "once each: {kept:?}");
    // An agent's device learns nobody's key, and a lost one is asked by nobody.
    assert!(device.team().unwrap().agents.is_empty());
    let asked = company
        .http()
        .get(format!("http://{}/v1/team-keys", company.address))
        .bearer_auth(device.profile().credentials.token.clone())
        .send()
        .await
        .unwrap();
    assert_eq!(asked.status(), 403);
    let lost = format!("/v1/devices/{}/state", device.profile().device);
    lead.done("PUT", &lost, Some(json!("lost"))).await.unwrap();
    desk.sync().await.unwrap();
    assert!(desk.team().unwrap().agents.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leads_lost_device_answers_for_nobody_any_more() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let lead = company.sign_in("lead").await.unwrap();
    let path = format!("/v1/people/{}/enrol-code", company.id("lead").unwrap());
    let mut desks = Vec::new();
    for name in ["lead", "lead at home"] {
        let code = lead.done("POST", &path, None).await.unwrap();
        let folder = company.folder.path().join(name);
        let code = code["code"].as_str().unwrap();
        let desk = company.enrol(code, &folder).await.unwrap();
        desk.sync().await.unwrap();
        desks.push(desk);
    }
    let (lost, kept) = (&desks[0], &desks[1]);
    let path = format!("/v1/devices/{}/state", lost.profile().device);
    lead.done("PUT", &path, Some(json!("lost"))).await.unwrap();
    device.sync().await.unwrap();
    kept.sync().await.unwrap();

    let case = stop(&device, 0);
    without_notice(&device, case);
    let asked = device.ask_lift(case).unwrap();
    let wanted = GiveLift {
        agent: company.id("agent").unwrap(),
        reference: device.case(case).unwrap().summary.reference,
        question: asked.question,
        rules: asked.rules,
        reason: "phoned ahead".into(),
    };
    let answered = |desk: &Device| {
        let code = desk.give_lift(&wanted).unwrap().remove(0);
        device.answer_lift(case, "Lin", "phoned ahead", &code)
    };
    assert_eq!(refused(answered(lost)), "lift.wrong_code");
    answered(kept).unwrap();
    // Reported once more, it is lost no further.
    lead.done("PUT", &path, Some(json!("lost"))).await.unwrap();
    assert_eq!(company.store.read(|tx| tx.leads_lost()).unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leads_retired_device_hands_in_what_was_approved() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let case = stop(&device, 0);
    let lead = company.sign_in("lead").await.unwrap();
    let path = format!("/v1/people/{}/enrol-code", company.id("lead").unwrap());
    let code = lead.done("POST", &path, None).await.unwrap();
    let folder = company.folder.path().join("lead");
    let code = code["code"].as_str().unwrap();
    let desk = company.enrol(code, &folder).await.unwrap();
    desk.sync().await.unwrap();
    let given = GiveLift {
        agent: company.id("agent").unwrap(),
        reference: device.case(case).unwrap().summary.reference,
        question: "7KQ2MX".into(),
        rules: vec!["Q29".into()],
        reason: "phoned ahead".into(),
    };
    desk.give_lift(&given).unwrap();
    let path = format!("/v1/devices/{}/state", desk.profile().device);
    lead.done("PUT", &path, Some(json!("retired")))
        .await
        .unwrap();
    let gone = desk.sync().await.err().unwrap();
    assert_eq!(gone.code(), "device.retired");
    assert_eq!(company.store.read(|tx| tx.lifts(case)).unwrap().len(), 1);
}
