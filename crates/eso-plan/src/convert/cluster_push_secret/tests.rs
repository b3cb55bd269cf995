//! What ClusterPushSecrets ask for, what is refused, and what their status says.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::*;

/// A spec with some fields set.
fn spec(fields: Value) -> Value {
    let mut spec = json!({
        "pushSecretSpec": {
            "secretStoreRefs": [{ "name": "main" }],
            "selector": { "secret": { "name": "db" } },
        },
    });
    if let Value::Object(fields) = fields {
        spec.as_object_mut().unwrap().extend(fields);
    }
    spec
}

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn asked_by(fields: Value) -> Result<Asked, Malformed> {
    asked("shared", &spec(fields))
}

#[track_caller]
fn check_refused(fields: Value, beginning: &str) {
    let problem = asked_by(fields).unwrap_err().to_string();
    assert!(problem.starts_with(beginning), "{problem}");
}

#[track_caller]
fn check_chosen(selectors: &[Value], labels: &[(&str, &str)], expected: bool) {
    let asked = asked_by(json!({ "namespaceSelectors": selectors })).unwrap();
    assert_eq!(asked.choice.holds("x", &map(labels)), expected, "{asked:?}: {labels:?}");
}

#[test]
fn the_push_secrets_have_the_objects_name_where_it_says_no_other() {
    assert_eq!(asked_by(json!({})).unwrap().name, "shared");
    assert_eq!(asked_by(json!({ "pushSecretName": "db.main-1" })).unwrap().name, "db.main-1");
}

#[test]
fn their_spec_is_passed_on_as_it_is() {
    let given = json!({
        "secretStoreRefs": [], "selector": { "unheardOf": 1 }, "refreshInterval": "1m", "unheardOf": [1, 2.0],
    });
    let asked = asked_by(json!({ "pushSecretSpec": given })).unwrap();
    assert_eq!((asked.copy.kind, asked.copy.spec), (CopyKind::PushSecret, given));
}

#[test]
fn they_have_the_labels_and_annotations_that_are_given_and_no_others() {
    let metadata = json!({ "labels": { "a": "1" }, "annotations": { "b": "2" } });
    let copy = asked_by(json!({ "pushSecretMetadata": metadata })).unwrap().copy;
    assert_eq!((copy.labels, copy.annotations), (map(&[("a", "1")]), map(&[("b", "2")])));
    let copy = asked_by(json!({})).unwrap().copy;
    assert_eq!((copy.labels, copy.annotations), (BTreeMap::new(), BTreeMap::new()));
}

#[test]
fn one_selector_is_enough_for_a_namespace_and_without_any_none_is_chosen() {
    let team = |team: &str| json!({ "matchLabels": { "team": team } });
    check_chosen(&[], &[], false);
    check_chosen(&[team("a"), team("b")], &[("team", "b")], true);
    check_chosen(&[team("a"), team("b")], &[("team", "c")], false);
    check_chosen(&[json!({})], &[], true);
}

#[test]
fn what_cannot_be_understood_is_refused_where_it_stands() {
    let selector = json!({ "matchExpressions": [{ "key": "a", "operator": "NotIn" }] });
    check_refused(
        json!({ "namespaceSelectors": [{}, selector] }),
        "failed to get target Namespaces: unable to convert label selector: ",
    );
    check_refused(json!({ "namespaceSelectors": "all" }), "spec.namespaceSelectors cannot be read: ");
    check_refused(json!({ "pushSecretSpec": null }), "spec.pushSecretSpec cannot be read: ");
    let mut unknown = spec(json!({}))["pushSecretSpec"].clone();
    unknown["updatePolicy"] = json!("Sometimes");
    check_refused(json!({ "pushSecretSpec": unknown }), "spec.pushSecretSpec.updatePolicy cannot be read: ");
    check_refused(json!({ "pushSecretName": "DB" }), "spec.pushSecretName is no name of an object");
    let problem = asked("shared", &Value::Null).unwrap_err().to_string();
    assert!(problem.contains("kubectl explain clusterpushsecret.spec"), "{problem}");
}

#[test]
fn a_message_quotes_nothing() {
    let problem = asked_by(json!({ "refreshTime": { "canary": 1 } })).unwrap_err().to_string();
    assert!(!problem.contains("canary"), "{problem}");
}

/// Seconds after the epoch.
fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn status_of(status: Value) -> ClusterPushSecretStatus {
    serde_json::from_value(status).unwrap()
}

#[track_caller]
fn check_written(before: Value, report: &Report, expected: Value) {
    let after = status(&status_of(before), report, at(5));
    assert_eq!(serde_json::to_value(&after).unwrap(), expected);
    assert_eq!(status(&after, report, at(60)), after, "the same report later");
}

#[test]
fn a_status_is_the_originals() {
    let report = Report {
        name: Some("db".to_owned()),
        provisioned: Some(BTreeSet::from(["b".to_owned(), "a".to_owned()])),
        ..Report::default()
    };
    let expected = json!({
        "pushSecretName": "db",
        "provisionedNamespaces": ["a", "b"],
        "conditions": [{ "type": "Ready", "status": "True" }],
    });
    check_written(json!({}), &report, expected.clone());
    let failed = Report {
        failed: map(&[("c", "taken"), ("b", "away")]),
        problem: Some("some failed".to_owned()),
        provisioned: Some(BTreeSet::from(["a".to_owned()])),
        ..report
    };
    let expected_then = json!({
        "pushSecretName": "db",
        "provisionedNamespaces": ["a"],
        "failedNamespaces": [
            { "namespace": "b", "reason": "away" }, { "namespace": "c", "reason": "taken" },
        ],
        "conditions": [{ "type": "Ready", "status": "False", "message": "some failed" }],
    });
    check_written(expected, &failed, expected_then);
}

#[test]
fn what_is_refused_says_so_in_the_originals_words_and_leaves_the_rest_as_it_was() {
    let before = json!({
        "pushSecretName": "db",
        "provisionedNamespaces": ["a"],
        "failedNamespaces": [{ "namespace": "b" }],
        "conditions": [{ "type": "Other", "status": "True" }, { "type": "Ready", "status": "True" }],
    });
    let mut expected = before.clone();
    expected["conditions"][1] = json!({
        "type": "Ready", "status": "False", "reason": "Errored", "message": "no selector",
        "lastTransitionTime": "1970-01-01T00:00:05Z",
    });
    check_written(before, &refused("no selector"), expected);
}

#[test]
fn a_refusal_is_dated_anew_only_where_the_object_was_not_refused_before() {
    let time = |conditions: Value| {
        let after = status(&status_of(json!({ "conditions": conditions })), &refused("why"), at(5));
        after.conditions[0].last_transition_time
    };
    let condition = |status: &str| {
        json!([{
            "type": "Ready", "status": status, "reason": "Errored", "message": "another",
            "lastTransitionTime": "1970-01-01T00:00:03Z",
        }])
    };
    assert_eq!(time(condition("False")), Some(at(3)));
    assert_eq!(time(condition("True")), Some(at(5)));
    assert_eq!(time(json!([{ "type": "Ready", "status": "False", "message": "undated" }])), Some(at(5)));
}
