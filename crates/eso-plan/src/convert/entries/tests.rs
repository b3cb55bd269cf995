//! What the entries of an object ask for, field by field, and what is refused.

use eso_core::key::{StoreKind, StoreReference};
use serde_json::{Value, json};

use super::*;
use crate::convert::external_secret::{desired, parse};

fn object(spec: &Value) -> ExternalSecret {
    parse(json!({
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": { "name": "app", "namespace": "demo" },
        "spec": spec,
    }))
    .unwrap()
}

/// The entries of an object that has a default store, and these fields beside.
fn read(fields: Value) -> Result<Vec<Entry>, Malformed> {
    let mut spec = json!({ "secretStoreRef": { "name": "store" } });
    spec.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    desired(&object(&spec)).map(|desired| desired.entries)
}

fn data(fields: Value) -> Entry {
    let mut remote = json!({ "key": "db" });
    remote.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    read(json!({ "data": [{ "secretKey": "a", "remoteRef": remote }] })).unwrap().remove(0)
}

fn data_from(entry: Value) -> Result<Entry, Malformed> {
    read(json!({ "dataFrom": [entry] })).map(|mut entries| entries.remove(0))
}

fn extract(fields: Value) -> Entry {
    let mut extract = json!({ "key": "db" });
    extract.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    data_from(json!({ "extract": extract })).unwrap()
}

fn find(fields: Value) -> Result<Entry, Malformed> {
    data_from(json!({ "find": fields }))
}

#[track_caller]
fn check_refused(entry: Value, expected: &str) {
    assert_eq!(data_from(entry).map_err(|error| error.to_string()), Err(expected.to_owned()));
}

#[test]
fn metadata_is_asked_for_in_place_of_the_value() {
    assert_eq!(data(json!({ "metadataPolicy": "Fetch" })).ask, Ask::Read(Fetch::new("db").of_metadata()));
    assert_eq!(data(json!({ "metadataPolicy": "None" })).ask, Ask::Read(Fetch::new("db")));
    assert_eq!(extract(json!({ "metadataPolicy": "Fetch" })).ask, Ask::Read(Fetch::new("db").of_metadata()));
}

#[test]
fn a_version_and_a_property_are_extracted_too() {
    let entry = extract(json!({ "version": "uuid/1", "property": "x.y" }));
    assert_eq!(entry.ask, Ask::Read(Fetch::new("db").at_version("uuid/1")));
    assert_eq!(entry.property.as_deref(), Some("x.y"));
    let entry = extract(json!({ "version": "", "property": "" }));
    assert_eq!((entry.ask, entry.property), (Ask::Read(Fetch::new("db")), None));
}

#[test]
fn values_are_decoded_as_each_entry_says() {
    for (word, expected) in [
        ("None", Decoding::None),
        ("Base64", Decoding::Base64),
        ("Base64URL", Decoding::Base64Url),
        ("Auto", Decoding::Auto),
    ] {
        assert_eq!(data(json!({ "decodingStrategy": word })).decoding, expected);
        assert_eq!(extract(json!({ "decodingStrategy": word })).decoding, expected);
        let found = find(json!({ "name": { "regexp": "x" }, "decodingStrategy": word })).unwrap();
        assert_eq!(found.decoding, expected);
    }
    assert_eq!(data(json!({})).decoding, Decoding::None);
}

#[test]
fn null_bytes_fail_where_an_entry_says_so() {
    for (word, expected) in [("Ignore", NullBytes::Ignore), ("Fail", NullBytes::Fail)] {
        assert_eq!(data(json!({ "nullBytePolicy": word })).null_bytes, expected);
        assert_eq!(extract(json!({ "nullBytePolicy": word })).null_bytes, expected);
        let found = find(json!({ "tags": { "a": "b" }, "nullBytePolicy": word })).unwrap();
        assert_eq!(found.null_bytes, expected);
    }
    assert_eq!(data(json!({})).null_bytes, NullBytes::Ignore);
}

