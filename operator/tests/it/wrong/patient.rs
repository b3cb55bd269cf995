//! An ExternalSecret that something happens to, and one beside it that nothing happens to.

use std::time::Duration;

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::UNREADABLE;
use crate::harness::{Condition, Kind, World, measured};

/// How much slower than promised this may be: the promises are for a machine that does nothing else, and this one runs
/// other tests, and may be a small one. In the cluster it is still less than the 27 s after which an object is tried
/// again that failed often, so that one which no event woke is found out.
const SLOWNESS: u32 = 4;

/// Where the cause of a failure is, which says how soon after its end the object is in step again.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cause {
    InTheCluster,
    InTheStore,
}

impl Cause {
    /// What is promised.
    fn recovery(self) -> Duration {
        match self {
            Self::InTheCluster => Duration::from_secs(5),
            Self::InTheStore => Duration::from_secs(30),
        }
    }
}

/// An ExternalSecret that was in step, with the Secret that it had then.
pub(super) struct Patient<'a> {
    world: &'a World,
    name: &'a str,
    secret: Value,
}

impl<'a> Patient<'a> {
    /// Waits until the object is in step.
    pub(super) async fn in_step(world: &'a World, name: &'a str) -> Self {
        world.synced(name).await;
        let secret = world.get(Kind::Secret, name).await.expect("what is in step must be there");
        Self { world, name, secret }
    }

    /// Waits until the object fails in the original's words, and says why; its Secret is what it was.
    pub(super) async fn fails(&self, original: &str, says: &str) {
        let what = format!("fails with {original:?}: …{says:?}");
        let object = self.world.until(Kind::ExternalSecret, self.name, &what, |object| {
            Condition::of(object).is_some_and(|condition| {
                let Condition { status, reason, message } = condition;
                let more = message.strip_prefix(original).is_some_and(|more| more.contains(says));
                status == "False" && reason == "SecretSyncedError" && more
            })
        });
        object.await;
        self.keeps_its_secret().await;
    }

    /// Waits until the object is in step again, in time.
    pub(super) async fn recovers(&self, cause: Cause) {
        recovers(self.world, self.name, cause).await;
        self.keeps_its_secret().await;
    }

    /// The Secret is the same one, and was not even written.
    async fn keeps_its_secret(&self) {
        let now = self.world.get(Kind::Secret, self.name).await.expect("the last good Secret must stay");
        let identity = |secret: &Value| {
            let metadata = &secret["metadata"];
            (metadata["uid"].clone(), metadata["resourceVersion"].clone(), secret["data"].clone())
        };
        assert_eq!(identity(&now), identity(&self.secret), "the Secret of {} was touched", self.name);
    }
}

/// Waits until an object whose trouble ends now is in step, and shows that it was so in time: by what its condition says
/// itself, so that only the operator's own slowness counts, and not that of the test.
pub(super) async fn recovers(world: &World, name: &str, cause: Cause) {
    let what = format!("{name}, whose trouble was {cause:?}, is in step again");
    let began = Timestamp::now();
    let object = measured(&what, world.synced(name)).await;
    let conditions = object["status"]["conditions"].as_array().into_iter().flatten();
    let ready = conditions.into_iter().find(|condition| condition["type"] == "Ready");
    let since = ready.and_then(|ready| ready["lastTransitionTime"].as_str()?.parse::<Timestamp>().ok());
    let took = since.expect("a condition must say since when").duration_since(began);
    let allowed = cause.recovery() * SLOWNESS;
    assert!(took <= SignedDuration::try_from(allowed).unwrap(), "not within {allowed:?}, but {took}: {what}");
}

/// Waits until objects of these names are in step.
pub(super) async fn all_in_step<'a>(
    world: &'a World,
    names: impl Iterator<Item = &'a str>,
) -> Vec<Patient<'a>> {
    join_all(names.map(|name| Patient::in_step(world, name))).await
}

/// Waits until each says in its turn that its values could not be read, and why.
pub(super) async fn all_fail<'a>(patients: &[Patient<'_>], says: impl Iterator<Item = &'a str>) {
    join_all(patients.iter().zip(says).map(async |(patient, says)| patient.fails(UNREADABLE, says).await))
        .await;
}

/// Waits until all are in step again.
pub(super) async fn all_recover(patients: &[Patient<'_>], cause: Cause) {
    join_all(patients.iter().map(|patient| patient.recovers(cause))).await;
}

/// The object `well`, whose value `put` changes, follows its store all the while.
pub(super) async fn goes_on(world: &World, put: impl AsyncFnOnce(&str)) {
    let value = world.canary("goes-on");
    put(&value).await;
    world.holds("well", &[("password", &value)]).await;
}
