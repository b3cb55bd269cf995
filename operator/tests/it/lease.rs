//! Several operators, of which one writes.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicI64, Ordering},
};

use eso_rig::{ApiRequests, ControlPlaneOptions, Mark};
use eso_testkit::objects::{object, store};
use futures::future::join_all;
use jiff::Timestamp;
use serde_json::json;

use crate::harness::{Cluster, Kind, Setup, World, eventually, in_words};

/// A lease that is lost soon, and not by a machine that has much to do.
const SHORT: [&str; 3] = ["lease-duration=6s", "renew-deadline=5s", "retry-period=200ms"];

/// A lease that nobody gets by waiting.
const LONG: [&str; 3] = ["lease-duration=1h", "renew-deadline=30m", "retry-period=200ms"];

/// An object whose store holds a value.
async fn serve(world: &World, name: &str) {
    let value = world.canary(name);
    world.create(store(name).value("db", &value)).await;
    world.create(object(name).store(name).key("password", "db").every("1h")).await;
    world.holds(name, &[("password", &value)]).await;
    world.synced(name).await;
}

/// What a user wrote since then, in words; leases are left out, by which nobody knows anything.
async fn written(world: &World, mark: Mark, user: &str) -> Vec<String> {
    let asked = world.cluster.plane.since(mark).await.unwrap().by(user);
    let writes: ApiRequests = asked.writes().matching(|request| request.resource != "leases");
    in_words(&writes)
}

#[tokio::test]
async fn of_two_operators_one_leads_and_when_it_is_killed_the_other_does() {
    let world = Setup::new("leader-killed").elects(&SHORT).start().await;
    let first = world.leads(&world.operator).await;
    let rival = world.rival().await;
    serve(&world, "first").await;
    world.store_says(Kind::SecretStore, "first", "Valid", "store validated").await;
    world.told("first", "Normal ").await;
    let of_standby = written(&world, Mark::START, &world.rival_user()).await;
    assert!(of_standby.is_empty(), "a standby wrote: {of_standby:?}");
    assert_eq!(rival.logged("this process leads"), Vec::<String>::new());

    world.operator.kill();
    let mark = world.mark().await;
    let (value, edited) = (world.canary("meanwhile"), world.canary("edited"));
    world.create(store("meanwhile").value("db", &value)).await;
    world.create(object("meanwhile").store("meanwhile").key("password", "db").every("1h")).await;
    let provider =
        json!({ "spec": { "provider": { "fake": { "data": [{ "key": "db", "value": edited }] } } } });
    world.patch(Kind::SecretStore, "first", provider).await;
    let second = world.leads(&rival).await;
    world.holds("meanwhile", &[("password", &value)]).await;
    world.holds("first", &[("password", &edited)]).await;
    let lists = world.cluster.plane.since(mark).await.unwrap().by(&world.rival_user()).verb("list");
    assert_eq!(in_words(&lists), Vec::<String>::new(), "who stood by knew all");
    assert_eq!(second["leaseTransitions"], json!(first["leaseTransitions"].as_i64().unwrap() + 1));
    serve(&world, "second").await;
    assert!(rival.terminate().await.success(), "{}", rival.log());
    world.end().await;
}

#[tokio::test]
async fn after_a_clean_stop_the_other_leads_at_once() {
    let world = Setup::new("leader-stopped").elects(&LONG).start().await;
    world.leads(&world.operator).await;
    let rival = world.rival().await;
    serve(&world, "first").await;

    assert!(world.operator.terminate().await.success(), "{}", world.operator.log());
    world.leads(&rival).await;
    serve(&world, "second").await;
    assert!(rival.terminate().await.success(), "{}", rival.log());
    let lease = world.lease().await.unwrap();
    assert_eq!(lease["spec"]["holderIdentity"], "", "it is nobody's: {lease}");

    let asked = world.cluster.plane.since(Mark::START).await.unwrap().by(&world.user()).resource("leases");
    let used: BTreeSet<String> = asked.iter().map(|request| request.verb.clone()).collect();
    assert_eq!(
        used.into_iter().collect::<Vec<_>>(),
        ["create", "get", "update"],
        "as the role for leases has them"
    );
    world.end().await;
}

