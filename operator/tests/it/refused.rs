//! What the operator may not do to Secrets is said on the object that needs it, and over once it may.

use eso_testkit::objects::{object, store};
use serde_json::json;

use crate::harness::{Kind, Setup, World};

/// A world with the store `main`, in which `db` has a value, and an operator that may do only this to Secrets.
async fn refused(name: &str, verbs: &[&str]) -> World {
    let world = Setup::new(name).start().await;
    world.create(store("main").value("db", &world.canary("value"))).await;
    world.operator_may_do_to_secrets(verbs).await;
    world
}

#[tokio::test]
async fn a_secret_that_may_not_be_read_is_said_to_be_so() {
    let world = refused("no-get", &["list", "watch", "create", "update", "patch", "delete"]).await;
    let shared = |name: &str| object(name).target("shared").creation("Merge").every("1h");
    world.create(shared("before").key("one", "db")).await;
    world.create_secret("shared", &[("theirs", &world.canary("theirs"))]).await;
    let forbidden = "the API server forbids it: check the operator's role";
    // It is read before it is written.
    let message = world.fails("before", "could not update secret: ").await;
    assert!(message.contains(forbidden), "{message}");
    // It is known to be there, and nothing else of it: it is looked at before anything is done.
    world.create(shared("after").key("two", "db")).await;
    let told = "could not update secret: it cannot be read: ";
    let message = world.fails("after", told).await;
    assert!(message.contains(forbidden), "{message}");
    world.told("after", &format!("Warning UpdateFailed {told}")).await;
    world.create(object("new").key("password", "db").every("1h")).await;
    world.synced("new").await;
    world.allow_everything().await;
    world.synced("before").await;
    world.synced("after").await;
    world.end().await;
}

#[tokio::test]
async fn a_secret_that_may_not_be_deleted_is_said_to_be_so() {
    let world = refused("no-delete", &["get", "list", "watch", "create", "update", "patch"]).await;
    let gone = object("gone").deletion("Delete").key("password", "db").every("1s");
    world.create(gone).await;
    world.create(object("moved").target("old").key("password", "db").every("1h")).await;
    world.synced("gone").await;
    world.synced("moved").await;

    world.patch(Kind::ExternalSecret, "moved", json!({ "spec": { "target": { "name": "new" } } })).await;
    let message = world.fails("moved", "could not delete orphaned secrets: ").await;
    assert!(message.contains("the API server forbids it: check the operator's role"), "{message}");
    let other = json!([{ "key": "other", "value": world.canary("other") }]);
    world
        .patch(Kind::SecretStore, "main", json!({ "spec": { "provider": { "fake": { "data": other } } } }))
        .await;
    let message = world.fails("gone", "could not delete secret: ").await;
    assert!(message.contains("the API server forbids it: check the operator's role"), "{message}");
    assert!(world.get(Kind::Secret, "old").await.is_some());

    world.allow_everything().await;
    world.gone(Kind::Secret, "gone").await;
    let again = json!([{ "key": "db", "value": world.canary("again") }]);
    world
        .patch(Kind::SecretStore, "main", json!({ "spec": { "provider": { "fake": { "data": again } } } }))
        .await;
    world.gone(Kind::Secret, "old").await;
    world.synced("moved").await;
    world.told("moved", "Normal Deleted secret deleted because it was orphaned").await;
    world.end().await;
}
