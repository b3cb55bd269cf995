//! Whose a target is, and what of it is left alone.

use serde_json::{Value, json};

use crate::world::{World, encoded};

#[tokio::test]
async fn a_secret_of_nobody_is_taken_over() {
    let world = World::new("adopted").await;
    world.provider.put("db", "value");
    world.secret("app", json!({ "foreign": "f", "password": "old" })).await;
    let operator = world.start().await;
    world.apply(world.object("app").key("password", "db")).await;
    let secret = world.holds("app", &[("password", "value")]).await;
    assert_eq!(secret["metadata"]["ownerReferences"][0]["name"], "app");
    world.says("app", "SecretSynced", "").await;
    operator.stop().await;
}

#[tokio::test]
async fn a_secret_that_somebody_controls_is_untouched() {
    let world = World::new("contested").await;
    world.provider.put("db", "value");
    let stranger = owner("apps/v1", "Deployment", "web", "11111111-1111-1111-1111-111111111111");
    let peer =
        owner("external-secrets.io/v1", "ExternalSecret", "other", "22222222-2222-2222-2222-222222222222");
    for (name, reference) in [("stranger", stranger), ("peer", peer)] {
        let metadata = json!({ "name": name, "ownerReferences": [reference], "finalizers": ["test/keep"] });
        let secret = json!({ "metadata": metadata, "stringData": { "password": "theirs" } });
        world.create("v1", "secrets", secret).await;
    }
    let operator = world.start().await;
    world.apply(world.object("one").key("password", "db").target("stranger")).await;
    world.apply(world.object("two").key("password", "db").target("peer")).await;
    world.apply(world.object("three").key("password", "db").target("peer").creation("Merge")).await;
    world.says("one", "SecretSyncedError", "failed to take ownership of target secret").await;
    world.says("two", "SecretSyncedError", "target is owned by another ExternalSecret").await;
    world.says("three", "SecretSyncedError", "target is owned by another ExternalSecret").await;
    for name in ["stranger", "peer"] {
        let secret = world.holds(name, &[("password", "theirs")]).await;
        assert_eq!(secret["metadata"]["labels"], Value::Null, "not even a label is put on it");
    }

    let freed = json!({ "metadata": { "ownerReferences": null, "finalizers": null } });
    world.edit(&world.secret_path("stranger"), freed).await;
    world.holds("stranger", &[("password", "value")]).await;
    operator.stop().await;
}

#[tokio::test]
async fn a_service_account_keeps_its_token() {
    let world = World::new("token").await;
    world.provider.put("db", "value");
    world.control.service_account(&world.namespace, "robot").await.unwrap();
    let metadata =
        json!({ "name": "token", "annotations": { "kubernetes.io/service-account.name": "robot" } });
    let token = json!({ "metadata": metadata, "type": "kubernetes.io/service-account-token" });
    world.create("v1", "secrets", token).await;
    let operator = world.start().await;
    for policy in ["Owner", "Orphan", "Merge"] {
        let name = policy.to_lowercase();
        world.apply(world.object(&name).key("token", "db").target("token").creation(policy)).await;
        world.says(&name, "SecretSyncedError", "").await;
    }
    let secret = world.get(&world.secret_path("token")).await.unwrap();
    assert_ne!(secret["data"]["token"], encoded("value"));
    operator.stop().await;
}

