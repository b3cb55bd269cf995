//! The webhook configurations: followed by name, and told whom to trust.

use std::fmt;

use eso_plan::plan::WriteError;
use k8s_openapi::{
    ClusterResourceScope,
    api::admissionregistration::v1::{MutatingWebhookConfiguration, ValidatingWebhookConfiguration},
};
use kube::{
    Api, Client, Resource,
    api::{Patch, PatchParams},
};
use tokio::sync::watch;
use tracing::{info, warn};

use super::bundle::Configured;
use crate::{
    apply::{FIELD_MANAGER, within},
    watch::{Item, Seen, follow_one},
};

/// Both configurations.
pub(super) struct Configurations {
    mutating: Configuration<MutatingWebhookConfiguration>,
    validating: Configuration<ValidatingWebhookConfiguration>,
}

impl Configurations {
    /// Those of this name.
    pub(super) fn new(client: &Client, name: &str) -> Self {
        Self { mutating: Configuration::new(client, name), validating: Configuration::new(client, name) }
    }

    /// Hears of them, for as long as it is polled.
    pub(super) async fn follow(&self) {
        tokio::select! {
            () = self.mutating.follow() => {}
            () = self.validating.follow() => {}
        }
    }

    /// To be told when one of them changes.
    pub(super) fn news(&self) -> News {
        News { mutating: self.mutating.news(), validating: self.validating.news() }
    }

    /// Has each of them trust these authorities: whether that is so, as far as we heard.
    pub(super) async fn trust(&self, authorities: &str) -> bool {
        // Both, whatever the first one says.
        self.mutating.trust(authorities).await & self.validating.trust(authorities).await
    }
}

/// Tells when a configuration changes.
pub(super) struct News {
    mutating: watch::Receiver<Seen<MutatingWebhookConfiguration>>,
    validating: watch::Receiver<Seen<ValidatingWebhookConfiguration>>,
}

impl News {
    /// Returns when one of them is another than it was.
    pub(super) async fn heard(&mut self) {
        tokio::select! {
            _ = self.mutating.changed() => {}
            _ = self.validating.changed() => {}
        }
    }
}

/// What a patch tells the API server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patched {
    /// Whom to trust.
    Bundles,
    /// Where Secrets are sent.
    Paths,
}

impl fmt::Display for Patched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bundles => "whom to trust (caBundle)",
            Self::Paths => "where to send Secrets (a path with the token of the hour)",
        })
    }
}

/// One configuration: followed by name, and patched.
pub(super) struct Configuration<K> {
    api: Api<Item<K>>,
    name: String,
    told: watch::Sender<Seen<K>>,
}

impl<K> Configuration<K>
where
    K: Resource<DynamicType = (), Scope = ClusterResourceScope> + Send + Sync + 'static,
{
    /// The one of this name.
    pub(super) fn new(client: &Client, name: &str) -> Self {
        Self { api: Api::all(client.clone()), name: name.to_owned(), told: watch::Sender::new(Seen::Unknown) }
    }

    /// Hears of it, for as long as it is polled.
    pub(super) async fn follow(&self) {
        follow_one(self.api.clone(), &self.name, &self.told).await;
    }

    /// How it is, and when it changes.
    pub(super) fn news(&self) -> watch::Receiver<Seen<K>> {
        self.told.subscribe()
    }

    /// One that is not there trusts nobody, and asks nobody either.
    async fn trust(&self, authorities: &str) -> bool {
        let patch = match &*self.told.borrow() {
            Seen::Unknown => return false,
            Seen::Absent => return true,
            Seen::There(found) => {
                let configured: Configured = found.read().unwrap_or_default();
                if configured.trusts(authorities) {
                    return true;
                }
                configured.patch(found.metadata().resource_version.as_deref(), authorities)
            }
        };
        if let Some(patch) = patch {
            self.send(patch, Patched::Bundles).await;
        }
        false
    }

    /// Sends a JSON patch, and says what became of it.
    pub(super) async fn send(&self, patch: serde_json::Value, patched: Patched) {
        let kind = K::kind(&());
        let patch = serde_json::from_value(patch).expect("operations must be a JSON patch");
        let params = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
        match within(self.api.patch_metadata(&self.name, &params, &Patch::Json::<()>(patch))).await {
            Ok(_) => info!(%kind, name = self.name, "the API server is told {patched}"),
            // A test that fails is answered so: it was changed meanwhile, and that is heard of soon.
            Err(WriteError::Conflict | WriteError::Invalid(_)) => {}
            Err(problem) => {
                warn!(%kind, name = self.name, %problem, "the API server could not be told {patched}")
            }
        }
    }
}
