//! What every provider promises, kept against OpenBao and against a scripted server that plays every fault it can.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use eso_core::{
    error::ProviderError,
    key::RemoteKey,
    provider::{CallObserver, Connection, Fetch, Fetched, SecretFinder, SecretProvider, SecretWriter, Value},
    value::SecretBytes,
};
use eso_rig::{FaultProxy, Method, OpenBao, ProxyMode, Reply, Scripted, ScriptedRequest};
use eso_testkit::{
    conformance::{Fault, Faults, Subject, run},
    connection::Credentials,
};
use eso_vault::Vault;
use serde::Deserialize;
use serde_json::{json, value::RawValue};

use crate::fixture::{LOOK_UP, MOUNT, bao, by_token, mount, spec, with};

fn document(text: &str) -> Value {
    Value::Document(SecretBytes::from(json!({"text": text}).to_string()))
}

/// Custom metadata that nothing has of itself.
fn wish() -> serde_json::Value {
    json!({
        "apiVersion": "kubernetes.external-secrets.io/v1alpha1",
        "kind": "PushSecretMetadata",
        "spec": {"customMetadata": {"team": "a"}},
    })
}

fn json_of(value: &Value) -> serde_json::Value {
    let (Value::Document(text) | Value::Bytes(text)) = value;
    serde_json::from_slice(text.expose()).expect("a document must be JSON")
}

async fn connect(
    vault: &Vault,
    spec: serde_json::Value,
    token: &str,
    calls: Arc<dyn CallObserver>,
) -> Arc<dyn SecretProvider> {
    let credentials = Credentials::new();
    credentials.put_secret("vault", "token", token);
    let spec = serde_json::from_value(spec).expect("a specification must have its type");
    vault
        .connect(&spec, Connection { credentials, calls, store: eso_testkit::connection::store() })
        .await
        .expect("the store must connect")
}

/// An OpenBao, with a mount of version 2 or 1.
struct Real {
    vault: Vault,
    bao: OpenBao,
    version: u8,
}

impl Real {
    async fn new(version: u8) -> Self {
        let bao = bao().await;
        bao.mount_kv("kv1", 1).await.expect("a mount must be made");
        Self { vault: Vault::new(), bao, version }
    }
}

#[async_trait]
impl Subject for Real {
    async fn connect(&self, calls: Arc<dyn CallObserver>) -> Arc<dyn SecretProvider> {
        let (url, token) = (self.bao.url(), self.bao.root_token());
        let second = spec(url, by_token());
        match self.version {
            1 => {
                let first = with(second, json!({"path": "kv1", "version": "v1"}));
                Arc::new(Unmarked(connect(&self.vault, first, token, calls).await))
            }
            _ => connect(&self.vault, second, token, calls).await,
        }
    }

    async fn put(&self, key: &RemoteKey, value: &Value) {
        match self.version {
            1 => self.bao.write(&format!("kv1/{key}"), &json_of(value)).await.map(drop),
            _ => self.bao.put("secret", key.as_str(), &json_of(value)).await.map(drop),
        }
        .expect("a value must be written");
    }

    async fn delete(&self, key: &RemoteKey) {
        let path = match self.version {
            1 => format!("kv1/{key}"),
            _ => format!("secret/metadata/{key}"),
        };
        self.bao.request(Method::DELETE, &path, None).await.expect("OpenBao must answer");
    }

    fn value(&self, text: &str) -> Value {
        document(text)
    }

    fn read_calls(&self) -> &[&str] {
        &["ReadSecretData"]
    }

    fn writes(&self) -> bool {
        true
    }

    /// Version 1 keeps nothing beside a value.
    fn wish(&self) -> Option<serde_json::Value> {
        (self.version == 2).then(wish)
    }

    fn finds(&self) -> bool {
        true
    }

    fn describes(&self) -> bool {
        self.version == 2
    }
}

#[tokio::test]
async fn a_store_on_openbao_keeps_every_promise_with_version_two() {
    run(&Real::new(2).await).await;
}

#[tokio::test]
async fn a_store_on_openbao_keeps_every_promise_with_version_one() {
    run(&Real::new(1).await).await;
}

