//! Which provider a store gets.

use std::sync::Arc;

use eso_aws::Endpoints;
use eso_core::provider::Fetch;
use eso_kube::stores::{Connect as _, ConnectError};
use eso_testkit::{
    connection::{CallRecorder, Credentials, connection},
    objects::store,
};
use serde_json::{Value, json};

use super::Providers;

/// What a store's provider comes to: the name of the provider, or the error.
async fn outcome(provider: Value) -> String {
    let store = store("main").with("/spec/provider", provider).build();
    let connection = connection(&Credentials::new(), &CallRecorder::new());
    match Providers::new(Endpoints::default()).connect(&store.spec.provider, connection).await {
        Ok(provider) => provider.to_string(),
        Err(ConnectError::Unknown(name)) => format!("unknown: {name}"),
        Err(ConnectError::Provider(error)) => error.to_string(),
    }
}

#[tokio::test]
async fn a_store_is_connected_by_its_one_provider() {
    let aws = json!({ "aws": { "service": "SecretsManager", "region": "us-east-1" } });
    let fake = json!({ "fake": { "data": [] } });
    assert_eq!(outcome(aws).await, "AWS/SecretsManager");
    assert_eq!(outcome(fake).await, "Fake");
}

#[tokio::test]
async fn a_provider_that_is_not_known_is_named() {
    assert_eq!(outcome(json!({ "gcpsm": { "projectID": "p" } })).await, "unknown: gcpsm");
}

#[tokio::test]
async fn no_provider_and_two_providers_are_refused() {
    let refused = "storeConfig: exactly one provider must be specified, in spec.provider";
    let fake = json!({ "data": [] });
    assert_eq!(outcome(json!({})).await, refused);
    assert_eq!(outcome(json!({ "fake": fake, "gcpsm": {} })).await, refused);
    assert_eq!(outcome(json!({ "gcpsm": {}, "akeyless": {} })).await, refused);
    assert_eq!(outcome(json!({ "fake": fake, "vault": { "server": "http://127.0.0.1:1" } })).await, refused);
}

#[test]
fn a_store_of_aws_that_tells_the_namespace_is_of_each_namespace() {
    let is_of_namespace = |provider: Value| {
        let store = store("main").with("/spec/provider", provider).build();
        Providers::new(Endpoints::default()).is_of_namespace(&store.spec.provider)
    };
    let aws = |policy: &str| {
        let role = "arn:aws:iam::111122223333:role/reader";
        json!({ "aws": {
            "service": "SecretsManager", "region": "us-east-1", "role": role, "sessionTagsPolicy": policy,
        } })
    };
    assert!(is_of_namespace(aws("Simple")) && is_of_namespace(aws("Custom")));
    assert!(!is_of_namespace(aws("None")));
    assert!(!is_of_namespace(json!({ "fake": { "data": [] } })));
    assert!(!is_of_namespace(json!({ "vault": { "server": "http://127.0.0.1:1" } })));
}

#[tokio::test]
async fn a_connected_store_reads_its_values() {
    let store = store("main").value("db", "plain").build();
    let connection = connection(&Credentials::new(), &CallRecorder::new());
    let providers = Arc::new(Providers::new(Endpoints::default()));
    let provider = providers.connect(&store.spec.provider, connection).await.unwrap();
    assert!(provider.fetch(&Fetch::new("db")).await.is_ok());
}
