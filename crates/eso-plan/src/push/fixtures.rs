//! The vocabulary of the tests of what is pushed.

use std::{collections::BTreeMap, time::Duration};

use eso_core::{
    key::{StoreKind, StoreReference},
    provider::{Held, Value},
};

use super::{
    By, Candidate, Choice, Conversion, Data, DataTo, Desired, Place, Source, SourceSecret, Update,
    content::Content, expand::Pushed, goals::Goal,
};
use crate::fixtures;

pub(super) const MINUTE: Duration = Duration::from_secs(60);

/// A SecretStore of the namespace `demo`.
pub(super) fn store(name: &str) -> StoreReference {
    StoreReference { kind: StoreKind::SecretStore, namespace: "demo".to_owned(), name: name.to_owned() }
}

pub(super) fn candidate(name: &str, labels: &[(&str, &str)]) -> Candidate {
    let labels: BTreeMap<String, String> =
        labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Candidate { reference: store(name), labels }
}

pub(super) fn named(name: &str) -> Choice {
    Choice { kind: StoreKind::SecretStore, by: By::Name(name.to_owned()) }
}

/// A Secret that holds these.
pub(super) fn secret(name: &str, entries: &[(&str, &str)]) -> SourceSecret {
    SourceSecret { name: name.to_owned(), entries: fixtures::entries(entries) }
}

/// A key, or all keys where it is empty, that goes to a place: `key` or `key/property`.
pub(super) fn data(secret_key: &str, place: &str) -> Data {
    let (key, property) =
        place.split_once('/').map_or((place, None), |(key, property)| (key, Some(property)));
    Data {
        secret_key: Some(secret_key.to_owned()).filter(|key| !key.is_empty()),
        place: Place { key: key.into(), property: property.map(str::to_owned) },
        metadata: None,
        conversion: Conversion::None,
    }
}

/// All keys, each to a value of its name in the store `main`.
pub(super) fn data_to() -> DataTo {
    DataTo {
        stores: named("main"),
        bundle: None,
        keys: None,
        rewrites: Vec::new(),
        metadata: None,
        conversion: Conversion::None,
    }
}

/// The Secret `app` to the store `main`, looked at each minute, with nothing deleted.
pub(super) fn desired(data: Vec<Data>) -> Desired {
    Desired {
        revision: "1".to_owned(),
        refresh: Some(MINUTE),
        source: Source::Named("app".to_owned()),
        stores: vec![named("main")],
        data,
        data_to: Vec::new(),
        template: None,
        update: Update::Replace,
        cleans_up: false,
    }
}

/// A goal that puts these values to these places of the key `k`, and takes these out.
pub(super) fn goal(parts: &[(&str, &str)], gone: &[Option<&str>]) -> Goal {
    let parts = parts
        .iter()
        .map(|(place, value)| Pushed { data: data("s", place), content: Content::Value((*value).into()) });
    let gone = gone.iter().map(|property| property.map(str::to_owned));
    Goal { parts: parts.collect(), gone: gone.collect() }
}

/// A value of ours, at version 3.
pub(super) fn ours(value: Value) -> Held {
    Held { value: Some(value), version: Some("3".into()), is_ours: true, is_dressed: true }
}
