//! Searches for parameters: below a path with their values, by tags without.

use std::collections::BTreeMap;

use eso_core::{
    error::ErrorKind::{self, Denied, Invalid, Throttled, Unavailable, Unexpected},
    error::ProviderError,
    provider::{NameFilter, Query, SecretProvider, Value},
};
use eso_rig::{Effect, Fault, Moto};
use eso_testkit::connection::CallRecorder;
use serde_json::json;

use crate::fixture::{Fixture, aws, connect, credentials};

/// What is found, with its value where there is one.
async fn find(
    store: &dyn SecretProvider,
    query: &Query,
) -> Result<Vec<(String, Option<String>)>, ProviderError> {
    let finder = store.finder().expect("AWS can look for parameters");
    let text = |value: Value| match value {
        Value::Bytes(bytes) | Value::Document(bytes) => {
            bytes.expose_str().expect("it must be text").to_owned()
        }
    };
    let found = finder.find(query).await?.into_iter();
    let mut found: Vec<_> =
        found.map(|found| (found.key.to_string(), found.value.map(|fetched| text(fetched.value)))).collect();
    found.sort();
    Ok(found)
}

async fn names(store: &dyn SecretProvider, query: &Query) -> Vec<String> {
    find(store, query).await.expect("the search must succeed").into_iter().map(|(name, _)| name).collect()
}

fn below(path: &str) -> Query {
    Query { path: Some(path.to_owned()), ..Query::default() }
}

fn named(part: &'static str) -> Query {
    Query { name: Some(NameFilter::new(part, move |name| name.contains(part))), ..Query::default() }
}

fn tagged(tags: &[(&str, &str)]) -> Query {
    let tags: BTreeMap<_, _> =
        tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Query { tags, ..Query::default() }
}

#[tokio::test]
async fn all_pages_are_read_and_the_values_come_with_them() {
    let fixture = Fixture::new();
    for number in 0..25 {
        fixture.server.put_parameter(&format!("/app/{number}"), &format!("value {number}")).unwrap();
    }
    fixture.server.put_parameter("/other/1", "other").unwrap();
    fixture.server.put_parameter("rootless", "r").unwrap();
    let store = fixture.parameter_store().await;
    let found = find(&*store, &below("/app")).await.unwrap();
    assert_eq!(found.len(), 25);
    assert!(found.contains(&("/app/7".to_owned(), Some("value 7".to_owned()))));
    assert_eq!(fixture.count("GetParametersByPath"), 3);
    assert_eq!(names(&*store, &Query { path: Some("/app".to_owned()), ..named("24") }).await, ["/app/24"]);
    assert_eq!(names(&*store, &named("r")).await, ["/other/1", "rootless"]);
    assert_eq!(names(&*store, &below("/none")).await, Vec::<String>::new());
    assert_eq!(fixture.count("GetParameter"), 0);
}

#[tokio::test]
async fn a_search_that_finds_more_than_a_secret_could_hold_is_refused() {
    let fixture = Fixture::new();
    let value = "x".repeat(4_096);
    for number in 0..1_025 {
        fixture.server.put_parameter(&format!("/app/{number}"), &value).unwrap();
    }
    let store = fixture.parameter_store().await;
    let error = find(&*store, &below("/app")).await.unwrap_err();
    assert_eq!(error.kind(), Invalid);
    assert!(error.to_string().contains("narrow the search"), "{error}");
    // What is not meant is not kept.
    let one = Query { path: Some("/app".to_owned()), ..named("1024") };
    assert_eq!(names(&*store, &one).await, ["/app/1024"]);
}

#[tokio::test]
async fn whoever_may_not_read_below_a_path_finds_names_and_reads_each() {
    let fixture = Fixture::new();
    for name in ["/app/a", "/app/b", "/other/a"] {
        fixture.server.put_parameter(name, "x").unwrap();
    }
    fixture.refuse("GetParametersByPath", 400, "AccessDeniedException");
    let store = fixture.parameter_store().await;
    let name = |name: &str| (name.to_owned(), None);
    assert_eq!(find(&*store, &below("/app")).await, Ok(vec![name("/app/a"), name("/app/b")]));
    assert_eq!(find(&*store, &named("a")).await.unwrap().len(), 3);
    assert_eq!(fixture.count("DescribeParameters"), 2);
    fixture.refuse("DescribeParameters", 400, "AccessDeniedException");
    let error = find(&*store, &below("/app")).await.unwrap_err();
    assert_eq!(error.kind(), Denied);
    assert!(error.to_string().contains("allow ssm:DescribeParameters on *"), "{error}");
}

