//! The resource policy of what is written to Secrets Manager: what is asked, what is written and what is left alone.

use eso_core::{
    error::{
        ErrorKind::{Denied, Invalid},
        ProviderError,
    },
    key::Version,
    provider::{Expected, Held, Inspect, Put, SecretProvider},
};
use eso_rig::{Moto, SecretsManager};
use eso_testkit::connection::CallRecorder;
use serde_json::{Value as Json, json};

use crate::{
    fixture::{Fixture, aws, connect, credentials, document, kind, policy_documents, policy_of_map},
    writes::{a_put, create, ours},
};

/// A policy, as somebody would write it.
const POLICY: &str = r#"{ "Version": "2012-10-17", "Statement": [] }"#;

/// One that lets everybody in.
const PUBLIC: &str =
    r#"{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}"#;

async fn inspect(store: &dyn SecretProvider, text: &str) -> Result<Held, ProviderError> {
    let (metadata, documents) = (document(policy_of_map()), policy_documents(text));
    let question = Inspect { metadata, documents, ..Inspect::new("app") };
    let held = store.writer().expect("AWS can write").inspect(&question).await?;
    Ok(held.expect("something must be held"))
}

/// Writes this value, or what is beside it, with the policy that `text` says.
async fn put(
    store: &dyn SecretProvider,
    value: Option<&str>,
    expected: Expected,
    text: &str,
) -> Result<Option<Version>, ProviderError> {
    let (metadata, documents) = (document(policy_of_map()), policy_documents(text));
    let put = Put { metadata, documents, ..a_put("app", value, expected) };
    store.writer().expect("AWS can write").put(&put).await
}

/// The policy that a server itself says a secret has.
async fn policy_at(url: &str) -> Option<String> {
    let client = SecretsManager::new(url).expect("there must be a client");
    let answer = client.call("GetResourcePolicy", &json!({"SecretId": "app"})).await;
    let answer: Json = answer.expect("the server must answer").success().expect("it must be there");
    answer["ResourcePolicy"].as_str().map(str::to_owned)
}

/// How often policies were read, put and deleted.
fn counts(fixture: &Fixture) -> [usize; 3] {
    ["GetResourcePolicy", "PutResourcePolicy", "DeleteResourcePolicy"].map(|call| fixture.count(call))
}

#[tokio::test]
async fn a_policy_is_put_once_and_changed_and_taken_away_without_a_new_version() {
    let fixture = Fixture::new();
    let (store, url) = (fixture.store().await, fixture.server.url());
    put(&*store, Some("value"), Expected::Nothing, POLICY).await.unwrap();
    assert_eq!(policy_at(&url).await.as_deref(), Some(POLICY));
    assert_eq!(fixture.calls.count("PutResourcePolicy"), 1);

    let made = inspect(&*store, POLICY).await.unwrap();
    assert!(made.is_dressed);
    let otherwise_written = r#"{"Statement":[],"Version":"2012-10-17"}"#;
    assert!(inspect(&*store, otherwise_written).await.unwrap().is_dressed);
    let writes = fixture.writes();
    assert_eq!(put(&*store, None, ours(&made), otherwise_written).await, Ok(made.version.clone()));
    assert_eq!(fixture.writes(), writes, "it is so already");

    let other = r#"{"Statement": [{"Effect": "Deny", "Principal": "*"}]}"#;
    assert!(!inspect(&*store, other).await.unwrap().is_dressed);
    put(&*store, None, ours(&made), other).await.unwrap();
    assert_eq!(policy_at(&url).await.as_deref(), Some(other));

    assert!(!inspect(&*store, "").await.unwrap().is_dressed);
    assert_eq!(put(&*store, None, ours(&made), "").await, Ok(made.version));
    assert_eq!(policy_at(&url).await, None);
    assert!(inspect(&*store, "").await.unwrap().is_dressed);
    assert_eq!(fixture.writes(), writes + 2);
}

#[tokio::test]
async fn where_no_policy_is_wanted_none_is_asked_for_and_the_one_that_is_there_stays() {
    let fixture = Fixture::new();
    let store = fixture.store().await;
    put(&*store, Some("value"), Expected::Nothing, POLICY).await.unwrap();
    let made = inspect(&*store, POLICY).await.unwrap();
    let before = counts(&fixture);
    let question = Inspect { metadata: document(json!({"tags": {"a": "b"}})), ..Inspect::new("app") };
    store.writer().unwrap().inspect(&question).await.unwrap();
    let tagged = Put { metadata: question.metadata, ..a_put("app", Some("second"), ours(&made)) };
    store.writer().unwrap().put(&tagged).await.unwrap();
    assert_eq!(counts(&fixture), before);
    assert_eq!(policy_at(&fixture.server.url()).await.as_deref(), Some(POLICY));
}

