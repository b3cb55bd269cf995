//! An AWS double with counters of a test's own, and the stores that read it.

use eso_rig::{FastAws, FastAwsOptions};
use eso_testkit::objects::store;
use serde_json::{Value, json};

use super::{Kind, World};

/// Starts a double.
pub(crate) fn aws() -> FastAws {
    FastAws::start(FastAwsOptions::default()).unwrap()
}

/// How many values were read from a double, one by one or in batches.
pub(crate) fn values_read(aws: &FastAws) -> usize {
    let calls = aws.calls();
    let reads = calls.iter().filter(|call| call.operation.ends_with("GetSecretValue"));
    reads.map(|call| call.keys.len()).sum()
}

/// `provider.aws` of a store that reads Secrets Manager with the keys in the Secret `secret`.
pub(crate) fn aws_spec(secret: &str) -> Value {
    json!({
        "service": "SecretsManager",
        "region": "us-east-1",
        "auth": { "secretRef": {
            "accessKeyIDSecretRef": { "name": secret, "key": "access-key" },
            "secretAccessKeySecretRef": { "name": secret, "key": "secret-access-key" },
        } },
    })
}

impl World {
    /// Makes the SecretStore `main`, which reads Secrets Manager with keys of its own, and waits until it is valid.
    pub(crate) async fn aws_store(&self) {
        let (id, key) = (self.canary("id"), self.canary("key"));
        self.create_secret("aws-keys", &[("access-key", &id), ("secret-access-key", &key)]).await;
        self.create(store("main").provider("aws", &aws_spec("aws-keys"))).await;
        self.store_says(Kind::SecretStore, "main", "Valid", "store validated").await;
    }
}
