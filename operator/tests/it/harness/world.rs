//! One test's part of the cluster: a namespace, an operator that serves it, and what a user does there.

use std::{
    io::{Write as _, stderr},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use eso_rig::Mark;
use eso_testkit::objects::{ObjectBuilder, StoreBuilder};
use http::Request;
use kube::Client;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use super::{
    audit::in_words,
    canaries::Canaries,
    cluster::{self, Cluster},
    kind::Kind,
    operator::{Operator, Options},
    patience::eventually,
};

/// How much of an operator's log a test shows that fails.
const TAIL_LINES: usize = 40;

/// One test's part of the cluster. Whatever is done there is done as the cluster's administrator.
pub(crate) struct World {
    pub(crate) cluster: Arc<Cluster>,
    pub(crate) namespace: String,
    pub(crate) operator: Operator,
    /// What the operator was started with.
    pub(super) options: Options,
    pub(super) client: Client,
    pub(super) canaries: Canaries,
    /// Holds the administrator's kubeconfig, set to the namespace.
    pub(super) folder: TempDir,
    /// Before the first request of the operator.
    pub(super) began: Mark,
    /// Whether the API server refuses the operator what it asks for, as this test wants it.
    pub(super) is_refused: AtomicBool,
    pub(super) ended: bool,
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

    /// Says that the API server may refuse the operator something in this test.
    pub(crate) fn expect_refusals(&self) {
        self.is_refused.store(true, Ordering::Relaxed);
    }

    /// Ends the operator cleanly, and looks for this test's values in its log, its metrics, all events and all
    /// statuses. The API server refused it nothing for want of a right, unless the test [expected
    /// it](Self::expect_refusals).
    pub(crate) async fn end(mut self) {
        self.ended = true;
        if self.operator.ended().is_none() {
            let metrics =
                self.operator.metrics().await.expect("an operator that runs must serve its metrics");
            self.canaries.assert_absent("/metrics", &metrics);
            let status = self.operator.terminate().await;
            assert!(status.success(), "the operator ended with {status}: {}", self.operator.log());
        }
        self.canaries.assert_absent("the log", &self.operator.log());
        self.canaries.assert_absent("an event", &json!(self.all(Kind::Event).await).to_string());
        for kind in [
            Kind::ExternalSecret,
            Kind::LegacyExternalSecret,
            Kind::ClusterExternalSecret,
            Kind::PushSecret,
            Kind::ClusterPushSecret,
            Kind::SecretStore,
            Kind::ClusterSecretStore,
        ] {
            let objects = self.all(kind).await;
            let statuses: Vec<&Value> = objects.iter().map(|object| &object["status"]).collect();
            self.canaries.assert_absent("a status", &json!(statuses).to_string());
        }
        if !self.is_refused.load(Ordering::Relaxed) {
            let asked = self.cluster.plane.since(self.began).await.unwrap().by(&self.user());
            let refused = asked.matching(|request| request.status == 403);
            assert!(refused.is_empty(), "the operator's role lacks a right: {:?}", in_words(&refused));
        }
    }

    /// The path of an object of this test's namespace.
    pub(crate) fn path(&self, kind: Kind, name: &str) -> String {
        format!("{}/{name}", kind.collection(&self.namespace))
    }

    /// Asks the API server; `body` is JSON, a merge patch where the method is PATCH. Where no answer comes it asks
    /// again: a server that has much to do closes connections.
    pub(crate) async fn call(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Refusal> {
        eventually(&format!("{method} {path} is answered"), async || {
            let format = if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
            let body = body.map(Value::to_string).unwrap_or_default().into_bytes();
            let request = Request::builder().method(method).uri(path).header("content-type", format);
            match self.client.request(request.body(body).unwrap()).await {
                Ok(answer) => Ok(Ok(answer)),
                Err(kube::Error::Api(status)) => {
                    Ok(Err(Refusal { code: status.code, message: status.message.clone() }))
                }
                Err(other) => Err(other.to_string()),
            }
        })
        .await
    }

    /// Creates an object in this test's namespace, and answers it as the API server has it.
    pub(crate) async fn create(&self, object: impl Manifest) -> Value {
        self.try_create(object).await.unwrap()
    }

    /// As [`create`](Self::create), where a refusal is no surprise.
    pub(crate) async fn try_create(&self, object: impl Manifest) -> Result<Value, Refusal> {
        let mut object = object.manifest();
        let kind = Kind::of(&object);
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

    /// Waits until an object has an event that begins so (an event comes after what it tells of), and answers how
    /// many such there are.
    pub(crate) async fn told(&self, name: &str, beginning: &str) -> usize {
        eventually(&format!("an event of {name} begins with {beginning:?}"), async || {
            let events = self.events(name).await;
            match events.iter().filter(|event| event.starts_with(beginning)).count() {
                0 => Err(format!("{events:?}")),
                told => Ok(told),
            }
        })
        .await
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

    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("kubeconfig")
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if !thread::panicking() {
            assert!(self.ended, "a test must end its World, which looks for leaks");
            return;
        }
        let log = self.operator.log();
        let lines: Vec<&str> = log.lines().collect();
        let tail = &lines[lines.len().saturating_sub(TAIL_LINES)..];
        // It is for whoever reads why the test failed; there is nobody to tell that it could not be shown.
        let _ = writeln!(stderr(), "the operator's log ends so:\n{}", tail.join("\n"));
    }
}
