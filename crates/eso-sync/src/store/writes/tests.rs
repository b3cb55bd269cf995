//! Writers' calls within the bounds of a store.

use std::{
    num::NonZeroUsize,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use eso_core::{
    error::ErrorKind,
    provider::{Backend, Expected, Fetch},
};
use eso_testkit::memory::{Call, MemoryProvider};
use futures::FutureExt;
use tokio::time::{Instant, sleep};

use super::*;
use crate::{
    queue::Lane,
    store::{Backends, Fence, StoreSettings},
};

fn store(settings: StoreSettings) -> (Arc<Store>, Arc<MemoryProvider>) {
    let provider = MemoryProvider::new();
    provider.set_writable(PropertySyntax::Path);
    (Store::new(Arc::clone(&provider) as _, settings, &Backends::default()), provider)
}

fn question(key: &str) -> Inspect {
    Inspect::new(key)
}

fn put(key: &str) -> Put {
    Put::new(key, Some("v".into()), Expected::Nothing)
}

async fn write(store: &Arc<Store>, key: &str) -> Result<Option<Version>, ProviderError> {
    store.put(&put(key), &CancellationToken::new()).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_is_put_is_there_until_it_is_deleted() {
    let (store, _provider) = store(StoreSettings::default());
    assert_eq!(store.property_syntax(), Some(PropertySyntax::Path));
    assert_eq!(store.inspect(&question("k")).await, Ok(None));
    let version = write(&store, "k").await.unwrap();
    let held = store.inspect(&question("k")).await.unwrap().unwrap();
    assert_eq!((held.version.clone(), held.is_ours), (version.clone(), true));
    assert_eq!(write(&store, "k").await.unwrap_err().kind(), ErrorKind::Conflict);
    let delete = Delete { key: "k".into(), version };
    store.delete(&delete, &CancellationToken::new()).await.unwrap().unwrap();
    assert_eq!(store.inspect(&question("k")).await, Ok(None));
}

#[tokio::test(start_paused = true)]
async fn writes_have_places_of_their_own_and_keep_no_read_waiting() {
    let in_flight = NonZeroUsize::new(2).unwrap();
    let (store, provider) = store(StoreSettings { in_flight, ..StoreSettings::default() });
    provider.hold_writes();
    for key in ["a", "b", "c"] {
        let store = Arc::clone(&store);
        tokio::spawn(async move { write(&store, key).await });
    }
    provider.held(2).await;
    sleep(Duration::from_secs(1)).await;
    assert_eq!(provider.calls().len(), 2);
    let began = Instant::now();
    let reads = store.fetch(vec![Fetch::new("r"), Fetch::new("s")], Lane::Changed).await;
    assert!(reads.iter().all(|read| read.as_ref().unwrap_err().kind() == ErrorKind::NotFound));
    assert_eq!(store.inspect(&question("k")).await, Ok(None));
    assert_eq!(began.elapsed(), Duration::ZERO);
    provider.release();
    sleep(Duration::from_secs(1)).await;
    assert_eq!(writes(&provider), 3);
}

#[tokio::test(start_paused = true)]
async fn no_more_writes_are_under_way_than_one_object_makes_and_a_backend_takes() {
    let backends = Backends::default();
    let backend = Backend { id: "b".to_owned(), reads_per_second: None, batches_per_second: None };
    let providers = [(); 3].map(|()| MemoryProvider::new());
    for provider in &providers {
        provider.set_writable(PropertySyntax::Path);
        provider.set_backend(Some(backend.clone()));
        provider.hold();
        let store = Store::new(Arc::clone(provider) as _, StoreSettings::default(), &backends);
        for key in 0..9 {
            let store = Arc::clone(&store);
            tokio::spawn(async move { write(&store, &key.to_string()).await });
        }
    }
    sleep(Duration::from_secs(1)).await;
    assert_eq!(providers.each_ref().map(|provider| writes(provider)), [8, 8, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_write_that_is_throttled_pauses_writes_alone_and_a_look_that_is_pauses_no_write() {
    let (store, provider) = store(StoreSettings::default());
    let wait = Duration::from_secs(7);
    provider.fail_with(ProviderError::new(ErrorKind::Throttled, "Put").with_retry_after(wait));
    write(&store, "k").await.unwrap_err();
    provider.mend();
    let began = Instant::now();
    assert_eq!(store.inspect(&question("k")).await, Ok(None));
    store.fetch(vec![Fetch::new("r")], Lane::Changed).await.remove(0).unwrap_err();
    assert_eq!(began.elapsed(), Duration::ZERO, "reads go on");
    write(&store, "k").await.unwrap();
    assert_eq!(began.elapsed(), wait);
    provider.fail_with(ProviderError::new(ErrorKind::Throttled, "Fetch").with_retry_after(wait));
    store.inspect(&question("k")).await.unwrap_err();
    provider.mend();
    let began = Instant::now();
    write(&store, "l").await.unwrap();
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn one_at_a_time_is_at_a_value_whatever_its_key_is_spelled_and_whichever_store_leads_there() {
    let backends = Backends::default();
    let backend = Backend { id: "b".to_owned(), reads_per_second: None, batches_per_second: None };
    let stores = ["", "", "tea", "k"].map(|prefix| {
        let provider = MemoryProvider::new();
        provider.set_writable(PropertySyntax::Path);
        provider.set_prefix(prefix);
        provider.set_backend(Some(backend.clone()));
        provider.spell("k", "mount/k");
        Store::new(provider, StoreSettings::default(), &backends)
    });
    let first = stores[0].alone_at(&"k".into()).await;
    for (store, key) in [(&stores[0], "k"), (&stores[1], "k"), (&stores[1], "mount/k")] {
        assert!(store.alone_at(&key.into()).now_or_never().is_none());
    }
    assert!(stores[1].alone_at(&"l".into()).now_or_never().is_some());
    let leads_there = |store: &Arc<Store>, key: &str| store.alone_at(&key.into()).now_or_never().is_none();
    assert!(!leads_there(&stores[2], "k") && !leads_there(&stores[3], "k"), "another value of that key");
    assert!(leads_there(&stores[3], ""), "the same value by another key");
    let below = stores[2].alone_at(&"k".into()).await;
    assert!(leads_there(&stores[0], "teak") && leads_there(&stores[2], "mount/k"));
    drop((first, below));
    assert!(stores[1].alone_at(&"k".into()).now_or_never().is_some());
}

fn writes(provider: &MemoryProvider) -> usize {
    provider.calls().iter().filter(|call| matches!(call, Call::Put(_))).count()
}

#[tokio::test(start_paused = true)]
async fn a_write_that_waits_for_its_place_is_not_begun_after_the_stop() {
    let (store, provider) = store(StoreSettings { in_flight: NonZeroUsize::MIN, ..StoreSettings::default() });
    provider.hold();
    let stop = CancellationToken::new();
    let first = tokio::spawn({
        let (store, stop) = (Arc::clone(&store), stop.clone());
        async move { store.put(&put("a"), &stop).await }
    });
    provider.held(1).await;
    let (put, delete) = (put("b"), Delete { key: "c".into(), version: None });
    let (written, deleted, ()) = tokio::join!(store.put(&put, &stop), store.delete(&delete, &stop), async {
        sleep(Duration::from_secs(1)).await;
        stop.cancel();
    });
    assert_eq!((written, deleted), (None, None));
    provider.release();
    assert!(first.await.unwrap().unwrap().is_ok(), "it had begun");
    assert_eq!(provider.calls().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_look_is_tried_again_and_a_write_is_not() {
    let settings = StoreSettings { retries: 2, ..StoreSettings::default() };
    let (store, provider) = store(settings);
    provider.fail(ErrorKind::Throttled);
    assert_eq!(store.inspect(&question("k")).await.unwrap_err().kind(), ErrorKind::Throttled);
    assert_eq!(provider.calls().len(), 3);
    provider.clear_calls();
    assert_eq!(write(&store, "k").await.unwrap_err().kind(), ErrorKind::Throttled);
    assert_eq!(provider.calls().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_throttles_is_left_alone_for_a_while() {
    let (store, provider) = store(StoreSettings::default());
    let throttled = ProviderError::new(ErrorKind::Throttled, "Put").with_retry_after(Duration::from_secs(7));
    provider.fail_with(throttled);
    write(&store, "k").await.unwrap_err();
    provider.mend();
    let began = Instant::now();
    write(&store, "k").await.unwrap();
    assert_eq!(began.elapsed(), Duration::from_secs(7));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_answer_is_probed_by_a_look_and_not_by_a_write() {
    let (store, provider) = store(StoreSettings::default());
    provider.fail(ErrorKind::Unavailable);
    while store.refusal().is_none() {
        write(&store, "k").await.unwrap_err();
    }
    provider.clear_calls();
    assert_eq!(write(&store, "k").await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(store.inspect(&question("k")).await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(provider.calls(), [], "it is not asked");
    sleep(Duration::from_secs(60)).await;
    assert!(
        !provider.calls().is_empty() && provider.calls().iter().all(|call| matches!(call, Call::Inspect(_)))
    );
    provider.mend();
    store.recovered().await;
    write(&store, "k").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_store_without_a_writer_says_so() {
    let store = Store::new(MemoryProvider::new(), StoreSettings::default(), &Backends::default());
    assert_eq!(store.property_syntax(), None);
    let error = write(&store, "k").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(
        error.to_string(),
        "Put: the provider of this store cannot write values: push to another store"
    );
}

#[tokio::test(start_paused = true)]
async fn a_closed_store_writes_nothing() {
    let (store, provider) = store(StoreSettings::default());
    store.close().await;
    assert_eq!(write(&store, "k").await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(provider.calls(), [Call::Close]);
}

#[tokio::test(start_paused = true)]
async fn a_write_that_waits_for_its_place_is_not_begun_once_the_fence_is_shut() {
    let (provider, is_open) = (MemoryProvider::new(), Arc::new(AtomicBool::new(true)));
    provider.set_writable(PropertySyntax::Path);
    let backends = Backends::fenced(Fence::new({
        let is_open = Arc::clone(&is_open);
        move || is_open.load(Ordering::Relaxed)
    }));
    let settings = StoreSettings { in_flight: NonZeroUsize::MIN, ..StoreSettings::default() };
    let store = Store::new(Arc::clone(&provider) as _, settings, &backends);
    provider.hold();
    let never = CancellationToken::new();
    let (first, second, third) = (put("a"), put("b"), Delete { key: "c".into(), version: None });
    let (begun, written, deleted, ()) = tokio::join!(
        store.put(&first, &never),
        store.put(&second, &never),
        store.delete(&third, &never),
        async {
            provider.held(1).await;
            is_open.store(false, Ordering::Relaxed);
            provider.release();
        },
    );
    assert!(begun.unwrap().is_ok(), "it had begun");
    assert_eq!((written, deleted), (None, None));
    assert_eq!(provider.calls().len(), 1);
    assert_eq!(store.inspect(&question("b")).await, Ok(None), "it is still read");
}
