//! Many stores on one host, as different identities in different namespaces of Vault, used all at once: nobody gets the
//! value of another store, though all share connections, budgets and the names of their keys.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use eso_core::{
    api::vault::VaultProvider,
    provider::{Fetch, Value as Kept},
};
use eso_rig::{Mode, OpenBao};
use eso_sync::{
    queue::Lane,
    store::{Backends, Store, StoreSettings},
};
use eso_testkit::connection::{CallRecorder, Credentials, connection};
use eso_vault::Vault;
use serde_json::{Value, json};
use tokio::task::JoinSet;

const STORES: usize = 100;
const WORKERS: usize = 64;
const READS: usize = 100_000;

/// Keys that each store has, under the same names as all others.
const KEYS: usize = 7;

/// How many keys one question asks for.
const AT_ONCE: usize = 4;

/// The Vault namespace of a store: ten stores share one, and the first ten are in none.
fn namespace(store: usize) -> Option<String> {
    (store >= 10).then(|| format!("team-{}", store / 10))
}

/// Only this store's mount, in this store's namespace, holds this.
fn value(store: usize, key: usize) -> Value {
    json!({"owner": format!("store {store}, key {key}")})
}

/// Ten mounts in each of ten namespaces: a mount of the same name is in all of them.
async fn fill(bao: &OpenBao, store: usize) -> String {
    let (namespace, mount) = (namespace(store), format!("kv-{}", store % 10));
    let prefix = namespace.as_ref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
    if let Some(namespace) = namespace.filter(|_| store.is_multiple_of(10)) {
        bao.write(&format!("sys/namespaces/{namespace}"), &json!({})).await.unwrap();
    }
    let engine = json!({"type": "kv", "options": {"version": "1"}});
    bao.write(&format!("{prefix}sys/mounts/{mount}"), &engine).await.unwrap();
    for key in 0..KEYS {
        bao.write(&format!("{prefix}{mount}/key-{key}"), &value(store, key)).await.unwrap();
    }
    let rules = format!("path \"{mount}/*\" {{ capabilities = [\"read\"] }}");
    let policy = format!("{prefix}sys/policies/acl/reader-{mount}");
    bao.write(&policy, &json!({"policy": rules})).await.unwrap();
    let wanted = json!({"policies": [format!("reader-{mount}")]});
    let created = bao.write(&format!("{prefix}auth/token/create"), &wanted).await.unwrap();
    created["auth"]["client_token"].as_str().unwrap().to_owned()
}

async fn connect(vault: &Vault, bao: &OpenBao, backends: &Backends, store: usize) -> Arc<Store> {
    let credentials = Credentials::new();
    credentials.put_secret("vault", "token", fill(bao, store).await);
    let auth = json!({"tokenSecretRef": {"name": "vault", "key": "token"}});
    let mut spec = json!({
        "server": bao.url(),
        "path": format!("kv-{}", store % 10),
        "version": "v1",
        "auth": auth,
    });
    if let Some(namespace) = namespace(store) {
        spec["namespace"] = json!(namespace);
    }
    let spec: VaultProvider = serde_json::from_value(spec).unwrap();
    let provider = vault.connect(&spec, connection(&credentials, &CallRecorder::new())).await.unwrap();
    Store::new(provider, StoreSettings::default(), backends)
}

/// Asks stores and keys in an order of its own, and holds each answer against what that store holds.
async fn work(worker: usize, stores: Arc<Vec<Arc<Store>>>, left: Arc<AtomicUsize>) {
    let mut step = 0;
    let takes = |left: usize| left.checked_sub(AT_ONCE);
    while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, takes).is_ok() {
        // Every store and key in turn: neither number shares a factor with their product.
        let at = (step * 191 + worker * 11) % (STORES * KEYS);
        step += 1;
        let (store, first) = (at % STORES, at / STORES);
        let keys: Vec<usize> = (0..AT_ONCE).map(|next| (first + next) % KEYS).collect();
        let questions = keys.iter().map(|key| Fetch::new(format!("key-{key}"))).collect();
        let answers = stores[store].fetch(questions, Lane::Changed).await;
        assert_eq!(answers.len(), AT_ONCE);
        for (key, answer) in keys.into_iter().zip(answers) {
            let Kept::Document(text) = answer.unwrap().value else { panic!("KV keeps documents") };
            let found: Value = serde_json::from_slice(text.expose()).unwrap();
            assert_eq!(found, value(store, key), "store {store} was asked");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_stores_on_one_host_never_give_a_value_of_each_other() {
    let bao = OpenBao::start(Mode::Development).await.unwrap();
    let (vault, backends) = (Vault::new(), Backends::default());
    let mut stores = Vec::new();
    for store in 0..STORES {
        stores.push(connect(&vault, &bao, &backends, store).await);
    }
    let (stores, left) = (Arc::new(stores), Arc::new(AtomicUsize::new(READS)));
    let mut workers = JoinSet::new();
    for worker in 0..WORKERS {
        workers.spawn(work(worker, Arc::clone(&stores), Arc::clone(&left)));
    }
    while let Some(ended) = workers.join_next().await {
        ended.unwrap();
    }
    assert_eq!(left.load(Ordering::Relaxed), 0, "all were asked");
}
