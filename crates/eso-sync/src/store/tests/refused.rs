//! A call that shows that the login is not good is told to whoever keeps the store connected.

use eso_core::{
    error::{
        ErrorKind::{Denied, Invalid, NotFound, Throttled, Unauthenticated, Unavailable, Unexpected},
        ProviderError,
    },
    provider::{Inspect, PropertySyntax, Query},
};
use futures::FutureExt;

use super::{Lane, get, store};

/// Whether a read that fails so, of whatever key, makes the login doubtful.
async fn is_doubted_after(failure: ProviderError) -> bool {
    let (store, provider) = store();
    provider.fail_with(failure);
    for key in ["k1", "k2", "k3"] {
        assert!(get(&store, key, Lane::Changed).await.is_err());
    }
    let is_doubted = store.login_refused().now_or_never().is_some();
    assert!(store.login_refused().now_or_never().is_none(), "however many calls showed it, it is said once");
    is_doubted
}

#[tokio::test(start_paused = true)]
async fn a_refused_login_is_told_and_a_key_that_may_not_be_read_is_not() {
    for kind in [Unauthenticated, Denied, Invalid] {
        assert!(is_doubted_after(ProviderError::new(kind, "Login").in_login()).await, "{kind:?}");
        assert!(is_doubted_after(ProviderError::new(kind, "AssumeRole").from_elsewhere()).await, "{kind:?}");
    }
    assert!(is_doubted_after(ProviderError::new(Unauthenticated, "Fetch")).await);
    for kind in [Denied, Invalid, NotFound, Throttled, Unavailable, Unexpected] {
        assert!(!is_doubted_after(ProviderError::new(kind, "Fetch")).await, "{kind:?}");
    }
    for kind in [Throttled, Unavailable, Unexpected] {
        assert!(
            !is_doubted_after(ProviderError::new(kind, "Login").in_login()).await,
            "{kind:?}: it may be good"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn searches_and_writers_tell_of_a_refused_login_and_a_check_does_not() {
    let (store, provider) = store();
    provider.set_writable(PropertySyntax::Path);
    provider.fail(Unauthenticated);
    assert!(store.find(Query::default()).await.is_err());
    assert!(store.login_refused().now_or_never().is_some());
    assert!(store.inspect(&Inspect::new("k1")).await.is_err());
    assert!(store.login_refused().now_or_never().is_some());
    assert!(store.check().await.is_err());
    assert!(store.login_refused().now_or_never().is_none());
}
