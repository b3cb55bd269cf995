//! Tests of `labels`: what is selected, and what is no selector.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Selector;

fn parsed(selector: Value) -> Result<Selector, String> {
    Selector::parse(&serde_json::from_value(selector).unwrap())
}

#[track_caller]
fn check(selector: Value, labels: &[(&str, &str)], expected: bool) {
    let selector = parsed(selector).unwrap();
    let labels: BTreeMap<_, _> =
        labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    assert_eq!(selector.selects(&labels), expected, "{selector:?} of {labels:?}");
}

fn expression(operator: &str, values: &[&str]) -> Value {
    json!({ "matchExpressions": [{ "key": "env", "operator": operator, "values": values }] })
}

#[track_caller]
fn refused(selector: Value, expected: &str) {
    let problem = parsed(selector).unwrap_err();
    assert!(problem.starts_with(expected), "{problem}");
}

#[test]
fn an_empty_selector_selects_everything() {
    check(json!({}), &[], true);
    check(json!({ "matchLabels": {}, "matchExpressions": [] }), &[("env", "prod")], true);
}

#[test]
fn all_that_is_required_must_hold() {
    let both = || json!({ "matchLabels": { "env": "prod", "team": "a" } });
    check(both(), &[("env", "prod"), ("team", "a"), ("more", "")], true);
    check(both(), &[("env", "prod")], false);
    let mixed = || {
        let mut mixed = expression("NotIn", &["test"]);
        mixed["matchLabels"] = json!({ "team": "a" });
        mixed
    };
    check(mixed(), &[("team", "a")], true);
    check(mixed(), &[("team", "a"), ("env", "test")], false);
    check(mixed(), &[("env", "prod")], false);
}

#[test]
fn each_operator_means_what_it_means_to_kubernetes() {
    check(expression("In", &["prod", "test"]), &[("env", "test")], true);
    check(expression("In", &["prod"]), &[("env", "test")], false);
    check(expression("In", &["prod"]), &[], false);
    check(expression("NotIn", &["prod"]), &[("env", "test")], true);
    check(expression("NotIn", &["prod"]), &[("env", "prod")], false);
    check(expression("NotIn", &["prod"]), &[], true);
    check(expression("Exists", &[]), &[("env", "")], true);
    check(expression("Exists", &[]), &[], false);
    check(expression("DoesNotExist", &[]), &[], true);
    check(expression("DoesNotExist", &[]), &[("env", "")], false);
}

#[test]
fn what_kubernetes_refuses_is_refused() {
    refused(expression("Is", &[]), "\"Is\" is not a valid label selector operator");
    refused(expression("in", &["prod"]), "\"in\" is not a valid label selector operator");
    refused(expression("In", &[]), "for 'in', 'notin' operators, values set can't be empty");
    refused(expression("NotIn", &[]), "for 'in', 'notin' operators, values set can't be empty");
    refused(expression("Exists", &["prod"]), "values set must be empty for exists and does not exist");
    refused(expression("DoesNotExist", &["prod"]), "values set must be empty for exists and does not exist");
}

#[test]
fn a_selector_that_requires_nothing_is_told() {
    assert!(parsed(json!({})).unwrap().requires_nothing());
    assert!(!parsed(expression("Exists", &[])).unwrap().requires_nothing());
}

#[test]
fn a_selector_is_printed_as_the_api_server_is_asked_with_it() {
    let printed = |selector: Value| parsed(selector).unwrap().to_string();
    assert_eq!(printed(json!({ "matchLabels": { "a/b": "c", "d": "" } })), "a/b in (c),d in ()");
    assert_eq!(printed(expression("NotIn", &["x", "y"])), "env notin (x,y)");
    assert_eq!(printed(expression("Exists", &[])), "env");
    assert_eq!(printed(expression("DoesNotExist", &[])), "!env");
}
