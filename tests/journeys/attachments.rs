//! Attachments by tus: half a file goes on, a wrong hash is refused, and other people's clients and
//! stores get along with this server.

use doorstep_device::DeviceClock;
use doorstep_device::commands::enrol::{Enrolment, enrol};
use doorstep_tests::company::{Company, PASSPHRASE};
use doorstep_tests::processes::{Bucket, DemoServer, built};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::path::Path;
use std::process::Command;

#[tokio::test(flavor = "multi_thread")]
async fn scenario_16_half_a_photo_goes_on_and_another_hash_is_refused() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let photo = vec![7_u8; 300_000];
    let hash = hex::encode(Sha256::digest(&photo));
    let announced = |hash: &str| {
        use base64::Engine as _;
        let value = base64::engine::general_purpose::STANDARD.encode(hash);
        company
            .http()
            .post(format!("http://{}/v1/attachments", company.address))
            .bearer_auth(&device.profile().credentials.token)
            .header("tus-resumable", "1.0.0")
            .header("upload-length", photo.len())
            .header("upload-metadata", format!("sha256 {value}"))
    };
    let begin = |hash: String| {
        let request = announced(&hash);
        async move {
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 201);
            answer.headers()["location"].to_str().unwrap().to_owned()
        }
    };
    let piece = |place: &str, at: usize, bytes: &[u8]| {
        company
            .http()
            .patch(format!("http://{}{place}", company.address))
            .bearer_auth(&device.profile().credentials.token)
            .header("tus-resumable", "1.0.0")
            .header("content-type", "application/offset+octet-stream")
            .header("upload-offset", at)
            .body(bytes.to_vec())
            .send()
    };
    let place = begin(hash.clone()).await;
    assert_eq!(
        begin(hash.clone()).await,
        place,
        "begun twice is begun once"
    );
    assert_eq!(
        piece(&place, 0, &photo[..100_000]).await.unwrap().status(),
        204
    );
    assert_eq!(
        piece(&place, 0, &photo[..100_000]).await.unwrap().status(),
        409
    );
    let is_stored = || {
        let hash = hash.clone();
        company.store.read(move |tx| tx.is_stored(&hash)).unwrap()
    };
    assert!(!is_stored(), "half a file is none");
    let head = company
        .http()
        .head(format!("http://{}{place}", company.address))
        .bearer_auth(&device.profile().credentials.token)
        .header("tus-resumable", "1.0.0")
        .send()
        .await
        .unwrap();
    assert_eq!(head.headers()["upload-offset"], "100000");
    assert_eq!(
        piece(&place, 100_000, &photo[100_000..])
            .await
            .unwrap()
            .status(),
        204
    );
    assert!(is_stored());

    let other = hex::encode(Sha256::digest(b"another photo"));
    let place = begin(other.clone()).await;
    assert_eq!(piece(&place, 0, &photo).await.unwrap().status(), 460);
    assert!(!company.store.read(|tx| tx.is_stored(&other)).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_usual_tus_client_goes_on_and_a_bucket_holds_only_noise() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let folder = tempfile::tempdir().unwrap();
    // One TLS provider for the whole process, as the device installs it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let bucket = Bucket::start(root).await.unwrap();
    let server = built("doorstep-server").unwrap();
    let server = DemoServer::start_on(&server, &folder.path().join("server"), &bucket).unwrap();
    let enrolment = Enrolment {
        server: &format!("http://{}", server.address),
        code: server.said["enrol_code"].as_str().unwrap(),
        passphrase: PASSPHRASE,
    };
    let clock = DeviceClock::default();
    let device = enrol(&folder.path().join("device"), enrolment, clock)
        .await
        .unwrap();
    let photo = folder.path().join("photo");
    std::fs::write(&photo, b"a photograph of a door. ".repeat(20_000)).unwrap();
    let output = Command::new("node")
        .arg(root.join("tests/clients/upload.mjs"))
        .arg(format!("http://{}/v1/attachments", server.address))
        .arg(&device.profile().credentials.token)
        .arg(&photo)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let done: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(
        done["resumedAt"].as_u64() >= done["droppedAt"].as_u64(),
        "{done}"
    );
    let name = format!("attachments/main/{}", done["sha256"].as_str().unwrap());
    assert_eq!(
        bucket.objects().await.unwrap(),
        [name.as_str()],
        "the whole, and no piece"
    );
    let kept = bucket.object(&name).await.unwrap();
    assert!(kept.len() > 480_000 && !kept.windows(10).any(|window| window == b"photograph"));
}