#[tokio::test]
async fn a_policy_is_asked_for_only_where_all_else_is_so_already_and_it_is_ours() {
    let fixture = Fixture::new();
    fixture.put("app", "theirs");
    let store = fixture.store().await;
    assert!(!inspect(&*store, POLICY).await.unwrap().is_ours);
    assert_eq!(counts(&fixture), [0, 0, 0]);
    let fixture = Fixture::new();
    let store = fixture.store().await;
    create(&*store, "app", "value", None).await;
    let mut spec = policy_of_map();
    spec["tags"] = json!({"team": "blue"});
    let question =
        Inspect { metadata: document(spec), documents: policy_documents(POLICY), ..Inspect::new("app") };
    let held = store.writer().unwrap().inspect(&question).await.unwrap().unwrap();
    assert!(!held.is_dressed);
    assert_eq!(counts(&fixture), [0, 0, 0]);
}

#[tokio::test]
async fn a_new_secret_with_no_policy_costs_no_call_for_one() {
    let fixture = Fixture::new();
    let store = fixture.store().await;
    put(&*store, Some("value"), Expected::Nothing, "").await.unwrap();
    assert_eq!(counts(&fixture), [0, 0, 0]);
}

#[tokio::test]
async fn a_policy_that_lets_everybody_in_is_refused_and_the_value_is_there_without_one() {
    let fixture = Fixture::new();
    let store = fixture.store().await;
    let error = put(&*store, Some("value"), Expected::Nothing, PUBLIC).await.unwrap_err();
    assert_eq!((error.kind(), error.is_half_done()), (Invalid, true));
    let said = error.to_string();
    assert!(said.contains("PutResourcePolicy") && said.contains("does not let everybody in"), "{said}");
    let made = inspect(&*store, PUBLIC).await.unwrap();
    assert!(made.is_ours && made.value.is_some() && !made.is_dressed);
    // Over one that is there, nothing is half done: the policy comes first.
    let error = put(&*store, Some("second"), ours(&made), PUBLIC).await.unwrap_err();
    assert_eq!((error.kind(), error.is_half_done()), (Invalid, false));
    assert_eq!(fixture.count("PutSecretValue"), 0);
    put(&*store, Some("second"), ours(&made), POLICY).await.unwrap();
    assert_eq!(policy_at(&fixture.server.url()).await.as_deref(), Some(POLICY));
}

#[tokio::test]
async fn a_right_that_is_missing_is_said_by_its_call() {
    for operation in ["GetResourcePolicy", "PutResourcePolicy", "DeleteResourcePolicy"] {
        let fixture = Fixture::new();
        let store = fixture.store().await;
        put(&*store, Some("value"), Expected::Nothing, POLICY).await.unwrap();
        let made = inspect(&*store, POLICY).await.unwrap();
        fixture.refuse(operation, 400, "AccessDeniedException");
        let wanted = if operation == "DeleteResourcePolicy" { "" } else { "{}" };
        let error = put(&*store, None, ours(&made), wanted).await.unwrap_err();
        assert_eq!(error.kind(), Denied);
        assert!(error.to_string().contains(operation), "{error}");
    }
}

#[tokio::test]
async fn a_policy_of_what_was_deleted_is_put_when_it_is_restored() {
    let fixture = Fixture::new();
    let store = fixture.store().await;
    create(&*store, "app", "value", None).await;
    fixture.server.delete("app").unwrap();
    let left = inspect(&*store, POLICY).await.unwrap();
    assert_eq!(counts(&fixture), [0, 0, 0], "of what is deleted no policy can be asked");
    put(&*store, Some("again"), ours(&left), POLICY).await.unwrap();
    assert_eq!(policy_at(&fixture.server.url()).await.as_deref(), Some(POLICY));
}

#[tokio::test]
async fn what_is_no_policy_is_refused_before_anything_is_asked() {
    let fixture = Fixture::new();
    let store = fixture.store().await;
    assert_eq!(kind(inspect(&*store, "canary-policy").await), Invalid);
    let error = put(&*store, Some("value"), Expected::Nothing, "canary-policy").await.unwrap_err();
    assert!(!error.is_half_done() && !error.to_string().contains("canary-policy"), "{error}");
    assert!(fixture.server.counts().is_empty());
}

#[tokio::test]
async fn on_the_standard_double_a_policy_is_put_changed_and_taken_away() {
    let server = Moto::start().await.expect("moto must start");
    let store = connect(&aws(server.url()), &credentials(), &CallRecorder::new(), json!({})).await;
    put(&*store, Some("value"), Expected::Nothing, POLICY).await.unwrap();
    let made = inspect(&*store, POLICY).await.unwrap();
    assert!(made.is_dressed);
    let other = r#"{"Version": "2008-10-17", "Statement": []}"#;
    assert!(!inspect(&*store, other).await.unwrap().is_dressed);
    put(&*store, None, ours(&made), other).await.unwrap();
    assert!(inspect(&*store, other).await.unwrap().is_dressed);
    put(&*store, None, ours(&made), "").await.unwrap();
    assert!(inspect(&*store, "").await.unwrap().is_dressed);
    assert!(!inspect(&*store, POLICY).await.unwrap().is_dressed);
}
