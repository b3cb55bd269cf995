//! What is kept, put back and read of a Secret that says what it wants.

use std::{collections::BTreeMap, time::Duration};

use eso_plan::filled::{
    Place, Refusal, Source,
    record::{self, Record, SealError, SealKey},
};
use serde_json::Value;

use super::{Filling, Wish, WishError};
use crate::fixtures::{key, parsed, place, reference, secret};

const STORE: (&str, &str) = ("store", "SecretStore/main");
const TEXT: &str = "x ${eso:db#password}";

fn record_of(store: &str, values: &[(&str, &str)]) -> Record {
    let source = |(key, text): &(&str, &str)| {
        ((*key).to_owned(), Source::of_text(key, text).unwrap().expect("it must refer to something"))
    };
    Record::new(&reference(store), Duration::from_secs(3600), &values.iter().map(source).collect()).unwrap()
}

fn sealed(values: &[(&str, &str)]) -> String {
    record::seal(&key(), &place(), &record_of("main", values))
}

/// The Secret after `a` was filled, beside a value of its own.
fn filled() -> Value {
    secret(&[STORE, ("record", &sealed(&[("a", TEXT)]))], &[("a", "x secret"), ("own", "1")])
}

fn filling_of(new: &Value, old: Option<&Value>, store: &str) -> Result<Filling, WishError> {
    let (new, old) = (parsed(new), old.map(parsed));
    Wish { place: &place(), secret: &new, old: old.as_ref(), key: &key() }.filling(&reference(store))
}

/// What becomes of a Secret: what is written down, put back and read, by keys.
#[track_caller]
fn check(new: &Value, old: Option<&Value>, expected: [&[&str]; 3]) -> Filling {
    let filling = filling_of(new, old, "main").unwrap();
    let keys = |record: &Option<Record>| -> Vec<String> {
        record.iter().flat_map(Record::keys).map(str::to_owned).collect()
    };
    let present: Vec<String> = filling.present.keys().cloned().collect();
    assert_eq!(
        [keys(&filling.record), present, keys(&filling.missing)],
        expected.map(|keys| keys.to_vec()),
        "{new}"
    );
    filling
}

#[test]
fn references_of_a_new_secret_are_read() {
    let filling = check(&secret(&[STORE], &[("a", TEXT), ("own", "1")]), None, [&["a"], &[], &["a"]]);
    assert_eq!(filling.record, Some(record_of("main", &[("a", TEXT)])));
    assert!(filling.reveals());
    let filling = check(&secret(&[STORE], &[("own", "1")]), None, [&[], &[], &[]]);
    assert!(!filling.reveals());
}

#[test]
fn what_was_filled_is_put_back_where_it_is_asked_for_in_the_same_words() {
    let again = |record: &str| secret(&[STORE, ("record", record)], &[("a", TEXT), ("own", "2")]);
    let filling = check(&again(&sealed(&[("a", TEXT)])), Some(&filled()), [&["a"], &["a"], &[]]);
    assert_eq!(filling.present["a"], "x secret".into());
    assert!(filling.reveals(), "the answer shows it");
    // As `kubectl replace` does it.
    check(&secret(&[STORE], &[("a", TEXT)]), Some(&filled()), [&["a"], &["a"], &[]]);
}

#[test]
fn what_is_left_as_it_was_filled_stays_and_shows_nothing() {
    let filling = check(&filled(), Some(&filled()), [&["a"], &[], &[]]);
    assert!(!filling.reveals());
    let more = secret(&[STORE, ("record", &sealed(&[("a", TEXT)]))], &[("a", "x secret"), ("b", "eso:b")]);
    check(&more, Some(&filled()), [&["a", "b"], &[], &["b"]]);
}

#[test]
fn what_is_asked_for_in_other_words_is_read() {
    let other = secret(&[STORE, ("record", &sealed(&[("a", TEXT)]))], &[("a", "y ${eso:db#password}")]);
    check(&other, Some(&filled()), [&["a"], &[], &["a"]]);
}

#[test]
fn what_is_set_by_hand_is_not_asked_for_any_more() {
    let edited = secret(&[STORE, ("record", &sealed(&[("a", TEXT)]))], &[("a", "by hand"), ("own", "1")]);
    check(&edited, Some(&filled()), [&[], &[], &[]]);
    let without = secret(&[STORE, ("record", &sealed(&[("a", TEXT)]))], &[("own", "1")]);
    check(&without, Some(&filled()), [&[], &[], &[]]);
}

#[test]
fn another_store_is_asked_for_what_was_filled_too() {
    let filling = filling_of(&filled(), Some(&filled()), "other").unwrap();
    assert_eq!(filling.missing, Some(record_of("other", &[("a", TEXT)])));
    assert!(filling.present.is_empty() && filling.reveals());
}

/// Whoever can write to the store must not make the webhook read for them.
#[test]
fn what_a_store_gave_is_not_looked_into() {
    let sealed = sealed(&[("a", TEXT)]);
    let tricky = secret(&[STORE, ("record", &sealed)], &[("a", "eso:other#thing")]);
    let filling = check(&tricky, Some(&tricky), [&["a"], &[], &[]]);
    assert_eq!(filling.record.unwrap().text("a"), Some(TEXT));
}

#[test]
fn a_value_that_was_never_filled_is_read_although_it_is_written_down() {
    let raw = secret(&[STORE, ("record", &sealed(&[("a", TEXT)]))], &[("a", TEXT)]);
    check(&raw, Some(&raw), [&["a"], &[], &["a"]]);
}

