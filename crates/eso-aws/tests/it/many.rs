//! Many stores of one process at once: each is who it is.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use eso_core::provider::{Fetch, SecretProvider};
use eso_rig::Call;
use eso_testkit::connection::{Credentials, connection};
use serde_json::{Value as Json, json};
use tokio::task::JoinSet;

use crate::fixture::{Fixture, KEY_ID, spec, texts, token};

/// How many stores there are of each of the four sorts.
const STORES: usize = 25;

const WORKERS: usize = 64;

/// How many values are read, most of them in batches: that is how the operator reads.
const READS: usize = 100_000;

/// How many values a store has, and so a batch. One of ten reads is a single one.
const KEYS: usize = 20;

/// Each is of an account of its own, which has quotas of its own.
fn role(number: usize) -> String {
    format!("arn:aws:iam::{number:012}:role/reader")
}

/// The credentials of the store of that number: those of all stores have the same names.
fn credentials(number: usize) -> Arc<Credentials> {
    let credentials = Credentials::new();
    credentials.put_secret("keys", "id", format!("AKIAOWN{number:013}").as_str());
    credentials.put_secret("keys", "secret", "canary-secret-key-51c9");
    credentials.annotate("reader", &[("eks.amazonaws.com/role-arn", &role(number))]);
    credentials.put_token("reader", token(&number.to_string(), "sts.amazonaws.com").as_str());
    credentials
}

/// The fields of a store of each sort: keys, keys and a role, a service account, a service account and a role.
fn sorts(number: usize) -> [Json; 4] {
    let account = json!({"jwt": {"serviceAccountRef": {"name": "reader"}}});
    [
        json!({}),
        json!({"role": role(number)}),
        json!({"auth": account}),
        json!({"auth": account, "role": role(number)}),
    ]
}

/// A store, and the keys of its values, each of which is the key itself.
type Connected = (Arc<dyn SecretProvider>, Vec<Fetch>);

async fn connected(fixture: &Fixture) -> Vec<Connected> {
    let mut stores = Vec::new();
    for number in 0..STORES {
        fixture.server.want_web_identity(&role(number), &number.to_string(), "sts.amazonaws.com");
        for (sort, fields) in sorts(number).into_iter().enumerate() {
            let keys: Vec<_> = (0..KEYS).map(|key| format!("store-{number}-{sort}/{key}")).collect();
            keys.iter().for_each(|key| drop(fixture.put(key, key)));
            let connection = connection(&credentials(number), &fixture.calls);
            let store = fixture.aws.connect(&spec(fields), connection).await.expect("the store must connect");
            stores.push((store, keys.iter().map(|key| Fetch::new(key.as_str())).collect()));
        }
    }
    stores
}

/// Reads singly or in a batch, and says how many values came.
async fn read((store, requests): &Connected, turn: usize) -> usize {
    let (given, asked) = match turn % 10 {
        0 => (vec![store.fetch(&requests[turn % KEYS]).await], &requests[turn % KEYS..][..1]),
        _ => (store.fetch_all(requests).await, &requests[..]),
    };
    let keys: Vec<_> = asked.iter().map(|request| request.key.as_str().to_owned()).collect();
    assert_eq!(texts(given), keys);
    keys.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_thousand_values_in_a_hundred_stores_none_is_read_as_another_store() {
    let fixture = Fixture::new();
    let stores = Arc::new(connected(&fixture).await);
    let values = Arc::new(AtomicUsize::new(0));
    let mut workers = JoinSet::new();
    for worker in 0..WORKERS {
        let (stores, values) = (Arc::clone(&stores), Arc::clone(&values));
        workers.spawn(async move {
            let mut turn = worker;
            while values.load(Ordering::Relaxed) < READS {
                // Each worker goes through the stores in an order of its own.
                let store = &stores[(turn * (2 * worker + 1)) % stores.len()];
                values.fetch_add(read(store, turn).await, Ordering::Relaxed);
                turn += WORKERS;
            }
        });
    }
    while let Some(done) = workers.join_next().await {
        done.expect("a worker must not panic");
    }
    each_store_signed_as_itself(&fixture);
}

fn each_store_signed_as_itself(fixture: &Fixture) {
    let signers = signers(fixture);
    let owners = owners(fixture);
    for number in 0..STORES {
        let keys = format!("AKIAOWN{number:013}");
        assert_eq!(signers[&format!("store-{number}-0")], BTreeSet::from([keys.clone()]));
        for (sort, by) in [(1, keys), (2, number.to_string()), (3, number.to_string())] {
            let signers = &signers[&format!("store-{number}-{sort}")];
            assert_eq!(signers.len(), 1, "store-{number}-{sort} logged in once");
            assert!(signers.iter().all(|signer| owners[signer] == (role(number), by.clone())));
        }
    }
    assert!(!fixture.signers("AssumeRole").contains(&KEY_ID.to_owned()));
}

/// Who signed the reads of each store's keys.
fn signers(fixture: &Fixture) -> BTreeMap<String, BTreeSet<String>> {
    let mut signers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let is_read = |call: &Call| ["GetSecretValue", "BatchGetSecretValue"].contains(&call.operation.as_str());
    for call in fixture.server.calls().into_iter().filter(is_read) {
        for key in &call.keys {
            let (store, _) = key.split_once('/').expect("a key must begin with its store");
            signers.entry(store.to_owned()).or_default().insert(call.access_key_id.clone());
        }
    }
    signers
}

/// For each session its role, and whose keys or token it comes of in the end.
fn owners(fixture: &Fixture) -> BTreeMap<String, (String, String)> {
    let mut owners: BTreeMap<String, (String, String)> = BTreeMap::new();
    for assumed in fixture.server.assumed() {
        let own = (0..STORES)
            .find(|number| assumed.token.as_ref() == Some(&token(&number.to_string(), "sts.amazonaws.com")));
        let by = match own {
            Some(number) => number.to_string(),
            None => owners.get(&assumed.signer).map_or(assumed.signer.clone(), |(_, by)| by.clone()),
        };
        owners.insert(assumed.given, (assumed.role, by));
    }
    owners
}
