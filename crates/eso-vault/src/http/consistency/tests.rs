//! Which states are kept, and what is asked with them.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderValue};

use super::{
    Consistency::{self, Eventual, Forwarded, Kept},
    Seen,
};

fn state(cluster: &str, local: u64, replicated: u64) -> String {
    BASE64_STANDARD.encode(format!("v1:{cluster}:{local}:{replicated}:c0ffee"))
}

fn state_of_openbao(cluster: &str, value: &str) -> String {
    BASE64_STANDARD.encode(format!(r#"{{"cluster":"{cluster}","value":"{value}"}}"#))
}

fn answer(told: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("x-vault-index", HeaderValue::from_str(told).expect("a state must be a header"));
    headers
}

/// The states that are asked with, after these were told.
fn asks(consistency: Consistency, told: &[&str]) -> (Vec<String>, bool) {
    let seen = Seen::new(consistency);
    for told in told {
        seen.note(&answer(told));
    }
    let mut headers = HeaderMap::new();
    seen.ask(&mut headers);
    let text = |value: &HeaderValue| value.to_str().expect("a state must be text").to_owned();
    let states = headers.get_all("x-vault-index").iter().map(text).collect();
    (states, headers.get("x-vault-inconsistent").is_some_and(|value| value == "forward-active-node"))
}

#[track_caller]
fn keeps(told: &[&str], kept: &[&str]) {
    let kept: Vec<String> = kept.iter().map(|state| (*state).to_owned()).collect();
    assert_eq!(asks(Kept, told), (kept, false));
}

#[test]
fn a_store_that_asks_for_nothing_sends_nothing() {
    let told = state("a", 1, 1);
    assert_eq!(asks(Eventual, &[&told]), (vec![], false));
    assert_eq!(asks(Kept, &[&told]), (vec![told.clone()], false));
    assert_eq!(asks(Forwarded, &[&told]), (vec![told.clone()], true));
    assert_eq!(asks(Forwarded, &[]), (vec![], true));
}

#[test]
fn what_is_farthest_is_kept() {
    let [first, second, third] = [state("a", 1, 1), state("a", 2, 1), state("a", 2, 3)];
    keeps(&[&first, &second, &third], &[&third]);
    keeps(&[&third, &second, &first], &[&third]);
    keeps(&[&second, &second], &[&second]);
}

#[test]
fn of_two_that_are_each_farther_in_something_both_are_kept() {
    let [local, replicated, both] = [state("a", 5, 1), state("a", 1, 5), state("a", 5, 5)];
    keeps(&[&local, &replicated], &[&local, &replicated]);
    keeps(&[&local, &replicated, &both], &[&both]);
    keeps(&[&local, &replicated, &state("a", 3, 3)], &[&local, &state("a", 3, 3)]);
    keeps(&[&local, &replicated, &state("a", 4, 1)], &[&local, &replicated]);
}

#[test]
fn what_cannot_be_compared_is_replaced() {
    let (one, other) = (state("a", 5, 5), state("b", 1, 1));
    keeps(&[&one, &other], &[&other]);
    keeps(&[&one, "not base64"], &["not base64"]);
    keeps(&["not base64", &one], &[&one]);
    let strange = BASE64_STANDARD.encode("v2:a:1:1:x");
    keeps(&[&one, &strange], &[&strange]);
}

/// OpenBao takes no more than one.
#[test]
fn of_openbaos_states_the_one_that_is_farthest_is_kept_alone() {
    let [first, second] = [state_of_openbao("a", "9"), state_of_openbao("a", "10")];
    keeps(&[&first, &second], &[&second]);
    keeps(&[&second, &first], &[&second]);
    for other in [
        state_of_openbao("b", "1"),
        // Another storage's, whose states are no numbers.
        state_of_openbao("a", "0/16B3748"),
        // The server was Vault before, or is now.
        state("a", 1, 1),
    ] {
        keeps(&[&second, &other], &[&other]);
        keeps(&[&other, &second], &[&second]);
    }
}

#[test]
fn what_is_too_long_or_empty_is_no_state() {
    let (one, long) = (state("a", 1, 1), "x".repeat(1025));
    keeps(&[&one, &long, ""], &[&one]);
    keeps(&["", &long], &[]);
}
