//! Tests of `sources`: what stores hear of what went or came while a watch was broken.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use eso_core::{
    api::secret_store::Provider,
    key::{StoreKind, StoreReference},
    provider::{Connection, SecretProvider},
};
use eso_sync::ports::Stores;
use eso_testkit::memory::MemoryProvider;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Secret, ServiceAccount};
use kube::{Client, client::Body, core::PartialObjectMeta};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{ConfigMaps, Namespaces, Secrets, ServiceAccounts};
use crate::{
    controllers::external_secret::Router,
    events::Events,
    lease::Leadership,
    stores::{
        Connect, ConnectError, Dependents, Standby, StoreChange, StoreKey, StoreRegistry,
        StoreRegistrySettings,
    },
    watch::{Item, Object, Watched},
};

/// The annotation that stores ask for.
const ROLE: &str = "role";

/// Connects each store with the token, the authority and the service account that it names, and counts.
#[derive(Debug, Default)]
struct Connector(Mutex<usize>);

#[async_trait]
impl Connect for Connector {
    async fn connect(
        &self,
        provider: &Provider,
        connection: Connection,
    ) -> Result<Arc<dyn SecretProvider>, ConnectError> {
        let failed = |error: eso_core::credentials::CredentialError| {
            ConnectError::Provider(error.into_provider_error("Login"))
        };
        let vault = provider.vault.as_ref().unwrap();
        if let Some(authority) = &vault.ca_provider {
            connection.credentials.certificate_authority(authority).await.map_err(failed)?;
        }
        let auth = vault.auth.as_ref().unwrap();
        connection.credentials.secret_key(auth.token_secret_ref.as_ref().unwrap()).await.map_err(failed)?;
        let account = auth.kubernetes.as_ref().and_then(|login| login.service_account_ref.as_ref());
        if let Some(account) = account {
            connection.credentials.service_account_annotations(account, &[ROLE]).await.map_err(failed)?;
        }
        *self.0.lock() += 1;
        Ok(MemoryProvider::new())
    }
}

#[derive(Debug, Default)]
struct Told(Mutex<Vec<(Option<String>, StoreChange)>>);

impl Dependents for Told {
    fn store_changed(&self, _store: &StoreKey, asking: Option<&str>, change: StoreChange) {
        self.0.lock().push((asking.map(str::to_owned), change));
    }
}

/// Stores of an API server that has every Secret, every ConfigMap and every service account, at version 5.
struct World {
    stores: Arc<StoreRegistry>,
    connector: Arc<Connector>,
    told: Arc<Told>,
}

impl World {
    fn new() -> Self {
        let (connector, told) = (Arc::new(Connector::default()), Arc::new(Told::default()));
        let stores = StoreRegistry::new(StoreRegistrySettings {
            client: client(),
            connect: Arc::<Connector>::clone(&connector),
            dependents: Arc::<Told>::clone(&told),
            events: Events::new(client(), 0, Arc::new(())).0,
            telemetry: Arc::new(()),
            class: "default".to_owned(),
            cluster_stores: true,
            requeue_interval: None,
            leadership: Leadership::always(),
            standby: Standby::default(),
            stop: CancellationToken::new(),
        });
        Self { stores, connector, told }
    }

    /// Its SecretStore is connected with the Secret `token` and the ConfigMap `authority` of the namespace `demo`.
    async fn with_store() -> Self {
        let world = Self::new();
        let authority = json!({ "type": "ConfigMap", "name": "authority", "key": "key" });
        world
            .stores
            .apply_store(StoreKind::SecretStore, store(Some("demo"), json!({ "caProvider": authority })));
        sleep(Duration::from_secs(1)).await;
        assert_eq!(*world.connector.0.lock(), 1);
        world
    }

    /// Its SecretStore is connected as the service account `reader` of the namespace `demo` too.
    async fn with_account() -> Self {
        let world = Self::new();
        assert!(!*world.stores.accounts().wanted().borrow());
        let login = json!({ "role": "r", "serviceAccountRef": { "name": "reader" } });
        let token = json!({ "name": "token", "key": "key" });
        let auth = json!({ "auth": { "tokenSecretRef": token, "kubernetes": login } });
        world.stores.apply_store(StoreKind::SecretStore, store(Some("demo"), auth));
        assert!(*world.stores.accounts().wanted().borrow());
        sleep(Duration::from_secs(1)).await;
        assert_eq!(*world.connector.0.lock(), 1);
        world
    }

    fn accounts(&self, namespace: Option<&str>) -> Arc<ServiceAccounts> {
        ServiceAccounts::new(&self.stores, namespace)
    }

    fn secrets(&self, namespace: Option<&str>) -> Arc<dyn Watched<Metadata<Secret>>> {
        Secrets::new(
            Arc::new(Router::new(Arc::default(), Arc::new(()))),
            &self.stores,
            namespace,
            (None, None),
        )
    }

    fn config_maps(&self) -> Arc<dyn Watched<Metadata<ConfigMap>>> {
        ConfigMaps::new(Arc::new(Router::new(Arc::default(), Arc::new(()))), &self.stores, None, None)
    }

    /// The watch lists these; then the store has connected so often.
    async fn check<K>(
        &self,
        watched: &dyn Watched<Metadata<K>>,
        listed: impl IntoIterator<Item = Metadata<K>>,
        expected: usize,
    ) {
        watched.begin();
        listed.into_iter().for_each(|object| watched.meet(object));
        watched.end();
        sleep(Duration::from_secs(1)).await;
        assert_eq!(*self.connector.0.lock(), expected);
    }
}

