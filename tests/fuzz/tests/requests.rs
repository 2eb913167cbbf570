//! Twisted requests to a real server over real HTTP: an answer with a code, and nothing changed.

#![allow(clippy::unwrap_used, reason = "a test may")]

use doorstep_domain::Role;
use doorstep_fuzz::fuzz;
use doorstep_server::policies;
use doorstep_server::store::StoreError;
use doorstep_tests::company::Company;
use doorstep_tests::simulated::Simulated;
use reqwest::Response;
use std::panic::AssertUnwindSafe;
use tokio::runtime::Runtime;

/// Sends every twisted sample to `path` as a device, and holds what the server has against what it had.
fn fuzz_requests(path: &str, samples: impl Fn(&mut Simulated) -> Vec<Vec<u8>>) {
    let runtime = Runtime::new().unwrap();
    let company = runtime.block_on(Company::start()).unwrap();
    let agent = company.of_role(Role::Agent).unwrap();
    let cases = company.store.read(|tx| tx.scope(agent)).unwrap();
    let cases = cases.into_iter().map(|(id, _)| id).collect();
    let hash = policies::shipped().unwrap().hash;
    let mut device = Simulated::enrol(&company.store, &hash, agent, cases).unwrap();
    let samples = samples(&mut device);
    let token = format!("Bearer {}", device.token());
    let wanted = Wanted {
        company: &company,
        path,
        signed_in: ("authorization", &token),
        is_json: true,
    };
    wanted.hold(&runtime, &samples);
}

/// Sends every twisted sample to `path` as somebody in the console.
fn fuzz_console(name: &str, path: &str, is_json: bool, sample: impl Fn(&str) -> String) {
    let runtime = Runtime::new().unwrap();
    let company = runtime.block_on(Company::start()).unwrap();
    let person = runtime.block_on(company.sign_in(name)).unwrap();
    let known = company.store.read(|tx| tx.cases_after(None, 1)).unwrap();
    let known = known.first().unwrap();
    let sample = sample(&known.account.reference).into_bytes();
    let wanted = Wanted {
        company: &company,
        path,
        signed_in: ("cookie", person.cookie()),
        is_json,
    };
    let right = wanted.ask(&runtime, &sample).status();
    assert!(right.is_success(), "{path}: {right} for what is right");
    wanted.hold(&runtime, &[sample]);
}

/// Where twisted samples go, and as whom.
struct Wanted<'a> {
    company: &'a Company,
    path: &'a str,
    /// The header that says who asks.
    signed_in: (&'static str, &'a str),
    is_json: bool,
}

impl Wanted<'_> {
    fn ask(&self, runtime: &Runtime, bytes: &[u8]) -> Response {
        let kind = match self.is_json {
            true => "application/json",
            false => "application/octet-stream",
        };
        let request = self
            .company
            .http()
            .post(format!("http://{}{}", self.company.address, self.path))
            .header(self.signed_in.0, self.signed_in.1)
            .header("content-type", kind)
            .body(bytes.to_vec());
        runtime.block_on(request.send()).unwrap()
    }

    /// An answer with a code, never a fault of the server's own; and what is refused changes nothing.
    fn hold(&self, runtime: &Runtime, samples: &[Vec<u8>]) {
        let Self { company, path, .. } = *self;
        let state = || {
            company
                .store
                .read(|tx| Ok::<_, StoreError>((tx.head()?, tx.leaf_count()?)))
                .unwrap()
        };
        let send = AssertUnwindSafe(|bytes: &[u8]| {
            let before = state();
            let answer = self.ask(runtime, bytes);
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
        fuzz(samples, |bytes| (send)(bytes));
    }
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

#[test]
fn files_of_payments() {
    fuzz_console("office", "/v1/payments", false, |reference| {
        format!("payment,reference,amount,date\nB-1,{reference},120.50,2026-11-20\n")
    });
}

#[test]
fn stops_in_bulk() {
    fuzz_console("lead", "/v1/stops", true, |reference| {
        format!(
            r#"{{"stop":"moratorium","effective":"2026-11-20T00:00:00Z","until":null,"references":["{reference}"]}}"#
        )
    });
}

#[test]
fn areas_that_are_stood_down() {
    fuzz_console("lead", "/v1/stand-downs", true, |_| {
        r#"{"latitude":31.23,"longitude":121.47,"radius_m":800,"until":"2026-11-23"}"#.to_owned()
    });
}
