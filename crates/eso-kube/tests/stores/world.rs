//! A registry on a real API server, with a namespace of its own, and providers in memory.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use eso_core::{
    api::{GROUP, definitions, secret_store::Provider},
    error::{ErrorKind, ProviderError},
    key::{StoreKind, StoreReference},
    provider::{CallObserver, Connection, SecretProvider},
};
use eso_kube::{
    credentials::{AccountWatch, CredentialKind, CredentialObject, KubernetesCredentials, Scope},
    events::Events,
    lease::Leadership,
    stores::{
        Connect, ConnectError, Dependents, Standby, StoreChange, StoreKey, StoreRegistry,
        StoreRegistrySettings,
    },
    telemetry::{Ready, Subject, Telemetry},
    watch::{Item, Watched, follow},
};
use eso_rig::{ControlPlane, Method};
use eso_sync::{ports::Stores, store::Store};
use eso_testkit::memory::{Call, MemoryProvider};
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Secret};
use kube::{
    Api, Client, Config,
    api::ObjectMeta,
    config::{KubeConfigOptions, Kubeconfig},
    core::{ApiResource, DynamicObject, GroupVersionKind, PartialObjectMeta},
};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::{
    sync::{
        OnceCell,
        watch::{self, Sender},
    },
    task::JoinSet,
    time::sleep,
};
use tokio_util::sync::CancellationToken;

/// How long a test waits for something before it says that it does not happen.
const PATIENCE: Duration = Duration::from_secs(60);

static DEFINED: OnceCell<()> = OnceCell::const_new();

/// A registry that sees what one namespace holds, and the cluster stores whose names begin as it.
pub(crate) struct World {
    pub(crate) plane: &'static ControlPlane,
    pub(crate) client: Client,
    pub(crate) namespace: String,
    pub(crate) registry: Arc<StoreRegistry>,
    pub(crate) connector: Arc<Connector>,
    pub(crate) told: Arc<Told>,
    pub(crate) stop: CancellationToken,
    tasks: JoinSet<()>,
}