/// A store of version 1 whose reads do not show the mark that the writer keeps inside a value. Ours do, as those of the
/// original, and the suite holds what is read against what was put.
#[derive(Debug)]
struct Unmarked(Arc<dyn SecretProvider>);

impl std::fmt::Display for Unmarked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

#[async_trait]
impl SecretProvider for Unmarked {
    async fn fetch(&self, request: &Fetch) -> Result<Fetched, ProviderError> {
        let fetched = self.0.fetch(request).await?;
        let mut document = json_of(&fetched.value);
        let fields = document.as_object_mut().expect("a document must be an object");
        match fields.remove("custom_metadata") {
            Some(_) => Ok(Fetched::new(Value::Document(SecretBytes::from(document.to_string())))),
            None => Ok(fetched),
        }
    }

    async fn check(&self) -> Result<(), ProviderError> {
        self.0.check().await
    }

    fn finder(&self) -> Option<&dyn SecretFinder> {
        self.0.finder()
    }

    fn writer(&self) -> Option<&dyn SecretWriter> {
        self.0.writer()
    }

    async fn close(&self) {
        self.0.close().await;
    }
}

/// A KV v2 engine in a script, and the fault that it plays.
#[derive(Default)]
struct Engine {
    values: HashMap<String, Entry>,
    fault: Option<(Fault, String)>,
}

/// What is kept under a key: the newest version, and what is beside it.
#[derive(Clone, Default)]
struct Entry {
    text: Option<String>,
    version: u64,
    custom: serde_json::Value,
}

/// A write of version 2.
#[derive(Deserialize)]
struct Write<'body> {
    #[serde(borrow)]
    data: &'body RawValue,
    options: Check,
}

#[derive(Deserialize)]
struct Check {
    cas: u64,
}

impl Engine {
    fn answer(&mut self, request: &ScriptedRequest) -> Option<Reply> {
        if request.path == LOOK_UP {
            return Some(Reply::json(200, &json!({"data": {"ttl": 0, "renewable": false}})));
        }
        if request.path == MOUNT {
            return Some(mount());
        }
        let (part, key) = request.path.strip_prefix("/v1/secret/")?.split_once('/')?;
        if let Some((fault, canary)) = &self.fault {
            return Some(misbehave(*fault, canary));
        }
        match (request.method.as_str(), part) {
            ("GET", "data") => Some(self.read(key)),
            ("GET", "metadata") => Some(self.describe(key)),
            ("LIST", "metadata") => Some(self.list(key)),
            ("POST", "metadata") => {
                self.values.entry(key.to_owned()).or_default().custom =
                    request.json()["custom_metadata"].clone();
                Some(Reply::status(204))
            }
            ("POST", "data") => Some(self.write(key, &request.body)),
            ("DELETE", "metadata") => {
                self.values.remove(key);
                Some(Reply::status(204))
            }
            _ => None,
        }
    }

