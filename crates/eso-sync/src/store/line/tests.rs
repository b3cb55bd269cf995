//! Joining, ordering, company and batches, without a store.

use std::time::Duration;

use eso_core::{
    error::{ErrorKind, ProviderError},
    provider::{Fetch, Fetched, Value},
};
use tokio::{sync::oneshot, time::Instant};

use super::{Answer, Line, Waiting};
use crate::{queue::Lane, store::backends::Sort};

/// Requests with a version go alone, all others by three.
fn batch_size(request: &Fetch) -> usize {
    if request.version.is_some() { 1 } else { 3 }
}

fn request(key: &str) -> Fetch {
    match key.split_once('@') {
        Some((key, version)) => Fetch::new(key).at_version(version),
        None => Fetch::new(key),
    }
}

/// A line with these requests, which came at once in this order, and those who ask them.
fn line(requests: &[(&str, Lane)], now: Instant) -> (Line, Vec<oneshot::Receiver<Answer>>) {
    let mut line = Line::default();
    let askers = requests.iter().map(|(key, lane)| line.join(request(key), *lane, 0, now)).collect();
    (line, askers)
}

/// Everything that is sent, call by call.
fn sent(line: &mut Line) -> Vec<(Sort, Vec<String>)> {
    let mut calls = Vec::new();
    while let Some(sort) = line.next(batch_size) {
        let batch = line.take(sort, batch_size);
        assert!(!batch.is_empty(), "what is next can be taken");
        calls.push((sort, batch.iter().map(|waiting| waiting.request.key.to_string()).collect()));
    }
    calls
}

#[track_caller]
fn check(requests: &[(&str, Lane)], expected: &[(Sort, &[&str])]) {
    let (mut line, _askers) = line(requests, Instant::now());
    let sent = sent(&mut line);
    let sent: Vec<(Sort, Vec<&str>)> =
        sent.iter().map(|(sort, keys)| (*sort, keys.iter().map(String::as_str).collect())).collect();
    let expected: Vec<(Sort, Vec<&str>)> =
        expected.iter().map(|(sort, keys)| (*sort, keys.to_vec())).collect();
    assert_eq!(sent, expected);
}

use Lane::{Changed, Periodic, Retry};
use Sort::{Batch, Single};

#[test]
fn one_request_goes_as_a_single_read_and_several_as_a_batch() {
    check(&[("a", Periodic)], &[(Single, &["a"])]);
    check(&[("a", Periodic), ("b", Periodic)], &[(Batch, &["a", "b"])]);
}

#[test]
fn a_batch_is_no_larger_than_one_call_takes() {
    let requests = ["a", "b", "c", "d", "e", "f", "g"].map(|key| (key, Periodic));
    check(&requests, &[(Batch, &["a", "b", "c"]), (Batch, &["d", "e", "f"]), (Single, &["g"])]);
}

#[test]
fn requests_of_another_sort_are_left_out_of_a_batch() {
    let requests = ["a", "v@1", "b", "w@1"].map(|key| (key, Periodic));
    check(&requests, &[(Batch, &["a", "b"]), (Single, &["v"]), (Single, &["w"])]);
}

#[test]
fn the_most_urgent_go_first_and_others_ride_along() {
    check(&[("a", Periodic), ("b", Retry), ("c", Changed)], &[(Batch, &["c", "b", "a"])]);
}

#[test]
fn equal_requests_are_sent_once() {
    check(
        &[("a", Periodic), ("a", Periodic), ("a@1", Periodic), ("a@2", Periodic)],
        &[(Single, &["a"]), (Single, &["a"]), (Single, &["a"])],
    );
}

#[test]
fn a_request_that_becomes_more_urgent_moves_up() {
    let requests = [("a@1", Periodic), ("b@1", Periodic), ("b@1", Changed)];
    check(&requests, &[(Single, &["b"]), (Single, &["a"])]);
}

#[test]
fn all_who_ask_the_same_get_the_answer() {
    let (mut line, askers) = line(&[("a", Periodic), ("a", Changed)], Instant::now());
    let answer = Ok(Fetched::new(Value::Bytes("value".into())));
    line.take(Single, batch_size).into_iter().for_each(|waiting| waiting.answer(&answer));
    for mut asker in askers {
        assert_eq!(asker.try_recv().unwrap(), answer);
    }
}