#[test]
fn names_are_converted_as_the_entry_says_but_those_of_data_never_are() {
    for (word, expected) in [("Default", Conversion::Default), ("Unicode", Conversion::Unicode)] {
        let naming = Naming { conversion: expected, ..Naming::default() };
        assert_eq!(extract(json!({ "conversionStrategy": word })).into, Destination::Many(naming.clone()));
        let found = find(json!({ "name": { "regexp": "x" }, "conversionStrategy": word })).unwrap();
        assert_eq!(found.into, Destination::Many(naming));
        assert_eq!(data(json!({ "conversionStrategy": word })).into, Destination::Entry("a".into()));
    }
}

#[test]
fn a_search_is_by_name_by_tags_and_below_a_path() {
    let found = find(json!({ "path": "p", "name": { "regexp": "^a+$" }, "tags": { "t": "1" } })).unwrap();
    let Ask::Find(Query { path, name, tags }) = found.ask else { panic!("it asks for one value") };
    assert_eq!((path.as_deref(), tags), (Some("p"), [("t".to_owned(), "1".to_owned())].into()));
    let name = name.unwrap();
    assert!(name.accepts("aa") && !name.accepts("ab"));
    assert_eq!(found.origin, Origin::Find(0));
    let Ask::Find(query) = find(json!({ "path": "", "tags": { "t": "1" } })).unwrap().ask else { panic!() };
    assert_eq!((query.path, query.name), (None, None));
}

#[test]
fn an_expression_is_not_anchored_and_means_what_it_means_in_go() {
    let accepts = |pattern: &str, name: &str| {
        let Ask::Find(query) = find(json!({ "name": { "regexp": pattern } })).unwrap().ask else { panic!() };
        query.name.unwrap().accepts(name)
    };
    assert!(accepts("b", "abc"));
    assert!(!accepts(r"^\d$", "٣"), "a digit is one of ASCII");
    assert!(accepts(r"\Qa.b\E", "a.b") && !accepts(r"\Qa.b\E", "axb"));
}

#[test]
fn a_search_that_cannot_be_understood_is_refused() {
    let expected = "spec.dataFrom[0].find.name.regexp: error parsing regexp: missing closing ]: `[a`";
    check_refused(json!({ "find": { "name": { "regexp": "[a" } } }), expected);
    let expected = "spec.dataFrom[0].find: say which values are meant, by name.regexp or by tags";
    check_refused(json!({ "find": {} }), expected);
    check_refused(json!({ "find": { "path": "p", "name": {} } }), expected);
}

#[test]
fn an_entry_names_a_store_of_its_own() {
    let source = |name: &str| json!({ "storeRef": { "name": name, "kind": "ClusterSecretStore" } });
    let entries = read(json!({
        "data": [{ "secretKey": "a", "remoteRef": { "key": "db" }, "sourceRef": source("one") },
                 { "secretKey": "b", "remoteRef": { "key": "db" } }],
        "dataFrom": [{ "extract": { "key": "x" }, "sourceRef": source("two") },
                     { "find": { "tags": { "a": "b" } }, "sourceRef": source("three") }],
    }));
    let stores: Vec<StoreReference> = entries.unwrap().into_iter().map(|entry| entry.store).collect();
    let shared = |name: &str| StoreReference {
        kind: StoreKind::ClusterSecretStore,
        namespace: "demo".into(),
        name: name.into(),
    };
    let own = StoreReference { kind: StoreKind::SecretStore, ..shared("store") };
    assert_eq!(stores, [shared("two"), shared("three"), shared("one"), own]);
}

