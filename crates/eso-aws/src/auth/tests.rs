//! Sessions, tried with logins that count.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use aws_credential_types::{Credentials, provider::ProvideCredentials};
use eso_core::{
    api::{aws::AwsAuthSecretRef, selectors::SecretKeySelector},
    error::{ErrorKind, ProviderError},
};
use eso_testkit::{canary, connection};
use futures::future::join_all;
use parking_lot::Mutex;

use super::{Held, Login, RENEWAL_PAUSE, Session, read_keys, renewal};

const HOUR: Duration = Duration::from_secs(3600);
const MINUTE: Duration = Duration::from_secs(60);

/// A login that gives numbered keys, or fails, and counts.
#[derive(Default)]
struct Numbered {
    logins: AtomicUsize,
    life: Option<Duration>,
    failing: Mutex<bool>,
}

#[async_trait]
impl Login for Arc<Numbered> {
    async fn log_in(&self) -> Result<Credentials, ProviderError> {
        let number = self.logins.fetch_add(1, Ordering::Relaxed) + 1;
        // Everybody else has the time to ask.
        tokio::task::yield_now().await;
        match *self.failing.lock() {
            true => Err(ProviderError::new(ErrorKind::Unavailable, "AssumeRole")),
            false => Ok(keys(&format!("key-{number}"), self.life.map(|life| SystemTime::now() + life))),
        }
    }

    fn renews(&self) -> bool {
        true
    }
}

fn keys(id: &str, end: Option<SystemTime>) -> Credentials {
    Credentials::new(id, "canary-secret", Some("canary-token".to_owned()), end, "test")
}

fn session(life: Option<Duration>) -> (Arc<Numbered>, Arc<Session>) {
    let login = Arc::new(Numbered { life, ..Numbered::default() });
    (Arc::clone(&login), Session::new(login))
}

async fn key_of(session: &Session) -> String {
    let credentials = session.provide_credentials().await.expect("there must be credentials");
    credentials.access_key_id().to_owned()
}

fn refused() -> ProviderError {
    ProviderError::new(ErrorKind::Unauthenticated, "GetSecretValue")
}

/// A call that AWS takes only with the key of this name.
async fn call(session: &Session, accepted: &str) -> Result<(), ProviderError> {
    if key_of(session).await == accepted { Ok(()) } else { Err(refused()) }
}

