//! The real window and a real browser, driven through whole days.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may")]

use doorstep_tests::processes::built;
use doorstep_tests::story::{Day, live, live_through_agreements, live_through_hard_day};
use std::path::{Path, PathBuf};
use tokio::sync::Mutex;

/// Two windows on one machine make each other wait.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

struct Built {
    server: PathBuf,
    app: PathBuf,
    out: PathBuf,
}

impl Built {
    fn at(name: &str) -> Self {
        Self {
            server: built("doorstep-server").unwrap(),
            app: built("doorstep").unwrap(),
            out: Path::new(env!("CARGO_TARGET_TMPDIR")).join(name),
        }
    }

    fn day(&self) -> Day<'_> {
        Day {
            server: &self.server,
            app: &self.app,
            input: None,
            work: self.out.join("data"),
            pictures: self.out.clone(),
            say: |what| println!("story: {what}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_on_the_real_screens_loses_nothing() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let summary = live(&Built::at("story").day()).await.unwrap();
    assert!(summary.is_good(), "{summary:#?}");
    assert_eq!(
        (summary.visits, summary.plans, summary.conflicts_settled),
        (1, 1, 2)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hard_day_on_the_real_screens_in_english() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let built = Built::at("hard-day-english");
    live_through_hard_day(&built.day(), "en").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hard_day_on_the_real_screens_in_chinese() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let built = Built::at("hard-day-chinese");
    live_through_hard_day(&built.day(), "zh-CN").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_agreements_on_the_real_screens_in_english() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let built = Built::at("agreements-english");
    live_through_agreements(&built.day(), "en").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_agreements_on_the_real_screens_in_chinese() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let built = Built::at("agreements-chinese");
    live_through_agreements(&built.day(), "zh-CN")
        .await
        .unwrap();
}
