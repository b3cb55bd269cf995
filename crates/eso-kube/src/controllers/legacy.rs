//! ExternalSecrets of `kubernetes-client.io`: met, kept in the index beside the newer ones, and run by the same engine.
//!
//! The stores behind them are made of what they say and of the environment, and are kept as long as somebody means them.

mod definition;
mod permits;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use eso_core::api::legacy::{ExternalSecret, ExternalSecretSpec};
use eso_plan::convert::legacy::{self, Environment, Translated};
use eso_sync::engine::Cause;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use parking_lot::Mutex;
use serde_json::{Value, json};

use super::{
    cluster::NamespaceFollower,
    external_secret::{Router, ready_of_older},
};
use crate::{
    index::{Family, Filled, Forgotten, Met, News},
    stores::{StoreKey, StoreRegistry},
    watch::{Item, Object, Watched},
};

pub(super) use definition::{is_defined, until_defined};
pub(super) use permits::{Permit, Permits};

/// Takes what happens to them, and wakes those that it matters to.
#[derive(Debug)]
pub(super) struct LegacyObjects {
    router: Arc<Router>,
    stores: Arc<StoreRegistry>,
    environment: Arc<Environment>,
    permits: Arc<Permits>,
    /// The stores that are kept for them.
    kept: Mutex<BTreeSet<StoreKey>>,
    /// Whether all of them have been listed once.
    listed: AtomicBool,
}

impl LegacyObjects {
    /// For those that are served in this environment.
    pub(super) fn new(
        router: &Arc<Router>,
        stores: &Arc<StoreRegistry>,
        environment: Arc<Environment>,
        permits: &Arc<Permits>,
    ) -> Arc<Self> {
        Arc::new(Self {
            router: Arc::clone(router),
            stores: Arc::clone(stores),
            environment,
            permits: Arc::clone(permits),
            kept: Mutex::default(),
            listed: AtomicBool::new(false),
        })
    }

    fn is_served(&self, object: &Object) -> bool {
        let controller_id = object.spec.as_ref().and_then(|spec| spec["controllerId"].as_str());
        let spec =
            ExternalSecretSpec { controller_id: controller_id.map(str::to_owned), ..Default::default() };
        let named = ExternalSecret { metadata: object.metadata.clone(), spec, status: None };
        legacy::is_served(&named, &self.environment)
    }

    /// What an object asks for, where it can be understood.
    fn translated(&self, object: &Object) -> Option<(ExternalSecret, Translated)> {
        let text = json!({ "metadata": object.metadata, "spec": object.spec });
        let object = legacy::parse(text).ok()?;
        let translated = legacy::translate(&object, &self.environment).ok()?;
        Some((object, translated))
    }

    /// An object is new, or was edited: its store is kept before anybody asks for it.
    fn take(&self, met: &Met, object: &Object, cause: Cause) {
        let translated = self.translated(object);
        if let Some((_, translated)) = &translated {
            let key = self.stores.keep(&translated.store);
            self.kept.lock().insert(key);
        }
        self.router.wake([met.object], cause);
        let fills = translated.map(|(object, translated)| fills(&object, &translated)).unwrap_or_default();
        let Filled { news, forgotten } = self.router.index().lock().fill(met.object.id, fills);
        self.router.forget_runs(&forgotten);
        self.router.wake(news, cause);
        self.let_go();
    }

    /// Lets go of the stores that nobody means any more.
    fn let_go(&self) {
        let index = self.router.index().lock();
        let unused: Vec<StoreKey> =
            self.kept.lock().extract_if(.., |store| index.users(store, None).is_empty()).collect();
        drop(index);
        unused.iter().for_each(|store| self.stores.delete_store(store.kind, None, &store.name));
    }

    fn forget<'a>(&self, forgotten: impl IntoIterator<Item = &'a Forgotten>) {
        forgotten.into_iter().for_each(|forgotten| self.router.forget(forgotten));
        self.let_go();
    }

    fn wake_in(&self, namespace: &str) {
        let inside = self.router.index().lock().older_in(namespace);
        self.router.wake(inside, Cause::Changed);
    }
}

impl Watched<Item<ExternalSecret>> for LegacyObjects {
    fn begin(&self) {
        self.router.index().lock().begin_older();
    }

    fn meet(&self, item: Item<ExternalSecret>) {
        if !self.is_served(&item.clone().into()) {
            return self.lose(item);
        }
        self.stores.want_namespaces();
        let object = Object::from(item);
        let met = self.router.index().lock().meet_older(object.clone(), &self.environment);
        self.forget(&met.replaced);
        if let (News::New, Some(ready)) = (met.news, ready_in(&object.status)) {
            self.router.count(Family::Older, &object.metadata, ready);
        }
        match met.news {
            News::New if !self.listed.load(Ordering::Relaxed) => self.take(&met, &object, Cause::Listed),
            News::New | News::Edited => self.take(&met, &object, Cause::Changed),
            News::Nothing => {}
        }
    }

    fn lose(&self, item: Item<ExternalSecret>) {
        let metadata = item.metadata();
        let [namespace, name] =
            [&metadata.namespace, &metadata.name].map(|text| text.as_deref().unwrap_or_default());
        let forgotten = self.router.index().lock().lose_older(namespace, name);
        self.forget(&forgotten);
    }

    fn end(&self) {
        let forgotten = self.router.index().lock().end_older();
        self.forget(&forgotten);
        self.listed.store(true, Ordering::Relaxed);
    }
}

impl NamespaceFollower for LegacyObjects {
    fn meet_namespace(&self, metadata: &ObjectMeta) {
        if self.permits.meet(metadata, &self.environment) {
            self.wake_in(metadata.name.as_deref().unwrap_or_default());
        }
    }

    fn lose_namespace(&self, name: &str) {
        self.permits.lose(name);
    }
}

/// What is filled besides, by the name of the Secret.
fn fills(object: &ExternalSecret, translated: &Translated) -> BTreeMap<String, Object> {
    let asked = translated.fills.iter().map(|fill| {
        let asks = fill.asks(object, translated);
        let object = Object { metadata: asks.metadata, spec: Some(json!(asks.spec)), status: Value::Null };
        (fill.secret.clone(), object)
    });
    asked.collect()
}

fn ready_in(status: &Value) -> Option<crate::telemetry::Ready> {
    serde_json::from_value(status.clone()).ok().as_ref().and_then(ready_of_older)
}

#[cfg(test)]
mod tests;
