//! The stores that are pushed to, each asked past the operator what it holds and what it was asked.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use eso_rig::{Call, FastAws, Mark, ParameterStore, SecretsManager, VaultRequests};
use eso_testkit::objects::store;
use futures::future::join_all;
use serde_json::{Map, Value, json};

use crate::harness::{Kind, Mount, Setup, World, aws, aws_spec, eventually};

/// How the names of operations of AWS begin that change something.
const WRITES: [&str; 11] =
    ["Add", "Create", "Delete", "Label", "Put", "Remove", "Replicate", "Restore", "Tag", "Untag", "Update"];

/// Where version 1 of KV keeps whose a value is: inside.
const MARK: &str = "custom_metadata";

/// What can be pushed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    SecretsManager,
    /// Whose names begin with a slash, which the store puts in front of each key.
    ParameterStore,
    /// KV of version 2.
    Versioned,
    /// KV of version 1.
    Unversioned,
}

pub(crate) const SORTS: [Sort; 4] =
    [Sort::SecretsManager, Sort::ParameterStore, Sort::Versioned, Sort::Unversioned];

/// A store with counters of a test's own. What it holds is seen as JSON; a text that is none is a string.
pub(crate) enum Remote {
    SecretsManager(FastAws),
    ParameterStore(FastAws),
    Versioned(Mount),
    Unversioned(Mount),
}

/// Runs a test against a store of each sort, in worlds of their own, all at once.
pub(super) async fn each(name: &str, test: impl AsyncFn(&World, &Remote)) {
    each_of(&SORTS, name, test).await;
}

/// As [`each`], of some sorts.
pub(super) async fn each_of(sorts: &[Sort], name: &str, test: impl AsyncFn(&World, &Remote)) {
    join_all(sorts.iter().map(async |sort| {
        let (world, remote) = on(*sort, name).await;
        test(&world, &remote).await;
        world.end().await;
    }))
    .await;
}

/// A world with a store of a sort.
pub(super) async fn on(sort: Sort, name: &str) -> (World, Remote) {
    let (world, mut remotes) = on_all(&[sort], &format!("{name}-{}", sort.store())).await;
    (world, remotes.remove(0))
}

/// A world with a store of each of these sorts.
pub(super) async fn on_all(sorts: &[Sort], name: &str) -> (World, Vec<Remote>) {
    let doubles = Doubles::start();
    let world = doubles.reached_by(Setup::new(name)).start().await;
    let mut remotes = Vec::new();
    for remote in doubles.remotes(&world, sorts).await {
        let name = remote.store();
        world.create(store(name).with("/spec/provider", remote.provider())).await;
        world.store_says(Kind::SecretStore, name, "Valid", "store validated").await;
        remotes.push(remote);
    }
    (world, remotes)
}

/// The doubles of one operator.
pub(crate) struct Doubles {
    secrets: FastAws,
    parameters: FastAws,
}

impl Doubles {
    pub(crate) fn start() -> Self {
        Self { secrets: aws(), parameters: aws() }
    }

    /// An operator that is to reach them.
    pub(crate) fn reached_by(&self, setup: Setup) -> Setup {
        setup.aws(&self.secrets.url()).variable("AWS_SSM_ENDPOINT", &self.parameters.url())
    }

    /// What there is to be pushed to, with the credentials for it in the world's namespace.
    pub(crate) async fn remotes(self, world: &World, sorts: &[Sort]) -> Vec<Remote> {
        let (id, key) = (world.canary("id"), world.canary("key"));
        world.create_secret("aws-keys", &[("access-key", &id), ("secret-access-key", &key)]).await;
        let (mut secrets, mut parameters) = (Some(self.secrets), Some(self.parameters));
        let mut remotes = Vec::new();
        for sort in sorts {
            let once = "there must be one store of a sort";
            let remote = match sort {
                Sort::SecretsManager => Remote::SecretsManager(secrets.take().expect(once)),
                Sort::ParameterStore => Remote::ParameterStore(parameters.take().expect(once)),
                Sort::Versioned => Remote::Versioned(Mount::of(world).await),
                Sort::Unversioned => Remote::Unversioned(Mount::of_version_one(world).await),
            };
            match &remote {
                Remote::SecretsManager(_) | Remote::ParameterStore(_) => {}
                Remote::Versioned(mount) | Remote::Unversioned(mount) => {
                    mount.let_write().await;
                    world.create_secret(&token_of(*sort), &[("token", &mount.token)]).await;
                }
            }
            remotes.push(remote);
        }
        remotes
    }
}

/// The Secret that holds the token for a mount.
fn token_of(sort: Sort) -> String {
    format!("{}-token", sort.store())
}

impl Sort {
    /// The SecretStore that leads here.
    pub(crate) fn store(self) -> &'static str {
        match self {
            Self::SecretsManager => "secrets",
            Self::ParameterStore => "parameters",
            Self::Versioned => "vault",
            Self::Unversioned => "vault-one",
        }
    }
}

/// What is wanted beside a value.
pub(super) fn document(spec: Value) -> Value {
    let api_version = "kubernetes.external-secrets.io/v1alpha1";
    json!({ "apiVersion": api_version, "kind": "PushSecretMetadata", "spec": spec })
}

impl Remote {
    pub(crate) fn sort(&self) -> Sort {
        match self {
            Self::SecretsManager(_) => Sort::SecretsManager,
            Self::ParameterStore(_) => Sort::ParameterStore,
            Self::Versioned(_) => Sort::Versioned,
            Self::Unversioned(_) => Sort::Unversioned,
        }
    }

