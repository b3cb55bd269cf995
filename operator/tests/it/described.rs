//! `kubectl describe` answers why a Secret is not there.

use eso_testkit::objects::object;
use serde_json::json;

use crate::harness::{Kind, Setup, aws};

#[tokio::test]
async fn kubectl_describe_says_why_a_secret_is_not_there() {
    let double = aws();
    let world = Setup::new("described").aws(&double.url()).start().await;
    world.aws_store().await;
    let mount = world.vault_store().await;
    double.put("db", &world.canary("value")).unwrap();
    mount.put("db", &json!({ "password": world.canary("password") })).await;
    world.create(object("first").key("value", "db").target("shared")).await;
    world.synced("first").await;
    let failed = |template: &str| json!({ "data": { "made": template } });
    for (object, why) in [
        (object("of-aws").key("value", "nowhere"), "spec.data[0] (key: nowhere), err: Secret does not exist"),
        (object("of-vault").store("vault").extract("nowhere"), "err: Secret does not exist (key: nowhere)"),
        (object("no-store").store("nowhere").key("value", "db"), "SecretStore \"nowhere\""),
        (object("second").key("value", "db").target("shared"), "owned by another ExternalSecret: first"),
        (
            object("templated").key("value", "db").with("/spec/target/template", failed("{{ .other }}")),
            "unable to execute template at key made",
        ),
    ] {
        let name = object.clone().build().metadata.name.unwrap();
        world.create(object).await;
        world.fails(&name, "").await;
        world.told(&name, "Warning UpdateFailed").await;
        let described = world.kubectl(&["describe", "externalsecret", &name]).await;
        let (status, events) = described.split_once("Events:").expect("events are described");
        for part in [status, events] {
            assert!(part.contains(why), "{name}: {why} is not in {part}");
        }
        assert!(status.contains("SecretSyncedError") && events.contains("UpdateFailed"), "{described}");
        assert!(world.get(Kind::Secret, &name).await.is_none());
    }
    world.end().await;
}
