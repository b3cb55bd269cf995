//! What is understood of a store, and what is said where it is not.

use std::time::Duration;

use eso_core::key::StoreKind;
use serde_json::{Value, json};

use super::{Parsed, Specification};
use crate::controllers::fixtures::ToNothing;
use crate::stores::conditions::Access;
use crate::watch::{Object, UNREADABLE_SPEC};

fn parsed(kind: StoreKind, spec: Value) -> Parsed {
    let metadata = json!({ "name": "store", "namespace": "demo", "uid": "u", "generation": 3 });
    Parsed::new(kind, Object::sent(json!({ "metadata": metadata, "spec": spec })), &ToNothing)
}

fn fake(more: Value) -> Value {
    let mut spec = json!({ "provider": { "fake": { "data": [] } } });
    spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    spec
}

fn specification(more: Value) -> Result<Specification, String> {
    parsed(StoreKind::ClusterSecretStore, fake(more)).specification
}

#[test]
fn a_spec_that_cannot_be_read_is_a_problem_of_its_store() {
    let object = Object { spec: None, ..Object::sent(json!({ "metadata": { "name": "store" } })) };
    let found = Parsed::new(StoreKind::ClusterSecretStore, object, &ToNothing);
    assert_eq!((found.key.name.as_str(), found.class.as_str()), ("store", ""));
    assert_eq!(found.specification.unwrap_err(), UNREADABLE_SPEC);
}

#[track_caller]
fn check_interval(given: Value, expected: Option<u64>) {
    let found = specification(json!({ "refreshInterval": given })).unwrap().refresh_interval;
    assert_eq!(found, expected.map(Duration::from_secs), "{given}");
}

#[track_caller]
fn check_problem(spec: Value, expected: &str) {
    let problem = parsed(StoreKind::ClusterSecretStore, spec).specification.unwrap_err();
    assert_eq!(problem, expected);
}

#[track_caller]
fn check_retries(provider: Value, retry: Value, expected: (u32, Duration)) {
    let spec = json!({ "provider": provider, "retrySettings": retry });
    let settings = parsed(StoreKind::SecretStore, spec).specification.unwrap().settings;
    assert_eq!((settings.retries, settings.retry_interval), expected, "{retry}");
}

#[test]
fn the_interval_is_in_seconds_or_a_go_duration_and_none_where_it_is_nothing() {
    check_interval(json!(90), Some(90));
    check_interval(json!("1h30m"), Some(5400));
    check_interval(json!("0"), None);
    check_interval(json!(0), None);
    check_interval(json!(""), None);
    check_interval(Value::Null, None);
    let negative = |given: Value| fake(json!({ "refreshInterval": given }));
    check_problem(negative(json!(-1)), "invalid refreshInterval -1: must not be negative");
    check_problem(negative(json!("-5s")), "invalid refreshInterval \"-5s\": must not be negative");
    check_problem(
        negative(json!("soon")),
        "invalid refreshInterval \"soon\": not a duration such as 1h, 30s or 1h0m0s",
    );
}

#[test]
fn exactly_one_provider_is_asked_for() {
    let none = "secret stores must only have exactly one backend specified, found 0";
    check_problem(json!({ "provider": {} }), none);
    let two = "secret stores must only have exactly one backend specified, found 2";
    check_problem(json!({ "provider": { "fake": { "data": [] }, "other": {} } }), two);
    check_problem(json!({ "provider": { "one": {}, "other": {} } }), two);
    assert!(parsed(StoreKind::SecretStore, json!({ "provider": { "other": {} } })).specification.is_ok());
}

#[test]
fn a_malformed_store_is_told_without_a_value() {
    let wrong = "the spec cannot be read: a field has a wrong type or value";
    check_problem(json!({ "provider": { "fake": { "data": "canary" } } }), wrong);
    check_problem(json!({ "provider": { "aws": { "service": "canary", "region": "r" } } }), wrong);
    let missing = "the spec cannot be read: the field region is missing";
    check_problem(json!({ "provider": { "aws": { "service": "SecretsManager" } } }), missing);
    check_problem(Value::Null, wrong);
}

