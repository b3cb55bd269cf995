//! What goes wrong in the cluster, whatever the store.

use eso_core::api::refusals;
use eso_rig::ControlPlaneOptions;
use eso_testkit::objects::{object, store};
use serde_json::{Value, json};

use super::{
    UNREADABLE,
    patient::{Cause, Patient, goes_on, recovers},
};
use crate::harness::{Cluster, Condition, Kind, Setup, World, encoded, entries, eventually, measured};

/// The finalizer that the original leaves on its objects.
const CLEANUP: &str = "externalsecrets.external-secrets.io/externalsecret-cleanup";

/// A world with the store `main`, whose values are in it, and the object `well`.
async fn ward(name: &str) -> World {
    let world = Setup::new(name).start().await;
    stocked(&world).await;
    world
}

async fn stocked(world: &World) {
    world.create(values(&world.canary("well"), &world.canary("password"))).await;
    world.create(object("well").key("password", "well").every("1h")).await;
    world.synced("well").await;
}

/// The store `main` with the values `well` and `db`.
fn values(well: &str, db: &str) -> Value {
    store("main").value("well", well).value("db", db).json()
}

async fn goes_on_alone(world: &World) {
    let found = world.get(Kind::SecretStore, "main").await.unwrap();
    let mut data = found["spec"]["provider"]["fake"]["data"].clone();
    goes_on(world, async |value| {
        data[0]["value"] = json!(value);
        let fake = json!({ "spec": { "provider": { "fake": { "data": data } } } });
        world.patch(Kind::SecretStore, "main", fake).await;
    })
    .await;
}

/// The original's finalizer of an ExternalSecret.
const FINALIZER: &str = "externalsecrets.external-secrets.io/externalsecret-cleanup";

#[tokio::test]
async fn a_secret_of_another_external_secret_is_left_alone_until_that_goes() {
    let world = ward("peer").await;
    world.create(object("first").target("shared").key("password", "db").every("1h")).await;
    world.synced("first").await;
    let held = world.get(Kind::Secret, "shared").await.unwrap();
    for policy in ["Owner", "Merge", "Orphan"] {
        let name = format!("second-{}", policy.to_lowercase());
        world.create(object(&name).target("shared").creation(policy).key("other", "db").every("1h")).await;
        let message = world.fails(&name, "target is owned by another ExternalSecret: ").await;
        assert!(message.ends_with("first"), "{message}");
    }
    assert_eq!(world.get(Kind::Secret, "shared").await.unwrap(), held);
    goes_on_alone(&world).await;
    world.delete(Kind::ExternalSecret, "second-merge").await;
    world.delete(Kind::ExternalSecret, "second-orphan").await;
    world.delete(Kind::ExternalSecret, "first").await;
    // The garbage collector, whose work this is, looks for new kinds every 30 s only; it may have been here before.
    let this_one = json!({ "preconditions": { "uid": held["metadata"]["uid"] } });
    let _ = world.call("DELETE", &world.path(Kind::Secret, "shared"), Some(&this_one)).await;
    recovers(&world, "second-owner", Cause::InTheCluster).await;
    let taken =
        world.until(Kind::Secret, "shared", "has another key", |secret| entries(secret).keys().eq(["other"]));
    assert_ne!(taken.await["metadata"]["uid"], held["metadata"]["uid"]);
    world.end().await;
}

#[tokio::test]
async fn a_secret_that_a_stranger_controls_is_not_taken_until_it_is_let_go() {
    let world = ward("stranger").await;
    let holder =
        json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "holder" }, "data": {} });
    let holder = world.create(holder).await;
    let held = world
        .create(json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": { "name": "held", "ownerReferences": [{
                "apiVersion": "v1", "kind": "ConfigMap", "name": "holder", "uid": holder["metadata"]["uid"],
                "controller": true,
            }] },
            "data": { "theirs": encoded(&world.canary("theirs")) },
        }))
        .await;
    world.create(object("held").key("password", "db").every("1h")).await;
    let message = world.fails("held", "failed to take ownership of target secret: ").await;
    assert!(message.contains("ConfigMap/holder"), "{message}");
    assert_eq!(world.get(Kind::Secret, "held").await.unwrap(), held);
    goes_on_alone(&world).await;
    world.patch(Kind::Secret, "held", json!({ "metadata": { "ownerReferences": null } })).await;
    recovers(&world, "held", Cause::InTheCluster).await;
    let taken = world.get(Kind::Secret, "held").await.unwrap();
    assert!(entries(&taken).keys().eq(["password"]), "{taken}");
    world.told("held", "Warning Updated ").await;
    world.end().await;
}

