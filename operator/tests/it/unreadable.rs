//! Objects that the API server takes and our reader does not: each is its own trouble, and nobody else's, also after a
//! restart.

use std::fs;

use eso_rig::ControlPlaneOptions;
use eso_testkit::objects::{object, store};
use kube::api::ObjectMeta;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{Cluster, Kind, Manifest, Setup, World, eventually};

/// Deeper than our reader goes (127), and nothing to the API server (10,000).
const LEVELS: usize = 200;

/// Stands for what is nested so deeply.
const DEEP: &str = "what is nested";

/// A time that the API server takes, and that is beyond our calendar.
const ENDLESS: &str = "9999-12-31T23:59:59Z";

const TOO_DEEP: &str = "the spec cannot be read: it is nested too deeply";

/// On a cluster of its own: the other tests read the objects of all namespaces themselves.
#[tokio::test]
async fn what_cannot_be_read_hides_nothing_else() {
    let cluster = Cluster::alone(ControlPlaneOptions::default()).await;
    let world = Setup::new("unreadable").on(cluster).start().await;
    let first = world.canary("first");
    world.create(store("main").value("db", &first)).await;
    world.create(object("good").key("password", "db").every("1s")).await;
    world.holds("good", &[("password", &first)]).await;

    create_deep(&world, store("deep").provider("elsewhere", &json!(DEEP))).await;
    create_endless(&world).await;
    make_endless(&world, Kind::Secret, "good").await;
    world.create(object("merged").key("password", "db").every("1s").creation("Merge")).await;
    all_go_on(&world, "second").await;
    world.operator.restart().await;
    all_go_on(&world, "third").await;

    world.kubectl(&["delete", "secretstore", "deep"]).await;
    world.end().await;
}

/// The good objects get a new value, and the deep ones say what is wrong with them.
async fn all_go_on(world: &World, name: &str) {
    let value = world.canary(name);
    let provider = json!({ "fake": { "data": [{ "key": "db", "value": value }] } });
    world.patch(Kind::SecretStore, "main", json!({ "spec": { "provider": provider } })).await;
    world.holds("good", &[("password", &value)]).await;
    world.holds("merged", &[("other", "theirs"), ("password", &value)]).await;
    says(world, "secretstore", TOO_DEEP).await;
}

/// Creates an object, with what is nested too deeply where it says [`DEEP`].
async fn create_deep(world: &World, object: impl Manifest) {
    let mut object = object.manifest();
    object["metadata"]["namespace"] = json!(world.namespace);
    let nested = format!("{}1{}", r#"{"a":"#.repeat(LEVELS), "}".repeat(LEVELS));
    let manifest = object.to_string().replace(&format!("\"{DEEP}\""), &nested);
    let folder = TempDir::with_prefix("eso-it-").unwrap();
    let file = folder.path().join("deep.json");
    fs::write(&file, manifest).unwrap();
    world.kubectl(&["create", "-f", &file.display().to_string()]).await;
    let kind = object["kind"].as_str().expect("a manifest must have a kind");
    let list = world.kubectl(&["get", kind, "-o", "json"]).await;
    assert!(serde_json::from_str::<Value>(&list).is_err(), "whoever reads the whole list at once must fail");
}

/// Creates a Secret and a ConfigMap that were written at the end of time, by what they say, and the Secret `merged`.
async fn create_endless(world: &World) {
    world.create_secret("merged", &[("other", "theirs")]).await;
    world.create_secret("endless", &[("a", "b")]).await;
    world
        .create(json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "endless" }, "data": { "a": "b" },
        }))
        .await;
    for (kind, name) in [(Kind::Secret, "merged"), (Kind::Secret, "endless"), (Kind::ConfigMap, "endless")] {
        make_endless(world, kind, name).await;
    }
}

/// Says of an object that somebody annotated it at the end of time.
async fn make_endless(world: &World, kind: Kind, name: &str) {
    let writer = json!({
        "apiVersion": "v1",
        "fieldsType": "FieldsV1",
        "fieldsV1": { "f:metadata": { "f:annotations": { "f:somebody": {} } } },
        "manager": "somebody",
        "operation": "Update",
        "time": ENDLESS,
    });
    world.patch(kind, name, json!({ "metadata": { "annotations": { "somebody": "was here" } } })).await;
    let found = world.get(kind, name).await.expect("it must be there");
    let mut fields = found["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
    fields.push(writer);
    let patch = json!({ "metadata": { "managedFields": fields } });
    let mut patched = world.patch(kind, name, patch).await;
    assert!(patched["metadata"]["managedFields"].to_string().contains(ENDLESS), "{patched}");
    let read = serde_json::from_value::<ObjectMeta>(patched["metadata"].take());
    assert!(read.is_err(), "whoever reads all of the metadata at once must fail");
}

/// Waits until the object `deep` of this kind says so. kubectl reads it, for the tests' own client cannot.
async fn says(world: &World, kind: &str, beginning: &str) {
    let path = r#"jsonpath={.status.conditions[?(@.type=="Ready")].message}"#;
    eventually(&format!("the {kind} deep says {beginning:?}"), async || {
        let message = world.kubectl(&["get", kind, "deep", "-o", path]).await;
        if message.contains(beginning) { Ok(()) } else { Err(format!("it says {message:?}")) }
    })
    .await;
}
