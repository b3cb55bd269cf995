//! The resource policy of a pushed secret, which stands in a ConfigMap or a Secret beside the PushSecret.

use serde_json::{Value, json};

use super::{
    entry,
    metadata::stays,
    push,
    remote::{Remote, Sort, document, on},
};
use crate::harness::{Kind, World, eventually};

const POLICY: &str = r#"{ "Version": "2012-10-17", "Statement": [] }"#;

fn map(name: &str, text: &str) -> Value {
    json!({ "kind": "ConfigMap", "metadata": { "name": name }, "data": { "app.json": text } })
}

/// A PushSecret to `app`, under the policy in this object. Who looks again does so each second.
fn under(remote: &Remote, kind: &str, name: &str) -> Value {
    let source = json!({ "kind": kind, "name": name, "key": "app.json" });
    let policy = json!({ "blockPublicPolicy": true, "policySourceRef": source });
    let mut entry = entry("password", "app", "");
    entry["metadata"] = document(json!({ "resourcePolicy": policy }));
    push("app", remote, json!({ "refreshInterval": "1s", "data": [entry], "deletionPolicy": "Delete" }))
}

/// A store of Secrets Manager, and the Secret that is pushed to it.
async fn prepared(name: &str) -> (World, Remote) {
    let (world, remote) = on(Sort::SecretsManager, name).await;
    world.create_secret("app", &[("password", &world.canary("value"))]).await;
    (world, remote)
}

/// Waits until AWS has this policy on `app`.
async fn is_under(remote: &Remote, expected: Option<&str>) {
    eventually(&format!("the policy is {expected:?}"), async || {
        let held = remote.ask("GetResourcePolicy", &json!({ "SecretId": "app" })).await;
        let policy = held.as_ref().map(|held| held["ResourcePolicy"].as_str());
        if policy == Some(expected) { Ok(()) } else { Err(format!("{policy:?}")) }
    })
    .await;
}

/// Waits until the metadata of the PushSecret is refused in these words.
async fn is_refused(world: &World, words: &str) {
    let writing = "could not write remote ref password to target secretstore secrets";
    let message = format!("set secret failed: {writing}: failed to parse metadata: {words}");
    world.pushed("app", "Errored", &message).await;
}

#[tokio::test]
async fn a_policy_in_a_config_map_is_put_on_the_secret_and_an_edit_of_it_is_acted_on() {
    let (world, remote) = prepared("push-policy").await;
    world.create(map("policies", POLICY)).await;
    world.push(under(&remote, "ConfigMap", "policies")).await;
    is_under(&remote, Some(POLICY)).await;
    stays(&remote).await;
    let puts = remote.double().count("PutResourcePolicy");
    let other = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*"}]}"#;
    // Written otherwise, it is the same one.
    world
        .patch(Kind::ConfigMap, "policies", json!({ "data": { "app.json": POLICY.replace(' ', "") } }))
        .await;
    stays(&remote).await;
    assert_eq!(remote.double().count("PutResourcePolicy"), puts);
    // No refresh is waited for.
    world.patch(Kind::PushSecret, "app", json!({ "spec": { "refreshInterval": "1h" } })).await;
    world.patch(Kind::ConfigMap, "policies", json!({ "data": { "app.json": other } })).await;
    is_under(&remote, Some(other)).await;
    world.patch(Kind::ConfigMap, "policies", json!({ "data": { "app.json": "" } })).await;
    is_under(&remote, None).await;
    let found = remote.ask("DescribeSecret", &json!({ "SecretId": "app" })).await.unwrap();
    assert_eq!(found["VersionIdsToStages"].as_object().unwrap().len(), 1, "the value was written once");
    world.end().await;
}

#[tokio::test]
async fn a_policy_in_a_secret_is_waited_for_by_name_and_nothing_of_it_is_shown() {
    let (world, remote) = prepared("push-policy-later").await;
    // What has the name and is of the other kind does not stand in for it.
    world.create(map("policies", POLICY)).await;
    world.create(under(&remote, "Secret", "policies")).await;
    is_refused(&world, "secret \"policies\" not found in the namespace of the PushSecret").await;
    world.create_secret("policies", &[("other.json", POLICY)]).await;
    is_refused(&world, "key \"app.json\" not found in secret \"policies\"").await;
    assert_eq!(remote.writes(), 0);
    let nonsense = json!({ "stringData": { "app.json": world.canary("policy") } });
    world.patch(Kind::Secret, "policies", nonsense).await;
    let no_policy = "key \"app.json\" of \"policies\" holds no policy: it must be a JSON object";
    is_refused(&world, &format!("spec.resourcePolicy: {no_policy}")).await;
    assert_eq!(remote.writes(), 0);
    world.patch(Kind::Secret, "policies", json!({ "stringData": { "app.json": POLICY } })).await;
    world.pushed("app", "Synced", super::SYNCED).await;
    is_under(&remote, Some(POLICY)).await;
    world.end().await;
}

#[tokio::test]
async fn a_secret_whose_policy_is_refused_is_there_and_goes_with_its_object() {
    let (world, remote) = prepared("push-policy-public").await;
    let public = r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#;
    world.create(map("policies", public)).await;
    world.create(under(&remote, "ConfigMap", "policies")).await;
    let failed = world.pushed("app", "Errored", "set secret failed: could not write remote ref").await;
    let message = failed["status"]["conditions"][0]["message"].as_str().unwrap();
    assert!(message.contains("PutResourcePolicy") && message.contains("let everybody in"), "{message}");
    assert!(remote.held("app").await.is_some());
    world.delete(Kind::PushSecret, "app").await;
    world.gone(Kind::PushSecret, "app").await;
    assert_eq!(remote.held("app").await, None);
    world.end().await;
}
