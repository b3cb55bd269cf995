//! What fills Secrets, made anew with each key that records are sealed with.

use std::sync::Arc;

use eso_admission::{Admission, Settings};
use eso_kube::apply::within;
use eso_plan::filled::record::SealKey;
use eso_sync::{contents::Contents, engine};
use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use kube::{Api, Client, api::PostParams};
use tokio::sync::watch;
use tracing::warn;

use super::{KubeCluster, Parts};

/// What fills Secrets now; `None` where no key is known.
pub(crate) type Filling = watch::Receiver<Option<Keyed>>;

/// What fills Secrets with a key.
#[derive(Clone)]
pub(crate) struct Keyed {
    /// The key.
    pub(crate) key: SealKey,
    /// What fills them.
    pub(crate) admission: Arc<Admission>,
}

/// What fills Secrets, whether there is anything that does, and what keeps both.
pub(super) fn admission(
    parts: &Parts,
) -> (Filling, watch::Receiver<bool>, impl Future<Output = ()> + Send + use<>) {
    let (filling, filled) = watch::channel(None);
    let (sealed, is_sealed) = watch::channel(false);
    let cluster = Arc::new(KubeCluster::new(parts.client.clone(), parts.targets.clone()));
    let (client, stores) = (parts.client.clone(), Arc::clone(&parts.stores));
    let mut keys = parts.keys.clone();
    let settings = engine::Settings { delimiters: parts.delimiters.clone(), ..engine::Settings::default() };
    let keeping = async move {
        let user = own_user(client).await;
        loop {
            let key = keys.borrow_and_update().clone();
            let is_known = key.is_some();
            let admission = key.map(|key| {
                let contents = Contents::new(Arc::clone(&stores) as _, &settings);
                let settings = Settings { key: key.clone(), user: user.clone() };
                let admission = Arc::new(Admission::new(Arc::clone(&cluster) as _, contents, settings));
                Keyed { key, admission }
            });
            filling.send_replace(admission);
            sealed.send_replace(is_known);
            if keys.changed().await.is_err() {
                return;
            }
        }
    };
    (filled, is_sealed, keeping)
}

/// The name by which the API server knows us. Where it does not say (before Kubernetes 1.28), the match conditions of the
/// webhooks alone keep our own writes from coming back.
async fn own_user(client: Client) -> String {
    let reviews: Api<SelfSubjectReview> = Api::all(client);
    let review = within(reviews.create(&PostParams::default(), &SelfSubjectReview::default())).await;
    let user = review.map(|review| review.status.and_then(|status| status.user_info)?.username);
    match user {
        Ok(Some(user)) => user,
        Ok(None) => String::new(),
        Err(problem) => {
            warn!(%problem, "the API server does not say who we are");
            String::new()
        }
    }
}
