//! What ClusterExternalSecrets ask for, what is refused, and what their status says.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::*;

/// A spec with some fields set.
fn spec(fields: Value) -> Value {
    let mut spec = json!({ "externalSecretSpec": { "dataFrom": [{ "extract": { "key": "db" } }] } });
    if let Value::Object(fields) = fields {
        spec.as_object_mut().unwrap().extend(fields);
    }
    spec
}

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn asked_by(fields: Value) -> Result<Asked, Malformed> {
    asked("shared", None, &spec(fields))
}

#[track_caller]
fn check_refused(fields: Value, beginning: &str) {
    let problem = asked_by(fields).unwrap_err().to_string();
    assert!(problem.starts_with(beginning), "{problem}");
}

#[track_caller]
fn check_chosen(fields: Value, name: &str, labels: &[(&str, &str)], expected: bool) {
    let asked = asked_by(fields).unwrap();
    assert_eq!(asked.choice.holds(name, &map(labels)), expected, "{asked:?}: {name} {labels:?}");
}

#[test]
fn the_external_secrets_have_the_objects_name_where_it_says_no_other() {
    assert_eq!(asked_by(json!({})).unwrap().name, "shared");
    assert_eq!(asked_by(json!({ "externalSecretName": "db.main-1" })).unwrap().name, "db.main-1");
}

#[test]
fn their_spec_is_passed_on_as_it_is() {
    let given = json!({ "target": { "creationPolicy": "Owner" }, "data": [], "unheardOf": [1, 2.0] });
    let asked = asked_by(json!({ "externalSecretSpec": given })).unwrap();
    assert_eq!(asked.copy.spec, given);
}

#[test]
fn they_have_the_labels_and_annotations_that_are_given_and_no_others() {
    let metadata = json!({ "labels": { "a": "1" }, "annotations": { "b": "2" } });
    let spec = spec(json!({ "externalSecretMetadata": metadata }));
    let own = map(&[("kubectl.kubernetes.io/last-applied-configuration", "{}")]);
    let copy = asked("shared", Some(&own), &spec).unwrap().copy;
    assert_eq!((copy.labels, copy.annotations), (map(&[("a", "1")]), map(&[("b", "2")])));
    let copy = asked_by(json!({})).unwrap().copy;
    assert_eq!((copy.labels, copy.annotations), (BTreeMap::new(), BTreeMap::new()));
}

#[test]
fn they_have_the_force_sync_annotation_of_the_object_itself() {
    let given = json!({ "externalSecretMetadata": { "annotations": { FORCE_SYNC: "theirs", "b": "2" } } });
    let annotations = |own: Option<&BTreeMap<String, String>>| {
        asked("shared", own, &spec(given.clone())).unwrap().copy.annotations
    };
    assert_eq!(annotations(Some(&map(&[(FORCE_SYNC, "1")]))), map(&[(FORCE_SYNC, "1"), ("b", "2")]));
    assert_eq!(annotations(None), map(&[("b", "2")]));
}

#[test]
fn each_way_to_choose_namespaces_is_taken() {
    let team = |team: &str| json!({ "matchLabels": { "team": team } });
    check_chosen(json!({}), "x", &[], false);
    check_chosen(json!({ "namespaces": ["x", "y"] }), "y", &[], true);
    check_chosen(json!({ "namespaces": ["x", "y"] }), "z", &[], false);
    check_chosen(json!({ "namespaceSelector": team("a") }), "x", &[("team", "a")], true);
    check_chosen(json!({ "namespaceSelector": team("a") }), "x", &[("team", "b")], false);
    let all = json!({
        "namespaces": ["x"], "namespaceSelector": team("a"), "namespaceSelectors": [team("b"), team("c")],
    });
    for (name, labels, expected) in [
        ("x", &[][..], true),
        ("y", &[("team", "a")], true),
        ("y", &[("team", "b")], true),
        ("y", &[("team", "c")], true),
        ("y", &[("team", "d")], false),
    ] {
        check_chosen(all.clone(), name, labels, expected);
    }
    check_chosen(json!({ "namespaceSelectors": [{}] }), "any", &[], true);
}

