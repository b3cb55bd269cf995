//! Values of the AWS Parameter Store, from the API server to the store.

use eso_rig::ParameterStore;
use eso_testkit::objects::{object, store};
use serde_json::json;

use crate::harness::{Kind, Setup, World, aws, aws_spec};

/// The SecretStore `main`, which reads the Parameter Store with keys of its own.
pub(crate) async fn parameter_store(world: &World) {
    let (id, key) = (world.canary("id"), world.canary("key"));
    world.create_secret("aws-keys", &[("access-key", &id), ("secret-access-key", &key)]).await;
    let mut spec = aws_spec("aws-keys");
    spec["service"] = json!("ParameterStore");
    world.create(store("main").provider("aws", &spec)).await;
    world.store_says(Kind::SecretStore, "main", "Valid", "store validated").await;
}

#[tokio::test]
async fn parameters_fill_a_secret_by_property_version_path_tags_and_metadata() {
    let double = aws();
    let world = Setup::new("parameters").aws(&double.url()).start().await;
    parameter_store(&world).await;
    let [user, old, new, one, two] = ["user", "old", "new", "one", "two"].map(|name| world.canary(name));
    double.put_parameter("/db", &json!({ "user": user, "a.b": one }).to_string()).unwrap();
    for value in [&old, &new] {
        double.put_parameter("/rotated", value).unwrap();
    }
    double.put_parameter("/app/one", &one).unwrap();
    double.put_parameter("/other/two", &two).unwrap();
    let client = ParameterStore::new(&double.url()).unwrap();
    let tags = json!({ "ResourceType": "Parameter", "ResourceId": "/other/two", "Tags": [{ "Key": "team", "Value": "blue" }] });
    client.call("AddTagsToResource", &tags).await.unwrap().success().unwrap();

    let named = |key: &str, remote: serde_json::Value| json!({ "secretKey": key, "remoteRef": remote });
    let data = json!([
        named("user", json!({ "key": "/db", "property": "user" })),
        named("dotted", json!({ "key": "/db", "property": "a.b" })),
        named("old", json!({ "key": "/rotated", "version": "1" })),
        named("new", json!({ "key": "/rotated" })),
        named("team", json!({ "key": "/other/two", "metadataPolicy": "Fetch", "property": "team" })),
    ]);
    let from = json!([
        { "find": { "path": "/app", "name": { "regexp": "." } } },
        { "find": { "tags": { "team": "blue" } } },
    ]);
    world.create(object("app").every("1s").with("/spec/data", data).with("/spec/dataFrom", from)).await;
    let expected = [
        ("_app_one", one.as_str()),
        ("_other_two", &two),
        ("dotted", &one),
        ("new", &new),
        ("old", &old),
        ("team", "blue"),
        ("user", &user),
    ];
    world.holds("app", &expected).await;
    world.synced("app").await;

    world.create(object("gone").key("value", "/app/one").every("1s").deletion("Delete")).await;
    world.holds("gone", &[("value", &one)]).await;
    double.delete_parameter("/app/one");
    world.gone(Kind::Secret, "gone").await;
    world.holds("app", &expected[1..]).await;
    world.end().await;
}
