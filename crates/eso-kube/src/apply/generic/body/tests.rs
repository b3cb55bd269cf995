//! What becomes of an object that is no Secret.

use eso_core::{api::external_secret::ExternalSecret, value::SecretBytes};
use eso_plan::{desired::Dress, fields::FieldPath};
use serde_json::json;

use super::*;
use crate::marks::Marks;

const MAP: (&str, &str) = ("v1", "ConfigMap");
const PROVIDER: (&str, &str) = ("notification.toolkit.fluxcd.io/v1beta3", "Provider");

fn kind((api_version, kind): (&str, &str)) -> Manifest {
    Manifest { api_version: api_version.into(), kind: kind.into() }
}

fn marks(ownership: Ownership, templated: bool) -> Marks {
    let target = if templated { json!({ "template": {} }) } else { json!({}) };
    let object = json!({
        "metadata": { "name": "app", "namespace": "demo", "uid": "u-1", "labels": { "team": "a" } },
        "spec": { "target": target },
    });
    let object: ExternalSecret = serde_json::from_value(object).unwrap();
    Marks::wanted_by(&object, ownership)
}

fn content(entries: &[(&str, &[u8])], fields: &[(&str, Value)]) -> Content {
    let entries =
        entries.iter().map(|(name, value)| ((*name).to_owned(), SecretBytes::new(*value))).collect();
    let mut dress = Dress::default();
    for (path, value) in fields {
        dress.fields.put(&FieldPath::parse(path).unwrap(), value.clone(), &mut 0).unwrap();
    }
    Content { entries, dress: (!fields.is_empty()).then_some(dress) }
}

fn made(
    of: (&str, &str),
    marks: &Marks,
    content: &Content,
    before: Option<Value>,
) -> Result<Value, WriteError> {
    let before = before.map(|before| serde_json::from_value(before).unwrap());
    let place = Place { namespace: "demo", name: "app", marks };
    let object = wanted(Body { kind: &kind(of), place, content, leftover: None }, before)?;
    Ok(serde_json::to_value(object).unwrap())
}

#[test]
fn entries_are_data_of_a_config_map_and_spec_data_of_others() {
    let marks = marks(Ownership::Own, false);
    let content = content(&[("user", b"joe"), ("key", &[0xff, 0])], &[]);
    let map = made(MAP, &marks, &content, None).unwrap();
    assert_eq!(map["data"], json!({ "user": "joe" }));
    assert_eq!(map["binaryData"], json!({ "key": "/wA=" }));
    assert_eq!(map["metadata"]["labels"]["reconcile.external-secrets.io/managed"], "true");
    assert_eq!(map["metadata"]["labels"]["team"], "a");
    assert_eq!(map["metadata"]["ownerReferences"][0]["uid"], "u-1");
    let hash = digest::of_text("map[user:joe]");
    assert_eq!(map["metadata"]["annotations"]["reconcile.external-secrets.io/data-hash"], hash);

    let refused = made(PROVIDER, &marks, &content, None);
    let problem = "key is no UTF-8 text, and only a ConfigMap takes bytes";
    assert_eq!(refused, Err(WriteError::Invalid(problem.into())));
    let content = super::tests::content(&[("user", b"joe")], &[]);
    let provider = made(PROVIDER, &marks, &content, None).unwrap();
    assert_eq!(provider["spec"], json!({ "data": { "user": "joe" } }));
    assert_eq!((&provider["kind"], &provider["data"]), (&json!("Provider"), &Value::Null));
}

#[test]
fn what_templates_make_stands_where_they_say() {
    let marks = marks(Ownership::Own, true);
    let content = content(&[], &[("spec.slack", json!({ "url": "u" }))]);
    let provider = made(PROVIDER, &marks, &content, None).unwrap();
    assert_eq!(provider["spec"], json!({ "slack": { "url": "u" } }));
    assert_eq!(provider.get("data"), None);
    let content = super::tests::content(&[("a", b"1")], &[("spec.on", json!(true))]);
    let provider = made(PROVIDER, &marks, &content, None).unwrap();
    assert_eq!((&provider["spec"], &provider["data"]), (&json!({ "on": true }), &json!({ "a": "1" })));
}

/// An object that others have filled, too.
fn theirs() -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {
            "name": "app", "namespace": "demo", "uid": "u-9", "resourceVersion": "7",
            "labels": { "theirs": "1", "gone": "1", "reconcile.external-secrets.io/created-by": "x" },
            "ownerReferences": [{ "apiVersion": "v1", "kind": "Node", "name": "n", "uid": "u-2" }],
        },
        "data": { "old": "1", "user": "old" },
        "binaryData": { "b": "AA==" },
        "status": { "ready": true },
    })
}