#[tokio::test]
async fn a_page_that_fails_or_is_none_fails_the_whole_search() {
    let fixture = Fixture::new();
    let store = fixture.parameter_store().await;
    let table: [(&str, u16, &str, ErrorKind); 6] = [
        ("GetParametersByPath", 400, "ThrottlingException", Throttled),
        ("GetParametersByPath", 500, "InternalServerError", Unavailable),
        ("GetParametersByPath", 400, "InvalidNextToken", Invalid),
        ("GetParametersByPath", 403, "SomethingNew", Denied),
        ("DescribeParameters", 400, "InvalidFilterValue", Invalid),
        // It would be an absence of a value that was asked for, and says nothing of a search.
        ("DescribeParameters", 400, "ParameterNotFound", Unexpected),
    ];
    for (operation, status, code, expected) in table {
        fixture.refuse(operation, status, code);
        let query = if operation == "DescribeParameters" { tagged(&[("a", "1")]) } else { below("/app") };
        let error = find(&*store, &query).await.unwrap_err();
        assert_eq!(error.kind(), expected, "{code}");
        assert!(!error.to_string().contains("canary"), "{error}");
        fixture.server.clear_faults();
    }
    assert_eq!(fixture.count("DescribeParameters"), 2, "only AWS's own no leads to another call");
    for body in ["", "{}", "<html>"] {
        fixture.server.fault(Fault::new(Effect::Body(body.to_owned())));
        for query in [below("/app"), tagged(&[("a", "1")])] {
            let error = find(&*store, &query).await.unwrap_err();
            assert_eq!(error.kind(), Unexpected, "{body:?}");
        }
        fixture.server.clear_faults();
    }
}

#[tokio::test]
async fn tags_are_pairs_below_a_path_on_the_standard_double() {
    let server = Moto::start().await.expect("moto must start");
    for (name, a, b) in [("/x/one", "1", "2"), ("/x/two", "2", "1"), ("/y/three", "1", "1")] {
        let tags = json!([{ "Key": "a", "Value": a }, { "Key": "b", "Value": b }]);
        let body = json!({"Name": name, "Value": "x", "Type": "String", "Tags": tags});
        server.parameters().call("PutParameter", &body).await.unwrap().success().unwrap();
    }
    let fields = json!({"service": "ParameterStore"});
    let store = connect(&aws(server.url()), &credentials(), &CallRecorder::new(), fields).await;
    assert_eq!(names(&*store, &tagged(&[("a", "1"), ("b", "2")])).await, ["/x/one"]);
    assert_eq!(names(&*store, &tagged(&[("a", "1")])).await, ["/x/one", "/y/three"]);
    let both = Query { path: Some("/x".to_owned()), ..tagged(&[("a", "1")]) };
    assert_eq!(names(&*store, &both).await, ["/x/one"]);
    let expression = Query { name: named("three").name, ..tagged(&[("b", "1")]) };
    assert_eq!(names(&*store, &expression).await, ["/y/three"]);
    assert_eq!(names(&*store, &tagged(&[("a", "3")])).await, Vec::<String>::new());
    assert_eq!(names(&*store, &below("/")).await, ["/x/one", "/x/two", "/y/three"]);
}

#[tokio::test]
async fn many_pages_of_names_are_read() {
    let server = Moto::start().await.expect("moto must start");
    for number in 0..60 {
        let body = json!({"Name": format!("/app/{number}"), "Value": "x", "Type": "String",
            "Tags": [{"Key": "a", "Value": "1"}]});
        server.parameters().call("PutParameter", &body).await.unwrap().success().unwrap();
    }
    let fields = json!({"service": "ParameterStore"});
    let store = connect(&aws(server.url()), &credentials(), &CallRecorder::new(), fields).await;
    assert_eq!(names(&*store, &tagged(&[("a", "1")])).await.len(), 60);
    assert_eq!(find(&*store, &below("/app")).await.unwrap().len(), 60);
}
