//! A double of AWS and stores on it, in few words.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use eso_aws::{Aws, Endpoints};
use eso_core::{
    error::{ErrorKind, ProviderError},
    key::{DocumentName, SourceKind, SourceName},
    provider::{DocumentTexts, Fetch, Fetched, SecretProvider, Value},
};
use eso_rig::{FastAws, FastAwsOptions, Fault};
use eso_testkit::connection::{self, CallRecorder, Credentials};
use serde_json::{Value as Json, json};

/// An access key id with the account 029608264753 in it.
pub(crate) const KEY_ID: &str = "AKIAQNZGKIQY56JQ7WML";

/// What must never be seen of the keys.
pub(crate) const SECRET_KEY: &str = "canary-secret-key-51c9";

/// A role of another account than the keys'.
pub(crate) const ROLE: &str = "arn:aws:iam::111122223333:role/reader";

/// The role in the annotation of the service account `reader`.
pub(crate) const ACCOUNTS_ROLE: &str = "arn:aws:iam::444455556666:role/of-reader";

/// The subject of tokens of the service account `reader`.
pub(crate) const SUBJECT: &str = "system:serviceaccount:team:reader";

/// Longer than a login that failed is not tried again, on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A double, and what a store on it is connected with.
pub(crate) struct Fixture {
    pub(crate) server: FastAws,
    pub(crate) aws: Aws,
    pub(crate) credentials: Arc<Credentials>,
    pub(crate) calls: Arc<CallRecorder>,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let server = FastAws::start(FastAwsOptions::default()).expect("the double must start");
        let aws = aws(&server.url());
        Self { server, aws, credentials: credentials(), calls: CallRecorder::new() }
    }

    /// A store with static keys, and these fields besides.
    pub(crate) async fn connect(&self, fields: Json) -> Arc<dyn SecretProvider> {
        connect(&self.aws, &self.credentials, &self.calls, fields).await
    }

    /// A store with static keys.
    pub(crate) async fn store(&self) -> Arc<dyn SecretProvider> {
        self.connect(json!({})).await
    }

    /// A store of parameters with static keys.
    pub(crate) async fn parameter_store(&self) -> Arc<dyn SecretProvider> {
        self.connect(json!({"service": "ParameterStore"})).await
    }

    /// A store that assumes [`ROLE`] with static keys.
    pub(crate) async fn role_store(&self) -> Arc<dyn SecretProvider> {
        self.connect(json!({"role": ROLE})).await
    }

    /// A store that logs in as the service account `reader`, with these fields besides.
    pub(crate) async fn account_store(&self, fields: Json) -> Arc<dyn SecretProvider> {
        self.connect(with_account(fields)).await
    }

    /// The service account `reader` may take [`ACCOUNTS_ROLE`], and has a token for that.
    pub(crate) fn trust_account(&self) {
        self.credentials.annotate("reader", &[("eks.amazonaws.com/role-arn", ACCOUNTS_ROLE)]);
        self.credentials.put_token("reader", token(SUBJECT, "sts.amazonaws.com").as_str());
        self.server.want_web_identity(ACCOUNTS_ROLE, SUBJECT, "sts.amazonaws.com");
    }

    /// Puts a text, and says its ARN.
    pub(crate) fn put(&self, name: &str, value: &str) -> String {
        self.server.put(name, value).expect("the double must take a value")
    }

    /// Puts `app-0` and so on, with the values `value 0` and so on.
    pub(crate) fn put_apps(&self, count: usize) {
        for number in 0..count {
            self.put(&format!("app-{number}"), &format!("value {number}"));
        }
    }

    /// How often an operation was asked for, by the double's own count, which must be the one told to the observer.
    #[track_caller]
    pub(crate) fn count(&self, operation: &str) -> usize {
        let seen = self.server.count(operation) as usize;
        // The original counts it under this name.
        let metric = if operation == "DescribeParameters" { "DescribeParameter" } else { operation };
        assert_eq!(self.calls.count(metric), seen, "{operation}, as the observer was told");
        seen
    }

    /// How many calls were made that change something.
    pub(crate) fn writes(&self) -> u64 {
        let is_write = |operation: &str| {
            !["Get", "Batch", "Describe", "List"].iter().any(|start| operation.starts_with(start))
        };
        self.server
            .counts()
            .into_iter()
            .filter(|(operation, _)| is_write(operation))
            .map(|(_, count)| count)
            .sum()
    }

    /// Puts the parameters `app-0` and so on, with the values `value 0` and so on.
    pub(crate) fn put_parameters(&self, count: usize) {
        for number in 0..count {
            let put = self.server.put_parameter(&format!("app-{number}"), &format!("value {number}"));
            put.expect("the double must take a value");
        }
    }

    /// Who signed the calls of an operation, in order.
    pub(crate) fn signers(&self, operation: &str) -> Vec<String> {
        let calls = self.server.calls().into_iter().filter(|call| call.operation == operation);
        calls.map(|call| call.access_key_id).collect()
    }

    /// Refuses an operation with this code and status, and a body that must not be shown.
    pub(crate) fn refuse(&self, operation: &str, status: u16, code: &str) {
        let message = "Credential=canary-body-77aa is not allowed";
        self.server.fault(Fault::error(status, code, message).operation(operation));
    }
}

