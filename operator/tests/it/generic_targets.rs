//! Targets that are no Secrets. What they hold is no secret to the audit log, so no canary stands for it.

use eso_rig::FastAws;
use eso_testkit::objects::{ObjectBuilder, object};
use serde_json::{Value, json};

use crate::harness::{Kind, Setup, World, aws, eventually, values_read};

const GROUP: &str = "generic.example.com";

/// An operator that may write such targets, and the store `main` of this double, which holds `db`.
async fn with_aws(name: &str, double: &FastAws) -> World {
    let world = Setup::new(name).aws(&double.url()).argument("--unsafe-allow-generic-targets").start().await;
    world.aws_store().await;
    double.put("db", "joe").unwrap();
    world
}

/// The operator may do everything to these resources of a group.
async fn allow(world: &World, group: &str, resource: &str) {
    let name = format!("generic-{}-{resource}", world.namespace);
    let rule = json!({ "apiGroups": [group], "resources": [resource], "verbs": ["*"] });
    world.create(json!({ "kind": "ClusterRole", "metadata": { "name": name }, "rules": [rule] })).await;
    world
        .create(json!({
            "kind": "ClusterRoleBinding",
            "metadata": { "name": name },
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name },
            "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": world.user() }],
        }))
        .await;
    let wants = json!({ "group": group, "resource": resource, "verb": "delete" });
    world.cluster.goes_by(&world.namespace, &wants, true).await;
}

/// An ExternalSecret whose target is of this kind.
fn of_kind(name: &str, api_version: &str, kind: &str) -> ObjectBuilder {
    let manifest = json!({ "apiVersion": api_version, "kind": kind });
    object(name).with("/spec/target/manifest", manifest).every("1h")
}

fn config_map(name: &str) -> ObjectBuilder {
    of_kind(name, "v1", "ConfigMap").key("user", "db")
}

async fn resource_synced(world: &World, name: &str) {
    world.says(name, "ResourceSynced", "resource synced").await;
}

/// The store is read for an object once more, and what comes of it is done.
async fn refresh(world: &World, name: &str, number: usize) {
    let annotations = json!({ "force-sync": number.to_string() });
    let edited =
        world.patch(Kind::ExternalSecret, name, json!({ "metadata": { "annotations": annotations } })).await;
    let before = edited["status"]["syncedResourceVersion"].clone();
    world
        .until(Kind::ExternalSecret, name, "is read again", |object| {
            object["status"]["syncedResourceVersion"] != before
        })
        .await;
}

fn data(object: &Value) -> &Value {
    &object["data"]
}

#[tokio::test]
async fn a_config_map_is_kept_equal() {
    let double = aws();
    let world = with_aws("generic-map", &double).await;
    allow(&world, "", "configmaps").await;
    world.create(config_map("app").label("team", "blue")).await;
    resource_synced(&world, "app").await;
    let made = world.get(Kind::ConfigMap, "app").await.unwrap();
    assert_eq!(data(&made), &json!({ "user": "joe" }));
    assert_eq!(made["metadata"]["labels"]["team"], "blue");
    assert_eq!(made["metadata"]["labels"]["reconcile.external-secrets.io/managed"], "true");
    assert_eq!(made["metadata"]["ownerReferences"][0]["kind"], "ExternalSecret");
    world.told("app", "Normal Created Created ConfigMap app").await;
    let status = &world.get(Kind::ExternalSecret, "app").await.unwrap()["status"];
    assert_eq!(status["binding"], Value::Null, "a binding is a Secret");

    refresh(&world, "app", 1).await;
    let again = world.until(Kind::ConfigMap, "app", "has the annotation", |map| {
        map["metadata"]["annotations"]["force-sync"] == "1"
    });
    let version = again.await["metadata"]["resourceVersion"].clone();
    let as_it_was =
        |map: &Value| data(map) == &json!({ "user": "joe" }) && map["metadata"]["resourceVersion"] != version;
    world.patch(Kind::ConfigMap, "app", json!({ "data": { "user": "mallory", "more": "x" } })).await;
    world.until(Kind::ConfigMap, "app", "is as it was", as_it_was).await;
    world.delete(Kind::ConfigMap, "app").await;
    world.until(Kind::ConfigMap, "app", "is there again", as_it_was).await;
    double.put("db", "jim").unwrap();
    refresh(&world, "app", 3).await;
    world.until(Kind::ConfigMap, "app", "is new", |map| data(map) == &json!({ "user": "jim" })).await;

    world.patch(Kind::ExternalSecret, "app", json!({ "spec": { "target": { "name": "other" } } })).await;
    world.until(Kind::ConfigMap, "other", "is made", |map| data(map) == &json!({ "user": "jim" })).await;
    world.gone(Kind::ConfigMap, "app").await;
    assert!(world.get(Kind::Secret, "app").await.is_none(), "no Secret is made");
    world.end().await;
}