#[test]
fn what_was_sent_is_not_joined() {
    let (mut line, _askers) = line(&[("a", Periodic)], Instant::now());
    assert_eq!(line.take(Single, batch_size).len(), 1);
    let _later = line.join(request("a"), Periodic, 0, Instant::now());
    assert_eq!(sent(&mut line).len(), 1);
}

#[test]
fn what_nobody_asks_any_more_is_not_sent() {
    let (mut line, mut askers) = line(&[("a", Periodic), ("b", Periodic), ("c", Periodic)], Instant::now());
    drop(askers.remove(0));
    drop(askers.remove(0));
    assert_eq!(sent(&mut line), [(Single, vec!["c".to_owned()])], "nor does it count for a batch");
}

#[test]
fn what_nobody_asks_any_more_is_left_out_of_a_batch() {
    let (mut line, mut askers) = line(&[("a", Periodic), ("b", Periodic), ("c", Periodic)], Instant::now());
    drop(askers.remove(1));
    assert_eq!(sent(&mut line), [(Batch, vec!["a".to_owned(), "c".to_owned()])]);
}

#[test]
fn a_batch_that_shrinks_to_one_before_it_is_sent_goes_one_by_one() {
    let (mut line, _askers) = line(&[("a", Periodic), ("b", Periodic)], Instant::now());
    assert_eq!(line.next(batch_size), Some(Batch));
    let denied = |_: &Fetch| 1;
    assert!(line.take(Batch, denied).is_empty(), "the place that was had for a batch is not used");
    assert_eq!(line.next(denied), Some(Single));
    assert_eq!(line.take(Single, denied).len(), 1);
    assert_eq!(line.take(Single, denied).len(), 1);
}

#[test]
fn a_request_that_is_tried_again_meets_the_newer_one_that_asks_the_same() {
    let (mut line, mut askers) = line(&[("a", Changed)], Instant::now());
    let tried: Vec<Waiting> = line.take(Single, batch_size);
    askers.push(line.join(request("a"), Periodic, 0, Instant::now()));
    tried.into_iter().for_each(|waiting| line.put(waiting));
    let mut again = line.take(Single, batch_size);
    assert_eq!((again.len(), again[0].lane), (1, Changed));
    again.remove(0).answer(&Err(ProviderError::new(ErrorKind::NotFound, "Fetch")));
    assert!(askers.into_iter().all(|mut asker| asker.try_recv().is_ok()));
    assert_eq!(line.next(batch_size), None);
}

#[track_caller]
fn check_wait(requests: &[(&str, Lane)], arrivals: &[u64], expected: Option<u64>) {
    let now = Instant::now();
    let mut line = Line::default();
    let mut askers = Vec::new();
    for ((key, lane), after) in requests.iter().zip(arrivals) {
        askers.push(line.join(request(key), *lane, 0, now + Duration::from_millis(*after)));
    }
    let until = line.waits_until(batch_size).map(|until| until.duration_since(now));
    assert_eq!(until, expected.map(Duration::from_millis));
}

#[test]
fn a_request_that_nobody_waits_for_waits_for_company() {
    check_wait(&[("a", Periodic)], &[0], Some(50));
    check_wait(&[("a", Retry)], &[0], Some(50));
    check_wait(&[("a", Periodic), ("b", Periodic)], &[0, 7], Some(57));
    check_wait(
        &[("a@1", Periodic), ("b@1", Periodic), ("c@1", Periodic), ("d@1", Periodic), ("e@1", Periodic)],
        &[0, 49, 98, 147, 190],
        Some(200),
    );
}

#[test]
fn a_change_and_a_full_batch_go_at_once() {
    check_wait(&[("a", Periodic), ("b", Changed)], &[0, 1], None);
    check_wait(&[("a", Periodic), ("b", Periodic), ("c", Periodic)], &[0, 1, 2], None);
    check_wait(&[], &[], None);
}

#[test]
fn everything_can_be_taken_at_once() {
    let (mut line, _askers) = line(&[("a", Periodic), ("b@1", Changed)], Instant::now());
    assert_eq!(line.take_all().len(), 2);
    assert_eq!(line.next(batch_size), None);
    let _asker = line.join(request("a"), Periodic, 0, Instant::now());
    assert_eq!(sent(&mut line).len(), 1, "and the line goes on as before");
}