#[tokio::test]
async fn a_leader_that_stood_still_writes_nothing_when_it_wakes_up() {
    const OBJECTS: usize = 20;
    let world = Setup::new("leader-asleep").elects(&SHORT).argument("--status-heartbeat=0s").start().await;
    world.leads(&world.operator).await;
    world.create(store("main").value("db", &world.canary("before"))).await;
    let names: Vec<String> = (0..OBJECTS).map(|number| format!("app-{number}")).collect();
    let create = async |name: &String| {
        world.create(object(name).key("password", "db").every("1s")).await;
    };
    join_all(names.iter().map(create)).await;
    join_all(names.iter().map(|name| world.synced(name))).await;
    let rival = world.rival().await;

    world.operator.pause();
    world.leads(&rival).await;
    let mark = world.mark().await;
    let after = world.canary("after");
    let provider =
        json!({ "spec": { "provider": { "fake": { "data": [{ "key": "db", "value": after }] } } } });
    world.patch(Kind::SecretStore, "main", provider).await;
    let expected = [("password", after.as_str())];
    join_all(names.iter().map(|name| world.holds(name, &expected))).await;

    // Each of its objects is due, and its store is another one.
    world.operator.resume();
    let ended = world.operator.ends().await;
    assert_eq!(ended.code(), Some(1), "{}", world.operator.log());
    assert!(!world.operator.logged("the lease was lost").is_empty());
    let written = written(&world, mark, &world.user()).await;
    assert!(written.is_empty(), "it wrote when it woke up: {written:?}");
    assert!(rival.terminate().await.success(), "{}", rival.log());
    world.end().await;
}

#[tokio::test]
async fn a_lease_that_a_foreign_holder_renews_is_left_to_it() {
    let lease = |renewed: Timestamp| {
        json!({
            "holderIdentity": "external-secrets-7c9f_5f0b8a52-8a3e-4f6c-9f60-0d8c5b1f7a11",
            "leaseDurationSeconds": 2, "leaseTransitions": 4,
            "acquireTime": "2026-01-02T03:04:05.000006Z", "renewTime": format!("{renewed:.6}"),
        })
    };
    // A clock that is wrong by years is no reason to take it.
    let theirs = |round: i64| Timestamp::from_second(round).unwrap();
    let world = Setup::new("leader-foreign").elects(&SHORT).start().await;
    world.leads(&world.operator).await;
    world.operator.terminate().await;
    world.write_lease(&lease(theirs(0))).await;
    let rival = world.rival().await;
    let mark = world.mark().await;
    world.create(store("main").value("db", &world.canary("value"))).await;
    world.create(object("app").key("password", "db").every("1h")).await;
    // It looks each 200 ms, or up to 440 ms: 30 looks are more than twice the lease's duration.
    let rounds = AtomicI64::new(0);
    eventually("it has looked often enough", async || {
        let round = rounds.fetch_add(1, Ordering::Relaxed);
        world.write_lease(&lease(theirs(round + 1))).await;
        let asked = world.cluster.plane.since(mark).await.unwrap().by(&world.rival_user());
        match asked.resource("leases").verb("get").len() {
            looks if looks > 30 => Ok(()),
            looks => Err(format!("it has looked {looks} times: {}", rival.log())),
        }
    })
    .await;
    let asked = world.cluster.plane.since(mark).await.unwrap().by(&world.rival_user());
    assert_eq!(in_words(&asked.writes()), Vec::<String>::new());
    assert_eq!(rival.logged("somebody else holds the lease").len(), 1, "a renewal is no news");

    let taken = world.leads(&rival).await;
    assert_eq!(taken["leaseTransitions"], 5);
    assert_eq!(taken["leaseDurationSeconds"], 6);
    let fields: Vec<&String> = taken.as_object().into_iter().flat_map(serde_json::Map::keys).collect();
    assert_eq!(
        fields,
        ["acquireTime", "holderIdentity", "leaseDurationSeconds", "leaseTransitions", "renewTime"]
    );
    world.synced("app").await;
    assert!(rival.terminate().await.success(), "{}", rival.log());
    world.end().await;
}

#[tokio::test]
async fn a_leader_that_cannot_renew_steps_down() {
    let cluster = Cluster::alone(ControlPlaneOptions::default()).await;
    let world = Setup::new("leader-alone").on(cluster).elects(&SHORT).start().await;
    world.leads(&world.operator).await;
    serve(&world, "app").await;
    world.expect_refusals();
    world.cluster.plane.pause_apiserver().unwrap();
    let ended = world.operator.ends().await;
    world.cluster.plane.resume_apiserver().unwrap();
    assert_eq!(ended.code(), Some(1), "{}", world.operator.log());
    assert!(!world.operator.logged("the lease was lost").is_empty());

    // It is as good as new when it is started again.
    world.operator.restart().await;
    serve(&world, "again").await;
    assert_eq!(world.lease().await.unwrap()["spec"]["leaseTransitions"], 1);
    world.end().await;
}
