//! What the fake provider gives, and that it keeps what a provider promises.

use std::sync::Arc;

use async_trait::async_trait;
use eso_core::{
    api::fake::{FakeData, FakeProvider},
    error::ErrorKind,
    key::RemoteKey,
    provider::{CallObserver, Fetch, Lookup, MissingProperty, NameFilter, Query, SecretProvider, Value},
};
use eso_testkit::conformance::{self, Subject};
use parking_lot::Mutex;

use super::connect;

fn entry(key: &str, value: &str, version: Option<&str>) -> FakeData {
    FakeData { key: key.to_owned(), value: value.to_owned(), version: version.map(str::to_owned) }
}

fn provider(data: &[FakeData], validation_result: Option<u8>) -> Arc<dyn SecretProvider> {
    connect(&FakeProvider { data: data.to_vec(), validation_result })
}

#[track_caller]
fn check(data: &[FakeData], request: &Fetch, expected: Result<&str, ErrorKind>) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let answer = runtime.block_on(provider(data, None).fetch(request));
    let value = answer.map(|fetched| fetched.value).map_err(|error| error.kind());
    assert_eq!(value, expected.map(|text| Value::Bytes(text.into())), "{request:?}");
}

#[test]
fn a_value_is_given_by_its_key_and_version() {
    let data =
        [entry("db", "plain", None), entry("db", "first", Some("v1")), entry("other", "x", Some("v1"))];
    check(&data, &Fetch::new("db"), Ok("plain"));
    check(&data, &Fetch::new("db").at_version("v1"), Ok("first"));
    check(&data, &Fetch::new("db").at_version("v2"), Err(ErrorKind::NotFound));
    check(&data, &Fetch::new("other"), Err(ErrorKind::NotFound));
    check(&data, &Fetch::new("nothing"), Err(ErrorKind::NotFound));
}

#[test]
fn an_empty_version_is_none() {
    check(&[entry("db", "plain", Some(""))], &Fetch::new("db"), Ok("plain"));
}

#[test]
fn key_and_version_do_not_run_into_each_other() {
    check(&[entry("db1", "plain", None)], &Fetch::new("db").at_version("1"), Err(ErrorKind::NotFound));
}

#[test]
fn the_later_of_two_equal_entries_is_given() {
    check(&[entry("db", "first", None), entry("db", "second", None)], &Fetch::new("db"), Ok("second"));
}

#[test]
fn an_empty_value_is_a_value() {
    check(&[entry("db", "", None)], &Fetch::new("db"), Ok(""));
}

#[test]
fn metadata_is_refused_and_not_absent() {
    check(&[entry("db", "x", None)], &Fetch::new("db").of_metadata(), Err(ErrorKind::Invalid));
}

#[tokio::test]
async fn the_store_says_what_a_validation_finds() {
    for (result, ready, notice) in [
        (None, true, None),
        (Some(0), true, None),
        (Some(1), true, Some("could not determine validation status")),
        (Some(2), false, None),
        (Some(9), false, None),
    ] {
        let provider = provider(&[], result);
        assert_eq!(provider.check().await.is_ok(), ready, "{result:?}");
        assert_eq!(provider.notice().map(|notice| notice.0).as_deref(), notice, "{result:?}");
    }
}

#[test]
fn its_dialect_is_paths_and_a_missing_property_is_a_missing_value() {
    let dialect = provider(&[], None).dialect();
    assert_eq!((dialect.lookup, dialect.missing_property), (Lookup::Path, MissingProperty::NoSecret));
}

/// Values are part of the store's spec, so a changed value is a new provider.
#[derive(Default)]
struct Spec(Mutex<Vec<FakeData>>);

#[async_trait]
impl Subject for Spec {
    async fn connect(&self, _calls: Arc<dyn CallObserver>) -> Arc<dyn SecretProvider> {
        provider(&self.0.lock(), None)
    }

    async fn put(&self, key: &RemoteKey, value: &Value) {
        let (Value::Bytes(bytes) | Value::Document(bytes)) = value;
        self.0.lock().push(entry(key.as_str(), bytes.expose_str().unwrap(), None));
    }

    async fn delete(&self, key: &RemoteKey) {
        self.0.lock().retain(|entry| entry.key != key.as_str());
    }

    fn value(&self, text: &str) -> Value {
        Value::Bytes(text.into())
    }

    fn is_live(&self) -> bool {
        false
    }

    fn finds(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn it_keeps_what_a_provider_promises() {
    conformance::run(&Spec::default()).await;
}

async fn find(data: &[FakeData], query: Query) -> Result<Vec<String>, ErrorKind> {
    let provider = provider(data, None);
    let found = provider.finder().expect("it can look for values").find(&query).await;
    let found = found.map_err(|error| error.kind())?;
    assert!(found.iter().all(|found| found.value.is_some()), "the values are at hand");
    let mut names: Vec<String> = found.into_iter().map(|found| found.key.to_string()).collect();
    names.sort();
    Ok(names)
}

#[tokio::test]
async fn values_are_found_by_name_and_path() {
    let data = [entry("app/db", "x", None), entry("app/web", "x", None), entry("db", "x", None)];
    let named = |part: &'static str| Query {
        name: Some(NameFilter::new(part, move |name| name.contains(part))),
        ..Query::default()
    };
    assert_eq!(find(&data, named("db")).await, Ok(vec!["app/db".to_owned(), "db".to_owned()]));
    let below = Query { path: Some("app/".to_owned()), ..named("db") };
    assert_eq!(find(&data, below).await, Ok(vec!["app/db".to_owned()]));
    assert_eq!(find(&data, named("none")).await, Ok(Vec::new()));
}

#[tokio::test]
async fn only_the_newest_of_a_key_is_found_and_tags_are_refused() {
    let data = [entry("db", "x", None), entry("db", "x", Some("v1")), entry("old", "x", Some("v1"))];
    assert_eq!(find(&data, Query::default()).await, Ok(vec!["db".to_owned()]));
    let tagged = Query { tags: [("a".to_owned(), "b".to_owned())].into(), ..Query::default() };
    assert_eq!(find(&data, tagged).await, Err(ErrorKind::Invalid));
}