    fn read(&self, key: &str) -> Reply {
        let found = self.values.get(key).and_then(|entry| Some((entry.text.as_ref()?, entry.version)));
        match found {
            Some((text, version)) => Reply::status(200)
                .body(format!(r#"{{"data": {{"data": {text}, "metadata": {{"version": {version}}}}}}}"#)),
            None => Reply::json(404, &json!({"errors": []})),
        }
    }

    fn describe(&self, key: &str) -> Reply {
        match self.values.get(key) {
            Some(Entry { version, custom, .. }) => {
                let metadata = json!({"current_version": version, "custom_metadata": custom});
                Reply::json(200, &json!({ "data": metadata }))
            }
            None => Reply::json(404, &json!({"errors": []})),
        }
    }

    /// What is directly in a folder; of each folder in it the name alone.
    fn list(&self, folder: &str) -> Reply {
        let below = self.values.keys().filter_map(|key| key.strip_prefix(folder));
        let names = below.map(|key| key.split_inclusive('/').next().unwrap_or_default());
        let names: BTreeSet<&str> = names.collect();
        match names.is_empty() {
            true => Reply::json(404, &json!({"errors": []})),
            false => Reply::json(200, &json!({"data": {"keys": names}})),
        }
    }

    fn write(&mut self, key: &str, body: &[u8]) -> Reply {
        let Write { data, options } = serde_json::from_slice(body).expect("a write must be one");
        let entry = self.values.entry(key.to_owned()).or_default();
        if options.cas != entry.version {
            let words = "check-and-set parameter did not match the current version";
            return Reply::json(400, &json!({ "errors": [words] }));
        }
        (entry.text, entry.version) = (Some(data.get().to_owned()), entry.version + 1);
        Reply::json(200, &json!({"data": {"version": entry.version}}))
    }
}

fn misbehave(fault: Fault, canary: &str) -> Reply {
    let errors = json!({"errors": [canary]});
    match fault {
        Fault::Denied => Reply::json(403, &errors),
        Fault::Throttled => Reply::json(429, &errors).header("retry-after", "1"),
        Fault::Failing => Reply::json(500, &errors),
        Fault::Garbled => Reply::status(200).body(format!("<html>{canary}</html>")),
        Fault::Empty => Reply::status(200),
        Fault::Silent => Reply::never(),
        Fault::Cut => unreachable!("the proxy before it cuts connections"),
    }
}

struct Script {
    vault: Vault,
    /// Before the server.
    proxy: FaultProxy,
    _server: Scripted,
    engine: Arc<Mutex<Engine>>,
}

impl Script {
    async fn new() -> Self {
        let server = Scripted::start().await.expect("a scripted server must start");
        let engine = Arc::new(Mutex::new(Engine::default()));
        let shared = Arc::clone(&engine);
        server.otherwise(move |request| shared.lock().expect("no test panics here").answer(request));
        let url = server.url();
        let address = url.strip_prefix("http://").expect("a scripted server must be reached without TLS");
        let proxy = FaultProxy::start(address).await.expect("a proxy must start");
        Self { vault: Vault::new(), proxy, _server: server, engine }
    }

    fn set_fault(&self, fault: Option<(Fault, String)>) {
        self.engine.lock().expect("no test panics here").fault = fault;
    }
}

#[async_trait]
impl Subject for Script {
    async fn connect(&self, calls: Arc<dyn CallObserver>) -> Arc<dyn SecretProvider> {
        let url = format!("http://{}", self.proxy.address());
        connect(&self.vault, spec(&url, by_token()), "s.t", calls).await
    }

    async fn put(&self, key: &RemoteKey, value: &Value) {
        let (Value::Document(text) | Value::Bytes(text)) = value;
        let text = text.expose_str().expect("a document must be text").to_owned();
        let mut engine = self.engine.lock().expect("no test panics here");
        let entry = engine.values.entry(key.to_string()).or_default();
        (entry.text, entry.version) = (Some(text), entry.version + 1);
    }

    async fn delete(&self, key: &RemoteKey) {
        self.engine.lock().expect("no test panics here").values.remove(key.as_str());
    }

    fn value(&self, text: &str) -> Value {
        document(text)
    }

    /// Also what a real engine would write in another way.
    fn samples(&self) -> Vec<Value> {
        let odd = r#"{"z" : 9007199254740993, "a": 1.0, "a": 2, "nested": {"<": "\u00fc"}}"#;
        vec![document("plain"), Value::Document(SecretBytes::from(odd))]
    }

    fn read_calls(&self) -> &[&str] {
        &["ReadSecretData"]
    }

    fn faults(&self) -> Option<&dyn Faults> {
        Some(self)
    }

    fn writes(&self) -> bool {
        true
    }

    fn wish(&self) -> Option<serde_json::Value> {
        Some(wish())
    }

    fn finds(&self) -> bool {
        true
    }

    fn describes(&self) -> bool {
        true
    }
}

#[async_trait]
impl Faults for Script {
    fn known(&self) -> &[Fault] {
        Fault::ALL
    }

    async fn play(&self, fault: Fault, canary: &str) {
        match fault {
            Fault::Cut => self.proxy.set(ProxyMode::Cut).await.expect("the proxy must cut"),
            Fault::Denied
            | Fault::Throttled
            | Fault::Failing
            | Fault::Garbled
            | Fault::Empty
            | Fault::Silent => self.set_fault(Some((fault, canary.to_owned()))),
        }
    }

    async fn mend(&self) {
        self.set_fault(None);
        self.proxy.set(ProxyMode::Pass).await.expect("the proxy must pass");
    }
}

#[tokio::test]
async fn a_store_on_a_scripted_server_keeps_every_promise() {
    run(&Script::new().await).await;
}
