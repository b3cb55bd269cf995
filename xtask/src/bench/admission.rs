//! What it takes to create a Secret through the webhook, beside the same create without it.

use std::{
    fs,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::{
    objects::{key, name, value},
    report::{Figure, Report, Unit, middle_and_most},
    world::{AT_ONCE, SERVICE_TIME, World, create, delete, each, secrets},
};
use crate::{operator::free_address, project};

/// How many creates are timed one at a time, and how many at once.
const SINGLY: usize = 300;
const TOGETHER: usize = 1_000;

/// How long the API server may take to trust the webhooks.
const PATIENCE: Duration = Duration::from_secs(60);

const CONFIGURATIONS: &str = "/apis/admissionregistration.k8s.io/v1";

/// What is created.
#[derive(Clone, Copy)]
enum Made {
    /// It holds its value, and is no matter of the webhooks.
    Whole,
    /// It holds nothing, and nobody writes it: it is looked at, and left as it is.
    Empty,
    /// It refers to a value of the store.
    Asking,
}

/// Measures with an operator of its own, whose webhooks are registered only for as long as that takes.
pub(super) async fn measure(world: &World, report: &mut Report) -> Result<()> {
    world.screen.say("Secrets through the webhook");
    let count = SINGLY.max(TOGETHER);
    (0..count).try_for_each(|number| world.aws.put(&key(number), &value(number, 0)).map(drop))?;
    let service = SERVICE_TIME.as_millis();
    report.begin(format!("a Secret is created; the store is connected, and answers in {service} ms"));
    let bare = creates(world, Made::Whole, "without a webhook", report).await?;
    let address = free_address()?;
    let port = address.rsplit_once(':').context("an address must have a port")?.1;
    let operator =
        world.operator_with(&["--webhook-enable".to_owned(), format!("--webhook-port={port}")]).await?;
    register(world, port).await?;
    is_reached(world).await.with_context(|| operator.last_words())?;
    creates(world, Made::Whole, "no matter of the webhook", report).await?;
    creates(world, Made::Empty, "empty, and looked at by the webhook", report).await?;
    let filled = creates(world, Made::Asking, "filled by the webhook", report).await?;
    report.add(Figure::new("what filling one takes, half of 300", filled - bare, Unit::Milliseconds));
    unregister(world).await
}

/// Creates Secrets one at a time and many at once, and gives how many milliseconds one takes.
async fn creates(world: &World, made: Made, what: &str, report: &mut Report) -> Result<f64> {
    let mut took = Vec::with_capacity(SINGLY);
    for number in 0..SINGLY {
        let began = Instant::now();
        world.create(&secrets(), &secret(number, made)).await?;
        took.push(1_000.0 * began.elapsed().as_secs_f64());
    }
    clear(world, SINGLY).await?;
    let (middle, most) = middle_and_most(took).context("there must be Secrets")?;
    let api = world.api.clone();
    let together = each(0..TOGETHER, AT_ONCE, move |number| {
        let api = api.clone();
        async move { create(&api, &secrets(), &secret(number, made)).await }
    });
    let rate = TOGETHER as f64 / together.await?.as_secs_f64();
    clear(world, TOGETHER).await?;
    report.add(Figure::new(format!("{what}: half of {SINGLY}, 1 at a time"), middle, Unit::Milliseconds));
    report.add(Figure::new(format!("{what}: the slowest of them"), most, Unit::Milliseconds));
    report.add(Figure::new(format!("{what}: {AT_ONCE} at a time"), rate, Unit::PerSecond));
    Ok(middle)
}

async fn clear(world: &World, count: usize) -> Result<()> {
    let api = world.api.clone();
    let deleted = each(0..count, AT_ONCE, move |number| {
        let (api, path) = (api.clone(), format!("{}/{}", secrets(), name(number)));
        async move { delete(&api, &path).await }
    });
    deleted.await.map(drop)
}

fn secret(number: usize, made: Made) -> Value {
    let (annotations, data) = match made {
        Made::Whole => (json!({}), json!({ "password": value(number, 0) })),
        Made::Empty => (json!({}), json!({})),
        Made::Asking => (
            json!({ "admission.external-secrets.io/store": "SecretStore/aws" }),
            json!({ "password": format!("eso:{}#password", key(number)) }),
        ),
    };
    json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": { "name": name(number), "annotations": annotations }, "stringData": data,
    })
}

/// Registers the webhooks of `deploy/examples/operator`, at a port of this machine.
async fn register(world: &World, port: &str) -> Result<()> {
    let file = project::root().join("deploy/examples/operator/webhooks.yaml");
    let documents: Vec<Value> = serde_saphyr::from_multiple(&fs::read_to_string(&file)?)
        .map_err(|error| anyhow::anyhow!("{} is no YAML: {error}", file.display()))?;
    for mut document in documents {
        let Some(collection) = collection(&document) else { continue };
        for webhook in document["webhooks"].as_array_mut().into_iter().flatten() {
            let path = webhook["clientConfig"]["service"]["path"].as_str().unwrap_or_default();
            webhook["clientConfig"] = json!({ "url": format!("https://127.0.0.1:{port}{path}") });
        }
        world.create(&collection, &document).await?;
    }
    Ok(())
}

async fn unregister(world: &World) -> Result<()> {
    for kind in ["mutatingwebhookconfigurations", "validatingwebhookconfigurations"] {
        delete(&world.api, &format!("{CONFIGURATIONS}/{kind}/external-secrets-webhook")).await?;
    }
    Ok(())
}

/// Where the API server has a configuration of webhooks; nothing of anything else.
fn collection(document: &Value) -> Option<String> {
    let kind = document["kind"].as_str().filter(|kind| kind.ends_with("WebhookConfiguration"))?;
    Some(format!("{CONFIGURATIONS}/{}s", kind.to_lowercase()))
}

/// Waits until the API server trusts the webhooks, and a Secret is filled.
async fn is_reached(world: &World) -> Result<()> {
    let began = Instant::now();
    loop {
        match world.create(&secrets(), &secret(0, Made::Asking)).await {
            Ok(()) => return clear(world, 1).await,
            Err(error) if began.elapsed() > PATIENCE => {
                return Err(error.context("no Secret is filled by the webhook"));
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}
