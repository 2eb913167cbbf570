//! Every decoder that reads what came from outside, without a network between.

#![allow(clippy::unwrap_used, reason = "a test may")]

use doorstep_device::record::CaseHead;
use doorstep_domain::{Action, ActionId, Case, DeviceId, VisitId};
use doorstep_fuzz::fuzz;
use doorstep_protocol::alarm::Alarm;
use doorstep_protocol::chain::{Commitment, Link};
use doorstep_protocol::check::CheckCode;
use doorstep_protocol::envelope::Envelope;
use doorstep_protocol::exchange::{SnapshotLine, SyncResponse};
use doorstep_protocol::lift::{self, LiftKey};
use doorstep_protocol::policies::PolicyDocument;
use doorstep_protocol::{partner, seal};
use doorstep_server::import::{Mapping, sample};
use doorstep_server::policies::{Signer, TrustedKeys, read_pack};
use doorstep_server::{Store, Tenant, demo, export, policies};
use doorstep_tests::company::morning;
use ed25519_dalek::SigningKey;
use std::path::Path;
use uuid::Uuid;

/// The golden files of a folder: all that was ever written.
fn golden(folder: &str) -> Vec<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../compat")
        .join(folder);
    std::fs::read_dir(path)
        .unwrap()
        .map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
        .collect()
}

fn demo_store(folder: &Path) -> Store {
    let store = Store::open(&folder.join("server.db"), Tenant::default()).unwrap();
    let mapping = Mapping::parse(demo::SAMPLE_MAPPING).unwrap();
    let policies = policies::shipped().unwrap().policies;
    demo::set_up(
        &store,
        demo::SAMPLE_CSV.as_bytes(),
        &mapping,
        &policies,
        morning(),
    )
    .unwrap();
    store
}

#[test]
fn actions_of_every_kind() {
    fuzz(&golden("actions"), |bytes| {
        if let Ok(action) = serde_json::from_slice::<Action>(bytes) {
            assert!(
                serde_json::to_vec(&action).is_ok(),
                "what is read can be written"
            );
        }
    });
}

#[test]
fn cases_and_what_a_list_needs_of_them() {
    fuzz(&golden("cases"), |bytes| {
        if serde_json::from_slice::<Case>(bytes).is_ok() {
            assert!(
                serde_json::from_slice::<CaseHead>(bytes).is_ok(),
                "a case has what a list needs"
            );
        }
    });
}

#[test]
fn envelopes_and_sealed_envelopes() {
    let action = golden("actions").pop().unwrap();
    let sealed = Envelope {
        schema: 2,
        id: doorstep_domain::ActionId(Default::default()),
        incarnation: doorstep_domain::Incarnation(Default::default()),
        n: 1,
        payload: String::from_utf8(action).unwrap(),
        salt: "00".repeat(16),
        link: Link::START,
        signature: "00".repeat(64),
        verdict: None,
    };
    let secret = [7; 32];
    let closed = seal::OpenBox::to(&seal::public_half(secret), [9; 32])
        .unwrap()
        .seal(&sealed)
        .unwrap();
    let samples = [serde_json::to_vec(&sealed).unwrap(), closed.into_bytes()];
    fuzz(&samples, |bytes| {
        if let Ok(envelope) = serde_json::from_slice::<Envelope>(bytes) {
            let _ = (
                envelope.open(),
                envelope.commitment(),
                envelope.link_after(Link::START),
            );
        }
        let _ = seal::open(&String::from_utf8_lossy(bytes), secret);
    });
}

#[test]
fn hashes_and_alarms() {
    let samples = [
        format!("\"{}\"", "ab".repeat(32)).into_bytes(),
        br#"{"id":"01900000-0000-7000-8000-000000000001","kind":"panic","case":null,"recorded_at":"2026-11-21T10:00:00+08:00"}"#.to_vec(),
    ];
    fuzz(&samples, |bytes| {
        let _ = serde_json::from_slice::<Link>(bytes);
        let _ = serde_json::from_slice::<Commitment>(bytes);
        let _ = serde_json::from_slice::<Alarm>(bytes);
    });
}

#[test]
fn answers_and_snapshot_lines_from_a_server_that_lies() {
    let case = String::from_utf8(golden("cases").pop().unwrap()).unwrap();
    let case = case.replace('\n', " ");
    let policies = policies::shipped().unwrap();
    let policies = policies
        .document(&SigningKey::from_bytes(&[7; 32]))
        .unwrap();
    let policies = serde_json::to_string(&policies).unwrap();
    let cursor = r#"{"epoch":7,"number":3}"#;
    let samples = [
        format!(
            r#"{{"protocol":1,"verdicts":[],"cases":[{case}],"left":[],"policies":null,"cursor":{cursor},"more":false,"server_time":"2026-11-21T02:00:00Z"}}"#
        ),
        format!(
            r#"{{"begin":{{"cursor":{cursor},"lineage":{{"2":{{"from":1,"began":7}}}},"cases":1,"policies":{policies},"server_time":"2026-11-21T02:00:00Z"}}}}"#
        ),
        format!(
            r#"{{"frame":{{"cases":[{case}],"last":"00000000-0000-0000-0000-00000000ca5e"}}}}"#
        ),
        r#""end""#.to_owned(),
    ]
    .map(String::into_bytes);
    assert!(serde_json::from_slice::<SyncResponse>(&samples[0]).is_ok());
    assert!(
        samples[1..]
            .iter()
            .all(|line| serde_json::from_slice::<SnapshotLine>(line).is_ok())
    );
    fuzz(&samples, |bytes| {
        if let Ok(answer) = serde_json::from_slice::<SyncResponse>(bytes) {
            for case in &answer.cases {
                let _ = serde_json::from_str::<CaseHead>(case.text());
            }
        }
        let _ = serde_json::from_slice::<SnapshotLine>(bytes);
    });
}

