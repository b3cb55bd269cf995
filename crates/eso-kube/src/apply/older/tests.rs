//! When a Secret is left as it is, whoever wrote it.

use eso_plan::desired::Ownership;
use eso_testkit::objects::object;
use serde_json::{Value, json};

use super::*;

/// The marks of `demo/app`, of the older group, with this template.
fn marks(template: &Value) -> Marks {
    let object = object("app").stored("uid", 1).with("/spec/target/template", template.clone()).build();
    Marks::wanted_by_older(&object, Ownership::Own)
}

/// A Secret as the older controller wrote it, but for what is put over it.
#[track_caller]
fn check(template: Value, changes: &[(&str, Value)], expected: bool) {
    let mut secret = json!({
        "type": "Opaque",
        "metadata": {
            "name": "app",
            "ownerReferences": [{
                "apiVersion": "kubernetes-client.io/v1", "kind": "ExternalSecret", "name": "app", "uid": "uid",
                "controller": true,
            }],
        },
    });
    for (pointer, value) in changes {
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        secret.pointer_mut(parent).unwrap()[field] = value.clone();
    }
    let metadata = serde_json::from_value(secret["metadata"].clone()).unwrap();
    let shape = serde_json::from_value(secret.clone()).unwrap();
    assert_eq!(is_as_wanted(&metadata, &shape, &marks(&template)), expected, "{template} {secret}");
}

#[test]
fn a_secret_of_the_older_controller_needs_no_write() {
    check(json!({}), &[], true);
    check(json!({ "type": "Opaque" }), &[], true);
    check(json!({}), &[("/type", json!("kubernetes.io/tls"))], true);
    check(json!({}), &[("/metadata/labels", json!({ "theirs": "1" }))], true);
}

#[test]
fn what_it_should_be_and_is_not_is_written() {
    check(json!({ "type": "kubernetes.io/tls" }), &[], false);
    check(json!({}), &[("/metadata/ownerReferences", json!([]))], false);
    check(json!({}), &[("/metadata/ownerReferences/0/uid", json!("another"))], false);
}

#[test]
fn labels_and_annotations_of_a_template_are_compared_when_they_are_rendered() {
    let dress = eso_plan::desired::Dress {
        labels: [("a".to_owned(), "b".to_owned())].into(),
        annotations: [("cat".to_owned(), "cheese".to_owned())].into(),
        ..Default::default()
    };
    let marks = marks(&json!({})).dressed(Some(&dress));
    let owner = json!([{ "apiVersion": "", "kind": "", "name": "app", "uid": "uid", "controller": true }]);
    let check = |labels: Value, annotations: Value, expected: bool| {
        let metadata = json!({ "ownerReferences": owner, "labels": labels, "annotations": annotations });
        let metadata = serde_json::from_value(metadata).unwrap();
        assert_eq!(is_as_wanted(&metadata, &Shape::default(), &marks), expected, "{labels} {annotations}");
    };
    check(json!({ "a": "b", "more": "" }), json!({ "cat": "cheese" }), true);
    check(json!({ "a": "c" }), json!({ "cat": "cheese" }), false);
    check(json!({ "a": "b" }), json!({}), false);
}