/// These fields, and a login as the service account `reader`.
pub(crate) fn with_account(mut fields: Json) -> Json {
    fields["auth"] = json!({"jwt": {"serviceAccountRef": {"name": "reader"}}});
    fields
}

/// A token of a service account.
pub(crate) fn token(subject: &str, audience: &str) -> String {
    let claims = json!({"sub": subject, "aud": [audience], "exp": 4_070_908_800_u64});
    format!("canary-head.{}.canary-signature", BASE64_URL_SAFE_NO_PAD.encode(claims.to_string()))
}

/// Reads a key until it can be read: after a login that failed, none is tried for a moment.
pub(crate) async fn once_it_reads(store: &dyn SecretProvider, key: &str) -> String {
    let begin = Instant::now();
    loop {
        match store.fetch(&Fetch::new(key)).await {
            Err(_) if begin.elapsed() < PATIENCE => tokio::time::sleep(Duration::from_millis(20)).await,
            result => return text(result),
        }
    }
}

/// Stores on the servers at this address.
pub(crate) fn aws(url: &str) -> Aws {
    let url = || Some(url.to_owned());
    Aws::new(Endpoints::from_environment_values(url(), url(), url()))
}

/// The Secret that static keys are in.
pub(crate) fn credentials() -> Arc<Credentials> {
    let credentials = Credentials::new();
    credentials.put_secret("keys", "id", KEY_ID);
    credentials.put_secret("keys", "secret", SECRET_KEY);
    credentials
}

/// A spec with static keys, and these fields besides or instead.
pub(crate) fn spec(fields: Json) -> eso_core::api::aws::AwsProvider {
    let selector = |key: &str| json!({"name": "keys", "key": key});
    let keys =
        json!({"accessKeyIDSecretRef": selector("id"), "secretAccessKeySecretRef": selector("secret")});
    let mut spec = json!({"service": "SecretsManager", "region": "us-east-1", "auth": {"secretRef": keys}});
    let object = spec.as_object_mut().expect("it is an object");
    object.extend(fields.as_object().expect("fields are an object").clone());
    serde_json::from_value(spec).expect("a spec of the right types must parse")
}

pub(crate) async fn connect(
    aws: &Aws,
    credentials: &Arc<Credentials>,
    calls: &Arc<CallRecorder>,
    fields: Json,
) -> Arc<dyn SecretProvider> {
    let connection = connection::connection(credentials, calls);
    aws.connect(&spec(fields), connection).await.expect("the store must connect")
}

/// Requests for `app-0` and so on.
pub(crate) fn apps(count: usize) -> Vec<Fetch> {
    (0..count).map(|number| Fetch::new(format!("app-{number}"))).collect()
}

/// What a user wants beside a pushed value.
pub(crate) fn document(spec: Json) -> Option<Json> {
    let api_version = "kubernetes.external-secrets.io/v1alpha1";
    Some(json!({"apiVersion": api_version, "kind": "PushSecretMetadata", "spec": spec}))
}

/// A wish for the policy that stands in the ConfigMap `policy`.
pub(crate) fn policy_of_map() -> Json {
    let source = json!({"kind": "ConfigMap", "name": "policy", "key": "policy.json"});
    json!({"resourcePolicy": {"policySourceRef": source, "blockPublicPolicy": true}})
}

/// What stands there.
pub(crate) fn policy_documents(text: &str) -> DocumentTexts {
    let source = SourceName { kind: SourceKind::ConfigMap, name: "policy".to_owned() };
    [(DocumentName { source, key: "policy.json".to_owned() }, text.into())].into()
}

/// The text of a value.
#[track_caller]
pub(crate) fn text(result: Result<Fetched, ProviderError>) -> String {
    let Value::Bytes(bytes) = result.expect("there must be a value").value else {
        panic!("AWS keeps bytes");
    };
    bytes.expose_str().expect("it must be text").to_owned()
}

/// The texts of values.
#[track_caller]
pub(crate) fn texts(results: Vec<Result<Fetched, ProviderError>>) -> Vec<String> {
    results.into_iter().map(text).collect()
}

/// The kind of a failure, whose text must hold nothing that the double sent, nor a key.
#[track_caller]
pub(crate) fn kind<T: std::fmt::Debug>(result: Result<T, ProviderError>) -> ErrorKind {
    let error = result.expect_err("it must fail");
    for canary in ["canary-body-77aa", "Credential=", SECRET_KEY, "canary-head", "canary-signature"] {
        eso_testkit::canary::assert_absent("an error", &format!("{error} {error:?}"), canary);
    }
    error.kind()
}
