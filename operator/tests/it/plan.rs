//! `eso plan` on a cluster: what it says, and that it writes nothing.

use std::process::Output;

use eso_testkit::objects::{object, store};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::harness::{Kind, Mount, Setup, World, aws, aws_spec};

/// Runs the command as an administrator of the world's cluster.
async fn plan(world: &World, aws: &str, arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_eso"));
    command.arg("plan").args(arguments).env_clear();
    command.env("HOME", "/nowhere").env("KUBECONFIG", world.kubeconfig());
    for variable in ["AWS_SECRETSMANAGER_ENDPOINT", "AWS_SSM_ENDPOINT", "AWS_STS_ENDPOINT"] {
        command.env(variable, aws);
    }
    let Output { status, stdout, stderr } = command.kill_on_drop(true).output().await.unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    (status.success(), said)
}

/// The versions of everything that a run of the operator would write to.
async fn versions(world: &World) -> Vec<Value> {
    let mut versions = Vec::new();
    for kind in [Kind::ExternalSecret, Kind::SecretStore, Kind::Secret, Kind::Event] {
        let list = world.call("GET", &kind.collection(&world.namespace), None).await.unwrap();
        let items = list["items"].as_array().unwrap().iter();
        versions.extend(items.map(|item| item["metadata"]["resourceVersion"].clone()));
    }
    versions
}

#[tokio::test]
async fn it_says_what_would_be_done_and_does_nothing() {
    let double = aws();
    let world = Setup::new("plan").aws(&double.url()).start().await;
    // Nobody else does anything meanwhile.
    world.operator.terminate().await;
    let mount = Mount::of(&world).await;
    world.create_secret("aws-keys", &[("access-key", "id"), ("secret-access-key", "key")]).await;
    world.create(store("main").provider("aws", &aws_spec("aws-keys"))).await;
    world.create_secret("vault-token", &[("token", &mount.token)]).await;
    world.create(store("vault").provider("vault", &mount.spec("vault-token"))).await;
    let (user, password) = (world.canary("user"), world.canary("password"));
    double.put("db", &user).unwrap();
    mount.put("db", &json!({ "password": password })).await;
    world.create(object("made").key("user", "db").every("1h")).await;
    let of_vault = object("of-vault").store("vault").every("1h");
    world.create(of_vault.extract("db").with("/spec/target/name", json!("other"))).await;
    world.create(object("missing").key("user", "nowhere").every("1h")).await;

    let before = versions(&world).await;
    let namespace = &world.namespace;
    let flag = format!("--namespace={namespace}");
    let (all_well, said) = plan(&world, &double.url(), &["-A", &flag]).await;
    for expected in [
        format!("{namespace}/made: Secret made is made, with the keys user (due now)\n"),
        format!("{namespace}/of-vault: Secret other is made, with the keys password (due now)\n"),
        format!("{namespace}/missing: nothing is written: unreadable: "),
    ] {
        assert!(said.contains(&expected), "{expected} is not in {said}");
    }
    assert!(!all_well, "one object would not be in step");
    assert!(!said.contains(&user) && !said.contains(&password), "{said}");

    let (is_well, said) = plan(&world, &double.url(), &[&format!("{namespace}/made")]).await;
    assert!(is_well && said.contains("Secret made is made") && !said.contains("of-vault"), "{said}");
    let (is_well, said) = plan(&world, &double.url(), &[&format!("{namespace}/nobody")]).await;
    assert!(!is_well && said.contains(&format!("there is no ExternalSecret {namespace}/nobody")), "{said}");
    assert_eq!(versions(&world).await, before, "nothing is written");
    world.end().await;
}
