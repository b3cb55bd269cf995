//! The controllers, and how they are joined: watches fill the index and the stores, these wake the engine, and the
//! engine writes through the target.

pub mod cluster;
pub mod external_secret;
mod filled;
pub mod push_secret;
pub mod secret_store;

#[cfg(test)]
pub(crate) mod fixtures;
mod legacy;
mod options;
mod preview;
mod roll;
mod served;
mod shared;
mod sources;
mod targets;
mod watches;

use std::{fmt, panic::resume_unwind, sync::Arc};

use eso_sync::engine::Handle;
use kube::Client;
use parking_lot::Mutex;
use tokio::sync::watch::{Receiver, Sender};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::{
    apply::Writer,
    events::EventTask,
    index::Index,
    lease::Leadership,
    stores::{Connect, StoreRegistry},
    telemetry::Telemetry,
};
use served::Served;
use shared::{Engines, Shared};
use watches::Watches;

pub use options::Options;
pub use preview::Previewed;
pub use targets::{Targets, Writing};

/// The operator: keeps the Secrets of a cluster equal to what its stores hold.
///
/// Guarantees: nothing is written before everything was listed once, and before this process leads; nothing is remembered
/// that a new process would miss; when it is stopped, or leads no longer, no write is begun any more.
pub struct Controller {
    client: Client,
    namespace: Option<String>,
    index: Arc<Mutex<Index>>,
    served: Served,
    engines: Engines,
    events: EventTask,
    leadership: Leadership,
    synced: Sender<bool>,
    /// Ends what serves the engine, after the engine.
    end: CancellationToken,
}

impl fmt::Debug for Controller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Controller").field("namespace", &self.namespace).finish_non_exhaustive()
    }
}

impl Controller {
    /// Joins the parts. It must be made inside a tokio runtime, and nothing runs before [`run`](Self::run).
    ///
    /// `client` is best made by [`client::connect`](crate::client::connect).
    pub fn new(
        client: Client,
        options: Options,
        connect: Arc<dyn Connect>,
        telemetry: Arc<dyn Telemetry>,
    ) -> Self {
        let end = CancellationToken::new();
        let (shared, events) = Shared::new(client.clone(), &options, connect, telemetry, end.clone());
        let (namespace, leadership) = (options.namespace.clone(), options.leadership.clone());
        let index = Arc::clone(&shared.index);
        let (served, engines) = shared.serve(options);
        Self {
            client,
            namespace,
            index,
            served,
            engines,
            events,
            leadership,
            synced: Sender::new(false),
            end,
        }
    }

    /// Whether everything has been listed once: the operator is ready then, whether or not it leads.
    pub fn synced(&self) -> Receiver<bool> {
        self.synced.subscribe()
    }

    /// The stores, for whoever reads them besides.
    pub fn stores(&self) -> Arc<StoreRegistry> {
        Arc::clone(&self.served.stores)
    }

    /// Which objects write a Secret, for whoever fills one before it is stored.
    pub fn targets(&self) -> Targets {
        let permits = self.served.legacy.as_ref().map(|legacy| legacy.permits()).unwrap_or_default();
        Targets::new(&self.index, &self.served.stores, permits, Writer::new(self.client.clone()))
    }

    /// The handles of the engines, for their numbers: that of ExternalSecrets, and those of filled Secrets and PushSecrets
    /// where they are served.
    pub fn handles(&self) -> &[Handle] {
        &self.engines.handles
    }

    /// Runs until `stop` is cancelled or this process leads no longer, and returns when no call is under way any more and
    /// every login is ended.
    ///
    /// # Panics
    ///
    /// Where a watch has panicked, after everything else was stopped: what it watches would never be heard of again, and
    /// a new process lists everything anew.
    pub async fn run(self, stop: CancellationToken) {
        let stop = stop.child_token();
        let mut watches = Watches::new(self.client, self.namespace, self.leadership.clone(), stop.clone());
        let leadership = self.leadership;
        watches.spawn(async move { leadership.over().await });
        if let Some(filled) = &self.served.filled {
            watches.spawn(Arc::clone(filled).follow_key());
        }
        let stores = Arc::clone(&self.served.stores);
        let events = tokio::spawn(self.events.run(self.end.clone()));
        let begin = served::begin(&mut watches, self.served, &self.synced, &stop);
        tokio::select! {
            () = stop.cancelled() => {}
            () = begin => self.engines.run(&stop).await,
        }
        let panic = watches.end().await;
        self.end.cancel();
        stores.stopped().await;
        if events.await.is_err() {
            warn!("the events ended in a panic");
        }
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
    }
}

#[cfg(test)]
mod tests;
