//! One test's part of the cluster: a namespace, an operator that serves it, and what a user does there.

use std::{
    fs,
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

use eso_testkit::objects::{ObjectBuilder, StoreBuilder};
use http::Request;
use kube::{
    Client, Config,
    config::{KubeConfigOptions, Kubeconfig},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use super::{
    canaries::Canaries,
    cluster::{self, Cluster, ROLE},
    kind::Kind,
    operator::{Operator, Options},
    patience::eventually,
    secrets::entries,
};

/// What a test needs.
pub(crate) struct Setup {
    name: String,
    is_exact: bool,
    cluster: Option<Arc<Cluster>>,
    everywhere: bool,
    options: Options,
}

impl Setup {
    /// A namespace whose name begins so, and an operator for it alone, on the cluster that all share.
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            is_exact: false,
            cluster: None,
            everywhere: false,
            options: Options::default(),
        }
    }

    /// As [`new`](Self::new), with a namespace of exactly this name, which no other test takes.
    pub(crate) fn exactly(name: &str) -> Self {
        Self { is_exact: true, ..Self::new(name) }
    }

    /// On a cluster of the test's own.
    pub(crate) fn on(self, cluster: Arc<Cluster>) -> Self {
        Self { cluster: Some(cluster), ..self }
    }

    /// With an operator for all namespaces, which only a cluster of the test's own can bear.
    pub(crate) fn everywhere(self) -> Self {
        Self { everywhere: true, ..self }
    }

    /// With an AWS double.
    pub(crate) fn aws(self, url: &str) -> Self {
        self.variable("AWS_SECRETSMANAGER_ENDPOINT", url).variable("AWS_STS_ENDPOINT", url)
    }

    /// With one more argument for the operator.
    pub(crate) fn argument(mut self, argument: &str) -> Self {
        self.options.arguments.push(argument.to_owned());
        self
    }

    /// With one more variable in the operator's environment.
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.options.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Starts all that, and returns when the operator is ready.
    pub(crate) async fn start(self) -> World {
        let world = self.start_unready().await;
        world.operator.ready().await;
        world
    }

    /// Starts all that; the operator may not be ready yet.
    pub(crate) async fn start_unready(self) -> World {
        let Self { name, is_exact, cluster, everywhere, mut options } = self;
        let cluster = match cluster {
            Some(cluster) => cluster,
            None => Cluster::shared().await,
        };
        let namespace = match is_exact {
            true => cluster.make_namespace(name).await,
            false => cluster.plane.namespace(&name).await.unwrap(),
        };
        let kubeconfig = cluster.operator_account(&namespace).await;
        if !everywhere {
            options.arguments.insert(0, format!("--namespace={namespace}"));
        }
        let folder = TempDir::with_prefix("eso-it-").unwrap();
        let own =
            cluster.plane.kubeconfig().replace("namespace: default", &format!("namespace: {namespace}"));
        fs::write(folder.path().join("kubeconfig"), own).unwrap();
        World {
            client: client(cluster.plane.kubeconfig()).await,
            operator: Operator::start(&kubeconfig, &options),
            canaries: Canaries::default(),
            ended: false,
            cluster,
            namespace,
            folder,
        }
    }
}

/// One test's part of the cluster. Whatever is done there is done as the cluster's administrator.
pub(crate) struct World {
    pub(crate) cluster: Arc<Cluster>,
    pub(crate) namespace: String,
    pub(crate) operator: Operator,
    client: Client,
    canaries: Canaries,
    folder: TempDir,
    ended: bool,
}

/// An object as a user writes it; the namespace is the test's.
pub(crate) trait Manifest {
    fn manifest(self) -> Value;
}

impl Manifest for Value {
    fn manifest(self) -> Value {
        self
    }
}

impl Manifest for ObjectBuilder {
    fn manifest(self) -> Value {
        self.json()
    }
}

impl Manifest for StoreBuilder {
    fn manifest(self) -> Value {
        self.json()
    }
}

