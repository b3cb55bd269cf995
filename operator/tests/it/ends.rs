//! What changes in the middle has one right end, and few writes on the way to it.

use eso_testkit::objects::object;
use serde_json::{Value, json};

use crate::harness::{Kind, Setup, World, aws, encoded, eventually, measured, values_read};

/// What the label of an owner is called.
const CREATED_BY: &str = "reconcile.external-secrets.io/created-by";

const FINALIZER: &str = "externalsecrets.external-secrets.io/externalsecret-cleanup";

/// An operator whose one store `main` is an AWS double that holds `db`; answers the value too.
async fn with_aws(name: &str, double: &eso_rig::FastAws) -> (World, String) {
    let world = Setup::new(name).aws(&double.url()).start().await;
    world.aws_store().await;
    let value = world.canary("value");
    double.put("db", &value).unwrap();
    (world, value)
}

/// How often the operator wrote to Secrets since then.
async fn writes_of_secrets(world: &World, since: eso_rig::Mark) -> usize {
    world.asked(since).await.writes().resource("secrets").len()
}

fn owner(secret: &Value) -> &Value {
    &secret["metadata"]["ownerReferences"][0]["uid"]
}

#[tokio::test]
async fn with_a_dead_store_an_object_can_be_deleted_and_a_namespace_goes() {
    let double = aws();
    let (world, value) = with_aws("ends-dead", &double).await;
    // What is being deleted is put right until its ExternalSecret is gone too.
    world.expect_refusals();
    let mount = world.vault_store().await;
    mount.put("db", &json!({ "value": value })).await;
    for (name, policy) in [("owned", "Retain"), ("owned-delete", "Delete"), ("last", "Retain")] {
        world.create(object(name).key("value", "db").deletion(policy).every("1s")).await;
        let of_vault = object(&format!("{name}-vault")).store("vault").key("value", "db#value");
        world.create(of_vault.deletion(policy).every("1s")).await;
    }
    let names = ["owned", "owned-delete", "last", "owned-vault", "owned-delete-vault", "last-vault"];
    for name in names {
        world.holds(name, &[("value", &value)]).await;
        let finalizers = json!({ "metadata": { "finalizers": [FINALIZER] } });
        world.patch(Kind::ExternalSecret, name, finalizers).await;
    }
    drop(double);
    let dead = json!({ "spec": { "provider": { "vault": { "server": "http://127.0.0.1:1" } } } });
    world.patch(Kind::SecretStore, "vault", dead).await;
    for name in names {
        world.fails(name, "could not get secret data from provider").await;
    }
    for name in ["owned", "owned-delete", "owned-vault", "owned-delete-vault"] {
        world.delete(Kind::ExternalSecret, name).await;
        world.gone(Kind::ExternalSecret, name).await;
        world.gone(Kind::Secret, name).await;
    }
    assert!(world.get(Kind::Secret, "last").await.is_some(), "an outage deletes nothing");
    world.delete(Kind::Namespace, &world.namespace).await;
    measured("a namespace with dead stores is gone", world.gone(Kind::Namespace, &world.namespace)).await;
    world.end().await;
}

#[tokio::test]
async fn a_policy_that_is_changed_in_place_is_what_the_secret_is_like() {
    let double = aws();
    let (world, value) = with_aws("ends-policy", &double).await;
    world.create(object("app").key("value", "db").every("1h")).await;
    world.holds("app", &[("value", &value)]).await;
    let uid = world.get(Kind::ExternalSecret, "app").await.unwrap()["metadata"]["uid"].clone();
    let theirs = json!({ "data": { "theirs": encoded("1") } });
    let since = world.mark().await;
    let policies = ["Orphan", "Merge", "CreateOrMerge", "Owner"];
    for policy in policies {
        let policy_of = json!({ "spec": { "target": { "creationPolicy": policy } } });
        world.patch(Kind::ExternalSecret, "app", policy_of).await;
        let is_owned = policy == "Owner";
        world
            .until(Kind::Secret, "app", &format!("is as {policy} has it"), |secret| {
                let marked = secret["metadata"]["labels"].get(CREATED_BY).is_some();
                (owner(secret) == &uid, marked) == (is_owned, is_owned)
            })
            .await;
        if policy == "CreateOrMerge" {
            world.patch(Kind::Secret, "app", theirs.clone()).await;
            world.holds("app", &[("theirs", "1"), ("value", &value)]).await;
        }
    }
    world.holds("app", &[("value", &value)]).await;
    world.synced("app").await;
    let writes = writes_of_secrets(&world, since).await;
    assert!((2..=policies.len() + 1).contains(&writes), "{writes} writes");
    world.end().await;
}

