//! Which namespaces a ClusterSecretStore lets in.

use std::collections::BTreeMap;

use eso_core::api::secret_store::NamespaceCondition;
use serde_json::{Value, json};

use super::Conditions;

fn conditions(conditions: Value) -> Conditions {
    let conditions: Vec<NamespaceCondition> = serde_json::from_value(conditions).unwrap();
    Conditions::parse(&conditions).unwrap()
}

fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[track_caller]
fn check(given: Value, namespace: &str, with: &[(&str, &str)], expected: bool) {
    let conditions = conditions(given.clone());
    assert_eq!(conditions.allow(namespace, &labels(with)), expected, "{given} for {namespace} {with:?}");
    let by_name = conditions.allow_name(namespace);
    assert!(!by_name || expected, "{given} lets {namespace} in by its name alone");
    assert!(by_name == expected || conditions.ask_for_labels(), "{given} must ask for labels");
}

#[track_caller]
fn check_broken(given: Value, expected: &str) {
    let conditions: Vec<NamespaceCondition> = serde_json::from_value(given).unwrap();
    let problem = Conditions::parse(&conditions).unwrap_err();
    assert!(problem.starts_with(expected), "{problem}");
    assert_eq!(problem.lines().count(), 1, "{problem}");
}

#[test]
fn no_condition_lets_everybody_in_and_an_empty_one_nobody() {
    check(json!([]), "any", &[], true);
    check(json!([{}]), "any", &[], false);
    check(json!([{}, { "namespaces": ["any"] }]), "any", &[], true);
}

#[test]
fn a_name_is_the_whole_name() {
    let given = || json!([{ "namespaces": ["one", "two"] }]);
    check(given(), "one", &[], true);
    check(given(), "two", &[], true);
    check(given(), "one-more", &[], false);
    check(given(), "three", &[("kubernetes.io/metadata.name", "one")], false);
}

#[test]
fn a_pattern_matches_anywhere_unless_it_is_anchored() {
    check(json!([{ "namespaceRegexes": ["team"] }]), "my-team-a", &[], true);
    check(json!([{ "namespaceRegexes": ["^team"] }]), "my-team-a", &[], false);
    check(json!([{ "namespaceRegexes": ["^team-[a-c]$"] }]), "team-b", &[], true);
    check(json!([{ "namespaceRegexes": ["^team-[a-c]$"] }]), "team-bb", &[], false);
    check(json!([{ "namespaceRegexes": [r"-\d+$"] }]), "team-12", &[], true);
    check(json!([{ "namespaceRegexes": [r"^\w+$"] }]), "team-12", &[], false);
    check(json!([{ "namespaceRegexes": [r"\bprod\b"] }]), "a-prod-b", &[], true);
    check(json!([{ "namespaceRegexes": ["x", "y"] }]), "a-y", &[], true);
    check(json!([{ "namespaceRegexes": [""] }]), "any", &[], true);
}

#[test]
fn labels_are_selected_as_kubernetes_does() {
    let equal = || json!([{ "namespaceSelector": { "matchLabels": { "env": "prod", "team": "a" } } }]);
    check(equal(), "x", &[("env", "prod"), ("team", "a"), ("more", "")], true);
    check(equal(), "x", &[("env", "prod")], false);
    check(json!([{ "namespaceSelector": {} }]), "x", &[], true);
    let expression = |operator: &str, values: &[&str]| {
        let expression = json!({ "key": "env", "operator": operator, "values": values });
        json!([{ "namespaceSelector": { "matchExpressions": [expression] } }])
    };
    check(expression("In", &["prod", "test"]), "x", &[("env", "test")], true);
    check(expression("In", &["prod"]), "x", &[("env", "test")], false);
    check(expression("In", &["prod"]), "x", &[], false);
    check(expression("NotIn", &["prod"]), "x", &[("env", "test")], true);
    check(expression("NotIn", &["prod"]), "x", &[("env", "prod")], false);
    check(expression("NotIn", &["prod"]), "x", &[], true);
    check(expression("Exists", &[]), "x", &[("env", "")], true);
    check(expression("Exists", &[]), "x", &[], false);
    check(expression("DoesNotExist", &[]), "x", &[], true);
    check(expression("DoesNotExist", &[]), "x", &[("env", "")], false);
}

#[test]
fn one_that_holds_is_enough() {
    let given = || {
        json!([
            { "namespaces": ["one"], "namespaceRegexes": ["^two"] },
            { "namespaceSelector": { "matchLabels": { "three": "3" } } }
        ])
    };
    check(given(), "one", &[], true);
    check(given(), "two-b", &[], true);
    check(given(), "other", &[("three", "3")], true);
    check(given(), "other", &[("three", "4")], false);
}

#[test]
fn two_hundred_namespaces_agree_with_an_oracle() {
    let conditions = conditions(json!([
        { "namespaces": ["ns-7"], "namespaceRegexes": ["1[0-4]", "^ns-9$"] },
        { "namespaceSelector": { "matchLabels": { "third": "yes" } } }
    ]));
    for number in 0..200 {
        let name = format!("ns-{number}");
        let third = if number % 3 == 0 { "yes" } else { "no" };
        let in_the_pattern = ["10", "11", "12", "13", "14"].iter().any(|part| name.contains(part));
        let expected = number == 7 || number == 9 || in_the_pattern || number % 3 == 0;
        assert_eq!(conditions.allow(&name, &labels(&[("third", third)])), expected, "{name}");
    }
}

#[test]
fn what_cannot_be_understood_is_told_where() {
    let broken = json!([{}, { "namespaceRegexes": ["fine", "("] }]);
    check_broken(broken, "failed to compile 1th namespace regex in 1th condition: ");
    let expression = json!({ "key": "env", "operator": "Is", "values": [] });
    let broken = json!([{ "namespaceSelector": { "matchExpressions": [expression] } }]);
    check_broken(broken, "\"Is\" is not a valid label selector operator");
}
