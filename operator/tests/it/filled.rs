//! Secrets that were filled at admission stay true, on real servers.

mod sealed;

use futures::future::join_all;
use serde_json::{Value, json};

use crate::harness::{
    Kind, Mount, Setup, World, aws, encoded, entries, eventually, in_words, measured, values_read,
};
use sealed::{InProcess, filled, status};

/// A world with the store `vault`, in whose mount the member `password` of `db` has this value.
async fn vault(name: &str) -> (World, Mount, String) {
    let world = Setup::new(name).start().await;
    let mount = world.vault_store().await;
    let value = world.canary("value");
    mount.put("db", &json!({ "password": value })).await;
    (world, mount, value)
}

/// The Secret `app` with a URL, refreshed so often, that is in step.
async fn app(world: &World, seconds: u64, value: &str) {
    let asked = [("url", "db://joe:${vault:db#password}@db")];
    let held = format!("db://joe:{value}@db");
    world.create(filled(world, "SecretStore/vault", "app", seconds, &asked, &[("url", &held)])).await;
    let secret = world.stands("app", "SecretSynced", "secret synced").await;
    assert!(!status(&secret).to_string().contains(value), "{}", status(&secret));
}

async fn holds(world: &World, value: &str) -> Value {
    world.holds("app", &[("url", &format!("db://joe:{value}@db"))]).await
}

#[tokio::test]
async fn a_filled_secret_follows_its_store_and_is_counted_while_it_is_there() {
    let (world, mount, value) = vault("filled").await;
    let operator = InProcess::start(&world, None).await;
    app(&world, 1, &value).await;
    let new = world.canary("new");
    mount.put("db", &json!({ "password": new })).await;
    holds(&world, &new).await;
    world.told("app", "Normal Updated secret updated").await;
    let labels =
        format!("{{condition=\"Ready\",name=\"app\",namespace=\"{}\",status=\"True\"}} 1.0", world.namespace);
    assert!(
        operator.series("filledsecret_status_condition").contains(&labels),
        "{}",
        operator.metrics.encode()
    );
    assert_eq!(operator.series("filledsecret_data_age_seconds{").len(), 1);

    world.delete(Kind::Secret, "app").await;
    eventually("its series are gone", async || {
        match operator.series("filledsecret_").iter().filter(|line| line.contains("name=")).count() {
            0 => Ok(()),
            left => Err(format!("{left} are left")),
        }
    })
    .await;
    operator.stop().await;
    world.end().await;
}

#[tokio::test]
async fn an_annotation_an_edit_of_the_store_and_one_of_its_credential_have_it_read_at_once() {
    let (world, mount, value) = vault("filled-prompt").await;
    let operator = InProcess::start(&world, None).await;
    app(&world, 3600, &value).await;

    let forced = world.canary("forced");
    mount.put("db", &json!({ "password": forced })).await;
    world.kubectl(&["annotate", "secret/app", "force-sync=1"]).await;
    measured("an annotation", holds(&world, &forced)).await;

    let edited = world.canary("edited");
    mount.put("db", &json!({ "password": edited })).await;
    let edit = json!({ "spec": { "retrySettings": { "maxRetries": 1, "retryInterval": "1s" } } });
    world.patch(Kind::SecretStore, "vault", edit).await;
    measured("an edit of the store", holds(&world, &edited)).await;

    let rotated = world.canary("rotated");
    mount.put("db", &json!({ "password": rotated })).await;
    let token = mount.server.token(&[&mount.name], &json!({})).await.unwrap();
    world.watch_for(&token);
    world.patch(Kind::Secret, "vault-token", json!({ "data": { "token": encoded(&token) } })).await;
    measured("a credential that is edited", holds(&world, &rotated)).await;
    operator.stop().await;
    world.end().await;
}

#[tokio::test]
async fn a_store_that_denies_and_a_value_that_is_gone_are_said_and_end_by_themselves() {
    let (world, mount, value) = vault("filled-denied").await;
    let operator = InProcess::start(&world, None).await;
    app(&world, 1, &value).await;
    let unread = "could not get secret data from provider: error processing a reference (key: db), err: ";
    mount.server.policy(&mount.name, "path \"none/*\" { capabilities = [\"read\"] }").await.unwrap();
    world.stands("app", "SecretSyncedError", unread).await;
    world.told("app", "Warning UpdateFailed error processing a reference (key: db)").await;
    holds(&world, &value).await;
    let read = format!("path \"{}/data/*\" {{ capabilities = [\"read\"] }}", mount.name);
    mount.server.policy(&mount.name, &read).await.unwrap();
    world.stands("app", "SecretSynced", "secret synced").await;

    mount.put("db", &json!({ "other": "x" })).await;
    world.stands("app", "SecretSyncedError", unread).await;
    holds(&world, &value).await;
    let again = world.canary("again");
    mount.put("db", &json!({ "password": again })).await;
    holds(&world, &again).await;
    operator.stop().await;
    world.end().await;
}

