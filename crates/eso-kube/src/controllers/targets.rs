//! Which object writes a Secret, for whoever fills one before it is stored, or judges another object.

use std::{collections::BTreeMap, fmt, sync::Arc};

use eso_plan::{
    convert::legacy::FILLED_BY,
    desired::{Desired, Ownership},
    template::{SourceName, Sources},
};
use futures::future::try_join_all;
use parking_lot::Mutex;

use super::legacy::{Permit, Permits};
use crate::{
    apply::Writer,
    index::{Family, Index, Snapshot},
    stores::StoreRegistry,
};

/// The objects of the cluster, by the Secrets that they write. A clone is the same.
///
/// It knows what the watches have seen: nothing before everything was listed once.
#[derive(Clone)]
pub struct Targets {
    index: Arc<Mutex<Index>>,
    stores: Arc<StoreRegistry>,
    permits: Arc<Permits>,
    writer: Writer,
}

/// An object that writes a Secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writing {
    /// What it is, for messages: `ExternalSecret "app"`.
    pub object: String,
    /// Its uid.
    pub uid: String,
    /// What it asks for.
    pub desired: Desired,
    /// What the Secret is to carry that says who filled it, where it is nobody's.
    pub annotations: BTreeMap<&'static str, String>,
    /// What its templates stand in.
    pub sources: Sources,
}

impl Targets {
    /// `permits` is what namespaces let objects of the older group ask for.
    pub(super) fn new(
        index: &Arc<Mutex<Index>>,
        stores: &Arc<StoreRegistry>,
        permits: Arc<Permits>,
        writer: Writer,
    ) -> Self {
        Self { index: Arc::clone(index), stores: Arc::clone(stores), permits, writer }
    }

    /// The object that writes this Secret, and what it asks for; `None` where there is none, or where it is not ours to
    /// serve. Of several, the one that owns it, and else the first by name.
    ///
    /// # Errors
    /// In words for people, where something cannot be read that its templates stand in.
    pub async fn of(&self, namespace: &str, secret: &str) -> Result<Option<Writing>, String> {
        let mut writers: Vec<_> =
            self.snapshots(namespace, secret).iter().filter_map(|found| self.writing(found)).collect();
        writers.sort_by_key(|writing| (shares(&writing.desired), writing.object.clone()));
        let Some(writing) = writers.into_iter().next() else { return Ok(None) };
        let sources = self.sources(namespace, &writing.desired).await?;
        Ok(Some(Writing { sources, ..writing }))
    }

    /// The names of all objects that write this Secret, be they ours to serve or not; not of those that fill it besides their
    /// own while it is nobody's.
    pub fn names(&self, namespace: &str, secret: &str) -> Vec<String> {
        let snapshots = self.snapshots(namespace, secret);
        let writers = snapshots.iter().filter(|snapshot| snapshot.family() != Family::Fill);
        let mut names: Vec<String> = writers.map(name).collect();
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

    /// What an object writes that is ours to serve; what its templates stand in is not read yet.
    fn writing(&self, snapshot: &Snapshot) -> Option<Writing> {
        let is_ours = snapshot.named_stores().all(|store| self.stores.serves(&store));
        let is_permitted = self.permits.of_known(snapshot, &self.index) == Permit::Given;
        let desired = snapshot.desired().ok().filter(|_| is_ours && is_permitted)?;
        let writes = desired.manifest.is_none() && desired.ownership != Ownership::Read;
        writes.then(|| Writing {
            object: told(snapshot),
            uid: uid(snapshot),
            desired,
            annotations: annotations(snapshot),
            sources: Sources::default(),
        })
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

/// What an object is, for messages.
fn told(snapshot: &Snapshot) -> String {
    let name = name(snapshot);
    match snapshot.family() {
        Family::Newer => format!("ExternalSecret {name:?}"),
        Family::Older | Family::Fill => format!("ExternalSecret {name:?} of kubernetes-client.io"),
    }
}

fn annotations(snapshot: &Snapshot) -> BTreeMap<&'static str, String> {
    match snapshot.family() {
        Family::Newer | Family::Older => BTreeMap::new(),
        Family::Fill => [(FILLED_BY, uid(snapshot))].into(),
    }
}

fn uid(snapshot: &Snapshot) -> String {
    snapshot.object.metadata.uid.clone().unwrap_or_default()
}

fn name(snapshot: &Snapshot) -> String {
    snapshot.object.metadata.name.clone().unwrap_or_default()
}

#[cfg(test)]
mod tests;
