//! What is watched in the cluster: lists, then changes, for ever.
//!
//! A watch that fails begins again after a moment, and tells what was lost meanwhile; a call that hangs is cut by the
//! client (see [`crate::client`]). Errors are logged by kind and code: their own texts can hold what was sent.

mod item;

use std::{
    fmt,
    pin::pin,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use futures::{Stream, StreamExt};
use kube::{
    Api, Resource,
    core::response::Status,
    runtime::watcher::{self, Error, Event, watcher},
};
use serde::de::DeserializeOwned;
use tokio::sync::watch::Sender;
use tracing::warn;

pub use item::{Item, Object, UNREADABLE_SPEC};

/// Takes what a watch sees, one thing after another.
pub trait Watched<K>: Send + Sync {
    /// A list of all objects begins.
    fn begin(&self);
    /// An object is there.
    fn meet(&self, object: K);
    /// An object is gone.
    fn lose(&self, object: K);
    /// The list has ended: what it did not show is gone.
    fn end(&self);
    /// The API server does not allow the list or the watch. It is asked again after a while, and each refusal is told.
    fn refused(&self) {}
}

/// The first wait after a failure; it doubles.
const FIRST_WAIT: Duration = Duration::from_millis(200);

/// The longest wait after a failure: an object must recover within 5 s of its cause going away in the cluster.
const LONGEST_WAIT: Duration = Duration::from_secs(4);

/// Follows all objects that `api` sees, and sets `listed` once all have been listed. It never returns by itself.
///
/// A `K` that fails to be read stops the whole watch: [`Item`] is one that cannot.
pub async fn follow<K>(api: Api<K>, watched: &dyn Watched<K>, listed: &Sender<bool>)
where
    K: Resource + Clone + DeserializeOwned + fmt::Debug + Send + 'static,
{
    let what = api.resource_url().rsplit('/').next().unwrap_or_default().to_owned();
    tell(&what, watcher(api, watcher::Config::default()), watched, listed).await;
}

/// As [`follow`], of the one object of this name: a right to that one is enough.
pub(crate) async fn follow_named<K>(api: Api<K>, name: &str, watched: &dyn Watched<K>, listed: &Sender<bool>)
where
    K: Resource + Clone + DeserializeOwned + fmt::Debug + Send + 'static,
{
    let what = format!("{}/{name}", api.resource_url().rsplit('/').next().unwrap_or_default());
    let one = watcher::Config::default().fields(&format!("metadata.name={name}"));
    tell(&what, watcher(api, one), watched, listed).await;
}

/// Follows the one object of this name: gives how it is, over and over, to `told`.
pub(crate) async fn follow_one<K>(api: Api<Item<K>>, name: &str, told: &Sender<Seen<K>>)
where
    K: Resource + Send + Sync + 'static,
    Item<K>: Resource<DynamicType = ()>,
{
    let watched = One { told, listed: AtomicBool::new(false) };
    follow_named(api, name, &watched, &Sender::new(false)).await;
}

/// One object, as it was last seen.
#[derive(Debug)]
pub(crate) enum Seen<K> {
    /// Nobody has looked yet.
    Unknown,
    /// It is not there.
    Absent,
    /// It is there.
    There(Box<Item<K>>),
}

/// Keeps how the one object is.
struct One<'a, K> {
    told: &'a Sender<Seen<K>>,
    /// Whether the list that is under way has shown it.
    listed: AtomicBool,
}

impl<K: Send + Sync> Watched<Item<K>> for One<'_, K> {
    fn begin(&self) {
        self.listed.store(false, Ordering::Relaxed);
    }

    fn meet(&self, object: Item<K>) {
        self.listed.store(true, Ordering::Relaxed);
        self.told.send_replace(Seen::There(Box::new(object)));
    }

    fn lose(&self, _object: Item<K>) {
        self.told.send_replace(Seen::Absent);
    }

    fn end(&self) {
        if !self.listed.load(Ordering::Relaxed) {
            self.told.send_replace(Seen::Absent);
        }
    }
}

async fn tell<K>(
    what: &str,
    events: impl Stream<Item = Result<Event<K>, Error>>,
    watched: &dyn Watched<K>,
    listed: &Sender<bool>,
) {
    let mut events = pin!(events);
    let mut wait = FIRST_WAIT;
    let mut said = None;
    while let Some(event) = events.next().await {
        match event {
            // Each try begins so, also one that fails: it is no sign that the API server answers.
            Ok(Event::Init) => watched.begin(),
            Ok(event) => {
                (wait, said) = (FIRST_WAIT, None);
                pass_on(event, watched, listed);
            }
            Err(error) => {
                if is_refusal(&error) {
                    watched.refused();
                }
                let words = in_words(&error);
                if said.as_ref() != Some(&words) {
                    warn!(resource = what, error = words, "a watch begins again");
                }
                said = Some(words);
                tokio::time::sleep(wait).await;
                wait = LONGEST_WAIT.min(wait * 2);
            }
        }
    }
}

fn pass_on<K>(event: Event<K>, watched: &dyn Watched<K>, listed: &Sender<bool>) {
    match event {
        Event::Init => watched.begin(),
        Event::InitApply(object) | Event::Apply(object) => watched.meet(object),
        Event::Delete(object) => watched.lose(object),
        Event::InitDone => {
            watched.end();
            listed.send_replace(true);
        }
    }
}

/// Whether a right is missing.
fn is_refusal(error: &Error) -> bool {
    match error {
        Error::InitialListFailed(kube::Error::Api(status))
        | Error::WatchStartFailed(kube::Error::Api(status))
        | Error::WatchFailed(kube::Error::Api(status)) => status.code == 403,
        Error::WatchError(status) => status.code == 403,
        Error::InitialListFailed(_)
        | Error::WatchStartFailed(_)
        | Error::WatchFailed(_)
        | Error::NoResourceVersion => false,
    }
}

fn in_words(error: &Error) -> String {
    let code = |status: &Status| format!("{} {}", status.code, status.reason);
    match error {
        Error::InitialListFailed(kube::Error::Api(status)) => format!("list refused ({})", code(status)),
        Error::WatchStartFailed(kube::Error::Api(status)) | Error::WatchFailed(kube::Error::Api(status)) => {
            format!("watch refused ({})", code(status))
        }
        Error::WatchError(status) => format!("watch ended ({})", code(status)),
        Error::InitialListFailed(_) | Error::WatchStartFailed(_) => {
            "the API server cannot be reached".to_owned()
        }
        Error::WatchFailed(_) => "the connection broke".to_owned(),
        Error::NoResourceVersion => "the API server named no version".to_owned(),
    }
}

#[cfg(test)]
mod tests;
