//! The quotas of AWS, enforced by our double: the operator never meets one by itself, and whoever it meets at all is left
//! alone for as long as it asks.

use std::sync::Arc;

use eso_aws::{Aws, Endpoints};
use eso_core::{
    api::aws::AwsProvider,
    error::ProviderError,
    provider::{Expected, Fetch, Fetched, Put, Query},
};
use eso_rig::{FastAws, Fault};
use eso_sync::{
    queue::Lane,
    store::{Backends, Store, StoreSettings},
};
use eso_testkit::connection::{CallRecorder, Credentials, connection};
use futures::future::join_all;
use serde_json::json;
use tokio::time::{Duration, Instant};

use crate::harness::aws;

/// Keys of two accounts.
const ACCOUNTS: [&str; 2] = ["AKIAQNZGKIQY56JQ7WML", "AKIAY34FZKBOKMUTVV7A"];

/// What AWS grants to an account in a region.
fn enforce(double: &FastAws) {
    double.set_quota("GetSecretValue", 10_000);
    double.set_quota("BatchGetSecretValue", 100);
    double.set_quota("ListSecrets", 100);
    double.set_shared_quota(&["GetParameter", "GetParameters", "GetParametersByPath"], 40);
    double.set_quota("PutParameter", 3);
    for write in ["CreateSecret", "DeleteSecret"] {
        double.set_quota(write, 50);
    }
    double.set_shared_quota(
        &["PutSecretValue", "ReplicateSecretToRegions", "RemoveRegionsFromReplication"],
        50,
    );
    double.set_shared_quota(&["TagResource", "UntagResource"], 50);
}

/// Stores on one double, each as the operator connects it.
struct Stores {
    aws: Aws,
    backends: Backends,
}

impl Stores {
    fn on(double: &FastAws) -> Self {
        let url = || Some(double.url());
        let aws = Aws::new(Endpoints::from_environment_values(url(), url(), url()));
        Self { aws, backends: Backends::default() }
    }

    async fn connect(&self, service: &str, account: usize) -> Arc<Store> {
        let credentials = Credentials::new();
        credentials.put_secret("keys", "id", ACCOUNTS[account]);
        credentials.put_secret("keys", "secret", "secret");
        let selector = |key: &str| json!({"name": "keys", "key": key});
        let keys =
            json!({"accessKeyIDSecretRef": selector("id"), "secretAccessKeySecretRef": selector("secret")});
        let spec = json!({"service": service, "region": "us-east-1", "auth": {"secretRef": keys}});
        let spec: AwsProvider = serde_json::from_value(spec).unwrap();
        let provider = self.aws.connect(&spec, connection(&credentials, &CallRecorder::new())).await.unwrap();
        Store::new(provider, StoreSettings::default(), &self.backends)
    }
}

fn fixture() -> (FastAws, Stores) {
    let double = aws();
    enforce(&double);
    let stores = Stores::on(&double);
    (double, stores)
}

async fn read(store: Arc<Store>, keys: Vec<String>) -> Vec<Result<Fetched, ProviderError>> {
    store.fetch(keys.into_iter().map(Fetch::new).collect(), Lane::Periodic).await
}

