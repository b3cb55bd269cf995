//! What is put into the cluster and into the store: one ExternalSecret a remote key, values of 256 bytes.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

/// The Secret that holds the store's credentials.
pub(super) const CREDENTIALS: &str = "aws-credentials";

/// How long a value is in the store, in bytes.
const VALUE_LENGTH: usize = 256;

/// The name of an object and of its Secret.
pub(super) fn name(number: usize) -> String {
    format!("app-{number:05}")
}

/// The remote key of an object.
pub(super) fn key(number: usize) -> String {
    format!("bench/{}", name(number))
}

/// A revision of the value of an object, as it stands in the store.
pub(super) fn value(number: usize, revision: usize) -> String {
    let value = json!({ "username": name(number), "password": "" }).to_string();
    value.replace("\"\"", &format!("\"{}\"", password(number, revision)))
}

/// The password in a revision of the value, as it stands in the Secret.
pub(super) fn encoded_password(number: usize, revision: usize) -> String {
    BASE64_STANDARD.encode(password(number, revision))
}

/// As long as makes a value of [`VALUE_LENGTH`].
fn password(number: usize, revision: usize) -> String {
    let rest = json!({ "username": name(number), "password": "" }).to_string().len();
    format!("{:0>width$}", revision, width = VALUE_LENGTH - rest)
}

pub(super) fn external_secret(number: usize, interval: &str) -> Value {
    let entry = |property: &str| json!({ "secretKey": property, "remoteRef": { "key": key(number), "property": property } });
    json!({
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": { "name": name(number) },
        "spec": {
            "refreshInterval": interval,
            "secretStoreRef": { "name": "aws", "kind": "SecretStore" },
            "data": [entry("username"), entry("password")],
        },
    })
}

pub(super) fn store() -> Value {
    let credential = |key: &str| json!({ "name": CREDENTIALS, "key": key });
    json!({
        "apiVersion": "external-secrets.io/v1",
        "kind": "SecretStore",
        "metadata": { "name": "aws" },
        "spec": { "provider": { "aws": {
            "service": "SecretsManager",
            "region": "us-east-1",
            "auth": { "secretRef": {
                "accessKeyIDSecretRef": credential("access-key"),
                "secretAccessKeySecretRef": credential("secret-access-key"),
            } },
        } } },
    })
}

pub(super) fn credentials() -> Value {
    json!({
        "metadata": { "name": CREDENTIALS },
        "stringData": { "access-key": "AKIABENCH", "secret-access-key": "bench" },
    })
}

/// A Secret like the operator's, for the floor.
pub(super) fn secret(name: &str) -> Value {
    json!({
        "metadata": {
            "name": name,
            "labels": {
                "reconcile.external-secrets.io/created-by": "d41d8cd98f00b204e9800998ecf8427e",
                "reconcile.external-secrets.io/managed": "true",
            },
            "annotations": {
                "reconcile.external-secrets.io/data-hash":
                    "6b4e03423667dbb73b6e15454f0eb1abd4597f9a1b078e3f5b5a6bc7",
            },
            "ownerReferences": [{
                "apiVersion": "external-secrets.io/v1",
                "kind": "ExternalSecret",
                "name": name,
                "uid": "f0f2cb1d-7d5f-4a34-9f36-6a0c1c6a1f5e",
                "blockOwnerDeletion": true,
                "controller": true,
            }],
        },
        "type": "Opaque",
        "data": { "username": BASE64_STANDARD.encode(name), "password": encoded_password(0, 0) },
    })
}

/// A status like the operator's, for the floor.
pub(super) fn status(name: &str, revision: usize) -> Value {
    json!({ "status": {
        "binding": { "name": name },
        "conditions": [{
            "type": "Ready",
            "status": "True",
            "reason": "SecretSynced",
            "message": "secret synced",
            "lastTransitionTime": "2026-01-01T00:00:00Z",
        }],
        "refreshTime": "2026-01-01T00:00:00Z",
        "syncedResourceVersion": format!("{revision}-d41d8cd98f00b204e9800998ecf8427e"),
    } })
}

/// A Secret of 50 kB that has nothing to do with us.
pub(super) fn unrelated(number: usize) -> Value {
    json!({
        "metadata": { "name": format!("unrelated-{number:05}") },
        "data": { "release": BASE64_STANDARD.encode("x".repeat(50_000)) },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_as_long_as_it_is_said_and_holds_its_password() {
        for (number, revision) in [(0, 0), (9_999, 3), (49_999, 17)] {
            let value = value(number, revision);
            assert_eq!(value.len(), VALUE_LENGTH);
            let value: Value = serde_json::from_str(&value).unwrap();
            let password = value["password"].as_str().unwrap();
            assert_eq!(BASE64_STANDARD.encode(password), encoded_password(number, revision));
        }
    }
}
