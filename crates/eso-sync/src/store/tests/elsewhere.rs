//! A login that fails elsewhere than at the service behind its store says nothing about that service.

use std::sync::Arc;

use eso_core::error::{
    ErrorKind::{self, Denied, Invalid, Throttled, Unauthenticated, Unavailable},
    ProviderError,
};
use eso_testkit::memory::MemoryProvider;
use tokio::time::Instant;

use super::{Backends, Lane, SECOND, Store, get, kind, open_circuit, store_behind};

fn elsewhere(kind: ErrorKind) -> ProviderError {
    ProviderError::new(kind, "AssumeRole").from_elsewhere()
}

/// Stores of one backend, each of its own identity.
fn stores(count: usize, backends: &Backends) -> Vec<(Arc<Store>, Arc<MemoryProvider>)> {
    (0..count).map(|_| store_behind("server", None, backends)).collect()
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_what_logins_need_closes_a_backend_to_nobody_else() {
    let backends = Backends::default();
    let (healthy, _provider) = store_behind("server", None, &backends);
    for (store, provider) in stores(5, &backends) {
        provider.fail_with(elsewhere(Unavailable));
        open_circuit(&store).await;
        let refusal = store.refusal().expect("it must not wait for its login with every call");
        assert!(refusal.is_from_elsewhere(), "{refusal:?}");
    }
    assert_eq!(healthy.refusal(), None);
    assert!(get(&healthy, "k1", Lane::Changed).await.is_ok());
}

/// Whether a backend that two identities find dead is asked no more when a third one does, though in between this came.
async fn is_shut_though(between: ProviderError) -> bool {
    let backends = Backends::default();
    let all = stores(4, &backends);
    for (number, (store, provider)) in all.iter().enumerate() {
        let failure = if number == 2 { &between } else { &ProviderError::new(Unavailable, "Fetch") };
        provider.fail_with(failure.clone());
        assert!(get(store, "k1", Lane::Changed).await.is_err());
    }
    all[2].0.refusal().is_some()
}

#[tokio::test(start_paused = true)]
async fn a_login_that_is_refused_elsewhere_is_no_answer_of_the_backend() {
    assert!(!is_shut_though(ProviderError::new(Denied, "Fetch")).await, "its own refusal is an answer");
    for kind in [Denied, Invalid, Throttled, Unauthenticated] {
        assert!(is_shut_though(elsewhere(kind)).await, "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_comes_no_further_than_a_refused_login_opens_nothing() {
    let backends = Backends::default();
    let all = stores(4, &backends);
    for (store, provider) in &all[..3] {
        provider.fail(Unavailable);
        assert!(get(store, "k1", Lane::Changed).await.is_err());
    }
    all[0].1.fail_with(elsewhere(Denied));
    let asked = all[0].1.reads();
    tokio::time::sleep(60 * SECOND).await;
    assert!(all[0].1.reads() > asked, "it was probed");
    assert!(all[3].0.refusal().is_some());
    all[1].1.mend();
    all[3].0.recovered().await;
}

#[tokio::test(start_paused = true)]
async fn a_backend_whose_stores_are_all_refused_elsewhere_is_not_said_to_be_dead() {
    let backends = Backends::default();
    let all = stores(3, &backends);
    for (store, provider) in &all {
        provider.fail(Unavailable);
        assert!(get(store, "k1", Lane::Changed).await.is_err());
    }
    all.iter().for_each(|(_, provider)| provider.fail_with(elsewhere(Denied)));
    tokio::time::timeout(600 * SECOND, all[0].0.recovered()).await.expect("it must be asked again");
    assert_eq!(kind(&get(&all[0].0, "k1", Lane::Changed).await), Some(Denied));
}

#[tokio::test(start_paused = true)]
async fn whoever_throttles_a_login_slows_down_no_other_store_of_the_backend() {
    let backends = Backends::default();
    let (throttled, provider) = store_behind("account", Some(10_000), &backends);
    let (other, _provider) = store_behind("account", Some(10_000), &backends);
    provider.fail_with(elsewhere(Throttled).with_retry_after(15 * SECOND));
    let began = Instant::now();
    assert_eq!(kind(&get(&throttled, "k1", Lane::Changed).await), Some(Throttled));
    assert!(get(&other, "k1", Lane::Changed).await.is_ok());
    assert!(began.elapsed() < SECOND, "{:?}", began.elapsed());
    provider.mend();
    assert!(get(&throttled, "k1", Lane::Changed).await.is_ok());
    assert!(began.elapsed() >= 15 * SECOND, "{:?}", began.elapsed());
}
