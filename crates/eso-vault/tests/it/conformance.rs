//! What every provider promises, kept against OpenBao and against a scripted server that plays every fault it can.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use eso_core::{
    key::RemoteKey,
    provider::{CallObserver, Connection, SecretProvider, Value},
    value::SecretBytes,
};
use eso_rig::{Method, OpenBao, Reply, Scripted, ScriptedRequest};
use eso_testkit::{
    conformance::{Fault, Faults, Subject, run},
    connection::Credentials,
};
use eso_vault::Vault;
use serde_json::json;

use crate::fixture::{LOOK_UP, MOUNT, bao, by_token, mount, spec};

fn document(text: &str) -> Value {
    Value::Document(SecretBytes::from(json!({"text": text}).to_string()))
}

fn json_of(value: &Value) -> serde_json::Value {
    let (Value::Document(text) | Value::Bytes(text)) = value;
    serde_json::from_slice(text.expose()).expect("a document must be JSON")
}

async fn connect(
    vault: &Vault,
    server: &str,
    token: &str,
    calls: Arc<dyn CallObserver>,
) -> Arc<dyn SecretProvider> {
    let credentials = Credentials::new();
    credentials.put_secret("vault", "token", token);
    let spec = serde_json::from_value(spec(server, by_token())).expect("a specification must have its type");
    vault
        .connect(&spec, Connection { credentials, calls, store: eso_testkit::connection::store() })
        .await
        .expect("the store must connect")
}

struct Real {
    vault: Vault,
    bao: OpenBao,
}

#[async_trait]
impl Subject for Real {
    async fn connect(&self, calls: Arc<dyn CallObserver>) -> Arc<dyn SecretProvider> {
        connect(&self.vault, self.bao.url(), self.bao.root_token(), calls).await
    }

    async fn put(&self, key: &RemoteKey, value: &Value) {
        self.bao.put("secret", key.as_str(), &json_of(value)).await.expect("a value must be written");
    }

    async fn delete(&self, key: &RemoteKey) {
        let path = format!("secret/metadata/{key}");
        self.bao.request(Method::DELETE, &path, None).await.expect("OpenBao must answer");
    }

    fn value(&self, text: &str) -> Value {
        document(text)
    }

    fn read_calls(&self) -> &[&str] {
        &["ReadSecretData"]
    }
}

#[tokio::test]
async fn a_store_on_openbao_keeps_every_promise() {
    run(&Real { vault: Vault::new(), bao: bao().await }).await;
}

/// A KV v2 engine in a script, and the fault that it plays.
#[derive(Default)]
struct Engine {
    values: HashMap<String, Value>,
    fault: Option<(Fault, String)>,
}

impl Engine {
    fn answer(&self, request: &ScriptedRequest) -> Option<Reply> {
        if request.path == LOOK_UP {
            return Some(Reply::json(200, &json!({"data": {"ttl": 0, "renewable": false}})));
        }
        if request.path == MOUNT {
            return Some(mount());
        }
        let key = request.path.strip_prefix("/v1/secret/data/")?;
        if let Some((fault, canary)) = &self.fault {
            return Some(misbehave(*fault, canary));
        }
        let found = self.values.get(key).map(|value| {
            let (Value::Document(text) | Value::Bytes(text)) = value;
            let text = text.expose_str().expect("a document must be text");
            Reply::status(200)
                .body(format!(r#"{{"data": {{"data": {text}, "metadata": {{"version": 1}}}}}}"#))
        });
        Some(found.unwrap_or_else(|| Reply::json(404, &json!({"errors": []}))))
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
        Fault::Cut => unreachable!("a scripted server cannot cut a connection"),
    }
}

struct Script {
    vault: Vault,
    server: Scripted,
    engine: Arc<Mutex<Engine>>,
}

impl Script {
    async fn new() -> Self {
        let server = Scripted::start().await.expect("a scripted server must start");
        let engine = Arc::new(Mutex::new(Engine::default()));
        let shared = Arc::clone(&engine);
        server.otherwise(move |request| shared.lock().expect("no test panics here").answer(request));
        Self { vault: Vault::new(), server, engine }
    }

    fn set_fault(&self, fault: Option<(Fault, String)>) {
        self.engine.lock().expect("no test panics here").fault = fault;
    }
}

#[async_trait]
impl Subject for Script {
    async fn connect(&self, calls: Arc<dyn CallObserver>) -> Arc<dyn SecretProvider> {
        connect(&self.vault, &self.server.url(), "s.t", calls).await
    }

    async fn put(&self, key: &RemoteKey, value: &Value) {
        let mut engine = self.engine.lock().expect("no test panics here");
        engine.values.insert(key.to_string(), value.clone());
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
}

#[async_trait]
impl Faults for Script {
    fn known(&self) -> &[Fault] {
        &[Fault::Denied, Fault::Throttled, Fault::Failing, Fault::Garbled, Fault::Empty, Fault::Silent]
    }

    async fn play(&self, fault: Fault, canary: &str) {
        self.set_fault(Some((fault, canary.to_owned())));
    }

    async fn mend(&self) {
        self.set_fault(None);
    }
}

#[tokio::test]
async fn a_store_on_a_scripted_server_keeps_every_promise() {
    run(&Script::new().await).await;
}
