//! The OpenAPI document against the server that it describes, by a tester that is not ours.

use doorstep_device::DeviceClock;
use doorstep_device::commands::enrol::{Enrolment, enrol};
use doorstep_tests::company::PASSPHRASE;
use doorstep_tests::processes::{DemoServer, built};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

/// Samples for each endpoint; a longer run by hand takes more.
const SAMPLES: &str = "12";

#[tokio::test(flavor = "multi_thread")]
async fn the_openapi_document_says_what_the_server_does() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let binary = built("doorstep-server").unwrap();
    let now = chrono::Utc::now().to_rfc3339();
    let server = DemoServer::start(&binary, &folder.path().join("server"), None, &now).unwrap();
    let base = format!("http://{}", server.address);
    let cookie = sign_in(&server, &base).await;
    let enrolment = Enrolment {
        server: &base,
        code: server.said["enrol_code"].as_str().unwrap(),
        passphrase: PASSPHRASE,
    };
    let clock = DeviceClock::default();
    let device = enrol(&folder.path().join("device"), enrolment, clock)
        .await
        .unwrap();
    let case = some_case(&base, &cookie).await;
    let token = &device.profile().credentials.token;
    // Signing out would end the session of everything after it.
    let settings = format!(
        r#"
        base-url = "{base}"
        [auth.openapi.session]
        api_key = "{cookie}"
        [auth.openapi.device]
        bearer = "{token}"
        [[operations]]
        include-path = "/v1/session"
        include-method = "DELETE"
        enabled = false
        [[operations]]
        include-path-regex = "^/v1/cases/.id."
        parameters = {{ "path.id" = "{case}" }}
        "#
    );
    std::fs::write(folder.path().join("settings.toml"), settings).unwrap();
    let output = Command::new(root.join("target/python/bin/schemathesis"))
        .current_dir(folder.path())
        .args(["--config-file", "settings.toml", "run"])
        .arg(format!("{base}/v1/openapi.json"))
        .args(["--max-examples", SAMPLES, "--seed", "20261122"])
        .args(["--checks", "all", "--suppress-health-check", "all"])
        // A request of the right shape may still break a rule.
        .args(["--exclude-checks", "positive_data_acceptance"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("Stateful"), "every phase has run: {said}");
}

async fn sign_in(server: &DemoServer, base: &str) -> String {
    let password = server.password("lead").unwrap();
    let answer = reqwest::Client::new()
        .post(format!("{base}/v1/session"))
        .json(&json!({ "name": "lead", "password": password }))
        .send()
        .await
        .unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    let (pair, _) = cookie.split_once(';').unwrap();
    pair.split_once('=').unwrap().1.to_owned()
}

async fn some_case(base: &str, cookie: &str) -> String {
    let found: Value = reqwest::Client::new()
        .post(format!("{base}/v1/cases/search"))
        .header("cookie", format!("doorstep_session={cookie}"))
        .json(&json!({ "search": "", "unassigned": false, "agent": null, "offset": 0, "limit": 1 }))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    found["cases"][0]["id"].as_str().unwrap().to_owned()
}