#[tokio::test]
async fn an_object_that_is_made_again_between_two_refreshes_owns_its_secret() {
    let double = aws();
    let (world, value) = with_aws("ends-again", &double).await;
    let app = || object("app").key("value", "db").every("1h");
    world.create(app()).await;
    world.holds("app", &[("value", &value)]).await;
    let since = world.mark().await;
    for _ in 0..3 {
        world.delete(Kind::ExternalSecret, "app").await;
        let made = world.create(app()).await;
        let uid = made["metadata"]["uid"].clone();
        world.until(Kind::Secret, "app", "is the new one's", |secret| owner(secret) == &uid).await;
        world.holds("app", &[("value", &value)]).await;
        world.synced("app").await;
    }
    let writes = writes_of_secrets(&world, since).await;
    assert!((3..=9).contains(&writes), "{writes} writes for three new objects");
    world.end().await;
}

#[tokio::test]
async fn two_objects_of_both_stores_that_write_one_secret_have_one_owner() {
    let double = aws();
    let (world, value) = with_aws("ends-two", &double).await;
    let mount = world.vault_store().await;
    let other = world.canary("other");
    mount.put("db", &json!({ "value": other })).await;
    world.create(object("first").key("value", "db").target("shared").every("1s")).await;
    world.holds("shared", &[("value", &value)]).await;
    let second = object("second").store("vault").key("value", "db#value").target("shared").every("1s");
    let since = world.mark().await;
    world.create(second).await;
    world.fails("second", "target is owned by another ExternalSecret: first").await;
    let before = values_read(&double);
    eventually("the first one was read three times more", async || match values_read(&double) {
        now if now >= before + 3 => Ok(()),
        now => Err(format!("{now} reads after {before}")),
    })
    .await;
    assert_eq!(writes_of_secrets(&world, since).await, 0, "who comes second writes nothing");
    world.delete(Kind::ExternalSecret, "first").await;
    world.holds("shared", &[("value", &other)]).await;
    world.synced("second").await;
    world.end().await;
}

#[tokio::test]
async fn a_mebibyte_is_written_once_and_a_byte_more_is_refused_with_a_reason() {
    let double = aws();
    let (world, _) = with_aws("ends-mebibyte", &double).await;
    let mount = world.vault_store().await;
    // As much as AWS takes for one secret, sixteen times: the limit of a Secret, to the byte.
    let part = "x".repeat(64 << 10);
    let mut full = object("full").every("1h");
    for number in 0..16 {
        let key = format!("part-{number}");
        double.put(&key, &part).unwrap();
        full = full.key(&key, &key);
    }
    mount.put("half", &json!({ "value": "y".repeat(512 << 10) })).await;
    double.put("byte", "z").unwrap();
    let since = world.mark().await;
    world.create(full).await;
    world.synced("full").await;
    let secret = world.get(Kind::Secret, "full").await.unwrap();
    assert_eq!(secret["data"].as_object().unwrap().len(), 16);
    let halves = object("halves").store("vault").key("one", "half#value").key("two", "half#value");
    world.create(halves.every("1h")).await;
    world.synced("halves").await;
    assert_eq!(writes_of_secrets(&world, since).await, 2);

    let more = json!([{ "secretKey": "byte", "remoteRef": { "key": "byte" } }]);
    let mut data = world.get(Kind::ExternalSecret, "full").await.unwrap()["spec"]["data"].clone();
    data.as_array_mut().unwrap().extend(more.as_array().unwrap().clone());
    world.patch(Kind::ExternalSecret, "full", json!({ "spec": { "data": data } })).await;
    let message = world.fails("full", "could not get secret data from provider: ").await;
    assert!(message.contains("1 MiB"), "{message}");
    let after = world.get(Kind::Secret, "full").await.unwrap();
    assert_eq!(after["metadata"]["resourceVersion"], secret["metadata"]["resourceVersion"]);
    world.end().await;
}
