//! Which provider a store gets.

use std::sync::Arc;

use eso_aws::Endpoints;
use eso_core::{
    api::{
        fake::{FakeData, FakeProvider},
        secret_store::Provider,
    },
    error::{ErrorKind, ProviderError},
    provider::{Connection, Fetch, SecretProvider},
};
use eso_kube::stores::{Connect as _, ConnectError};
use eso_testkit::{
    connection::{CallRecorder, Credentials, connection},
    objects::store,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Providers;

/// What a store's provider comes to: the name of the provider, or the error.
async fn outcome(provider: Value) -> String {
    outcome_with(Providers::new(Endpoints::default()), provider).await
}

async fn outcome_with(providers: Providers, provider: Value) -> String {
    let store = store("main").with("/spec/provider", provider).build();
    let connection = connection(&Credentials::new(), &CallRecorder::new());
    match providers.connect(&store.spec.provider, connection).await {
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

/// What the stores of an added provider say.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Own {
    value: String,
}

/// A provider of one value, under the key `own`, unless that is `refused`.
async fn own(spec: Own, _connection: Connection) -> Result<Arc<dyn SecretProvider>, ProviderError> {
    if spec.value == "refused" {
        return Err(ProviderError::new(ErrorKind::Unauthenticated, "Login"));
    }
    let data = FakeData { key: "own".to_owned(), value: spec.value, version: None };
    Ok(eso_fake::connect(&FakeProvider { data: vec![data], validation_result: None }))
}

fn with_own() -> Providers {
    Providers::new(Endpoints::default()).with("own", own)
}

#[tokio::test]
async fn an_added_provider_is_connected_with_what_its_store_says() {
    let store = store("main").with("/spec/provider", json!({ "own": { "value": "x" } })).build();
    let connection = connection(&Credentials::new(), &CallRecorder::new());
    let provider = with_own().connect(&store.spec.provider, connection).await.unwrap();
    assert!(provider.fetch(&Fetch::new("own")).await.is_ok());
    assert!(provider.fetch(&Fetch::new("other")).await.is_err());
}

#[tokio::test]
async fn an_added_provider_may_refuse_and_leaves_the_others_as_they_are() {
    for (provider, expected) in [
        (json!({ "own": { "value": "refused" } }), "Login: not authenticated"),
        (json!({ "gcpsm": {} }), "unknown: gcpsm"),
        (json!({ "fake": { "data": [] } }), "Fake"),
        (
            json!({ "fake": { "data": [] }, "own": { "value": "x" } }),
            "storeConfig: exactly one provider must be specified, in spec.provider",
        ),
    ] {
        assert_eq!(outcome_with(with_own(), provider).await, expected);
    }
}

#[tokio::test]
async fn what_a_store_says_wrongly_is_named_and_not_quoted() {
    for (spec, path) in [
        (json!({}), "spec.provider.own"),
        (json!("a-canary"), "spec.provider.own"),
        (json!({ "value": ["a-canary"] }), "spec.provider.own.value"),
        (json!({ "value": "a-canary", "valeu": "a-canary" }), "spec.provider.own.valeu"),
    ] {
        let said = outcome_with(with_own(), json!({ "own": spec })).await;
        let expected = format!(
            "storeConfig: {path} cannot be read: a field is missing, of the wrong type, or not known"
        );
        assert_eq!(said, expected);
    }
}

#[test]
#[should_panic(expected = "there must be one provider of the name \"vault\"")]
fn a_provider_that_is_built_in_is_not_replaced() {
    drop(Providers::new(Endpoints::default()).with("vault", own));
}

#[test]
#[should_panic(expected = "there must be one provider of the name \"own\"")]
fn two_providers_have_two_names() {
    drop(with_own().with("own", own));
}

#[test]
fn the_names_that_are_taken_are_those_of_the_definition() {
    let all = json!({
        "aws": { "service": "SecretsManager", "region": "us-east-1" },
        "vault": { "server": "https://vault.example" },
        "fake": { "data": [] },
    });
    for name in super::BUILT_IN {
        let provider: Provider = serde_json::from_value(json!({ name: all[name] })).unwrap();
        assert!(provider.others.is_empty(), "{name} is not a field of its own");
    }
    assert_eq!(all.as_object().unwrap().len(), super::BUILT_IN.len());
}
