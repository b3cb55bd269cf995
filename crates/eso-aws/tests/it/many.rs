//! Many stores of one process at once: each is who it is.

use std::collections::{BTreeMap, BTreeSet};

use eso_core::provider::Fetch;
use eso_testkit::connection::{Credentials, connection};
use futures::future::join_all;
use serde_json::{Value as Json, json};

use crate::fixture::{Fixture, KEY_ID, spec, text, token};

/// How many stores there are of each sort.
const STORES: usize = 40;

fn role(number: usize) -> String {
    format!("arn:aws:iam::111122223333:role/{number}")
}

/// The credentials of the store of that number: those of all stores have the same names.
fn credentials(number: usize) -> std::sync::Arc<Credentials> {
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

#[tokio::test]
async fn each_of_many_stores_at_once_signs_as_itself_alone() {
    let fixture = Fixture::new();
    let mut stores = Vec::new();
    for number in 0..STORES {
        fixture.server.want_web_identity(&role(number), &number.to_string(), "sts.amazonaws.com");
        for (sort, fields) in sorts(number).into_iter().enumerate() {
            let key = format!("store-{number}-{sort}");
            fixture.put(&key, &key);
            let connection = connection(&credentials(number), &fixture.calls);
            let store = fixture.aws.connect(&spec(fields), connection).await.expect("the store must connect");
            stores.push((store, key));
        }
    }
    let reads = stores.iter().cycle().take(stores.len() * 10).map(async |(store, key)| {
        assert_eq!(text(store.fetch(&Fetch::new(key.as_str())).await), *key);
    });
    join_all(reads).await;
    let signers = signers(&fixture);
    let owners = owners(&fixture);
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

/// Who signed the reads of each key.
fn signers(fixture: &Fixture) -> BTreeMap<String, BTreeSet<String>> {
    let mut signers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for call in fixture.server.calls().into_iter().filter(|call| call.operation == "GetSecretValue") {
        signers.entry(call.keys[0].clone()).or_default().insert(call.access_key_id);
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
