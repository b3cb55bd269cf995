//! The process: how it starts, stops, is killed, and outlives the API server and a lack of rights.

use std::{process::Output, time::Duration};

use eso_rig::{ControlPlaneOptions, Mark};
use eso_testkit::objects::{object, store};
use futures::future::join_all;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::harness::{Cluster, Kind, Mount, Setup, World, aws, eventually};

#[tokio::test]
async fn what_was_killed_in_the_middle_ends_where_it_would_have() {
    const OBJECTS: usize = 24;
    let double = aws();
    let world = Setup::new("killed").aws(&double.url()).start().await;
    world.aws_store().await;
    let values: Vec<(String, String)> =
        (0..OBJECTS).map(|number| (format!("app-{number}"), world.canary("value"))).collect();
    for (name, value) in &values {
        double.put(name, value).unwrap();
    }
    double.set_service_time(Duration::from_millis(200));
    let mark = world.mark().await;
    let create = async |(name, _): &(String, String)| {
        world.create(object(name).key("password", name).every("1h")).await;
    };
    join_all(values.iter().map(create)).await;
    // Again and again in the middle: whenever so many Secrets are there.
    for there in [1, OBJECTS / 3, OBJECTS * 2 / 3] {
        eventually(&format!("{there} Secrets are there"), async || {
            let found = kept(&world).await;
            if found >= there { Ok(()) } else { Err(format!("{found} are")) }
        })
        .await;
        world.operator.kill();
        world.operator.restart().await;
    }
    for (name, value) in &values {
        world.holds(name, &[("password", value)]).await;
        world.synced(name).await;
    }
    let writes = world.asked(mark).await.resource("secrets").writes();
    let done = writes.matching(|request| request.status < 300);
    // One whose answer nobody waited for any more may be logged as failed.
    assert!(done.verb("create").len() <= OBJECTS, "a Secret was made twice: {done:?}");
    assert_eq!(done.len(), done.verb("create").len(), "a Secret was written again: {done:?}");
    world.end().await;
}

