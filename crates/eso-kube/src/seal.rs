//! The key that the records of filled Secrets are sealed with: 32 random bytes in a Secret of the operator's own.
//!
//! Whoever finds no key makes one, and all replicas take the one that is there. One that is deleted while a replica knows
//! it is put back. It is never changed here; who changes it by hand breaks every seal that it made, and Secrets are filled anew when somebody applies them again.

use std::{fmt, time::Duration};

use eso_plan::filled::record::SealKey;
use k8s_openapi::{api::core::v1::Secret, apimachinery::pkg::apis::meta::v1::ObjectMeta};
use kube::Client;
use tokio::{sync::watch, time::sleep};
use tracing::{info, warn};
use zeroize::Zeroizing;

use crate::{
    own::{Entries, OwnSecret, Written, entries},
    watch::{Item, Seen},
};

/// Where in the Secret the key is.
pub const KEY: &str = "seal.key";

/// How many bytes a key has.
const LENGTH: usize = 32;

/// The wait after a write that failed.
const PAUSE: Duration = Duration::from_secs(4);

/// The key as it is now; `None` where it is not known yet, or what is there is none.
pub type SealKeys = watch::Receiver<Option<SealKey>>;

/// Follows the key in the Secret of this name, and makes one where there is none. The future does so for as long as it is
/// polled.
///
/// `client` is one that sends writes whether or not this process leads: a standby answers admission too.
pub fn follow(
    client: Client,
    namespace: &str,
    name: &str,
) -> (SealKeys, impl Future<Output = ()> + Send + use<>) {
    let (sender, current) = watch::channel(None);
    let secret = OwnSecret::new(client, namespace, name);
    (current, async move { keep(&secret, &sender).await })
}

async fn keep(secret: &OwnSecret, keys: &watch::Sender<Option<SealKey>>) {
    let (told, mut seen) = watch::channel(Seen::Unknown);
    let react = async {
        let mut last = None;
        loop {
            let found = found(&seen.borrow_and_update());
            match found {
                Found::Unknown => {}
                Found::Key(key) => {
                    keys.send_replace(Some(SealKey::new(&key.0)));
                    last = Some(key);
                }
                Found::Malformed => {
                    warn!(%secret, "its {KEY} is not 32 bytes: no Secret is filled before it is");
                    keys.send_replace(None);
                }
                Found::Nothing(seen) => make(secret, seen.as_deref(), last.as_ref()).await,
            }
            if seen.changed().await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = secret.follow(&told) => {}
        () = react => {}
    }
}

/// What there is.
#[derive(Debug)]
enum Found {
    Unknown,
    Key(Key),
    Malformed,
    /// No key; and the Secret where there is one.
    Nothing(Option<Box<ObjectMeta>>),
}

/// A key, to be put back where it is deleted. `Debug` shows nothing of it.
struct Key(Zeroizing<[u8; LENGTH]>);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("redacted")
    }
}

fn found(seen: &Seen<Secret>) -> Found {
    match seen {
        Seen::Unknown => Found::Unknown,
        Seen::Absent => Found::Nothing(None),
        Seen::There(secret) => of(secret),
    }
}

fn of(secret: &Item<Secret>) -> Found {
    match entries(secret).get(KEY) {
        None => Found::Nothing(Some(Box::new(secret.metadata().clone()))),
        Some(bytes) => <[u8; LENGTH]>::try_from(bytes.as_slice())
            .map_or(Found::Malformed, |bytes| Found::Key(Key(Zeroizing::new(bytes)))),
    }
}

/// Tries until it is made, by whomever: the one that was there before, where there was one.
async fn make(secret: &OwnSecret, seen: Option<&ObjectMeta>, last: Option<&Key>) {
    let Some(key) = key_for(last) else {
        warn!("the system gives no random bytes: no key is made");
        return sleep(PAUSE).await;
    };
    let entries = Entries::from([(KEY.to_owned(), key)]);
    loop {
        match secret.write(seen, &entries).await {
            Ok(Written::Done) => return info!(%secret, "made the key that records are sealed with"),
            Ok(Written::Outrun) => return,
            Err(problem) => warn!(%secret, %problem, "the key for records could not be made"),
        }
        sleep(PAUSE).await;
    }
}

/// The bytes to write; `None` where there are none to be had.
fn key_for(last: Option<&Key>) -> Option<Zeroizing<Vec<u8>>> {
    if let Some(Key(last)) = last {
        return Some(Zeroizing::new(last.to_vec()));
    }
    let mut key = Zeroizing::new(vec![0; LENGTH]);
    getrandom::fill(&mut key).is_ok().then_some(key)
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::Secret;
    use serde_json::{Value, json};

    use zeroize::Zeroizing;

    use super::{Key, found, key_for};
    use crate::watch::Seen;

    fn there(data: Value) -> Seen<Secret> {
        let secret = json!({ "metadata": { "name": "seal", "resourceVersion": "1" }, "data": data });
        Seen::There(serde_json::from_value(secret).unwrap())
    }

    #[track_caller]
    fn check(seen: &Seen<Secret>, expected: &str) {
        let found = format!("{:?}", found(seen));
        assert!(found.starts_with(expected), "{found}");
    }

    #[test]
    fn the_last_key_is_put_back_and_another_is_made_only_where_none_was_known() {
        let last = Key(Zeroizing::new([7; 32]));
        assert_eq!(key_for(Some(&last)).unwrap().as_slice(), [7; 32]);
        let (one, other) = (key_for(None).unwrap(), key_for(None).unwrap());
        assert!(one.len() == 32 && one != other);
    }

    #[test]
    fn a_key_is_made_only_where_none_is_and_nothing_else_is_taken_for_one() {
        check(&Seen::Unknown, "Unknown");
        check(&Seen::Absent, "Nothing(None)");
        check(&there(json!({})), "Nothing(Some(");
        check(&there(json!({ "other": "AAAA" })), "Nothing(Some(");
        check(&there(json!({ "seal.key": "AAAA" })), "Malformed");
        check(&there(json!({ "seal.key": null })), "Malformed");
        check(&there(json!({ "seal.key": format!("{}=", "A".repeat(43)) })), "Key(redacted)");
    }
}
