//! From the store into the Secret, and back to what it should be.

use serde_json::{Value, json};

use crate::world::{World, encoded};

#[tokio::test]
async fn a_secret_is_as_the_original_writes_it() {
    let world = World::new("golden").await;
    world.provider.put("my-external-secret", r#"{"first":"hello","second":"world"}"#);
    let operator = world.start().await;
    let object = world
        .object("example")
        .label("team", "blue")
        .annotation("note", "a b")
        .key("first", "my-external-secret#first")
        .key("second", "my-external-secret#second")
        .target("secret-to-be-created");
    let object = world.apply(object).await;
    let secret = world.holds("secret-to-be-created", &[("first", "hello"), ("second", "world")]).await;

    assert_eq!(secret["type"], "Opaque");
    let metadata = &secret["metadata"];
    let created_by = eso_plan::digest::of_text(&format!("{}/example", world.namespace));
    assert_eq!(
        metadata["labels"],
        json!({
            "team": "blue",
            "reconcile.external-secrets.io/created-by": created_by,
            "reconcile.external-secrets.io/managed": "true",
        })
    );
    assert_eq!(
        metadata["annotations"],
        json!({
            "note": "a b",
            // Of the same values as in golden/aws-walkthrough.yaml.
            "reconcile.external-secrets.io/data-hash": "172be50c5b738f1580f29fde29514bc1793510d86f9b8acb7cb46ada",
        })
    );
    assert_eq!(
        metadata["ownerReferences"],
        json!([{
            "apiVersion": "external-secrets.io/v1",
            "kind": "ExternalSecret",
            "name": "example",
            "uid": object["metadata"]["uid"],
            "controller": true,
            "blockOwnerDeletion": true,
        }])
    );
    let fields = &metadata["managedFields"];
    assert_eq!(fields.as_array().map(Vec::len), Some(1), "{fields:#}");
    assert_eq!(fields[0]["manager"], "externalsecrets.external-secrets.io/example");
    assert_eq!(fields[0]["operation"], "Update");
    assert_eq!(fields[0]["fieldsV1"]["f:data"], json!({ ".": {}, "f:first": {}, "f:second": {} }));
    operator.stop().await;
}

#[tokio::test]
async fn a_status_is_as_the_original_writes_it() {
    let world = World::new("status").await;
    world.provider.put("db", "value");
    let operator = world.start().await;
    world.apply(world.object("example").key("password", "db")).await;
    let object = world.says("example", "SecretSynced", "secret synced").await;

    let status = &object["status"];
    let time = status["refreshTime"].as_str().unwrap().to_owned();
    assert_eq!(time.len(), "2026-11-22T03:55:21Z".len());
    let transition = status["conditions"][0]["lastTransitionTime"].clone();
    assert_eq!(
        *status,
        json!({
            "binding": { "name": "example" },
            "conditions": [{
                "lastTransitionTime": transition,
                "message": "secret synced",
                "reason": "SecretSynced",
                "status": "True",
                "type": "Ready",
            }],
            "refreshTime": time,
            // The hash of no labels and no annotations, reference/eso.md 2.3.
            "syncedResourceVersion": "1-f47fe3c0b255b6dd8047cdffa772587bb829efe7a1cb70febeda2eb2",
        })
    );
    let fields = object["metadata"]["managedFields"].as_array().unwrap();
    let ours = fields.iter().find(|entry| entry["manager"] == "external-secrets").unwrap();
    assert_eq!((&ours["operation"], &ours["subresource"]), (&json!("Update"), &json!("status")));
    operator.stop().await;
}

#[tokio::test]
async fn an_edited_object_is_followed() {
    let world = World::new("edited").await;
    world.provider.put("db", r#"{"user":"u","password":"p"}"#);
    let operator = world.start().await;
    world.apply(world.object("app").key("user", "db#user")).await;
    world.holds("app", &[("user", "u")]).await;

    let data = json!([{ "secretKey": "password", "remoteRef": { "key": "db", "property": "password" } }]);
    world.edit(&world.external_secret_path("app"), json!({ "spec": { "data": data } })).await;
    world.holds("app", &[("password", "p")]).await;

    world.provider.put("db", r#"{"password":"new"}"#);
    let synced = json!({ "metadata": { "annotations": { "force-sync": "1" } } });
    world.edit(&world.external_secret_path("app"), synced).await;
    let secret = world.holds("app", &[("password", "new")]).await;
    assert_eq!(secret["metadata"]["annotations"]["force-sync"], "1", "annotations are copied");
    operator.stop().await;
}

#[tokio::test]
async fn a_label_is_copied_although_no_value_changed() {
    let world = World::new("labels").await;
    world.provider.put("db", "value");
    let operator = world.start().await;
    world.apply(world.object("app").key("password", "db")).await;
    world.says("app", "SecretSynced", "").await;
    world
        .edit(&world.external_secret_path("app"), json!({ "metadata": { "labels": { "team": "red" } } }))
        .await;
    world.until(world.secret_path("app"), |secret| secret["metadata"]["labels"]["team"] == "red").await;
    operator.stop().await;
}

#[tokio::test]
async fn a_target_that_was_changed_is_mended() {
    let world = World::new("drift").await;
    world.provider.put("db", r#"{"user":"u","password":"p"}"#);
    let operator = world.start().await;
    world.apply(world.object("app").extract("db")).await;
    let mended = [("password", "p"), ("user", "u")];
    world.holds("app", &mended).await;

    let edits = [
        json!({ "data": { "user": encoded("somebody else") } }),
        json!({ "data": { "user": null } }),
        json!({ "data": { "more": encoded("than there should be") } }),
        json!({ "metadata": { "labels": { "reconcile.external-secrets.io/managed": null } } }),
        json!({ "metadata": { "annotations": { "reconcile.external-secrets.io/data-hash": "0" } } }),
    ];
    for edit in edits {
        world.says("app", "SecretSynced", "").await;
        let edited = world.edit(&world.secret_path("app"), edit.clone()).await;
        let version = edited["metadata"]["resourceVersion"].clone();
        world
            .until(world.secret_path("app"), |secret| {
                secret["metadata"]["resourceVersion"] != version
                    && secret["metadata"]["labels"]["reconcile.external-secrets.io/managed"] == "true"
                    && secret["metadata"]["annotations"]["reconcile.external-secrets.io/data-hash"] != "0"
            })
            .await;
        world.holds("app", &mended).await;
    }
    operator.stop().await;
}

#[tokio::test]
async fn a_target_that_was_deleted_is_made_again() {
    let world = World::new("deleted").await;
    world.provider.put("db", "value");
    let operator = world.start().await;
    world.apply(world.object("app").key("password", "db")).await;
    let before = world.holds("app", &[("password", "value")]).await;
    world.says("app", "SecretSynced", "").await;
    world.delete(&world.secret_path("app")).await;
    let after = world.holds("app", &[("password", "value")]).await;
    assert_ne!(before["metadata"]["uid"], after["metadata"]["uid"]);
    operator.stop().await;
}

#[tokio::test]
async fn a_renamed_target_leaves_nothing_behind() {
    let world = World::new("renamed").await;
    world.provider.put("db", "value");
    let operator = world.start().await;
    world.apply(world.object("app").key("password", "db").target("old")).await;
    world.holds("old", &[("password", "value")]).await;
    world.says("app", "SecretSynced", "").await;
    world.edit(&world.external_secret_path("app"), json!({ "spec": { "target": { "name": "new" } } })).await;
    world.holds("new", &[("password", "value")]).await;
    world.until(world.secret_path("old"), Value::is_null).await;
    world
        .until(world.external_secret_path("app"), |object| object["status"]["binding"]["name"] == "new")
        .await;
    operator.stop().await;
}

#[tokio::test]
async fn a_value_that_is_gone_takes_its_secret_along_where_that_is_wanted() {
    let world = World::new("gone").await;
    world.provider.put("db", "value");
    let operator = world.start().await;
    for policy in ["Delete", "Retain"] {
        let name = policy.to_lowercase();
        world.apply(world.object(&name).key("password", "db").deletion(policy)).await;
        world.says(&name, "SecretSynced", "").await;
    }
    world.provider.delete("db");
    for name in ["delete", "retain"] {
        let synced = json!({ "metadata": { "annotations": { "force-sync": "1" } } });
        world.edit(&world.external_secret_path(name), synced).await;
    }
    world.says("delete", "SecretDeleted", "secret deleted due to DeletionPolicy=Delete").await;
    world.until(world.secret_path("delete"), Value::is_null).await;
    world.says("retain", "SecretSyncedError", "could not get secret data from provider").await;
    world.holds("retain", &[("password", "value")]).await;
    operator.stop().await;
}

#[tokio::test]
async fn what_is_taken_off_an_object_is_taken_off_its_secret() {
    let world = World::new("leftover").await;
    world.provider.put("db", "value");
    let policies = [("own", "Owner"), ("left", "Orphan"), ("shared", "Merge")];
    let operator = world.start().await;
    world.secret("shared", json!({ "theirs": "t" })).await;
    for (name, policy) in policies {
        let object = world.object(name).key("password", "db").creation(policy);
        world.apply(object.label("team", "blue").label("tier", "web").annotation("note", "a b")).await;
        world.until(world.secret_path(name), |secret| secret["metadata"]["labels"]["team"] == "blue").await;
        world.says(name, "SecretSynced", "").await;
        let theirs = json!({ "labels": { "theirs": "x" }, "annotations": { "theirs": "x" } });
        world.edit(&world.secret_path(name), json!({ "metadata": theirs })).await;
    }

    let mark = world.mark().await;
    for (name, _) in policies {
        let off = json!({ "metadata": { "labels": { "team": null } } });
        world.edit(&world.external_secret_path(name), off).await;
        let secret = world
            .until(world.secret_path(name), |secret| secret["metadata"]["labels"]["team"].is_null())
            .await;
        assert_eq!(secret["metadata"]["labels"]["tier"], "web");
        assert_eq!(secret["metadata"]["labels"]["theirs"], "x");
        assert_eq!(secret["metadata"]["annotations"]["note"], "a b");
    }
    let looks = world.asked(mark).await;
    let looks = looks.iter().filter(|request| request.verb == "get").count();
    // One look for each; a shared Secret is read before it is written, and so is one that others wrote to.
    assert!(looks <= 5, "{looks} reads");
    operator.stop().await;

    for (name, _) in policies {
        let off = json!({ "metadata": { "annotations": { "note": null } } });
        world.edit(&world.external_secret_path(name), off).await;
    }
    let operator = world.start().await;
    for (name, _) in policies {
        let secret = world
            .until(world.secret_path(name), |secret| secret["metadata"]["annotations"]["note"].is_null())
            .await;
        assert_eq!(secret["metadata"]["annotations"]["theirs"], "x");
        world.says(name, "SecretSynced", "").await;
    }
    operator.stop().await;
}

#[tokio::test]
async fn what_was_written_under_older_names_is_found_without_the_status() {
    let world = World::new("strays").await;
    world.provider.put("db", "value");
    let operator = world.start().await;
    world.apply(world.object("app").key("password", "db").target("first")).await;
    let first = world.holds("first", &[("password", "value")]).await;
    world.says("app", "SecretSynced", "").await;
    operator.stop().await;

    // As after a crash between the write of the second and the status, and one more rename.
    let mut second = json!({ "metadata": { "name": "second" }, "data": first["data"] });
    for field in ["labels", "annotations", "ownerReferences"] {
        second["metadata"][field] = first["metadata"][field].clone();
    }
    let mut copy = second.clone();
    copy["metadata"]["name"] = json!("copy");
    copy["metadata"]["ownerReferences"] = Value::Null;
    world.create("v1", "secrets", second).await;
    world.create("v1", "secrets", copy).await;
    let path = world.external_secret_path("app");
    world.edit(&format!("{path}/status"), json!({ "status": { "binding": null } })).await;
    world.edit(&path, json!({ "spec": { "target": { "name": "third" } } })).await;

    let operator = world.start().await;
    world.holds("third", &[("password", "value")]).await;
    for name in ["first", "second"] {
        world.until(world.secret_path(name), Value::is_null).await;
    }
    world.until(path, |object| object["status"]["binding"]["name"] == "third").await;
    world.says("app", "SecretSynced", "").await;
    assert!(world.get(&world.secret_path("copy")).await.is_some(), "what it does not control is not deleted");
    operator.stop().await;
}
