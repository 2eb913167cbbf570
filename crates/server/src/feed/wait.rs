//! Waking clients that wait for news, also when another process wrote them.
//!
//! Each process looks at the head twice a second while somebody waits, and wakes those whose scope
//! changed. No notification is sent inside a write transaction: that would make all writers queue.

use crate::store::{Store, StoreError, aside};
use doorstep_domain::UserId;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Those who wait in this process.
#[derive(Default)]
pub struct Waiting {
    bells: Mutex<BTreeMap<UserId, (usize, Arc<Notify>)>>,
    somebody: Notify,
}

/// A place among those who wait; given up when dropped.
struct Place<'a> {
    waiting: &'a Waiting,
    person: UserId,
    bell: Arc<Notify>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut bells = self.waiting.lock();
        if let Some((count, _)) = bells.get_mut(&self.person) {
            *count -= 1;
            if *count == 0 {
                bells.remove(&self.person);
            }
        }
    }
}

impl Waiting {
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<UserId, (usize, Arc<Notify>)>> {
        self.bells.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the scope of `person` changes, at most `longest`; says whether it did. `has_news`
    /// is asked once the place is taken, so that nothing falls between asking and waiting.
    pub async fn for_news<E>(
        &self,
        person: UserId,
        longest: Duration,
        has_news: impl Future<Output = Result<bool, E>>,
    ) -> Result<bool, E> {
        let bell = {
            let mut bells = self.lock();
            let (count, bell) = bells.entry(person).or_default();
            *count += 1;
            Arc::clone(bell)
        };
        let place = Place {
            waiting: self,
            person,
            bell,
        };
        let rung = place.bell.notified();
        tokio::pin!(rung);
        rung.as_mut().enable();
        self.somebody.notify_one();
        if has_news.await? {
            return Ok(true);
        }
        Ok(tokio::time::timeout(longest, rung).await.is_ok())
    }

    /// Rings for those whose scope changed.
    fn ring(&self, people: &[UserId]) {
        let bells = self.lock();
        for (_, bell) in people.iter().filter_map(|person| bells.get(person)) {
            bell.notify_waiters();
        }
    }

    /// Looks at the head for as long as the server runs.
    pub async fn watch(self: Arc<Self>, store: Arc<Store>) {
        let mut seen = 0;
        loop {
            if self.lock().is_empty() {
                self.somebody.notified().await;
            }
            let store = Arc::clone(&store);
            match aside(move || news_since(&store, seen)).await {
                Ok((number, people)) => {
                    seen = number;
                    self.ring(&people);
                }
                Err(error) => tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "could not look for news"
                ),
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

fn news_since(store: &Store, seen: u64) -> Result<(u64, Vec<UserId>), StoreError> {
    store.read(|tx| {
        let head = tx.head()?.number;
        let people = match seen < head {
            true => tx.agents_with_news(seen, head)?,
            false => Vec::new(),
        };
        Ok((head, people))
    })
}
