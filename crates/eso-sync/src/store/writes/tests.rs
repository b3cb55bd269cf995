//! Writers' calls within the bounds of a store.

use std::{
    num::NonZeroUsize,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use eso_core::{error::ErrorKind, provider::Expected};
use eso_testkit::memory::{Call, MemoryProvider};
use tokio::time::{Instant, sleep};

use super::*;
use crate::store::{Backends, Fence, StoreSettings};

fn store(settings: StoreSettings) -> (Arc<Store>, Arc<MemoryProvider>) {
    let provider = MemoryProvider::new();
    provider.set_writable(PropertySyntax::Path);
    (Store::new(Arc::clone(&provider) as _, settings, &Backends::default()), provider)
}

fn question(key: &str) -> Inspect {
    Inspect { key: key.into(), metadata: None }
}

fn put(key: &str) -> Put {
    Put { key: key.into(), value: Some("v".into()), expected: Expected::Nothing, metadata: None }
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
async fn writes_share_the_places_of_reads() {
    let in_flight = NonZeroUsize::new(2).unwrap();
    let (store, provider) = store(StoreSettings { in_flight, ..StoreSettings::default() });
    provider.hold();
    for key in ["a", "b", "c"] {
        let store = Arc::clone(&store);
        tokio::spawn(async move { write(&store, key).await });
    }
    provider.held(2).await;
    sleep(Duration::from_secs(1)).await;
    assert_eq!(provider.calls().len(), 2);
    provider.release();
    sleep(Duration::from_secs(1)).await;
    assert_eq!(provider.calls().len(), 3);
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
