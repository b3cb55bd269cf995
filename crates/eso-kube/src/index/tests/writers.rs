//! Who writes a Secret of this name.

use eso_sync::ports::ObjectId;
use serde_json::json;

use super::{Index, app, at, sent};

#[track_caller]
fn check(index: &Index, (namespace, secret): (&str, &str), expected: &[ObjectId]) {
    let mut writers = index.writers(namespace, secret);
    writers.sort();
    assert_eq!(writers, expected, "{namespace}/{secret}");
}

#[test]
fn those_that_name_a_secret_write_it_in_their_namespace() {
    let mut index = Index::default();
    let one = index.meet_object(sent(app(5).target("shared"))).object.id;
    let two = index.meet_object(sent(at("other", 6).target("shared"))).object.id;
    let theirs = index.meet_object(sent(app(7).namespace("theirs").target("shared"))).object.id;
    check(&index, ("demo", "shared"), &[one, two]);
    check(&index, ("theirs", "shared"), &[theirs]);
    check(&index, ("demo", "app"), &[]);
    check(&index, ("nowhere", "shared"), &[]);
}

#[test]
fn who_names_another_secret_or_is_gone_writes_it_no_more() {
    let mut index = Index::default();
    let id = index.meet_object(sent(app(5))).object.id;
    check(&index, ("demo", "app"), &[id]);
    index.meet_object(sent(app(6).target("moved").with("/metadata/generation", json!(2))));
    check(&index, ("demo", "app"), &[]);
    check(&index, ("demo", "moved"), &[id]);
    index.lose_object("demo", "app");
    check(&index, ("demo", "moved"), &[]);
}

#[test]
fn what_is_no_secret_is_written_by_nobody() {
    let mut index = Index::default();
    let manifest = json!({ "apiVersion": "v1", "kind": "ConfigMap" });
    index.meet_object(sent(app(5).with("/spec/target/manifest", manifest)));
    check(&index, ("demo", "app"), &[]);
}
