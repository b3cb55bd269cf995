//! The vocabulary of these tests: a setting to connect from, servers prepared for it, and questions.

use std::{sync::Arc, time::Duration};

use eso_core::{
    api::vault::VaultProvider,
    error::{ErrorKind, ProviderError},
    provider::{Fetch, Fetched, SecretProvider, Value as Kept},
};
use eso_rig::{Mode, OpenBao, Reply, Scripted};
use eso_testkit::connection::{CallRecorder, Credentials, connection};
use eso_vault::Vault;
use serde_json::{Value, json};

/// How long a test waits for what will happen, on the slowest machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The policy that AppRole's role and the tokens of these tests have: all of `secret/` but what is below `denied`.
const POLICY: &str = r#"
path "secret/*" { capabilities = ["read"] }
path "secret/data/denied/*" { capabilities = ["deny"] }
path "kv1/*" { capabilities = ["read"] }
"#;

/// What a store is connected with.
pub(crate) struct Setting {
    pub(crate) credentials: Arc<Credentials>,
    pub(crate) calls: Arc<CallRecorder>,
    pub(crate) vault: Vault,
}

impl Setting {
    pub(crate) fn new() -> Self {
        Self { credentials: Credentials::new(), calls: CallRecorder::new(), vault: Vault::new() }
    }

    /// With a token in the Secret `vault`, as [`by_token`] names it.
    pub(crate) fn with_token(token: &str) -> Self {
        let setting = Self::new();
        setting.credentials.put_secret("vault", "token", token);
        setting
    }

    pub(crate) async fn connect(&self, spec: Value) -> Result<Arc<dyn SecretProvider>, ProviderError> {
        let spec: VaultProvider = serde_json::from_value(spec).expect("a specification must have its type");
        self.vault.connect(&spec, connection(&self.credentials, &self.calls)).await
    }

    /// Connects and checks, as the operator does before it says that a store is ready.
    pub(crate) async fn validate(&self, spec: Value) -> Result<(), ProviderError> {
        self.connect(spec).await?.check().await
    }

    pub(crate) async fn store(&self, spec: Value) -> Arc<dyn SecretProvider> {
        self.connect(spec).await.expect("the store must connect")
    }
}

/// A KV v2 store at `secret` with this `auth`, as the API server shows it to us.
pub(crate) fn spec(server: &str, auth: Value) -> Value {
    json!({"server": server, "path": "secret", "version": "v2", "auth": auth})
}

/// The same with other fields beside or in place of its own.
pub(crate) fn with(mut spec: Value, more: Value) -> Value {
    for (name, value) in more.as_object().expect("fields must be an object") {
        spec[name] = value.clone();
    }
    spec
}

pub(crate) fn by_token() -> Value {
    json!({"tokenSecretRef": {"name": "vault", "key": "token"}})
}

pub(crate) fn by_app_role() -> Value {
    json!({"appRole": {"roleRef": {"name": "vault", "key": "role"}, "secretRef": {"name": "vault", "key": "secret"}}})
}

/// What a store says of a key, at a version where one is given.
pub(crate) async fn ask(
    store: &Arc<dyn SecretProvider>,
    key: &str,
    version: Option<&str>,
) -> Result<Fetched, ProviderError> {
    let request = Fetch::new(key);
    let request = version.map_or(request.clone(), |version| request.at_version(version));
    store.fetch(&request).await
}

/// The document under a key.
pub(crate) async fn read(store: &Arc<dyn SecretProvider>, key: &str) -> Value {
    let fetched = ask(store, key, None).await.expect("the value must be read");
    parsed(&fetched)
}

pub(crate) fn parsed(fetched: &Fetched) -> Value {
    match &fetched.value {
        Kept::Document(text) => serde_json::from_slice(text.expose()).expect("a document must be JSON"),
        Kept::Bytes(_) => panic!("a KV engine keeps documents"),
    }
}

#[track_caller]
pub(crate) fn expect_kind<T>(result: Result<T, ProviderError>, kind: ErrorKind) -> String {
    let error = result.err().expect("this must fail");
    assert_eq!(error.kind(), kind, "{error}");
    error.to_string()
}

/// Asks for the same key many times at once.
pub(crate) async fn ask_at_once(
    store: &Arc<dyn SecretProvider>,
    key: &str,
    times: usize,
) -> Vec<Result<Fetched, ProviderError>> {
    futures::future::join_all((0..times).map(|_| ask(store, key, None))).await
}

/// Waits until something holds.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, waiting).await.is_ok(), "it never came that {what}");
}