/// Reads each key once, divided among stores, and expects every value.
async fn read_all(stores: &[Arc<Store>], keys: &[String]) {
    let parts = keys.chunks(keys.len().div_ceil(stores.len()));
    let reads = stores.iter().zip(parts).map(|(store, part)| read(Arc::clone(store), part.to_vec()));
    let answers = join_all(reads).await.concat();
    assert_eq!(answers.len(), keys.len());
    for (key, answer) in keys.iter().zip(answers) {
        assert!(answer.is_ok(), "{key}: {answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_secrets_in_ten_stores_of_one_account_are_read_without_one_throttled_answer() {
    let (double, stores) = fixture();
    let keys: Vec<String> = (0..10_000).map(|number| format!("app-{number}")).collect();
    for key in &keys {
        double.put(key, "value").unwrap();
    }
    let mut connected = Vec::new();
    for _ in 0..10 {
        connected.push(stores.connect("SecretsManager", 0).await);
    }
    read_all(&connected, &keys).await;
    assert_eq!((double.throttled(), double.count("BatchGetSecretValue")), (0, 500));
}

/// Batches, single reads and the pages of a search have one quota together.
#[tokio::test(flavor = "multi_thread")]
async fn parameters_are_read_in_batches_singly_and_below_a_path_without_one_throttled_answer() {
    let (double, stores) = fixture();
    let keys: Vec<String> = (0..1_000).map(|number| format!("/app/{number}")).collect();
    for key in &keys {
        double.put_parameter(key, "value").unwrap();
    }
    let [one, other] = [stores.connect("ParameterStore", 0).await, stores.connect("ParameterStore", 0).await];
    // Spaces at its ends keep a key out of company.
    let single: Vec<String> = (0..40).map(|number| format!(" /app/{number}")).collect();
    let query = Query { path: Some("/app".to_owned()), ..Query::default() };
    let both = [Arc::clone(&one), other];
    let (found, (), answers) =
        tokio::join!(one.find(query), read_all(&both, &keys), read(Arc::clone(&one), single));
    assert_eq!(found.unwrap().len(), 1_000);
    assert_eq!(answers.len(), 40);
    let calls = ["GetParameters", "GetParametersByPath", "GetParameter"].map(|call| double.count(call));
    assert_eq!((double.throttled(), calls), (0, [100, 100, 40]));
}

/// A policy that denies the batch makes ten reads of each batch that was under way.
#[tokio::test(flavor = "multi_thread")]
async fn batches_that_are_denied_are_read_singly_without_one_throttled_answer() {
    let (double, stores) = fixture();
    let keys: Vec<String> = (0..150).map(|number| format!("/app/{number}")).collect();
    for key in &keys {
        double.put_parameter(key, "value").unwrap();
    }
    double.fault(Fault::error(400, "AccessDeniedException", "no").operation("GetParameters"));
    read_all(&[stores.connect("ParameterStore", 0).await], &keys).await;
    assert_eq!((double.throttled(), double.count("GetParameter")), (0, 150));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_secrets_are_pushed_at_once_without_one_throttled_answer() {
    let (double, stores) = fixture();
    let store = stores.connect("SecretsManager", 0).await;
    let writer = store.provider().writer().unwrap();
    let puts: Vec<Put> = (0..120)
        .map(|number| Put {
            key: format!("app-{number}").into(),
            value: Some("value".into()),
            expected: Expected::Nothing,
            metadata: None,
        })
        .collect();
    for written in join_all(puts.iter().map(|put| writer.put(put))).await {
        written.unwrap();
    }
    assert_eq!((double.throttled(), double.count("CreateSecret")), (0, 120));
}

/// What waits for a throttled service, and what does not: the order in which the answers came.
async fn throttled(service: &str, operation: &str) {
    let (double, stores) = fixture();
    for key in ["a", "b", "c"] {
        double.put(key, "value").unwrap();
        double.put_parameter(key, "value").unwrap();
    }
    let [asked, neighbour, stranger] = [
        stores.connect(service, 0).await,
        stores.connect(service, 0).await,
        stores.connect(service, 1).await,
    ];
    double.fault(Fault::throttle().operation(operation).retry_after(5).times(1));
    let began = Instant::now();
    assert!(read(asked, vec!["a".to_owned()]).await[0].is_err());
    let (waiting, free) = (read(neighbour, vec!["b".to_owned()]), read(stranger, vec!["c".to_owned()]));
    tokio::pin!(waiting);
    tokio::select! {
        biased;
        answers = free => assert!(answers[0].is_ok(), "{answers:?}"),
        _ = &mut waiting => panic!("whoever shares the quota must wait longer than whoever does not"),
    }
    assert!(waiting.await[0].is_ok());
    // A lower bound holds on the slowest machine.
    assert!(began.elapsed() >= Duration::from_secs(5));
    assert_eq!(double.count(operation), 3, "nobody asked in vain");
}

#[tokio::test]
async fn a_throttled_answer_slows_its_own_account_for_as_long_as_it_says() {
    throttled("SecretsManager", "GetSecretValue").await;
    throttled("ParameterStore", "GetParameter").await;
}
