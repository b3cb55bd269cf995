//! The quotas of AWS, enforced by our double, and what Vault limits: the operator never meets one by itself, and whoever it meets at all is left
//! alone for as long as it asks.

use std::sync::Arc;

use eso_aws::{Aws, Endpoints};
use eso_core::{
    api::{aws::AwsProvider, vault::VaultProvider},
    error::{ErrorKind, ProviderError},
    provider::{Expected, Fetch, Fetched, Put, Query},
};
use eso_rig::{FastAws, Fault, Reply, Scripted};
use eso_sync::{
    queue::Lane,
    store::{Backends, Store, StoreSettings},
};
use eso_testkit::connection::{CallRecorder, Credentials, connection};
use eso_vault::Vault;
use futures::future::join_all;
use serde_json::json;
use tokio::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

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
        .map(|number| Put::new(format!("app-{number}"), Some("value".into()), Expected::Nothing))
        .collect();
    for written in join_all(puts.iter().map(|put| writer.put(put))).await {
        written.unwrap();
    }
    assert_eq!((double.throttled(), double.count("CreateSecret")), (0, 120));
}

/// How a store is asked so that it makes one call.
#[derive(Clone, Copy)]
enum Asking {
    Single,
    Batch,
    Write,
}

impl Asking {
    /// Asks for the values of these keys, or writes them, and says whether that came to something.
    async fn ask(self, store: Arc<Store>, keys: [&'static str; 2]) -> bool {
        match self {
            Self::Single => read(store, vec![keys[0].to_owned()]).await.iter().all(Result::is_ok),
            Self::Batch => read(store, keys.map(str::to_owned).to_vec()).await.iter().all(Result::is_ok),
            Self::Write => {
                let put = Put::new(format!("/new/{}", keys[0]), Some("value".into()), Expected::Nothing);
                store.put(&put, &CancellationToken::new()).await.is_some_and(|written| written.is_ok())
            }
        }
    }
}

/// What waits for a throttled service, and what does not: the order in which the answers came.
async fn throttled(service: &str, operation: &str, asking: Asking) {
    let (double, stores) = fixture();
    for key in ["a", "b", "c", "d", "e", "f"] {
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
    assert!(!asking.ask(asked, ["a", "b"]).await, "{operation}");
    let (waiting, free) = (asking.ask(neighbour, ["c", "d"]), asking.ask(stranger, ["e", "f"]));
    tokio::pin!(waiting);
    tokio::select! {
        biased;
        is_answered = free => assert!(is_answered, "{operation}"),
        _ = &mut waiting => panic!("{operation}: whoever shares the quota must wait longer than who does not"),
    }
    assert!(waiting.await, "{operation}");
    // A lower bound holds on the slowest machine.
    assert!(began.elapsed() >= Duration::from_secs(5));
    assert_eq!(double.count(operation), 3, "nobody asked in vain");
}

#[tokio::test]
async fn a_throttled_answer_slows_its_own_account_for_as_long_as_it_says() {
    tokio::join!(
        throttled("SecretsManager", "GetSecretValue", Asking::Single),
        throttled("SecretsManager", "BatchGetSecretValue", Asking::Batch),
        throttled("SecretsManager", "CreateSecret", Asking::Write),
        throttled("ParameterStore", "GetParameter", Asking::Single),
        throttled("ParameterStore", "GetParameters", Asking::Batch),
        throttled("ParameterStore", "PutParameter", Asking::Write),
    );
}

/// What Vault counts by is its administrator's choice, often the client: only who was told so waits.
#[tokio::test]
async fn a_throttled_answer_of_vault_slows_the_store_that_got_it_for_as_long_as_it_says_and_no_other() {
    let server = Scripted::start().await.unwrap();
    let token = json!({"data": {"ttl": 0, "renewable": false}});
    server.always("GET", "/v1/auth/token/lookup-self", Reply::json(200, &token));
    let value = json!({"data": {"data": {"a": "b"}, "metadata": {"version": 1}}});
    server.always("GET", "/v1/secret/data/app", Reply::json(200, &value));
    let (vault, backends) = (Vault::new(), Backends::default());
    let mut stores = Vec::new();
    for _ in 0..2 {
        let credentials = Credentials::new();
        credentials.put_secret("vault", "token", "s.token");
        let spec = json!({"server": server.url(), "path": "secret", "version": "v2",
            "auth": {"tokenSecretRef": {"name": "vault", "key": "token"}}});
        let spec: VaultProvider = serde_json::from_value(spec).unwrap();
        let provider = vault.connect(&spec, connection(&credentials, &CallRecorder::new())).await.unwrap();
        stores.push(Store::new(provider, StoreSettings::default(), &backends));
    }
    let [asked, neighbour] = [Arc::clone(&stores[0]), Arc::clone(&stores[1])];
    let refusal = Reply::json(429, &json!({"errors": ["rate limit quota exceeded"]}));
    server.once("GET", "/v1/secret/data/app", refusal.header("retry-after", "5"));
    let began = Instant::now();
    let app = || vec!["app".to_owned()];
    let error = read(Arc::clone(&asked), app()).await[0].clone().unwrap_err();
    assert_eq!((error.kind(), error.retry_after()), (ErrorKind::Throttled, Some(Duration::from_secs(5))));
    let (waiting, free) = (read(asked, app()), read(neighbour, app()));
    tokio::pin!(waiting);
    tokio::select! {
        biased;
        answers = free => assert!(answers[0].is_ok(), "{answers:?}"),
        _ = &mut waiting => panic!("who was throttled must wait longer than who was not"),
    }
    assert!(waiting.await[0].is_ok());
    // A lower bound holds on the slowest machine.
    assert!(began.elapsed() >= Duration::from_secs(5));
    assert_eq!(server.count("GET", "/v1/secret/data/app"), 3, "nobody asked in vain");
}