impl World {
    /// A new namespace, and a registry that follows it.
    pub(crate) async fn new() -> Self {
        let plane = ControlPlane::shared().await.unwrap();
        DEFINED.get_or_init(|| define(plane)).await;
        let namespace = plane.namespace("stores").await.unwrap();
        let client = client(plane).await;
        let (connector, told) = (Arc::new(Connector::default()), Arc::new(Told::default()));
        let (events, task) = Events::new(client.clone(), 100, Arc::new(()));
        let stop = CancellationToken::new();
        let registry = StoreRegistry::new(StoreRegistrySettings {
            client: client.clone(),
            connect: Arc::<Connector>::clone(&connector),
            dependents: Arc::<Told>::clone(&told),
            events,
            telemetry: Arc::<Told>::clone(&told),
            class: "default".to_owned(),
            cluster_stores: true,
            requeue_interval: None,
            leadership: Leadership::always(),
            standby: Standby::default(),
            stop: stop.clone(),
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(task.run(stop.clone()));
        let mut world = Self { plane, client, namespace, registry, connector, told, stop, tasks };
        world.follow_all();
        world
    }

    fn follow_all(&mut self) {
        let namespaced = |kind| Api::namespaced_with(self.client.clone(), &self.namespace, &resource(kind));
        let (own, cluster) = (namespaced("SecretStore"), resource("ClusterSecretStore"));
        let cluster = Api::all_with(self.client.clone(), &cluster);
        self.follow(own, |seen, store| match seen {
            Seen::There => seen_store(StoreKind::SecretStore, store),
            Seen::Gone => gone_store(StoreKind::SecretStore, &store),
        });
        let prefix = self.namespace.clone();
        self.follow(cluster, move |seen, store: Item<DynamicObject>| {
            if !store.metadata().name.as_deref().is_some_and(|name| name.starts_with(&prefix)) {
                return Box::new(|_| {});
            }
            match seen {
                Seen::There => seen_store(StoreKind::ClusterSecretStore, store),
                Seen::Gone => gone_store(StoreKind::ClusterSecretStore, &store),
            }
        });
        self.follow(Api::all(self.client.clone()), |seen, secret: PartialObjectMeta<Secret>| {
            credential(CredentialKind::Secret, seen, secret.metadata)
        });
        self.follow(Api::all(self.client.clone()), |seen, config_map: PartialObjectMeta<ConfigMap>| {
            credential(CredentialKind::ConfigMap, seen, config_map.metadata)
        });
        self.follow(Api::all(self.client.clone()), |_, namespace: PartialObjectMeta<Namespace>| {
            let (uid, labels) = (namespace.metadata.uid.clone(), namespace.metadata.labels.clone());
            let (_, name) = named(namespace.metadata);
            let (uid, labels) = (uid.unwrap_or_default(), labels.unwrap_or_default());
            Box::new(move |registry| registry.namespace_changed(&name, &uid, &labels))
        });
    }

    fn follow<K>(&mut self, api: Api<K>, tell: impl Fn(Seen, K) -> Act + Send + Sync + 'static)
    where
        K: kube::Resource + Clone + serde::de::DeserializeOwned + std::fmt::Debug + Send + 'static,
    {
        let follower = Follower { registry: Arc::clone(&self.registry), tell: Box::new(tell) };
        self.tasks.spawn(async move { follow(api, &follower, &Sender::new(false)).await });
    }

    /// The credentials of a SecretStore of this namespace.
    pub(crate) fn credentials(&self) -> KubernetesCredentials {
        let scope = Scope::Own(self.namespace.clone());
        KubernetesCredentials::new(self.client.clone(), scope, Arc::<AccountWatch>::default())
    }

    /// Creates a Secret with one key, `token`.
    pub(crate) async fn secret(&self, namespace: &str, name: &str, token: &str) {
        let secret = json!({ "metadata": { "name": name }, "stringData": { "token": token } });
        self.plane.create(&format!("/api/v1/namespaces/{namespace}/secrets"), &secret).await.unwrap();
    }

    /// Changes an object by a merge patch.
    pub(crate) async fn patch(&self, path: &str, patch: Value) {
        let body = Value::Object(patch.as_object().unwrap().clone());
        let api = kube::core::Request::new(path.rsplit_once('/').unwrap().0);
        let name = path.rsplit_once('/').unwrap().1;
        let patch = kube::api::Patch::Merge(body);
        let request = api.patch(name, &kube::api::PatchParams::default(), &patch).unwrap();
        self.client.request::<Value>(request).await.unwrap();
    }

    /// Creates a SecretStore.
    pub(crate) async fn store(&self, name: &str, spec: Value) {
        let store = json!({
            "apiVersion": "external-secrets.io/v1",
            "kind": "SecretStore",
            "metadata": { "name": name },
            "spec": spec
        });
        self.plane.create(&self.path("secretstores"), &store).await.unwrap();
    }

    /// Creates a ClusterSecretStore, whose name is this namespace's with `suffix`, and returns the name.
    pub(crate) async fn cluster_store(&self, suffix: &str, spec: Value) -> String {
        let name = format!("{}-{suffix}", self.namespace);
        let store = json!({
            "apiVersion": "external-secrets.io/v1",
            "kind": "ClusterSecretStore",
            "metadata": { "name": name },
            "spec": spec
        });
        self.plane.create("/apis/external-secrets.io/v1/clustersecretstores", &store).await.unwrap();
        name
    }

    /// The path of a collection of our kinds in this namespace.
    pub(crate) fn path(&self, resource: &str) -> String {
        format!("/apis/external-secrets.io/v1/namespaces/{}/{resource}", self.namespace)
    }

    pub(crate) async fn delete(&self, path: &str) {
        self.plane.request(Method::DELETE, path, None).await.unwrap().success().unwrap();
    }

    /// The `Ready` condition of an object, as `status reason message`; empty while there is none.
    pub(crate) async fn condition(&self, path: &str) -> String {
        let store = self.plane.request(Method::GET, path, None).await.unwrap().success().unwrap();
        let condition = &store["status"]["conditions"][0];
        let text = |field: &str| condition[field].as_str().unwrap_or_default().to_owned();
        [text("status"), text("reason"), text("message")].join(" ").trim().to_owned()
    }

    /// Waits until a SecretStore's condition reads so.
    pub(crate) async fn says(&self, name: &str, expected: &str) {
        self.says_at(&format!("{}/{name}", self.path("secretstores")), expected).await;
    }

    /// Waits until an object's condition reads so.
    pub(crate) async fn says_at(&self, path: &str, expected: &str) {
        let what = format!("{path} to say {expected:?}");
        eventually(&what, async || (self.condition(path).await == expected).then_some(())).await;
    }

    /// Events of this namespace about an object, as `type reason xcount message`.
    pub(crate) async fn events(&self, name: &str) -> Vec<String> {
        let path = format!("/api/v1/namespaces/{}/events", self.namespace);
        let list = self.plane.request(Method::GET, &path, None).await.unwrap().success().unwrap();
        let events = list["items"].as_array().unwrap().iter();
        let of_this = events.filter(|event| event["involvedObject"]["name"] == name);
        let text = |event: &Value| {
            let text = |field: &str| event[field].as_str().unwrap_or_default().to_owned();
            format!("{} {} x{} {}", text("type"), text("reason"), event["count"], text("message"))
        };
        of_this.map(text).collect()
    }

    /// The SecretStore, as an object of this namespace asks for it.
    pub(crate) async fn ask(&self, name: &str) -> Result<Arc<Store>, String> {
        self.ask_as(StoreKind::SecretStore, &self.namespace, name).await
    }

    pub(crate) async fn ask_as(
        &self,
        kind: StoreKind,
        namespace: &str,
        name: &str,
    ) -> Result<Arc<Store>, String> {
        let reference = StoreReference { kind, namespace: namespace.to_owned(), name: name.to_owned() };
        self.registry.store(&reference).await.map(|granted| granted.store)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// The spec of a store that reads a token of a Secret.
pub(crate) fn vault(server: &str, secret: &str) -> Value {
    json!({ "provider": { "vault": {
        "server": server,
        "auth": { "tokenSecretRef": { "name": secret, "key": "token" } }
    } } })
}

/// Waits until `look` finds something, and panics when it never does.
pub(crate) async fn eventually<T, Looked: Future<Output = Option<T>>>(
    what: &str,
    mut look: impl FnMut() -> Looked,
) -> T {
    let found = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, found).await.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}

/// The Vault namespace of a store that is another one to each namespace of the cluster.
pub(crate) const OF_EACH_NAMESPACE: &str = "of-each-namespace";

/// Makes a provider in memory for each connection, once it has read the store's token.
#[derive(Debug, Default)]
pub(crate) struct Connector {
    connected: Mutex<Vec<Connected>>,
    failing: Mutex<BTreeMap<String, ProviderError>>,
    hanging: watch::Sender<BTreeSet<String>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Connected {
    pub(crate) server: String,
    pub(crate) token: String,
    /// Whose the connection is.
    pub(crate) store: StoreReference,
    pub(crate) provider: Arc<MemoryProvider>,
}

impl Connected {
    /// How often a call of a sort arrived.
    pub(crate) fn count(&self, call: &Call) -> usize {
        self.provider.calls().iter().filter(|other| *other == call).count()
    }
}

impl Connector {
    /// The connections to a server so far, in order.
    pub(crate) fn connections(&self, server: &str) -> Vec<Connected> {
        self.connected.lock().iter().filter(|connected| connected.server == server).cloned().collect()
    }

    /// Waits for the first connection to a server with a token.
    pub(crate) async fn connection(&self, server: &str, token: &str) -> Connected {
        eventually("a connection", async || {
            self.connections(server).into_iter().find(|connected| connected.token == token)
        })
        .await
    }

    /// From now on, connections to a server fail at their first call; `None` mends it.
    pub(crate) fn fail(&self, server: &str, kind: Option<ErrorKind>) {
        match kind {
            Some(kind) => self.fail_with(server, ProviderError::new(kind, "Fetch")),
            None => drop(self.failing.lock().remove(server)),
        }
    }

    /// From now on, connections to a server fail at their first call with this error.
    pub(crate) fn fail_with(&self, server: &str, error: ProviderError) {
        self.failing.lock().insert(server.to_owned(), error);
    }

    /// From now on, connecting to a server does not end, once the token is read.
    pub(crate) fn hang(&self, server: &str) {
        self.hanging.send_if_modified(|hanging| hanging.insert(server.to_owned()));
    }

    /// Lets those go on that connect to a server.
    pub(crate) fn let_go(&self, server: &str) {
        self.hanging.send_if_modified(|hanging| hanging.remove(server));
    }
}

#[async_trait]
impl Connect for Connector {
    async fn connect(
        &self,
        provider: &Provider,
        connection: Connection,
    ) -> Result<Arc<dyn SecretProvider>, ConnectError> {
        let Some(vault) = &provider.vault else {
            let name = provider.others.keys().next().cloned();
            return Err(ConnectError::Unknown(name.unwrap_or_default()));
        };
        let failed = |error: eso_core::credentials::CredentialError| {
            ConnectError::Provider(error.into_provider_error("Login"))
        };
        if let Some(authority) = &vault.ca_provider {
            connection.credentials.certificate_authority(authority).await.map_err(failed)?;
        }
        let selector = vault.auth.as_ref().and_then(|auth| auth.token_secret_ref.clone()).unwrap();
        let token = connection.credentials.secret_key(&selector).await.map_err(failed)?;
        let made = MemoryProvider::new();
        if let Some(error) = self.failing.lock().get(&vault.server) {
            made.fail_with(error.clone());
        }
        self.connected.lock().push(Connected {
            server: vault.server.clone(),
            token: token.expose_str().unwrap().to_owned(),
            store: connection.store,
            provider: Arc::clone(&made),
        });
        let mut hanging = self.hanging.subscribe();
        hanging.wait_for(|hanging| !hanging.contains(&vault.server)).await.unwrap();
        Ok(made)
    }

    /// Where the Vault namespace says so.
    fn is_of_namespace(&self, provider: &Provider) -> bool {
        let namespace = provider.vault.as_ref().and_then(|vault| vault.namespace.as_deref());
        namespace == Some(OF_EACH_NAMESPACE)
    }
}

/// What was told, of stores and in numbers.
#[derive(Debug, Default)]
pub(crate) struct Told {
    changes: Mutex<Vec<(StoreKey, Option<String>, StoreChange)>>,
    pub(crate) ready: Mutex<BTreeMap<String, Ready>>,
}

impl Told {
    /// What the objects of a store were told so far.
    pub(crate) fn changes(&self, name: &str) -> Vec<StoreChange> {
        self.changes.lock().iter().filter(|(key, ..)| key.name == name).map(|(.., change)| *change).collect()
    }

    /// For which namespaces they were told.
    pub(crate) fn asking(&self, name: &str) -> Vec<Option<String>> {
        let changes = self.changes.lock();
        changes.iter().filter(|(key, ..)| key.name == name).map(|(_, asking, _)| asking.clone()).collect()
    }

    /// Waits until the objects of a store have been told exactly this.
    pub(crate) async fn exactly(&self, name: &str, expected: &[StoreChange]) {
        let what = format!("{name} to have told {expected:?}");
        eventually(&what, async || (self.changes(name) == expected).then_some(())).await;
    }
}

impl Dependents for Told {
    fn store_changed(&self, store: &StoreKey, asking: Option<&str>, change: StoreChange) {
        self.changes.lock().push((store.clone(), asking.map(str::to_owned), change));
    }
}

impl CallObserver for Told {
    fn called(&self, _provider: &'static str, _call: &'static str, _succeeded: bool) {}
}

impl Telemetry for Told {
    fn reconciled(&self, _subject: Subject<'_>, _succeeded: bool, _took: Duration) {}
    fn condition(&self, subject: Subject<'_>, ready: Ready) {
        self.ready.lock().insert(subject.name.to_owned(), ready);
    }
    fn refreshed(&self, _subject: Subject<'_>, _at: jiff::Timestamp) {}
    fn forgotten(&self, subject: Subject<'_>) {
        self.ready.lock().remove(subject.name);
    }
    fn event_dropped(&self) {}
}

/// A client with a connection of its own, for a test has a runtime of its own.
async fn client(plane: &ControlPlane) -> Client {
    let kubeconfig = Kubeconfig::from_yaml(plane.kubeconfig()).unwrap();
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
    Client::try_from(config).unwrap()
}

/// Creates our definitions, and waits until each is served.
async fn define(plane: &ControlPlane) {
    let collection = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    for definition in definitions::all() {
        let name = definition.metadata.name.clone().unwrap();
        plane.create(collection, &serde_json::to_value(definition).unwrap()).await.unwrap();
        let path = format!("{collection}/{name}");
        eventually(&name, async || {
            let found = plane.request(Method::GET, &path, None).await.unwrap().success().unwrap();
            let conditions = found["status"]["conditions"].as_array()?.clone();
            conditions.iter().any(|one| one["type"] == "Established" && one["status"] == "True").then_some(())
        })
        .await;
    }
}

fn resource(kind: &str) -> ApiResource {
    ApiResource::from_gvk(&GroupVersionKind::gvk(GROUP, "v1", kind))
}

/// What a watch saw of an object.
#[derive(Clone, Copy)]
enum Seen {
    There,
    Gone,
}

/// What is told to the registry.
type Act = Box<dyn FnOnce(&StoreRegistry) + Send>;

struct Follower<K> {
    registry: Arc<StoreRegistry>,
    tell: Box<dyn Fn(Seen, K) -> Act + Send + Sync>,
}

impl<K: Send> Watched<K> for Follower<K> {
    fn begin(&self) {}
    fn meet(&self, object: K) {
        (self.tell)(Seen::There, object)(&self.registry);
    }
    fn lose(&self, object: K) {
        (self.tell)(Seen::Gone, object)(&self.registry);
    }
    fn end(&self) {}
}

fn seen_store(kind: StoreKind, store: Item<DynamicObject>) -> Act {
    Box::new(move |registry| registry.apply_store(kind, store.into()))
}

fn gone_store(kind: StoreKind, store: &Item<DynamicObject>) -> Act {
    let (namespace, name) = named(store.metadata().clone());
    Box::new(move |registry| {
        registry.delete_store(kind, Some(namespace.as_str()).filter(|one| !one.is_empty()), &name);
    })
}

fn credential(kind: CredentialKind, seen: Seen, metadata: ObjectMeta) -> Act {
    let (namespace, name) = named(metadata.clone());
    let now = Some(metadata).filter(|_| matches!(seen, Seen::There));
    let object = CredentialObject { kind, namespace, name };
    Box::new(move |registry| registry.credential_changed(&object, now.as_ref()))
}

fn named(metadata: ObjectMeta) -> (String, String) {
    let ObjectMeta { namespace, name, .. } = metadata;
    (namespace.unwrap_or_default(), name.unwrap_or_default())
}
