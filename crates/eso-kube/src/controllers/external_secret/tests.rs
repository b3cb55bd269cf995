//! Tests of `external_secret`: what is counted of an object that is there, and of one that is gone.

use std::{sync::Arc, time::Duration};

use eso_core::provider::CallObserver;
use eso_plan::{
    observed::{Observation, Record},
    status::Report,
};
use eso_sync::ports::{ObjectId, Observer, Target};
use eso_testkit::objects::object;
use jiff::Timestamp;
use kube::{Client, client::Body};
use parking_lot::Mutex;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{KubeTarget, Router, RunObserver, leaving};
use crate::{
    apply::{Writer, generic::GenericWriter},
    controllers::fixtures::ToNothing,
    events::Events,
    index::{Index, Snapshot},
    lease::Leadership,
    marks::CLEANUP_FINALIZER,
    stores::{Standby, StoreRegistry, StoreRegistrySettings},
    telemetry::{Ready, Subject, Telemetry},
    watch::Object,
};

/// Notes what is counted, and that nobody else can change the index meanwhile.
#[derive(Debug, Default)]
struct Told {
    index: Arc<Mutex<Index>>,
    told: Mutex<Vec<String>>,
}

impl Told {
    fn note(&self, what: &str, subject: Subject<'_>) {
        assert!(self.index.is_locked(), "{what} must be counted while the index is locked");
        self.told.lock().push(format!("{what} {}/{}", subject.namespace, subject.name));
    }
}

impl CallObserver for Told {
    fn called(&self, _provider: &'static str, _call: &'static str, _succeeded: bool) {}
}

impl Telemetry for Told {
    fn reconciled(&self, subject: Subject<'_>, succeeded: bool, _took: Duration) {
        self.note(&format!("reconciled {succeeded}"), subject);
    }
    fn condition(&self, subject: Subject<'_>, ready: Ready) {
        self.note(&format!("ready {ready}"), subject);
    }
    fn refreshed(&self, subject: Subject<'_>, _at: Timestamp) {
        self.note("refreshed", subject);
    }
    fn forgotten(&self, _subject: Subject<'_>) {}
    fn event_dropped(&self) {}
}

/// What runs for one ExternalSecret come to.
struct World {
    told: Arc<Told>,
    target: KubeTarget,
    observer: RunObserver,
    id: ObjectId,
}

impl World {
    /// The ExternalSecret is there; where it `goes`, it is gone before the API server has answered anything.
    fn new(goes: bool) -> Self {
        let told = Arc::new(Told::default());
        let index = Arc::clone(&told.index);
        let app = Object::sent(object("app").stored("uid", 1).json());
        let id = index.lock().meet_object(app).object.id;
        let losing = Arc::clone(&index);
        let answer = move |_: http::Request<Body>| {
            let gone = goes.then(|| losing.lock().lose_object("demo", "app"));
            assert_eq!(gone.is_some_and(|gone| gone.is_some()), goes);
            let object = json!({ "metadata": { "name": "app", "resourceVersion": "9" } });
            let response = http::Response::new(Body::from(object.to_string().into_bytes()));
            async { Ok::<_, kube::Error>(response) }
        };
        let target = target(&told, Client::new(tower::service_fn(answer), "demo"));
        let observer = RunObserver { index, telemetry: Arc::<Told>::clone(&told) };
        Self { told, target, observer, id }
    }

    async fn report(&self) {
        let condition = Some((true, "SecretSynced".to_owned(), "secret synced".to_owned()));
        let record = Record { condition, ..Record::default() };
        let report = Report { record, binding: None, events: Vec::new(), write: true };
        self.target.report(self.id, &report).await.unwrap();
    }

    #[track_caller]
    fn has_told(&self, expected: &[&str]) {
        assert_eq!(*self.told.told.lock(), expected);
    }
}

fn target(told: &Arc<Told>, client: Client) -> KubeTarget {
    let telemetry: Arc<dyn Telemetry> = Arc::<Told>::clone(told);
    let index = Arc::clone(&told.index);
    let (events, _) = Events::new(client.clone(), 0, Arc::clone(&telemetry));
    let stores = StoreRegistry::new(StoreRegistrySettings {
        client: client.clone(),
        connect: Arc::new(ToNothing),
        dependents: Arc::new(Router::new(Arc::clone(&index), Arc::clone(&telemetry))),
        events: events.clone(),
        telemetry: Arc::clone(&telemetry),
        class: "default".to_owned(),
        cluster_stores: true,
        requeue_interval: None,
        leadership: Leadership::always(),
        standby: Standby::default(),
        stop: CancellationToken::new(),
    });
    KubeTarget {
        index,
        stores,
        writer: Writer::new(client.clone()),
        generic: GenericWriter::new(client),
        allows_generic: false,
        events,
        telemetry,
        clock: Arc::new(|| Timestamp::UNIX_EPOCH),
        started: Timestamp::UNIX_EPOCH,
        leadership: Leadership::standby(),
        permits: Arc::default(),
    }
}

#[tokio::test]
async fn what_an_object_comes_to_is_counted_while_it_is_there() {
    let world = World::new(false);
    world.report().await;
    world.target.refreshed(world.id, Timestamp::UNIX_EPOCH);
    world.observer.ran(world.id, None, Duration::ZERO);
    world.has_told(&["ready True demo/app", "refreshed demo/app", "reconciled true demo/app"]);
}

#[tokio::test]
async fn an_object_that_goes_while_its_status_is_written_is_not_counted_any_more() {
    let world = World::new(true);
    world.report().await;
    world.target.refreshed(world.id, Timestamp::UNIX_EPOCH);
    world.observer.ran(world.id, None, Duration::ZERO);
    world.has_told(&[]);
}

#[test]
fn what_is_deleted_or_will_be_with_its_namespace_is_let_go_where_it_waits_for_us() {
    let look = |deleted: bool, namespace_leaves: bool, waits: bool| {
        let mut app = object("app").stored("uid", 1).with("/metadata/resourceVersion", json!("1"));
        if deleted {
            app = app.with("/metadata/deletionTimestamp", json!("2026-11-29T00:00:00Z"));
        }
        if waits {
            app = app.with("/metadata/finalizers", json!(["example.com/theirs", CLEANUP_FINALIZER]));
        }
        let mut index = Index::default();
        let id = index.meet_object(Object::sent(app.json())).object.id;
        leaving(&Snapshot { namespace_leaves, ..index.snapshot(id).unwrap() })
    };
    for (deleted, namespace_leaves, waits, expected) in [
        (false, false, false, None),
        (false, false, true, None),
        (false, true, false, None),
        (false, true, true, Some(Observation::Leaving)),
        (true, false, false, Some(Observation::Gone)),
        (true, true, false, Some(Observation::Gone)),
        (true, false, true, Some(Observation::Leaving)),
        (true, true, true, Some(Observation::Leaving)),
    ] {
        assert_eq!(look(deleted, namespace_leaves, waits), expected, "{deleted} {namespace_leaves} {waits}");
    }
}
