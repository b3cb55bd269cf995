//! Keys, read out of Secrets.

use std::sync::Arc;

use eso_core::{
    api::{aws::AwsAuthSecretRef, selectors::SecretKeySelector},
    error::ErrorKind,
};
use eso_testkit::connection;

use super::read;

fn selector(key: &str) -> SecretKeySelector {
    SecretKeySelector { name: "keys".to_owned(), key: Some(key.to_owned()), ..SecretKeySelector::default() }
}

fn spec() -> AwsAuthSecretRef {
    AwsAuthSecretRef {
        access_key_id: selector("id"),
        secret_access_key: selector("secret"),
        session_token: Some(selector("token")),
    }
}

fn source(secrets: &[(&str, &str)]) -> Arc<connection::Credentials> {
    let source = connection::Credentials::new();
    for (key, value) in secrets {
        source.put_secret("keys", key, *value);
    }
    source
}

#[tokio::test]
async fn keys_are_read_without_the_whitespace_around_them() {
    let source = source(&[("id", " AKIA\n"), ("secret", "se+cr/et\r\n"), ("token", "\ttoken=")]);
    let keys = read(&spec(), source.as_ref()).await.expect("they must be read");
    assert_eq!(
        (keys.access_key_id(), keys.secret_access_key(), keys.session_token(), keys.expiry()),
        ("AKIA", "se+cr/et", Some("token="), None)
    );
}

#[tokio::test]
async fn a_session_token_is_read_only_where_it_is_named() {
    let source = source(&[("id", "AKIA"), ("secret", "secret")]);
    let spec = AwsAuthSecretRef { session_token: None, ..spec() };
    let keys = read(&spec, source.as_ref()).await.expect("they must be read");
    assert_eq!(keys.session_token(), None);
}

async fn unread(secrets: &[(&str, &str)], kind: ErrorKind, text: &str) {
    let error = read(&spec(), source(secrets).as_ref()).await.expect_err("a key is not there");
    assert_eq!((error.kind(), error.to_string().as_str()), (kind, text));
}

#[tokio::test]
async fn a_key_that_is_not_there_is_said_in_the_originals_words_and_order() {
    let missing = ErrorKind::Unauthenticated;
    unread(
        &[],
        missing,
        "unable to create session: could not fetch SecretAccessKey secret: cannot get Kubernetes secret \"keys\", key \
         \"secret\"",
    )
    .await;
    unread(
        &[("secret", "s")],
        missing,
        "unable to create session: could not fetch accessKeyID secret: cannot get Kubernetes secret \"keys\", key \"id\"",
    )
    .await;
    unread(
        &[("secret", "s"), ("id", "i")],
        missing,
        "unable to create session: could not fetch SessionToken secret: cannot get Kubernetes secret \"keys\", key \
         \"token\"",
    )
    .await;
}

#[tokio::test]
async fn a_key_that_cannot_be_one_is_not_sent() {
    for value in ["", " \n", "two words", "line\nbreak", "k\u{e9}y"] {
        unread(
            &[("secret", value)],
            ErrorKind::Unauthenticated,
            "unable to create session: could not fetch SecretAccessKey secret: it is empty or not plain text",
        )
        .await;
    }
}

#[tokio::test]
async fn a_cluster_that_does_not_answer_is_unavailable() {
    let source = source(&[]);
    source.set_down(true);
    let error = read(&spec(), source.as_ref()).await.expect_err("the cluster is down");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}