/// How many Secrets are there that the operator keeps.
async fn kept(world: &World) -> usize {
    let selector = "labelSelector=reconcile.external-secrets.io/managed%3Dtrue";
    let path = format!("{}?{selector}", Kind::Secret.collection(&world.namespace));
    let secrets = world.call("GET", &path, None).await.unwrap();
    secrets["items"].as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn a_stop_is_clean_and_ends_the_logins() {
    let world = Setup::new("stopped").start().await;
    let mount = Mount::of(&world).await;
    let login = mount.trust_service_accounts(&world, "reader").await;
    world
        .create(json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": "reader" } }))
        .await;
    let value = world.canary("value");
    mount.put("db", &json!({ "password": value })).await;
    let spec = json!({
        "server": mount.server.url(), "path": mount.name, "version": "v2", "auth": { "kubernetes": login },
    });
    world.create(store("main").provider("vault", &spec)).await;
    world.create(object("app").key("password", "db#password").every("1s")).await;
    world.holds("app", &[("password", &value)]).await;
    world.synced("app").await;

    let status = world.operator.terminate().await;
    assert!(status.success(), "{status}: {}", world.operator.log());
    assert!(!world.operator.logged("told to stop").is_empty());
    let requests = mount.server.since(Mark::START).unwrap();
    let logins = requests.path(&format!("auth/{}/login", mount.name)).len();
    let ended =
        requests.path("auth/token/revoke-self").matching(|request| request.policies.contains(&mount.name));
    assert_eq!((logins, ended.len()), (1, 1), "each login is ended");
    world.end().await;
}

#[tokio::test]
async fn it_is_ready_when_its_caches_are() {
    let cluster = Cluster::alone(ControlPlaneOptions::default()).await;
    let world = Setup::new("ready").on(cluster).start().await;
    let value = world.canary("value");
    world.create(store("main").value("db", &value)).await;
    world.create(object("app").key("password", "db").every("1h")).await;
    world.synced("app").await;

    world.operator.kill();
    world.cluster.plane.pause_apiserver().unwrap();
    world.operator.start_again();
    eventually("it lives", async || match world.operator.health("healthz").await {
        Some(StatusCode::OK) => Ok(()),
        other => Err(format!("{other:?}")),
    })
    .await;
    assert_eq!(world.operator.health("readyz").await, Some(StatusCode::SERVICE_UNAVAILABLE));
    world.cluster.plane.resume_apiserver().unwrap();
    world.operator.ready().await;
    world.end().await;
}

#[tokio::test]
async fn it_outlives_the_api_server() {
    let cluster = Cluster::alone(ControlPlaneOptions::default()).await;
    let double = aws();
    let world = Setup::new("outage").on(cluster).aws(&double.url()).start().await;
    world.aws_store().await;
    let (before, during) = (world.canary("before"), world.canary("during"));
    double.put("db", &before).unwrap();
    world.create(object("app").key("password", "db").every("1s")).await;
    world.holds("app", &[("password", &before)]).await;
    let process = world.operator.id();

    // An API server that has just started knows no roles for a moment.
    world.expect_refusals();
    world.cluster.plane.kill_apiserver();
    double.put("db", &during).unwrap();
    eventually("it notices", async || match world.operator.logged("a watch begins again").len() {
        0 => Err("it does not".to_owned()),
        _ => Ok(()),
    })
    .await;
    assert_eq!(world.operator.health("healthz").await, Some(StatusCode::OK));
    world.cluster.plane.restart_apiserver().await.unwrap();
    world.holds("app", &[("password", &during)]).await;
    world.synced("app").await;
    let value = world.canary("late");
    double.put("late", &value).unwrap();
    world.create(object("late").key("password", "late").every("1h")).await;
    world.holds("late", &[("password", &value)]).await;
    assert_eq!(
        (world.operator.id(), world.operator.ended()),
        (process, None),
        "it is still the same process"
    );
    world.end().await;
}

#[tokio::test]
async fn without_the_right_to_write_secrets_an_object_says_so() {
    let world = Setup::new("no-write").start().await;
    world.operator_may_do_to_secrets(&["get", "list", "watch"]).await;
    world.create(store("main").value("db", &world.canary("value"))).await;
    world.create(object("app").key("password", "db").every("1h")).await;
    let message = world.fails("app", "could not update secret: ").await;
    assert!(message.contains("the API server forbids it: check the operator's role"), "{message}");
    world.allow_everything().await;
    world.synced("app").await;
    world.end().await;
}

#[tokio::test]
async fn without_the_right_to_watch_secrets_it_is_not_ready_and_its_log_says_why() {
    let world = Setup::new("no-watch").start().await;
    world.operator_may_do_to_secrets(&["get"]).await;
    world.operator.kill();
    world.operator.start_again();
    eventually("its log says why", async || {
        let said = world.operator.logged("a watch begins again");
        let why = said.iter().any(|line| line.contains("\"secrets\"") && line.contains("403 Forbidden"));
        if why { Ok(()) } else { Err(format!("{said:?}")) }
    })
    .await;
    assert_eq!(world.operator.health("readyz").await, Some(StatusCode::SERVICE_UNAVAILABLE));
    world.allow_everything().await;
    world.operator.ready().await;
    world.end().await;
}

#[tokio::test]
async fn a_flag_that_is_wrong_is_named() {
    let cases = [
        ("--refresh=1m", "--refresh"),
        ("--status-heartbeat=often", "--status-heartbeat"),
        ("--metrics-addr=nowhere", "--metrics-addr"),
        ("--concurrent=0", "--concurrent"),
        ("--loglevel=loud", "--loglevel"),
    ];
    for (argument, named) in cases {
        let Output { status, stderr, .. } = eso(&[argument]).await;
        let said = String::from_utf8(stderr).unwrap();
        assert!(!status.success() && said.contains(named), "{argument}: {status}: {said}");
    }
}

#[tokio::test]
async fn without_a_cluster_it_ends_and_says_what_is_missing() {
    let Output { status, stderr, .. } = eso(&["--log-format=json"]).await;
    let said: Value = serde_json::from_slice(&stderr).unwrap();
    assert!(!status.success());
    assert_eq!(said["error"], "there is no kubeconfig and no service account to be used");
}

/// Runs the binary with nothing in its environment, until it ends by itself.
async fn eso(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_eso"));
    command.args(arguments).env_clear().env("HOME", "/nowhere").kill_on_drop(true).output().await.unwrap()
}
