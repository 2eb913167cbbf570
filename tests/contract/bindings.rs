//! The generated types of the interface say what Rust says.

use doorstep_tests::bindings::{export, files, folder};

#[test]
fn the_generated_types_are_fresh() {
    let fresh = tempfile::tempdir().unwrap();
    export(fresh.path()).unwrap();
    let (wanted, found) = (files(fresh.path()).unwrap(), files(&folder()).unwrap());
    assert!(
        wanted == found,
        "run `cargo xtask bindings` and commit what it writes"
    );
}
