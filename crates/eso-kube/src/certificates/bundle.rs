//! What the API server is told to trust, and whether it is told so. Pure.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use k8s_openapi::ByteString;
use serde::Deserialize;
use serde_json::{Value, json};

/// A webhook configuration, as far as it matters here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Configured {
    #[serde(default)]
    webhooks: Vec<Webhook>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Webhook {
    #[serde(default)]
    client_config: ClientConfig,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientConfig {
    #[serde(default)]
    ca_bundle: Option<ByteString>,
}

impl Configured {
    /// Whether each of its webhooks is called with exactly these authorities trusted.
    pub(super) fn trusts(&self, authorities: &str) -> bool {
        self.others(authorities).next().is_none()
    }

    /// The operations of a JSON patch that makes it trust these, where it is of this version; `None` where it does so.
    pub(super) fn patch(&self, version: Option<&str>, authorities: &str) -> Option<Value> {
        let bundle = STANDARD.encode(authorities);
        let changes = self.others(authorities).map(|place| {
            json!({ "op": "add", "path": format!("/webhooks/{place}/clientConfig/caBundle"), "value": bundle })
        });
        let changes: Vec<Value> = changes.collect();
        if changes.is_empty() {
            return None;
        }
        let test = json!({ "op": "test", "path": "/metadata/resourceVersion", "value": version });
        Some([test].into_iter().chain(changes).collect())
    }

    /// The webhooks that trust something else, by place.
    fn others(&self, authorities: &str) -> impl Iterator<Item = usize> {
        let trusts = |webhook: &Webhook| {
            let bundle = webhook.client_config.ca_bundle.as_ref();
            bundle.is_some_and(|ByteString(bundle)| bundle == authorities.as_bytes())
        };
        self.webhooks.iter().enumerate().filter(move |(_, webhook)| !trusts(webhook)).map(|(place, _)| place)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Configured;

    fn configured(bundles: &[Option<&str>]) -> Configured {
        let webhook = |bundle: &Option<&str>| match bundle {
            Some(bundle) => {
                json!({ "name": "a", "clientConfig": { "url": "https://a", "caBundle": bundle } })
            }
            None => json!({ "name": "a", "clientConfig": { "service": {} } }),
        };
        let webhooks: Vec<Value> = bundles.iter().map(webhook).collect();
        serde_json::from_value(json!({ "metadata": {}, "webhooks": webhooks })).unwrap()
    }

    #[track_caller]
    fn check(bundles: &[Option<&str>], expected: Option<Value>) {
        let configured = configured(bundles);
        assert_eq!(configured.trusts("new"), expected.is_none(), "{bundles:?}");
        assert_eq!(configured.patch(Some("7"), "new"), expected, "{bundles:?}");
    }

    #[test]
    fn only_what_trusts_something_else_is_changed_and_only_in_the_version_that_was_seen() {
        let test = json!({ "op": "test", "path": "/metadata/resourceVersion", "value": "7" });
        let add = |place: usize| {
            let path = format!("/webhooks/{place}/clientConfig/caBundle");
            json!({ "op": "add", "path": path, "value": "bmV3" })
        };
        check(&[], None);
        check(&[Some("bmV3"), Some("bmV3")], None);
        check(&[None], Some(json!([test, add(0)])));
        check(&[Some("bmV3"), Some("b2xk"), None], Some(json!([test, add(1), add(2)])));
    }
}