#[tokio::test]
async fn an_object_may_come_long_before_its_store() {
    let world = ward("early").await;
    world.create(object("early").store("late").key("password", "db").every("1h")).await;
    let message = world.fails("early", &format!("{UNREADABLE}: ")).await;
    assert!(message.contains("could not get SecretStore \"late\""), "{message}");
    goes_on_alone(&world).await;
    let value = world.canary("late");
    world.exhausted("early").await;
    let late = world.create(store("late").value("db", &value)).await;
    measured("a store that comes late", world.made_for(&late, "early", &[("password", &value)])).await;
    world.end().await;
}

#[tokio::test]
async fn a_malformed_object_says_so_and_the_good_ones_go_on() {
    let world = ward("malformed").await;
    let twice = json!([
        { "secretKey": "password", "remoteRef": { "key": "db" } },
        { "secretKey": "password", "remoteRef": { "key": "well" } },
    ]);
    let cases = [
        ("twice", json!({ "data": twice }), "duplicate secretKey found: password"),
        ("interval", json!({ "refreshInterval": "soon" }), "spec.refreshInterval is "),
        ("storeless", json!({ "secretStoreRef": { "name": null } }), "spec.secretStoreRef.name is missing"),
        (
            "policies",
            json!({ "target": { "creationPolicy": "Orphan", "deletionPolicy": "Delete" } }),
            "deletionPolicy=Delete must not be used with creationPolicy=Orphan",
        ),
    ];
    for (_, wrong, says) in against_the_rules() {
        let edit = json!({ "spec": { "data": wrong["data"], "target": wrong["target"] } });
        let answer = world.call("PATCH", &world.path(Kind::ExternalSecret, "well"), Some(&edit)).await;
        let refusal = answer.unwrap_err();
        assert!(refusal.code == 422 && refusal.message.contains(says), "{wrong}: {refusal:?}");
    }
    let right = json!({
        "data": [{ "secretKey": "password", "remoteRef": { "key": "db" } }],
        "refreshInterval": "1h",
        "secretStoreRef": { "name": "main" },
        "target": { "creationPolicy": "Owner", "deletionPolicy": "Retain" },
    });
    for (name, wrong, says) in cases {
        world.create(object(name).key("password", "db").every("1h")).await;
        let patient = Patient::in_step(&world, name).await;
        world.patch(Kind::ExternalSecret, name, json!({ "spec": wrong })).await;
        patient.fails(UNREADABLE, says).await;
        world.patch(Kind::ExternalSecret, name, json!({ "spec": right })).await;
        patient.recovers(Cause::InTheCluster).await;
    }
    goes_on_alone(&world).await;
    world.end().await;
}

/// Objects that the rules of our definition refuse, and the words in which they do.
fn against_the_rules() -> [(&'static str, Value, &'static str); 3] {
    let data = json!([{ "secretKey": "password", "remoteRef": { "key": "db" } }]);
    let policies = json!({ "creationPolicy": "Merge", "deletionPolicy": "Delete" });
    let token = json!({ "template": { "type": "bootstrap.kubernetes.io/token" } });
    let store = json!({ "name": "main" });
    [
        ("nothing", json!({ "secretStoreRef": store }), refusals::NO_ENTRIES),
        (
            "policies",
            json!({ "secretStoreRef": store, "data": data, "target": policies }),
            refusals::DELETE_UNOWNED,
        ),
        (
            "token",
            json!({ "secretStoreRef": store, "data": data, "target": token }),
            refusals::BOOTSTRAP_TOKEN,
        ),
    ]
}

