//! The paths that Secrets are sent to for admission: each has a token before it, that of the hour, and the API server is
//! told so whoever makes the certificates.
//!
//! A manifest says no such path, so that whoever applies it again resets none; where it says one, or somebody else does,
//! the token is put back as soon as that is heard of.

use std::time::Duration;

use eso_plan::filled::{
    record::SealKey,
    token::{Hour, is_token},
};
use jiff::Timestamp;
use k8s_openapi::api::admissionregistration::v1::MutatingWebhookConfiguration;
use kube::Client;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::configurations::{Configuration, Patched};
use crate::{seal::SealKeys, watch::Seen};

/// How often is looked whether another hour has come, and a write that failed is tried again.
const LOOK: Duration = Duration::from_secs(20);

/// Where Secrets are sent: a webhook's name, and its path behind the token.
pub type Paths = &'static [(&'static str, &'static str)];

/// Keeps the paths of the mutating configuration of this name. The future does so for as long as it is polled.
///
/// `client` is one that sends writes whether or not this process leads: a standby serves webhooks too.
pub async fn keep(client: Client, configuration: String, paths: Paths, mut keys: SealKeys) {
    let configuration = Configuration::<MutatingWebhookConfiguration>::new(&client, &configuration);
    let put = async {
        let mut news = configuration.news();
        loop {
            let patch = match (&*news.borrow_and_update(), &*keys.borrow_and_update()) {
                (Seen::There(found), Some(key)) => {
                    let configured: Configured = found.read().unwrap_or_default();
                    let version = found.metadata().resource_version.as_deref();
                    configured.patch(version, paths, key, Hour::of(Timestamp::now()))
                }
                (Seen::There(_) | Seen::Unknown | Seen::Absent, _) => None,
            };
            if let Some(patch) = patch {
                configuration.send(patch, Patched::Paths).await;
            }
            tokio::select! {
                _ = news.changed() => {}
                _ = keys.changed() => {}
                () = sleep(LOOK) => {}
            }
        }
    };
    tokio::select! {
        () = configuration.follow() => {}
        () = put => {}
    }
}

/// A webhook configuration, as far as it matters here.
#[derive(Clone, Default, Deserialize)]
struct Configured {
    #[serde(default)]
    webhooks: Vec<Webhook>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Webhook {
    #[serde(default)]
    name: String,
    #[serde(default)]
    client_config: ClientConfig,
}

#[derive(Clone, Default, Deserialize)]
struct ClientConfig {
    service: Option<Service>,
    url: Option<String>,
}

#[derive(Clone, Default, Deserialize)]
struct Service {
    path: Option<String>,
}

impl Configured {
    /// The operations of a JSON patch that puts the tokens into the paths, where it is of this version; `None` where they
    /// are there.
    fn patch(&self, version: Option<&str>, paths: Paths, key: &SealKey, hour: Hour) -> Option<Value> {
        let changes = self.webhooks.iter().enumerate().filter_map(|(place, webhook)| {
            let (_, path) = paths.iter().find(|(name, _)| *name == webhook.name)?;
            let (field, now) = webhook.client_config.path()?;
            let path = with_token(now, path, key, hour)?;
            let field = format!("/webhooks/{place}/clientConfig/{field}");
            Some(json!({ "op": "add", "path": field, "value": path }))
        });
        let changes: Vec<Value> = changes.collect();
        if changes.is_empty() {
            return None;
        }
        let test = json!({ "op": "test", "path": "/metadata/resourceVersion", "value": version });
        Some([test].into_iter().chain(changes).collect())
    }
}

impl ClientConfig {
    /// The field that ends in a path, and what is in it.
    fn path(&self) -> Option<(&'static str, &str)> {
        let of_service = self
            .service
            .as_ref()
            .map(|service| ("service/path", service.path.as_deref().unwrap_or_default()));
        of_service.or_else(|| Some(("url", self.url.as_deref()?)))
    }
}

/// A path, or a URL, that ends in the token and this path; `None` where it does so. What stands before is kept.
fn with_token(now: &str, path: &str, key: &SealKey, hour: Hour) -> Option<String> {
    let before = now.strip_suffix(path).unwrap_or(now).trim_end_matches('/');
    let (before, token) = match before.rsplit_once('/') {
        Some((before, token)) if is_token(token) => (before, token),
        Some(_) | None => (before, ""),
    };
    let is_so = now.ends_with(path) && hour.is_up_to_date(key, token);
    (!is_so).then(|| format!("{before}/{}{path}", hour.token(key)))
}

#[cfg(test)]
mod tests {
    use eso_plan::filled::{record::SealKey, token::Hour};
    use serde_json::{Value, json};

