//! Searches, and what is known about secrets beside their values.

use std::collections::BTreeMap;

use eso_core::{
    error::{ErrorKind, ProviderError},
    provider::{Fetch, Found, NameFilter, Query, SecretProvider},
};
use eso_rig::Moto;
use eso_testkit::connection::CallRecorder;
use serde_json::json;

use crate::fixture::{Fixture, aws, connect, credentials, kind, text};

async fn find(store: &dyn SecretProvider, query: &Query) -> Result<Vec<String>, ProviderError> {
    let finder = store.finder().expect("AWS can look for secrets");
    let found = finder.find(query).await?;
    assert!(found.iter().all(|found| found.value.is_none()), "AWS names secrets, and no values");
    let mut names: Vec<String> = found.into_iter().map(|Found { key, .. }| key.to_string()).collect();
    names.sort();
    Ok(names)
}

fn named(part: &'static str) -> Query {
    let name = NameFilter::new(part, move |name| name.contains(part));
    Query { name: Some(name), ..Query::default() }
}

fn tagged(tags: &[(&str, &str)]) -> Query {
    let tags: BTreeMap<_, _> =
        tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Query { tags, ..Query::default() }
}

#[tokio::test]
async fn all_pages_are_read_and_no_value() {
    let fixture = Fixture::new();
    fixture.put_apps(250);
    let store = fixture.store().await;
    assert_eq!(find(&*store, &named("app-")).await.unwrap().len(), 250);
    assert_eq!(find(&*store, &named("app-24")).await.unwrap().len(), 11);
    let below = Query { path: Some("app-1".to_owned()), ..named("app-") };
    assert_eq!(find(&*store, &below).await.unwrap().len(), 111);
    assert_eq!(find(&*store, &named("nothing")).await.unwrap(), Vec::<String>::new());
    assert_eq!((fixture.count("ListSecrets"), fixture.count("GetSecretValue")), (3 + 3 + 2 + 3, 0));
}

#[tokio::test]
async fn a_page_that_fails_fails_the_whole_search() {
    let fixture = Fixture::new();
    fixture.put_apps(250);
    let store = fixture.store().await;
    for (status, code, expected) in [
        (400, "AccessDeniedException", ErrorKind::Denied),
        (400, "ThrottlingException", ErrorKind::Throttled),
        (500, "InternalServiceError", ErrorKind::Unavailable),
        (400, "InvalidNextTokenException", ErrorKind::Invalid),
        // It would be an absence of a value that was asked for, and says nothing of a search.
        (400, "ResourceNotFoundException", ErrorKind::Unexpected),
    ] {
        fixture.refuse("ListSecrets", status, code);
        let error = find(&*store, &named("app-")).await.unwrap_err();
        assert_eq!(error.kind(), expected, "{code}");
        assert!(!error.to_string().contains("canary"), "{error}");
        fixture.server.clear_faults();
    }
    fixture.refuse("ListSecrets", 400, "AccessDeniedException");
    let error = find(&*store, &named("app-")).await.unwrap_err().to_string();
    assert!(error.contains("allow secretsmanager:ListSecrets on *"), "{error}");
}

#[tokio::test]
async fn a_secret_in_its_recovery_window_is_not_found() {
    let fixture = Fixture::new();
    fixture.put_apps(2);
    fixture.server.delete("app-0").expect("it is there");
    let store = fixture.store().await;
    assert_eq!(find(&*store, &named("app-")).await.unwrap(), ["app-1"]);
    assert_eq!(kind(store.fetch(&Fetch::new("app-0").of_metadata()).await), ErrorKind::NotFound);
}

#[tokio::test]
async fn tags_are_pairs_on_the_standard_double() {
    let server = Moto::start().await.expect("moto must start");
    for (name, a, b) in [("one", "1", "2"), ("two", "2", "1"), ("three", "1", "1")] {
        let tags = json!([{ "Key": "a", "Value": a }, { "Key": "b", "Value": b }]);
        let body = json!({ "Name": name, "SecretString": "x", "Tags": tags });
        let created = server.secrets().call("CreateSecret", &body).await.expect("moto must answer");
        created.success().expect("moto must take a secret");
    }
    let store = connect(&aws(server.url()), &credentials(), &CallRecorder::new(), json!({})).await;
    assert_eq!(find(&*store, &tagged(&[("a", "1"), ("b", "2")])).await.unwrap(), ["one"]);
    assert_eq!(find(&*store, &tagged(&[("a", "1")])).await.unwrap(), ["one", "three"]);
    let both = Query { name: named("t").name, ..tagged(&[("b", "1")]) };
    assert_eq!(find(&*store, &both).await.unwrap(), ["three", "two"]);
    assert_eq!(find(&*store, &tagged(&[("a", "3")])).await.unwrap(), Vec::<String>::new());

    let metadata = text(store.fetch(&Fetch::new("one").of_metadata()).await);
    assert_eq!(metadata, r#"{"a":"1","b":"2"}"#);
    assert_eq!(kind(store.fetch(&Fetch::new("four").of_metadata()).await), ErrorKind::NotFound);
}
