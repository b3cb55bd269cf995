//! Which object writes a Secret, of those that the watches have seen.

use eso_core::key::StoreKind;
use eso_plan::convert::legacy::Environment;
use eso_testkit::objects::{ObjectBuilder, object, store};
use http::{Request, Response};
use kube::client::{Body, Client};
use serde_json::{Value, json};

use super::*;
use crate::{
    controllers::{
        cluster::NamespaceFollower as _, external_secret::Router, fixtures::registry, legacy::LegacyObjects,
    },
    watch::{Object, Watched as _},
};

/// What is known of a cluster, and what is said of it.
struct World {
    index: Arc<Mutex<Index>>,
    stores: Arc<StoreRegistry>,
    older: Arc<LegacyObjects>,
    targets: Targets,
    last: u64,
}

impl World {
    /// Nothing is known yet. The API server has the ConfigMap `words`, whose `greeting` is a template, and nothing else.
    fn new() -> Self {
        let index: Arc<Mutex<Index>> = Arc::default();
        let client = Client::new(tower::service_fn(answer), "demo");
        let router = Arc::new(Router::new(Arc::clone(&index), Arc::new(())));
        let stores = registry(client.clone(), Arc::clone(&router) as _);
        let environment = Arc::new(Environment::default());
        let permits = Arc::<Permits>::default();
        let older = LegacyObjects::new(&router, &stores, environment, &permits);
        let targets = Targets::new(&index, &stores, permits, Writer::new(client));
        Self { index, stores, older, targets, last: 1 }
    }

    fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// An object with the one key `password`.
    fn object(&mut self, name: &str, as_it_is: impl FnOnce(ObjectBuilder) -> ObjectBuilder) -> &mut Self {
        let version = json!(self.next().to_string());
        let asked = object(name).stored(&format!("uid-{name}"), 1).key("password", "db");
        let asked = as_it_is(asked.with("/metadata/resourceVersion", version));
        self.index.lock().meet_object(Object::sent(asked.json()));
        self
    }

    /// An object of the older group that writes a Secret of its name, and fills the Secret `logins` besides.
    fn older(&mut self, name: &str) -> &mut Self {
        let version = self.next();
        let sent = json!({
            "metadata": {
                "name": name, "namespace": "demo", "uid": format!("uid-{name}"), "generation": 1,
                "resourceVersion": version.to_string(),
            },
            "spec": { "backendType": "secretsManager", "data": [{ "key": "db", "name": "logins" }] },
        });
        self.older.meet(serde_json::from_str(&sent.to_string()).unwrap());
        self
    }

    /// The namespace of all these is there, and permits these keys.
    fn permits(&mut self, keys: &str) -> &mut Self {
        let permitted = "externalsecrets.kubernetes-client.io/permitted-key-name";
        let namespace = json!({ "name": "demo", "annotations": { permitted: keys } });
        self.older.meet_namespace(&serde_json::from_value(namespace).unwrap());
        self
    }

    async fn of(&self, secret: &str) -> Option<Writing> {
        self.targets.of("demo", secret).await.unwrap()
    }

    /// What is said to write a Secret, and what all of those are called that do.
    async fn check(&self, secret: &str, expected: Option<&str>, names: &[&str]) {
        let writing = self.of(secret).await.map(|writing| writing.object);
        assert_eq!(writing.as_deref(), expected, "{secret}");
        assert_eq!(self.targets.names("demo", secret), names, "{secret}");
    }
}

async fn answer(request: Request<Body>) -> kube::Result<Response<Body>> {
    let (status, body) = match request.uri().path() {
        "/api/v1/namespaces/demo/configmaps/words" => {
            (200, json!({ "metadata": { "name": "words" }, "data": { "greeting": "hello: there" } }))
        }
        "/api/v1/namespaces/demo/configmaps/denied" => (403, refusal(403)),
        _ => (404, refusal(404)),
    };
    Ok(Response::builder().status(status).body(Body::from(body.to_string().into_bytes())).unwrap())
}

fn refusal(code: u16) -> Value {
    let reason = if code == 404 { "NotFound" } else { "Forbidden" };
    json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason })
}

fn deleted(asked: ObjectBuilder) -> ObjectBuilder {
    asked.with("/metadata/deletionTimestamp", json!("2026-11-29T00:00:00Z"))
}