/// An OpenBao with `app` = {"first": "1"} in KV v2 at `secret/`, and the policy `reader`.
pub(crate) async fn bao() -> OpenBao {
    let bao = OpenBao::start(Mode::Development).await.expect("OpenBao must start");
    bao.policy("reader", POLICY).await.expect("a policy must be written");
    put_app(&bao).await;
    bao
}

/// Writes `app`. A mount of KV v2 refuses everything for a moment after it was made.
pub(crate) async fn put_app(bao: &OpenBao) {
    until("the mount is ready", async || bao.put("secret", "app", &json!({"first": "1"})).await.is_ok())
        .await;
}

/// A role of AppRole with these settings beside the policy, and a setting that knows its ids.
pub(crate) async fn app_role(bao: &OpenBao, settings: Value) -> Setting {
    bao.enable_auth("approle", "approle").await.expect("AppRole must be mounted");
    let role = with(json!({"token_policies": ["reader"]}), settings);
    bao.write("auth/approle/role/app", &role).await.expect("a role must be written");
    let role_id = bao.request(eso_rig::Method::GET, "auth/approle/role/app/role-id", None).await;
    let role_id = role_id.and_then(|answer| answer.success()).expect("a role must have an id");
    let secret_id = bao.write("auth/approle/role/app/secret-id", &json!({})).await;
    let secret_id = secret_id.expect("a role must give secret ids");
    let setting = Setting::new();
    for (key, value) in [("role", &role_id["data"]["role_id"]), ("secret", &secret_id["data"]["secret_id"])] {
        setting.credentials.put_secret("vault", key, value.as_str().expect("an id must be a text"));
    }
    setting
}

/// How many logins by AppRole there were.
pub(crate) fn logins(bao: &OpenBao) -> usize {
    requests_to(bao, "auth/approle/login")
}

/// How many requests there were to a path, but for the rig's own.
pub(crate) fn requests_to(bao: &OpenBao, path: &str) -> usize {
    bao.since(eso_rig::Mark::START).expect("an audit log must be there").of_others().path(path).len()
}

pub(crate) const LOOK_UP: &str = "/v1/auth/token/lookup-self";
pub(crate) const APP: &str = "/v1/secret/data/app";
pub(crate) const MOUNT: &str = "/v1/sys/internal/ui/mounts/secret";
pub(crate) const LOG_IN: &str = "/v1/auth/approle/login";

/// A scripted server on which every token lives for ever, AppRole gives tokens, and `app` = {"first": "1"}.
pub(crate) async fn scripted() -> Scripted {
    let server = Scripted::start().await.expect("a scripted server must start");
    server.always("GET", LOOK_UP, Reply::json(200, &json!({"data": {"ttl": 0, "renewable": false}})));
    server.always("POST", LOG_IN, granted("s.made", 0));
    server.always("GET", MOUNT, mount());
    let data = json!({"data": {"data": {"first": "1"}, "metadata": {"version": 1}}});
    server.always("GET", APP, Reply::json(200, &data));
    server
}

/// What the server says of the mount `secret`.
pub(crate) fn mount() -> Reply {
    let mount = json!({"type": "kv", "path": "secret/", "options": {"version": "2"}});
    Reply::json(200, &json!({"data": mount}))
}

/// The answer to a login: a token that can be renewed, for so many seconds; 0 is for ever.
pub(crate) fn granted(token: &str, seconds: u64) -> Reply {
    let auth =
        json!({"client_token": token, "lease_duration": seconds, "renewable": true, "token_type": "service"});
    Reply::json(200, &json!({"auth": auth}))
}

pub(crate) fn forbidden() -> Reply {
    Reply::json(403, &json!({"errors": ["permission denied"]}))
}

/// A setting for the scripted server's AppRole.
pub(crate) fn scripted_role() -> Setting {
    let setting = Setting::new();
    setting.credentials.put_secret("vault", "role", "role-id");
    setting.credentials.put_secret("vault", "secret", "secret-id");
    setting
}

/// Answers the next call so, and when to come again.
pub(crate) fn refuse(server: &Scripted, (method, path): (&str, &str), status: u16, body: &Value) {
    for _ in 0..requests_of(status) {
        server.once(method, path, Reply::json(status, body).header("retry-after", "9"));
    }
}

/// How many requests a call makes that is refused so: a node that has not caught up is asked twice more.
pub(crate) fn requests_of(status: u16) -> usize {
    if status == 412 { 3 } else { 1 }
}
