//! The in-memory provider answers, fails, waits and remembers.

use std::sync::Arc;

use eso_core::{
    error::ErrorKind,
    provider::{Fetch, Fetched, NameFilter, Query, SecretFinder as _, SecretProvider as _, Value},
};
use serde_json::json;

use super::{Call, MemoryProvider};

fn text(value: &str) -> Result<Fetched, eso_core::error::ProviderError> {
    Ok(Fetched::new(Value::Bytes(value.into())))
}

#[tokio::test]
async fn what_was_put_is_fetched_by_key_and_version() {
    let provider = MemoryProvider::new();
    provider.put("db", "new");
    provider.put_value(Fetch::new("db").at_version("1"), Value::Bytes("old".into()));
    provider.put_document("doc", &json!({ "a": 1 }));
    assert_eq!(provider.fetch(&Fetch::new("db")).await, text("new"));
    assert_eq!(provider.fetch(&Fetch::new("db").at_version("1")).await, text("old"));
    let document = Fetched::new(Value::Document(r#"{"a":1}"#.into()));
    assert_eq!(provider.fetch(&Fetch::new("doc")).await, Ok(document));
    provider.delete("db");
    let gone = provider.fetch(&Fetch::new("db").at_version("1")).await;
    assert_eq!(gone.map_err(|error| error.kind()), Err(ErrorKind::NotFound));
}

#[tokio::test]
async fn failures_come_on_demand_for_one_key_or_for_all() {
    let provider = MemoryProvider::new();
    provider.put("a", "1");
    provider.put("b", "2");
    provider.fail_key("a", ErrorKind::Denied);
    let kinds = |results: Vec<Result<Fetched, eso_core::error::ProviderError>>| -> Vec<_> {
        results.into_iter().map(|result| result.err().map(|error| error.kind())).collect()
    };
    let both = [Fetch::new("a"), Fetch::new("b")];
    assert_eq!(kinds(provider.fetch_all(&both).await), [Some(ErrorKind::Denied), None]);
    provider.fail(ErrorKind::Unavailable);
    assert_eq!(kinds(provider.fetch_all(&both).await), [Some(ErrorKind::Unavailable); 2]);
    assert!(provider.check().await.is_err());
    provider.mend();
    assert_eq!(kinds(provider.fetch_all(&both).await), [None, None]);
}

fn query(path: Option<&str>, word: &'static str, tags: &[(&str, &str)]) -> Query {
    let mut query = Query { path: path.map(str::to_owned), ..Query::default() };
    query.name = Some(NameFilter::new(word, move |name| name.contains(word)));
    query.tags.extend(tags.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    query
}

async fn found(provider: &MemoryProvider, query: &Query) -> Vec<String> {
    let found = provider.find(query).await.unwrap();
    found.into_iter().map(|found| found.key.to_string()).collect()
}

#[tokio::test]
async fn values_are_found_by_path_name_and_all_tags() {
    let provider = MemoryProvider::new();
    for key in ["team/db", "team/web", "other/db"] {
        provider.put(key, "1");
    }
    provider.put_value(Fetch::new("team/db-old").at_version("1"), Value::Bytes("old".into()));
    provider.tag("team/db", &[("a", "1"), ("b", "2")]);
    provider.tag("other/db", &[("a", "2"), ("b", "1")]);
    assert_eq!(found(&provider, &Query::default()).await, ["other/db", "team/db", "team/web"]);
    assert_eq!(found(&provider, &query(None, "db", &[])).await, ["other/db", "team/db"]);
    assert_eq!(found(&provider, &query(Some("team"), "db", &[])).await, ["team/db"]);
    assert_eq!(found(&provider, &query(None, "", &[("a", "1"), ("b", "2")])).await, ["team/db"]);
    assert!(found(&provider, &query(None, "", &[("a", "1"), ("b", "1")])).await.is_empty());
    provider.delete("team/db");
    assert_eq!(found(&provider, &query(None, "db", &[])).await, ["other/db"]);
}

#[tokio::test]
async fn a_find_is_remembered_fails_on_demand_and_gives_values_where_it_is_told_to() {
    let provider = MemoryProvider::new();
    provider.put("db", "1");
    let all = query(None, "", &[]);
    assert_eq!(provider.find(&all).await.unwrap()[0].value, None);
    provider.set_finds_values(true);
    assert_eq!(provider.find(&all).await.unwrap().remove(0).value, text("1").ok());
    provider.fail(ErrorKind::Denied);
    assert_eq!(provider.find(&all).await.map_err(|error| error.kind()), Err(ErrorKind::Denied));
    assert_eq!(provider.calls(), [Call::Find(all.clone()), Call::Find(all.clone()), Call::Find(all)]);
    assert_eq!((provider.reads(), provider.asked()), (0, Vec::new()));
}

#[tokio::test]
async fn tags_are_the_metadata_of_what_is_there() {
    let provider = MemoryProvider::new();
    provider.put("db", "1");
    let request = Fetch::new("db").of_metadata();
    let document = |text: &str| Ok(Fetched::new(Value::Document(text.into())));
    assert_eq!(provider.fetch(&request).await, document("{}"));
    provider.tag("db", &[("b", "2"), ("a", "1")]);
    assert_eq!(provider.fetch(&request).await, document(r#"{"a":"1","b":"2"}"#));
    provider.delete("db");
    assert_eq!(provider.fetch(&request).await.map_err(|error| error.kind()), Err(ErrorKind::NotFound));
}

#[tokio::test]
async fn calls_are_remembered_in_order() {
    let provider = MemoryProvider::new();
    let requests = vec![Fetch::new("a"), Fetch::new("b")];
    drop(provider.fetch_all(&requests).await);
    drop(provider.fetch(&requests[0]).await);
    drop(provider.check().await);
    provider.close().await;
    let expected =
        [Call::FetchAll(requests.clone()), Call::Fetch(requests[0].clone()), Call::Check, Call::Close];
    assert_eq!(provider.calls(), expected);
    assert_eq!(provider.reads(), 2);
    assert_eq!(provider.asked(), ["a".into(), "b".into(), "a".into()]);
    provider.clear_calls();
    assert_eq!(provider.reads(), 0);
}

#[tokio::test]
async fn a_held_call_is_answered_by_what_is_there_when_it_is_released() {
    let provider = MemoryProvider::new();
    provider.put("db", "before");
    provider.hold();
    let held = tokio::spawn({
        let provider = Arc::clone(&provider);
        async move { provider.fetch(&Fetch::new("db")).await }
    });
    provider.held(1).await;
    assert!(!held.is_finished());
    provider.put("db", "after");
    provider.release();
    assert_eq!(held.await.unwrap(), text("after"));
}

#[tokio::test]
async fn a_call_whose_caller_went_away_waits_no_more() {
    let provider = MemoryProvider::new();
    provider.hold();
    let held = tokio::spawn({
        let provider = Arc::clone(&provider);
        async move { provider.fetch(&Fetch::new("db")).await }
    });
    provider.held(1).await;
    held.abort();
    assert!(held.await.unwrap_err().is_cancelled());
    assert_eq!(provider.gate.borrow().waiting, 0);
}

#[test]
fn its_facts_can_be_set() {
    let provider = MemoryProvider::new();
    let request = Fetch::new("db");
    assert_eq!(provider.batch_size(&request).get(), 1);
    provider.set_batch_size(20);
    assert_eq!(provider.batch_size(&request).get(), 20);
    provider.set_notice(Some("batch reads are denied"));
    assert_eq!(provider.notice().map(|notice| notice.0).as_deref(), Some("batch reads are denied"));
}

#[test]
fn debug_shows_no_value() {
    let provider = MemoryProvider::new();
    provider.put("db", "canary");
    assert!(!format!("{provider:?} {provider:#?}").contains("canary"));
}
