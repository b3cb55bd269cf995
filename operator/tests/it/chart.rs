//! What the chart renders: the API server takes it, and its roles are enough.

use std::fs;

use eso_rig::{FastAws, Mark};
use eso_testkit::objects::{object, store};
use serde_json::{Value, json};

use crate::harness::{Kind, STORE, Setup, World, asking, aws, entries, in_words, rendered};

/// Kinds of others, which no API server knows by itself; and definitions, whose schemas the golden files leave out.
const ELSEWHERE: [&str; 3] = ["Certificate", "ServiceMonitor", "CustomResourceDefinition"];

/// The sets of values that golden files are of.
const CASES: [&str; 6] =
    ["default", "everything", "named", "one-namespace", "without-rights", "without-webhook"];

#[tokio::test]
async fn the_api_server_takes_all_that_the_chart_renders() {
    let world = Setup::new("chart").start().await;
    let folder = tempfile::tempdir().unwrap();
    for case in CASES {
        let documents: Vec<Value> = rendered(case)
            .into_iter()
            .filter(|document| !ELSEWHERE.contains(&document["kind"].as_str().unwrap()))
            .map(|mut document| {
                if document["metadata"].get("namespace").is_some() {
                    document["metadata"]["namespace"] = json!(world.namespace);
                }
                document
            })
            .collect();
        let path = folder.path().join(format!("{case}.json"));
        let list = json!({ "apiVersion": "v1", "kind": "List", "items": documents });
        fs::write(&path, list.to_string()).unwrap();
        let path = path.display().to_string();
        world.kubectl(&["apply", "--dry-run=server", "--validate=strict", "-f", &path]).await;
    }
    world.end().await;
}

#[tokio::test]
async fn an_operator_with_rights_in_one_namespace_alone_serves_that() {
    let double = aws();
    let setup = Setup::new("scoped").aws(&double.url()).variable("AWS_ACCESS_KEY_ID", "AKIAQQQQQQQQQQQQQQQQ");
    let world = setup.variable("AWS_SECRET_ACCESS_KEY", "the-operators-own").start().await;
    world.operator.terminate().await;
    let operator = world.scoped().await;
    let value = world.canary("value");
    world.create(store("main").value("db", &value)).await;
    world.create(store("scoped").for_cluster().value("db", &value)).await;
    world.create(object("of-the-cluster").cluster_store("scoped").key("password", "db")).await;
    world.create(object("app").key("password", "db")).await;
    world.holds("app", &[("password", &value)]).await;
    world.synced("app").await;
    secrets_are_filled(&world, &value).await;
    older_objects_are_served(&world, &double).await;

    // It was there before the other, and is left as it is: neither has it a Secret, nor does it say that it failed.
    let left = world.get(Kind::ExternalSecret, "of-the-cluster").await.unwrap();
    assert_eq!(left["status"], Value::Null, "{left}");
    let asked = world.cluster.plane.since(Mark::START).await.unwrap().by(&world.scoped_user());
    let refused = asked.matching(|request| request.status == 403);
    assert_eq!(in_words(&refused), Vec::<String>::new());
    assert!(operator.terminate().await.success(), "{}", operator.log());
    world.end().await;
}

/// Secrets of the namespace are filled, also from the store that the Namespace names; those of others are not sent.
async fn secrets_are_filled(world: &World, value: &str) {
    let filled = world.make(&asking("asking", &[("password", "eso:db")]), None).await.taken();
    assert_eq!(entries(&filled)["password"], value);
    let annotations = json!({ "metadata": { "annotations": { STORE: "SecretStore/main" } } });
    world.patch(Kind::Namespace, &world.namespace, annotations).await;
    let mut by_default = asking("by-default", &[("password", "eso:db")]);
    by_default["metadata"]["annotations"][STORE] = json!("");
    let filled = world.make(&by_default, None).await.taken();
    assert_eq!(entries(&filled)["password"], value);

    let elsewhere = world.cluster.plane.namespace("scoped-elsewhere").await.unwrap();
    let path = Kind::Secret.collection(&elsewhere);
    let left = world.call("POST", &path, Some(&asking("asking", &[("password", "eso:db")]))).await.unwrap();
    assert_eq!(entries(&left)["password"], "eso:db");
}

/// What they may ask for is said by annotations of the Namespace, which are heard of.
async fn older_objects_are_served(world: &World, double: &FastAws) {
    let value = world.canary("older");
    double.put("allowed/db", &value).unwrap();
    double.put("db", "not to be read").unwrap();
    let permitted = json!({ "externalsecrets.kubernetes-client.io/permitted-key-name": "allowed/.*" });
    let annotations = json!({ "metadata": { "annotations": permitted } });
    world.patch(Kind::Namespace, &world.namespace, annotations).await;
    for (name, key) in [("older", "allowed/db"), ("denied", "db")] {
        let data = json!([{ "key": key, "name": "password" }]);
        world
            .create(json!({
                "apiVersion": "kubernetes-client.io/v1", "kind": "ExternalSecret", "metadata": { "name": name },
                "spec": { "backendType": "secretsManager", "data": data },
            }))
            .await;
    }
    world.holds("older", &[("password", &value)]).await;
    world
        .until(Kind::LegacyExternalSecret, "denied", "is denied", |object| {
            let said = object["status"]["status"].as_str().unwrap_or_default();
            said.contains("does not match naming convention")
        })
        .await;
}
