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
use eso_core::error::{ErrorKind, ProviderError};
use eso_testkit::canary;
use futures::{FutureExt, future::join_all};
use parking_lot::Mutex;
use tokio::{sync::Notify, time};

use super::{Held, LONGEST_PAUSE, Login, RENEWAL_PAUSE, Session, State, pause, renewal};

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

#[tokio::test(start_paused = true)]
async fn what_is_refused_after_a_new_login_too_is_not_logged_in_for_again_for_a_while() {
    let (login, session) = session(Some(HOUR));
    for _ in 0..100 {
        assert_eq!(session.run(|| call(&session, "none")).await, Err(refused()));
    }
    assert_eq!(login.logins.load(Ordering::Relaxed), 2);
    time::advance(LONGEST_PAUSE).await;
    assert_eq!(session.run(|| call(&session, "key-3")).await, Ok(()));
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

#[tokio::test(start_paused = true)]
async fn a_login_that_fails_fails_for_all_who_ask_for_a_while_and_is_tried_again_later() {
    let (login, session) = session(Some(HOUR));
    *login.failing.lock() = true;
    let is_down = |result: &Result<(), ProviderError>| {
        result.as_ref().is_err_and(|error| error.kind() == ErrorKind::Unavailable)
    };
    let mut passed = Duration::ZERO;
    for (logins, after) in [(1, 0), (2, 1), (3, 3), (4, 7), (5, 11)] {
        time::advance(Duration::from_secs(after) - passed).await;
        passed = Duration::from_secs(after);
        assert!(join_all((0..64).map(|_| session.ready())).await.iter().all(is_down));
        time::advance(Duration::from_millis(1)).await;
        passed += Duration::from_millis(1);
        assert!(is_down(&session.ready().await));
        assert_eq!(login.logins.load(Ordering::Relaxed), logins, "after {after} s");
    }
    *login.failing.lock() = false;
    assert!(is_down(&session.ready().await));
    time::advance(LONGEST_PAUSE).await;
    assert_eq!(session.ready().await, Ok(()));
    assert_eq!(login.logins.load(Ordering::Relaxed), 6);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_login_that_fails_late_does_not_log_in_next() {
    let (login, session) = session(Some(HOUR));
    *login.failing.lock() = true;
    let (mut first, mut late) = (Box::pin(session.ready()), Box::pin(session.ready()));
    assert!(futures::poll!(first.as_mut()).is_pending() && futures::poll!(late.as_mut()).is_pending());
    time::advance(MINUTE).await;
    assert!(first.await.is_err());
    time::advance(MINUTE).await;
    assert!(late.await.is_err());
    assert_eq!(login.logins.load(Ordering::Relaxed), 1);
}

#[test]
fn a_pause_doubles_up_to_its_longest_and_lasts_as_long_as_is_asked_for() {
    let seconds = Duration::from_secs;
    let own: Vec<_> = (0..5).map(|failures| pause(failures, None)).collect();
    assert_eq!(own, [1, 2, 4, 4, 4].map(seconds));
    assert_eq!(pause(u32::MAX, Some(seconds(1))), seconds(4));
    assert_eq!(pause(0, Some(seconds(30))), seconds(30));
    assert_eq!(pause(0, Some(HOUR)), seconds(60));
}

/// A login whose second time waits until it is let go.
#[derive(Default)]
struct Slow {
    logins: AtomicUsize,
    go: Notify,
}

#[async_trait]
impl Login for Arc<Slow> {
    async fn log_in(&self) -> Result<Credentials, ProviderError> {
        let number = self.logins.fetch_add(1, Ordering::Relaxed) + 1;
        if number > 1 {
            self.go.notified().await;
        }
        Ok(keys(&format!("key-{number}"), Some(SystemTime::now() + HOUR)))
    }
}

#[tokio::test]
async fn nobody_waits_for_a_renewal_while_the_credentials_still_hold() {
    let login = Arc::<Slow>::default();
    let session = Session::new(Arc::clone(&login));
    session.ready().await.expect("it must log in");
    session.held().lease.as_mut().expect("there must be credentials").renew_at = Some(SystemTime::UNIX_EPOCH);
    let mut renewal = Box::pin(session.ready());
    assert!(futures::poll!(renewal.as_mut()).is_pending());
    for _ in 0..64 {
        assert_eq!(key_of(&session).now_or_never().as_deref(), Some("key-1"));
    }
    login.go.notify_one();
    assert_eq!(renewal.await, Ok(()));
    assert_eq!(key_of(&session).await, "key-2");
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
    assert_eq!(held.state(now), State::Missing);
    held.accept(keys("past", Some(now - MINUTE)), now);
    assert_eq!(held.state(now), State::Missing);
}

#[test]
fn a_failed_renewal_keeps_what_still_holds_and_pauses() {
    let now = SystemTime::UNIX_EPOCH + HOUR;
    let late = now + 56 * MINUTE;
    let error = ProviderError::new(ErrorKind::Unavailable, "AssumeRole");
    let mut held = Held::default();
    held.accept(keys("good", Some(now + HOUR)), now);
    assert_eq!((held.state(now), held.state(late)), (State::Fresh, State::Due));
    assert_eq!(held.reject(error.clone(), late), Ok(()));
    assert_eq!((held.state(late), held.state(late + RENEWAL_PAUSE)), (State::Fresh, State::Due));
    assert_eq!(held.state(now + HOUR), State::Missing);
    assert_eq!(held.reject(error.clone(), now + HOUR), Err(error));
    assert!(held.lease.is_none());
}

#[tokio::test]
async fn a_session_shows_no_credentials() {
    let session = Session::with_keys(keys("canary-id", None));
    session.ready().await.expect("it must be ready");
    for canary in ["canary-id", "canary-secret", "canary-token"] {
        canary::assert_absent("Debug of a session", &format!("{session:?} {session:#?}"), canary);
    }
}
