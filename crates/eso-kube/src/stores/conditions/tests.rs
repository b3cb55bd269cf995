//! Which namespaces a ClusterSecretStore lets in.

use std::collections::BTreeMap;

use eso_core::api::secret_store::NamespaceCondition;
use eso_plan::fence::KeyPatterns;
use serde_json::{Value, json};

use super::{Access, Conditions};

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
    let lets_in = |access: Access| matches!(access, Access::Keys(_) | Access::Whole);
    let allowed = lets_in(conditions.access(namespace, &labels(with)));
    assert_eq!(allowed, expected, "{given} for {namespace} {with:?}");
    let by_name = lets_in(conditions.access_by_name(namespace));
    assert!(!by_name || expected, "{given} lets {namespace} in by its name alone");
    assert!(by_name == expected || conditions.ask_for_labels(), "{given} must ask for labels");
}

/// The conditions give a namespace of these labels this access: `None` is all keys, else those of the candidates that it
/// may read.
#[track_caller]
fn check_keys(given: Value, (namespace, with): (&str, &[(&str, &str)]), expected: Option<&[&str]>) {
    let access = conditions(given.clone()).access(namespace, &labels(with));
    let allowed = match &access {
        Access::Whole => None,
        Access::Denied | Access::Undecided(_) => panic!("{given} lets {namespace} not in"),
        Access::Keys(patterns) => Some(
            ["a/1", "b/1", "c/1"].into_iter().filter(|key| patterns.allows(key, None)).collect::<Vec<_>>(),
        ),
    };
    assert_eq!(allowed.as_deref(), expected, "{given} for {namespace} {with:?}");
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
        let allowed = conditions.access(&name, &labels(&[("third", third)])) != Access::Denied;
        assert_eq!(allowed, expected, "{name}");
    }
}

#[test]
fn what_cannot_be_understood_is_told_where() {
    let broken = json!([{}, { "namespaceRegexes": ["fine", "("] }]);
    check_broken(
        broken,
        "failed to compile 1th namespace regex in 1th condition: error parsing regexp: missing closing ): `(`",
    );
    check_broken(
        json!([{ "namespaceRegexes": ["(?=a)"] }]),
        "failed to compile 0th namespace regex in 0th condition: error parsing regexp: invalid or unsupported Perl syntax: `(?=`",
    );
    let expression = json!({ "key": "env", "operator": "Is", "values": [] });
    let broken = json!([{ "namespaceSelector": { "matchExpressions": [expression] } }]);
    check_broken(broken, "\"Is\" is not a valid label selector operator");
}

/// To look for it in a name of 63 characters, the longest that there is, takes more steps than are allowed.
const SLOW: &str = "^(a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*){900}!$";

/// What such a namespace may do, where these conditions besides have no say.
fn access_beside_slow(more: Value) -> Access {
    let slow = json!({ "namespaceRegexes": ["^other$", SLOW], "keys": ["*"] });
    conditions(json!([slow, more])).access_by_name(&"a".repeat(63))
}

#[test]
fn a_pattern_that_takes_too_long_lets_nobody_in_and_is_told() {
    let told = Access::Undecided("1th namespace regex in 0th condition".to_owned());
    assert_eq!(access_beside_slow(json!({})), told);
    assert_eq!(access_beside_slow(json!({ "namespaceRegexes": ["^b"] })), told);
    assert_eq!(access_beside_slow(json!({ "namespaceRegexes": ["^a"] })), Access::Whole);
    let keys = json!({ "namespaceRegexes": ["^a"], "keys": ["b"] });
    assert_eq!(access_beside_slow(keys), Access::Keys(KeyPatterns::new(["b"])));
    let labels =
        json!([{ "namespaceRegexes": [SLOW], "namespaceSelector": { "matchLabels": { "a": "b" } } }]);
    let given = conditions(labels);
    assert_eq!(given.access(&"a".repeat(63), &labels_of("b")), Access::Whole);
    assert!(matches!(given.access(&"a".repeat(63), &labels_of("c")), Access::Undecided(_)));
}

fn labels_of(value: &str) -> BTreeMap<String, String> {
    labels(&[("a", value)])
}

#[test]
fn keys_are_those_of_all_conditions_that_let_in_together() {
    let given = || {
        json!([
            { "namespaceRegexes": ["^team-"], "keys": ["a/*"] },
            { "namespaces": ["team-b"], "keys": ["b/*"] },
            { "namespaceSelector": { "matchLabels": { "c": "yes" } }, "keys": ["c/*"] },
            { "namespaceSelector": { "matchLabels": { "all": "yes" } } }
        ])
    };
    check_keys(given(), ("team-a", &[]), Some(&["a/1"]));
    check_keys(given(), ("team-b", &[]), Some(&["a/1", "b/1"]));
    check_keys(given(), ("team-b", &[("c", "yes")]), Some(&["a/1", "b/1", "c/1"]));
    check_keys(given(), ("other", &[("c", "yes")]), Some(&["c/1"]));
    check_keys(given(), ("team-b", &[("all", "yes")]), None);
    check(given(), "other", &[], false);
}

#[test]
fn a_list_of_keys_that_was_emptied_allows_nothing() {
    for emptied in [json!([]), Value::Null] {
        check_keys(json!([{ "namespaces": ["a"], "keys": emptied }]), ("a", &[]), Some(&[]));
    }
    check_keys(json!([{ "namespaces": ["a"] }]), ("a", &[]), None);
}

#[test]
fn keys_alone_let_nobody_in() {
    check(json!([{ "keys": ["*"] }]), "any", &[], false);
}

#[test]
fn patterns_mean_what_they_mean_to_go() {
    check(json!([{ "namespaceRegexes": [r"^\Qa.b\E$"] }]), "a.b", &[], true);
    check(json!([{ "namespaceRegexes": [r"^\Qa.b\E$"] }]), "acb", &[], false);
    check(json!([{ "namespaceRegexes": ["(?i)^TEAM$"] }]), "team", &[], true);
    check(json!([{ "namespaceRegexes": [r"^a\z"] }]), "a", &[], true);
}

#[test]
fn what_is_not_anchored_is_known() {
    let given = json!([{ "namespaceRegexes": ["^a$", "b"] }, { "namespaceRegexes": ["^c"] }]);
    assert_eq!(conditions(given).loose_patterns(), ["b", "^c"]);
}
