//! Logins that OpenBao has not, or that need a cloud: to a scripted server, which keeps what it was shown.

use std::time::Duration;

use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use eso_rig::{Reply, Scripted};
use futures::future::join_all;
use rcgen::{KeyPair, PKCS_RSA_SHA256};
use serde_json::{Value, json};

use super::{Counts, Server, Way, are_prompt, is_rotated, kept, selector, world};
use crate::harness::World;

/// A way, where it logs in, and what the server says to a wrong credential.
struct Script {
    server: Scripted,
    path: &'static str,
    refusal: &'static str,
    way: Way,
}

impl Script {
    async fn new(path: &'static str, refusal: &'static str, way: Way) -> Self {
        let server = Scripted::start().await.unwrap();
        let look_up = Reply::json(200, &json!({ "data": { "ttl": 0, "renewable": false } }));
        server.always("GET", "/v1/auth/token/lookup-self", look_up);
        server.always("POST", "/v1/auth/token/revoke-self", Reply::status(204));
        let script = Self { server, path, refusal, way };
        script.takes(&script.way);
        script
    }

    /// What was shown at each login, one after the other.
    fn shown(&self) -> Vec<String> {
        let requests = self.server.requests();
        let mut shown: Vec<_> = requests
            .iter()
            .filter(|request| request.path == self.path)
            .map(|login| shown(&login.json()))
            .collect();
        shown.dedup();
        shown
    }

    async fn is_rotated(&self, world: &World) -> [Duration; 2] {
        let took = is_rotated(world, self, &self.way).await;
        let Way { first, second, wrong, .. } = &self.way;
        let expected = match self.refusal {
            "" => vec![first, second],
            _ => vec![first, second, wrong, second],
        };
        let shown = self.shown();
        assert_eq!(shown.len(), expected.len(), "{}: {shown:?}", self.way.name);
        let pairs = shown.iter().zip(expected);
        pairs
            .for_each(|(shown, entries)| assert!(entries[0].1.contains(shown), "{}: {shown}", self.way.name));
        took
    }
}

impl Server for Script {
    fn spec(&self, way: &Way) -> Value {
        json!({ "server": self.server.url(), "path": "kv", "version": "v2", "auth": way.auth })
    }

    async fn put(&self, way: &Way, value: &str) {
        let data = json!({ "data": { "data": { "password": value }, "metadata": { "version": 1 } } });
        self.server.always("GET", &format!("/v1/kv/data/{}", way.name), Reply::json(200, &data));
    }

    async fn ends_first(&self, _: &Way) {}

    fn refuses(&self, _: &Way) {
        if !self.refusal.is_empty() {
            self.server.always("POST", self.path, Reply::json(400, &json!({ "errors": [self.refusal] })));
        }
    }

    fn takes(&self, _: &Way) {
        let auth = json!({
            "client_token": "s.madeForWhoeverLogsInHere", "lease_duration": 0, "renewable": false,
            "token_type": "service",
        });
        self.server.always("POST", self.path, Reply::json(200, &json!({ "auth": auth })));
    }

    fn counts(&self, _: &Way) -> Counts {
        (self.server.count("POST", self.path), self.server.count("POST", "/v1/auth/token/revoke-self"))
    }
}

/// Who a login says that it is of: a password, or the name of the key that signed.
fn shown(login: &Value) -> String {
    let text = |field: &str| login[field].as_str();
    if let Some(password) = text("password") {
        return password.to_owned();
    }
    if let Some(headers) = text("iam_request_headers") {
        let headers: Value = serde_json::from_slice(&BASE64_STANDARD.decode(headers).unwrap()).unwrap();
        let signature = headers["authorization"].as_str().unwrap();
        return signature.split(['=', '/']).nth(1).unwrap().to_owned();
    }
    let head = text("jwt").unwrap().split('.').next().unwrap();
    let head: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(head).unwrap()).unwrap();
    head["kid"].as_str().unwrap().to_owned()
}

async fn directory(world: &World) -> Script {
    let texts = ["first", "second", "wrong"].map(|name| world.canary(name));
    let auth = json!({ "path": "team/ldap", "username": "app", "secretRef": selector("ldap", "password") });
    let refused = "the user's name or password is wrong";
    let way = Way::new("ldap", json!({ "ldap": auth }), kept("password", texts), refused);
    Script::new("/v1/auth/team/ldap/login/app", "ldap operation failed: failed to bind as user", way).await
}

async fn aws_keys(world: &World) -> Script {
    let texts = ["first", "second", "wrong"].map(|name| world.canary(name));
    let auth = json!({
        "path": "team/aws", "region": "us-east-1", "vaultRole": "app", "secretRef": {
            "accessKeyIDSecretRef": selector("aws", "id"), "secretAccessKeySecretRef": selector("aws", "key"),
        },
    });
    let refused = "AWS does not take the signature: check the keys, the region and the clocks";
    let mut way = Way::new("aws", json!({ "iam": auth }), kept("id", texts), refused);
    for entries in [&mut way.first, &mut way.second, &mut way.wrong, &mut way.last] {
        entries.push(("key", world.canary("key")));
    }
    Script::new("/v1/auth/team/aws/login", "error making upstream request: received error code 403", way)
        .await
}

/// A wrong key is one that cannot sign.
async fn google_key(world: &World) -> Script {
    let key = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap().serialize_pem();
    let credential = |name: &str| {
        let id = world.canary(name);
        let email = "app@demo.iam.gserviceaccount.com";
        json!({ "type": "service_account", "private_key_id": id, "private_key": key, "client_email": email })
            .to_string()
    };
    let texts =
        [credential("first"), credential("second"), json!({ "type": world.canary("none") }).to_string()];
    let key = json!({ "secretAccessKeySecretRef": selector("google", "json") });
    let auth = json!({ "path": "team/google", "role": "app", "secretRef": key });
    let way = Way::new("google", json!({ "gcp": auth }), kept("json", texts), "");
    Script::new("/v1/auth/team/google/login", "", way).await
}

#[tokio::test]
async fn a_credential_of_a_directory_or_a_cloud_that_is_rotated_is_taken_up_and_a_wrong_one_is_said() {
    let world = world("rotated-clouds").await;
    let scripts = [directory(&world).await, aws_keys(&world).await, google_key(&world).await];
    are_prompt(join_all(scripts.iter().map(|script| script.is_rotated(&world))).await);
    world.end().await;
}
