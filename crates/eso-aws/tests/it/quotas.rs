//! The quotas of all calls that writes and searches make, enforced by our double: no store meets one by itself.

use eso_core::{
    error::ProviderError,
    key::RemoteKey,
    provider::{Delete, DocumentTexts, Expected, Inspect, Put, Query, SecretProvider},
};
use futures::future::join_all;
use serde_json::{Value as Json, json};

use crate::fixture::{Fixture, document, policy_documents, policy_of_map};

/// More than a second of the quotas of Secrets Manager's writes, and of those of the Parameter Store: a double grants a
/// second's worth at once.
const SECRETS: usize = 120;
const PARAMETERS: usize = 24;

/// What AWS grants to an account in a region for what is not a read of a value.
fn enforce(fixture: &Fixture) {
    for (per_second, calls) in [
        (100, &["ListSecrets"][..]),
        (50, &["PutSecretValue", "ReplicateSecretToRegions", "RemoveRegionsFromReplication"]),
        (50, &["TagResource", "UntagResource"]),
        (50, &["DeleteResourcePolicy", "GetResourcePolicy", "PutResourcePolicy"]),
        (50, &["CreateSecret"]),
        (50, &["DeleteSecret"]),
        (50, &["RestoreSecret"]),
        (40, &["GetParameter", "GetParameters", "GetParametersByPath"]),
        (3, &["PutParameter"]),
        (10, &["DescribeParameters"]),
        (10, &["ListTagsForResource"]),
        (10, &["AddTagsToResource", "RemoveTagsFromResource"]),
        (10, &["DeleteParameter"]),
    ] {
        fixture.server.set_shared_quota(calls, per_second);
    }
}

fn keys(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|number| format!("/app/{number}"))
}

/// Puts this text under each key at once, with this beside it.
async fn put_all(store: &dyn SecretProvider, count: usize, text: &str, spec: Json) {
    put_all_with(store, count, text, (spec, DocumentTexts::new())).await;
}

/// As [`put_all`], with what stands where that points to.
async fn put_all_with(
    store: &dyn SecretProvider,
    count: usize,
    text: &str,
    (spec, documents): (Json, DocumentTexts),
) {
    let writer = store.writer().expect("AWS can write");
    let puts = keys(count).map(async |key| {
        let key = RemoteKey::from(key);
        let held = writer.inspect(&Inspect::new(key.clone())).await?;
        let expected = held.map_or(Expected::Nothing, |held| Expected::Ours(held.version));
        let (metadata, documents) = (document(spec.clone()), documents.clone());
        let put = Put { metadata, documents, ..Put::new(key, Some(text.into()), expected) };
        writer.put(&put).await.map(drop)
    });
    all_succeed(join_all(puts).await);
}

async fn delete_all(store: &dyn SecretProvider, count: usize) {
    let writer = store.writer().expect("AWS can write");
    let deletions =
        keys(count).map(async |key| writer.delete(&Delete { key: key.into(), version: None }).await);
    all_succeed(join_all(deletions).await);
}

#[track_caller]
fn all_succeed(outcomes: Vec<Result<(), ProviderError>>) {
    let failures: Vec<_> = outcomes.into_iter().filter_map(Result::err).collect();
    assert!(failures.is_empty(), "{} fail, such as {:?}", failures.len(), failures[0]);
}

#[track_caller]
fn none_was_throttled(fixture: &Fixture, calls: &[(&str, usize)]) {
    for (call, count) in calls {
        assert_eq!(fixture.server.count(call), *count as u64, "{call}");
    }
    assert_eq!(fixture.server.throttled(), 0);
}

/// Each call that was made is a right that the guide names, but for those of searches.
#[track_caller]
fn the_guide_names_all(fixture: &Fixture, service: &str) {
    let guide = include_str!("../../../../docs/guides/push-values.md");
    for call in fixture.server.counts().into_keys() {
        let is_search = matches!(call.as_str(), "ListSecrets" | "DescribeParameters");
        let right = format!("`{service}:{call}`");
        assert!(is_search || guide.contains(&right), "{right} must be in docs/guides/push-values.md");
    }
}