    use super::{Configured, with_token};

    const PATH: &str = "/mutate/a";

    fn key() -> SealKey {
        SealKey::new(&[7; 32])
    }

    fn hour(number: i64) -> Hour {
        Hour::of(jiff::Timestamp::from_second(number * 3600).unwrap())
    }

    fn token(number: i64) -> String {
        hour(number).token(&key())
    }

    #[track_caller]
    fn check(now: &str, expected: Option<&str>) {
        let expected = expected.map(|before| format!("{before}/{}{PATH}", token(5)));
        let put = with_token(now, PATH, &key(), hour(5));
        assert_eq!(put, expected, "{now}");
        let again = put.and_then(|put| with_token(&put, PATH, &key(), hour(5)));
        assert_eq!(again, None, "it stays so");
    }

    #[test]
    fn a_path_gets_the_token_of_the_hour_whatever_it_was() {
        check("", Some(""));
        check("/", Some(""));
        check("/mutate/a", Some(""));
        check("//mutate/a", Some(""));
        for (number, is_kept) in [(3, false), (4, false), (5, true), (6, true), (7, false)] {
            check(&format!("/{}{PATH}", token(number)), (!is_kept).then_some(""));
            check(&format!("https://a:1/b/{}{PATH}", token(number)), (!is_kept).then_some("https://a:1/b"));
        }
        let others = Hour::of(jiff::Timestamp::from_second(5 * 3600).unwrap()).token(&SealKey::new(&[8; 32]));
        check(&format!("/{others}{PATH}"), Some(""));
    }

    #[test]
    fn a_url_keeps_what_stands_before() {
        check("https://a", Some("https://a"));
        check("https://a/", Some("https://a"));
        check("https://a:1/mutate/a", Some("https://a:1"));
        check("https://a/b/c/mutate/a", Some("https://a/b/c"));
        check(&format!("https://a/{}", token(5)), Some("https://a"));
    }

    fn configured(webhooks: &Value) -> Configured {
        serde_json::from_value(json!({ "metadata": {}, "webhooks": webhooks })).unwrap()
    }

    #[test]
    fn only_webhooks_of_ours_that_are_behind_are_changed_and_only_in_the_version_that_was_seen() {
        let configured = configured(&json!([
            { "name": "a", "clientConfig": { "service": { "name": "s", "namespace": "n" } } },
            { "name": "others", "clientConfig": { "service": { "path": "/mutate/a" } } },
            { "name": "b", "clientConfig": { "url": "https://b/mutate/b" } },
            { "name": "a", "clientConfig": { "service": { "path": format!("/{}/mutate/a", token(5)) } } },
            { "name": "b", "clientConfig": {} },
        ]));
        let paths = &[("a", "/mutate/a"), ("b", "/mutate/b")];
        let add = |field: &str, path: String| json!({ "op": "add", "path": field, "value": path });
        assert_eq!(
            configured.patch(Some("7"), paths, &key(), hour(5)),
            Some(json!([
                { "op": "test", "path": "/metadata/resourceVersion", "value": "7" },
                add("/webhooks/0/clientConfig/service/path", format!("/{}/mutate/a", token(5))),
                add("/webhooks/2/clientConfig/url", format!("https://b/{}/mutate/b", token(5))),
            ]))
        );
        assert_eq!(Configured::default().patch(None, paths, &key(), hour(5)), None);
    }
}
