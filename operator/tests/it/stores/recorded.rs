//! The original's walk-through and its errors once more: columns and events as `golden/` has them.

use std::collections::BTreeSet;

use eso_testkit::objects::{ObjectBuilder, object, store};
use serde_json::json;

use crate::harness::{Kind, Mount, Setup, World, aws, aws_spec, eventually};

/// The namespace in which the original was recorded.
const RECORDED_NAMESPACE: &str = "demo";

/// A table that kubectl prints, or several with empty lines between them: the cells by their columns. Ages, which
/// differ from run to run, are told from nothing alone.
fn cells(text: &str) -> Vec<Vec<String>> {
    text.split("\n\n").flat_map(cells_of_one).collect()
}

fn cells_of_one(table: &str) -> Vec<Vec<String>> {
    let header = table.lines().next().unwrap_or_default();
    let starts: Vec<usize> = header
        .match_indices(|character: char| character != ' ')
        .map(|(at, _)| at)
        .filter(|at| *at == 0 || header[..*at].ends_with("  "))
        .collect();
    let ends = starts.iter().skip(1).copied().chain([usize::MAX]);
    let columns: Vec<(usize, usize)> = starts.iter().copied().zip(ends).collect();
    let cell = |line: &str, (start, end): (usize, usize)| {
        let text = line.get(start.min(line.len())..end.min(line.len())).unwrap_or_default().trim();
        let is_age = text.starts_with(|first: char| first.is_ascii_digit()) && text.ends_with(['s', 'm']);
        if is_age { "some time".to_owned() } else { text.to_owned() }
    };
    let row = |line: &str| columns.iter().map(|column| cell(line, *column)).collect();
    table.lines().map(row).collect()
}

/// What happened in the test's namespace, as `type reason kind/name message`.
async fn events(world: &World) -> BTreeSet<String> {
    let list = world.call("GET", &Kind::Event.collection(&world.namespace), None).await.unwrap();
    let events = list["items"].as_array().into_iter().flatten();
    let text = |event: &serde_json::Value| {
        let text =
            |pointer: &str| event.pointer(pointer).and_then(|it| it.as_str()).unwrap_or_default().to_owned();
        let kind = text("/involvedObject/kind").to_lowercase();
        let name = text("/involvedObject/name");
        format!("{} {} {kind}/{name} {}", text("/type"), text("/reason"), text("/message"))
    };
    events.map(text).collect()
}

/// The original's events, without their ages, in our namespace's name.
fn expected_events(recorded: &str, namespace: &str) -> BTreeSet<String> {
    let recorded = recorded.replace(&format!("\"{RECORDED_NAMESPACE}\""), &format!("\"{namespace}\""));
    cells(&recorded).into_iter().skip(1).map(|row| row[1..].join(" ")).collect()
}

/// Waits until everybody has said what the original says, in columns and in events.
async fn is_as_recorded(world: &World, columns: &str, recorded_events: &str) {
    let expected = cells(columns);
    eventually("the columns are the original's", async || {
        let printed = cells(&world.kubectl(&["get", "es,ss,secret"]).await);
        if printed == expected { Ok(()) } else { Err(format!("{printed:#?}\nin place of {expected:#?}")) }
    })
    .await;
    let expected = expected_events(recorded_events, &world.namespace);
    eventually("the events are the original's", async || {
        let events = events(world).await;
        if events == expected { Ok(()) } else { Err(format!("{events:#?}\nin place of {expected:#?}")) }
    })
    .await;
}

fn both(name: &str, store: &str, target: &str) -> ObjectBuilder {
    let object = object(name).store(store).target(target).every("1h");
    object.key("first", "my-external-secret#first").key("second", "my-external-secret#second")
}

#[tokio::test]
async fn columns_and_events_of_aws_are_the_originals() {
    let aws = aws();
    let world = Setup::new("recorded-aws").aws(&aws.url()).start().await;
    let (first, second) = (world.canary("first"), world.canary("second"));
    aws.put("my-external-secret", &json!({ "first": first, "second": second }).to_string()).unwrap();
    let (id, key) = (world.canary("id"), world.canary("key"));
    world.create_secret("awssm-secret", &[("access-key", &id), ("secret-access-key", &key)]).await;
    world.create(store("aws-secretsmanager").provider("aws", &aws_spec("awssm-secret"))).await;
    world.create(store("aws-nokeys").provider("aws", &aws_spec("no-such"))).await;
    world.store_says(Kind::SecretStore, "aws-secretsmanager", "Valid", "store validated").await;
    let one =
        |name: &str, store: &str, remote: &str| object(name).store(store).key("first", remote).every("1h");
    for object in [
        both("example", "aws-secretsmanager", "secret-to-be-created"),
        object("extract").store("aws-secretsmanager").extract("my-external-secret").every("1h"),
        one("err-missing-key", "aws-secretsmanager", "no-such-secret#first"),
        one("err-missing-property", "aws-secretsmanager", "my-external-secret#third"),
        one("err-missing-store", "nope", "my-external-secret#first"),
    ] {
        world.create(object).await;
    }
    let (columns, events) =
        (include_str!("../../golden/aws-kubectl-get.txt"), include_str!("../../golden/aws-events.txt"));
    is_as_recorded(&world, columns, events).await;
    world.end().await;
}

#[tokio::test]
async fn columns_and_events_of_vault_are_the_originals() {
    let world = Setup::new("recorded-vault").start().await;
    let mount = Mount::of(&world).await;
    mount
        .put("my-external-secret", &json!({ "first": world.canary("1"), "second": world.canary("2") }))
        .await;
    let login = mount.trust_service_accounts(&world, "vault-user").await;
    world.create(json!({ "kind": "ServiceAccount", "metadata": { "name": "vault-user" } })).await;
    world.create_secret("awssm-secret", &[("access-key", "a"), ("secret-access-key", "b")]).await;
    world.create_secret("vault-token", &[("token", &mount.token)]).await;
    world.create(store("vault-token").provider("vault", &mount.spec("vault-token"))).await;
    let spec = json!({ "server": mount.server.url(), "path": mount.name, "auth": { "kubernetes": login } });
    world.create(store("vault-k8s").provider("vault", &spec)).await;
    for name in ["vault-token", "vault-k8s"] {
        world.store_says(Kind::SecretStore, name, "Valid", "store validated").await;
    }
    let one = |name: &str, remote: &str| object(name).store("vault-token").key("first", remote).every("1h");
    for object in [
        both("example-vault-token", "vault-token", "vault-token-created"),
        both("example-vault-k8s", "vault-k8s", "vault-k8s-created"),
        one("err-vault-missing-key", "no-such#first"),
        one("err-vault-missing-property", "my-external-secret#third"),
    ] {
        world.create(object).await;
    }
    let (columns, events) =
        (include_str!("../../golden/vault-kubectl-get.txt"), include_str!("../../golden/vault-events.txt"));
    is_as_recorded(&world, columns, events).await;
    world.end().await;
}