#[tokio::test]
async fn a_record_that_was_copied_is_never_read_for_and_a_value_set_by_hand_stays() {
    let (world, mount, value) = vault("filled-hands").await;
    mount.put("hr", &json!({ "salary": world.canary("salary") })).await;
    let operator = InProcess::start(&world, None).await;
    // Somebody who may edit Secrets, and nothing else, wants what another Secret was filled with.
    let mut copy =
        filled(&world, "SecretStore/vault", "theirs", 1, &[("a", "vault:hr#salary")], &[("a", "x")]);
    copy["metadata"]["name"] = json!("copy");
    world.create(copy).await;
    world
        .stands("copy", "SecretSyncedError", "could not get secret data from provider: the annotation ")
        .await;
    world.told("copy", "Warning UpdateFailed the annotation ").await;

    let asked = [("a", "vault:db#password"), ("b", "vault:db#password")];
    world
        .create(filled(&world, "SecretStore/vault", "app", 1, &asked, &[("a", &value), ("b", &value)]))
        .await;
    world.stands("app", "SecretSynced", "").await;
    world.patch(Kind::Secret, "app", json!({ "stringData": { "a": "mine" } })).await;
    world.told("app", "Normal Updated not refreshed any more, for somebody else set or deleted it: a").await;
    let new = world.canary("new");
    mount.put("db", &json!({ "password": new })).await;
    world.holds("app", &[("a", "mine"), ("b", &new)]).await;
    world.holds("copy", &[("a", "x")]).await;
    operator.stop().await;
    world.end().await;
}

/// Waits until each Secret whose name begins with `app-` is in step and holds what it should.
async fn all_hold(world: &World, values: &[String], count: usize) {
    eventually(&format!("{count} Secrets hold what they should"), async || {
        let list = world.call("GET", &Kind::Secret.collection(&world.namespace), None).await.unwrap();
        let secrets = list["items"].as_array().into_iter().flatten();
        let of_these = secrets.filter(|secret| {
            let name = secret["metadata"]["name"].as_str().unwrap_or_default();
            let number = name.strip_prefix("app-").and_then(|number| number.parse::<usize>().ok());
            let value = number.and_then(|number| values.get(number % values.len()));
            value.is_some() && entries(secret).get("password") == value && status(secret)["ready"] == true
        });
        match of_these.count() {
            found if found == count => Ok(()),
            found => Err(format!("{found} do")),
        }
    })
    .await;
}

#[tokio::test]
async fn a_thousand_follow_with_one_write_each_share_their_reads_and_a_restart_reads_nothing() {
    const COUNT: usize = 1000;
    const KEYS: usize = 10;
    let aws = aws();
    let world = Setup::new("filled-crowd").aws(&aws.url()).start().await;
    world.aws_store().await;
    let values = |round: &str| -> Vec<String> {
        let values: Vec<String> =
            (0..KEYS).map(|number| world.canary(&format!("{round}-{number}"))).collect();
        for (key, value) in values.iter().enumerate() {
            aws.put(&format!("key-{key}"), value).unwrap();
        }
        values
    };
    let old = values("old");
    let operator = InProcess::start(&world, Some(aws.url())).await;
    let secret = |number: usize| {
        let (name, asked) = (format!("app-{number:04}"), format!("eso:key-{}", number % KEYS));
        let held = [("password", old[number % KEYS].as_str())];
        filled(&world, "SecretStore/main", &name, 3600, &[("password", &asked)], &held)
    };
    for some in (0..COUNT).collect::<Vec<_>>().chunks(20) {
        join_all(some.iter().map(|number| world.create(secret(*number)))).await;
    }
    measured("1,000 are in step", all_hold(&world, &old, COUNT)).await;

    let new = values("new");
    let (mark, reads) = (world.mark().await, values_read(&aws));
    world.patch(Kind::SecretStore, "main", json!({ "spec": { "retrySettings": { "maxRetries": 1 } } })).await;
    measured("1,000 follow", all_hold(&world, &new, COUNT)).await;
    let reads = values_read(&aws) - reads;
    assert!(reads < COUNT, "{reads} values were read for {COUNT} Secrets");
    let asked = in_words(&world.asked(mark).await.resource("secrets"));
    let patches = asked.iter().filter(|asked| *asked == "patch secrets").count();
    assert_eq!(patches, COUNT);
    operator.stop().await;

    let (mark, reads) = (world.mark().await, values_read(&aws));
    let operator = InProcess::start(&world, Some(aws.url())).await;
    operator.looked_at(COUNT, 1.0).await;
    operator.stop().await;
    assert_eq!(values_read(&aws), reads);
    let asked = in_words(&world.asked(mark).await.writes());
    assert_eq!(asked, [""; 0]);
    world.end().await;
}
