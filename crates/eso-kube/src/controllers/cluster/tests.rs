//! Tests of `cluster`: what is asked of the API server, and what becomes of what it refuses.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use eso_core::{
    api::{
        cluster_external_secret::ClusterExternalSecret, cluster_push_secret::ClusterPushSecret,
        external_secret::ExternalSecret, push_secret::PushSecret,
    },
    provider::CallObserver,
};
use http::{Request, Response};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::{Client, client::Body};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::{sync::watch, time::sleep};
use tokio_util::sync::CancellationToken;

use super::{Clusters, NamespaceFollower as _, Roster};
use crate::{
    controllers::roll::PushSecretNames,
    index::Index,
    spread::Spread,
    telemetry::{Ready, Subject, Telemetry},
    watch::{Item, Watched},
};

/// Notes what is counted.
#[derive(Debug, Default)]
struct Told(Mutex<Vec<String>>);

impl CallObserver for Told {
    fn called(&self, _provider: &'static str, _call: &'static str, _succeeded: bool) {}
}

impl Telemetry for Told {
    fn reconciled(&self, subject: Subject<'_>, succeeded: bool, _took: Duration) {
        self.0.lock().push(format!("{} reconciled {succeeded}", subject.name));
    }
    fn condition(&self, subject: Subject<'_>, ready: Ready) {
        self.0.lock().push(format!("{} ready {ready}", subject.name));
    }
    fn refreshed(&self, _subject: Subject<'_>, _at: Timestamp) {}
    fn forgotten(&self, subject: Subject<'_>) {
        self.0.lock().push(format!("{} forgotten", subject.name));
    }
    fn event_dropped(&self) {}
}

/// What the API server refuses next: with this code, what ends so.
type Refusals = Arc<Mutex<VecDeque<(u16, &'static str)>>>;

struct World<K: Spread = ClusterExternalSecret> {
    clusters: Arc<Clusters<K>>,
    told: Arc<Told>,
    asked: Arc<Mutex<Vec<String>>>,
    refusals: Refusals,
    stop: CancellationToken,
}

impl World {
    fn new() -> Self {
        Self::with(Arc::new(Mutex::new(Index::default())))
    }
}

impl<K: Spread> World<K> {
    /// One in which turns are taken, and in which these objects are. Time passes as it is waited for.
    fn with(roster: Arc<dyn Roster>) -> Self {
        let asked = Arc::default();
        let refusals = Refusals::default();
        let told = Arc::new(Told::default());
        let client = client(Arc::clone(&asked), Arc::clone(&refusals));
        let clusters = Clusters::new(client, roster, Arc::clone(&told) as _);
        let stop = CancellationToken::new();
        let (_listed, all_listed) = watch::channel(true);
        tokio::spawn(Arc::clone(&clusters).run(vec![all_listed], stop.clone()));
        Self { clusters, told, asked, refusals, stop }
    }

    fn meet(&self, object: Value) {
        self.clusters.meet(serde_json::from_value(object).unwrap());
    }

    fn meet_namespace(&self, metadata: Value) {
        let metadata: ObjectMeta = serde_json::from_value(metadata).unwrap();
        self.clusters.meet_namespace(&metadata);
    }

    fn refuse(&self, code: u16, path: &'static str) {
        self.refusals.lock().push_back((code, path));
    }

    /// What was asked since the last look, and what was counted.
    async fn after(&self, time: Duration) -> (Vec<String>, Vec<String>) {
        sleep(time).await;
        (std::mem::take(&mut *self.asked.lock()), std::mem::take(&mut *self.told.0.lock()))
    }
}

/// Of an API server that notes what is asked, and does it: it answers the object that it is sent with a version that grows.
fn client(asked: Arc<Mutex<Vec<String>>>, refusals: Refusals) -> Client {
    let answer = move |request: Request<Body>| {
        let (asked, refusals) = (Arc::clone(&asked), Arc::clone(&refusals));
        async move {
            let (method, path) = (request.method().clone(), request.uri().path().to_owned());
            let path = path
                .replace("/apis/external-secrets.io/v1alpha1", "/alpha")
                .replace("/apis/external-secrets.io/v1", "");
            let body = request.into_body().collect_bytes().await.unwrap();
            asked.lock().push(format!("{method} {path}"));
            let mut refusals = refusals.lock();
            if let Some((code, _)) = refusals.front().copied().filter(|(_, end)| path.ends_with(end)) {
                refusals.pop_front();
                let reason = if code == 409 { "AlreadyExists" } else { "InternalError" };
                let status = json!({ "kind": "Status", "status": "Failure", "code": code, "reason": reason });
                return Ok(Response::builder().status(code).body(body_of(&status)).unwrap());
            }
            let mut object: Value = serde_json::from_slice(&body).unwrap_or_default();
            if !object.is_object() {
                object = json!({ "metadata": { "name": path.split('/').nth(2) } });
            }
            object["metadata"]["uid"] = json!("made");
            object["metadata"]["resourceVersion"] = json!((100 + asked.lock().len()).to_string());
            Ok::<_, kube::Error>(Response::new(body_of(&object)))
        }
    };
    Client::new(tower::service_fn(answer), "demo")
}

fn body_of(value: &Value) -> Body {
    Body::from(value.to_string().into_bytes())
}

fn object() -> Value {
    json!({
        "metadata": { "name": "each", "uid": "uid-each", "generation": 1, "resourceVersion": "10" },
        "spec": { "externalSecretSpec": {}, "namespaceSelectors": [{}] },
    })
}

const STATUS: &str = "PATCH /clusterexternalsecrets/each/status";

fn creation(namespace: &str) -> String {
    format!("POST /namespaces/{namespace}/externalsecrets")
}

const SOON: Duration = Duration::from_millis(500);

#[tokio::test(start_paused = true)]
async fn what_is_asked_for_is_made_and_said_once() {
    let world = World::new();
    world.meet_namespace(json!({ "name": "one" }));
    world.meet(object());
    let (asked, told) = world.after(SOON).await;
    assert_eq!(asked, [creation("one"), STATUS.to_owned()]);
    assert_eq!(told, ["each ready True", "each reconciled true"]);
    world.meet_namespace(json!({ "name": "one", "labels": { "a": "b" } }));
    let (asked, told) = world.after(SOON).await;
    assert_eq!(asked, [""; 0]);
    assert_eq!(told, ["each ready True", "each reconciled true"]);
}

#[tokio::test(start_paused = true)]
async fn what_fails_is_said_and_tried_again_and_nobody_else_waits_for_it() {
    let world = World::new();
    world.meet_namespace(json!({ "name": "one" }));
    world.meet_namespace(json!({ "name": "two" }));
    for _ in 0..2 {
        world.refuse(500, "/one/externalsecrets");
    }
    world.meet(object());
    let (asked, told) = world.after(SOON).await;
    assert_eq!(asked, [creation("one"), creation("two"), STATUS.to_owned()]);
    assert_eq!(told, ["each ready False", "each reconciled false"]);
    let status = world.clusters.view.lock().object("each").unwrap().status.clone();
    assert_eq!(status.provisioned_namespaces, ["two"]);
    let reason = status.failed_namespaces[0].reason.clone().unwrap();
    assert_eq!(
        reason,
        "could not create or update ExternalSecret: the API server cannot do it now (InternalError)"
    );
    let (asked, _) = world.after(Duration::from_secs(1)).await;
    assert_eq!(asked, [creation("one")], "that it fails as before is not said again");
    let (asked, told) = world.after(Duration::from_secs(2)).await;
    assert_eq!(asked, [creation("one"), STATUS.to_owned()]);
    assert_eq!(told, ["each ready True", "each reconciled true"]);
}

#[tokio::test(start_paused = true)]
async fn a_conflict_is_tried_again_before_anything_is_said() {
    let world = World::new();
    world.meet_namespace(json!({ "name": "one" }));
    world.refuse(409, "/one/externalsecrets");
    world.meet(object());
    let (asked, told) = world.after(SOON).await;
    assert_eq!((asked, told), (vec![creation("one")], vec!["each reconciled false".to_owned()]));
    let (asked, _) = world.after(Duration::from_secs(1)).await;
    assert_eq!(asked, [creation("one"), STATUS.to_owned()]);
}

#[tokio::test(start_paused = true)]
async fn a_status_that_could_not_be_written_is_written_later() {
    let world = World::new();
    world.refuse(500, "/each/status");
    world.meet(object());
    let (asked, told) = world.after(SOON).await;
    assert_eq!((asked, told), (vec![STATUS.to_owned()], vec!["each reconciled false".to_owned()]));
    let (asked, _) = world.after(Duration::from_secs(1)).await;
    assert_eq!(asked, [STATUS]);
}

#[tokio::test(start_paused = true)]
async fn finalizers_of_who_is_gone_are_taken_off_until_they_are() {
    let world = World::new();
    world.refuse(409, "/namespaces/one");
    let finalizer = "externalsecrets.external-secrets.io/ces-gone";
    world.meet_namespace(json!({ "name": "one", "resourceVersion": "3", "finalizers": [finalizer] }));
    let (asked, told) = world.after(SOON).await;
    assert_eq!((asked, told), (vec!["PATCH /api/v1/namespaces/one".to_owned()], Vec::new()));
    let (asked, _) = world.after(Duration::from_secs(1)).await;
    assert_eq!(asked, ["PATCH /api/v1/namespaces/one"]);
}

#[tokio::test(start_paused = true)]
async fn an_object_on_its_way_out_makes_nothing_any_more_and_its_series_go_with_it() {
    let world = World::new();
    world.meet_namespace(json!({ "name": "one" }));
    let mut object = object();
    object["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    world.meet(object.clone());
    let (asked, _) = world.after(SOON).await;
    assert_eq!(asked, [""; 0]);
    let item: Item<_> = serde_json::from_value(object).unwrap();
    world.clusters.lose(item);
    let (asked, told) = world.after(SOON).await;
    assert_eq!((asked, told), (Vec::new(), vec!["each forgotten".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_begun_after_the_stop() {
    let world = World::new();
    world.stop.cancel();
    world.meet_namespace(json!({ "name": "one" }));
    world.meet(object());
    let (asked, _) = world.after(Duration::from_secs(600)).await;
    assert_eq!(asked, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn an_external_secret_that_somebody_else_made_is_not_asked_for() {
    let index = Arc::new(Mutex::new(Index::default()));
    let world: World = World::with(Arc::clone(&index) as _);
    let theirs = json!({ "metadata": { "namespace": "one", "name": "each", "uid": "theirs" }, "spec": {} });
    let theirs: Item<ExternalSecret> = serde_json::from_value(theirs).unwrap();
    index.lock().meet_object(theirs.into());
    world.meet_namespace(json!({ "name": "one" }));
    world.meet(object());
    let (asked, told) = world.after(SOON).await;
    assert_eq!(asked, [STATUS]);
    assert_eq!(told, ["each ready False", "each reconciled true"], "there is nothing to try again");
}

/// A ClusterPushSecret for each namespace.
fn pushing() -> Value {
    let spec = json!({ "secretStoreRefs": [{ "name": "main" }], "selector": { "secret": { "name": "db" } } });
    json!({
        "metadata": { "name": "each", "uid": "uid-each", "generation": 1, "resourceVersion": "10" },
        "spec": { "pushSecretSpec": spec, "namespaceSelectors": [{}] },
    })
}

const PUSHING_STATUS: &str = "PATCH /alpha/clusterpushsecrets/each/status";

#[tokio::test(start_paused = true)]
async fn another_kind_has_its_own_copies_words_and_counts() {
    let theirs = json!({ "metadata": { "namespace": "one", "name": "each", "uid": "theirs" } });
    let theirs: Item<PushSecret> = serde_json::from_value(theirs).unwrap();
    let others = Arc::new(PushSecretNames::default());
    others.meet(theirs);
    let world = World::<ClusterPushSecret>::with(others);
    for namespace in ["one", "two", "three"] {
        world.meet_namespace(json!({ "name": namespace }));
    }
    world.refuse(500, "/three/pushsecrets");
    world.meet(pushing());
    let (mut asked, told) = world.after(SOON).await;
    asked.sort();
    let creation = |namespace: &str| format!("POST /alpha/namespaces/{namespace}/pushsecrets");
    assert_eq!(asked, [PUSHING_STATUS.to_owned(), creation("three"), creation("two")]);
    assert_eq!(told, ["each ready False", "each reconciled false"]);
    let status = world.clusters.view.lock().object("each").unwrap().status.clone();
    let failed = serde_json::to_value(&status.failed_namespaces).unwrap();
    let reason = "could not create or update push secret: the API server cannot do it now (InternalError)";
    let expected = json!([
        { "namespace": "one", "reason": "push secret already exists in namespace" },
        { "namespace": "three", "reason": reason },
    ]);
    assert_eq!((failed, status.push_secret_name.as_deref()), (expected, Some("each")));
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_is_said_once() {
    let world = World::<ClusterPushSecret>::with(Arc::new(PushSecretNames::default()));
    let mut object = pushing();
    object["spec"]["namespaceSelectors"] =
        json!([{ "matchExpressions": [{ "key": "a", "operator": "Is" }] }]);
    world.meet_namespace(json!({ "name": "one" }));
    world.meet(object.clone());
    let (asked, told) = world.after(SOON).await;
    assert_eq!((asked, told[0].as_str()), (vec![PUSHING_STATUS.to_owned()], "each ready False"));
    object["metadata"]["generation"] = json!(2);
    world.meet(object);
    let (asked, _) = world.after(SOON).await;
    assert_eq!(asked, [""; 0], "the status says that already");
}

#[tokio::test(start_paused = true)]
async fn an_object_of_a_kind_without_finalizers_is_only_watched_as_it_goes() {
    let world = World::<ClusterPushSecret>::with(Arc::new(PushSecretNames::default()));
    let mut object = pushing();
    object["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    object["metadata"]["finalizers"] =
        json!(["externalsecrets.external-secrets.io/clusterexternalsecret-cleanup"]);
    world.meet_namespace(json!({ "name": "one" }));
    world.meet(object);
    let (asked, _) = world.after(SOON).await;
    assert_eq!(asked, [""; 0]);
}
