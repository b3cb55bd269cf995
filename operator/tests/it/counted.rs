//! What one object costs, counted: by the API server's audit log and the counters of the AWS double.
//!
//! Time is scaled: 10 minutes of heartbeat to 30 s of interval are 20 s to 1 s here.

mod crowd;

use eso_rig::FastAws;
use eso_testkit::objects::object;
use serde_json::json;

use crate::harness::{Kind, Setup, World, aws, eventually, in_words, values_read};

const CREATE: &str = "create secrets";
const CHANGE: &str = "patch secrets";
const STATUS: &str = "patch externalsecrets/status";

/// An operator with an AWS double, and the store `main` that reads it.
async fn with_aws(name: &str, arguments: &[&str]) -> (World, FastAws) {
    let aws = aws();
    let setup = Setup::new(name).aws(&aws.url());
    let world = arguments.iter().fold(setup, |setup, argument| setup.argument(argument)).start().await;
    world.aws_store().await;
    (world, aws)
}

/// Waits until so many more values were read from the double.
async fn reads_more(aws: &FastAws, more: usize) {
    let before = values_read(aws);
    eventually(&format!("{more} more values were read"), async || match values_read(aws) - before {
        now if now >= more => Ok(()),
        now => Err(format!("{now} were")),
    })
    .await;
}

#[tokio::test]
async fn a_first_sync_costs_two_writes_and_no_read() {
    let (world, aws) = with_aws("counted-first", &[]).await;
    let mount = world.vault_store().await;
    let value = world.canary("value");
    aws.put("db", &value).unwrap();
    mount.put("db", &json!({ "password": value })).await;
    let mark = world.mark().await;
    // One after the other: what the first one's sync may have caused later would be seen by the second one's end.
    for (name, store, remote) in [("a", "main", "db"), ("b", "vault", "db#password"), ("c", "main", "db")] {
        world.create(object(name).store(store).key("password", remote)).await;
        world.synced(name).await;
        world.holds(name, &[("password", &value)]).await;
    }
    let asked = in_words(&world.asked(mark).await);
    assert_eq!(asked, [CREATE, CREATE, CREATE, STATUS, STATUS, STATUS]);
    world.end().await;
}

#[tokio::test]
async fn a_changed_value_costs_one_write_and_at_most_one_read_and_one_status() {
    let (world, aws) = with_aws("counted-changed", &[]).await;
    let (old, new) = (world.canary("old"), world.canary("new"));
    aws.put("db", &old).unwrap();
    let theirs = world.canary("theirs");
    world.create_secret("merge", &[("theirs", &theirs)]).await;
    for (name, policy) in [("owner", "Owner"), ("orphan", "Orphan"), ("merge", "Merge")] {
        world.create(object(name).key("password", "db").creation(policy).every("1s")).await;
        world.synced(name).await;
    }
    let mark = world.mark().await;
    aws.put("db", &new).unwrap();
    world.holds("owner", &[("password", &new)]).await;
    world.holds("orphan", &[("password", &new)]).await;
    world.holds("merge", &[("password", &new), ("theirs", &theirs)]).await;
    reads_more(&aws, 3).await;
    let asked = world.asked(mark).await;
    for name in ["owner", "orphan", "merge"] {
        let of_this = in_words(&asked.name(name));
        let count = |word: &str| of_this.iter().filter(|asked| *asked == word).count();
        assert_eq!(count(CHANGE), 1, "{name}: {of_this:?}");
        assert!(count("get secrets") <= 1 && count(STATUS) <= 1, "{name}: {of_this:?}");
        assert_eq!(
            count(CHANGE) + count("get secrets") + count(STATUS),
            of_this.len(),
            "{name}: {of_this:?}"
        );
    }
    world.end().await;
}

#[tokio::test]
async fn unchanged_refreshes_cost_one_status_write_in_a_heartbeat() {
    let (world, aws) = with_aws("counted-beat", &["--status-heartbeat=20s"]).await;
    aws.put("db", &world.canary("value")).unwrap();
    world.create(object("app").key("password", "db").every("1s")).await;
    let first = world.synced("app").await["status"]["refreshTime"].clone();
    let (mark, reads) = (world.mark().await, values_read(&aws));
    let written = |object: &serde_json::Value| object["status"]["refreshTime"] != first;
    world.until(Kind::ExternalSecret, "app", "has a heartbeat", written).await;
    assert_eq!(in_words(&world.asked(mark).await), [STATUS]);
    let refreshes = values_read(&aws) - reads;
    assert!(refreshes >= 10, "{refreshes} refreshes are too few to say anything");
    world.end().await;
}

#[tokio::test]
async fn a_refresh_that_is_rarer_than_the_heartbeat_costs_one_status_write() {
    let (world, aws) = with_aws("counted-rare", &["--status-heartbeat=500ms"]).await;
    aws.put("db", &world.canary("value")).unwrap();
    let mark = world.mark().await;
    world.create(object("app").key("password", "db").every("3s")).await;
    world.synced("app").await;
    reads_more(&aws, 4).await;
    // It is not read any more after this edit.
    world.patch(Kind::ExternalSecret, "app", json!({ "spec": { "refreshInterval": "0" } })).await;
    world
        .until(Kind::ExternalSecret, "app", "has seen its last edit", |object| {
            let revision = object["status"]["syncedResourceVersion"].as_str().unwrap_or_default();
            revision.starts_with("2-")
        })
        .await;
    let asked = in_words(&world.asked(mark).await);
    assert_eq!(asked, [vec![CREATE], vec![STATUS; values_read(&aws)]].concat());
    world.end().await;
}

#[tokio::test]
async fn unchanged_refreshes_cost_nothing_where_the_heartbeat_is_longer() {
    let (world, aws) = with_aws("counted-still", &["--status-heartbeat=1h"]).await;
    let mount = world.vault_store().await;
    let (first, second) = (world.canary("first"), world.canary("second"));
    let document = json!({ "first": first, "second": second });
    aws.put("db", &document.to_string()).unwrap();
    mount.put("db", &document).await;
    world.create_secret("merge", &[("theirs", &world.canary("theirs"))]).await;
    let objects = [
        object("keys").key("first", "db#first").key("second", "db#second"),
        object("members").extract("db"),
        object("orphan").extract("db").creation("Orphan"),
        object("merge").extract("db").creation("Merge"),
        object("nowhere").extract("db").creation("None"),
        object("vault").store("vault").key("first", "db#first"),
        object("retained").store("vault").extract("db"),
    ];
    let count = objects.len();
    for object in objects {
        world.create(object.every("1s")).await;
    }
    for name in ["keys", "members", "orphan", "merge", "nowhere", "vault", "retained"] {
        world.synced(name).await;
    }
    let (mark, of_vault) = (world.mark().await, mount.server.mark().unwrap());
    reads_more(&aws, 10).await;
    assert!(mount.server.since(of_vault).unwrap().below(&mount.name).len() >= 2, "Vault was read too");
    assert_eq!(in_words(&world.asked(mark).await), [""; 0]);
    world.looked_at(count, 3).await;
    world.end().await;
}
