//! A store over a provider in memory. Time is tokio's, paused: it moves on only when everybody waits.

use std::{
    collections::BTreeSet,
    num::{NonZeroU32, NonZeroUsize},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use eso_core::{
    error::{ErrorKind, ProviderError},
    provider::{Backend, Fetch, Fetched, SecretProvider, Value},
};
use eso_testkit::memory::{Call, MemoryProvider};
use futures::future::join_all;
use tokio::{task::JoinHandle, time::Instant};

use super::{Answer, Backends, Store, StoreSettings};
use crate::queue::Lane;

mod elsewhere;
mod refused;

const SECOND: Duration = Duration::from_secs(1);

fn settings(in_flight: usize) -> StoreSettings {
    StoreSettings { in_flight: NonZeroUsize::new(in_flight).unwrap(), ..StoreSettings::default() }
}

/// A provider that holds `k0` to `k99`, each under its own name.
fn provider() -> Arc<MemoryProvider> {
    let provider = MemoryProvider::new();
    for number in 0..100 {
        provider.put(&format!("k{number}"), format!("value of k{number}"));
    }
    provider
}

fn store_of(provider: &Arc<MemoryProvider>) -> Arc<Store> {
    Store::new(Arc::clone(provider) as _, StoreSettings::default(), &Backends::default())
}

fn store() -> (Arc<Store>, Arc<MemoryProvider>) {
    let provider = provider();
    (store_of(&provider), provider)
}

fn behind(id: &str, reads: Option<u32>) -> Option<Backend> {
    let reads_per_second = reads.and_then(NonZeroU32::new);
    Some(Backend { id: id.to_owned(), reads_per_second, batches_per_second: None })
}

/// A store of a backend that it shares with others of that name.
fn store_behind(id: &str, reads: Option<u32>, backends: &Backends) -> (Arc<Store>, Arc<MemoryProvider>) {
    let provider = provider();
    provider.set_backend(behind(id, reads));
    (Store::new(Arc::clone(&provider) as _, StoreSettings::default(), backends), provider)
}

async fn get(store: &Arc<Store>, key: &str, lane: Lane) -> Answer {
    store.fetch(vec![Fetch::new(key)], lane).await.remove(0)
}

fn asking(store: &Arc<Store>, key: impl Into<String>, lane: Lane) -> JoinHandle<Answer> {
    let (store, key) = (Arc::clone(store), key.into());
    tokio::spawn(async move { get(&store, &key, lane).await })
}

fn kind(answer: &Answer) -> Option<ErrorKind> {
    answer.as_ref().err().map(ProviderError::kind)
}

/// The value as text, for comparing.
fn text(answer: &Answer) -> &str {
    match &answer.as_ref().expect("there must be a value").value {
        Value::Bytes(bytes) | Value::Document(bytes) => bytes.expose_str().unwrap(),
    }
}

/// Lets everything happen that can happen now.
async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn results_come_in_the_order_of_the_requests() {
    let (store, provider) = store();
    provider.set_batch_size(2);
    let keys = ["k3", "missing", "k1", "k3", "k2"];
    let answers = store.fetch(keys.map(Fetch::new).to_vec(), Lane::Retry).await;
    let shown: Vec<&str> =
        answers.iter().map(|answer| if answer.is_ok() { text(answer) } else { "none" }).collect();
    assert_eq!(shown, ["value of k3", "none", "value of k1", "value of k3", "value of k2"]);
    assert_eq!(kind(&answers[1]), Some(ErrorKind::NotFound));
    assert_eq!(provider.asked().len(), 4, "one key is asked for once");
}

#[tokio::test(start_paused = true)]
async fn a_hundred_askers_of_ten_keys_cost_ten_reads() {
    let (store, provider) = store();
    let answers =
        join_all((0..100).map(|number| asking(&store, format!("k{}", number % 10), Lane::Periodic))).await;
    for (number, answer) in answers.into_iter().enumerate() {
        assert_eq!(text(&answer.unwrap()), format!("value of k{}", number % 10));
    }
    assert_eq!(provider.reads(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_hundred_askers_of_ten_keys_cost_one_batch_where_the_store_takes_batches() {
    let (store, provider) = store();
    provider.set_batch_size(20);
    let answers =
        join_all((0..100).map(|number| asking(&store, format!("k{}", number % 10), Lane::Periodic))).await;
    assert!(answers.into_iter().all(|answer| answer.unwrap().is_ok()));
    assert!(matches!(&provider.calls()[..], [Call::FetchAll(requests)] if requests.len() == 10));
}

#[tokio::test(start_paused = true)]
async fn one_request_alone_goes_as_a_single_read() {
    let (store, provider) = store();
    provider.set_batch_size(20);
    assert!(get(&store, "k1", Lane::Periodic).await.is_ok());
    assert_eq!(provider.calls(), [Call::Fetch(Fetch::new("k1"))]);
}

#[tokio::test(start_paused = true)]
async fn nobody_joins_a_read_that_was_sent() {
    let (store, provider) = store();
    provider.hold();
    let first = asking(&store, "k1", Lane::Changed);
    provider.held(1).await;
    let second = asking(&store, "k1", Lane::Changed);
    provider.held(2).await;
    provider.put("k1", "newer");
    provider.release();
    assert_eq!(text(&second.await.unwrap()), "newer");
    assert!(first.await.unwrap().is_ok());
    assert_eq!(provider.reads(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_change_goes_at_once_and_takes_those_along_that_wait_for_company() {
    let (store, provider) = store();
    provider.set_batch_size(20);
    let began = Instant::now();
    let waiting = asking(&store, "k1", Lane::Periodic);
    settle().await;
    assert_eq!(provider.reads(), 0);
    assert!(get(&store, "k2", Lane::Changed).await.is_ok());
    assert!(waiting.await.unwrap().is_ok());
    assert_eq!((provider.reads(), began.elapsed()), (1, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn whoever_goes_away_before_the_read_takes_the_request_back() {
    let (store, provider) = store();
    let (gone, stays) = (asking(&store, "k1", Lane::Periodic), asking(&store, "k2", Lane::Periodic));
    let shared = asking(&store, "k2", Lane::Periodic);
    settle().await;
    gone.abort();
    shared.abort();
    assert_eq!(text(&stays.await.unwrap()), "value of k2");
    assert_eq!(provider.asked(), ["k2".into()]);
    assert!(store.line.lock().line.take_all().is_empty(), "nothing is left in line");
}

#[tokio::test(start_paused = true)]
async fn whoever_goes_away_during_the_read_takes_it_from_nobody() {
    let (store, provider) = store();
    provider.hold();
    let (gone, stays) = (asking(&store, "k1", Lane::Periodic), asking(&store, "k1", Lane::Periodic));
    provider.held(1).await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    provider.release();
    assert!(stays.await.unwrap().is_ok());
    assert_eq!(provider.reads(), 1);
    assert_eq!(store.reads.in_flight.available_permits(), 32, "no place is lost");
}

#[tokio::test(start_paused = true)]
async fn no_more_calls_are_under_way_than_the_store_may_have() {
    let provider = provider();
    let store = Store::new(Arc::clone(&provider) as _, settings(3), &Backends::default());
    provider.hold();
    let answers: Vec<_> = (0..10).map(|number| asking(&store, format!("k{number}"), Lane::Changed)).collect();
    provider.held(3).await;
    settle().await;
    assert_eq!(provider.reads(), 3);
    provider.release();
    assert!(join_all(answers).await.into_iter().all(|answer| answer.unwrap().is_ok()));
    assert_eq!(provider.reads(), 10);
}

#[tokio::test(start_paused = true)]
async fn stores_of_one_backend_share_its_places_and_one_that_hangs_leaves_half() {
    let backends = Backends::default();
    let (hanging, dead) = store_behind("account", None, &backends);
    let (healthy, alive) = store_behind("account", None, &backends);
    dead.hold();
    let stuck: Vec<_> = (0..60).map(|number| asking(&hanging, format!("k{number}"), Lane::Changed)).collect();
    dead.held(32).await;
    let answers = join_all((0..60).map(|number| asking(&healthy, format!("k{number}"), Lane::Changed))).await;
    assert!(answers.into_iter().all(|answer| answer.unwrap().is_ok()));
    assert_eq!((dead.reads(), alive.reads()), (32, 60));
    stuck.into_iter().for_each(|asker| asker.abort());
}

#[tokio::test(start_paused = true)]
async fn stores_of_one_backend_share_its_rate_and_others_do_not() {
    let backends = Backends::default();
    let began = Instant::now();
    let stores =
        [store_behind("account", Some(5), &backends).0, store_behind("account", Some(5), &backends).0];
    let answers = (0..10).map(|number| asking(&stores[number % 2], format!("k{number}"), Lane::Changed));
    join_all(answers.collect::<Vec<_>>()).await;
    assert!(
        began.elapsed() >= Duration::from_millis(1_700),
        "ten reads at five a second: {:?}",
        began.elapsed()
    );
    let (other, _provider) = store_behind("another", Some(5), &backends);
    let began = Instant::now();
    assert!(get(&other, "k1", Lane::Changed).await.is_ok());
    assert_eq!(began.elapsed(), Duration::ZERO);
}

/// How long the neighbour of a store that is throttled for 5 s waits, behind a backend of this rate.
async fn neighbour_of_a_throttled_store(reads_per_second: Option<u32>) -> Duration {
    let backends = Backends::default();
    let (throttled, provider) = store_behind("account", reads_per_second, &backends);
    let (neighbour, _) = store_behind("account", reads_per_second, &backends);
    let (stranger, _) = store_behind("another", reads_per_second, &backends);
    provider.fail_with(ProviderError::new(ErrorKind::Throttled, "Fetch").with_retry_after(5 * SECOND));
    let began = Instant::now();
    assert_eq!(kind(&get(&throttled, "k1", Lane::Changed).await), Some(ErrorKind::Throttled));
    assert!(get(&stranger, "k1", Lane::Changed).await.is_ok());
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert!(get(&neighbour, "k1", Lane::Changed).await.is_ok(), "it waits at most, and does not fail");
    let waited = began.elapsed();
    provider.mend();
    assert!(get(&throttled, "k1", Lane::Changed).await.is_ok());
    assert!((5 * SECOND..6 * SECOND).contains(&began.elapsed()), "{:?}", began.elapsed());
    waited
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_throttles_at_a_known_rate_is_left_alone_by_all_for_as_long_as_it_says() {
    let waited = neighbour_of_a_throttled_store(Some(1_000)).await;
    assert!((5 * SECOND..6 * SECOND).contains(&waited), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_quota_of_one_identity_is_not_everybodys() {
    assert_eq!(neighbour_of_a_throttled_store(None).await, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_check_that_succeeds_does_not_clear_what_reads_have_shown() {
    let (store, provider) = store();
    provider.fail_key("k1", ErrorKind::Unavailable);
    for _ in 0..3 {
        assert_eq!(store.refusal(), None);
        assert_eq!(kind(&get(&store, "k1", Lane::Changed).await), Some(ErrorKind::Unavailable));
        assert!(store.refusal().is_some() || store.check().await.is_ok());
    }
    assert!(store.refusal().is_some(), "three reads in a row got no answer");
}

#[tokio::test(start_paused = true)]
async fn a_backend_cannot_send_us_away_for_ever() {
    let (store, provider) = store();
    provider.fail_with(ProviderError::new(ErrorKind::Throttled, "Fetch").with_retry_after(Duration::MAX));
    let _throttled = get(&store, "k1", Lane::Changed).await;
    provider.mend();
    let began = Instant::now();
    assert!(get(&store, "k1", Lane::Changed).await.is_ok());
    assert!(began.elapsed() <= 21 * SECOND, "{:?}", began.elapsed());
}

/// Asks until the store is no longer asked.
async fn open_circuit(store: &Arc<Store>) {
    for _ in 0..3 {
        assert_eq!(store.refusal(), None);
        assert_eq!(kind(&get(store, "k1", Lane::Changed).await), Some(ErrorKind::Unavailable));
    }
    assert!(store.refusal().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_store_that_gives_no_answer_three_times_is_not_asked_until_it_answers_a_probe() {
    let (store, provider) = store();
    provider.fail(ErrorKind::Unavailable);
    open_circuit(&store).await;
    let refused = get(&store, "k2", Lane::Changed).await.unwrap_err();
    assert_eq!((refused.kind(), refused.key()), (ErrorKind::Unavailable, Some(&"k2".into())));
    assert!(refused.to_string().contains("not asked again until it answers a probe"), "{refused}");
    assert_eq!(store.check().await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(provider.calls().len(), 3);
    provider.mend();
    store.recovered().await;
    assert!(get(&store, "k2", Lane::Changed).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn probes_come_after_one_second_doubling_to_ten_one_at_a_time() {
    let (store, provider) = store();
    provider.fail(ErrorKind::Unavailable);
    open_circuit(&store).await;
    let began = Instant::now();
    let mut probes = Vec::new();
    for second in 1..=45 {
        tokio::time::sleep_until(began + second * SECOND + Duration::from_millis(1)).await;
        probes.resize(provider.reads() - 3, second);
    }
    assert_eq!(probes, [1, 3, 7, 15, 25, 35, 45]);
    provider.mend();
    store.recovered().await;
    assert!(began.elapsed() <= 56 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn the_refusal_says_the_same_for_as_long_as_the_circuit_is_open() {
    let (store, provider) = store();
    provider.fail(ErrorKind::Unavailable);
    open_circuit(&store).await;
    let first = store.refusal();
    tokio::time::sleep(30 * SECOND).await;
    assert_eq!(store.refusal(), first);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_says_whether_it_was_the_login_that_got_no_answer() {
    for (failure, expected) in [
        (ProviderError::new(ErrorKind::Unavailable, "Login").in_login(), true),
        (ProviderError::new(ErrorKind::Unavailable, "Fetch"), false),
    ] {
        let (store, provider) = store();
        provider.fail_with(failure);
        open_circuit(&store).await;
        assert_eq!(store.refusal().map(|refusal| refusal.is_of_login()), Some(expected));
    }
}

#[tokio::test(start_paused = true)]
async fn requests_in_line_fail_when_the_circuit_opens() {
    let provider = provider();
    let store = Store::new(Arc::clone(&provider) as _, settings(3), &Backends::default());
    provider.hold();
    provider.fail(ErrorKind::Unavailable);
    let answers: Vec<_> = (0..10).map(|number| asking(&store, format!("k{number}"), Lane::Changed)).collect();
    provider.held(3).await;
    provider.release();
    for answer in join_all(answers).await {
        assert_eq!(kind(&answer.unwrap()), Some(ErrorKind::Unavailable));
    }
    assert_eq!(provider.reads(), 3);
}

/// Within how long another value can be read, once one that never gets an answer has opened the circuit.
async fn shut_out_by(poison: &str, other: &str, before: Option<&str>) -> Duration {
    let (store, provider) = store();
    if let Some(before) = before {
        assert!(get(&store, before, Lane::Changed).await.is_ok());
    }
    provider.fail_key(poison, ErrorKind::Unavailable);
    for _ in 0..3 {
        assert_eq!(kind(&get(&store, poison, Lane::Changed).await), Some(ErrorKind::Unavailable));
    }
    assert!(store.refusal().is_some());
    let began = Instant::now();
    while get(&store, other, Lane::Retry).await.is_err() {
        assert!(began.elapsed() < 600 * SECOND, "the others are shut out for good");
        tokio::time::sleep(SECOND).await;
    }
    began.elapsed()
}

#[tokio::test(start_paused = true)]
async fn a_value_that_never_gets_an_answer_shuts_nobody_else_out() {
    let shut_out = shut_out_by("k1", "k2", Some("k3")).await;
    assert!(shut_out <= 3 * SECOND, "{shut_out:?}");
    let shut_out = shut_out_by("k1", "k2", None).await;
    assert!(shut_out <= 12 * SECOND, "also where nothing was answered before: {shut_out:?}");
}

#[tokio::test(start_paused = true)]
async fn a_value_that_fails_by_itself_opens_the_circuit_once() {
    let (store, provider) = store();
    provider.fail_key("k1", ErrorKind::Unavailable);
    assert!(get(&store, "k2", Lane::Changed).await.is_ok());
    open_circuit(&store).await;
    tokio::time::timeout(600 * SECOND, store.recovered()).await.expect("the others must not be shut out");
    for _ in 0..9 {
        assert_eq!(kind(&get(&store, "k1", Lane::Changed).await), Some(ErrorKind::Unavailable));
    }
    assert_eq!(store.refusal(), None);
    provider.fail(ErrorKind::Unavailable);
    for key in ["k2", "k3", "k4"] {
        assert!(get(&store, key, Lane::Changed).await.is_err());
    }
    assert!(store.refusal().is_some(), "an outage still opens it");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_says_no_is_still_asked() {
    use ErrorKind::{Conflict, Denied, Invalid, NotFound, Throttled, Unauthenticated, Unexpected};
    for refusal in [Conflict, Denied, Invalid, NotFound, Throttled, Unauthenticated, Unexpected] {
        let (store, provider) = store();
        provider.fail(refusal);
        for _ in 0..10 {
            assert_eq!(kind(&get(&store, "k1", Lane::Changed).await), Some(refusal));
        }
        assert_eq!((provider.reads(), store.refusal()), (10, None));
    }
}

#[tokio::test(start_paused = true)]
async fn failures_between_answers_do_not_open_the_circuit() {
    let (store, provider) = store();
    for _ in 0..5 {
        provider.fail(ErrorKind::Unavailable);
        let _failed = join_all([get(&store, "k1", Lane::Changed), get(&store, "k2", Lane::Changed)]).await;
        provider.mend();
        assert!(get(&store, "k1", Lane::Changed).await.is_ok());
    }
    assert_eq!(store.refusal(), None);
}

#[tokio::test(start_paused = true)]
async fn a_store_with_a_black_hole_of_its_own_takes_its_backend_from_nobody() {
    let backends = Backends::default();
    let (broken, black_hole) = store_behind("server", None, &backends);
    let (healthy, _provider) = store_behind("server", None, &backends);
    black_hole.fail(ErrorKind::Unavailable);
    open_circuit(&broken).await;
    assert_eq!(healthy.refusal(), None);
    assert!(get(&healthy, "k1", Lane::Changed).await.is_ok());
    assert!(broken.refusal().is_some(), "and an answer to another store is none to this one");
}

/// How many of these stores, each connected as that identity, find no answer before their backend is asked no more.
async fn witnesses(identities: impl IntoIterator<Item = Option<u64>>) -> usize {
    let backends = Backends::default();
    let (healthy, _provider) = store_behind("server", None, &backends);
    for (count, identity) in identities.into_iter().enumerate() {
        let provider = provider();
        provider.set_backend(behind("server", None));
        provider.fail(ErrorKind::Unavailable);
        let settings = StoreSettings { identity, ..StoreSettings::default() };
        let store = Store::new(Arc::clone(&provider) as _, settings, &backends);
        let _failed = get(&store, "k1", Lane::Changed).await;
        if healthy.refusal().is_some() {
            return count + 1;
        }
    }
    0
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_connected_anew_is_the_same_witness() {
    assert_eq!(witnesses([Some(7); 20]).await, 0);
    assert_eq!(witnesses([7, 7, 8, 7, 8, 9].map(Some)).await, 6);
    assert_eq!(witnesses([None; 20]).await, 3, "those of no identity are each their own");
    assert_eq!(witnesses([Some(0), None, Some(1)]).await, 3);
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_answers_three_stores_in_a_row_nothing_is_asked_by_none_until_it_answers_one() {
    let backends = Backends::default();
    let stores: Vec<_> = (0..5).map(|_| store_behind("server", None, &backends)).collect();
    for (store, provider) in &stores {
        provider.fail(ErrorKind::Unavailable);
        let _failed = get(store, "k1", Lane::Changed).await;
    }
    let (last, unasked) = &stores[4];
    assert_eq!((last.refusal().is_some(), unasked.reads()), (true, 0));
    tokio::time::sleep(20 * SECOND).await;
    let probes: usize = stores.iter().map(|(_, provider)| provider.reads()).sum::<usize>() - 3;
    assert!(probes <= 4, "one probe at a time for all of them, and not {probes}");
    // The first two stay dead; probes go round, so that one of the others is asked too.
    stores[2].1.mend();
    stores[4].0.recovered().await;
    stores[4].1.mend();
    assert!(get(last, "k1", Lane::Changed).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_hundred_stores_that_never_get_an_answer_keep_one_that_does_out_for_a_second() {
    let backends = Backends::default();
    let mut silent = Vec::new();
    for _ in 0..100 {
        let (store, provider) = store_behind("vault", None, &backends);
        provider.fail(ErrorKind::Unavailable);
        silent.push(store);
    }
    let (proven, _) = store_behind("vault", None, &backends);
    assert!(get(&proven, "k1", Lane::Changed).await.is_ok());
    for store in &silent {
        assert!(get(store, "k1", Lane::Changed).await.is_err());
    }
    assert!(proven.refusal().is_some());
    let began = Instant::now();
    proven.recovered().await;
    assert!(began.elapsed() <= 2 * SECOND, "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_dropped_is_probed_no_more() {
    let backends = Backends::default();
    let (store, provider) = store_behind("server", None, &backends);
    provider.fail(ErrorKind::Unavailable);
    open_circuit(&store).await;
    assert_eq!(backends.len(), 1);
    drop(store);
    tokio::time::sleep(30 * SECOND).await;
    assert_eq!((provider.reads(), backends.len(), Arc::strong_count(&provider)), (3, 0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_read_is_tried_again_as_often_as_the_store_wants() {
    let provider = provider();
    let retrying = StoreSettings { retries: 2, retry_interval: 3 * SECOND, ..StoreSettings::default() };
    let store = Store::new(Arc::clone(&provider) as _, retrying, &Backends::default());
    provider.fail_key("k1", ErrorKind::Throttled);
    let began = Instant::now();
    assert_eq!(kind(&get(&store, "k1", Lane::Changed).await), Some(ErrorKind::Throttled));
    assert_eq!((provider.reads(), began.elapsed() / 1_000), (3, 6 * SECOND / 1_000));
    let answer = asking(&store, "k1", Lane::Changed);
    tokio::time::sleep(SECOND * 3 / 2).await;
    provider.mend();
    assert_eq!(text(&answer.await.unwrap()), "value of k1");
    assert_eq!(kind(&get(&store, "missing", Lane::Changed).await), Some(ErrorKind::NotFound));
    assert_eq!(provider.reads(), 6, "what is not there is not asked for again");
}

#[tokio::test(start_paused = true)]
async fn a_closed_store_waits_for_its_calls_and_asks_no_more() {
    let (store, provider) = store();
    provider.hold();
    let under_way = asking(&store, "k1", Lane::Changed);
    provider.held(1).await;
    let closing = tokio::spawn({
        let store = Arc::clone(&store);
        async move { store.close().await }
    });
    settle().await;
    assert_eq!(kind(&get(&store, "k2", Lane::Changed).await), Some(ErrorKind::Unavailable));
    assert!(store.check().await.is_err());
    assert_eq!(provider.calls().len(), 1, "the login is not ended under a call");
    provider.release();
    closing.await.unwrap();
    assert!(under_way.await.unwrap().is_ok());
    store.close().await;
    assert_eq!(provider.calls()[1..], [Call::Close]);
}

#[tokio::test(start_paused = true)]
async fn the_check_is_asked_within_the_same_bounds() {
    let provider = provider();
    let store = Store::new(Arc::clone(&provider) as _, settings(1), &Backends::default());
    assert_eq!(store.check().await, Ok(()));
    provider.hold();
    let read = asking(&store, "k1", Lane::Changed);
    provider.held(1).await;
    let check = tokio::spawn({
        let store = Arc::clone(&store);
        async move { store.check().await }
    });
    settle().await;
    assert_eq!(provider.calls().len(), 2, "the one place is taken");
    provider.release();
    assert!(read.await.unwrap().is_ok() && check.await.unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn no_value_crosses_from_one_store_to_another() {
    let backends = Backends::default();
    let stores = (0..100).map(|number| {
        let (store, provider) = store_behind("one server", None, &backends);
        provider.put("password", format!("of store {number}"));
        provider.set_batch_size(1 + number % 3);
        store
    });
    let stores: Arc<Vec<Arc<Store>>> = Arc::new(stores.collect());
    let workers = (0..64).map(|worker| {
        let stores = Arc::clone(&stores);
        tokio::spawn(async move {
            for step in 0..200 {
                let number = (worker * 37 + step * 13) % 100;
                let lane = Lane::ALL[(worker + step) % 3];
                let requests = vec![Fetch::new("password"), Fetch::new(format!("k{}", step % 7))];
                let answers = stores[number].fetch(requests, lane).await;
                assert_eq!(text(&answers[0]), format!("of store {number}"));
            }
        })
    });
    for worker in join_all(workers).await {
        worker.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_may_not_read_a_key_does_not_get_it_from_whoever_may() {
    let backends = Backends::default();
    let (allowed, _provider) = store_behind("server", None, &backends);
    let (denied, denying) = store_behind("server", None, &backends);
    denying.fail_key("k1", ErrorKind::Denied);
    let answers =
        join_all([asking(&allowed, "k1", Lane::Periodic), asking(&denied, "k1", Lane::Periodic)]).await;
    let kinds: Vec<_> = answers.into_iter().map(|answer| kind(&answer.unwrap())).collect();
    assert_eq!(kinds, [None, Some(ErrorKind::Denied)]);
}

/// A provider that breaks every promise it can, by the key that it is asked for.
#[derive(Debug)]
struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Broken")
    }
}

#[async_trait]
impl SecretProvider for Broken {
    async fn fetch(&self, request: &Fetch) -> Result<Fetched, ProviderError> {
        match request.key.as_str() {
            "hangs" => std::future::pending().await,
            "crashes" => panic!("canary-in-a-panic"),
            key => Ok(Fetched::new(Value::Bytes(key.into()))),
        }
    }

    async fn check(&self) -> Result<(), ProviderError> {
        panic!("canary-in-a-panic");
    }

    async fn fetch_all(&self, requests: &[Fetch]) -> Vec<Result<Fetched, ProviderError>> {
        if requests.iter().any(|request| request.key.as_str() == "is lost") {
            return Vec::new();
        }
        join_all(requests.iter().map(|request| self.fetch(request))).await
    }

    fn batch_size(&self, request: &Fetch) -> NonZeroUsize {
        assert_ne!(request.key.as_str(), "cannot be counted");
        NonZeroUsize::new(20).unwrap()
    }
}

async fn ask_broken<const COUNT: usize>(keys: [&str; COUNT]) -> Vec<Option<ErrorKind>> {
    let store = Store::new(Arc::new(Broken), StoreSettings::default(), &Backends::default());
    let answers = store.fetch(keys.map(Fetch::new).to_vec(), Lane::Changed).await;
    for failure in answers.iter().filter_map(|answer| answer.as_ref().err()) {
        assert!(!format!("{failure} {failure:?}").contains("canary"));
    }
    answers.iter().map(kind).collect()
}

#[tokio::test(start_paused = true)]
async fn a_call_that_does_not_end_is_cut() {
    let began = Instant::now();
    assert_eq!(ask_broken(["hangs"]).await, [Some(ErrorKind::Unavailable)]);
    assert_eq!(began.elapsed().as_secs(), 35);
    assert_eq!(ask_broken(["fine", "hangs"]).await, [Some(ErrorKind::Unavailable); 2]);
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_crashes_fails_that_read_alone() {
    assert_eq!(ask_broken(["crashes"]).await, [Some(ErrorKind::Unexpected)]);
    assert_eq!(ask_broken(["fine", "crashes", "good"]).await, [None, Some(ErrorKind::Unexpected), None]);
    let store = Store::new(Arc::new(Broken), StoreSettings::default(), &Backends::default());
    let failure = store.check().await.unwrap_err();
    assert_eq!(failure.kind(), ErrorKind::Unexpected);
    assert!(!failure.to_string().contains("canary"));
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_crashes_before_a_call_leaves_nobody_without_an_answer() {
    assert_eq!(ask_broken(["fine", "cannot be counted", "good"]).await, [None; 3]);
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_gives_too_few_answers_is_not_believed() {
    assert_eq!(ask_broken(["fine", "is lost"]).await, [Some(ErrorKind::Unexpected); 2]);
}

#[tokio::test(start_paused = true)]
async fn stores_have_numbers_of_their_own() {
    let numbers: BTreeSet<u64> = (0..10).map(|_| store().0.number()).collect();
    assert_eq!(numbers.len(), 10);
}
