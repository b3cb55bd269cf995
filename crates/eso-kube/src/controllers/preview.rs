//! What the operator would do, without doing it.

use std::sync::Arc;

use eso_sync::{engine::Preview, ports::ObjectId};
use futures::{StreamExt as _, stream};
use tokio_util::sync::CancellationToken;

use super::{
    Controller,
    served::{self, PushObjects, Served},
    watches::Watches,
};

/// How many objects are looked at at once: enough to fill several batches of a store.
const AT_ONCE: usize = 100;

/// What would be done for one ExternalSecret.
#[derive(Clone, Debug, PartialEq)]
pub struct Previewed {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// What would be done.
    pub preview: Preview,
}

impl Controller {
    /// What would be done now for each ExternalSecret for which `wanted` holds, given its namespace and name, be it due
    /// or not; in the order of these.
    ///
    /// It reads the cluster and the stores as [`run`](Self::run) does, and does nothing to any object or Secret. It keeps
    /// the statuses of stores true, though: give it a client that sends no writes, and nothing is written at all.
    pub async fn preview(self, wanted: impl Fn(&str, &str) -> bool) -> Vec<Previewed> {
        let stop = CancellationToken::new();
        let mut watches = Watches::new(self.client, self.namespace, self.leadership, stop.clone());
        let stores = Arc::clone(&self.served.stores);
        let push_secrets = PushObjects::Known(Arc::default());
        let served = Served { push_secrets, legacy: None, ..self.served };
        served::begin(&mut watches, served, &self.synced, &stop).await;
        let objects = self.index.lock().all();
        let objects = objects.into_iter().filter(|(_, namespace, name)| wanted(namespace, name));
        let previews =
            stream::iter(objects).map(async |(id, namespace, name): (ObjectId, String, String)| Previewed {
                namespace,
                name,
                preview: self.engines.external_secrets.preview(id).await,
            });
        let previews = previews.buffered(AT_ONCE).collect().await;
        drop(watches.end().await);
        self.end.cancel();
        stores.stopped().await;
        previews
    }
}