#[test]
fn a_record_that_is_not_of_this_secret_counts_for_nothing() {
    let elsewhere = Place { namespace: "demo".into(), name: "other".into() };
    let record = record_of("main", &[("a", TEXT)]);
    let other_key = SealKey::new(&[8; 32]);
    for broken in [
        record::seal(&key(), &elsewhere, &record),
        record::seal(&other_key, &place(), &record),
        sealed(&[("a", TEXT)]).replace("db", "hr"),
    ] {
        let with = |value| secret(&[STORE, ("record", &broken)], &[("a", value)]);
        assert_eq!(filling_of(&with("x secret"), None, "main"), Err(WishError::Record(SealError::Broken)));
        let old = secret(&[STORE], &[("a", "x secret")]);
        let refused = filling_of(&with("x secret"), Some(&old), "main");
        assert_eq!(refused, Err(WishError::Record(SealError::Broken)), "it is brought");
        // That it lies there already is nobody's fault who asks again.
        check(&with(TEXT), Some(&with("x secret")), [&["a"], &[], &["a"]]);
    }
}

#[test]
fn a_record_that_is_brought_back_is_a_wish_like_any_other() {
    let restored = check(&filled(), None, [&["a"], &[], &["a"]]);
    assert!(restored.reveals(), "who brings it must have the rights");
    let sealed = sealed(&[("a", TEXT)]);
    let edited = secret(&[STORE, ("record", &sealed)], &[("a", "eso:new")]);
    let filling = check(&edited, None, [&["a"], &[], &["a"]]);
    assert_eq!(filling.record.unwrap().text("a"), Some("eso:new"), "what it says itself is said");
    let old = secret(&[STORE], &[("a", "x secret")]);
    check(&filled(), Some(&old), [&["a"], &[], &["a"]]);
}

#[test]
fn the_interval_is_written_down() {
    let asks = |interval| secret(&[STORE, ("refresh-interval", interval)], &[("a", TEXT)]);
    let filling = filling_of(&asks("5m"), None, "main").unwrap();
    assert_eq!(filling.record.unwrap().interval, Duration::from_secs(300));
    assert!(matches!(
        filling_of(&asks("often"), None, "main"),
        Err(WishError::Refused(Refusal::Interval(_)))
    ));
}

#[test]
fn what_is_refused_says_what_to_do() {
    let refused = filling_of(&secret(&[STORE], &[("a", "vault:login")]), None, "main").unwrap_err();
    assert!(refused.to_string().contains("data \"a\": vault:login"), "{refused}");
    let nameless = Place { namespace: "demo".into(), name: String::new() };
    let new = parsed(&secret(&[STORE], &[("a", TEXT)]));
    let wish = Wish { place: &nameless, secret: &new, old: None, key: &key() };
    assert_eq!(wish.filling(&reference("main")), Err(WishError::Nameless));
    let many: Vec<String> = (0..501).map(|index| format!("k{index}")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|key| (key.as_str(), "eso:a")).collect();
    let refused = filling_of(&secret(&[STORE], &many), None, "main");
    assert_eq!(refused, Err(WishError::Refused(Refusal::Count)));
}

#[test]
fn a_store_is_named_by_the_secret_or_by_its_namespace() {
    let store = |text| {
        let secret = parsed(&secret(&[("store", text)], &[]));
        Wish { place: &place(), secret: &secret, old: None, key: &key() }.store()
    };
    assert_eq!(store("SecretStore/main"), Ok(Some(reference("main"))));
    assert_eq!(store(""), Ok(None));
    for text in ["https://vault:8200", "SecretStore/main?role=admin", "main", "other/SecretStore/main"] {
        assert_eq!(store(text), Err(WishError::Refused(Refusal::Store)), "{text}");
    }
}

/// Whether nothing is to be done when this becomes that.
#[track_caller]
fn changes_nothing(old: Option<&Value>, new: &Value, expected: bool) {
    let (new, old) = (parsed(new), old.map(parsed));
    let wish = Wish { place: &place(), secret: &new, old: old.as_ref(), key: &key() };
    assert_eq!(wish.changes_nothing(), expected, "{new:?}");
}

#[test]
fn labels_and_the_like_are_nobodys_business() {
    let labelled = |mut object: Value| {
        object["metadata"]["labels"] = serde_json::json!({ "a": "b" });
        object["metadata"]["annotations"]["other"] = "c".into();
        object
    };
    changes_nothing(Some(&filled()), &labelled(filled()), true);
    let broken = secret(&[STORE, ("record", "v1.broken")], &[("a", "x secret")]);
    changes_nothing(Some(&broken), &labelled(broken.clone()), true);
    let plain = secret(&[STORE], &[("a", "b")]);
    changes_nothing(Some(&plain), &labelled(plain.clone()), true);
    let raw = secret(&[STORE], &[("a", TEXT)]);
    changes_nothing(Some(&raw), &labelled(raw.clone()), false);
    changes_nothing(None, &filled(), false);
    for (name, value) in [("store", "SecretStore/other"), ("refresh-interval", "1m"), ("record", "v1.x")] {
        let mut other = filled();
        other["metadata"]["annotations"][format!("admission.external-secrets.io/{name}")] = value.into();
        changes_nothing(Some(&filled()), &other, false);
    }
    let mut other = filled();
    other["data"]["own"] = "Mg==".into();
    changes_nothing(Some(&filled()), &other, false);
}

#[test]
fn nothing_of_a_value_is_shown() {
    let filling = filling_of(&secret(&[STORE], &[("a", TEXT)]), Some(&filled()), "main").unwrap();
    assert_eq!(filling.present, BTreeMap::from([("a".to_owned(), "x secret".into())]));
    assert!(!format!("{filling:?}").contains("x secret"));
}
