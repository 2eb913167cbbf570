//! The copy that is left at the door: made offline, read as text, checked later.

use crate::work::{agree_plan, arrive, stop};
use doorstep_tests::company::Company;
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
