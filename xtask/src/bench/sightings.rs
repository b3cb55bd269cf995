//! What a watch shows, and when.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use eso_rig::{ApiClient, ApiWatch};
use serde_json::Value;
use tokio::{sync::mpsc, task::JoinHandle};

/// How long nothing of what is waited for may happen.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a watched object was seen to say.
struct Sighting {
    name: String,
    says: String,
    at: Instant,
}

/// A collection under watch.
pub(super) struct Sightings {
    seen: mpsc::UnboundedReceiver<Sighting>,
    task: JoinHandle<()>,
}

impl Sightings {
    /// Watches from now on; `says` is what is of interest in an object.
    pub(super) async fn begin(
        api: &ApiClient,
        collection: &str,
        says: fn(&Value) -> Option<String>,
    ) -> Result<Self> {
        let watch = api.watch(collection).await?;
        let (tell, seen) = mpsc::unbounded_channel();
        let followed = Followed { api: api.clone(), collection: collection.to_owned(), watch };
        Ok(Self { seen, task: tokio::spawn(follow(followed, says, tell)) })
    }

    /// Waits until each of these names was seen to say what stands beside it, and gives when it first did.
    pub(super) async fn all(
        &mut self,
        mut expected: HashMap<String, String>,
    ) -> Result<HashMap<String, Instant>> {
        let mut met = HashMap::with_capacity(expected.len());
        let mut progress = Instant::now();
        while let Some(example) = expected.keys().next() {
            let left = PATIENCE.saturating_sub(progress.elapsed());
            let Ok(sighting) = tokio::time::timeout(left, self.seen.recv()).await else {
                bail!("{} objects do not get as they should be, such as {example}", expected.len());
            };
            let Sighting { name, says, at } = sighting.context("a watch broke off")?;
            if expected.get(&name) == Some(&says) {
                expected.remove(&name);
                met.insert(name, at);
                progress = Instant::now();
            }
        }
        Ok(met)
    }

    /// Waits until this name was seen to say that, and gives when it first did.
    pub(super) async fn one(&mut self, name: String, says: String) -> Result<Instant> {
        let met = self.all(HashMap::from([(name, says)])).await?;
        met.into_values().next().context("what was waited for must have come")
    }
}

impl Drop for Sightings {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The generation of an ExternalSecret that its Ready condition is about.
pub(super) fn generation(object: &Value) -> Option<String> {
    let status = &object["status"];
    let mut conditions = status["conditions"].as_array()?.iter();
    conditions.find(|condition| condition["type"] == "Ready" && condition["status"] == "True")?;
    let (generation, _) = status["syncedResourceVersion"].as_str()?.split_once('-')?;
    Some(generation.to_owned())
}

/// The password in a Secret, in base64.
pub(super) fn password(secret: &Value) -> Option<String> {
    secret["data"]["password"].as_str().map(str::to_owned)
}

/// A watch that begins again where the API server ended it, as it does with those that are slow.
struct Followed {
    api: ApiClient,
    collection: String,
    watch: ApiWatch,
}

impl Followed {
    /// The next event after the version that was seen last; nothing where the watch cannot be begun again.
    async fn next(&mut self, version: &str) -> Option<Value> {
        loop {
            if let Ok(Some(event)) = self.watch.next().await {
                return Some(event);
            }
            self.watch = self.api.watch_from(&self.collection, version).await.ok()?;
        }
    }
}

/// Tells what is seen, until nobody listens or the watch is over.
async fn follow(
    mut followed: Followed,
    says: fn(&Value) -> Option<String>,
    tell: mpsc::UnboundedSender<Sighting>,
) {
    let mut version = String::new();
    while let Some(event) = followed.next(&version).await {
        let (at, object) = (Instant::now(), &event["object"]);
        let metadata = &object["metadata"];
        let name = metadata["name"].as_str().map(str::to_owned);
        version = metadata["resourceVersion"].as_str().unwrap_or(&version).to_owned();
        if let (Some(name), Some(says)) = (name, says(object))
            && tell.send(Sighting { name, says, at }).is_err()
        {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::objects;

    #[test]
    fn the_generation_is_that_of_a_ready_object() {
        let mut object = objects::status("app", 3);
        assert_eq!(generation(&object).as_deref(), Some("3"));
        object["status"]["conditions"][0]["status"] = "False".into();
        assert_eq!(generation(&object), None);
        assert_eq!(generation(&Value::Null), None);
    }

    #[test]
    fn the_password_is_read_off_a_secret() {
        assert_eq!(password(&objects::secret("app")), Some(objects::encoded_password(0, 0)));
        assert_eq!(password(&Value::Null), None);
    }
}