#[tokio::test]
async fn an_object_of_a_looser_schema_says_so_and_the_good_ones_go_on() {
    let cluster = Cluster::alone(ControlPlaneOptions::default()).await;
    let world = Setup::new("loose").on(cluster).start_unready().await;
    let definition = "externalsecrets.external-secrets.io";
    let strict = world.get(Kind::CustomResourceDefinition, definition).await.unwrap();
    let mut loose = strict.clone();
    for version in loose["spec"]["versions"].as_array_mut().unwrap() {
        let schema = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
        version["schema"]["openAPIV3Schema"]["properties"]["spec"] = schema;
        version["selectableFields"] = Value::Null;
    }
    world.patch(Kind::CustomResourceDefinition, definition, json!({ "spec": loose["spec"] })).await;
    let text = world.canary("text");
    let broken = [
        ("text-for-data", json!({ "data": text })),
        ("number-for-key", json!({ "data": [{ "secretKey": 7, "remoteRef": { "key": "db" } }] })),
        ("unknown-policy", json!({ "target": { "creationPolicy": text }, "data": [] })),
    ];
    let older = against_the_rules();
    let all = broken.iter().map(|(name, spec)| (name, spec));
    for (name, spec) in all.chain(older.iter().map(|(name, spec, _)| (name, spec))) {
        let object = json!({
            "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret",
            "metadata": { "name": name, "finalizers": [CLEANUP] }, "spec": spec,
        });
        eventually("the schema is looser", async || {
            world.try_create(object.clone()).await.map(drop).map_err(|refusal| refusal.message)
        })
        .await;
    }
    let strict = json!({ "spec": { "versions": strict["spec"]["versions"] } });
    world.patch(Kind::CustomResourceDefinition, definition, strict).await;
    world.operator.restart().await;
    stocked(&world).await;
    for (name, _) in broken {
        let message = world.fails(name, &format!("{UNREADABLE}: ")).await;
        assert!(message.contains("cannot be read: a field is missing, of the wrong type"), "{message}");
    }
    goes_on_alone(&world).await;
    let right = json!({
        "data": [{ "secretKey": "password", "remoteRef": { "key": "db" } }],
        "secretStoreRef": { "name": "main" }, "target": null,
    });
    for name in ["text-for-data", "number-for-key"] {
        world.patch(Kind::ExternalSecret, name, json!({ "spec": right })).await;
        recovers(&world, name, Cause::InTheCluster).await;
    }
    for (name, _, says) in older {
        assert_eq!(world.fails(name, UNREADABLE).await, format!("{UNREADABLE}: {says}"));
        world.delete(Kind::ExternalSecret, name).await;
        world.gone(Kind::ExternalSecret, name).await;
    }
    world.end().await;
}

#[tokio::test]
async fn a_namespace_on_its_way_out_is_left_in_peace() {
    // Without the controller that empties it, such a namespace stays on its way.
    let options = ControlPlaneOptions { controller_manager: false, ..ControlPlaneOptions::default() };
    let world = Setup::new("staying").on(Cluster::alone(options).await).everywhere().start().await;
    stocked(&world).await;
    let leaving = world.cluster.plane.namespace("leaving").await.unwrap();
    let inside = |kind: Kind| kind.collection(&leaving);
    let value = world.canary("leaving");
    for object in [values(&value, &value), object("doomed").key("password", "db").every("1h").json()] {
        let kind = Kind::named(object["kind"].as_str().unwrap());
        let mut object = object;
        object["metadata"]["namespace"] = json!(leaving);
        if kind == Kind::ExternalSecret {
            object["metadata"]["finalizers"] = json!([FINALIZER]);
        }
        world.call("POST", &inside(kind), Some(&object)).await.unwrap();
    }
    let (secret, doomed) =
        (format!("{}/doomed", inside(Kind::Secret)), format!("{}/doomed", inside(Kind::ExternalSecret)));
    eventually("the Secret is there", async || {
        world.call("GET", &secret, None).await.map_err(|no| no.message)
    })
    .await;
    world.expect_refusals();
    world.call("DELETE", &format!("/api/v1/namespaces/{leaving}"), None).await.unwrap();
    world.call("DELETE", &secret, None).await.unwrap();
    let says = "could not update secret: the namespace is being deleted";
    eventually("the object says that its namespace goes", async || {
        let object = world.call("GET", &doomed, None).await.map_err(|refusal| refusal.message)?;
        let is_so = |condition: &Condition| {
            let Condition { status, reason, message } = condition;
            status == "False" && reason == "SecretSyncedError" && message.starts_with(says)
        };
        match Condition::of(&object).filter(is_so) {
            Some(_) => Ok(()),
            None => Err(object["status"].to_string()),
        }
    })
    .await;
    // Nobody has deleted the object itself, which must not hold its namespace up.
    let metadata = &world.call("GET", &doomed, None).await.unwrap()["metadata"];
    assert_eq!((metadata.get("finalizers"), metadata.get("deletionTimestamp")), (None, None));
    goes_on_alone(&world).await;
    let tries = world.cluster.plane.since(eso_rig::Mark::START).await.unwrap().by(&world.user());
    let refused =
        tries.namespace(&leaving).resource("secrets").matching(|request| request.status == 403).len();
    assert!((1..=10).contains(&refused), "the Secret was tried {refused} times");
    world.end().await;
}
