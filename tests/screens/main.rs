//! The real window and a real browser, driven through a whole day.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may")]

use doorstep_tests::processes::built;
use doorstep_tests::story::{Day, live};
use std::path::Path;

#[tokio::test(flavor = "multi_thread")]
async fn a_day_on_the_real_screens_loses_nothing() {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("story");
    let summary = live(&Day {
        server: &built("doorstep-server").unwrap(),
        app: &built("doorstep").unwrap(),
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