#[tokio::test]
async fn an_object_writes_the_secret_that_it_names_in_its_namespace() {
    let mut world = World::new();
    world.check("app", None, &[]).await;
    world.object("app", |asked| asked.store("main"));
    world.check("app", Some("ExternalSecret \"app\""), &["app"]).await;
    let writing = world.of("app").await.unwrap();
    assert_eq!((writing.uid.as_str(), writing.desired.target.as_str()), ("uid-app", "app"));
    assert_eq!((writing.annotations.len(), writing.sources.len()), (0, 0));
    assert_eq!(world.targets.of("other", "app").await, Ok(None));
    assert_eq!(world.targets.names("other", "app"), [""; 0]);
    // It names another one from now on.
    world.object("app", |asked| asked.store("main").target("moved").with("/metadata/generation", json!(2)));
    world.check("app", None, &[]).await;
    world.check("moved", Some("ExternalSecret \"app\""), &["app"]).await;
    world.object("app", |asked| deleted(asked.store("main").target("moved")));
    world.check("moved", None, &[]).await;
}

#[tokio::test]
async fn of_several_the_one_that_owns_it_comes_before_those_that_add_to_it() {
    let mut world = World::new();
    world.object("b", |asked| asked.target("app").creation("Merge"));
    world.object("c", |asked| asked.target("app").creation("Merge"));
    world.check("app", Some("ExternalSecret \"b\""), &["b", "c"]).await;
    world.object("a", |asked| asked.target("app").creation("Merge"));
    world.check("app", Some("ExternalSecret \"a\""), &["a", "b", "c"]).await;
    world.object("d", |asked| asked.target("app"));
    world.check("app", Some("ExternalSecret \"d\""), &["a", "b", "c", "d"]).await;
    world.object("e", |asked| asked.target("app").creation("Orphan"));
    world.check("app", Some("ExternalSecret \"d\""), &["a", "b", "c", "d", "e"]).await;
}

#[tokio::test]
async fn who_writes_no_secret_or_is_not_ours_to_serve_is_known_by_name_alone() {
    let mut world = World::new();
    world.object("reads", |asked| asked.creation("None"));
    world.check("reads", None, &["reads"]).await;
    let manifest = json!({ "apiVersion": "v1", "kind": "ConfigMap" });
    world.object("map", |asked| asked.with("/spec/target/manifest", manifest));
    assert_eq!(world.of("map").await, None);
    let twice = |asked: ObjectBuilder| asked.key("password", "again");
    world.object("wrong", twice);
    world.check("wrong", None, &["wrong"]).await;
    let of_others = store("theirs").with("/spec/controller", json!("another")).json();
    world.stores.apply_store(StoreKind::SecretStore, Object::sent(of_others));
    world.object("theirs", |asked| asked.store("theirs"));
    world.check("theirs", None, &["theirs"]).await;
}

#[tokio::test]
async fn what_templates_stand_in_is_read_and_what_cannot_be_is_named() {
    let template = |map: &str| {
        let from = json!([{ "configMap": { "name": map, "items": [{ "key": "greeting" }] } }]);
        move |asked: ObjectBuilder| asked.with("/spec/target/template", json!({ "templateFrom": from }))
    };
    let mut world = World::new();
    world.object("app", template("words"));
    let sources = world.of("app").await.unwrap().sources;
    let texts: Vec<_> = sources.values().flatten().flatten().map(|(key, _)| key.as_str()).collect();
    assert_eq!(texts, ["greeting"]);
    world.object("missing", template("nobodys"));
    let sources = world.of("missing").await.unwrap().sources;
    assert_eq!(sources.into_values().collect::<Vec<_>>(), [None]);
    world.object("denied", template("denied"));
    let problem = world.targets.of("demo", "denied").await.unwrap_err();
    assert!(problem.starts_with("cannot read ") && problem.contains("denied"), "{problem}");
}

#[tokio::test]
async fn what_older_objects_write_and_fill_besides_is_known_as_their_namespace_permits() {
    let mut world = World::new();
    world.older("app");
    assert_eq!((world.of("app").await, world.of("logins").await), (None, None), "nothing is known of it yet");
    world.permits("^db$");
    let older = Some("ExternalSecret \"app\" of kubernetes-client.io");
    world.check("app", older, &["app"]).await;
    // Whoever fills it besides adds to what somebody else may write.
    world.check("logins", older, &[]).await;
    let (own, fill) = (world.of("app").await.unwrap(), world.of("logins").await.unwrap());
    assert_eq!((own.annotations.len(), own.desired.ownership), (0, Ownership::Own));
    assert_eq!(fill.annotations, [(FILLED_BY, "uid-app".to_owned())].into());
    assert_eq!((own.uid.as_str(), fill.uid.as_str()), ("uid-app", "uid-app"));
    world.permits("^none$");
    assert_eq!((world.of("app").await, world.of("logins").await), (None, None));
    world.check("app", None, &["app"]).await;
}