    /// The SecretStore that leads here.
    pub(crate) fn store(&self) -> &'static str {
        self.sort().store()
    }

    /// `spec.provider` of a store that leads here.
    pub(crate) fn provider(&self) -> Value {
        let mut aws = aws_spec("aws-keys");
        match self {
            Self::SecretsManager(_) => {}
            Self::ParameterStore(_) => {
                aws["service"] = json!("ParameterStore");
                aws["prefix"] = json!("/");
            }
            Self::Versioned(mount) | Self::Unversioned(mount) => {
                return json!({ "vault": mount.spec(&token_of(self.sort())) });
            }
        }
        json!({ "aws": aws })
    }

    /// An entry that writes a Secret as texts: as the original, the Parameter Store is given base64 otherwise.
    pub(super) fn as_texts(&self, mut entry: Value) -> Value {
        if self.sort() == Sort::ParameterStore {
            entry["metadata"] = document(json!({ "encodeAsDecoded": true }));
        }
        entry
    }

    /// The double of AWS.
    pub(super) fn double(&self) -> &FastAws {
        match self {
            Self::SecretsManager(double) | Self::ParameterStore(double) => double,
            Self::Versioned(_) | Self::Unversioned(_) => panic!("it must be a store of AWS"),
        }
    }

    /// The mount of Vault.
    pub(super) fn mount(&self) -> &Mount {
        match self {
            Self::Versioned(mount) | Self::Unversioned(mount) => mount,
            Self::SecretsManager(_) | Self::ParameterStore(_) => panic!("it must be a store of Vault"),
        }
    }

    /// What AWS answers to the test itself; nothing where it refuses.
    pub(super) async fn ask(&self, operation: &str, body: &Value) -> Option<Value> {
        let url = self.double().url();
        let answer = match self.sort() {
            Sort::ParameterStore => ParameterStore::new(&url).unwrap().call(operation, body).await,
            Sort::SecretsManager | Sort::Versioned | Sort::Unversioned => {
                SecretsManager::new(&url).unwrap().call(operation, body).await
            }
        };
        answer.unwrap().success().ok()
    }

    /// What a value is at present; nothing where it is not there.
    pub(crate) async fn held(&self, key: &str) -> Option<Value> {
        match self {
            Self::SecretsManager(_) => {
                let found = self.ask("GetSecretValue", &json!({ "SecretId": key })).await?;
                // The operator writes bytes where it is not told otherwise, as the original.
                let bytes = found["SecretBinary"].as_str().map(|text| BASE64_STANDARD.decode(text).unwrap());
                let text = bytes.map(|bytes| String::from_utf8(bytes).unwrap());
                Some(as_json(text.unwrap_or_else(|| found["SecretString"].as_str().unwrap().to_owned())))
            }
            Self::ParameterStore(_) => {
                let asked = json!({ "Name": parameter(key), "WithDecryption": true });
                let answer = self.ask("GetParameter", &asked).await?;
                Some(as_json(answer["Parameter"]["Value"].as_str().unwrap().to_owned()))
            }
            Self::Versioned(mount) | Self::Unversioned(mount) => mount.held(key).await.map(unmarked),
        }
    }

    /// Waits until a value is this.
    pub(crate) async fn holds(&self, key: &str, expected: Option<Value>) {
        eventually(&format!("{key} of {} is {expected:?}", self.store()), async || {
            match self.held(key).await {
                held if held == expected => Ok(()),
                held => Err(format!("it is {held:?}")),
            }
        })
        .await;
    }

    /// Writes a value as somebody else: whose it is stays as it is, and one that is new is not the operator's.
    pub(crate) async fn put(&self, key: &str, value: &Value) {
        match self {
            Self::SecretsManager(double) => {
                double.put(key, &value.to_string()).unwrap();
            }
            Self::ParameterStore(double) => {
                double.put_parameter(&parameter(key), &value.to_string()).unwrap();
            }
            Self::Versioned(mount) => {
                mount.put(key, value).await;
            }
            Self::Unversioned(mount) => {
                let mark = mount.held(key).await.and_then(|held| held.get(MARK).cloned());
                let mut value = value.clone();
                mark.into_iter().for_each(|mark| value[MARK] = mark);
                drop(mount.server.write(&mount.path_of(key), &value).await.unwrap());
            }
        }
    }

    /// How often the operator looked at a value, to write it or not.
    pub(super) fn looks(&self, key: &str) -> usize {
        match self {
            Self::SecretsManager(double) => double.count_key("DescribeSecret", key) as usize,
            Self::ParameterStore(double) => double.count_key("GetParameter", &parameter(key)) as usize,
            Self::Versioned(mount) | Self::Unversioned(mount) => {
                asked(mount).operation("read").path(&mount.path_beside(key)).len()
            }
        }
    }

    /// How often the operator changed anything here.
    pub(super) fn writes(&self) -> usize {
        match self {
            Self::SecretsManager(double) | Self::ParameterStore(double) => {
                let is_write = |call: &&Call| WRITES.iter().any(|verb| call.operation.starts_with(verb));
                double.calls().iter().filter(is_write).count()
            }
            Self::Versioned(mount) | Self::Unversioned(mount) => {
                asked(mount).matching(|request| request.operation != "read").len()
            }
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

/// What the Parameter Store calls the value of a key.
pub(super) fn parameter(key: &str) -> String {
    format!("/{key}")
}

fn as_json(text: String) -> Value {
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}

/// A value without the mark that version 1 of KV keeps in it.
fn unmarked(mut value: Value) -> Value {
    value.as_object_mut().and_then(|members: &mut Map<_, _>| members.remove(MARK));
    value
}

/// What the operator asked of a mount.
fn asked(mount: &Mount) -> VaultRequests {
    mount.server.since(Mark::START).unwrap().of_others().below(&format!("{}/", mount.name))
}
