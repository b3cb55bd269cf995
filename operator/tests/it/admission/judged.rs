//! Objects of ours are judged when they are applied.

use eso_testkit::objects::{object, store};
use serde_json::{Value, json};

use crate::harness::{Answer, Kind, Manifest, Setup, World};

async fn create(world: &World, kind: Kind, object: impl Manifest) -> Answer {
    let mut object: Value = object.manifest();
    object["metadata"]["namespace"] = json!(world.namespace);
    world.ask(("POST", "application/json"), &kind.collection(&world.namespace), &object, None).await
}

#[tokio::test]
async fn what_cannot_work_now_is_said_when_it_is_applied_and_stored_all_the_same() {
    let world = Setup::new("admission-judged").webhooks().start().await;
    let warned = async |kind, object: Value, expected: &str| {
        let answer = create(&world, kind, object).await;
        assert!(answer.warnings.contains(expected), "{expected:?}: {answer:?}");
        answer.taken();
    };
    let first = object("first").store("main").key("a", "k").target("app").json();
    warned(Kind::ExternalSecret, first, "is not there: nothing is read before it is").await;
    world.create(store("main").value("k", &world.canary("k"))).await;
    world.synced("first").await;
    let second = object("second").store("main").key("a", "k").target("app").json();
    warned(Kind::ExternalSecret, second, "is written by ExternalSecret").await;
    let template = json!({ "data": { "a": "{{ .a" } });
    let third = object("third").store("main").key("a", "k").with("/spec/target/template", template).json();
    warned(Kind::ExternalSecret, third, "at key a").await;
    let unknown = json!({ "apiVersion": "external-secrets.io/v1", "kind": "SecretStore",
        "metadata": { "name": "unknown" }, "spec": { "provider": { "gcpsm": {} } } });
    warned(Kind::SecretStore, unknown, "gcpsm").await;
    let silent = create(&world, Kind::ExternalSecret, object("fourth").store("main").key("a", "k")).await;
    assert_eq!(silent.warnings, "");
    // One that is known is no second one beside itself.
    world.synced("fourth").await;
    let edit = json!({ "spec": { "refreshInterval": "2h" } });
    let path = world.path(Kind::ExternalSecret, "fourth");
    let edited = world.ask(("PATCH", "application/merge-patch+json"), &path, &edit, None).await;
    assert_eq!(edited.warnings, "");
    edited.taken();
    let twice = object("fifth").store("main").key("a", "k").key("a", "l");
    let refused = create(&world, Kind::ExternalSecret, twice).await.refused();
    assert!(refused.contains("duplicate secretKey found: a"), "{refused}");
    world.end().await;
}