#[tokio::test]
async fn many_calls_at_once_log_in_once() {
    let (login, session) = session(Some(HOUR));
    let results = join_all((0..64).map(|_| session.run(|| call(&session, "key-1")))).await;
    assert_eq!(results, vec![Ok(()); 64]);
    assert_eq!(login.logins.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn many_calls_whose_login_expired_end_in_one_more() {
    let (login, session) = session(Some(HOUR));
    session.ready().await.expect("it must log in");
    let results = join_all((0..64).map(|_| session.run(|| call(&session, "key-2")))).await;
    assert_eq!(results, vec![Ok(()); 64]);
    assert_eq!(login.logins.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_call_is_made_once_more_and_no_more() {
    let (login, session) = session(Some(HOUR));
    let calls = AtomicUsize::new(0);
    let refuse = || async {
        calls.fetch_add(1, Ordering::Relaxed);
        Err::<(), _>(refused())
    };
    assert_eq!(session.run(refuse).await, Err(refused()));
    assert_eq!((calls.load(Ordering::Relaxed), login.logins.load(Ordering::Relaxed)), (2, 2));
}

#[tokio::test]
async fn only_refused_credentials_are_replaced() {
    let (login, session) = session(Some(HOUR));
    for kind in [ErrorKind::Denied, ErrorKind::NotFound, ErrorKind::Throttled, ErrorKind::Unavailable] {
        let error = ProviderError::new(kind, "GetSecretValue");
        assert_eq!(session.run(|| async { Err::<(), _>(error.clone()) }).await, Err(error.clone()));
    }
    assert_eq!(login.logins.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn static_keys_are_not_tried_twice() {
    let session = Session::with_keys(keys("static", None));
    let calls = AtomicUsize::new(0);
    let refuse = || async {
        calls.fetch_add(1, Ordering::Relaxed);
        Err::<(), _>(refused())
    };
    assert_eq!(session.run(refuse).await, Err(refused()));
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_login_that_fails_fails_for_all_who_wait_for_it_and_is_tried_again_later() {
    let (login, session) = session(Some(HOUR));
    *login.failing.lock() = true;
    let results = join_all((0..64).map(|_| session.ready())).await;
    assert!(
        results
            .iter()
            .all(|result| result.as_ref().is_err_and(|error| error.kind() == ErrorKind::Unavailable))
    );
    assert_eq!(login.logins.load(Ordering::Relaxed), 1);
    *login.failing.lock() = false;
    assert_eq!(session.ready().await, Ok(()));
    assert_eq!(login.logins.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn credentials_that_have_ended_are_replaced_and_others_kept() {
    let (_, short) = session(Some(Duration::ZERO));
    assert_eq!((key_of(&short).await, key_of(&short).await), ("key-1".to_owned(), "key-2".to_owned()));
    let (_, long) = session(Some(HOUR));
    assert_eq!((key_of(&long).await, key_of(&long).await), ("key-1".to_owned(), "key-1".to_owned()));
    let (_, endless) = session(None);
    assert_eq!((key_of(&endless).await, key_of(&endless).await), ("key-1".to_owned(), "key-1".to_owned()));
}

#[tokio::test]
async fn a_login_that_was_dropped_half_way_hurts_nobody() {
    let (login, session) = session(Some(HOUR));
    {
        let mut half = Box::pin(session.ready());
        assert!(futures::poll!(half.as_mut()).is_pending());
    }
    assert_eq!(session.ready().await, Ok(()));
    assert_eq!(login.logins.load(Ordering::Relaxed), 2);
}

#[track_caller]
fn renewed(life: Duration, after: Duration) {
    let now = SystemTime::UNIX_EPOCH + HOUR;
    assert_eq!(renewal(now, now + life), now + after);
}

#[test]
fn credentials_are_renewed_before_they_end() {
    renewed(12 * HOUR, 12 * HOUR - 5 * MINUTE);
    renewed(HOUR, 55 * MINUTE);
    renewed(15 * MINUTE, 12 * MINUTE);
    renewed(Duration::from_secs(10), Duration::from_secs(8));
    renewed(Duration::ZERO, Duration::ZERO);
}

#[test]
fn credentials_that_have_ended_already_are_not_fresh() {
    let now = SystemTime::UNIX_EPOCH + HOUR;
    let mut held = Held::default();
    assert!(!held.is_fresh(now));
    held.accept(keys("past", Some(now - MINUTE)), now);
    assert!(!held.is_fresh(now));
}

#[test]
fn a_failed_renewal_keeps_what_still_holds_and_pauses() {
    let now = SystemTime::UNIX_EPOCH + HOUR;
    let late = now + 56 * MINUTE;
    let error = ProviderError::new(ErrorKind::Unavailable, "AssumeRole");
    let mut held = Held::default();
    held.accept(keys("good", Some(now + HOUR)), now);
    assert!(held.is_fresh(now) && !held.is_fresh(late));
    assert_eq!(held.reject(error.clone(), late), Ok(()));
    assert!(held.is_fresh(late) && !held.is_fresh(late + RENEWAL_PAUSE));
    assert_eq!(held.reject(error.clone(), now + HOUR), Err(error));
    assert!(held.lease.is_none());
}

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
    let keys = read_keys(&spec(), source.as_ref()).await.expect("they must be read");
    assert_eq!(
        (keys.access_key_id(), keys.secret_access_key(), keys.session_token(), keys.expiry()),
        ("AKIA", "se+cr/et", Some("token="), None)
    );
}

#[tokio::test]
async fn a_session_token_is_read_only_where_it_is_named() {
    let source = source(&[("id", "AKIA"), ("secret", "secret")]);
    let spec = AwsAuthSecretRef { session_token: None, ..spec() };
    let keys = read_keys(&spec, source.as_ref()).await.expect("they must be read");
    assert_eq!(keys.session_token(), None);
}

async fn unread(secrets: &[(&str, &str)], kind: ErrorKind, text: &str) {
    let error = read_keys(&spec(), source(secrets).as_ref()).await.expect_err("a key is not there");
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
    let error = read_keys(&spec(), source.as_ref()).await.expect_err("the cluster is down");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn a_session_shows_no_credentials() {
    let session = Session::with_keys(keys("canary-id", None));
    session.ready().await.expect("it must be ready");
    for canary in ["canary-id", "canary-secret", "canary-token"] {
        canary::assert_absent("Debug of a session", &format!("{session:?} {session:#?}"), canary);
    }
}
