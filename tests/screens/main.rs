//! The real window and a real browser, driven through a whole day.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may")]

use doorstep_tests::story::{Day, live};
use std::path::{Path, PathBuf};

/// The binaries that the test command has just built, beside this test's own.
fn binary(name: &str) -> PathBuf {
    let own = std::env::current_exe().unwrap();
    own.ancestors().nth(2).unwrap().join(name)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_on_the_real_screens_loses_nothing() {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("story");
    let summary = live(&Day {
        server: &binary("doorstep-server"),
        app: &binary("doorstep"),
        input: None,
        work: out.join("data"),
        pictures: out.clone(),
        say: |what| println!("story: {what}"),
    })
    .await
    .unwrap();
    assert!(summary.is_good(), "{summary:#?}");
    assert_eq!(
        (summary.visits, summary.plans, summary.conflicts_settled),
        (1, 1, 2)
    );
}
