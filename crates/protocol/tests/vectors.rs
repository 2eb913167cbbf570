//! What docs/SYNC.md shows as an example is what both ends compute.

#![allow(clippy::unwrap_used, reason = "a test may")]

use doorstep_domain::{ActionId, CaseId, DeviceId, Epoch, Incarnation, Revision, Ruling, Verdict};
use doorstep_protocol::chain::{Commitment, Link, Sign as _};
use doorstep_protocol::digest::Digest;
use doorstep_protocol::verdict::{SignedVerdict, Subject};
use ed25519_dalek::SigningKey;
use uuid::Uuid;

const PAGE: &str = include_str!("../../../docs/SYNC.md");

fn shows(what: &str, value: &str) {
    assert!(PAGE.contains(value), "{what} is {value}");
}

#[test]
fn the_chain() {
    let key = SigningKey::from_bytes(&[7; 32]);
    let commitment = Commitment::to(&"5a".repeat(16), r#"{"example":1}"#);
    let link = Link::START.follow(commitment);
    shows("commitment", &String::from(commitment));
    shows("link", &String::from(link));
    shows("signature", &key.sign_hash(&link.0));
}

#[test]
fn the_statement() {
    let key = SigningKey::from_bytes(&[7; 32]);
    let subject = Subject {
        device: DeviceId(Uuid::from_u128(1)),
        incarnation: Incarnation(Uuid::from_u128(2)),
        n: 3,
        commitment: Commitment::to(&"5a".repeat(16), r#"{"example":1}"#),
    };
    let verdict = Verdict {
        action: ActionId(Uuid::from_u128(4)),
        ruling: Ruling::held("fact.changed_meanwhile"),
        revision: Some(Revision {
            epoch: Epoch(1),
            number: 9,
        }),
        first: None,
        remarks: Vec::new(),
        judged_at: "2026-11-20T09:30:00Z".parse().unwrap(),
    };
    let (signed, statement) = SignedVerdict::sign(&subject, verdict, Epoch(1), 8, &key);
    shows("statement", &statement);
    shows("hash", &hex::encode(signed.hash(&subject)));
    shows("signature", &signed.signature);
}

#[test]
fn the_digest() {
    let case = |id, number| {
        let revision = Revision {
            epoch: Epoch(1),
            number,
        };
        (CaseId(Uuid::from_u128(id)), revision)
    };
    let digest = Digest::of([case(1, 7), case(0x0201, 9), case(0x00ff, 300)]);
    let sums = digest.buckets().0;
    shows("sum of bucket 1", &sums[1]);
    shows("sum of bucket 255", &sums[255]);
    shows("digest", &digest.total());
}
