//! Which values of a filled Secret follow the store, and which are let go.

use std::{collections::BTreeMap, time::Duration};

use eso_core::value::SecretBytes;

use super::{Change, Filled};
use crate::{
    desired::Entries,
    filled::{
        Place, Source,
        record::{self, Record, SealKey},
        store,
    },
};

pub(in crate::filled) fn key() -> SealKey {
    SealKey::new(&[7; 32])
}

pub(in crate::filled) fn place() -> Place {
    Place { namespace: "demo".into(), name: "app".into() }
}

pub(in crate::filled) fn record(values: &[(&str, &str)]) -> Record {
    let source = |(key, text): &(&str, &str)| {
        ((*key).to_owned(), Source::of_text(key, text).unwrap().expect("it must refer to something"))
    };
    let sources: BTreeMap<_, _> = values.iter().map(source).collect();
    Record::new(&store("SecretStore/main", "demo").unwrap(), Duration::from_secs(60), &sources).unwrap()
}

pub(in crate::filled) fn entries(values: &[(&str, &str)]) -> Entries {
    values.iter().map(|(key, value)| ((*key).to_owned(), SecretBytes::from(*value))).collect()
}

type Values<'a> = &'a [(&'a str, &'a str)];

fn asked() -> Record {
    record(&[("a", "eso:x"), ("b", "u:${eso:y}")])
}

/// What is to be changed of a Secret that was filled with this, holds that now, and should hold a third.
fn change(filled_with: Option<Values<'_>>, held: Values<'_>, wanted: Values<'_>) -> Change {
    let (key, place, record) = (key(), place(), asked());
    let filled = Filled { key: &key, place: &place, record: &record, fingerprints: None };
    let fingerprints = filled_with.map(|values| filled.printer().all(&record, &entries(values)));
    Filled { fingerprints: fingerprints.as_deref(), ..filled }.change(&entries(held), &entries(wanted))
}

#[track_caller]
fn check(
    (filled_with, held, wanted): (Option<Values<'_>>, Values<'_>, Values<'_>),
    written: Values<'_>,
    released: &[&str],
) {
    let change = change(filled_with, held, wanted);
    assert_eq!(change.values, entries(written), "{held:?}");
    let found: Vec<&str> = change.released.iter().map(String::as_str).collect();
    assert_eq!(found, released, "{held:?}");
    assert_eq!(change.is_needed(), !written.is_empty() || !released.is_empty());
    let kept: Vec<&str> = ["a", "b"].into_iter().filter(|key| !released.contains(key)).collect();
    let opened = change.sealed.map(|sealed| record::open(&key(), &place(), &sealed).unwrap());
    let keys = opened.as_ref().map(|record| record.keys().collect::<Vec<_>>()).unwrap_or_default();
    assert_eq!(keys, kept, "{held:?}");
}

const OLD: Values<'_> = &[("a", "1"), ("b", "u:2")];
const NEW: Values<'_> = &[("a", "1"), ("b", "u:3")];

#[test]
fn what_was_filled_follows_the_store_and_what_was_set_by_hand_is_let_go() {
    // In step.
    check((Some(OLD), OLD, OLD), &[], &[]);
    check((None, OLD, OLD), &[], &[]);
    // The store changed a value.
    check((Some(OLD), OLD, NEW), &[("b", "u:3")], &[]);
    check((None, OLD, NEW), &[("b", "u:3")], &[]);
    // Somebody set one: also where the store wants nothing new of it.
    check((Some(OLD), &[("a", "1"), ("b", "mine")], NEW), &[], &["b"]);
    check((Some(OLD), &[("a", "mine"), ("b", "u:2")], NEW), &[("b", "u:3")], &["a"]);
    check((Some(OLD), &[("a", "mine"), ("b", "mine")], NEW), &[], &["a", "b"]);
    check((Some(OLD), &[("a", ""), ("b", "u:2")], OLD), &[], &["a"]);
    // Somebody deleted one.
    check((Some(OLD), &[("b", "u:2")], NEW), &[("b", "u:3")], &["a"]);
    check((None, &[("b", "u:2")], OLD), &[], &["a"]);
    // Somebody set what the store wants now.
    check((Some(OLD), NEW, NEW), &[], &[]);
    // It was stored as it is asked for, while nobody was there to fill it.
    check((Some(OLD), &[("a", "eso:x"), ("b", "u:${eso:y}")], OLD), OLD, &[]);
    check((Some(OLD), &[("a", "1"), ("b", "u:${eso:z}")], OLD), &[], &["b"]);
    // Entries that the record does not name are somebody else's.
    check((Some(OLD), &[("a", "1"), ("b", "u:2"), ("c", "3")], NEW), &[("b", "u:3")], &[]);
    check((Some(OLD), OLD, &[("a", "1"), ("b", "u:2"), ("c", "3")]), &[], &[]);
}

#[test]
fn where_another_record_was_filled_since_it_vouches_for_the_values() {
    let (key, place, before) = (key(), place(), record(&[("a", "eso:x"), ("b", "eso:other")]));
    let old = Filled { key: &key, place: &place, record: &before, fingerprints: None };
    let fingerprints = old.change(&entries(OLD), &entries(OLD)).fingerprints;
    let filled = Filled { record: &asked(), fingerprints: Some(&fingerprints), ..old };
    let change = filled.change(&entries(&[("a", "9"), ("b", "u:9")]), &entries(NEW));
    assert_eq!((change.values, change.released.len()), (entries(NEW), 0));
}

#[test]
fn what_was_written_down_tells_whether_it_is_in_step() {
    let (key, place, record) = (key(), place(), asked());
    let unknown = Filled { key: &key, place: &place, record: &record, fingerprints: None };
    assert!(!unknown.is_filled_with(&entries(OLD)));
    let fingerprints = unknown.change(&entries(OLD), &entries(NEW)).fingerprints;
    let filled = Filled { fingerprints: Some(&fingerprints), ..unknown };
    assert!(filled.is_filled_with(&entries(NEW)));
    assert!(!filled.is_filled_with(&entries(OLD)));
    let other = Place { name: "other".into(), ..place.clone() };
    assert!(!Filled { place: &other, ..filled }.is_filled_with(&entries(NEW)));
}

#[test]
fn nothing_of_a_value_is_shown() {
    let change = change(Some(OLD), &[("a", "mine"), ("b", "u:2")], &[("a", "hunter2"), ("b", "hunter3")]);
    let (key, place, record) = (key(), place(), asked());
    let filled = Filled { key: &key, place: &place, record: &record, fingerprints: None };
    let shown = format!("{change:?} {filled:?}");
    assert!(!shown.contains("hunter") && !shown.contains("mine"), "{shown}");
}
