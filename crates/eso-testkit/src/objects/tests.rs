//! The vocabulary writes what a user would.

use serde_json::json;

use super::{object, store};

#[track_caller]
fn check(remote: &str, expected: serde_json::Value) {
    assert_eq!(object("app").key("a", remote).json()["spec"]["data"][0]["remoteRef"], expected);
}

#[test]
fn a_remote_reference_is_written_in_one_word() {
    check("db", json!({ "key": "db" }));
    check("db#user", json!({ "key": "db", "property": "user" }));
    check("db@7", json!({ "key": "db", "version": "7" }));
    check("a/b@uuid/1#x.y", json!({ "key": "a/b", "version": "uuid/1", "property": "x.y" }));
}

#[test]
fn an_object_reads_as_its_type() {
    let object = object("app")
        .namespace("team")
        .store("aws")
        .label("a", "b")
        .label("c", "d")
        .stored("u-1", 3)
        .key("first", "db#first")
        .key("second", "db#second")
        .extract("more")
        .target("out")
        .creation("Merge")
        .deletion("Delete")
        .every("30s")
        .refreshed("OnChange")
        .with("/spec/target/immutable", json!(true))
        .build();
    assert_eq!(object.metadata.namespace.as_deref(), Some("team"));
    assert_eq!(object.metadata.labels.as_ref().map(std::collections::BTreeMap::len), Some(2));
    assert_eq!((object.spec.data.len(), object.spec.data_from.len()), (2, 1));
    let target = object.spec.target.expect("it has a target");
    assert_eq!(target.name.as_deref(), Some("out"));
    assert_eq!(target.immutable, Some(true));
}

#[test]
fn a_store_reads_as_its_type() {
    let fake = store("main").value("a", "1").value("b", "2").build();
    assert_eq!(fake.spec.provider.fake.map(|fake| fake.data.len()), Some(2));
    let unknown =
        store("main").for_cluster().provider("gcpsm", &json!({ "projectID": "p" })).build_for_cluster();
    assert_eq!(unknown.metadata.namespace, None);
    assert!(unknown.spec.store.provider.others.contains_key("gcpsm"));
}