#[tokio::test]
async fn an_unchanged_target_of_another_kind_is_not_written() {
    let double = aws();
    let world = with_aws("generic-quiet", &double).await;
    allow(&world, "", "configmaps").await;
    let templated = config_map("made")
        .with("/spec/target/template", json!({ "data": { "random": "{{ .user }} {{ randAlphaNum 20 }}" } }));
    world.create(config_map("plain").every("1s")).await;
    world.create(templated.every("1s")).await;
    for name in ["plain", "made"] {
        resource_synced(&world, name).await;
    }
    let versions = async || {
        let mut versions = Vec::new();
        for name in ["plain", "made"] {
            let map = world.get(Kind::ConfigMap, name).await.unwrap();
            versions.push(map["metadata"]["resourceVersion"].clone());
        }
        versions
    };
    let (before, reads) = (versions().await, values_read(&double));
    eventually("both are read three times more", async || match values_read(&double) {
        now if now >= reads + 6 => Ok(()),
        now => Err(format!("{now} reads after {reads}")),
    })
    .await;
    assert_eq!(versions().await, before);
    world.end().await;
}

/// A kind of object that the cluster does not know by itself.
async fn define_widgets(world: &World) {
    let anything = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    let schema = json!({ "type": "object", "properties": { "spec": anything } });
    let names = json!({ "plural": "widgets", "singular": "widget", "kind": "Widget" });
    let version =
        json!({ "name": "v1", "served": true, "storage": true, "schema": { "openAPIV3Schema": schema } });
    let name = format!("widgets.{GROUP}");
    let spec = json!({ "group": GROUP, "scope": "Namespaced", "names": names, "versions": [version] });
    world
        .create(json!({
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": { "name": name },
            "spec": spec,
        }))
        .await;
    world
        .until(Kind::CustomResourceDefinition, &name, "is established", |definition| {
            let conditions = definition["status"]["conditions"].as_array().into_iter().flatten();
            let mut established = conditions.filter(|condition| condition["type"] == "Established");
            established.any(|condition| condition["status"] == "True")
        })
        .await;
}

#[tokio::test]
async fn another_kind_is_made_of_templates_and_shared() {
    let world = Setup::new("generic-kind").argument("--unsafe-allow-generic-targets").start().await;
    define_widgets(&world).await;
    allow(&world, GROUP, "widgets").await;
    let mount = world.vault_store().await;
    mount.put("db", &json!({ "url": "https://joe" })).await;
    let widgets = format!("/apis/{GROUP}/v1/namespaces/{}/widgets", world.namespace);
    let theirs = json!({
        "apiVersion": format!("{GROUP}/v1"),
        "kind": "Widget",
        "metadata": { "name": "app", "labels": { "theirs": "1" } },
        "spec": { "type": "slack", "slack": { "channel": "general" } },
    });
    world.call("POST", &widgets, Some(&theirs)).await.unwrap();

    let slack = json!({ "target": "spec.slack", "literal": "url: {{ .url }}\nretries: 3" });
    let labels = json!({ "target": "Labels", "literal": "made: 'yes'" });
    let data = json!([{ "secretKey": "url", "remoteRef": { "key": "db", "property": "url" } }]);
    world
        .create(
            of_kind("app", &format!("{GROUP}/v1"), "Widget")
                .with("/spec/secretStoreRef/name", json!("vault"))
                .with("/spec/data", data)
                .with("/spec/target/creationPolicy", json!("Merge"))
                .with("/spec/target/template", json!({ "templateFrom": [slack, labels] })),
        )
        .await;
    resource_synced(&world, "app").await;
    let widget = world.call("GET", &format!("{widgets}/app"), None).await.unwrap();
    let expected = json!({
        "type": "slack",
        "slack": { "channel": "general", "url": "https://joe", "retries": 3 },
    });
    assert_eq!(widget["spec"], expected);
    assert_eq!(widget["metadata"]["labels"]["theirs"], "1");
    assert_eq!(widget["metadata"]["labels"]["made"], "yes");
    assert_eq!(widget["metadata"]["ownerReferences"], Value::Null);
    world.end().await;
}

#[tokio::test]
async fn what_cannot_be_a_target_is_said() {
    let double = aws();
    let world = with_aws("generic-refused", &double).await;
    world.expect_refusals();
    for (name, api_version, kind, expected) in [
        (
            "scope",
            "v1",
            "Namespace",
            "could not update resource: it cannot be read: Namespace of v1 has no namespace: only objects of the \
             ExternalSecret's own are written",
        ),
        (
            "unknown",
            "nowhere.example.com/v1",
            "Thing",
            "could not update resource: it cannot be read: the API server serves no Thing of \
             nowhere.example.com/v1",
        ),
        (
            "rights",
            "v1",
            "PodTemplate",
            "could not update resource: it cannot be read: the API server forbids it",
        ),
        (
            "path",
            "apps/v1/namespaces/kube-system",
            "Deployment",
            "could not get secret data from provider: spec.target.manifest names no kind",
        ),
    ] {
        world.create(of_kind(name, api_version, kind).key("user", "db")).await;
        world.fails(name, expected).await;
    }
    world.end().await;
}

#[tokio::test]
async fn without_the_flag_nothing_is_written() {
    let double = aws();
    let world = Setup::new("generic-off").aws(&double.url()).start().await;
    allow(&world, "", "configmaps").await;
    world.aws_store().await;
    double.put("db", "joe").unwrap();
    world.create(config_map("app")).await;
    let message = "could not get secret data from provider: generic targets are disabled. Enable with \
                   --unsafe-allow-generic-targets flag";
    world.fails("app", message).await;
    assert!(world.get(Kind::ConfigMap, "app").await.is_none());
    assert_eq!(values_read(&double), 0, "nothing is read for it");
    world.end().await;
}
