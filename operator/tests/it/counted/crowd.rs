//! What many objects cost together: reads are shared, logins are shared, a restart costs nothing, and a store that is
//! dead costs the others nothing.

use std::{collections::BTreeMap, num::NonZeroUsize, sync::Arc};

use eso_aws::Endpoints;
use eso_kube::controllers::{Controller, Options};
use eso_rig::{FastAws, Reply, Scripted};
use eso_testkit::objects::{ObjectBuilder, object, store};
use external_secrets::{providers::Providers, telemetry::Metrics};
use futures::future::join_all;
use kube::{
    Config,
    config::{KubeConfigOptions, Kubeconfig},
};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{CREATE, STATUS, with_aws};
use crate::harness::{Kind, Mount, Setup, World, aws, aws_spec, eventually, in_words, values_read};

fn names(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{prefix}-{number:03}")).collect()
}

/// Makes objects, several at a time.
async fn create(world: &World, objects: Vec<ObjectBuilder>) {
    for some in objects.chunks(20) {
        join_all(some.iter().map(|object| world.create(object.clone()))).await;
    }
}

/// Waits until every ExternalSecret of the test whose name begins so is in step; answers how many they are.
async fn all_synced(world: &World, prefix: &str, count: usize) {
    eventually(&format!("{count} objects {prefix} are in step"), async || {
        let list = world.call("GET", &Kind::ExternalSecret.collection(&world.namespace), None).await.unwrap();
        let objects = list["items"].as_array().into_iter().flatten();
        let of_these = objects.filter(|object| text(&object["metadata"]["name"]).starts_with(prefix));
        let synced = of_these.filter(|object| object["status"]["conditions"][0]["reason"] == "SecretSynced");
        match synced.count() {
            synced if synced == count => Ok(()),
            synced => Err(format!("{synced} are")),
        }
    })
    .await;
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[tokio::test]
async fn a_hundred_objects_over_ten_keys_cost_ten_reads_a_cycle_and_one_call_where_they_come_due_together() {
    let (world, aws) = with_aws("counted-shared", &["--status-heartbeat=1h"]).await;
    for key in names("key", 10) {
        aws.put(&key, &world.canary(&key)).unwrap();
    }
    let objects = names("app", 100);
    let of = |(number, name): (usize, &String)| {
        object(name).key("password", &format!("key-{:03}", number % 10)).every("10s")
    };
    create(&world, objects.iter().enumerate().map(of).collect()).await;
    all_synced(&world, "app", 100).await;
    world.operator.terminate().await;

    // They were all refreshed in the same second, by what is written: a time that leaves room for the restart.
    let together = json!({ "status": { "refreshTime": in_seconds(20) } });
    for some in objects.chunks(20) {
        let paths = some.iter().map(|name| format!("{}/status", world.path(Kind::ExternalSecret, name)));
        join_all(paths.map(async |path| world.call("PATCH", &path, Some(&together)).await.unwrap())).await;
    }
    let mark = world.mark().await;
    world.operator.restart().await;
    // Each object is looked at when the operator starts, and then once a cycle. One that is later than others wait for
    // company (a fraction of a second) finds their call sent, and reads its own key once more: nobody is given a value
    // that was asked for before they asked. Only a busy machine is so late, and not in most cycles.
    let shared = (10, BTreeMap::from([("BatchGetSecretValue".to_owned(), 1)]));
    let most_are_shared =
        |cycles: &[_]| cycles.iter().filter(|cycle| **cycle == shared).count() * 2 > cycles.len();
    let mut cycles = Vec::new();
    while cycles.len() < 3 || (cycles.len() < 9 && !most_are_shared(&cycles)) {
        aws.reset_counts();
        world.looked_at(100, cycles.len() + 2).await;
        cycles.push((values_read(&aws), aws.counts()));
    }
    assert!(most_are_shared(&cycles), "{cycles:?}");
    for (reads, calls) in &cycles {
        assert!((10..=10 * calls.values().sum::<u64>()).contains(&(*reads as u64)), "{cycles:?}");
    }
    let asked = in_words(&world.asked_after_its_start(mark).await);
    assert_eq!(asked, ["get secrets"; 2], "the keys of the store");
    world.end().await;
}

/// The time in so many seconds, as statuses have it.
fn in_seconds(seconds: i64) -> String {
    let later = jiff::Timestamp::now().as_second() + seconds;
    jiff::Timestamp::from_second(later).unwrap().to_string()
}

#[tokio::test]
async fn a_hundred_objects_of_one_vault_store_cost_one_login() {
    let world = Setup::new("counted-login").start().await;
    let mount = Mount::of(&world).await;
    let login = mount.trust_service_accounts(&world, "reader").await;
    let account = json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": "reader" } });
    world.create(account).await;
    let names = names("app", 100);
    for name in &names {
        mount.put(name, &json!({ "password": world.canary(name) })).await;
    }
    let (mark, of_vault) = (world.mark().await, mount.server.mark().unwrap());
    let spec = json!({ "server": mount.server.url(), "path": mount.name, "auth": { "kubernetes": login } });
    world.create(store("main").provider("vault", &spec)).await;
    create(
        &world,
        names.iter().map(|name| object(name).key("password", &format!("{name}#password"))).collect(),
    )
    .await;
    all_synced(&world, "app", 100).await;
    let requests = mount.server.since(of_vault).unwrap();
    assert_eq!(requests.path(&format!("auth/{}/login", mount.name)).len(), 1);
    assert_eq!(requests.below(&format!("{}/data", mount.name)).of_others().len(), 100);
    assert_eq!(world.asked(mark).await.subresource("token").len(), 1);
    world.end().await;
}

#[tokio::test]
async fn a_thousand_objects_under_one_role_cost_one_call_to_sts() {
    let aws = aws();
    let world = Setup::new("counted-role").aws(&aws.url()).start().await;
    let (id, key) = (world.canary("id"), world.canary("key"));
    world.create_secret("aws-keys", &[("access-key", &id), ("secret-access-key", &key)]).await;
    let mut spec = aws_spec("aws-keys");
    spec["role"] = json!("arn:aws:iam::111122223333:role/reader");
    world.create(store("main").provider("aws", &spec)).await;
    let names = names("app", 1_000);
    for name in &names {
        aws.put(name, &world.canary("value")).unwrap();
    }
    let of = |name: &String| object(name).key("password", name).every("10s");
    create(&world, names.iter().map(of).collect()).await;
    world.looked_at(1_000, 3).await;
    all_synced(&world, "app", 1_000).await;
    assert!(values_read(&aws) >= 2_000, "each was read when it was made, and again");
    let assumed = aws.assumed();
    assert_eq!((aws.count("AssumeRole"), assumed.len()), (1, 1));
    let reads = aws.calls().into_iter().filter(|call| call.operation.ends_with("GetSecretValue"));
    assert!(reads.into_iter().all(|call| call.access_key_id == assumed[0].given), "all were under the role");
    world.end().await;
}

#[tokio::test]
async fn a_restart_with_everything_fresh_reads_no_store_and_no_secret_and_writes_nothing() {
    let (world, aws) = with_aws("counted-restart", &[]).await;
    let mount = world.vault_store().await;
    let document = json!({ "a": world.canary("a"), "b": world.canary("b") });
    aws.put("db", &document.to_string()).unwrap();
    mount.put("db", &document).await;
    world.create_secret("shared", &[("theirs", &world.canary("theirs"))]).await;
    let of = |store: &str| -> Vec<ObjectBuilder> {
        let named = |kind: &str| object(&format!("{kind}-{store}")).store(store).label("of", store);
        vec![
            named("key").key("a", "db#a"),
            named("all").extract("db"),
            named("orphan").key("a", "db#a").creation("Orphan"),
            named("none").key("a", "db#a").creation("None"),
            named("waiting").key("a", "db#a").creation("Merge"),
            named("delete").key("a", "db#a").deletion("Delete"),
        ]
    };
    let mut objects = [of("main"), of("vault")].concat();
    objects.push(object("shared").key("a", "db#a").creation("Merge"));
    let count = objects.len();
    create(&world, objects).await;
    for name in ["waiting-main", "waiting-vault"] {
        world.says(name, "SecretMissing", "secret will not be created due to CreationPolicy=Merge").await;
    }
    all_synced(&world, "", count - 2).await;
    world.operator.terminate().await;

    aws.reset_counts();
    let (mark, of_vault) = (world.mark().await, mount.server.mark().unwrap());
    world.operator.restart().await;
    world.looked_at(count, 1).await;
    assert_eq!(aws.counts(), BTreeMap::new());
    assert_eq!(mount.server.since(of_vault).unwrap().below(&mount.name).len(), 0);
    let asked = world.asked_after_its_start(mark).await;
    assert!(asked.writes().is_empty(), "{asked:?}");
    let credentials = ["aws-keys", "vault-token"];
    let of_targets = asked.matching(|request| !credentials.contains(&request.name.as_str()));
    assert!(of_targets.is_empty(), "{of_targets:?}");
    world.end().await;
}

/// One run of 200 objects of a living store, beside 200 of a dead one or alone.
struct Run {
    /// The keys that were read, call by call.
    calls: Vec<(String, Vec<String>)>,
    /// The requests for the objects, in order.
    requests: Vec<String>,
}

/// How the objects of a run are served.
enum Served {
    /// By the binary.
    ManyAtATime,
    /// By the same parts in this process, one at a time for each store: then there is one order.
    OneByOne,
}

/// Has an operator find all its objects there, and waits for those of the living store.
async fn run(name: &str, served: Served, dead: Option<&Scripted>) -> Run {
    let (world, aws) = with_aws(name, &[]).await;
    let of = |(prefix, store): (&str, &str)| -> Vec<ObjectBuilder> {
        names(prefix, 200).iter().map(|name| object(name).store(store).key("password", name)).collect()
    };
    for name in names("live", 200) {
        aws.put(&name, &world.canary(&name)).unwrap();
    }
    if let Some(server) = dead {
        dead_store(&world, server).await;
    }
    world.operator.terminate().await;
    create(&world, of(("live", "main"))).await;
    if dead.is_some() {
        create(&world, of(("dead", "dead"))).await;
    }
    let mark = world.mark().await;
    let in_process = match served {
        Served::ManyAtATime => {
            world.operator.restart().await;
            None
        }
        Served::OneByOne => Some(InProcess::start(&world, &aws.url()).await),
    };
    all_synced(&world, "live", 200).await;
    if let Some(server) = dead {
        assert!(server.requests().iter().any(|request| request.path.contains("dead-")), "it was asked");
    }
    if let Some(in_process) = in_process {
        in_process.stop().await;
    }
    let asked = world.asked(mark).await;
    let of_objects = asked.matching(|request| request.name.starts_with("live-"));
    let requests = of_objects.iter().map(|request| {
        format!("{} {}/{} {}", request.verb, request.resource, request.subresource, request.name)
    });
    let run = Run { calls: calls(&aws), requests: requests.collect() };
    world.end().await;
    run
}

/// The operator's parts in this process, with a place under way for each of at most four stores.
struct InProcess {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl InProcess {
    async fn start(world: &World, aws: &str) -> Self {
        let kubeconfig =
            Kubeconfig::from_yaml(&world.cluster.account_kubeconfig(&world.namespace).await).unwrap();
        let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
        let endpoints = Endpoints::from_environment_values(Some(aws.to_owned()), None, None);
        let options = Options {
            namespace: Some(world.namespace.clone()),
            concurrency: NonZeroUsize::new(4).unwrap(),
            ..Options::default()
        };
        let client = eso_kube::client::connect(config).unwrap();
        let controller =
            Controller::new(client, options, Arc::new(Providers::new(endpoints)), Arc::new(Metrics::new()));
        let stop = CancellationToken::new();
        Self { task: tokio::spawn(controller.run(stop.clone())), stop }
    }

    async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}

fn calls(aws: &FastAws) -> Vec<(String, Vec<String>)> {
    aws.calls().into_iter().map(|call| (call.operation, call.keys)).collect()
}

/// A store that is there when it is connected, and gives no answer to any read.
async fn dead_store(world: &World, server: &Scripted) {
    let of_token = json!({ "data": { "ttl": 0, "renewable": false, "type": "service" } });
    server.always("GET", "/v1/auth/token/lookup-self", Reply::json(200, &of_token));
    server.otherwise(|_| Some(Reply::never()));
    world.create_secret("dead-token", &[("token", &world.canary("token"))]).await;
    let spec = json!({
        "server": server.url(),
        "path": "secret",
        "auth": { "tokenSecretRef": { "name": "dead-token", "key": "token" } },
    });
    world.create(store("dead").provider("vault", &spec)).await;
    world.store_says(Kind::SecretStore, "dead", "Valid", "store validated").await;
}

#[tokio::test]
async fn beside_a_dead_store_another_is_served_with_the_same_calls_in_the_same_order() {
    let dead = Scripted::start().await.unwrap();
    let alone = run("counted-alone", Served::OneByOne, None).await;
    let beside = run("counted-beside", Served::OneByOne, Some(&dead)).await;
    let singly = |name: &String| ("GetSecretValue".to_owned(), vec![name.clone()]);
    assert_eq!(alone.calls, names("live", 200).iter().map(singly).collect::<Vec<_>>());
    assert_eq!(beside.calls, alone.calls);
    assert_eq!(beside.requests, alone.requests);
}

#[tokio::test]
async fn beside_a_dead_store_another_that_is_served_many_at_a_time_is_asked_no_more() {
    let dead = Scripted::start().await.unwrap();
    let Run { calls, mut requests } = run("counted-crowd", Served::ManyAtATime, Some(&dead)).await;
    let mut read: Vec<String> = calls.into_iter().flat_map(|(_, keys)| keys).collect();
    read.sort();
    assert_eq!(read, names("live", 200));
    requests.sort();
    let expected = |name: &String| [format!("{CREATE}/ {name}"), format!("{STATUS} {name}")];
    let mut expected: Vec<String> = names("live", 200).iter().flat_map(expected).collect();
    expected.sort();
    assert_eq!(requests, expected);
}
