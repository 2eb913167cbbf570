//! Who may depend on whom: the table of docs/ARCHITECTURE.md, held against `cargo metadata`.

use crate::steps::root;
use anyhow::{Context, Result, bail};
use cargo_metadata::{DependencyKind, MetadataCommand, Package};

/// A crate, the crates of ours that it may use, and outside crates that it must never use.
struct Layer {
    name: &'static str,
    may_use: &'static [&'static str],
    never: &'static [&'static str],
}

/// What makes a crate impure: sockets, databases, runtimes, randomness, windows.
const IMPURE: &[&str] = &[
    "tokio",
    "reqwest",
    "axum",
    "hyper",
    "rusqlite",
    "tokio-postgres",
    "object_store",
    "getrandom",
    "rand",
    "tauri",
    "rustls",
    "tempfile",
    "tracing-subscriber",
];

const LAYERS: &[Layer] = &[
    Layer {
        name: "doorstep-domain",
        may_use: &[],
        never: IMPURE,
    },
    Layer {
        name: "doorstep-protocol",
        may_use: &["doorstep-domain"],
        never: IMPURE,
    },
    Layer {
        name: "doorstep-view",
        may_use: &["doorstep-domain"],
        never: IMPURE,
    },
    Layer {
        name: "doorstep-copy",
        may_use: &["doorstep-domain", "doorstep-view"],
        never: IMPURE,
    },
    Layer {
        name: "doorstep-recorder",
        may_use: &[],
        never: &["rusqlite", "reqwest", "axum", "tauri"],
    },
    Layer {
        name: "doorstep-device",
        may_use: &["doorstep-domain", "doorstep-protocol", "doorstep-view"],
        never: &["axum", "tauri"],
    },
    Layer {
        name: "doorstep-server",
        may_use: &["doorstep-domain", "doorstep-protocol", "doorstep-view"],
        // `reqwest` only lends its TLS features to the S3 client inside `object_store`.
        never: &["tauri"],
    },
    Layer {
        name: "doorstep",
        may_use: &[
            "doorstep-copy",
            "doorstep-device",
            "doorstep-domain",
            "doorstep-recorder",
            "doorstep-view",
        ],
        never: &["rusqlite", "reqwest", "axum"],
    },
    Layer {
        name: "doorstep-testkit",
        may_use: &["doorstep-domain"],
        never: &["rusqlite", "reqwest", "tauri"],
    },
    Layer {
        name: "xtask",
        may_use: &[],
        never: &["tauri"],
    },
];

/// What may use everything.
const TESTS: [&str; 4] = [
    "doorstep-benches",
    "doorstep-fuzz",
    "doorstep-tests",
    "doorstep-weather",
];

/// Fails on any edge that the table does not allow.
pub fn check() -> Result<()> {
    let metadata = MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .no_deps()
        .exec()
        .context("read `cargo metadata`")?;
    let mut wrong = Vec::new();
    for package in &metadata.packages {
        match LAYERS
            .iter()
            .find(|layer| layer.name == package.name.as_str())
        {
            Some(layer) => wrong.extend(forbidden(package, layer)),
            // The tests may use everything; nothing may use them.
            None if TESTS.contains(&package.name.as_str()) => {}
            None => wrong.push(format!("`{}` is not in the table of layers", package.name)),
        }
    }
    match wrong.is_empty() {
        true => {
            println!("   {} crates, no forbidden edge", metadata.packages.len());
            Ok(())
        }
        false => bail!("forbidden edges:\n  {}", wrong.join("\n  ")),
    }
}

fn forbidden(package: &Package, layer: &Layer) -> Vec<String> {
    package
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind == DependencyKind::Normal)
        .filter(|dependency| {
            let name = dependency.name.as_str();
            let is_ours = name.starts_with("doorstep");
            (is_ours && !layer.may_use.contains(&name)) || layer.never.contains(&name)
        })
        .map(|dependency| format!("`{}` may not use `{}`", layer.name, dependency.name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_as_it_is_has_no_forbidden_edge() {
        check().unwrap();
    }

    #[test]
    fn a_forbidden_edge_is_found() {
        let metadata = MetadataCommand::new()
            .manifest_path(root().join("Cargo.toml"))
            .no_deps()
            .exec()
            .unwrap();
        let device = metadata
            .packages
            .iter()
            .find(|package| package.name.as_str() == "doorstep-device")
            .unwrap();
        let strict = Layer {
            name: "doorstep-device",
            may_use: &[],
            never: &["rusqlite"],
        };
        let found = forbidden(device, &strict).join(" ");
        assert!(
            found.contains("`doorstep-domain`") && found.contains("`rusqlite`"),
            "{found}"
        );
    }
}