#[test]
fn retries_are_those_that_are_set_or_usual_for_the_provider() {
    let aws = || json!({ "aws": { "service": "SecretsManager", "region": "r" } });
    let vault = || json!({ "vault": { "server": "https://vault" } });
    let second = Duration::from_secs(1);
    check_retries(aws(), Value::Null, (0, second));
    check_retries(aws(), json!({}), (3, second));
    check_retries(vault(), json!({}), (0, second));
    check_retries(vault(), json!({ "maxRetries": 5, "retryInterval": "10s" }), (5, Duration::from_secs(6)));
    let hostile = json!({ "maxRetries": i32::MAX, "retryInterval": "100h" });
    check_retries(vault(), hostile, (10, Duration::from_secs(3)));
    check_retries(aws(), json!({ "maxRetries": -1 }), (0, second));
}

#[test]
fn a_store_of_no_class_is_everybodys() {
    assert!(parsed(StoreKind::SecretStore, fake(json!({}))).is_of_class("mine"));
    assert!(parsed(StoreKind::SecretStore, fake(json!({ "controller": "" }))).is_of_class("mine"));
    assert!(parsed(StoreKind::SecretStore, fake(json!({ "controller": "mine" }))).is_of_class("mine"));
    assert!(!parsed(StoreKind::SecretStore, fake(json!({ "controller": "other" }))).is_of_class("mine"));
    let malformed = json!({ "controller": "other", "provider": 1 });
    assert!(!parsed(StoreKind::SecretStore, malformed).is_of_class("mine"));
}

#[test]
fn another_generation_or_another_uid_is_another_edit() {
    let one = parsed(StoreKind::SecretStore, fake(json!({})));
    let mut other = one.clone();
    assert!(one.is_same_edit(&other));
    other.generation = 4;
    assert!(!one.is_same_edit(&other));
    other = one.clone();
    other.uid = "v".to_owned();
    assert!(!one.is_same_edit(&other));
}

#[test]
fn a_cluster_store_has_no_namespace_and_a_secret_store_no_conditions() {
    assert_eq!(parsed(StoreKind::ClusterSecretStore, fake(json!({}))).key.namespace, None);
    let conditions = json!({ "conditions": [{ "namespaces": ["other"] }] });
    let store = parsed(StoreKind::SecretStore, fake(conditions));
    assert_eq!(store.key.namespace.as_deref(), Some("demo"));
    assert_eq!(store.specification.unwrap().conditions.access_by_name("demo"), Access::Whole);
}

#[test]
fn keys_of_a_secret_store_are_refused_for_they_would_fence_nobody() {
    for keys in [json!(["a/*"]), json!([]), Value::Null] {
        let conditions = json!({ "conditions": [{}, { "namespaces": ["demo"], "keys": keys }] });
        assert_eq!(
            parsed(StoreKind::SecretStore, fake(conditions.clone())).specification.unwrap_err(),
            "spec.conditions[1].keys is for a ClusterSecretStore: who can edit a SecretStore can edit its fence"
        );
        assert!(specification(conditions).is_ok());
    }
}

#[test]
fn a_cluster_store_with_a_pattern_that_is_not_anchored_has_a_warning() {
    let warning = |patterns: Value| {
        let conditions = json!({ "conditions": [{ "namespaceRegexes": patterns }] });
        [StoreKind::ClusterSecretStore, StoreKind::SecretStore]
            .map(|kind| parsed(kind, fake(conditions.clone())).warning().map(|event| event.message))
    };
    assert_eq!(warning(json!(["^a$"])), [None, None]);
    let [told, of_secret_store] = warning(json!(["^a$", "b", "^c"]));
    assert_eq!(
        told.unwrap(),
        "spec.conditions[].namespaceRegexes match anywhere in a name: begin with ^ and end with $ what should match \
         whole names: b, ^c"
    );
    assert_eq!(of_secret_store, None);
}
