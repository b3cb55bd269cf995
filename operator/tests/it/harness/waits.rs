//! What a test waits for.

use std::{
    future::Future,
    io::{Write as _, stderr},
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{kind::Kind, patience::eventually, secrets::entries, world::World};

impl World {
    /// Waits until an object is there and is so, and answers it.
    pub(crate) async fn until(
        &self,
        kind: Kind,
        name: &str,
        what: &str,
        is_so: impl Fn(&Value) -> bool,
    ) -> Value {
        let what = format!("{kind:?} {name} {what}");
        eventually(&what, async || match self.get(kind, name).await {
            Some(object) if is_so(&object) => Ok(object),
            Some(object) => Err(format!("it is {object}{}", self.why(kind, name).await)),
            None => Err(format!("it is not there{}", self.why(kind, name).await)),
        })
        .await
    }

    /// Waits until an object is gone.
    pub(crate) async fn gone(&self, kind: Kind, name: &str) {
        eventually(&format!("{kind:?} {name} is gone"), async || match self.get(kind, name).await {
            None => Ok(()),
            Some(object) => Err(format!("it is {object}")),
        })
        .await;
    }

    /// Waits until a Secret holds exactly these entries, and answers it.
    pub(crate) async fn holds(&self, name: &str, expected: &[(&str, &str)]) -> Value {
        let expected =
            expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let what = format!("holds {expected:?}");
        self.until(Kind::Secret, name, &what, |secret| entries(secret) == expected).await
    }

    /// Waits until an ExternalSecret is Ready with this reason and message, and answers it.
    pub(crate) async fn says(&self, name: &str, reason: &str, message: &str) -> Value {
        let expected = Condition { status: "True".into(), reason: reason.into(), message: message.into() };
        self.until(Kind::ExternalSecret, name, &format!("says {expected:?}"), |object| {
            Condition::of(object).as_ref() == Some(&expected)
        })
        .await
    }

    /// Waits until an ExternalSecret is in step.
    pub(crate) async fn synced(&self, name: &str) -> Value {
        self.says(name, "SecretSynced", "secret synced").await
    }

    /// Waits until an ExternalSecret says that it failed, in a message that begins so; answers the whole message.
    pub(crate) async fn fails(&self, name: &str, beginning: &str) -> String {
        let failed = |object: &Value| {
            Condition::of(object).filter(|condition| {
                condition.status == "False"
                    && ["SecretSyncedError", "ResourceSyncedError"].contains(&condition.reason.as_str())
                    && condition.message.starts_with(beginning)
            })
        };
        let what = format!("fails with {beginning:?}");
        let object = self.until(Kind::ExternalSecret, name, &what, |object| failed(object).is_some()).await;
        failed(&object).expect("it must be as it was").message
    }

    /// Waits until a store's condition is so, and answers the store.
    pub(crate) async fn store_says(&self, kind: Kind, name: &str, reason: &str, beginning: &str) -> Value {
        self.until(kind, name, &format!("says {reason}: {beginning}"), |store| {
            Condition::of(store).is_some_and(|condition| {
                condition.reason == reason && condition.message.starts_with(beginning)
            })
        })
        .await
    }

    /// Why a Secret is not as it should be: what the ExternalSecret of that name says of itself.
    async fn why(&self, kind: Kind, name: &str) -> String {
        if kind != Kind::Secret {
            return String::new();
        }
        let object = self.get(Kind::ExternalSecret, name).await;
        object.map(|object| format!("; its ExternalSecret says {}", object["status"])).unwrap_or_default()
    }
}

/// The condition `Ready` of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Condition {
    pub(crate) status: String,
    pub(crate) reason: String,
    pub(crate) message: String,
}

impl Condition {
    /// That of this object, where it has one.
    pub(crate) fn of(object: &Value) -> Option<Self> {
        let conditions = object["status"]["conditions"].as_array()?;
        let ready = conditions.iter().find(|condition| condition["type"] == "Ready")?;
        let text = |field: &str| ready[field].as_str().unwrap_or_default().to_owned();
        Some(Self { status: text("status"), reason: text("reason"), message: text("message") })
    }
}

/// How long something took; for people, no test asserts it.
pub(crate) async fn measured<T>(what: &str, future: impl Future<Output = T>) -> T {
    timed(what, future).await.0
}

/// The same for a test that asserts it, of many together: any one may have waited for the machine.
pub(crate) async fn timed<T>(what: &str, future: impl Future<Output = T>) -> (T, Duration) {
    let began = Instant::now();
    let result = future.await;
    let took = began.elapsed();
    // Nothing depends on whether anybody reads it.
    let _ = writeln!(stderr(), "{what}: {:.2} s", took.as_secs_f32());
    (result, took)
}
