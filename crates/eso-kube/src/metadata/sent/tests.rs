//! Tests of `sent`.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ManagedFieldsEntry, ObjectMeta};
use serde_json::{Value, json};

use super::{UNREADABLE, managed_fields, metadata};

fn sent(fields: &Value) -> String {
    json!({ "kind": "Secret", "metadata": fields }).to_string()
}

#[test]
fn everything_that_is_used_is_read() {
    let owner = json!([{
        "apiVersion": "v1", "kind": "Thing", "name": "owner", "uid": "2",
        "controller": true, "blockOwnerDeletion": true,
    }]);
    let fields = json!({
        "name": "app",
        "namespace": "demo",
        "uid": "1",
        "resourceVersion": "7",
        "generation": 3,
        "labels": { "a": "b" },
        "annotations": { "c": "d" },
        "ownerReferences": owner,
        "finalizers": ["f"],
        "deletionTimestamp": "2026-11-22T03:55:21Z",
    });
    let expected: ObjectMeta = serde_json::from_value(fields.clone()).unwrap();
    assert_eq!(metadata(&sent(&fields)).unwrap(), expected);
    assert_eq!(metadata(&sent(&json!({}))).unwrap(), ObjectMeta::default());
}

#[test]
fn times_that_are_none_here_leave_the_rest_readable() {
    let endless = "9999-12-31T23:59:59Z";
    let fields = json!({ "name": "app", "creationTimestamp": endless, "deletionTimestamp": endless });
    let found = metadata(&sent(&fields)).unwrap();
    assert_eq!(found.name.as_deref(), Some("app"));
    assert_eq!(found.deletion_timestamp.map(|time| time.0), Some(Timestamp::MAX), "it is being deleted");
}

#[track_caller]
fn check(entry: &Value, expected: &ManagedFieldsEntry) {
    let text = sent(&json!({ "name": "app", "managedFields": [entry] }));
    assert_eq!(managed_fields(&text).unwrap(), std::slice::from_ref(expected), "{entry}");
    assert_eq!(metadata(&text).unwrap().name.as_deref(), Some("app"), "{entry}");
}

/// The fields of an entry that are used.
fn entry(manager: &str, time: Option<&str>, fields: Option<Value>) -> ManagedFieldsEntry {
    serde_json::from_value(json!({ "manager": manager, "time": time, "fieldsV1": fields })).unwrap()
}

#[test]
fn each_managed_field_is_read_by_itself() {
    let (time, fields) = ("2026-11-22T03:55:21Z", json!({ "f:data": { "f:a": {} } }));
    let with = |name: &str, value: Value| {
        let mut entry = json!({ "manager": "m", "time": time, "fieldsV1": fields });
        entry[name] = value;
        entry
    };
    let whole = entry("m", Some(time), Some(fields.clone()));
    check(&with("operation", json!("Update")), &whole);
    check(&with("time", json!("9999-12-31T23:59:59Z")), &entry("m", None, Some(fields.clone())));
    check(&with("fieldsV1", Value::Null), &entry("m", Some(time), None));
    let unreadable = || ManagedFieldsEntry {
        fields_v1: Some(super::FieldsV1(UNREADABLE)),
        ..ManagedFieldsEntry::default()
    };
    check(&json!("a text"), &unreadable());
    check(&with("manager", json!(7)), &unreadable());
    assert_eq!(managed_fields(&sent(&json!({}))), None);
}

#[test]
fn fields_that_are_nested_too_deeply_are_unreadable_by_themselves() {
    let deep = format!("{}{{}}{}", r#"{"f:a":"#.repeat(200), "}".repeat(200));
    let good = r#"{"manager":"good","fieldsV1":{"f:data":{}}}"#;
    let text = format!(r#"{{"metadata":{{"managedFields":[{{"manager":"m","fieldsV1":{deep}}},{good}]}}}}"#);
    let found = managed_fields(&text).unwrap();
    assert_eq!(found[0].manager.as_deref(), Some("m"));
    assert_eq!(found[0].fields_v1.as_ref().map(|fields| &fields.0), Some(&UNREADABLE));
    assert_eq!(found[1], entry("good", None, Some(json!({ "f:data": {} }))));
}
