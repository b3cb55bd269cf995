//! Many stores of one server at once, of different credentials and namespaces: each reads as itself alone.

use std::{collections::HashMap, sync::Arc};

use eso_core::{
    api::vault::VaultProvider,
    key::{StoreKind, StoreReference},
    provider::{Connection, SecretProvider},
};
use eso_rig::{Reply, Scripted, ScriptedRequest};
use eso_testkit::connection::Credentials;
use eso_vault::Vault;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::fixture::{APP, LOG_IN, LOOK_UP, MOUNT, by_app_role, by_token, mount, read, spec, with};

const STORES: usize = 100;
const WORKERS: usize = 64;
const READS: usize = 100_000;

/// How many stores have one and the same namespace, or credential.
const SHARING: usize = 10;

/// What a wrapping token begins with; the number of the credential follows.
const WRAPPING: &str = "s.wrappingwrappingwrapping";

/// The value of `app` is who asks for it, and where.
fn answer(request: &ScriptedRequest) -> Option<Reply> {
    let body = request.json();
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let reply = match request.path.as_str() {
        LOOK_UP => json!({"data": {"ttl": 3600, "renewable": false}}),
        LOG_IN => {
            // Whoever logs in is known by role id and secret id together.
            let token = format!("s.{}-{}", text("role_id"), text("secret_id"));
            json!({"auth": {"client_token": token, "lease_duration": 0, "renewable": false}})
        }
        "/v1/sys/wrapping/lookup" => {
            json!({"data": {"creation_path": "auth/approle/role/app/secret-id", "creation_ttl": 300}})
        }
        "/v1/sys/wrapping/unwrap" => {
            json!({"data": {"secret_id": request.header("x-vault-token").trim_start_matches(WRAPPING)}})
        }
        MOUNT => return Some(mount()),
        APP => {
            let asked = ["x-vault-token", "x-vault-namespace", "x-store"].map(|name| request.header(name));
            json!({"data": {"data": asking(asked), "metadata": {"version": 1}}})
        }
        _ => return None,
    };
    Some(Reply::json(200, &reply))
}

fn asking([token, namespace, store]: [&str; 3]) -> Value {
    json!({"token": token, "namespace": namespace, "store": store})
}

/// Who a store is: of ten each, one after the other, the credential and the namespace are the same, and never both.
fn identity(number: usize) -> (usize, usize) {
    (number / SHARING, number % SHARING)
}

/// How a store logs in.
#[derive(Clone, Copy)]
enum Login {
    Token,
    AppRole,
    Wrapped,
}

fn login(number: usize) -> Login {
    [Login::Token, Login::AppRole, Login::Wrapped][identity(number).0 % 3]
}

/// A store, and what it must read. The credentials of all stores have the same names.
async fn connect(vault: &Vault, server: &Scripted, number: usize) -> (Arc<dyn SecretProvider>, Value) {
    let (credential, namespace) = identity(number);
    let credentials = Credentials::new();
    let (auth, token) = match login(number) {
        Login::Token => {
            credentials.put_secret("vault", "token", format!("s.given-{credential}").as_str());
            (by_token(), format!("s.given-{credential}"))
        }
        Login::AppRole | Login::Wrapped => {
            credentials.put_secret("vault", "role", "role");
            (by_app_role(), format!("s.role-{credential}"))
        }
    };
    let secret_id = match login(number) {
        Login::Wrapped => format!("{WRAPPING}{credential}"),
        Login::Token | Login::AppRole => credential.to_string(),
    };
    credentials.put_secret("vault", "secret", secret_id.as_str());
    let (namespace, name) = (format!("team-{namespace}"), format!("store-{number}"));
    let more = json!({"namespace": namespace, "headers": {"x-store": name}});
    let spec: VaultProvider =
        serde_json::from_value(with(spec(&server.url(), auth), more)).expect("a spec must have its type");
    let store =
        StoreReference { kind: StoreKind::SecretStore, namespace: "app".to_owned(), name: name.clone() };
    let connection = Connection { credentials, calls: Arc::new(()), store };
    let connected = vault.connect(&spec, connection).await.expect("the store must connect");
    (connected, asking([&token, &namespace, &name]))
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_thousand_reads_by_a_hundred_stores_none_is_made_as_another_store() {
    let server = Scripted::start().await.expect("a scripted server must start");
    server.otherwise(answer);
    server.forget_requests();
    let vault = Vault::new();
    let mut stores = Vec::new();
    for number in 0..STORES {
        stores.push(connect(&vault, &server, number).await);
    }
    let stores = Arc::new(stores);
    let mut workers = JoinSet::new();
    for worker in 0..WORKERS {
        let stores = Arc::clone(&stores);
        workers.spawn(async move {
            let mut wrong: HashMap<String, usize> = HashMap::new();
            for turn in (worker..READS).step_by(WORKERS) {
                // Each worker goes through the stores in an order of its own.
                let (store, expected) = &stores[(turn * (2 * worker + 1)) % STORES];
                let given = read(store, "app").await;
                if given != *expected {
                    *wrong.entry(format!("{expected} was given {given}")).or_default() += 1;
                }
            }
            wrong
        });
    }
    while let Some(wrong) = workers.join_next().await {
        let wrong = wrong.expect("a worker must not panic");
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}
