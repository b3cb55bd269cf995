//! What goes wrong, and that it ends.

use eso_core::{
    api::external_secret::{Binding, ExternalSecretStatus},
    error::ErrorKind,
};
use eso_kube::{apply::Place, marks::Marks};
use eso_plan::{
    desired::{Entries, Ownership},
    plan::WriteError,
};
use serde_json::{Value, json};

use crate::world::{World, encoded};

#[tokio::test]
async fn a_malformed_object_stops_nobody() {
    let world = World::new("malformed").await;
    world.provider.put("db", "value");
    let operator = world.start().await;
    let nothing = json!([{ "sourceRef": { "generatorRef": { "kind": "UUID", "name": "none" } } }]);
    let malformed = world.object("malformed").key("password", "db").with("/spec/dataFrom", nothing);
    world.apply(malformed).await;
    let twice = world.object("twice").key("same", "db").key("same", "db");
    world.apply(twice).await;
    world.apply(world.object("good").key("password", "db")).await;
    world.says("good", "SecretSynced", "").await;
    world.says("malformed", "SecretSyncedError", "").await;
    assert_eq!(world.get(&world.secret_path("malformed")).await, None);

    let mended = json!({ "spec": { "dataFrom": null } });
    world.edit(&world.external_secret_path("malformed"), mended).await;
    world.says("malformed", "SecretSynced", "").await;
    operator.stop().await;
}

#[tokio::test]
async fn a_failed_read_leaves_the_last_good_secret() {
    let world = World::new("failed").await;
    world.provider.put("db", "value");
    let operator = world.start().await;
    world.apply(world.object("app").key("password", "db")).await;
    world.says("app", "SecretSynced", "").await;
    world.provider.fail(ErrorKind::Denied);
    let synced = json!({ "metadata": { "annotations": { "force-sync": "1" } } });
    world.edit(&world.external_secret_path("app"), synced).await;
    world.says("app", "SecretSyncedError", "could not get secret data from provider").await;
    world.holds("app", &[("password", "value")]).await;
    world.provider.mend();
    world.says("app", "SecretSynced", "").await;
    operator.stop().await;
}

#[tokio::test]
async fn an_immutable_secret_is_said_to_be_so() {
    let world = World::new("immutable").await;
    world.provider.put("db", "value");
    let secret =
        json!({ "metadata": { "name": "app" }, "immutable": true, "stringData": { "password": "old" } });
    world.create("v1", "secrets", secret).await;
    let operator = world.start().await;
    world.apply(world.object("app").key("password", "db")).await;
    world.says("app", "SecretSyncedError", "could not update secret, target is immutable").await;
    world.holds("app", &[("password", "old")]).await;
    world.delete(&world.secret_path("app")).await;
    world.holds("app", &[("password", "value")]).await;
    operator.stop().await;
}

#[tokio::test]
async fn a_namespace_on_its_way_out_is_said_to_be_so_and_can_go() {
    let world = World::new("leaving").await;
    world.provider.put("db", "value");
    let operator = world.start().await;
    let finalizers = json!(["externalsecrets.external-secrets.io/externalsecret-cleanup", "test/keep"]);
    let object = world.object("app").key("password", "missing").with("/metadata/finalizers", finalizers);
    world.apply(object).await;
    world.says("app", "SecretSyncedError", "").await;
    let path = format!("/api/v1/namespaces/{}", world.namespace);
    world.delete(&path).await;
    // Ours goes at once; the test's own keeps the object, and so the namespace, until it is removed.
    world
        .until(world.external_secret_path("app"), |object| {
            object["metadata"]["finalizers"] == json!(["test/keep"])
        })
        .await;
    world.edit(&world.external_secret_path("app"), json!({ "metadata": { "finalizers": null } })).await;
    world.until(path, Value::is_null).await;
    operator.stop().await;
}

#[tokio::test]
async fn a_write_into_a_namespace_on_its_way_out_is_forbidden_in_words() {
    let world = World::new("forbidden").await;
    let keep = json!({ "metadata": { "name": "keep", "finalizers": ["test/keep"] } });
    world.create("v1", "configmaps", keep).await;
    let path = format!("/api/v1/namespaces/{}", world.namespace);
    world.delete(&path).await;
    let object = world.object("app").stored("11111111-1111-1111-1111-111111111111", 1).build();
    let marks = Marks::of(&object.metadata, Ownership::Leave);
    let place = Place { namespace: &world.namespace, name: "app", marks: &marks };
    let entries = Entries::from([("password".to_owned(), "value".into())]);
    let refused = world.writer().create(place, &entries).await.unwrap_err();
    assert_eq!(refused, WriteError::Forbidden("the namespace is being deleted".to_owned()));
    let free = json!({ "metadata": { "finalizers": null } });
    world.edit(&format!("{path}/configmaps/keep"), free).await;
    world.until(path, Value::is_null).await;
    let refused = world.writer().create(place, &entries).await.unwrap_err();
    assert_eq!(refused, WriteError::Forbidden("the namespace is not there".to_owned()));
}

