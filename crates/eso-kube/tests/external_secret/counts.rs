//! What it costs the API server, counted in its audit log.

use serde_json::json;

use crate::world::{World, in_words};

const OBJECTS: usize = 5;

#[tokio::test]
async fn a_first_sync_costs_two_writes_and_no_read() {
    let world = World::new("first").await;
    world.provider.put("db", "value");
    let operator = world.start().await;
    let mark = world.mark().await;
    world.apply(world.object("app").key("password", "db")).await;
    world.says("app", "SecretSynced", "secret synced").await;
    operator.stop().await;
    let asked = in_words(&world.asked(mark).await);
    assert_eq!(asked, ["create secrets", "patch externalsecrets status"]);
}

#[tokio::test]
async fn a_changed_value_costs_one_write_and_one_status() {
    let world = World::new("changed").await;
    world.provider.put("db", "old");
    let operator = world.start().await;
    world.apply(world.object("app").key("password", "db").every("1s")).await;
    world.says("app", "SecretSynced", "").await;
    let mark = world.mark().await;
    world.provider.put("db", "new");
    world.holds("app", &[("password", "new")]).await;
    world.is_asked(world.provider.reads() + 3).await;
    operator.stop().await;
    let asked = in_words(&world.asked(mark).await);
    assert!(asked.iter().filter(|word| *word == "patch secrets").count() == 1, "{asked:?}");
    assert!(
        asked.iter().all(|word| ["patch secrets", "patch externalsecrets status"].contains(&word.as_str()))
    );
    assert!(asked.len() <= 2, "{asked:?}");
}

#[tokio::test]
async fn unchanged_refreshes_cost_nothing() {
    let world = World::new("unchanged").await;
    world.provider.put("db", r#"{"a":"1","b":"2"}"#);
    let operator = world.start().await;
    world.apply(world.object("keys").key("a", "db#a").every("1s")).await;
    world.apply(world.object("members").extract("db").every("1s")).await;
    world.says("keys", "SecretSynced", "").await;
    world.says("members", "SecretSynced", "").await;
    let mark = world.mark().await;
    world.is_asked(world.provider.reads() + 6).await;
    let asked = in_words(&world.asked(mark).await);
    assert_eq!(asked, [""; 0]);
    operator.stop().await;
}

#[tokio::test]
async fn a_restart_reads_no_secret_and_writes_nothing() {
    let world = World::new("restart").await;
    world.provider.put("db", r#"{"a":"1","b":"2"}"#);
    world.secret("shared", json!({ "theirs": "t" })).await;
    let operator = world.start().await;
    for number in 0..OBJECTS {
        world.apply(world.object(&format!("key-{number}")).label("n", "1").key("a", "db#a")).await;
        world.apply(world.object(&format!("all-{number}")).extract("db")).await;
    }
    world.apply(world.object("shared").key("a", "db#a").creation("Merge")).await;
    for number in 0..OBJECTS {
        world.says(&format!("key-{number}"), "SecretSynced", "").await;
        world.says(&format!("all-{number}"), "SecretSynced", "").await;
    }
    world.says("shared", "SecretSynced", "").await;
    operator.stop().await;

    let mark = world.mark().await;
    world.provider.clear_calls();
    let operator = world.start().await;
    world.settles().await;
    operator.stop().await;
    assert_eq!(in_words(&world.asked(mark).await), [""; 0]);
    assert_eq!(world.provider.reads(), 0);
}

#[tokio::test]
async fn what_the_original_wrote_is_taken_as_it_is() {
    let world = World::new("switch").await;
    let object = world
        .object("example")
        .key("first", "my-external-secret#first")
        .key("second", "my-external-secret#second")
        .target("secret-to-be-created")
        .with("/metadata/finalizers", json!(["externalsecrets.external-secrets.io/externalsecret-cleanup"]));
    let object = world.apply(object).await;
    world.as_the_original_wrote_it(&object).await;
    let mark = world.mark().await;
    let operator = world.start().await;
    world.settles().await;
    operator.stop().await;
    assert_eq!(in_words(&world.asked(mark).await), [""; 0]);
    assert_eq!(world.provider.reads(), 0);
}

#[tokio::test]
async fn a_secret_that_others_wrote_into_is_read_once_for_each_version() {
    let world = World::new("doubtful").await;
    world.provider.put("db", "value");
    // Its one value is right already, so that it stays the other writer's in the managed fields.
    world.secret("app", json!({ "password": "value" })).await;
    let operator = world.start().await;
    world.apply(world.object("app").key("password", "db")).await;
    world.says("app", "SecretSynced", "").await;
    operator.stop().await;

    let mark = world.mark().await;
    world.provider.clear_calls();
    let operator = world.start().await;
    world.settles().await;
    let synced = json!({ "metadata": { "annotations": { "other.example/note": "1" } } });
    world.edit(&world.external_secret_path("app"), synced).await;
    world
        .until(world.secret_path("app"), |secret| {
            secret["metadata"]["annotations"]["other.example/note"] == "1"
        })
        .await;
    world.says("app", "SecretSynced", "").await;
    operator.stop().await;
    let asked = in_words(&world.asked(mark).await);
    assert_eq!(asked.iter().filter(|word| *word == "get secrets").count(), 1, "{asked:?}");
    assert_eq!(asked.iter().filter(|word| *word == "patch secrets").count(), 1, "{asked:?}");
    assert_eq!(world.provider.reads(), 1);
}
