//! What strangers, mistakes and other versions send: a clear code, and the outbox untouched.

use crate::work::stop;
use doorstep_device::DeviceError;
use doorstep_tests::company::Company;
use serde_json::{Value, json};

/// Sent as a device sends: a server that hangs up on a body that is too large may cut the connection
/// before its answer is read; then it is sent again.
async fn sync_raw(company: &Company, token: &str, body: Vec<u8>) -> (u16, Value) {
    for _ in 0..5 {
        let sent = company
            .http()
            .post(format!("http://{}/v1/sync", company.address))
            .bearer_auth(token)
            .header("content-type", "application/json")
            .body(body.clone())
            .send();
        if let Ok(answer) = sent.await {
            return (answer.status().as_u16(), answer.json().await.unwrap());
        }
    }
    panic!("five times without an answer");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_and_a_used_code_do_not_enrol() {
    let company = Company::start().await.unwrap();
    let data = company.folder.path().join("other");
    let wrong = company.enrol("WRONG-CODE2", &data).await.err().unwrap();
    assert_eq!(wrong.code(), "enrol.code_unknown");
    company.device().await.unwrap();
    let used = company
        .enrol(&company.demo.enrol_code, &data)
        .await
        .err()
        .unwrap();
    assert_eq!(used.code(), "enrol.code_used");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_are_slowed_down() {
    let company = Company::start().await.unwrap();
    let mut codes = Vec::new();
    for _ in 0..12 {
        let body = json!({ "name": "lead", "password": "guess" });
        let answer = company
            .send("POST", "/v1/session", None, Some(body))
            .await
            .unwrap();
        let said: Value = answer.json().await.unwrap();
        codes.push(said["code"].as_str().unwrap().to_owned());
    }
    assert_eq!(codes[0], "auth.wrong_password");
    assert_eq!(codes.last().unwrap(), "auth.throttled");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_session_or_with_an_old_one_nothing_is_shown() {
    let company = Company::start().await.unwrap();
    for (method, path) in [
        ("GET", "/v1/people"),
        ("GET", "/v1/inbox"),
        ("GET", "/v1/activity"),
        ("GET", "/v1/session"),
    ] {
        let answer = company
            .send(method, path, Some("doorstep_session=made-up"), None)
            .await
            .unwrap();
        assert_eq!(answer.status().as_u16(), 401, "{path}");
    }
    let lead = company.sign_in("lead").await.unwrap();
    let token = lead.cookie().split('=').nth(1).unwrap().to_owned();
    let hash = doorstep_server::secrets::hash_token(&token);
    let (old, lead_id) = (
        doorstep_tests::company::morning(),
        company.id("lead").unwrap(),
    );
    company
        .store
        .write(|tx| {
            tx.close_session(&hash)?;
            tx.open_session(&hash, lead_id, old, old)
        })
        .unwrap();
    let (status, said) = lead.ask("GET", "/v1/people", None).await.unwrap();
    assert_eq!(
        (status, said["code"].as_str()),
        (401, Some("session.expired"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_sees_nothing_of_the_console() {
    let company = Company::start().await.unwrap();
    let agent = company.sign_in("agent").await.unwrap();
    for (method, path) in [
        ("GET", "/v1/people"),
        ("GET", "/v1/inbox"),
        ("GET", "/v1/activity"),
    ] {
        let (status, said) = agent.ask(method, path, None).await.unwrap();
        assert_eq!(
            (status, said["code"].as_str()),
            (403, Some("role.not_permitted")),
            "{path}"
        );
    }
    let office = company.sign_in("office").await.unwrap();
    let (status, _) = office
        .ask(
            "PUT",
            &format!("/v1/routes/{}/2026-11-21", company.id("agent").unwrap()),
            Some(json!({ "cases": [] })),
        )
        .await
        .unwrap();
    assert_eq!(status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_requests_get_a_code_and_leave_the_outbox_alone() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    device.add_note(stop(&device, 0), "waits").unwrap();
    let token = device.profile().credentials.token.clone();
    let code = |(status, said): (u16, Value)| {
        (status, said["code"].as_str().unwrap_or_default().to_owned())
    };
    let cases: [(Vec<u8>, (u16, &str)); 5] = [
        (b"{".to_vec(), (400, "body.malformed")),
        (b"\xff\xfe".to_vec(), (400, "body.malformed")),
        (
            json!({ "protocol": 99 }).to_string().into(),
            (400, "sync.protocol_unknown"),
        ),
        (vec![b' '; 2 * 1024 * 1024], (413, "body.too_large")),
        (
            format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000)).into(),
            (400, "body.malformed"),
        ),
    ];
    for (body, wanted) in cases {
        let got = code(sync_raw(&company, &token, body).await);
        assert_eq!((got.0, got.1.as_str()), wanted);
    }
    assert_eq!(
        code(sync_raw(&company, "nonsense", b"{}".to_vec()).await).1,
        "device.unknown"
    );
    assert_eq!(device.sync_status().unwrap().waiting, 1);
    assert_eq!(device.sync().await.unwrap().waiting, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zip_bomb_is_refused() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let bomb = zstd::encode_all(std::io::repeat(b' ').take(64 * 1024 * 1024), 3).unwrap();
    assert!(bomb.len() < 64 * 1024);
    let answer = company
        .http()
        .post(format!("http://{}/v1/sync", company.address))
        .bearer_auth(&device.profile().credentials.token)
        .header("content-encoding", "zstd")
        .body(bomb)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status().as_u16(), 413);
}

use std::io::Read as _;

#[tokio::test(flavor = "multi_thread")]
async fn another_agents_case_can_be_neither_read_nor_changed() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    // A case that the agent never had.
    let foreign = company
        .store
        .read(|tx| {
            tx.list_cases(&doorstep_server::store::CaseFilter {
                unassigned_only: true,
                limit: 1,
                ..Default::default()
            })
        })
        .unwrap()
        .cases
        .remove(0);
    assert!(matches!(
        device.case(foreign.id),
        Err(DeviceError::UnknownCase)
    ));
    assert!(matches!(
        device.add_note(foreign.id, "hello"),
        Err(DeviceError::UnknownCase)
    ));

    // A device that lies: it signs an action on the foreign case with its own key.
    let profile = device.profile();
    let seed: [u8; 32] = hex::decode(&profile.signing_key)
        .unwrap()
        .try_into()
        .unwrap();
    let mut action = doorstep_testkit::build::Actor::new(profile.user, 0x77).does(
        doorstep_domain::Change::AddNote {
            text: "forged".into(),
        },
        foreign.revision,
    );
    action.device = profile.device;
    action.case = foreign.id;
    let key = ed25519_dalek::SigningKey::from_bytes(&seed);
    let envelope = doorstep_protocol::envelope::Envelope::seal(
        &action,
        doorstep_protocol::chain::Link::START,
        "00".repeat(16),
        &key,
    )
    .unwrap();
    let mut request = json!({
        "protocol": 1, "incarnation": action.incarnation, "cursor": null, "policies": null, "outbox": [envelope],
    });
    let (status, said) = sync_raw(
        &company,
        &profile.credentials.token,
        request.to_string().into(),
    )
    .await;
    assert_eq!(status, 200);
    assert_eq!(said["verdicts"][0]["verdict"]["rule"], "case.not_yours");
    assert!(
        said["cases"]
            .as_array()
            .unwrap()
            .iter()
            .all(|case| case["id"] != json!(foreign.id))
    );

    // And one that was tampered with on the way.
    request["outbox"][0]["payload"] = json!(action_text(&action).replace("forged", "altered"));
    let (status, said) = sync_raw(
        &company,
        &profile.credentials.token,
        request.to_string().into(),
    )
    .await;
    assert_eq!(
        (status, said["code"].as_str()),
        (200, None),
        "the link is the recorded one: the old verdict again"
    );
    request["outbox"][0]["n"] = json!(2);
    let (status, said) = sync_raw(
        &company,
        &profile.credentials.token,
        request.to_string().into(),
    )
    .await;
    assert_eq!((status, &said["halt"]["halt"]), (200, &json!("fork")));
    let aside = company.store.read(|tx| tx.aside(10)).unwrap();
    assert_eq!((aside.len(), aside[0].n), (1, 2));
    request["outbox"][0]["n"] = json!(9);
    let (status, said) = sync_raw(
        &company,
        &profile.credentials.token,
        request.to_string().into(),
    )
    .await;
    assert_eq!(
        (status, &said["halt"]),
        (200, &json!({ "halt": "gap", "expected": 2 }))
    );
    let server = company
        .store
        .read(|tx| tx.case(foreign.id))
        .unwrap()
        .unwrap();
    assert_eq!(server, foreign);
}

fn action_text(action: &doorstep_domain::Action) -> String {
    serde_json::to_string(action).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_says_of_themselves_that_they_go_along() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let profile = device.profile();
    let seed = hex::decode(&profile.signing_key).unwrap();
    let key = ed25519_dalek::SigningKey::from_bytes(&seed.try_into().unwrap());
    let join = doorstep_domain::Change::JoinVisit {
        visit: doorstep_domain::VisitId(uuid::Uuid::from_u128(1)),
    };
    let mut action = doorstep_testkit::build::Actor::new(profile.user, 0x79)
        .does(join, doorstep_testkit::build::revision(1));
    action.device = profile.device;
    action.case = stop(&device, 0);
    let start = doorstep_protocol::chain::Link::START;
    let envelope =
        doorstep_protocol::envelope::Envelope::seal(&action, start, "00".repeat(16), &key).unwrap();
    let request = json!({
        "protocol": 1, "incarnation": action.incarnation, "cursor": null, "policies": null, "outbox": [envelope],
    });
    let (status, said) = sync_raw(
        &company,
        &profile.credentials.token,
        request.to_string().into(),
    )
    .await;
    assert_eq!(status, 200);
    assert_eq!(said["verdicts"][0]["verdict"]["rule"], "role.not_permitted");
}
