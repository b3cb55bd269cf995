//! Looks, decides, and writes, as soon as something changes or is due.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::{api::core::v1::Secret, apimachinery::pkg::apis::meta::v1::ObjectMeta};
use kube::Client;
use tokio::{sync::watch, time::sleep};
use tracing::{info, warn};

use super::{
    Own, Pair, Settings, Source,
    configurations::Configurations,
    material::{Material, Terms},
};
use crate::{
    own::{OwnSecret, Written, entries},
    watch::Seen,
};

/// The longest wait: a clock that is set moves what is due.
const LONGEST: Duration = Duration::from_secs(3600);

/// The wait after what failed, or for news of what was written.
const PAUSE: Duration = Duration::from_secs(5);

/// Keeps certificates.
pub(super) struct Keeper {
    client: Client,
    secret: OwnSecret,
    settings: Settings,
    served: watch::Sender<Option<Pair>>,
    told: watch::Sender<Seen<Secret>>,
}

/// The Secret as it was found, where it is there, and what is to be made of it.
struct Found {
    metadata: Option<ObjectMeta>,
    material: Material,
}

impl Keeper {
    pub(super) fn new(client: Client, settings: Settings, served: watch::Sender<Option<Pair>>) -> Self {
        let secret = OwnSecret::new(client.clone(), &settings.namespace, &settings.secret);
        Self { client, secret, settings, served, told: watch::Sender::new(Seen::Unknown) }
    }

    pub(super) async fn run(self) {
        tokio::select! {
            () = self.secret.follow(&self.told) => {}
            () = self.work() => {}
        }
    }

    async fn work(&self) {
        match &self.settings.source {
            Source::Followed => self.read().await,
            Source::Own(own) => {
                let configurations = Configurations::new(&self.client, &own.configuration);
                tokio::select! {
                    () = configurations.follow() => {}
                    () = self.keep(own, &configurations) => {}
                }
            }
        }
    }

    /// Serves what somebody else makes.
    async fn read(&self) {
        let mut news = self.told.subscribe();
        loop {
            if let Some(found) = found(&news.borrow_and_update(), &Material::default()) {
                self.serve(&found.material);
            }
            if news.changed().await.is_err() {
                return;
            }
        }
    }

    /// Makes and serves ours.
    async fn keep(&self, own: &Own, configurations: &Configurations) {
        let (mut news, mut configured) = (self.told.subscribe(), configurations.news());
        let mut last = Material::default();
        loop {
            let found = found(&news.borrow_and_update(), &last);
            let pause = match found {
                Some(found) => {
                    let pause = self.turn(own, configurations, &found).await;
                    last = found.material;
                    pause
                }
                None => LONGEST,
            };
            tokio::select! {
                _ = news.changed() => {}
                () = configured.heard() => {}
                () = sleep(pause) => {}
            }
        }
    }

    /// Does what is to be done, and gives when to look again.
    async fn turn(&self, own: &Own, configurations: &Configurations, found: &Found) -> Duration {
        let Found { metadata, material } = found;
        let is_trusted = match metadata {
            Some(_) if !material.authorities().is_empty() => {
                self.serve(material);
                configurations.trust(material.authorities()).await
            }
            Some(_) | None => false,
        };
        let Own { service, overlap, configuration: _ } = own;
        let terms = Terms { service, namespace: &self.settings.namespace, overlap: *overlap, is_trusted };
        match material.up_to_date(&terms, Timestamp::now()) {
            Ok((next, until)) if next == *material && metadata.is_some() => wait(until),
            Ok((next, _)) => {
                self.write(metadata.as_ref(), &next).await;
                PAUSE
            }
            Err(problem) => {
                warn!(secret = %self.secret, %problem, "a certificate could not be made");
                PAUSE
            }
        }
    }

    async fn write(&self, seen: Option<&ObjectMeta>, material: &Material) {
        match self.secret.write(seen, &material.entries()).await {
            Ok(Written::Done) => info!(secret = %self.secret, "wrote certificates"),
            Ok(Written::Outrun) => {}
            Err(problem) => warn!(secret = %self.secret, %problem, "certificates could not be written"),
        }
    }

    fn serve(&self, material: &Material) {
        let Some(pair) = material.pair() else { return };
        self.served.send_if_modified(|served| {
            let is_new = served.as_ref() != Some(&pair);
            *served = Some(pair);
            is_new
        });
    }
}

/// What there is; `None` where nobody has looked yet. Where the Secret was deleted or emptied, what it last held is
/// replaced step by step: it is still served, and trusted.
fn found(seen: &Seen<Secret>, last: &Material) -> Option<Found> {
    let (metadata, material) = match seen {
        Seen::Unknown => return None,
        Seen::Absent => (None, Material::default()),
        Seen::There(secret) => (Some(secret.metadata().clone()), Material::read(&entries(secret))),
    };
    let material = if material.is_empty() { last.without_authority() } else { material };
    Some(Found { metadata, material })
}

fn wait(until: Timestamp) -> Duration {
    let wait = until.duration_since(Timestamp::now());
    Duration::try_from(wait).unwrap_or_default().clamp(Duration::from_millis(100), LONGEST)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use k8s_openapi::api::core::v1::Secret;
    use serde_json::json;

    use super::{found, wait};
    use crate::{certificates::material::Material, watch::Seen};

    #[test]
    fn what_a_deleted_secret_held_is_still_trusted_and_signs_no_more() {
        let last = Material::read(
            &[("ca.crt", "a"), ("ca.key", "b"), ("tls.crt", "c"), ("tls.key", "d")]
                .map(|(key, text)| (key.to_owned(), text.as_bytes().to_vec().into()))
                .into(),
        );
        assert!(found(&Seen::Unknown, &last).is_none());
        let empty = json!({ "metadata": { "name": "hooks" } });
        for seen in [Seen::Absent, Seen::There(serde_json::from_value(empty).unwrap())] {
            let found = found(&seen as &Seen<Secret>, &last).unwrap();
            assert!(found.material == last.without_authority(), "{seen:?}");
        }
    }

    #[test]
    fn nobody_waits_for_a_time_that_is_over_or_very_far() {
        assert!(wait(Timestamp::MIN).as_millis() == 100);
        assert!(wait(Timestamp::MAX).as_secs() == 3600);
    }
}
