//! Filled Secrets as an admission leaves them, and the operator's parts in this process, which know the key of their
//! records.

use std::{sync::Arc, time::Duration};

use eso_aws::Endpoints;
use eso_kube::controllers::{Controller, Options};
use eso_plan::filled::{
    Place, Source,
    annotations::{RECORD, STATUS, STORE},
    record::{Record, SealKey, seal},
    store,
};
use external_secrets::{providers::Providers, telemetry::Metrics};
use kube::{
    Config,
    config::{KubeConfigOptions, Kubeconfig},
};
use serde_json::{Map, Value, json};
use tokio::{sync::watch, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::harness::{Kind, World, eventually};

/// Keys, and what stands under them.
pub(super) type Texts<'a> = &'a [(&'a str, &'a str)];

fn key() -> SealKey {
    SealKey::new(&[7; 32])
}

/// A Secret that was filled from this store: what was asked for, and what it was filled with.
pub(super) fn filled(
    world: &World,
    of: &str,
    name: &str,
    seconds: u64,
    asked: Texts<'_>,
    held: Texts<'_>,
) -> Value {
    let source = |(key, text): &(&str, &str)| {
        ((*key).to_owned(), Source::of_text(key, text).unwrap().expect("it must refer to something"))
    };
    let sources = asked.iter().map(source).collect();
    let record = Record::new(&store(of, &world.namespace).unwrap(), Duration::from_secs(seconds), &sources);
    let place = Place { namespace: world.namespace.clone(), name: name.to_owned() };
    let annotations = json!({ STORE: of, RECORD: seal(&key(), &place, &record.unwrap()) });
    let data: Map<String, Value> =
        held.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": { "name": name, "annotations": annotations },
        "stringData": data,
    })
}

/// What a filled Secret says of how it stands.
pub(super) fn status(secret: &Value) -> Value {
    let text = secret["metadata"]["annotations"][STATUS].as_str().unwrap_or_default();
    serde_json::from_str(text).unwrap_or_default()
}

impl World {
    /// Waits until a filled Secret says this, in a message that begins so, and answers it.
    pub(super) async fn stands(&self, name: &str, reason: &str, beginning: &str) -> Value {
        self.until(Kind::Secret, name, &format!("says {reason}: {beginning}"), |secret| {
            let status = status(secret);
            let message = status["message"].as_str().unwrap_or_default();
            status["reason"] == reason && message.starts_with(beginning)
        })
        .await
    }
}

/// The operator's parts in this process, in place of the test's operator.
pub(super) struct InProcess {
    pub(super) metrics: Arc<Metrics>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl InProcess {
    pub(super) async fn start(world: &World, aws: Option<String>) -> Self {
        if world.operator.ended().is_none() {
            assert!(world.operator.terminate().await.success(), "{}", world.operator.log());
        }
        let kubeconfig =
            Kubeconfig::from_yaml(&world.cluster.account_kubeconfig(&world.namespace).await).unwrap();
        let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
        let options = Options {
            namespace: Some(world.namespace.clone()),
            seal_key: Some(watch::Sender::new(Some(key())).subscribe()),
            ..Options::default()
        };
        let providers = Providers::new(Endpoints::from_environment_values(aws, None, None));
        let metrics = Arc::new(Metrics::new());
        let client = eso_kube::client::connect(config).unwrap();
        let controller = Controller::new(client, options, Arc::new(providers), Arc::clone(&metrics) as _);
        metrics.watch_queues(controller.handles().to_vec());
        let stop = CancellationToken::new();
        Self { task: tokio::spawn(controller.run(stop.clone())), stop, metrics }
    }

    pub(super) async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }

    /// The series of this name, each without it.
    pub(super) fn series(&self, name: &str) -> Vec<String> {
        let text = self.metrics.encode();
        text.lines().filter_map(|line| line.strip_prefix(name)).map(str::to_owned).collect()
    }

    /// Waits until each of so many filled Secrets was looked at so often.
    pub(super) async fn looked_at(&self, secrets: usize, times: f64) {
        eventually(&format!("each of {secrets} Secrets was looked at {times} times"), async || {
            let series = self.series("filledsecret_sync_calls_total{");
            let looks = series.iter().filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok());
            match looks.filter(|seen| *seen >= times).count() {
                seen if seen == secrets => Ok(()),
                seen => Err(format!("{seen} were")),
            }
        })
        .await;
    }
}
