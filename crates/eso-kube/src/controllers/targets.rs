//! Which object writes a Secret, for whoever fills one before it is stored, or judges another object.

use std::{fmt, sync::Arc};

use eso_plan::{
    convert::references,
    desired::{Desired, Ownership},
    template::{SourceName, Sources},
};
use futures::future::try_join_all;
use parking_lot::Mutex;

use crate::{
    apply::Writer,
    index::{Index, Snapshot},
    stores::StoreRegistry,
};

/// The objects of the cluster, by the Secrets that they write. A clone is the same.
///
/// It knows what the watches have seen: nothing before everything was listed once.
#[derive(Clone)]
pub struct Targets {
    index: Arc<Mutex<Index>>,
    stores: Arc<StoreRegistry>,
    writer: Writer,
}

/// An object that writes a Secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writing {
    /// What it is, for messages: `ExternalSecret "app"`.
    pub object: String,
    /// What it asks for.
    pub desired: Desired,
    /// What its templates stand in.
    pub sources: Sources,
}

impl Targets {
    pub(super) fn new(index: &Arc<Mutex<Index>>, stores: &Arc<StoreRegistry>, writer: Writer) -> Self {
        Self { index: Arc::clone(index), stores: Arc::clone(stores), writer }
    }

    /// The object that writes this Secret, and what it asks for; `None` where there is none, or where it is not ours to
    /// serve. Of several, the one that owns it, and else the first by name.
    ///
    /// # Errors
    /// In words for people, where something cannot be read that its templates stand in.
    pub async fn of(&self, namespace: &str, secret: &str) -> Result<Option<Writing>, String> {
        let mut writers: Vec<_> =
            self.snapshots(namespace, secret).iter().filter_map(|found| self.writing(found)).collect();
        writers.sort_by_key(|(object, desired)| (shares(desired), object.clone()));
        let Some((object, desired)) = writers.into_iter().next() else { return Ok(None) };
        let sources = self.sources(namespace, &desired).await?;
        Ok(Some(Writing { object, desired, sources }))
    }

    /// The names of all objects that write this Secret, be they ours to serve or not.
    pub fn names(&self, namespace: &str, secret: &str) -> Vec<String> {
        let snapshots = self.snapshots(namespace, secret);
        let mut names: Vec<String> = snapshots.iter().map(name).collect();
        names.sort();
        names
    }

    /// The objects that write it and stay.
    fn snapshots(&self, namespace: &str, secret: &str) -> Vec<Snapshot> {
        let index = self.index.lock();
        let writers = index.writers(namespace, secret);
        let snapshots = writers.into_iter().filter_map(|id| index.snapshot(id));
        snapshots.filter(|snapshot| snapshot.object.metadata.deletion_timestamp.is_none()).collect()
    }

    fn writing(&self, snapshot: &Snapshot) -> Option<(String, Desired)> {
        let is_ours = references::stores(&snapshot.object).iter().all(|store| self.stores.serves(store));
        let desired = snapshot.desired().ok().filter(|_| is_ours)?;
        let writes = desired.manifest.is_none() && desired.ownership != Ownership::Read;
        writes.then(|| (format!("ExternalSecret {:?}", name(snapshot)), desired))
    }

    async fn sources(&self, namespace: &str, desired: &Desired) -> Result<Sources, String> {
        let wanted: Vec<&SourceName> =
            desired.template.iter().flat_map(|template| template.sources()).collect();
        let reads = wanted.into_iter().map(async |source| {
            let read = self.writer.read_source(namespace, source).await;
            let read = read.map_err(|problem| format!("cannot read {source}: {problem}"))?;
            Ok::<_, String>((source.clone(), read.map(|read| read.entries)))
        });
        Ok(try_join_all(reads).await?.into_iter().collect())
    }
}

impl fmt::Debug for Targets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Targets")
    }
}

/// Whether others write it too.
fn shares(desired: &Desired) -> bool {
    match desired.ownership {
        Ownership::Own | Ownership::Leave => false,
        Ownership::Share { .. } | Ownership::Read => true,
    }
}

fn name(snapshot: &Snapshot) -> String {
    snapshot.object.metadata.name.clone().unwrap_or_default()
}