#[test]
fn what_cannot_be_understood_is_refused_where_it_stands() {
    let expression = |operator: &str| json!({ "matchExpressions": [{ "key": "a", "operator": operator }] });
    let selector = "unable to convert labelselector: ";
    check_refused(json!({ "namespaceSelector": expression("Is") }), selector);
    check_refused(json!({ "namespaceSelectors": [{}, expression("NotIn")] }), selector);
    check_refused(json!({ "namespaces": "all" }), "spec.namespaces cannot be read: ");
    check_refused(json!({ "externalSecretSpec": null }), "spec.externalSecretSpec cannot be read: ");
    let unknown = json!({ "refreshPolicy": "Sometimes" });
    check_refused(
        json!({ "externalSecretSpec": unknown }),
        "spec.externalSecretSpec.refreshPolicy cannot be read: ",
    );
    assert!(asked("shared", None, &Value::Null).is_err());
}

#[test]
fn a_name_that_no_object_can_have_is_refused() {
    let long = "a".repeat(254);
    for name in ["", "DB", "a_b", "-a", "a-", "a..b", ".a", "ä", long.as_str()] {
        check_refused(
            json!({ "externalSecretName": name }),
            "spec.externalSecretName is no name of an object",
        );
    }
    assert!(asked_by(json!({ "externalSecretName": "a".repeat(253) })).is_ok());
}

#[test]
fn a_message_quotes_nothing() {
    let problem = asked_by(json!({ "namespaces": [{ "canary": 1 }] })).unwrap_err().to_string();
    assert!(!problem.contains("canary"), "{problem}");
}

fn written(before: &ClusterExternalSecretStatus, report: &Report) -> Value {
    serde_json::to_value(status(before, report)).unwrap()
}

#[test]
fn a_status_is_the_originals() {
    let report = Report {
        name: Some("db".to_owned()),
        provisioned: Some(BTreeSet::from(["b".to_owned(), "a".to_owned()])),
        ..Report::default()
    };
    let expected = json!({
        "externalSecretName": "db",
        "provisionedNamespaces": ["a", "b"],
        "conditions": [{ "type": "Ready", "status": "True" }],
    });
    assert_eq!(written(&ClusterExternalSecretStatus::default(), &report), expected);
    let failed = Report {
        failed: map(&[("c", "taken"), ("b", "away")]),
        problem: Some("some failed".to_owned()),
        provisioned: Some(BTreeSet::from(["a".to_owned()])),
        ..report
    };
    let expected = json!({
        "externalSecretName": "db",
        "provisionedNamespaces": ["a"],
        "failedNamespaces": [
            { "namespace": "b", "reason": "away" }, { "namespace": "c", "reason": "taken" },
        ],
        "conditions": [{ "type": "Ready", "status": "False", "message": "some failed" }],
    });
    assert_eq!(written(&ClusterExternalSecretStatus::default(), &failed), expected);
}

#[test]
fn what_a_report_does_not_know_stays_as_it_was() {
    let before: ClusterExternalSecretStatus = serde_json::from_value(json!({
        "externalSecretName": "db",
        "provisionedNamespaces": ["a"],
        "failedNamespaces": [{ "namespace": "b" }],
        "conditions": [{ "type": "Ready", "status": "True" }, { "type": "Other", "status": "True" }],
    }))
    .unwrap();
    let expected = json!({
        "externalSecretName": "db",
        "provisionedNamespaces": ["a"],
        "failedNamespaces": [{ "namespace": "unknown", "reason": "no selector" }],
        "conditions": [
            { "type": "Other", "status": "True" },
            { "type": "Ready", "status": "False", "message": "one or more namespaces failed: no selector" },
        ],
    });
    assert_eq!(written(&before, &Report::refused("no selector")), expected);
}
