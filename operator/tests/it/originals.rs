//! The original's other two commands, as its Deployments run them: their images alone were changed.

use std::{fs, time::Duration};

use eso_rig::{Launch, Process, free_port};
use rcgen::generate_simple_self_signed;
use reqwest::{Certificate, Client, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::eventually;

/// The name that the original's certificates are for.
const NAME: &str = "external-secrets-webhook.external-secrets.svc";

/// What both Deployments say besides, as the original's chart and its flags have it.
const COMMON: [&str; 7] = [
    "--loglevel=info",
    "--zap-time-encoding=epoch",
    "--enable-http2=false",
    "--metrics-auth=false",
    "--metrics-secure=false",
    "--metrics-cert-name=tls.crt",
    "--metrics-key-name=tls.key",
];

struct Command {
    process: Process,
    health: String,
    metrics: String,
    folder: TempDir,
}

impl Command {
    /// Starts one with what both Deployments say.
    fn start(arguments: &[&str]) -> Self {
        Self::start_with(&[arguments, &COMMON].concat())
    }

    /// Starts one with nothing in its environment: no cluster can be found.
    fn start_with(arguments: &[&str]) -> Self {
        external_secrets::run::install_crypto();
        let folder = TempDir::with_prefix("eso-it-").unwrap();
        let [health, metrics] = [(); 2].map(|()| format!("127.0.0.1:{}", free_port().unwrap()));
        let own = [format!("--healthz-addr={health}"), format!("--metrics-addr={metrics}")];
        let command = ["-i", env!("CARGO_BIN_EXE_eso")].into_iter().chain(arguments.iter().copied());
        let command = command.map(str::to_owned).chain(own);
        let launch = Launch {
            name: "eso",
            program: "env".into(),
            arguments: command.collect(),
            environment: Vec::new(),
            log: folder.path().join("log"),
        };
        Self { process: launch.start().unwrap(), health, metrics, folder }
    }

    async fn get(&self, address: &str, path: &str) -> Option<(StatusCode, String)> {
        let client = Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap();
        let answer = client.get(format!("http://{address}/{path}")).send().await.ok()?;
        Some((answer.status(), answer.text().await.unwrap_or_default()))
    }

    /// Waits until it says that it is ready, or that it is not.
    async fn says(&self, expected: StatusCode) {
        eventually(&format!("/readyz says {expected}"), async || {
            match self.get(&self.health, "readyz").await {
                Some((status, _)) if status == expected => Ok(()),
                other => Err(format!("{other:?}: {}", self.log())),
            }
        })
        .await;
        assert_eq!(self.get(&self.health, "healthz").await.unwrap().0, StatusCode::OK);
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// It runs until it is told to stop, and ends well then.
    async fn stops(&self) {
        assert_eq!(self.process.ended().unwrap(), None, "{}", self.log());
        self.process.terminate().unwrap();
        let status = eventually("it ended", async || {
            self.process.ended().unwrap().ok_or_else(|| format!("it still runs: {}", self.log()))
        })
        .await;
        assert!(status.success(), "{status}: {}", self.log());
    }
}

/// Puts a certificate into a folder, as a Secret is mounted there, and answers it.
fn certify(folder: &TempDir) -> Certificate {
    let made = generate_simple_self_signed(vec![NAME.to_owned()]).unwrap();
    fs::write(folder.path().join("tls.crt"), made.cert.pem()).unwrap();
    fs::write(folder.path().join("tls.key"), made.signing_key.serialize_pem()).unwrap();
    Certificate::from_pem(made.cert.pem().as_bytes()).unwrap()
}

/// A client that trusts this certificate alone, and has no connection yet.
fn trusting(certificate: &Certificate, port: u16) -> Client {
    let client = Client::builder().no_proxy().tls_certs_only([certificate.clone()]);
    let address = format!("127.0.0.1:{port}").parse().unwrap();
    client.resolve(NAME, address).timeout(Duration::from_secs(30)).build().unwrap()
}

/// What is answered to the review of an object that is created.
async fn review(client: &Client, (port, path): (u16, &str), object: Value) -> Value {
    let body = json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {
            "uid": "7", "operation": "CREATE", "resource": { "resource": "any" },
            "namespace": "demo", "name": "app", "object": object,
        },
    });
    let url = format!("https://{NAME}:{port}/{path}");
    let answer = client.post(url).json(&body).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    answer.json::<Value>().await.unwrap()["response"].take()
}

