//! The first sync: against the same bytes into the same tables, and against the peer.

use crate::Cli;
use crate::fetch::part;
use crate::floor::serve_bytes;
use crate::measure::{figure, median};
use crate::peer::Peer;
use crate::scene::Scene;
use anyhow::{Result, ensure};
use serde_json::{Map, Value, json};

const SIZES: [usize; 2] = [5_000, 20_000];

/// `first_sync_5000`, `first_sync_20000` and `bytes_per_case`.
pub async fn measure(cli: &Cli) -> Result<Map<String, Value>> {
    let mut figures = Map::new();
    for size in SIZES {
        let name = format!("first_sync_{size}");
        if !name.starts_with(&cli.only) && !"bytes_per_case".starts_with(&cli.only) {
            continue;
        }
        eprintln!("{name}: {} rounds", cli.rounds);
        let scene = Scene::set(&cli.server, size).await?;
        let (stream, documents) = scene.stream().await?;
        let plain: usize = documents.iter().map(|document| document.text().len()).sum();
        if figures.is_empty() {
            let per_case = |bytes: usize| figure(bytes as f64 / size as f64);
            figures.insert(
                "bytes_per_case".into(),
                json!({ "bytes": per_case(stream.len()), "plain_bytes": per_case(plain) }),
            );
        }
        let lines = scene.place("documents.ndjson");
        let texts: Vec<_> = documents.iter().map(|document| document.text()).collect();
        std::fs::write(&lines, texts.join("\n"))?;
        let floor = format!("http://{}/", serve_bytes(stream).await?);
        let peer = Peer::start(&cli.peers, &scene.place("peer"), &lines)?;
        let batch = peer.best_batch(&cli.peers, &scene.place("peer-device"), size)?;
        let (mut ours, mut bare, mut theirs, mut mb) = (vec![], vec![], vec![], vec![]);
        for round in 0..cli.rounds {
            let folder = |kind: &str| {
                let path = scene.place(&format!("{kind}-{round}"));
                path.to_string_lossy().into_owned()
            };
            let code = scene.company.enrol_code(scene.agent)?;
            let (url, place) = (scene.served.url(""), folder("device"));
            let fetched = part(&["device", "--url", &url, "--code", &code, "--folder", &place])?;
            ensure!(fetched.cases as usize == size, "fetched {}", fetched.cases);
            ours.push(fetched.ms);
            mb.push(fetched.mb);
            let least = part(&["floor", "--url", &floor, "--folder", &folder("floor")])?;
            ensure!(
                least.cases as usize == size,
                "the floor fetched {}",
                least.cases
            );
            bare.push(least.ms);
            theirs.push(peer.first_sync(&cli.peers, &scene.place("peer-device"), batch, size)?);
        }
        let (ours, bare, theirs) = (median(&ours), median(&bare), median(&theirs));
        figures.insert(
            name,
            json!({
                "ms": figure(ours),
                "floor_ms": figure(bare),
                "floor_ratio": figure(ours / bare),
                "pouchdb_ms": figure(theirs),
                "pouchdb_ratio": figure(theirs / ours),
                "pouchdb_batch": batch,
                "device_mb": figure(mb.iter().copied().fold(0.0, f64::max)),
                "cases_per_s": figure(size as f64 * 1_000.0 / ours),
            }),
        );
    }
    Ok(figures)
}
