//! What runs beside the requests for as long as the server does. The watch over visits is among it, so
//! none of it may end the other: what stops half-way begins again.

use super::App;
use crate::policies::PublishError;
use crate::retention;
use crate::store::aside;
use crate::watch::{Channel, climb, deliver, raise_overdue};
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use std::error::Error;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

const SWEEP_AFTER: Duration = Duration::from_secs(5 * 60);
const SWEEP_EVERY: Duration = Duration::from_secs(24 * 60 * 60);
/// An alarm is raised within two seconds of the moment that was missed.
const WATCH_EVERY: Duration = Duration::from_millis(250);
/// How soon a pack that was published is in force.
const POLICIES_EVERY: Duration = Duration::from_secs(2);
/// How soon one that can't be used is tried again.
const POLICIES_AGAIN: Duration = Duration::from_secs(60);
const DELIVER_EVERY: Duration = Duration::from_secs(1);
const BEGIN_AGAIN_AFTER: Duration = Duration::from_secs(1);

impl App {
    /// Runs it all; done only when it is dropped.
    pub async fn run_beside(&self) {
        let bell = || Arc::clone(&self.waiting).watch(Arc::clone(&self.store));
        tokio::join!(
            going("the bell for waiting devices", bell),
            going("the watch", || self.keep_watch()),
            going("the delivery of alarms", || self.keep_delivering()),
            going("retention", || self.keep_sweeping()),
            going("taking over policies", || self.keep_policies_current())
        );
    }

    /// Raises the alarm for visits that have gone silent.
    async fn keep_watch(&self) {
        loop {
            let (store, channels) = (Arc::clone(&self.store), Arc::clone(&self.channels));
            let now = self.clock.now();
            let raised = aside(move || raise_overdue(&store, &channels, now)).await;
            note(&raised, "the watch could not look");
            if raised.is_ok_and(|raised| raised > 0) {
                // There may be more that are overdue.
                continue;
            }
            tokio::time::sleep(WATCH_EVERY).await;
        }
    }

    /// Delivers alarms, each channel by itself, and asks the next one where nobody answers.
    async fn keep_delivering(&self) {
        let by = |channel| self.keep_delivering_by(std::slice::from_ref(channel));
        tokio::join!(self.keep_climbing(), join_all(self.channels.iter().map(by)));
    }

    async fn keep_delivering_by(&self, channel: &[Channel]) {
        loop {
            let delivered = deliver(&self.store, channel, self.clock.now()).await;
            note(&delivered, "alarms could not be delivered");
            tokio::time::sleep(DELIVER_EVERY).await;
        }
    }

    async fn keep_climbing(&self) {
        loop {
            let (store, channels) = (Arc::clone(&self.store), Arc::clone(&self.channels));
            let now = self.clock.now();
            let climbed = aside(move || climb(&store, &channels, now)).await;
            note(&climbed, "the next one could not be asked");
            tokio::time::sleep(DELIVER_EVERY).await;
        }
    }

    /// Removes evidence whose time is over, once a day.
    async fn keep_sweeping(&self) {
        // Devices that wait since the start come first.
        tokio::time::sleep(SWEEP_AFTER).await;
        loop {
            let now = self.clock.now();
            let swept =
                retention::sweep(&self.store, &self.attachments, &self.policies(), now).await;
            note(&swept, "evidence could not be deleted");
            tokio::time::sleep(SWEEP_EVERY).await;
        }
    }

    /// Takes over what was published.
    async fn keep_policies_current(&self) {
        let mut known = None;
        loop {
            let app = self.clone();
            let looked = aside(move || {
                let count = app.store.read(|tx| tx.count_published_packs())?;
                match known.is_none_or(|known| known != count) {
                    true => app.load_policies(),
                    false => Ok::<_, PublishError>(count),
                }
            });
            let looked = looked.await;
            note(
                &looked,
                "published policies can't be used; those before them stay",
            );
            // Said again, but not every two seconds.
            let pause = match looked.is_ok() {
                true => POLICIES_EVERY,
                false => POLICIES_AGAIN,
            };
            known = looked.ok().or(known);
            tokio::time::sleep(pause).await;
        }
    }
}

fn note<T>(done: &Result<T, impl Error + 'static>, what: &'static str) {
    if let Err(error) = done {
        tracing::error!(error = error as &dyn Error, "{what}");
    }
}

/// Keeps `work` going: a panic in it is a mistake of ours, and must not be the end of a watch.
async fn going<F: Future<Output = ()>>(what: &'static str, work: impl Fn() -> F) {
    while AssertUnwindSafe(work()).catch_unwind().await.is_err() {
        tracing::error!("{what} stopped half-way; it begins again");
        tokio::time::sleep(BEGIN_AGAIN_AFTER).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[tokio::test]
    async fn what_stops_half_way_begins_again() {
        let begun = Cell::new(0);
        going("a test", || async {
            begun.set(begun.get() + 1);
            assert!(begun.get() > 2, "a mistake");
        })
        .await;
        assert_eq!(begun.get(), 3);
    }
}
