//! What is written down of a filled Secret, read again.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Status, revision};
use crate::{
    filled::annotations::{RECORD, STATUS},
    observed::{Kind, Record},
};

fn status() -> Status {
    let condition = Some((true, "SecretSynced".to_owned(), "secret synced".to_owned()));
    let refreshed = Some(Timestamp::from_second(1_800_000_000).unwrap());
    let record = Record { refreshed, revision: Some("0-abc".to_owned()), condition, kind: Kind::Secret };
    Status { record, fingerprints: Some("r.a.b".to_owned()) }
}

#[test]
fn what_is_written_is_read_again_of_the_same_secret() {
    let text = status().write("uid-1");
    assert_eq!(
        text,
        "{\"ready\":true,\"reason\":\"SecretSynced\",\"message\":\"secret synced\",\
         \"refreshTime\":\"2027-01-15T08:00:00Z\",\"revision\":\"0-abc\",\"fingerprints\":\"r.a.b\",\"uid\":\"uid-1\"}"
    );
    assert_eq!(Status::read(Some(&text), "uid-1"), status());
    assert_eq!(Status::read(Some(&Status::default().write("uid-1")), "uid-1"), Status::default());
}

#[test]
fn what_is_none_or_of_another_secret_says_nothing() {
    let deep = "[".repeat(100_000);
    let copied = status().write("uid-1");
    for text in [None, Some(""), Some("{}"), Some("null"), Some("{\"uid\":7}"), Some(&deep), Some(&copied)] {
        assert_eq!(Status::read(text, "uid-2"), Status::default());
    }
    let time = "{\"uid\":\"uid-2\",\"reason\":\"R\",\"refreshTime\":\"yesterday\"}";
    assert_eq!(Status::read(Some(time), "uid-2"), Status::default());
}

#[test]
fn an_edit_of_any_label_or_annotation_is_another_state_but_for_our_own() {
    let map = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let state = |labels: &[(&str, &str)], annotations: &[(&str, &str)]| {
        revision(Some(&map(labels)), Some(&map(annotations)))
    };
    let before = state(&[("a", "1")], &[(RECORD, "r"), (STATUS, "s")]);
    assert_eq!(before, state(&[("a", "1")], &[(RECORD, "r"), (STATUS, "t")]));
    assert_eq!(before, state(&[("a", "1")], &[(RECORD, "r")]));
    for after in [
        state(&[("a", "2")], &[(RECORD, "r")]),
        state(&[("a", "1")], &[(RECORD, "q")]),
        state(&[("a", "1")], &[(RECORD, "r"), ("force-sync", "1")]),
        state(&[], &[(RECORD, "r")]),
    ] {
        assert_ne!(before, after);
    }
    assert_eq!(revision(None, None), state(&[], &[(STATUS, "s")]));
}
