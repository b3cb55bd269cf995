//! A namespace of its own on the shared control plane, a store in memory, and the operator for both.

use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use eso_core::{
    api::{definitions, secret_store::Provider},
    provider::{CallObserver, Connection, SecretProvider},
};
use eso_kube::{
    apply::Writer,
    client,
    controllers::{Controller, Options},
    stores::{Connect, ConnectError},
    telemetry::{Ready, Subject, Telemetry},
};
use eso_plan::filled::record::SealKey;
use eso_rig::{ApiRequests, ControlPlane, ControlPlaneOptions, Mark, Method};
use eso_testkit::{
    memory::MemoryProvider,
    objects::{ObjectBuilder, object, store},
};
use jiff::Timestamp;
use kube::{
    Client,
    api::{Patch, PatchParams},
    client::Body,
    config::{KubeConfigOptions, Kubeconfig},
    core::Request,
};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::{
    sync::{OnceCell, watch},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

/// Longer than anything here takes, also on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(60);

static DEFINED: OnceCell<()> = OnceCell::const_new();

/// A namespace with the SecretStore `main`, and what is behind it.
pub(crate) struct World {
    pub(crate) control: &'static ControlPlane,
    pub(crate) namespace: String,
    pub(crate) provider: Arc<MemoryProvider>,
    client: Client,
    runs: Arc<Runs>,
}

/// Counts the runs of each object, and how many of them failed.
#[derive(Debug, Default)]
struct Runs(Mutex<BTreeMap<String, (usize, usize)>>);

impl CallObserver for Runs {
    fn called(&self, _provider: &'static str, _call: &'static str, _succeeded: bool) {}
}

impl Telemetry for Runs {
    fn reconciled(&self, subject: Subject<'_>, succeeded: bool, _took: Duration) {
        let mut runs = self.0.lock();
        let (all, failed) = runs.entry(subject.name.to_owned()).or_default();
        *all += 1;
        *failed += usize::from(!succeeded);
    }
    fn condition(&self, _subject: Subject<'_>, _ready: Ready) {}
    fn refreshed(&self, _subject: Subject<'_>, _at: Timestamp) {}
    fn forgotten(&self, _subject: Subject<'_>) {}
    fn event_dropped(&self) {}
}

/// Holds back what an operator asks for at paths that end so, until it is opened.
#[derive(Clone)]
pub(crate) struct Gate {
    path: &'static str,
    open: watch::Sender<bool>,
}

impl Gate {
    pub(crate) fn before(path: &'static str) -> Self {
        Self { path, open: watch::Sender::new(false) }
    }

    pub(crate) fn open(&self) {
        self.open.send_replace(true);
    }

    /// A client whose requests come by here.
    fn on(&self, client: Client) -> Client {
        let gate = self.clone();
        let ask = move |request: http::Request<Body>| {
            let (client, mut open) = (client.clone(), gate.open.subscribe());
            let is_held = request.uri().path().ends_with(gate.path);
            async move {
                if is_held {
                    open.wait_for(|open| *open).await.expect("the gate must outlive the operator");
                }
                client.send(request).await
            }
        };
        Client::new(tower::service_fn(ask), "default")
    }
}

/// A running operator for one namespace.
pub(crate) struct Operator {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct ToMemory(Arc<MemoryProvider>);

#[async_trait]
impl Connect for ToMemory {
    async fn connect(
        &self,
        _provider: &Provider,
        _connection: Connection,
    ) -> Result<Arc<dyn SecretProvider>, ConnectError> {
        Ok(Arc::clone(&self.0) as _)
    }
}

impl World {
    pub(crate) async fn new(prefix: &str) -> Self {
        let control = ControlPlane::shared().await.unwrap();
        DEFINED.get_or_init(|| define(control)).await;
        Self::on(control, prefix).await
    }

    /// On a control plane of its own, which a test may kill.
    pub(crate) async fn alone(prefix: &str) -> Self {
        let control = ControlPlane::start(ControlPlaneOptions::default()).await.unwrap();
        let control = Box::leak(Box::new(control));
        define(control).await;
        Self::on(control, prefix).await
    }

    async fn on(control: &'static ControlPlane, prefix: &str) -> Self {
        let namespace = control.namespace(prefix).await.unwrap();
        let client = Client::try_from(config(control).await).unwrap();
        let world =
            Self { control, namespace, provider: MemoryProvider::new(), client, runs: Arc::default() };
        let main = store("main").namespace(&world.namespace).json();
        world.create("external-secrets.io/v1", "secretstores", main).await;
        world
    }

    /// Starts an operator for this namespace, and waits until it is ready.
    pub(crate) async fn start(&self) -> Operator {
        self.launch(config(self.control).await, |client| client).await
    }

    /// As [`start`](Self::start), as somebody who may do what a role says.
    pub(crate) async fn start_as(&self, user: &str) -> Operator {
        let mut config = config(self.control).await;
        config.auth_info.impersonate = Some(user.to_owned());
        self.launch(config, |client| client).await
    }

    /// As [`start`](Self::start), where some of what is asked is held back.
    pub(crate) async fn start_behind(&self, gate: &Gate) -> Operator {
        self.launch(config(self.control).await, |client| gate.on(client)).await
    }

    async fn launch(&self, mut config: kube::Config, made: impl FnOnce(Client) -> Client) -> Operator {
        self.runs.0.lock().clear();
        config.headers.push((http::header::USER_AGENT, self.agent().parse().unwrap()));
        let client = made(client::connect(config).unwrap());
        let options = Options {
            namespace: Some(self.namespace.clone()),
            seal_key: Some(watch::Sender::new(Some(seal_key())).subscribe()),
            ..Options::default()
        };
        let connect = Arc::new(ToMemory(Arc::clone(&self.provider)));
        let controller = Controller::new(client, options, connect, Arc::clone(&self.runs) as _);
        let mut synced = controller.synced();
        let stop = CancellationToken::new();
        let task = tokio::spawn(controller.run(stop.clone()));
        let ready = tokio::time::timeout(PATIENCE, synced.wait_for(|synced| *synced)).await;
        ready.expect("the operator must become ready").expect("the operator must run");
        Operator { stop, task }
    }

    /// An ExternalSecret of this namespace, that is refreshed every hour.
    pub(crate) fn object(&self, name: &str) -> ObjectBuilder {
        object(name).namespace(&self.namespace).every("1h")
    }

    pub(crate) async fn apply(&self, object: ObjectBuilder) -> Value {
        self.create("external-secrets.io/v1", "externalsecrets", object.json()).await
    }

    pub(crate) async fn secret(&self, name: &str, data: Value) -> Value {
        let secret = json!({ "metadata": { "name": name }, "stringData": data });
        self.create("v1", "secrets", secret).await
    }

    pub(crate) async fn create(&self, api: &str, plural: &str, object: Value) -> Value {
        self.control.create(&self.path(api, plural, ""), &object).await.unwrap()
    }

    /// Changes an object as a user would, with a merge patch.
    pub(crate) async fn edit(&self, path: &str, patch: Value) -> Value {
        let (collection, name) = path.rsplit_once('/').unwrap();
        let params = PatchParams { field_manager: Some("kubectl-edit".to_owned()), ..PatchParams::default() };
        let request = Request::new(collection).patch(name, &params, &Patch::Merge(patch)).unwrap();
        self.client.request(request).await.unwrap()
    }

    /// Changes the status of an object as another operator would.
    pub(crate) async fn edit_status(&self, path: &str, patch: Value) {
        let (collection, name) = path.rsplit_once('/').unwrap();
        let patch = Patch::Merge(patch);
        let request =
            Request::new(collection).patch_subresource("status", name, &PatchParams::default(), &patch);
        let _: Value = self.client.request(request.unwrap()).await.unwrap();
    }

    pub(crate) async fn delete(&self, path: &str) {
        self.control.request(Method::DELETE, path, None).await.unwrap().success().unwrap();
    }

    pub(crate) async fn get(&self, path: &str) -> Option<Value> {
        let answer = self.control.request(Method::GET, path, None).await.unwrap();
        if answer.status == 404 { None } else { Some(answer.success().unwrap()) }
    }

    pub(crate) fn external_secret_path(&self, name: &str) -> String {
        self.path("external-secrets.io/v1", "externalsecrets", name)
    }

    pub(crate) fn secret_path(&self, name: &str) -> String {
        self.path("v1", "secrets", name)
    }

    /// Waits until the object is as wanted, and gives it.
    #[track_caller]
    pub(crate) fn until(&self, path: String, wanted: impl Fn(&Value) -> bool) -> impl Future<Output = Value> {
        let caller = std::panic::Location::caller();
        async move {
            let begin = Instant::now();
            loop {
                let found = self.get(&path).await.unwrap_or_default();
                if wanted(&found) {
                    return found;
                }
                assert!(begin.elapsed() < PATIENCE, "{caller}: {path} stays {found:#}");
                tokio::time::sleep(Duration::from_millis(30)).await;
            }
        }
    }

    /// Waits until it holds; `what` says what that is.
    #[track_caller]
    pub(crate) fn until_so(&self, what: &str, holds: impl AsyncFn() -> bool) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        async move {
            let begin = Instant::now();
            while !holds().await {
                assert!(begin.elapsed() < PATIENCE, "{caller}: {what}: it never is so");
                tokio::time::sleep(Duration::from_millis(30)).await;
            }
        }
    }

    /// How often the running operator has looked at an object, and how many of these runs failed.
    pub(crate) fn runs_of(&self, name: &str) -> (usize, usize) {
        self.runs.0.lock().get(name).copied().unwrap_or_default()
    }

    /// Waits until the Secret holds exactly these texts.
    #[track_caller]
    pub(crate) fn holds(&self, name: &str, texts: &[(&str, &str)]) -> impl Future<Output = Value> {
        let texts: Value =
            texts.iter().map(|(key, text)| ((*key).to_owned(), json!(encoded(text)))).collect();
        self.until(self.secret_path(name), move |secret| secret["data"] == texts)
    }

    /// Waits until the ExternalSecret's condition has this reason, and a message that begins so.
    #[track_caller]
    pub(crate) fn says(&self, name: &str, reason: &str, message: &str) -> impl Future<Output = Value> {
        self.until(self.external_secret_path(name), move |object| {
            let condition = &object["status"]["conditions"][0];
            let said = condition["message"].as_str().unwrap_or_default();
            condition["reason"] == reason && said.starts_with(message)
        })
    }

    /// Waits until the running operator has looked at every object once.
    pub(crate) async fn settles(&self) {
        let path = self.path("external-secrets.io/v1", "externalsecrets", "");
        self.until(path, |list| {
            let runs = self.runs.0.lock();
            let mut names =
                list["items"].as_array().into_iter().flatten().map(|object| &object["metadata"]["name"]);
            names.all(|name| runs.contains_key(name.as_str().unwrap_or_default()))
        })
        .await;
    }

    /// Puts the Secret and the status there that the original left, golden/aws-walkthrough.yaml.
    pub(crate) async fn as_the_original_wrote_it(&self, object: &Value) {
        let name = object["metadata"]["name"].as_str().unwrap();
        let created_by = eso_plan::digest::of_text(&format!("{}/{name}", self.namespace));
        let target = object["spec"]["target"]["name"].as_str().unwrap();
        let secret = json!({
            "metadata": {
                "name": target,
                "annotations": {
                    "reconcile.external-secrets.io/data-hash":
                        "172be50c5b738f1580f29fde29514bc1793510d86f9b8acb7cb46ada",
                },
                "labels": {
                    "reconcile.external-secrets.io/created-by": created_by,
                    "reconcile.external-secrets.io/managed": "true",
                },
                "ownerReferences": [{
                    "apiVersion": "external-secrets.io/v1",
                    "blockOwnerDeletion": true,
                    "controller": true,
                    "kind": "ExternalSecret",
                    "name": name,
                    "uid": object["metadata"]["uid"],
                }],
            },
            "data": { "first": "aGVsbG8=", "second": "d29ybGQ=" },
            "type": "Opaque",
        });
        let collection = format!(
            "{}?fieldManager=externalsecrets.external-secrets.io/{name}",
            self.path("v1", "secrets", "")
        );
        self.control.create(&collection, &secret).await.unwrap();
        let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap();
        let status = json!({ "status": {
            "binding": { "name": target },
            "conditions": [{
                "lastTransitionTime": now,
                "message": "secret synced",
                "reason": "SecretSynced",
                "status": "True",
                "type": "Ready",
            }],
            "refreshTime": now,
            "syncedResourceVersion": "1-f47fe3c0b255b6dd8047cdffa772587bb829efe7a1cb70febeda2eb2",
        } });
        let collection = self.path("external-secrets.io/v1", "externalsecrets", "");
        let request = Request::new(collection).patch_subresource(
            "status",
            name,
            &PatchParams { field_manager: Some("external-secrets".to_owned()), ..PatchParams::default() },
            &Patch::Merge(status),
        );
        let _: Value = self.client.request(request.unwrap()).await.unwrap();
    }

    pub(crate) fn writer(&self) -> Writer {
        Writer::new(self.client.clone())
    }

    pub(crate) async fn mark(&self) -> Mark {
        self.control.mark().await.unwrap()
    }

    /// What the operator asked of the API server since then, but for watches, events and the status of its store.
    pub(crate) async fn asked(&self, mark: Mark) -> ApiRequests {
        let (agent, namespace) = (self.agent(), self.namespace.clone());
        self.control.since(mark).await.unwrap().matching(|request| {
            request.user_agent == agent
                && request.namespace == namespace
                && !["watch", "list"].contains(&request.verb.as_str())
                && !["events", "secretstores"].contains(&request.resource.as_str())
        })
    }

    /// Waits until the provider was asked so often.
    #[track_caller]
    pub(crate) fn is_asked(&self, reads: usize) -> impl Future<Output = ()> {
        self.until_so("the provider is asked so often", async move || self.provider.reads() >= reads)
    }

    /// How often the operator asked for this since then, of objects themselves.
    pub(crate) async fn requests(&self, mark: Mark, verb: &str, resource: &str) -> usize {
        let agent = self.agent();
        let asked = self.control.since(mark).await.unwrap().matching(|request| {
            let of = (request.verb.as_str(), request.resource.as_str(), request.subresource.as_str());
            request.user_agent == agent && of == (verb, resource, "")
        });
        asked.iter().count()
    }

    fn agent(&self) -> String {
        format!("eso/{}", self.namespace)
    }

    pub(crate) fn path(&self, api: &str, plural: &str, name: &str) -> String {
        let root = if api == "v1" { "api" } else { "apis" };
        let mut path = format!("/{root}/{api}/namespaces/{}/{plural}", self.namespace);
        if !name.is_empty() {
            write!(path, "/{name}").unwrap();
        }
        path
    }
}

impl Operator {
    /// Stops it, and waits for its end.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}

/// What each request was, in order of the words: `patch externalsecrets/status`.
pub(crate) fn in_words(requests: &ApiRequests) -> Vec<String> {
    let mut words: Vec<String> = requests
        .iter()
        .map(|request| {
            format!("{} {} {}", request.verb, request.resource, request.subresource).trim().to_owned()
        })
        .collect();
    words.sort();
    words
}

/// The key that the operators of these tests seal with.
pub(crate) fn seal_key() -> SealKey {
    SealKey::new(&[7; 32])
}

pub(crate) fn encoded(text: &str) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    STANDARD.encode(text)
}

async fn config(control: &ControlPlane) -> kube::Config {
    let kubeconfig = Kubeconfig::from_yaml(control.kubeconfig()).unwrap();
    kube::Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap()
}

async fn define(control: &ControlPlane) {
    for definition in definitions::all() {
        let name = definition.metadata.name.clone().unwrap();
        let collection = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        control.create(collection, &serde_json::to_value(definition).unwrap()).await.unwrap();
        let path = format!("{collection}/{name}");
        let begin = Instant::now();
        loop {
            let found = control.request(Method::GET, &path, None).await.unwrap().success().unwrap();
            let conditions = found["status"]["conditions"].as_array().cloned().unwrap_or_default();
            if conditions.iter().any(|it| it["type"] == "Established" && it["status"] == "True") {
                break;
            }
            assert!(begin.elapsed() < PATIENCE, "{name} is not established");
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }
}
