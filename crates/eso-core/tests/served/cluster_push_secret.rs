//! ClusterPushSecrets on a real API server, in the one version that they have.

use serde_json::{Value, json};

use super::make;

/// What a PushSecret asks for at least.
fn entry() -> Value {
    json!({ "secretStoreRefs": [{ "name": "main" }], "selector": { "secret": { "name": "db" } } })
}

async fn check(field: &str, value: Value, accepted: bool) {
    let mut spec = json!({ "pushSecretSpec": entry() });
    spec[field] = value;
    let answer = make("v1alpha1", "ClusterPushSecret", "checked", &spec, "?dryRun=All").await;
    assert_eq!(answer.status.is_success(), accepted, "{spec}: {}", answer.body["message"]);
}

#[tokio::test]
async fn a_cluster_push_secret_is_checked_as_by_the_original() {
    check("pushSecretName", json!("db.password"), true).await;
    check("pushSecretName", json!("DB"), false).await;
    check("pushSecretName", json!(""), false).await;
    check("refreshTime", json!("1m"), true).await;
    check("refreshTime", json!(60), false).await;
    check("pushSecretMetadata", json!({ "labels": { "a": "b" }, "annotations": {} }), true).await;
    let expression = json!({ "key": "team", "operator": "Among" });
    check("namespaceSelectors", json!([{}, { "matchExpressions": [expression] }]), true).await;
    check("namespaceSelectors", json!([{ "matchExpressions": [{ "key": "team" }] }]), false).await;
    check("pushSecretSpec", json!({ "secretStoreRefs": [{ "name": "main" }] }), false).await;
    check("pushSecretSpec", Value::Null, false).await;
}

#[tokio::test]
async fn the_spec_in_a_cluster_push_secret_has_the_defaults_of_a_push_secrets() {
    let made = async |kind: &str, spec: Value| {
        make("v1alpha1", kind, "same", &spec, "?dryRun=All").await.success().unwrap()["spec"].clone()
    };
    let alone = made("PushSecret", entry()).await;
    let nested = made("ClusterPushSecret", json!({ "pushSecretSpec": entry() })).await;
    assert_ne!(alone, entry());
    assert_eq!(nested["pushSecretSpec"], alone);
}