#[tokio::test]
async fn a_shared_secret_keeps_what_others_wrote() {
    let world = World::new("shared").await;
    world.provider.put("db", r#"{"user":"u","password":"p"}"#);
    let operator = world.start().await;
    world.apply(world.object("app").extract("db").creation("Merge")).await;
    world.says("app", "SecretMissing", "secret will not be created due to CreationPolicy=Merge").await;

    world.secret("app", json!({ "theirs": "t", "user": "old" })).await;
    let secret = world.holds("app", &[("password", "p"), ("theirs", "t"), ("user", "u")]).await;
    assert_eq!(secret["metadata"]["ownerReferences"], Value::Null);
    let labels = secret["metadata"]["labels"].as_object().unwrap();
    assert_eq!(labels.keys().collect::<Vec<_>>(), ["reconcile.external-secrets.io/managed"]);
    // Over all keys, as the original's.
    let all =
        [("password", "p"), ("theirs", "t"), ("user", "u")].map(|(key, text)| (key.to_owned(), text.into()));
    let digest = eso_plan::digest::Digest::of(all.iter().map(|(key, text)| (key, text)));
    let hash = &secret["metadata"]["annotations"]["reconcile.external-secrets.io/data-hash"];
    assert_eq!(hash, digest.as_str());
    world.says("app", "SecretSynced", "").await;

    // A key that the store no longer has goes; one of others stays; one of ours that others wrote is mended.
    world
        .edit(
            &world.secret_path("app"),
            json!({ "data": { "password": encoded("x"), "theirs": encoded("t2") } }),
        )
        .await;
    world.holds("app", &[("password", "p"), ("theirs", "t2"), ("user", "u")]).await;
    world.provider.put("db", r#"{"password":"p"}"#);
    let synced = json!({ "metadata": { "annotations": { "force-sync": "1" } } });
    world.edit(&world.external_secret_path("app"), synced).await;
    world.holds("app", &[("password", "p"), ("theirs", "t2")]).await;
    operator.stop().await;
}

#[tokio::test]
async fn an_orphan_has_no_owner_and_stays() {
    let world = World::new("orphan").await;
    world.provider.put("db", "value");
    let operator = world.start().await;
    world.apply(world.object("app").key("password", "db").creation("Orphan")).await;
    let secret = world.holds("app", &[("password", "value")]).await;
    assert_eq!(secret["metadata"]["ownerReferences"], Value::Null);
    world.says("app", "SecretSynced", "").await;

    let owned = json!({ "spec": { "target": { "creationPolicy": "Owner" } } });
    world.edit(&world.external_secret_path("app"), owned).await;
    world
        .until(world.secret_path("app"), |secret| secret["metadata"]["ownerReferences"][0]["name"] == "app")
        .await;
    let left = json!({ "spec": { "target": { "creationPolicy": "Orphan" } } });
    world.edit(&world.external_secret_path("app"), left).await;
    let secret =
        world.until(world.secret_path("app"), |secret| secret["metadata"]["ownerReferences"].is_null()).await;
    let labels = &secret["metadata"]["labels"];
    assert_eq!(*labels, json!({ "reconcile.external-secrets.io/managed": "true" }));
    operator.stop().await;
}

#[tokio::test]
async fn a_secret_of_nobody_is_mended_and_one_that_was_handed_out_once_is_not() {
    let world = World::new("mended").await;
    world.provider.put("db", "value");
    let operator = world.start().await;
    world.apply(world.object("kept").key("password", "db").creation("Orphan")).await;
    for (name, policy) in [("once", "CreatedOnce"), ("changed", "OnChange")] {
        world.apply(world.object(name).key("password", "db").creation("Orphan").refreshed(policy)).await;
    }
    for name in ["kept", "once", "changed"] {
        world.holds(name, &[("password", "value")]).await;
        world.says(name, "SecretSynced", "").await;
    }
    for name in ["once", "changed", "kept"] {
        world.edit(&world.secret_path(name), json!({ "data": { "password": encoded("drifted") } })).await;
    }
    world.holds("kept", &[("password", "value")]).await;
    for name in ["once", "changed"] {
        world.holds(name, &[("password", "drifted")]).await;
    }
    for name in ["once", "changed", "kept"] {
        world.delete(&world.secret_path(name)).await;
    }
    world.holds("kept", &[("password", "value")]).await;
    for name in ["once", "changed"] {
        assert_eq!(world.get(&world.secret_path(name)).await, None);
    }
    operator.stop().await;
}

fn owner(api_version: &str, kind: &str, name: &str, uid: &str) -> Value {
    json!({ "apiVersion": api_version, "kind": kind, "name": name, "uid": uid, "controller": true })
}