#[tokio::test]
async fn all_that_writes_of_secrets_call_keeps_to_its_quotas() {
    let fixture = Fixture::new();
    enforce(&fixture);
    let store = fixture.store().await;
    put_all(&*store, SECRETS, "first", json!({"tags": {"old": "1"}})).await;
    let more = json!({"tags": {"new": "2"}, "replicationLocations": ["eu-west-1"]});
    put_all(&*store, SECRETS, "second", more).await;
    let searches = join_all((0..2 * SECRETS).map(async |_| {
        let found = store.finder().expect("AWS can search").find(&Query::default()).await;
        found.map(drop)
    }));
    all_succeed(searches.await);
    put_all_with(&*store, SECRETS, "third", (policy_of_map(), policy_documents("{}"))).await;
    put_all_with(&*store, SECRETS, "fourth", (policy_of_map(), policy_documents(""))).await;
    delete_all(&*store, SECRETS).await;
    put_all(&*store, SECRETS, "fifth", json!({})).await;
    none_was_throttled(
        &fixture,
        &[
            ("CreateSecret", SECRETS),
            ("PutSecretValue", 4 * SECRETS),
            ("TagResource", SECRETS),
            ("UntagResource", SECRETS),
            ("ReplicateSecretToRegions", SECRETS),
            ("RemoveRegionsFromReplication", SECRETS),
            ("GetResourcePolicy", 2 * SECRETS),
            ("PutResourcePolicy", SECRETS),
            ("DeleteResourcePolicy", SECRETS),
            ("DeleteSecret", SECRETS),
            ("RestoreSecret", SECRETS),
        ],
    );
    the_guide_names_all(&fixture, "secretsmanager");
}

#[tokio::test]
async fn all_that_writes_and_searches_of_parameters_call_keeps_to_its_quotas() {
    let fixture = Fixture::new();
    enforce(&fixture);
    let store = fixture.parameter_store().await;
    put_all(&*store, PARAMETERS, "first", json!({"tags": {"old": "1"}})).await;
    put_all(&*store, PARAMETERS, "second", json!({"tags": {"new": "2"}})).await;
    let tags = [("new".to_owned(), "2".to_owned())].into();
    let query = Query { tags, ..Query::default() };
    let searches = join_all((0..PARAMETERS).map(async |_| {
        let found = store.finder().expect("AWS can search").find(&query).await;
        found.map(|found| assert_eq!(found.len(), PARAMETERS))
    }));
    all_succeed(searches.await);
    delete_all(&*store, PARAMETERS).await;
    none_was_throttled(
        &fixture,
        &[
            ("PutParameter", 2 * PARAMETERS),
            ("AddTagsToResource", PARAMETERS),
            ("RemoveTagsFromResource", PARAMETERS),
            ("DescribeParameters", PARAMETERS),
            ("DeleteParameter", PARAMETERS),
        ],
    );
    the_guide_names_all(&fixture, "ssm");
}

/// Nobody is kept waiting for a turn that comes too late, nor keeps others from theirs.
#[tokio::test]
async fn of_many_parameters_put_at_once_as_many_are_written_as_can_be_and_the_rest_is_told_to_come_again() {
    let fixture = Fixture::new();
    fixture.server.set_quota("PutParameter", 3);
    let store = fixture.parameter_store().await;
    let writer = store.writer().expect("AWS can write");
    let puts: Vec<Put> =
        keys(120).map(|key| Put::new(key, Some("value".into()), Expected::Nothing)).collect();
    let outcomes = join_all(puts.iter().map(|put| writer.put(put))).await;
    let (written, told): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert!(written.len() >= 31, "{}", written.len());
    for error in told.iter().map(|told| told.as_ref().unwrap_err()) {
        let seconds = error.retry_after().expect("it must be said for how long").as_secs();
        assert!(error.kind() == eso_core::error::ErrorKind::Throttled && seconds >= 10, "{error:?}");
    }
    assert_eq!((fixture.server.throttled(), fixture.count("PutParameter")), (0, written.len()));
    // Those who were told so took no turn: there is one for whoever comes next.
    let next = Put { key: "/app/next".into(), ..puts[0].clone() };
    assert!(writer.put(&next).await.is_ok());
}
