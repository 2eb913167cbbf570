//! Every shape that was ever sent can still be read. A file here is never edited.

#![allow(clippy::unwrap_used, reason = "a test may")]

use doorstep_domain::{Action, Case};
use std::path::Path;

fn files(folder: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("compat")
        .join(folder);
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            (
                path.display().to_string(),
                std::fs::read_to_string(&path).unwrap(),
            )
        })
        .collect();
    files.sort();
    files
}

#[test]
fn actions_of_every_schema_are_read_and_mean_the_same() {
    let golden = files("actions");
    assert!(golden.len() >= 19, "one file for each kind of change");
    for (name, text) in golden {
        let action: Action =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let again: serde_json::Value = serde_json::to_value(&action).unwrap();
        assert_eq!(
            again,
            serde_json::from_str::<serde_json::Value>(&text).unwrap(),
            "{name}"
        );
    }
}

#[test]
fn cases_of_every_schema_are_read() {
    for (name, text) in files("cases") {
        serde_json::from_str::<Case>(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}
