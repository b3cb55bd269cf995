//! Keeps the copies of objects that are spread, the ExternalSecrets of ClusterExternalSecrets and the PushSecrets of
//! ClusterPushSecrets: one in each namespace that is chosen, and none elsewhere.
//!
//! Everything that it goes by is watched, and whatever changes is acted on at once; nothing is done by the clock but to
//! try again what failed. A turn of an object gathers, decides ([`eso_plan::cluster`]) and does.

mod finalizers;
mod turn;
mod turns;
mod view;
mod watched;

use std::{fmt, sync::Arc};

use futures::{StreamExt, future::OptionFuture, stream::FuturesUnordered};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Client;
use parking_lot::Mutex;
use tokio::{
    sync::{Notify, watch::Receiver},
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use self::{turn::Task, turns::Turns, view::View};
use super::watches::all_listed;
use crate::{
    apply::cluster::ClusterWriter,
    index::Index,
    spread::Spread,
    telemetry::{Subject, Telemetry},
};

pub(super) use watched::{Copies, NamespaceFollower};

/// How many objects have their turn at once.
const AT_ONCE: usize = 4;

/// Knows each object of the kind of some copies, whoever's it is.
pub(super) trait Roster: Send + Sync {
    /// Whether there is one of this name.
    fn contains(&self, namespace: &str, name: &str) -> bool;
}

impl Roster for Mutex<Index> {
    fn contains(&self, namespace: &str, name: &str) -> bool {
        self.lock().contains(namespace, name)
    }
}

/// All objects of a kind that is spread.
pub(super) struct Clusters<K: Spread> {
    view: Mutex<View<K>>,
    turns: Mutex<Turns>,
    woken: Notify,
    roster: Arc<dyn Roster>,
    writer: ClusterWriter<K>,
    telemetry: Arc<dyn Telemetry>,
}

impl<K: Spread> fmt::Debug for Clusters<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clusters")
    }
}

impl<K: Spread> Clusters<K> {
    /// Those of which nothing is known yet.
    pub(super) fn new(client: Client, roster: Arc<dyn Roster>, telemetry: Arc<dyn Telemetry>) -> Arc<Self> {
        Arc::new(Self {
            view: Mutex::default(),
            turns: Mutex::default(),
            woken: Notify::new(),
            roster,
            writer: ClusterWriter::new(client),
            telemetry,
        })
    }

    /// Takes turns until it is stopped, from when each of these watches has listed everything once. No write is begun
    /// after the stop.
    pub(super) async fn run(self: Arc<Self>, listed: Vec<Receiver<bool>>, stop: CancellationToken) {
        stop.run_until_cancelled(async {
            all_listed(listed).await;
            self.take_turns().await;
        })
        .await;
    }

    async fn take_turns(&self) {
        let mut under_way = FuturesUnordered::new();
        loop {
            while under_way.len() < AT_ONCE
                && let Some(name) = self.begin()
            {
                under_way.push(self.turn(name));
            }
            let due = if under_way.len() < AT_ONCE { self.turns.lock().next() } else { None };
            tokio::select! {
                () = self.woken.notified() => {}
                Some(()) = under_way.next() => {}
                Some(()) = OptionFuture::from(due.map(sleep_until)) => {}
            }
        }
    }

    fn begin(&self) -> Option<String> {
        self.turns.lock().begin(Instant::now())
    }

    async fn turn(&self, name: String) {
        let began = Instant::now();
        let task = {
            let mut view = self.view.lock();
            view.copies.begin_turn();
            Task::of(&name, &view, &*self.roster)
        };
        let metadata = task.metadata().cloned();
        let succeeded = self.act(&name, task).await;
        self.view.lock().copies.end_turn();
        if !succeeded {
            debug!(name, "a {} is tried again", K::kind(&()));
        }
        if let Some(metadata) = metadata {
            let took = began.elapsed();
            self.count(&metadata, |telemetry, subject| telemetry.reconciled(subject, succeeded, took));
        }
        self.turns.lock().end(&name, succeeded, Instant::now());
    }

    fn wake(&self, names: impl IntoIterator<Item = String>) {
        let now = Instant::now();
        let mut turns = self.turns.lock();
        let mut anybody = false;
        for name in names {
            turns.wake(&name, now);
            anybody = true;
        }
        drop(turns);
        if anybody {
            self.woken.notify_one();
        }
    }

    /// Counts for an object that is there: the view stays locked meanwhile, for one that was forgotten would have its
    /// series back for ever.
    fn count(&self, metadata: &ObjectMeta, count: impl FnOnce(&dyn Telemetry, Subject<'_>)) {
        let name = metadata.name.as_deref().unwrap_or_default();
        let view = self.view.lock();
        if view.object(name).is_some() {
            count(&*self.telemetry, subject::<K>(name));
        }
    }
}

fn subject<K: Spread>(name: &str) -> Subject<'_> {
    Subject { kind: K::COUNTED, namespace: "", name }
}

#[cfg(test)]
mod tests;
