//! What becomes of Secrets while nobody answers, and of those that are never touched.

use eso_testkit::objects::object;
use serde_json::{Value, json};

use super::{check, world};
use crate::harness::{Kind, STORE, asking, encoded};

fn secret(name: &str, data: Value) -> Value {
    json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": name }, "stringData": data })
}

#[tokio::test]
async fn while_nobody_answers_references_are_refused_targets_stored_empty_and_others_wait_for_nobody() {
    let (world, _, token) = world("admission-away").await;
    world.create(object("merging").key("password", "token").target("app").creation("Merge")).await;
    let is_judged = |object: &Value| object["status"]["conditions"][0].is_object();
    world.until(Kind::ExternalSecret, "merging", "was looked at", is_judged).await;
    check(world.make(&asking("before", &[("a", "eso:token")]), None).await, &[("a", &token)]);
    world.operator.kill();
    world.operator.ends().await;
    let refused = world.make(&asking("asking", &[("a", "eso:token")]), None).await.refused();
    assert!(
        refused.contains("failed calling webhook \"references.admission.external-secrets.io\""),
        "{refused}"
    );
    assert_eq!(world.get(Kind::Secret, "asking").await, None);
    check(world.make(&secret("app", json!({})), None).await, &[]);
    check(world.make(&secret("other", json!({ "a": "eso:token" })), None).await, &[("a", "eso:token")]);
    // What was filled cannot be changed while nobody answers, and can be deleted.
    let edit = json!({ "stringData": { "a": "${eso:token}" } });
    let path = world.path(Kind::Secret, "before");
    world.ask(("PATCH", "application/merge-patch+json"), &path, &edit, None).await.refused();
    world.delete(Kind::Secret, "before").await;

    world.operator.restart().await;
    world.holds("app", &[("password", &token)]).await;
    world.admits().await;
    check(world.make(&asking("asking", &[("a", "eso:token")]), None).await, &[("a", &token)]);
    world.end().await;
}

#[tokio::test]
async fn tokens_and_releases_of_helm_are_stored_as_they_are_whatever_they_ask_for() {
    let (world, ..) = world("admission-untouched").await;
    let account = json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": "robot" } });
    world.create(account).await;
    for (name, kind, labels) in [
        ("release", "helm.sh/release.v1", json!({})),
        ("labelled", "Opaque", json!({ "owner": "helm" })),
        ("token", "kubernetes.io/service-account-token", json!({})),
    ] {
        let mut asked = asking(name, &[("own", "eso:token")]);
        asked["type"] = json!(kind);
        asked["metadata"]["labels"] = labels;
        let annotations = json!({ STORE: "SecretStore/main", "kubernetes.io/service-account.name": "robot" });
        asked["metadata"]["annotations"] = annotations;
        let made = world.make(&asked, None).await;
        assert!(made.warnings.contains("is never filled"), "{made:?}");
        assert_eq!(made.taken()["data"]["own"], encoded("eso:token"), "{name}");
    }
    world.end().await;
}
