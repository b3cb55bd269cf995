//! Searches over a provider in memory. Time is tokio's, paused.

use std::{num::NonZeroUsize, time::Duration};

use eso_core::{error::ErrorKind, provider::NameFilter};
use eso_testkit::memory::{Call, MemoryProvider};
use tokio::{task::JoinHandle, time::Instant};

use super::*;
use crate::store::{Backends, StoreSettings};

fn store(settings: StoreSettings) -> (Arc<Store>, Arc<MemoryProvider>) {
    let provider = MemoryProvider::new();
    for number in 0..10 {
        provider.put(&format!("k{number}"), "value");
    }
    (Store::new(Arc::clone(&provider) as _, settings, &Backends::default()), provider)
}

fn named(part: &'static str) -> Query {
    Query { name: Some(NameFilter::new(part, move |name| name.contains(part))), ..Query::default() }
}

fn asking(store: &Arc<Store>, part: &'static str) -> JoinHandle<Answer> {
    let store = Arc::clone(store);
    tokio::spawn(async move { store.find(named(part)).await })
}

fn searches(provider: &MemoryProvider) -> usize {
    provider.calls().iter().filter(|call| matches!(call, Call::Find(_))).count()
}

async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn all_that_meets_a_query_is_found() {
    let (store, _provider) = store(StoreSettings::default());
    let found = store.find(named("k")).await.unwrap();
    assert_eq!(found.len(), 10);
    assert_eq!(store.find(named("k3")).await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn equal_searches_are_joined_until_they_are_sent_and_not_later() {
    let in_flight = NonZeroUsize::MIN;
    let (store, provider) = store(StoreSettings { in_flight, ..StoreSettings::default() });
    provider.hold();
    let sent = asking(&store, "k1");
    provider.held(1).await;
    let waiting = [asking(&store, "k1"), asking(&store, "k1"), asking(&store, "k2")];
    settle().await;
    assert_eq!(searches(&provider), 1, "the one place is taken");
    provider.release();
    assert_eq!(sent.await.unwrap().unwrap().len(), 1);
    for answer in waiting {
        assert_eq!(answer.await.unwrap().unwrap().len(), 1);
    }
    assert_eq!(searches(&provider), 3);
}

#[tokio::test(start_paused = true)]
async fn a_search_is_tried_again_as_the_store_says() {
    let retries =
        StoreSettings { retries: 2, retry_interval: Duration::from_secs(5), ..StoreSettings::default() };
    let (store, provider) = store(retries);
    provider.fail(ErrorKind::Throttled);
    let began = Instant::now();
    assert_eq!(store.find(named("k")).await.unwrap_err().kind(), ErrorKind::Throttled);
    assert_eq!((searches(&provider), began.elapsed()), (3, Duration::from_secs(10)));
    provider.clear_calls();
    provider.fail(ErrorKind::Denied);
    assert_eq!(store.find(named("k")).await.unwrap_err().kind(), ErrorKind::Denied);
    assert_eq!(searches(&provider), 1);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_gives_no_answer_is_asked_again_when_it_answers_a_probe() {
    let (store, provider) = store(StoreSettings::default());
    provider.fail(ErrorKind::Unavailable);
    while store.refusal().is_none() {
        assert!(store.find(named("k")).await.is_err());
    }
    provider.clear_calls();
    assert!(store.find(named("k")).await.is_err());
    assert_eq!(searches(&provider), 0, "it is not asked");
    provider.mend();
    store.recovered().await;
    assert_eq!(store.find(named("k")).await.unwrap().len(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_closed_says_so() {
    let (store, _provider) = store(StoreSettings::default());
    store.close().await;
    assert_eq!(store.find(named("k")).await.unwrap_err().kind(), ErrorKind::Unavailable);
}
