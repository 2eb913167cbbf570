//! The organisation's own rules: signed, published while the server runs, and on the device with the
//! next sync. What is not signed, not right or not newer changes nothing.

use crate::work::{answer_safely, plan_input, stop};
use doorstep_device::Device;
use doorstep_domain::CaseId;
use doorstep_server::backup;
use doorstep_server::policies::{PublishError, Publisher, Signer, TrustedKeys, shipped};
use doorstep_tests::company::{Company, morning};
use std::time::Duration;

/// At most a dozen months, and nobody before two in the afternoon.
const OWN: &str = r#"id = "north"
version = 1
name = { en = "North agency", zh = "北方机构" }

[clearance]
minutes_max = 120

[plan]
months_max = 12
balance_tolerance_minor = 1000

[copy]
organisation = { en = "North agency, 1 Sample Street", zh = "北方机构，示例街一号" }

[[rule]]
id = "NORTH-1"
effect = "block"
instrument = "House rule of the agency"
kind = "employer_practice"
grade = "D"
text.en = "Not before two."
text.zh = "十四点前不上门。"
check = { hours = { from = "14:00:00", to = "18:00:00" } }
"#;

struct Office {
    publisher: Publisher,
    secret: String,
}

impl Office {
    fn new() -> Self {
        let (secret, public) = Signer::generate().unwrap();
        Self {
            publisher: Publisher {
                shipped: shipped().unwrap(),
                trusted: TrustedKeys::read([public.as_str()]).unwrap(),
            },
            secret,
        }
    }

    fn sign(&self, text: &str) -> String {
        Signer::read(&self.secret).unwrap().sign(text).unwrap()
    }

    fn publish(&self, company: &Company, text: &str, signature: &str) -> Result<(), String> {
        company
            .store
            .write(|tx| self.publisher.publish(tx, text, signature, morning()))
            .map(|_| ())
            .map_err(|error: PublishError| error.to_string())
    }
}

fn blocks(device: &Device, case: CaseId) -> Vec<String> {
    let clearance = device.checklist(case).unwrap().clearance;
    let blocking = clearance.reasons.into_iter();
    blocking
        .filter(|reason| reason.effect == doorstep_domain::checklist::Effect::Block)
        .map(|reason| reason.citation.rule)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_published_pack_reaches_the_device_and_decides() {
    let office = Office::new();
    let company = Company::start().await.unwrap();
    let company = company
        .trusting(office.publisher.trusted.clone())
        .await
        .unwrap();
    let device = company.device().await.unwrap();
    let case = stop(&device, 0);
    answer_safely(&device, case);
    assert!(blocks(&device, case).is_empty());
    office.publish(&company, OWN, &office.sign(OWN)).unwrap();
    // The server looks every two seconds.
    tokio::time::sleep(Duration::from_secs(4)).await;
    device.sync().await.unwrap();
    assert_eq!(blocks(&device, case), ["NORTH-1"]);
    let record = device.copy_record(case).unwrap();
    assert!(record.organisation.contains("北方机构") || record.organisation.contains("North"));
    let lead = company.sign_in("lead").await.unwrap();
    let shown = lead.done("GET", "/v1/policies", None).await.unwrap();
    let packs = shown["packs"].as_array().unwrap();
    let own = packs.iter().find(|pack| pack["id"] == "north").unwrap();
    assert_eq!(own["signer"].as_str().unwrap().len(), 16);
    assert!(
        packs
            .iter()
            .any(|pack| pack["id"] == "cn" && pack["signer"].is_null())
    );
    // A plan longer than the agency wants is not offered.
    let found = device
        .propose_plans(case, &plan_input(&device, case))
        .unwrap();
    assert!(found.proposals.iter().all(|plan| plan.lines.len() <= 12));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_signed_right_or_newer_changes_nothing() {
    let office = Office::new();
    let company = Company::start().await.unwrap();
    let refused =
        |text: &str, signature: &str| office.publish(&company, text, signature).unwrap_err();
    assert!(refused(OWN, "none").starts_with("pack.unsigned"));
    let stranger = Office::new().sign(OWN);
    assert!(refused(OWN, &stranger).starts_with("pack.signature"));
    let signature = office.sign(OWN);
    let loosened = OWN.replace("14:00", "06:00");
    assert!(refused(&loosened, &signature).starts_with("pack.signature"));
    for (from, to, code) in [
        ("id = \"north\"", "id = \"cn\"", "pack.shipped"),
        ("id = \"north\"", "id = \"house\"", "pack.shipped"),
        ("NORTH-1", "HOUSE-STOP-1", "(rule.taken)"),
        ("NORTH-1", "Q07", "(rule.id)"),
        ("to = \"18:00", "to = \"09:00", "(rule.hours)"),
        (
            "version = 1",
            "version = 1\nvalid_until = \"2026-01-01\"",
            "(pack.expired)",
        ),
    ] {
        let text = OWN.replace(from, to);
        let said = refused(&text, &office.sign(&text));
        assert!(said.contains(code), "{code}: {said}");
    }
    office.publish(&company, OWN, &signature).unwrap();
    assert!(refused(OWN, &signature).starts_with("pack.older"));
    // A server that is started without the key says so, and does not go on without the pack.
    let without = Publisher {
        shipped: shipped().unwrap(),
        trusted: TrustedKeys::default(),
    };
    let loaded = company.store.read(|tx| without.in_force(tx)).unwrap_err();
    assert!(
        loaded.to_string().contains("`north`, version 1"),
        "{loaded}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_that_the_server_did_not_sign_leave_the_last_good_ones() {
    let office = Office::new();
    let company = Company::start_in_a_file().await.unwrap();
    let device = company.device().await.unwrap();
    let case = stop(&device, 0);
    answer_safely(&device, case);
    // Somebody got hold of the database and of the name, and not of the key.
    let copy = company.folder.path().join("copy.db");
    backup::backup(&company.store, &copy, morning()).unwrap();
    let changed = rusqlite::Connection::open(&copy).unwrap();
    let key = "UPDATE origin SET secret_key = ?1";
    changed.execute(key, [[9_u8; 32].as_slice()]).unwrap();
    drop(changed);
    let company = company.serve_instead(&copy).await.unwrap();
    let company = company
        .trusting(office.publisher.trusted.clone())
        .await
        .unwrap();
    office.publish(&company, OWN, &office.sign(OWN)).unwrap();
    tokio::time::sleep(Duration::from_secs(4)).await;
    device.sync().await.unwrap();
    assert_eq!(
        device.sync_status().unwrap().policies_refused.as_deref(),
        Some("policies.unsigned")
    );
    assert!(blocks(&device, case).is_empty());
}
