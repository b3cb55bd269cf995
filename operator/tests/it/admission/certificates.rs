//! Certificates are rotated while Secrets are created, and no create fails.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use eso_testkit::objects::store;
use serde_json::{Value, json};
use tokio::time::interval;

use crate::harness::{Kind, Setup, World, asking, eventually};

/// Where the operator's own Secrets are.
const SECRETS: &str = "/api/v1/namespaces/external-secrets/secrets";

fn path(world: &World) -> String {
    format!("{SECRETS}/{}-webhook", world.namespace)
}

/// Waits until the Secret is so, and answers what it holds.
async fn until(world: &World, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    eventually(what, async || match world.call("GET", &path(world), None).await {
        Ok(secret) if is_so(&secret["data"]) => Ok(secret["data"].clone()),
        Ok(_) => Err("it is another".to_owned()),
        Err(refusal) => Err(format!("{refusal:?}")),
    })
    .await
}

/// Whether one authority is trusted, and what is served is another than before.
fn is_rotated<'a>(before: &'a Value, keys: &'a [&str]) -> impl Fn(&Value) -> bool + use<'a> {
    move |now| {
        let is_there = |key: &str| now[key].as_str().is_some_and(|text| !text.is_empty());
        let all_there = ["ca.crt", "ca.key", "tls.crt", "tls.key"].into_iter().all(is_there);
        all_there && keys.iter().all(|key| now[*key] != before[*key])
    }
}

#[tokio::test]
async fn twenty_creates_a_second_through_three_rotations_do_not_fail() {
    let world = Setup::new("admission-rotated").webhooks().argument("--webhook-certificate-overlap=5s");
    let world = world.start().await;
    let token = world.canary("token");
    world.create(store("main").value("token", &token)).await;
    world.store_says(Kind::SecretStore, "main", "Valid", "store validated").await;
    let over = AtomicBool::new(false);
    let creating = async {
        let mut ticks = interval(Duration::from_millis(50));
        let mut made = 0;
        while !over.load(Ordering::Relaxed) {
            ticks.tick().await;
            let asked = asking(&format!("app-{made}"), &[("a", "eso:token")]);
            world.make(&asked, None).await.taken();
            made += 1;
        }
        made
    };
    let rotating = async {
        let first = until(&world, "there are certificates", is_rotated(&json!({}), &["tls.crt"])).await;
        // What is served is taken away: it is made anew by the same authority.
        let nothing = json!({ "data": { "tls.crt": null, "tls.key": null } });
        world.call("PATCH", &path(&world), Some(&nothing)).await.unwrap();
        let second = until(&world, "another is served", is_rotated(&first, &["tls.crt"])).await;
        assert_eq!(second["ca.crt"], first["ca.crt"]);
        // The authority cannot sign any more: another one is trusted, then signs, and then the old one goes.
        let nothing = json!({ "data": { "ca.key": null } });
        world.call("PATCH", &path(&world), Some(&nothing)).await.unwrap();
        let third =
            until(&world, "another authority signs", is_rotated(&second, &["tls.crt", "ca.crt"])).await;
        // All is deleted.
        world.call("DELETE", &path(&world), None).await.unwrap();
        until(&world, "everything is another", is_rotated(&third, &["tls.crt", "ca.crt", "ca.key"])).await;
        over.store(true, Ordering::Relaxed);
    };
    let (made, ()) = tokio::join!(creating, rotating);
    assert!(made > 100, "{made}");
    world.end().await;
}

#[tokio::test]
async fn the_key_of_the_records_is_put_back_where_it_is_deleted() {
    let world = Setup::new("admission-key").webhooks().start().await;
    let path = format!("{SECRETS}/{}-seal", world.namespace);
    let first = world.call("GET", &path, None).await.unwrap();
    let mut uid = first["metadata"]["uid"].clone();
    for _ in 0..2 {
        world.call("DELETE", &path, None).await.unwrap();
        let again = eventually("there is a key again", async || match world.call("GET", &path, None).await {
            Ok(secret) if secret["metadata"]["uid"] != uid => Ok(secret),
            other => Err(format!("{:?}", other.map(drop))),
        })
        .await;
        assert!(again["data"] == first["data"], "it is another key");
        uid = again["metadata"]["uid"].clone();
    }
    world.end().await;
}