#[test]
fn one_that_is_ours_holds_what_we_say_and_keeps_the_rest() {
    let content = content(&[("user", b"joe")], &[]);
    let owned = made(MAP, &marks(Ownership::Own, false), &content, Some(theirs())).unwrap();
    assert_eq!((&owned["data"], owned.get("binaryData")), (&json!({ "user": "joe" }), None));
    assert_eq!(owned["status"], json!({ "ready": true }));
    assert_eq!(owned["metadata"]["resourceVersion"], "7");
    assert_eq!(owned["metadata"]["labels"]["theirs"], "1");
    assert_eq!(owned["metadata"]["ownerReferences"].as_array().unwrap().len(), 2);
    let again = made(MAP, &marks(Ownership::Own, false), &content, Some(owned.clone())).unwrap();
    assert_eq!(again, owned, "what is as it must be stays so");
}

#[test]
fn one_that_is_shared_is_merged_with() {
    let content = content(&[("user", b"joe")], &[]);
    let share = Ownership::Share { create: false };
    let shared = made(MAP, &marks(share, false), &content, Some(theirs())).unwrap();
    assert_eq!(shared["data"], json!({ "old": "1", "user": "joe" }));
    assert_eq!(shared["binaryData"], json!({ "b": "AA==" }));
    assert_eq!(shared["metadata"]["labels"].get("reconcile.external-secrets.io/created-by"), None);
    assert_eq!(shared["metadata"]["ownerReferences"].as_array().unwrap().len(), 1);
}

#[test]
fn what_must_go_goes() {
    let marks = marks(Ownership::Own, false);
    let leftover = Leftover { labels: vec!["gone".into()], annotations: Vec::new() };
    let place = Place { namespace: "demo", name: "app", marks: &marks };
    let content = content(&[("user", b"joe")], &[]);
    let body = Body { kind: &kind(MAP), place, content: &content, leftover: Some(&leftover) };
    let object = wanted(body, Some(serde_json::from_value(theirs()).unwrap())).unwrap();
    let labels = object.metadata.labels.unwrap();
    assert!(labels.contains_key("theirs") && !labels.contains_key("gone"));
}

/// The object with what its field manager wrote before.
fn written_before(mut object: Value, fields: Value) -> Value {
    let manager = marks(Ownership::Own, false).manager;
    let entry =
        json!({ "manager": manager, "operation": "Update", "fieldsType": "FieldsV1", "fieldsV1": fields });
    object["metadata"]["managedFields"] = json!([entry]);
    object
}

#[test]
fn entries_that_we_made_of_a_shared_object_and_make_no_more_go() {
    let share = marks(Ownership::Share { create: false }, false);
    let content = content(&[("user", b"joe")], &[]);
    let before = written_before(theirs(), json!({ "f:data": { "f:user": {}, "f:old": {} } }));
    assert_eq!(made(MAP, &share, &content, Some(before)).unwrap()["data"], json!({ "user": "joe" }));
    let widget = json!({
        "metadata": { "name": "app" }, "spec": { "data": { "old": "1", "theirs": "1" }, "type": "slack" },
    });
    let before = written_before(widget, json!({ "f:spec": { "f:data": { "f:old": {} } } }));
    let spec = &made(PROVIDER, &share, &content, Some(before)).unwrap()["spec"];
    assert_eq!(spec, &json!({ "data": { "theirs": "1", "user": "joe" }, "type": "slack" }));
}

#[test]
fn a_field_that_we_made_of_an_own_object_and_make_no_more_goes() {
    let widget = json!({
        "metadata": { "name": "app" }, "spec": { "data": { "password": "x" } }, "config": 1, "status": { "a": 1 },
    });
    let fields = json!({ "f:spec": { "f:data": { "f:password": {} } }, "f:metadata": {}, "f:status": {} });
    let templated = marks(Ownership::Own, true);
    let content = content(&[("user", b"joe")], &[]);
    let made = made(PROVIDER, &templated, &content, Some(written_before(widget, fields))).unwrap();
    assert_eq!((made.get("spec"), &made["data"]), (None, &json!({ "user": "joe" })));
    assert_eq!((&made["config"], &made["status"]), (&json!(1), &json!({ "a": 1 })));
}

#[test]
fn an_entry_that_changes_between_text_and_bytes_stands_in_one_place() {
    let share = marks(Ownership::Share { create: false }, false);
    let before = json!({ "metadata": { "name": "app" }, "data": { "k": "text", "t": "1" } });
    let bytes = made(MAP, &share, &content(&[("k", &[0xff])], &[]), Some(before)).unwrap();
    assert_eq!((&bytes["data"], &bytes["binaryData"]), (&json!({ "t": "1" }), &json!({ "k": "/w==" })));
    let text = made(MAP, &share, &content(&[("k", b"x")], &[]), Some(bytes)).unwrap();
    assert_eq!((&text["data"], &text["binaryData"]), (&json!({ "k": "x", "t": "1" }), &json!({})));
}
