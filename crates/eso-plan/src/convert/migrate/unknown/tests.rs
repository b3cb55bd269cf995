//! Fields that a kind does not have, by their paths.

use serde_json::{Value, json};

use super::fields;

#[track_caller]
fn check(given: Value, read: Value, expected: &[&str]) {
    assert_eq!(fields(&given, &read), expected);
}

#[test]
fn a_field_that_is_lost_is_named_by_its_path() {
    check(json!({ "a": { "b": 1, "c": 2 } }), json!({ "a": { "b": 1 } }), &["a.c"]);
    check(json!({ "a": [{ "b": 1 }, { "c": 2 }] }), json!({ "a": [{ "b": 1 }, {}] }), &["a[1].c"]);
    check(json!({ "a": { "b": { "c": 1 } } }), json!({}), &["a"]);
}

#[test]
fn what_is_empty_is_not_lost() {
    check(json!({ "a": null, "b": [], "c": {}, "d": "" }), json!({}), &[]);
    check(json!({ "a": false, "b": 0 }), json!({}), &["a", "b"]);
}

#[test]
fn a_value_that_is_written_otherwise_is_not_lost() {
    check(json!({ "a": "1h" }), json!({ "a": "1h0m0s" }), &[]);
}