#[tokio::test]
async fn webhook_judges_objects_with_the_originals_flags_and_the_certificate_in_its_folder() {
    let (folder, port) = (TempDir::with_prefix("eso-it-").unwrap(), free_port().unwrap());
    let command = Command::start(&[
        "webhook",
        &format!("--port={port}"),
        &format!("--dns-name={NAME}"),
        &format!("--cert-dir={}", folder.path().display()),
        "--check-interval=100ms",
        "--lookahead-interval=2160h",
        "--tls-ciphers=",
        "--tls-min-version=1.2",
    ]);
    command.says(StatusCode::SERVICE_UNAVAILABLE).await;
    let first = certify(&folder);
    let client = trusting(&first, port);
    command.says(StatusCode::OK).await;
    let object = |spec: Value| json!({ "metadata": { "name": "app", "namespace": "demo" }, "spec": spec });
    let of_objects = (port, "validate-external-secrets-io-v1-externalsecret");
    let refused = review(&client, of_objects, object(json!({ "secretStoreRef": { "name": "main" } }))).await;
    assert_eq!(
        (&refused["allowed"], &refused["status"]["message"]),
        (&json!(false), &json!("either data or dataFrom should be specified"))
    );
    let good = json!({
        "secretStoreRef": { "name": "main" },
        "data": [{ "secretKey": "a", "remoteRef": { "key": "b" } }],
    });
    assert_eq!(review(&client, of_objects, object(good)).await, json!({ "uid": "7", "allowed": true }));
    for kind in ["secretstore", "clustersecretstore"] {
        let path = format!("validate-external-secrets-io-v1-{kind}");
        let warned = review(&client, (port, &path), object(json!({ "provider": { "gcpsm": {} } }))).await;
        assert_eq!(warned["allowed"], true);
        assert!(warned["warnings"][0].as_str().unwrap().contains("gcpsm"), "{warned}");
    }
    // It sees no cluster, and fills nothing.
    let filling = client.post(format!("https://{NAME}:{port}/mutate/references")).body("{}").send().await;
    assert_eq!(filling.unwrap().status(), StatusCode::NOT_FOUND);
    let (_, metrics) = command.get(&command.metrics, "metrics").await.unwrap();
    assert!(metrics.contains("eso_admission_reviews_total{result=\"denied\""), "{metrics}");

    // The one in the folder is changed, as the original's certificate controller does.
    let renewed = certify(&folder);
    let asked = async |certificate| {
        let answer = trusting(certificate, port).get(format!("https://{NAME}:{port}/")).send().await;
        answer.map(drop).map_err(|problem| problem.to_string())
    };
    eventually("the other certificate is served", async || asked(&renewed).await).await;
    assert!(asked(&first).await.is_err(), "the old one is not");
    command.stops().await;
}

#[tokio::test]
async fn certcontroller_has_nothing_to_do_says_so_and_runs_until_it_is_stopped() {
    let command = Command::start(&[
        "certcontroller",
        "--crd-requeue-interval=5m",
        "--service-name=external-secrets-webhook",
        "--service-namespace=external-secrets",
        "--secret-name=external-secrets-webhook",
        "--secret-namespace=external-secrets",
        "--crd-names=externalsecrets.external-secrets.io,secretstores.external-secrets.io",
        "--enable-partial-cache=true",
        "--enable-leader-election=true",
    ]);
    command.says(StatusCode::OK).await;
    assert!(command.log().contains("there is nothing to do here"), "{}", command.log());
    assert_eq!(command.get(&command.metrics, "metrics").await.unwrap().0, StatusCode::OK);
    command.stops().await;
}

#[tokio::test]
async fn metrics_that_are_to_be_protected_are_not_served_without() {
    for flag in ["--metrics-secure=true", "--metrics-auth=true"] {
        let command = Command::start_with(&["certcontroller", flag]);
        command.says(StatusCode::OK).await;
        assert_eq!(command.get(&command.metrics, "metrics").await, None);
        command.stops().await;
    }
}
