//! Stores whose keys have a prefix that nobody writes.

use std::sync::Arc;

use eso_core::{
    error::ErrorKind,
    provider::{Fetch, NameFilter, Query, SecretProvider},
};
use serde_json::json;

use crate::fixture::{Fixture, kind, text, texts};

async fn store(fixture: &Fixture) -> Arc<dyn SecretProvider> {
    fixture.connect(json!({"prefix": "team/"})).await
}

#[tokio::test]
async fn each_key_is_read_below_the_prefix_singly_and_in_batches() {
    let fixture = Fixture::new();
    fixture.put("team/app-0", "ours 0");
    fixture.put("team/app-1", "ours 1");
    fixture.put("app-0", "theirs 0");
    let store = store(&fixture).await;
    let [first, second] = ["app-0", "app-1"].map(Fetch::new);
    assert_eq!(text(store.fetch(&first).await), "ours 0");
    assert_eq!(text(store.fetch(&first.clone().at_version("AWSCURRENT")).await), "ours 0");
    assert_eq!(texts(store.fetch_all(&[second, first]).await), ["ours 1", "ours 0"]);
    assert_eq!(fixture.server.count_key("BatchGetSecretValue", "team/app-0"), 1);
    assert_eq!(fixture.server.count_key("GetSecretValue", "app-0"), 0);
}

#[tokio::test]
async fn who_writes_below_the_prefix_and_who_writes_past_it_are_at_one_place() {
    let fixture = Fixture::new();
    for service in ["SecretsManager", "ParameterStore"] {
        let below = fixture.connect(json!({"prefix": "team/", "service": service})).await;
        let past = fixture.connect(json!({"service": service})).await;
        let place = |store: &Arc<dyn SecretProvider>, key: &str| {
            store.writer().expect("AWS can write").place(&key.into()).expect("it has a place")
        };
        assert_eq!(place(&below, "app"), place(&past, "team/app"));
        assert_ne!(place(&below, "app"), place(&past, "app"));
    }
    let past = fixture.store().await;
    let arn = "arn:aws:secretsmanager:us-east-1:029608264753:secret:team/app-AbCdEf";
    let place = |key: &str| past.writer().expect("AWS can write").place(&key.into());
    assert_eq!(place(arn), place("team/app"));
}

#[tokio::test]
async fn metadata_is_that_of_the_value_below_the_prefix() {
    let fixture = Fixture::new();
    fixture.put("team/app", "ours");
    let store = store(&fixture).await;
    store.fetch(&Fetch::new("app").of_metadata()).await.expect("it is there");
    assert_eq!(fixture.server.count_key("DescribeSecret", "team/app"), 1);
    assert_eq!(kind(store.fetch(&Fetch::new("team/app").of_metadata()).await), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_failure_names_the_key_as_it_was_asked_for() {
    let fixture = Fixture::new();
    let store = store(&fixture).await;
    let (gone, other) = (Fetch::new("gone"), Fetch::new("other"));
    let mut failures = store.fetch_all(&[gone.clone(), other]).await;
    failures.push(store.fetch(&gone).await);
    let keys: Vec<_> = failures
        .into_iter()
        .map(|failed| failed.expect_err("it is not there").key().map(ToString::to_string))
        .collect();
    assert_eq!(keys, ["gone", "other", "gone"].map(|key| Some(key.to_owned())));
}

/// It would be looked for as `team/arn:…`, which is not there, and a deletion policy would believe that.
#[tokio::test]
async fn an_arn_is_refused_for_it_would_lead_past_the_prefix() {
    let fixture = Fixture::new();
    let arn = fixture.put("other/app", "theirs");
    let store = store(&fixture).await;
    let error = store.fetch(&Fetch::new(arn.as_str())).await.expect_err("an ARN is no key here");
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("the store has a prefix"), "{error}");
    assert_eq!(fixture.count("GetSecretValue"), 0);
}

/// The keys that are found, in order, each of which can be read.
async fn found(fixture: &Fixture, query: Query) -> Vec<String> {
    let store = store(fixture).await;
    let found = store.finder().expect("AWS can look for secrets").find(&query).await;
    let mut keys = Vec::new();
    for found in found.expect("the search must succeed") {
        assert!(text(store.fetch(&Fetch::new(found.key.clone())).await).starts_with("ours"));
        keys.push(found.key.to_string());
    }
    keys.sort();
    keys
}

#[tokio::test]
async fn a_search_finds_what_is_below_the_prefix_by_keys_that_can_be_read() {
    let fixture = Fixture::new();
    for name in ["team/app/db", "team/app/web", "team/other", "team/team/db"] {
        fixture.put(name, "ours");
    }
    for name in ["app/db", "teams/app/db", "other"] {
        fixture.put(name, "theirs");
    }
    let below = |path: &str| Query { path: Some(path.to_owned()), ..Query::default() };
    let named = |name: &'static str| Query {
        name: Some(NameFilter::new(name, move |key| key.starts_with(name))),
        ..Query::default()
    };
    assert_eq!(found(&fixture, Query::default()).await, ["app/db", "app/web", "other", "team/db"]);
    assert_eq!(found(&fixture, below("app/")).await, ["app/db", "app/web"]);
    assert_eq!(found(&fixture, below("team/app/")).await, ["app/db", "app/web"], "as the original wants it");
    assert_eq!(found(&fixture, named("app")).await, ["app/db", "app/web"]);
    assert_eq!(found(&fixture, named("team/app")).await, [""; 0]);
}
