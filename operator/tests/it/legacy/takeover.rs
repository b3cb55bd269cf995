//! Moving on from the older controller: it is scaled to 0, and what it wrote stays as it is.

use serde_json::{Value, json};

use super::{older, says, setup};
use crate::harness::{Kind, World, aws, encoded, eventually};

/// Puts a Secret there as the older controller wrote it for this object.
async fn written(world: &World, object: &Value, entries: &[(&str, &str)], metadata: Value) -> Value {
    let name = &object["metadata"]["name"];
    let data: serde_json::Map<_, _> =
        entries.iter().map(|(key, value)| ((*key).to_owned(), json!(encoded(value)))).collect();
    let mut secret = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "Opaque", "data": data,
        "metadata": {
            "name": name,
            "ownerReferences": [{
                "apiVersion": "kubernetes-client.io/v1", "kind": "ExternalSecret", "name": name,
                "uid": object["metadata"]["uid"], "controller": true,
            }],
        },
    });
    secret["metadata"].as_object_mut().unwrap().extend(metadata.as_object().unwrap().clone());
    let path = format!("{}?fieldManager=unknown", Kind::Secret.collection(&world.namespace));
    world.call("POST", &path, Some(&secret)).await.unwrap()
}

/// Puts a status there as the older controller wrote it.
async fn reported(world: &World, name: &str) {
    let status = json!({ "status": {
        "lastSync": jiff::Timestamp::now().to_string(), "observedGeneration": 1, "status": "SUCCESS",
    } });
    let path = format!("{}/status", world.path(Kind::LegacyExternalSecret, name));
    world.call("PATCH", &path, Some(&status)).await.unwrap();
}

#[tokio::test]
async fn a_secret_of_the_older_controller_is_not_written_while_it_is_as_it_should_be() {
    let double = aws();
    let world = setup("legacy-takeover", &double).start().await;
    world.operator.kill();
    let [value, old, new] = ["value", "old", "new"].map(|name| world.canary(name));
    double.put("same", &value).unwrap();
    double.put("other", &new).unwrap();
    let template = json!({ "metadata": { "labels": { "a": "b" }, "annotations": { "c": "d" } } });
    let same = world.create(older("same", "same", json!({ "template": template }))).await;
    let other = world.create(older("other", "other", json!({}))).await;
    let before = written(&world, &same, &[("value", &value)], template["metadata"].clone()).await;
    written(&world, &other, &[("value", &old), ("stale", &old)], json!({})).await;
    reported(&world, "same").await;
    reported(&world, "other").await;
    let mark = world.mark().await;
    world.operator.restart().await;
    world.holds("other", &[("value", &new)]).await;
    let reads = double.calls().len();
    eventually("it is read some more times", async || match double.calls().len() - reads {
        more if more >= 4 => Ok(()),
        more => Err(more.to_string()),
    })
    .await;
    let after = world.get(Kind::Secret, "same").await.unwrap();
    assert_eq!(before, after, "nothing was written");
    let asked = world.asked(mark).await;
    let looked = asked.resource("secrets").name("same");
    assert_eq!(looked.len(), 1, "it is read once, and not at each refresh: {looked:?}");
    assert_eq!(world.get(Kind::LegacyExternalSecret, "same").await.unwrap()["status"]["status"], "SUCCESS");
    world.end().await;
}

#[tokio::test]
async fn a_secret_that_somebody_changes_is_put_right_at_once() {
    let double = aws();
    let world = setup("legacy-drift", &double).variable("DISABLE_POLLING", "").start().await;
    let value = world.canary("value");
    double.put("db", &value).unwrap();
    world.create(older("app", "db", json!({}))).await;
    let secret = world.holds("app", &[("value", &value)]).await;
    says(&world, "app", "SUCCESS").await;
    let spoiled = json!({ "data": { "value": encoded("spoiled"), "more": encoded("more") } });
    world.patch(Kind::Secret, "app", spoiled).await;
    let mended = world.holds("app", &[("value", &value)]).await;
    assert_eq!(mended["metadata"]["uid"], secret["metadata"]["uid"]);
    world.delete(Kind::Secret, "app").await;
    world
        .until(Kind::Secret, "app", "is another", |now| now["metadata"]["uid"] != secret["metadata"]["uid"])
        .await;
    world.holds("app", &[("value", &value)]).await;
    world.end().await;
}
