//! What the chart renders: the API server takes it, and its roles are enough.

use std::fs;

use eso_rig::Mark;
use eso_testkit::objects::{object, store};
use serde_json::{Value, json};

use crate::harness::{Kind, Setup, in_words, rendered};

/// Kinds of others, which no API server knows by itself; and definitions, whose schemas the golden files leave out.
const ELSEWHERE: [&str; 3] = ["Certificate", "ServiceMonitor", "CustomResourceDefinition"];

#[tokio::test]
async fn the_api_server_takes_all_that_the_chart_renders() {
    let world = Setup::new("chart").start().await;
    let folder = tempfile::tempdir().unwrap();
    for case in ["default", "everything", "one-namespace", "without-webhook"] {
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
    let world = Setup::new("scoped").start().await;
    world.operator.terminate().await;
    let operator = world.scoped().await;
    let value = world.canary("value");
    world.create(store("main").value("db", &value)).await;
    world.create(store("scoped").for_cluster().value("db", &value)).await;
    world.create(object("of-the-cluster").cluster_store("scoped").key("password", "db")).await;
    world.create(object("app").key("password", "db")).await;
    world.holds("app", &[("password", &value)]).await;
    world.synced("app").await;

    // It was there before the other, and is left as it is: neither has it a Secret, nor does it say that it failed.
    let left = world.get(Kind::ExternalSecret, "of-the-cluster").await.unwrap();
    assert_eq!(left["status"], Value::Null, "{left}");
    let asked = world.cluster.plane.since(Mark::START).await.unwrap().by(&world.scoped_user());
    let refused = asked.matching(|request| request.status == 403);
    assert_eq!(in_words(&refused), Vec::<String>::new());
    assert!(operator.terminate().await.success(), "{}", operator.log());
    world.end().await;
}