#[test]
fn no_default_store_is_needed_where_each_entry_names_its_own() {
    let source = json!({ "storeRef": { "name": "one" } });
    let data = json!([{ "secretKey": "a", "remoteRef": { "key": "db" }, "sourceRef": source }]);
    assert_eq!(desired(&object(&json!({ "data": data }))).unwrap().entries[0].store.name, "one");
    let data = json!([{ "secretKey": "a", "remoteRef": { "key": "db" } }]);
    let expected = "spec.secretStoreRef.name is missing: name the store that the values are in";
    assert_eq!(desired(&object(&json!({ "data": data }))).unwrap_err().to_string(), expected);
}

#[test]
fn where_values_come_from_is_checked_in_the_words_of_the_webhook() {
    let both = "extract, find, or generatorRef cannot be set at the same time";
    let generator = json!({ "generatorRef": { "kind": "UUID", "name": "u" } });
    check_refused(json!({ "extract": { "key": "a" }, "find": { "tags": { "a": "b" } } }), both);
    check_refused(json!({ "extract": { "key": "a" }, "sourceRef": generator }), both);
    check_refused(json!({}), "either extract, find, or sourceRef must be set to dataFrom");
    check_refused(
        json!({ "extract": { "key": "a" }, "sourceRef": {} }),
        "generatorRef or storeRef must be set when using sourceRef in dataFrom",
    );
}

#[test]
fn a_generator_is_said_not_to_be_served() {
    let source = json!({ "generatorRef": { "kind": "UUID", "name": "u" } });
    let expected =
        "spec.dataFrom[0].sourceRef.generatorRef: generators are not served by this version (UUID u)";
    check_refused(json!({ "sourceRef": source }), expected);
    let data = json!([{ "secretKey": "a", "remoteRef": { "key": "db" }, "sourceRef": source }]);
    let expected = "spec.data[0].sourceRef.generatorRef: generators are not served by this version (UUID u)";
    assert_eq!(read(json!({ "data": data })).unwrap_err().to_string(), expected);
}

#[test]
fn rewrites_are_taken_in_their_order() {
    let rewrites = json!([
        { "regexp": { "source": "^a", "target": "b" } },
        { "transform": { "template": "{{ .value | upper }}" } },
        { "merge": { "into": "all", "priority": ["x"], "priorityPolicy": "IgnoreNotFound",
                     "conflictPolicy": "Ignore", "strategy": "JSON" } },
        { "merge": {} },
    ]);
    let entry = data_from(json!({ "extract": { "key": "db" }, "rewrite": rewrites })).unwrap();
    let merge = Merge {
        into: "all".into(),
        priority: vec!["x".into()],
        priority_policy: naming::PriorityPolicy::IgnoreNotFound,
        conflict_policy: naming::ConflictPolicy::Ignore,
        strategy: naming::Strategy::Json,
    };
    let rewrites = vec![
        naming::Rewrite::regexp("^a", "b").unwrap(),
        naming::Rewrite::transform("{{ .value | upper }}").unwrap(),
        naming::Rewrite::Merge(merge),
        naming::Rewrite::Merge(Merge::default()),
    ];
    assert_eq!(entry.into, Destination::Many(Naming { rewrites, ..Naming::default() }));
}

#[test]
fn a_rewrite_that_cannot_be_read_is_refused_with_its_place() {
    let rewrite =
        |rewrite: Value| json!({ "extract": { "key": "db" }, "rewrite": [{ "merge": {} }, rewrite] });
    check_refused(
        rewrite(json!({ "regexp": { "source": "(", "target": "" } })),
        "spec.dataFrom[0]: failed rewrite operation[1]: regexp failed with failed to compile: error parsing regexp: \
         missing closing ): `(`",
    );
    check_refused(
        rewrite(json!({})),
        "spec.dataFrom[0]: failed rewrite operation[1]: exactly one of regexp, transform and merge is needed",
    );
    let problem = data_from(rewrite(json!({ "transform": { "template": "{{" } }))).unwrap_err().to_string();
    let expected =
        "spec.dataFrom[0]: failed rewrite operation[1]: transform failed with failed to parse template: ";
    assert!(problem.starts_with(expected), "{problem}");
}
