//! Twisted requests to a real server over real HTTP: an answer with a code, and nothing changed.

#![allow(clippy::unwrap_used, reason = "a test may")]

use doorstep_domain::Role;
use doorstep_fuzz::fuzz;
use doorstep_server::policies;
use doorstep_tests::company::Company;
use doorstep_tests::simulated::Simulated;
use std::panic::AssertUnwindSafe;
use tokio::runtime::Runtime;

/// Sends every twisted sample to `path`, and holds what the server has against what it had.
fn fuzz_requests(path: &str, samples: impl Fn(&mut Simulated) -> Vec<Vec<u8>>) {
    let runtime = Runtime::new().unwrap();
    let company = runtime.block_on(Company::start()).unwrap();
    let agent = company.of_role(Role::Agent).unwrap();
    let cases = company.store.read(|tx| tx.scope(agent)).unwrap();
    let cases = cases.into_iter().map(|(id, _)| id).collect();
    let hash = policies::shipped().unwrap().hash;
    let mut device = Simulated::enrol(&company.store, &hash, agent, cases).unwrap();
    let samples = samples(&mut device);
    let state = || {
        company
            .store
            .read(|tx| Ok::<_, doorstep_server::store::StoreError>((tx.head()?, tx.leaf_count()?)))
            .unwrap()
    };
    let send = AssertUnwindSafe(|bytes: &[u8]| {
        let before = state();
        let request = company
            .http()
            .post(format!("http://{}{path}", company.address))
            .bearer_auth(device.token())
            .header("content-type", "application/json")
            .body(bytes.to_vec());
        let answer = runtime.block_on(request.send()).unwrap();
        let status = answer.status();
        assert!(!status.is_server_error(), "{path}: {status}");
        if !status.is_success() {
            let said = runtime.block_on(answer.text()).unwrap();
            assert!(
                said.contains("\"code\""),
                "{path}: {status} without a code: {said}"
            );
            assert_eq!(state(), before, "{path}: {status}, and something changed");
        }
    });
    fuzz(&samples, |bytes| (send)(bytes));
}

#[test]
fn exchanges() {
    fuzz_requests("/v1/sync", |device| {
        let asks = device.request(Vec::new());
        let note = device.note().unwrap();
        let brings = device.request(vec![note]);
        [asks, brings]
            .map(|request| serde_json::to_vec(&request).unwrap())
            .to_vec()
    });
}

#[test]
fn enrolments() {
    fuzz_requests("/v1/enrol", |_| {
        vec![
            format!(
                r#"{{"protocol":1,"code":"ABCDE-FGHJK","public_key":"{}"}}"#,
                "ab".repeat(32)
            )
            .into_bytes(),
        ]
    });
}

#[test]
fn alarms() {
    fuzz_requests("/v1/alarms", |_| {
        vec![br#"{"id":"01900000-0000-7000-8000-000000000001","kind":"panic","case":null,"recorded_at":"2026-11-21T10:00:00+08:00"}"#.to_vec()]
    });
}

#[test]
fn handovers_and_tokens() {
    let device = "01900000-0000-7000-8000-000000000001";
    for (path, sample) in [
        (
            "/v1/handover",
            format!(r#"{{"protocol":1,"device":"{device}","sealed":["AAAA"]}}"#),
        ),
        (
            "/v1/devices/token",
            format!(
                r#"{{"device":"{device}","token":"aa","signature":"{}"}}"#,
                "00".repeat(64)
            ),
        ),
        (
            "/v1/session",
            r#"{"name":"lead","password":"guess guess"}"#.to_owned(),
        ),
    ] {
        fuzz_requests(path, |_| vec![sample.clone().into_bytes()]);
    }
}