#[tokio::test]
async fn nothing_is_written_over_what_changed_meanwhile() {
    let world = World::new("conflict").await;
    let object = world.object("app").stored("11111111-1111-1111-1111-111111111111", 1).build();
    let marks = Marks::of(&object.metadata, Ownership::Leave);
    let place = Place { namespace: &world.namespace, name: "app", marks: &marks };
    let entries = Entries::from([("password".to_owned(), "value".into())]);
    let writer = world.writer();
    let old = writer.create(place, &entries).await.unwrap().seen;
    assert_eq!(writer.create(place, &entries).await.unwrap_err(), WriteError::Conflict, "it is there");

    world.edit(&world.secret_path("app"), json!({ "metadata": { "labels": { "a": "b" } } })).await;
    let other = Entries::from([("password".to_owned(), "other".into())]);
    assert_eq!(writer.replace(place, &old, &other).await.unwrap_err(), WriteError::Conflict);
    assert_eq!(writer.merge(place, &old, &other).await.unwrap_err(), WriteError::Conflict);
    assert_eq!(writer.delete(&world.namespace, "app", &old).await.unwrap_err(), WriteError::Conflict);

    // The same name, and another Secret.
    world.delete(&world.secret_path("app")).await;
    let gone = writer.replace(place, &old, &other).await.unwrap_err();
    assert_eq!(gone, WriteError::Conflict);
    writer.create(place, &entries).await.unwrap();
    assert_eq!(writer.replace(place, &old, &other).await.unwrap_err(), WriteError::Conflict);
    assert_eq!(writer.delete(&world.namespace, "app", &old).await.unwrap_err(), WriteError::Conflict);
    world.holds("app", &[("password", "value")]).await;
}

#[tokio::test]
async fn what_is_too_large_is_invalid_and_nothing_of_it_is_said() {
    let world = World::new("large").await;
    world.provider.put("db", "canary".repeat(400_000));
    let operator = world.start().await;
    world.apply(world.object("app").key("password", "db")).await;
    let object = world.says("app", "SecretSyncedError", "could not get secret data from provider").await;
    assert!(object.to_string().contains("1 MiB") && !object.to_string().contains("canary"), "{object}");
    operator.stop().await;
}

#[tokio::test]
async fn after_an_outage_of_the_api_server_everything_goes_on() {
    let world = World::alone("outage").await;
    world.provider.put("db", "value");
    let operator = world.start().await;
    world.apply(world.object("app").key("password", "db").every("1s")).await;
    world.says("app", "SecretSynced", "").await;
    world.control.kill_apiserver();
    world.provider.put("db", "new");
    world.is_asked(world.provider.reads() + 2).await;
    world.control.restart_apiserver().await.unwrap();
    world.holds("app", &[("password", "new")]).await;
    world.says("app", "SecretSynced", "").await;

    world.edit(&world.secret_path("app"), json!({ "data": { "password": encoded("drifted") } })).await;
    world.holds("app", &[("password", "new")]).await;
    world.apply(world.object("later").key("password", "db")).await;
    world.says("later", "SecretSynced", "").await;
    operator.stop().await;
}

#[tokio::test]
async fn a_status_is_not_given_to_another_object_of_the_same_name() {
    let world = World::new("namesake").await;
    let metadata = |object: &Value| serde_json::from_value(object["metadata"].clone()).unwrap();
    let old = metadata(&world.apply(world.object("app").key("password", "db")).await);
    let writer = world.writer();
    let binding = Some(Binding { name: "app".to_owned() });
    let bound = ExternalSecretStatus { binding, ..ExternalSecretStatus::default() };
    assert!(writer.report(&old, &bound).await.unwrap().is_some());

    world.delete(&world.external_secret_path("app")).await;
    assert_eq!(writer.report(&old, &bound).await, Ok(None), "nobody has its name");
    let new = world.apply(world.object("app").key("password", "db")).await;
    assert_eq!(writer.report(&old, &bound).await, Ok(None), "another has its name");
    let found = world.get(&world.external_secret_path("app")).await.unwrap();
    assert_eq!((&found["status"], &found["metadata"]["uid"]), (&Value::Null, &new["metadata"]["uid"]));

    assert!(writer.report(&metadata(&new), &bound).await.unwrap().is_some());
}