/// Why the API server refused.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) code: u16,
    pub(crate) message: String,
}

impl World {
    /// The name by which the API server knows this test's operator.
    pub(crate) fn user(&self) -> String {
        Cluster::user(&self.namespace)
    }

    /// A value of this test's own, which must not be found where no value belongs.
    pub(crate) fn canary(&self, name: &str) -> String {
        self.canaries.value(name)
    }

    /// A value of somebody else's making, which must not be found where no value belongs.
    pub(crate) fn watch_for(&self, value: &str) {
        self.canaries.watch_for(value);
    }

    /// Ends the operator cleanly, and looks for this test's values in its log, its metrics, all events and all
    /// statuses.
    pub(crate) async fn end(mut self) {
        self.ended = true;
        let metrics = self.operator.metrics().await.unwrap_or_default();
        if self.operator.ended().is_none() {
            let status = self.operator.terminate().await;
            assert!(status.success(), "the operator ended with {status}: {}", self.operator.log());
        }
        self.canaries.assert_absent("/metrics", &metrics);
        self.canaries.assert_absent("the log", &self.operator.log());
        self.canaries.assert_absent("an event", &json!(self.all(Kind::Event).await).to_string());
        for kind in [Kind::ExternalSecret, Kind::SecretStore, Kind::ClusterSecretStore] {
            let objects = self.all(kind).await;
            let statuses: Vec<&Value> = objects.iter().map(|object| &object["status"]).collect();
            self.canaries.assert_absent("a status", &json!(statuses).to_string());
        }
    }

    /// The path of an object of this test's namespace.
    pub(crate) fn path(&self, kind: Kind, name: &str) -> String {
        format!("{}/{name}", kind.collection(&self.namespace))
    }

