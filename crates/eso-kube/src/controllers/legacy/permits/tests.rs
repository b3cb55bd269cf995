//! What namespaces allow, as they come, are edited and go.

use serde_json::{Value, json};

use super::*;

const KEYS: &str = "externalsecrets.kubernetes-client.io/permitted-key-name";

fn object() -> ExternalSecret {
    serde_json::from_value(json!({
        "apiVersion": "kubernetes-client.io/v1", "kind": "ExternalSecret",
        "metadata": { "name": "app", "namespace": "demo" },
        "spec": { "backendType": "secretsManager", "data": [{ "key": "prod/db", "name": "a" }] },
    }))
    .unwrap()
}

fn namespace(annotations: Value) -> ObjectMeta {
    serde_json::from_value(json!({ "name": "demo", "annotations": annotations })).unwrap()
}

#[test]
fn nothing_is_given_before_the_namespace_is_known_and_after_it_is_gone() {
    let (permits, environment) = (Permits::default(), Environment::default());
    assert_eq!(permits.of(&object(), &environment), Permit::Unknown);
    assert!(permits.meet(&namespace(json!({})), &environment));
    assert_eq!(permits.of(&object(), &environment), Permit::Given);
    permits.lose("demo");
    assert_eq!(permits.of(&object(), &environment), Permit::Unknown);
}

#[test]
fn an_edit_of_what_is_allowed_is_news_and_any_other_is_none() {
    let (permits, environment) = (Permits::default(), Environment::default());
    permits.meet(&namespace(json!({ KEYS: "^prod/", "owner": "me" })), &environment);
    assert_eq!(permits.of(&object(), &environment), Permit::Given);
    assert!(!permits.meet(&namespace(json!({ KEYS: "^prod/", "owner": "you", "more": "" })), &environment));
    assert!(permits.meet(&namespace(json!({ KEYS: "^test/" })), &environment));
    let refused =
        "not allowed to fetch secret: demo/app: key name prod/db does not match naming convention ^test/";
    assert_eq!(permits.of(&object(), &environment), Permit::Refused(refused.to_owned()));
}

#[test]
fn where_annotations_must_be_there_it_is_said_whether_any_are() {
    let (permits, environment) =
        (Permits::default(), Environment { enforce: true, ..Environment::default() });
    let check = |annotations: Value, expected: &str| {
        permits.meet(&namespace(annotations), &environment);
        let Permit::Refused(problem) = permits.of(&object(), &environment) else { panic!("it is given") };
        assert!(problem.ends_with(expected), "{problem}");
    };
    check(json!({}), "Namespace annotation is required");
    check(json!({ "owner": "me" }), &format!("Missing required annotation {KEYS} on namespace demo"));
}
