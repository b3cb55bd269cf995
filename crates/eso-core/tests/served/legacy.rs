//! The older group's definition on a real API server: what the last release took is taken, and no more.

use eso_core::api::definitions;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::{Method, control_plane, define};

const OBJECTS: &str = "/apis/kubernetes-client.io/v1/namespaces/default/externalsecrets";

static DEFINED: OnceCell<()> = OnceCell::const_new();

/// What a spec is with the fields of another put over one that is taken; `null` takes a field out.
async fn check(changes: Value, accepted: bool) {
    let control = control_plane().await;
    let definition = serde_json::to_value(definitions::legacy()).unwrap();
    DEFINED.get_or_init(|| define(control, &definition)).await;
    let mut spec = json!({ "backendType": "secretsManager", "data": [{ "key": "a", "name": "b" }] });
    for (field, value) in changes.as_object().unwrap() {
        spec[field] = value.clone();
    }
    let object = json!({
        "apiVersion": "kubernetes-client.io/v1", "kind": "ExternalSecret",
        "metadata": { "name": "checked" }, "spec": spec,
    });
    let answer =
        control.request(Method::POST, &format!("{OBJECTS}?dryRun=All"), Some(&object)).await.unwrap();
    assert_eq!(answer.status.is_success(), accepted, "{changes}: {}", answer.body);
}

#[tokio::test]
async fn an_older_external_secret_is_checked_as_by_the_last_release() {
    check(json!({}), true).await;
    check(json!({ "backendType": null }), false).await;
    check(json!({ "backendType": "secretManager" }), false).await;
    check(json!({ "backendType": "azureKeyVault" }), false).await;
    check(json!({ "backendType": "azureKeyVault", "keyVaultName": "v" }), true).await;
    for backend in [
        "systemManager",
        "vault",
        "gcpSecretsManager",
        "alicloudSecretsManager",
        "ibmcloudSecretsManager",
        "akeyless",
    ] {
        check(json!({ "backendType": backend }), true).await;
    }
    check(json!({ "data": null }), false).await;
    check(json!({ "data": null, "dataFrom": ["a"] }), true).await;
    check(
        json!({ "data": null, "dataFromWithOptions": [{ "key": "a", "versionStage": "AWSPREVIOUS" }] }),
        true,
    )
    .await;
    check(json!({ "dataFromWithOptions": [{ "versionStage": "AWSPREVIOUS" }] }), false).await;
    check(json!({ "data": [{ "key": "a" }] }), false).await;
    check(json!({ "data": [{ "path": "/a" }] }), true).await;
    check(json!({ "data": [{ "key": "a", "name": "b", "path": "/a" }] }), false).await;
    check(json!({ "data": [{ "key": "a", "name": "b", "version": 3 }] }), true).await;
    check(json!({ "data": [{ "key": "a", "name": "b", "version": "latest" }] }), true).await;
    for (version, accepted) in [(0, false), (1, true), (2, true), (3, false)] {
        check(json!({ "kvVersion": version }), accepted).await;
    }
    check(
        json!({ "template": { "stringData": { "a": "<%= data.b %>" }, "any": [1, { "thing": null }] } }),
        true,
    )
    .await;
    check(json!({ "template": "text" }), false).await;
}