#[test]
fn compressed_bodies() {
    let plain = golden("cases").pop().unwrap();
    let samples = [zstd::encode_all(plain.as_slice(), 3).unwrap()];
    fuzz(&samples, |bytes| {
        use std::io::Read as _;
        let Ok(decoder) = zstd::stream::Decoder::new(bytes) else {
            return;
        };
        let mut out = Vec::new();
        let _ = decoder.take(1 << 20).read_to_end(&mut out);
    });
}

#[test]
fn accounts_and_mappings() {
    let folder = std::env::temp_dir().join(format!("doorstep-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let store = Store::open(&folder.join("import.db"), Tenant::default()).unwrap();
    let policies = policies::shipped().unwrap().policies;
    let mapping = Mapping::parse(demo::SAMPLE_MAPPING).unwrap();
    let samples = [
        sample::accounts_csv(4, 1).into_bytes(),
        demo::SAMPLE_MAPPING.as_bytes().to_vec(),
        b"PK\x03\x04 not a workbook".to_vec(),
    ];
    let store = std::panic::AssertUnwindSafe(store);
    fuzz(&samples, |bytes| {
        let _ = Mapping::parse(&String::from_utf8_lossy(bytes));
        let order = doorstep_server::import::ImportOrder {
            bytes,
            mapping: &mapping,
            dry_run: true,
            accept_good_rows: true,
            actor: doorstep_domain::UserId(Default::default()),
            role: doorstep_domain::Role::Lead,
        };
        let done =
            store.read(|tx| doorstep_server::import::import(tx, &order, &policies, morning()));
        assert!(
            done.is_err() || !done.is_ok_and(|report| report.written),
            "a dry run writes nothing"
        );
    });
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn packs_and_keys() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/packs");
    let mut samples: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .collect();
    let (_, public) = Signer::generate().unwrap();
    samples.push(public.into_bytes());
    let checklist = policies::shipped_checklist().unwrap();
    fuzz(&samples, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let _ = read_pack(&text, &checklist, morning().date_naive());
        let _ = TrustedKeys::read([text.as_ref()]);
    });
}

#[test]
fn policies_that_somebody_changed() {
    let key = SigningKey::from_bytes(&[7; 32]);
    let shipped = policies::shipped().unwrap();
    let document = shipped.document(&key).unwrap();
    let samples = [serde_json::to_vec(&document).unwrap()];
    fuzz(&samples, |bytes| {
        let Ok(read) = serde_json::from_slice::<PolicyDocument>(bytes) else {
            return;
        };
        if let Ok(policies) = read.open(Some(&key.verifying_key())) {
            assert_eq!(policies, shipped.policies, "what opens is what was signed");
        }
    });
}

#[test]
fn codes_from_paper_and_from_the_telephone() {
    let device = DeviceId(Uuid::from_u128(1));
    let visit = VisitId(Uuid::from_u128(2));
    let key = LiftKey::of(b"a secret of this test", device);
    let code = CheckCode {
        action: ActionId(Uuid::from_u128(3)),
        link: Link([7; 32]),
        signature: "5a".repeat(64),
    };
    let given = partner::code(&key, &partner::question(visit));
    let samples = [code.encode().unwrap(), given.clone()].map(String::into_bytes);
    fuzz(&samples, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        if let Some(read) = CheckCode::decode(&text) {
            assert_eq!(read.encode().as_deref(), Some(text.trim()));
        }
        assert_eq!(lift::normal(&lift::normal(&text)), lift::normal(&text));
        if partner::has_accepted(&key, visit, &text) {
            let digits = |text: &str| {
                text.chars()
                    .filter(char::is_ascii_digit)
                    .collect::<String>()
            };
            assert_eq!(digits(&text), digits(&given));
        }
    });
}

#[test]
fn exports_that_somebody_changed() {
    let folder = std::env::temp_dir().join(format!("doorstep-fuzz-export-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut out = Vec::new();
    demo_store(&folder)
        .read(|tx| export::export(tx, &mut out))
        .unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    // The head, some of the middle, and the end of it: whole, it would be read a few times a second.
    let lines: Vec<_> = out.split_inclusive(|byte| *byte == b'\n').collect();
    let some = lines.iter().take(60).chain(lines.iter().rev().take(2));
    let samples = [some.copied().collect::<Vec<_>>().concat()];
    assert!(export::verify(out.as_slice()).is_ok());
    fuzz(&samples, |bytes| {
        assert!(
            export::verify(bytes).is_err(),
            "what was changed does not verify"
        );
    });
}