type Metadata<K> = Item<PartialObjectMeta<K>>;

fn client() -> Client {
    let answer = |_: http::Request<Body>| async {
        let metadata = json!({ "name": "any", "resourceVersion": "5" });
        let object = json!({ "metadata": metadata, "data": { "key": "dmFsdWU=" } });
        Ok::<_, kube::Error>(http::Response::new(Body::from(object.to_string().into_bytes())))
    };
    Client::new(tower::service_fn(answer), "default")
}

/// A Vault store that reads the Secret `token`.
fn store(namespace: Option<&str>, more: Value) -> Object {
    let mut vault = json!({
        "server": "https://vault",
        "auth": { "tokenSecretRef": { "name": "token", "key": "key" } },
    });
    vault.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Object::sent(json!({
        "metadata": { "name": "store", "namespace": namespace, "uid": "store", "generation": 1 },
        "spec": { "provider": { "vault": vault } },
    }))
}

fn item<K>(metadata: Value) -> Metadata<K> {
    serde_json::from_value(json!({ "metadata": metadata })).unwrap()
}

fn listed<K>(name: &str) -> Option<Metadata<K>> {
    Some(item(json!({ "name": name, "namespace": "demo", "resourceVersion": "5" })))
}

/// A service account in this version, with these annotations.
fn account(name: &str, version: &str, annotations: Value) -> Option<Metadata<ServiceAccount>> {
    Some(item(json!({
        "name": name, "namespace": "demo", "uid": name, "resourceVersion": version, "annotations": annotations,
    })))
}

fn namespace(uid: &str) -> Metadata<Namespace> {
    item(json!({ "name": "tenant", "uid": uid }))
}

#[tokio::test(start_paused = true)]
async fn a_credential_that_is_older_than_its_store_and_went_unseen_is_told() {
    let world = World::with_store().await;
    let (secrets, maps) = (world.secrets(None), world.config_maps());
    world.check(&*secrets, listed("token"), 1).await;
    world.check(&*maps, listed("authority"), 1).await;
    world.check(&*secrets, listed("other"), 2).await;
    world.check(&*maps, None, 3).await;
}

#[tokio::test(start_paused = true)]
async fn a_credential_in_a_namespace_that_is_not_watched_is_not_taken_for_gone() {
    let world = World::with_store().await;
    world.check(&*world.secrets(Some("elsewhere")), None, 1).await;
    world.check(&*world.secrets(Some("demo")), None, 2).await;
}

#[tokio::test(start_paused = true)]
async fn a_service_account_is_told_where_it_went_unseen_or_says_something_else() {
    let world = World::with_account().await;
    let accounts = world.accounts(None);
    world.check(&*accounts, account("reader", "5", json!({})), 1).await;
    world.check(&*accounts, account("reader", "6", json!({ "team": "a" })), 1).await;
    world.check(&*accounts, account("reader", "7", json!({ ROLE: "writer" })), 2).await;
    world.check(&*accounts, account("other", "8", json!({ ROLE: "writer" })), 3).await;
}

#[tokio::test(start_paused = true)]
async fn service_accounts_of_a_namespace_that_is_not_watched_are_not_taken_for_gone() {
    let world = World::with_account().await;
    world.check(&*world.accounts(Some("elsewhere")), None, 1).await;
    world.check(&*world.accounts(Some("demo")), None, 2).await;
}

#[tokio::test(start_paused = true)]
async fn service_accounts_tell_from_when_they_are_listed_until_that_is_refused() {
    let world = World::with_account().await;
    let (accounts, watch) = (world.accounts(None), world.stores.accounts());
    let watched: &dyn Watched<Metadata<ServiceAccount>> = &*accounts;
    let other = || account("other", "9", json!({})).unwrap();
    type Tell<'a> = &'a dyn Fn();
    let told: [(Tell<'_>, bool); 7] = [
        (&|| watched.begin(), false),
        (&|| watched.end(), true),
        (&|| watched.refused(), false),
        (&|| watched.meet(other()), true),
        (&|| watched.refused(), false),
        (&|| watched.lose(other()), true),
        (&|| watched.begin(), true),
    ];
    for (place, (tell, expected)) in told.into_iter().enumerate() {
        tell();
        assert_eq!(watch.tells(), expected, "{place}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_login_ends_with_its_namespace_although_another_one_has_its_name_already() {
    let world = World::new();
    world.stores.apply_store(StoreKind::ClusterSecretStore, store(None, json!({})));
    let asking = StoreReference {
        kind: StoreKind::ClusterSecretStore,
        namespace: "tenant".to_owned(),
        name: "store".to_owned(),
    };
    let namespaces =
        Namespaces::new(&Arc::new(Router::new(Arc::default(), Arc::new(()))), &world.stores, Vec::new());
    world.check(&*namespaces, [namespace("old")], 0).await;
    let first = world.stores.store(&asking).await.unwrap();
    world.check(&*namespaces, [namespace("old")], 1).await;
    assert!(Arc::ptr_eq(&first.store, &world.stores.store(&asking).await.unwrap().store));
    world.told.0.lock().clear();
    world.check(&*namespaces, [namespace("new")], 1).await;
    assert_eq!(*world.told.0.lock(), [(Some("tenant".to_owned()), StoreChange::Edited)]);
    assert!(!Arc::ptr_eq(&first.store, &world.stores.store(&asking).await.unwrap().store));
}
