//! What each value should come to, and what a status says of it.

use super::*;
use crate::push::{
    Data,
    expand::expand,
    fixtures::{candidate, data, desired, secret, store},
};

/// What an object asks for that pushes the key `s` to these places.
fn asked(places: &[&str]) -> Asked {
    let entries = places.iter().map(|place| data("s", place)).collect();
    expand(&desired(entries), &[candidate("main", &[])], &[secret("app", &[("s", "v")])]).unwrap()
}

fn synced(places: &[&str]) -> Synced {
    named(&asked(places))
}

/// The goals of the store `main`, as `key: places put; places taken out`.
fn shown(goals: &Goals) -> Vec<String> {
    let Some(goals) = goals.get(&store("main")) else { return Vec::new() };
    let goals = goals.iter().map(|(key, goal)| {
        let parts: Vec<_> = goal.parts.iter().map(|one| one.data.place.to_string()).collect();
        let gone: Vec<_> = goal.gone.iter().map(|one| one.clone().unwrap_or("-".to_owned())).collect();
        format!("{key}: {}; {}", parts.join(" "), gone.join(" "))
    });
    goals.collect()
}

#[test]
fn entries_of_one_value_are_one_goal() {
    let goals = goals(&asked(&["a/x", "b", "a/y"]), &Synced::new(), true);
    assert_eq!(shown(&goals), ["a: a/x a/y; ", "b: b; "]);
}

#[test]
fn what_is_not_asked_for_any_more_goes_where_the_object_says_so() {
    let before = synced(&["a/x", "a/y", "b", "c"]);
    assert_eq!(shown(&goals(&asked(&["a/x", "c"]), &before, true)), ["a: a/x; y", "b: ; -", "c: c; "]);
    assert_eq!(shown(&goals(&asked(&["a/x", "c"]), &before, false)), ["a: a/x; ", "c: c; "]);
    assert_eq!(shown(&goals(&Asked::new(), &before, true)), ["a: ; x y", "b: ; -", "c: ; -"]);
}

#[test]
fn a_place_that_has_the_name_of_another_one_is_not_that() {
    let whole = Data { place: Place { key: "a/b".into(), property: None }, ..data("s", "x") };
    let before = Synced::from([(store("main"), BTreeMap::from([("a/b".to_owned(), whole)]))]);
    assert_eq!(shown(&goals(&asked(&["a/b"]), &before, true)), ["a: a/b; ", "a/b: ; -"]);
}

#[test]
fn what_is_in_stores_that_are_left_alone_is_told_from_the_rest() {
    let mut all = synced(&["a"]);
    all.insert(store("other"), all[&store("main")].clone());
    let (resting, others) = parted(&all, &BTreeSet::from([store("other"), store("more")]));
    assert_eq!(resting.into_keys().collect::<Vec<_>>(), [store("other")]);
    assert_eq!(others, synced(&["a"]));
}

#[test]
fn what_several_secrets_push_is_kept_of_each() {
    let before = synced(&["a", "b"]);
    assert_eq!(shown(&goals(&asked(&["a", "b"]), &before, true)), ["a: a; ", "b: b; "]);
}

#[test]
fn before_anything_is_written_the_status_says_what_will_have_been() {
    assert_eq!(claim(&asked(&["a"]), &synced(&["a", "b"])), None);
    assert_eq!(claim(&asked(&["a", "c"]), &synced(&["a", "b"])), Some(synced(&["a", "b", "c"])));
    assert_eq!(claim(&asked(&["a"]), &Synced::new()), Some(synced(&["a"])));
    assert_eq!(claim(&asked(&[]), &Synced::new()), None);
}

fn failed(keys: &[(&str, bool)]) -> Failed {
    let keys = keys.iter().map(|(key, maybe)| ((*key).into(), *maybe)).collect();
    Failed::from([(store("main"), keys)])
}

#[track_caller]
fn check_left(before: &[&str], now: &[&str], failures: &[(&str, bool)], expected: &[&str]) {
    assert_eq!(left(&asked(now), &synced(before), &failed(failures)), synced(expected));
}

#[test]
fn a_status_says_what_was_asked_for_and_is_there() {
    check_left(&["old"], &["new"], &[], &["new"]);
    check_left(&["a", "old"], &["a", "b"], &[("old", true)], &["a", "b", "old"]);
    check_left(&[], &["a", "b"], &[("b", false)], &["a"]);
    check_left(&[], &["a", "b"], &[("b", true)], &["a", "b"]);
    check_left(&["b"], &["a", "b"], &[("b", false)], &["a", "b"]);
    check_left(&["a/x", "a/y"], &["a/x"], &[("a", false)], &["a/x", "a/y"]);
}
