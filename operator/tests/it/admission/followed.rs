//! Certificates that somebody else makes, as cert-manager does: they are served, and changed ones are, and nothing of them
//! is written.

use eso_testkit::objects::store;
use rcgen::generate_simple_self_signed;
use reqwest::{Certificate, Client};
use serde_json::{Value, json};

use super::check;
use crate::harness::{Kind, Setup, World, asking, encoded, eventually};

/// Where the operator's own Secrets are.
const SECRETS: &str = "/api/v1/namespaces/external-secrets/secrets";

const REGISTRATION: &str = "/apis/admissionregistration.k8s.io/v1";

/// A certificate that trusts itself, and its key, in PEM.
struct Pair {
    certificate: String,
    key: String,
}

impl Pair {
    fn new() -> Self {
        let made = generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
        Self { certificate: made.cert.pem(), key: made.signing_key.serialize_pem() }
    }

    fn secret(&self, name: &str) -> Value {
        json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": { "name": name }, "type": "kubernetes.io/tls",
            "stringData": { "tls.crt": self.certificate, "tls.key": self.key },
        })
    }
}

/// Has the API server trust these, as cert-manager's injector does.
async fn trust(world: &World, pairs: &[&Pair]) {
    let bundle: String = pairs.iter().map(|pair| pair.certificate.as_str()).collect();
    for kind in ["mutatingwebhookconfigurations", "validatingwebhookconfigurations"] {
        let path = format!("{REGISTRATION}/{kind}/{}", world.namespace);
        // The operator writes them too, and who is outrun tries again.
        eventually("it is trusted", async || {
            let mut configuration = world.call("GET", &path, None).await.unwrap();
            for webhook in configuration["webhooks"].as_array_mut().unwrap() {
                webhook["clientConfig"]["caBundle"] = json!(encoded(&bundle));
            }
            let written = world.call("PUT", &path, Some(&configuration)).await;
            written.map(drop).map_err(|refusal| format!("{refusal:?}"))
        })
        .await;
    }
}

/// Waits until the webhooks are served with this one.
async fn serves(world: &World, pair: &Pair) {
    let trusted = Certificate::from_pem(pair.certificate.as_bytes()).unwrap();
    let url = format!("https://127.0.0.1:{}/", world.webhook_port());
    eventually("it is served with that certificate", async || {
        let client = Client::builder().no_proxy().tls_certs_only([trusted.clone()]).build().unwrap();
        client.get(&url).send().await.map(drop).map_err(|problem| format!("{problem:?}"))
    })
    .await;
}

#[tokio::test]
async fn certificates_of_somebody_else_are_served_and_so_are_changed_ones_without_a_failure() {
    let setup = Setup::new("admission-followed").webhooks().argument("--webhook-certificates=followed");
    let world = setup.start_unready().await;
    eventually("it waits for a certificate", async || match world.operator.health("readyz").await {
        Some(status) if status == 503 => Ok(()),
        other => Err(format!("{other:?}")),
    })
    .await;
    let name = format!("{}-webhook", world.namespace);
    let (first, second) = (Pair::new(), Pair::new());
    world.call("POST", SECRETS, Some(&first.secret(&name))).await.unwrap();
    trust(&world, &[&first]).await;
    world.operator.ready().await;
    serves(&world, &first).await;
    world.admits().await;
    let token = world.canary("token");
    world.create(store("main").value("token", &token)).await;
    world.store_says(Kind::SecretStore, "main", "Valid", "store validated").await;
    let make = async |name: String| {
        check(world.make(&asking(&name, &[("a", "eso:token")]), None).await, &[("a", &token)]);
    };
    make("before".to_owned()).await;

    // Both are trusted for a while, and no request fails meanwhile.
    trust(&world, &[&first, &second]).await;
    let path = format!("{SECRETS}/{name}");
    // What is none is not served.
    world.call("PATCH", &path, Some(&json!({ "stringData": { "tls.key": "none" } }))).await.unwrap();
    let creating = async {
        for number in 0..100 {
            make(format!("app-{number}")).await;
        }
    };
    let changing = async {
        let renewed = json!({ "stringData": { "tls.crt": second.certificate, "tls.key": second.key } });
        world.call("PATCH", &path, Some(&renewed)).await.unwrap();
        serves(&world, &second).await;
    };
    tokio::join!(creating, changing);
    trust(&world, &[&second]).await;
    world.admits().await;
    make("after".to_owned()).await;
    let secret = world.call("GET", &path, None).await.unwrap();
    assert_eq!(secret["data"]["tls.crt"], encoded(&second.certificate));
    assert_eq!(secret["data"].as_object().unwrap().len(), 2, "nothing was written to it");
    world.end().await;
}
