//! What becomes of Secrets while nobody answers, and of those that are never touched.

use eso_testkit::objects::object;
use serde_json::{Value, json};

use super::{check, world};
use crate::harness::{Kind, RECORD, STORE, asking, encoded};

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
async fn tokens_and_releases_of_helm_are_refused_where_they_ask_for_something() {
    let (world, _, token) = world("admission-untouched").await;
    let account = json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": "robot" } });
    world.create(account).await;
    let own = format!("system:serviceaccount:external-secrets:{}", world.namespace);
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
        let refused = world.make(&asked, None).await.refused();
        assert!(refused.contains("is never filled"), "{refused}");
        assert_eq!(world.get(Kind::Secret, name).await, None);
        // As the operator's own user nobody is asked: it is stored as one was that was there before the webhooks.
        let made = world.make(&asked, Some(&own)).await.taken();
        assert_eq!(made["data"]["own"], encoded("eso:token"), "{name}");
        let labelled = json!({ "metadata": { "labels": { "team": "a" } } });
        let path = world.path(Kind::Secret, name);
        let edited = world.ask(("PATCH", "application/merge-patch+json"), &path, &labelled, None).await;
        assert!(edited.warnings.contains("is never filled"), "{edited:?}");
        assert_eq!(edited.taken()["data"]["own"], encoded("eso:token"), "{name}");
    }
    // Who takes the label away has it judged, and filled, as if it were new.
    let freed = json!({ "metadata": { "labels": { "owner": null } } });
    let path = world.path(Kind::Secret, "labelled");
    let freed = world.ask(("PATCH", "application/merge-patch+json"), &path, &freed, None).await.taken();
    assert_eq!(freed["data"]["own"], encoded(&token));
    assert!(freed["metadata"]["annotations"][RECORD].is_string());
    world.end().await;
}
