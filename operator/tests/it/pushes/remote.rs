//! The stores that are pushed to, each asked past the operator what it holds and what it was asked.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use eso_rig::{Call, FastAws, Mark, Method, SecretsManager, VaultRequests};
use serde_json::{Value, json};

use crate::harness::{Mount, Setup, World, aws, eventually};

/// How the names of operations of Secrets Manager begin that change something.
const WRITES: [&str; 7] = ["Create", "Put", "Update", "Delete", "Restore", "Tag", "Untag"];

/// A store with counters of a test's own. What it holds is seen as JSON; a text that is none is a string.
pub(crate) enum Remote {
    Aws(FastAws),
    Vault(Mount),
}

/// Runs a test against a store of each kind, in a world of its own.
pub(super) async fn each(name: &str, test: impl AsyncFn(&World, &Remote)) {
    let (world, remote) = on_aws(name).await;
    test(&world, &remote).await;
    world.end().await;
    let (world, remote) = on_vault(name).await;
    test(&world, &remote).await;
    world.end().await;
}

/// A world with a store of Secrets Manager.
pub(super) async fn on_aws(name: &str) -> (World, Remote) {
    let double = aws();
    let world = Setup::new(&format!("{name}-aws")).aws(&double.url()).start().await;
    world.aws_store().await;
    (world, Remote::Aws(double))
}

/// A world with a store over a KV mount of version 2.
pub(super) async fn on_vault(name: &str) -> (World, Remote) {
    let world = Setup::new(&format!("{name}-vault")).start().await;
    let mount = world.vault_store().await;
    mount.let_write().await;
    (world, Remote::Vault(mount))
}

impl Remote {
    /// The SecretStore that leads here.
    pub(super) fn store(&self) -> &'static str {
        match self {
            Self::Aws(_) => "main",
            Self::Vault(_) => "vault",
        }
    }

    /// What a value is at present; nothing where it is not there.
    pub(super) async fn held(&self, key: &str) -> Option<Value> {
        match self {
            Self::Aws(double) => {
                let client = SecretsManager::new(&double.url()).unwrap();
                let answer = client.call("GetSecretValue", &json!({ "SecretId": key })).await.unwrap();
                let found = answer.success().ok()?;
                // The operator writes bytes, as the original.
                let bytes = found["SecretBinary"].as_str().map(|text| BASE64_STANDARD.decode(text).unwrap());
                let text = bytes.map(|bytes| String::from_utf8(bytes).unwrap());
                let text = text.unwrap_or_else(|| found["SecretString"].as_str().unwrap().to_owned());
                Some(serde_json::from_str(&text).unwrap_or(Value::String(text)))
            }
            Self::Vault(mount) => {
                let path = format!("{}/data/{key}", mount.name);
                let answer = mount.server.request(Method::GET, &path, None).await.unwrap();
                Some(answer.success().ok()?["data"]["data"].clone())
            }
        }
    }

    /// Waits until a value is this.
    pub(super) async fn holds(&self, key: &str, expected: Option<Value>) {
        eventually(&format!("{key} is {expected:?}"), async || match self.held(key).await {
            held if held == expected => Ok(()),
            held => Err(format!("it is {held:?}")),
        })
        .await;
    }

    /// Writes a value as somebody else: whose it is stays as it is, and one that is new is not the operator's.
    pub(super) async fn put(&self, key: &str, value: &Value) {
        match self {
            Self::Aws(double) => drop(double.put(key, &value.to_string()).unwrap()),
            Self::Vault(mount) => drop(mount.put(key, value).await),
        }
    }

    /// How often the operator looked at a value without writing it.
    pub(super) fn looks(&self, key: &str) -> usize {
        match self {
            Self::Aws(double) => double.count_key("DescribeSecret", key) as usize,
            Self::Vault(mount) => asked(mount).path(&format!("{}/metadata/{key}", mount.name)).len(),
        }
    }

    /// How often the operator changed anything here.
    pub(super) fn writes(&self) -> usize {
        match self {
            Self::Aws(double) => {
                let is_write = |call: &&Call| WRITES.iter().any(|verb| call.operation.starts_with(verb));
                double.calls().iter().filter(is_write).count()
            }
            Self::Vault(mount) => asked(mount).matching(|request| request.operation != "read").len(),
        }
    }

    /// Waits until the operator has looked at a value this often since.
    pub(super) async fn looked(&self, key: &str, times: usize) {
        let before = self.looks(key);
        eventually(&format!("{key} is looked at"), async || match self.looks(key) {
            looks if looks >= before + times => Ok(()),
            looks => Err(format!("{looks} times, {before} of them before")),
        })
        .await;
    }
}

/// What the operator asked of a mount.
fn asked(mount: &Mount) -> VaultRequests {
    mount.server.since(Mark::START).unwrap().of_others().below(&mount.name)
}
