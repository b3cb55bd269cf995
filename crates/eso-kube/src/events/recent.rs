//! The events of the last minutes, so that what is said again counts up the one that is there.

use std::{
    collections::{HashMap, VecDeque},
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use tokio::time::Instant;

use super::News;

/// How long an event is counted up, as the original's recorder does.
const MEMORY: Duration = Duration::from_secs(600);

/// How many events are remembered, as many as the original's recorder does. At 200 bytes each, under 1 MB.
const MOST: usize = 4096;

/// Events that were sent lately.
#[derive(Debug, Default)]
pub(super) struct Recent {
    sent: HashMap<u64, (Instant, Sent)>,
    /// In the order of their sending.
    order: VecDeque<(Instant, u64)>,
    hasher: RandomState,
}

/// An event that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sent {
    /// Where it is.
    pub(super) namespace: String,
    /// Its name.
    pub(super) name: String,
    /// How often it happened.
    pub(super) count: i32,
}

impl Recent {
    /// The event that says the same, counted once more; `None` where there is none.
    pub(super) fn again(&mut self, news: &News) -> Option<Sent> {
        self.forget_old();
        let (_, sent) = self.sent.get_mut(&self.hasher.hash_one(identity(news)))?;
        sent.count = sent.count.saturating_add(1);
        Some(sent.clone())
    }

    /// Remembers an event that was sent just now.
    pub(super) fn remember(&mut self, news: &News, sent: Sent) {
        let key = self.hasher.hash_one(identity(news));
        let now = Instant::now();
        self.sent.insert(key, (now, sent));
        self.order.push_back((now, key));
        self.forget_old();
    }

    fn forget_old(&mut self) {
        while let Some((at, key)) = self.order.front().copied() {
            if at.elapsed() < MEMORY && self.order.len() <= MOST {
                return;
            }
            self.order.pop_front();
            // One that was sent anew in the meantime stands in the line once more, further back.
            if self.sent.get(&key).is_some_and(|(sent_at, _)| *sent_at == at) {
                self.sent.remove(&key);
            }
        }
    }
}

/// What makes two events the same.
fn identity(news: &News) -> impl std::hash::Hash + '_ {
    let News { regarding, event } = news;
    (
        regarding.uid.as_deref(),
        regarding.kind.as_deref(),
        &regarding.namespace,
        &regarding.name,
        event.reason,
        &event.message,
    )
}
