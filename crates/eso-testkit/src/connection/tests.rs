//! The doubles give what was put, and remember who asked.

use std::time::Duration;

use eso_core::{
    api::selectors::{CaProvider, CaProviderKind, SecretKeySelector, ServiceAccountSelector},
    credentials::{CredentialError, CredentialSource as _},
};

use super::{Asked, CallRecorder, Credentials, connection};

fn key(name: &str, key: &str) -> SecretKeySelector {
    SecretKeySelector { name: name.to_owned(), namespace: None, key: Some(key.to_owned()) }
}

#[tokio::test]
async fn a_secret_key_can_be_put_changed_and_taken_away() {
    let credentials = Credentials::new();
    let selector = key("login", "token");
    assert!(matches!(credentials.secret_key(&selector).await, Err(CredentialError::Missing(_))));
    for value in ["first", "second"] {
        credentials.put_secret("login", "token", value);
        assert_eq!(credentials.secret_key(&selector).await, Ok(value.into()));
    }
    credentials.delete_secret("login", "token");
    assert!(matches!(credentials.secret_key(&selector).await, Err(CredentialError::Missing(_))));
}

#[tokio::test]
async fn authorities_and_tokens_are_given_by_name() {
    let credentials = Credentials::new();
    credentials.put_authority("roots", "PEM");
    credentials.put_token("app", "jwt");
    let provider =
        CaProvider { kind: CaProviderKind::ConfigMap, name: "roots".to_owned(), key: None, namespace: None };
    assert_eq!(credentials.certificate_authority(&provider).await, Ok(b"PEM".to_vec()));
    let account = ServiceAccountSelector { name: "app".to_owned(), ..Default::default() };
    let token =
        credentials.service_account_token(&account, &["vault".to_owned()], Duration::from_secs(600)).await;
    assert_eq!(token, Ok("jwt".into()));
    let asked = Asked::Token {
        service_account: "app".to_owned(),
        audiences: vec!["vault".to_owned()],
        lifetime: Duration::from_secs(600),
    };
    assert_eq!(credentials.asked().last(), Some(&asked));
}

#[tokio::test]
async fn a_cluster_that_is_down_is_no_missing_credential() {
    let credentials = Credentials::new();
    credentials.put_secret("login", "token", "value");
    credentials.set_down(true);
    let answer = credentials.secret_key(&key("login", "token")).await;
    assert!(matches!(answer, Err(CredentialError::Unavailable(_))), "{answer:?}");
    credentials.set_down(false);
    assert!(credentials.secret_key(&key("login", "token")).await.is_ok());
}

#[test]
fn debug_shows_no_credential() {
    let credentials = Credentials::new();
    credentials.put_secret("login", "token", "canary");
    credentials.put_authority("roots", "canary");
    assert!(!format!("{credentials:?}").contains("canary"));
}

#[test]
fn calls_are_remembered_in_order_and_counted() {
    let calls = CallRecorder::new();
    let connection = connection(&Credentials::new(), &calls);
    connection.calls.called("Memory", "Login", true);
    connection.calls.called("Memory", "Read", false);
    connection.calls.called("Memory", "Read", true);
    let names: Vec<_> = calls.calls().iter().map(|call| (call.call, call.succeeded)).collect();
    assert_eq!(names, [("Login", true), ("Read", false), ("Read", true)]);
    assert_eq!((calls.count("Read"), calls.count("Write")), (2, 0));
}
