//! The empty Secret that is filled with the members of a value.

use serde_json::{Value, json};

use super::{apply, older, says, setup};
use crate::harness::{Kind, World, aws, encoded, eventually};

pub(super) fn empty(name: &str) -> Value {
    json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": name }, "type": "Opaque" })
}

async fn replace(world: &World, secret: &Value) {
    let name = secret["metadata"]["name"].as_str().unwrap();
    world.call("PUT", &world.path(Kind::Secret, name), Some(secret)).await.unwrap();
}

#[tokio::test]
async fn the_well_known_example_works_as_its_readers_expect() {
    let double = aws();
    let world = setup("legacy-example", &double).start().await;
    let [password, other] = ["password", "other"].map(|name| world.canary(name));
    let value = json!({ "username": "me", "password": password }).to_string();
    double.put("my-secret", &value).unwrap();
    apply(&world, "my-external-secret.yaml", &[]).await;
    world.holds("my-external-secret", &[("my-external-secret-data", &value)]).await;
    let filled = [("password", password.as_str()), ("username", "me")];
    let secret = world.holds("my-external-secret-data", &filled).await;
    let object = says(&world, "my-external-secret", "SUCCESS").await;
    let metadata = &secret["metadata"];
    assert_eq!(metadata["annotations"]["external-secrets.io/filled-by"], object["metadata"]["uid"]);
    assert_eq!(metadata.get("ownerReferences"), None);

    let changed = json!({ "username": "me", "password": other }).to_string();
    double.put("my-secret", &changed).unwrap();
    let filled = [("password", other.as_str()), ("username", "me")];
    world.holds("my-external-secret-data", &filled).await;
    // As `kubectl replace` leaves it: nothing says any more who filled it.
    replace(&world, &empty("my-external-secret-data")).await;
    world.holds("my-external-secret-data", &filled).await;
    world.delete(Kind::LegacyExternalSecret, "my-external-secret").await;
    world.gone(Kind::LegacyExternalSecret, "my-external-secret").await;
    world.holds("my-external-secret-data", &filled).await;
    world.end().await;
}

#[tokio::test]
async fn a_secret_that_comes_later_is_filled_and_one_that_holds_something_is_left_alone() {
    let double = aws();
    let world = setup("legacy-fills", &double).start().await;
    let value = world.canary("value");
    double.put("db", &json!({ "password": value }).to_string()).unwrap();
    let data = json!([
        { "key": "db", "name": "later" }, { "key": "db", "name": "used" }, { "key": "db", "name": "typed" },
        { "key": "db", "name": "owned" }, { "key": "db", "name": "part", "property": "password" },
    ]);
    world.create_secret("used", &[("theirs", "kept")]).await;
    world.create(empty("part")).await;
    let owner = world.create(json!({ "kind": "ConfigMap", "metadata": { "name": "owner" } })).await;
    let uid = &owner["metadata"]["uid"];
    let owner = json!({ "apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": uid });
    let mut owned = empty("owned");
    owned["metadata"]["ownerReferences"] = json!([owner]);
    world.create(owned).await;
    let mut typed = empty("typed");
    typed["type"] = json!("example.com/theirs");
    world.create(typed).await;
    world.create(older("app", "db", json!({ "data": data }))).await;
    says(&world, "app", "SUCCESS").await;
    world.create(empty("later")).await;
    world.holds("later", &[("password", &value)]).await;
    world.holds("used", &[("theirs", "kept")]).await;
    for name in ["part", "typed", "owned"] {
        world.holds(name, &[]).await;
    }
    // Once it is empty, it is one of those that are filled.
    replace(&world, &empty("used")).await;
    world.holds("used", &[("password", &value)]).await;
    // A key that somebody adds is theirs.
    world.patch(Kind::Secret, "later", json!({ "data": { "more": encoded("theirs") } })).await;
    let changed = world.canary("changed");
    double.put("db", &json!({ "password": changed }).to_string()).unwrap();
    world.holds("later", &[("more", "theirs"), ("password", &changed)]).await;
    world.end().await;
}

#[tokio::test]
async fn secrets_that_nobody_made_cost_no_reads() {
    let double = aws();
    let world = setup("legacy-idle", &double).start().await;
    let value = world.canary("value");
    double.put("db", &value).unwrap();
    world.create(older("app", "db", json!({ "data": [{ "key": "db", "name": "nobodys" }] }))).await;
    world.holds("app", &[("nobodys", &value)]).await;
    let mark = world.mark().await;
    let reads = double.calls().len();
    eventually("it is read some more times", async || match double.calls().len() - reads {
        more if more >= 3 => Ok(()),
        more => Err(more.to_string()),
    })
    .await;
    let asked = world.asked(mark).await;
    assert!(asked.resource("secrets").is_empty(), "nothing is looked for");
    world.end().await;
}