    /// Asks the API server; `body` is JSON, a merge patch where the method is PATCH.
    pub(crate) async fn call(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Refusal> {
        let format = if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
        let body = body.map(Value::to_string).unwrap_or_default().into_bytes();
        let request = Request::builder().method(method).uri(path).header("content-type", format);
        let answer = self.client.request(request.body(body).unwrap()).await;
        answer.map_err(|error| match error {
            kube::Error::Api(status) => Refusal { code: status.code, message: status.message.clone() },
            other => Refusal { code: 0, message: other.to_string() },
        })
    }

    /// Creates an object in this test's namespace, and answers it as the API server has it.
    pub(crate) async fn create(&self, object: impl Manifest) -> Value {
        self.try_create(object).await.unwrap()
    }

    /// As [`create`](Self::create), where a refusal is no surprise.
    pub(crate) async fn try_create(&self, object: impl Manifest) -> Result<Value, Refusal> {
        let mut object = object.manifest();
        let kind = Kind::named(object["kind"].as_str().expect("a manifest must have a kind"));
        if kind.is_namespaced() {
            object["metadata"]["namespace"] = json!(self.namespace);
        }
        self.call("POST", &kind.collection(&self.namespace), Some(&object)).await
    }

    /// Creates a Secret of these entries.
    pub(crate) async fn create_secret(&self, name: &str, entries: &[(&str, &str)]) -> Value {
        let entries: serde_json::Map<String, Value> =
            entries.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        self.create(json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": { "name": name }, "stringData": entries,
        }))
        .await
    }

    /// Changes an object by a merge patch.
    pub(crate) async fn patch(&self, kind: Kind, name: &str, patch: Value) -> Value {
        self.call("PATCH", &self.path(kind, name), Some(&patch)).await.unwrap()
    }

    /// Deletes an object, and does not wait until it is gone.
    pub(crate) async fn delete(&self, kind: Kind, name: &str) {
        self.call("DELETE", &self.path(kind, name), None).await.unwrap();
    }

    /// An object; nothing where it is not there.
    pub(crate) async fn get(&self, kind: Kind, name: &str) -> Option<Value> {
        match self.call("GET", &self.path(kind, name), None).await {
            Ok(object) => Some(object),
            Err(Refusal { code: 404, .. }) => None,
            Err(refusal) => panic!("{refusal:?}"),
        }
    }

    /// All objects of a kind, of every namespace.
    pub(crate) async fn all(&self, kind: Kind) -> Vec<Value> {
        let mut list = self.call("GET", &kind.everywhere(), None).await.unwrap();
        list["items"].as_array_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Waits until an object is there and is so, and answers it.
    pub(crate) async fn until(
        &self,
        kind: Kind,
        name: &str,
        what: &str,
        is_so: impl Fn(&Value) -> bool,
    ) -> Value {
        let what = format!("{kind:?} {name} {what}");
        eventually(&what, async || match self.get(kind, name).await {
            Some(object) if is_so(&object) => Ok(object),
            Some(object) => Err(format!("it is {object}; {}", self.described(name).await)),
            None => Err(format!("it is not there; {}", self.described(name).await)),
        })
        .await
    }

    /// Waits until an object is gone.
    pub(crate) async fn gone(&self, kind: Kind, name: &str) {
        eventually(&format!("{kind:?} {name} is gone"), async || match self.get(kind, name).await {
            None => Ok(()),
            Some(object) => Err(format!("it is {object}")),
        })
        .await;
    }

    /// Waits until a Secret holds exactly these entries, and answers it.
    pub(crate) async fn holds(&self, name: &str, expected: &[(&str, &str)]) -> Value {
        let expected =
            expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let what = format!("holds {expected:?}");
        self.until(Kind::Secret, name, &what, |secret| entries(secret) == expected).await
    }

    /// Waits until an ExternalSecret is Ready with this reason and message, and answers it.
    pub(crate) async fn says(&self, name: &str, reason: &str, message: &str) -> Value {
        let expected = Condition { status: "True".into(), reason: reason.into(), message: message.into() };
        self.until(Kind::ExternalSecret, name, &format!("says {expected:?}"), |object| {
            Condition::of(object).as_ref() == Some(&expected)
        })
        .await
    }

    /// Waits until an ExternalSecret is in step.
    pub(crate) async fn synced(&self, name: &str) -> Value {
        self.says(name, "SecretSynced", "secret synced").await
    }

    /// Waits until an ExternalSecret says that it failed, in a message that begins so; answers the whole message.
    pub(crate) async fn fails(&self, name: &str, beginning: &str) -> String {
        let failed = |object: &Value| {
            Condition::of(object).filter(|condition| {
                condition.status == "False"
                    && condition.reason == "SecretSyncedError"
                    && condition.message.starts_with(beginning)
            })
        };
        let what = format!("fails with {beginning:?}");
        let object = self.until(Kind::ExternalSecret, name, &what, |object| failed(object).is_some()).await;
        failed(&object).expect("it must be as it was").message
    }

    /// Waits until a store's condition is so, and answers the store.
    pub(crate) async fn store_says(&self, kind: Kind, name: &str, reason: &str, beginning: &str) -> Value {
        self.until(kind, name, &format!("says {reason}: {beginning}"), |store| {
            Condition::of(store).is_some_and(|condition| {
                condition.reason == reason && condition.message.starts_with(beginning)
            })
        })
        .await
    }

    /// Gives this test's operator a role of its own, which is the one that all have but for what is changed here.
    pub(crate) async fn operator_may(&self, change: impl FnOnce(&mut Vec<Value>)) {
        let mut role = self.get(Kind::ClusterRole, ROLE).await.expect("the operator's role must be there");
        change(role["rules"].as_array_mut().expect("a role must have rules"));
        let own = format!("{ROLE}-{}", self.namespace);
        role["metadata"] = json!({ "name": own });
        self.create(role).await;
        self.bind(&own).await;
    }

    /// Gives this test's operator the role that all have.
    pub(crate) async fn allow_everything(&self) {
        self.bind(ROLE).await;
    }

    /// The role of a binding never changes: it is made anew.
    async fn bind(&self, role: &str) {
        let name = format!("{ROLE}-{}", self.namespace);
        let mut binding = self.get(Kind::ClusterRoleBinding, &name).await.expect("a binding must be there");
        self.delete(Kind::ClusterRoleBinding, &name).await;
        binding["metadata"] = json!({ "name": name });
        binding["roleRef"]["name"] = json!(role);
        self.create(binding).await;
    }

    /// Events about an object of this namespace, as `type reason message`, the oldest first.
    pub(crate) async fn events(&self, name: &str) -> Vec<String> {
        let list = self.call("GET", &Kind::Event.collection(&self.namespace), None).await.unwrap();
        let events = list["items"].as_array().into_iter().flatten();
        let of_this = events.filter(|event| event["involvedObject"]["name"] == name);
        let text = |event: &Value| {
            let text = |field: &str| event[field].as_str().unwrap_or_default().to_owned();
            format!("{} {} {}", text("type"), text("reason"), text("message"))
        };
        of_this.map(text).collect()
    }

    /// Runs kubectl in this test's namespace, expects success, and answers what it printed.
    pub(crate) async fn kubectl(&self, arguments: &[&str]) -> String {
        let program = self.cluster.plane.kubectl();
        cluster::run(Command::new(program).args(arguments).env("KUBECONFIG", self.kubeconfig())).await
    }

    /// Runs a shell script whose kubectl is set to this test's namespace, and answers what it printed.
    pub(crate) async fn script(&self, path: &str) -> String {
        let search = cluster::search_path(self.cluster.plane.kubectl());
        let mut script = Command::new("sh");
        cluster::run(script.arg(path).env("PATH", search).env("KUBECONFIG", self.kubeconfig())).await
    }

    fn kubeconfig(&self) -> std::path::PathBuf {
        self.folder.path().join("kubeconfig")
    }

    /// What the ExternalSecret of that name says of itself, for somebody who wonders why nothing happens.
    async fn described(&self, name: &str) -> String {
        let object = self.get(Kind::ExternalSecret, name).await;
        object.map(|object| format!("the ExternalSecret says {}", object["status"])).unwrap_or_default()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let log = self.operator.log();
        if std::thread::panicking() {
            let lines: Vec<&str> = log.lines().rev().take(40).collect();
            let tail: Vec<&str> = lines.into_iter().rev().collect();
            // A test's output is for whoever reads why it failed.
            std::io::Write::write_all(&mut std::io::stderr(), tail.join("\n").as_bytes()).ok();
        } else {
            assert!(self.ended, "a test must end its World, which looks for leaks");
        }
    }
}

/// The first condition of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Condition {
    pub(crate) status: String,
    pub(crate) reason: String,
    pub(crate) message: String,
}

impl Condition {
    /// The condition `Ready` of an object, where it has one.
    pub(crate) fn of(object: &Value) -> Option<Self> {
        let conditions = object["status"]["conditions"].as_array()?;
        let ready = conditions.iter().find(|condition| condition["type"] == "Ready")?;
        let text = |field: &str| ready[field].as_str().unwrap_or_default().to_owned();
        Some(Self { status: text("status"), reason: text("reason"), message: text("message") })
    }
}

/// How long something took; for people, no test asserts it.
pub(crate) async fn measured<T>(what: &str, future: impl Future<Output = T>) -> T {
    let began = Instant::now();
    let result = future.await;
    let took = began.elapsed().as_secs_f32();
    std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("{what}: {took:.2} s\n")).ok();
    result
}

async fn client(kubeconfig: &str) -> Client {
    external_secrets::run::install_crypto();
    let kubeconfig = Kubeconfig::from_yaml(kubeconfig).unwrap();
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
    config.read_timeout = Some(Duration::from_secs(30));
    Client::try_from(config).unwrap()
}
