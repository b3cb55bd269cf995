//! ExternalSecrets of `kubernetes-client.io`, as their manifests are, on real servers.

mod admitted;
mod fills;
mod takeover;
mod vault;

use std::fs;

use eso_rig::{ControlPlaneOptions, FastAws, SecretsManager};
use eso_testkit::objects::{object, store};
use serde_json::{Value, json};

pub(crate) use vault::trust_the_operator;

use crate::harness::{Cluster, Kind, Setup, World, aws, deploy, encoded};

const ROLE: &str = "arn:aws:iam::123456789012:role/x";

/// An operator whose own identity is somebody on this double, and that reads values each second.
pub(crate) fn setup(name: &str, double: &FastAws) -> Setup {
    let setup = Setup::new(name).aws(&double.url());
    let setup = setup.variable("AWS_ACCESS_KEY_ID", "AKIAQQQQQQQQQQQQQQQQ");
    let setup = setup.variable("AWS_SECRET_ACCESS_KEY", "the-operators-own");
    setup.variable("POLLER_INTERVAL_MILLISECONDS", "1000")
}

/// A manifest of `deploy/examples/kubernetes-client-io/`, whose texts are changed so, applied as a user does.
pub(crate) async fn apply(world: &World, file: &str, changes: &[(&str, &str)]) {
    let text = fs::read_to_string(deploy(&format!("examples/kubernetes-client-io/{file}"))).unwrap();
    let text = changes.iter().fold(text, |text, (from, to)| text.replace(from, to));
    let path = world.kubeconfig().with_file_name(file);
    fs::write(&path, text).unwrap();
    world.kubectl(&["apply", "-f", path.to_str().unwrap()]).await;
}

/// An object of one key of Secrets Manager, with these fields put over its spec.
pub(crate) fn older(name: &str, key: &str, fields: Value) -> Value {
    let mut spec = json!({ "backendType": "secretsManager", "data": [{ "key": key, "name": "value" }] });
    spec.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    json!({
        "apiVersion": "kubernetes-client.io/v1", "kind": "ExternalSecret",
        "metadata": { "name": name }, "spec": spec,
    })
}

/// Waits until an object's status begins so, and answers the object.
pub(crate) async fn says(world: &World, name: &str, beginning: &str) -> Value {
    world
        .until(Kind::LegacyExternalSecret, name, &format!("says {beginning:?}"), |object| {
            let said = object["status"]["status"].as_str().unwrap_or_default();
            said.starts_with(beginning)
                && object["status"]["observedGeneration"] == object["metadata"]["generation"]
        })
        .await
}

#[tokio::test]
async fn values_of_secrets_manager_are_read_in_each_way_that_an_object_can_ask() {
    let double = aws();
    let world = setup("legacy-values", &double).start().await;
    let [password, user, old, blob] = ["password", "user", "old", "blob"].map(|name| world.canary(name));
    double.put("hello-service/credentials", &json!({ "login": user, "port": 5432 }).to_string()).unwrap();
    double.put("hello-service/migrate", &json!({ "step": old }).to_string()).unwrap();
    double.put("hello-service/migrate", &json!({ "step": "none of it" }).to_string()).unwrap();
    double.put("hello-service/password", &password).unwrap();
    let json = json!({ "user": { "name": user } }).to_string();
    double.put("hello-service/json", &json).unwrap();
    double.put("hello-service/blob", "older").unwrap();
    let client = SecretsManager::new(&double.url()).unwrap();
    let version = client.put("hello-service/blob", &encoded(&blob)).await.unwrap();
    double.put("hello-service/blob", "newer").unwrap();
    apply(&world, "hello-service.yaml", &[("EXAMPLE1", &version)]).await;
    let secret = world
        .holds(
            "hello-service",
            &[
                ("blob.bin", &blob),
                ("cfg.yaml", &format!("user:\n  name: {user}\n")),
                ("json", &json),
                ("login", &user),
                ("password", &password),
                ("port", "5432"),
                ("step", &old),
                ("user", &user),
            ],
        )
        .await;
    assert_eq!(secret["type"], "Opaque");
    assert_eq!(
        (&secret["metadata"]["labels"], &secret["metadata"]["annotations"]),
        (&json!({ "a": "b" }), &json!({ "cat": "cheese" }))
    );
    let object = says(&world, "hello-service", "SUCCESS").await;
    let owner = json!([{
        "apiVersion": "kubernetes-client.io/v1", "kind": "ExternalSecret", "name": "hello-service",
        "uid": object["metadata"]["uid"], "controller": true,
    }]);
    assert_eq!(secret["metadata"]["ownerReferences"], owner);
    let assumed = double.assumed();
    assert!(assumed.iter().all(|assumed| assumed.session == "k8s-external-secrets" && assumed.role == ROLE));
    assert_eq!(assumed.len(), 1, "one login for all values");
    world.watch_for("rig-session-1");

    let changed = world.canary("changed");
    double.put("hello-service/password", &changed).unwrap();
    world
        .until(Kind::Secret, "hello-service", "follows", |secret| {
            secret["data"]["password"] == encoded(&changed)
        })
        .await;
    world.end().await;
}

#[tokio::test]
async fn parameters_are_read_by_name_and_below_paths() {
    let double = aws();
    let world = setup("legacy-parameters", &double).start().await;
    let values = ["password", "one", "two", "three"].map(|name| world.canary(name));
    let [password, one, two, three] = &values;
    double.put_parameter("/hello-service/password", password).unwrap();
    double.put_parameter("/hello-service/flat/one", one).unwrap();
    double.put_parameter("/hello-service/flat/below/not-this", "none of it").unwrap();
    double.put_parameter("/hello-service/deep/two", two).unwrap();
    double.put_parameter("/hello-service/deep/below/three", three).unwrap();
    apply(&world, "hello-parameters.yaml", &[]).await;
    world
        .holds(
            "hello-parameters",
            &[("one", one.as_str()), ("password", password), ("three", three), ("two", two)],
        )
        .await;
    says(&world, "hello-parameters", "SUCCESS").await;
    world.end().await;
}

#[tokio::test]
async fn what_cannot_be_served_is_said_in_the_older_words_and_put_right_by_an_edit() {
    let double = aws();
    let world = setup("legacy-errors", &double).start().await;
    let value = world.canary("value");
    double.put("db", &value).unwrap();
    double.put("text", "no json").unwrap();
    world.create(older("foreign", "db", json!({ "backendType": "akeyless" }))).await;
    world.create(older("missing", "none", json!({}))).await;
    world.create(older("text", "text", json!({ "data": null, "dataFrom": ["text"] }))).await;
    world.create(older("code", "db", json!({ "template": { "stringData": { "a": "<% code %>" } } }))).await;
    let foreign = says(&world, "foreign", "ERROR, backendType akeyless is not supported").await;
    assert!(foreign["status"]["lastSync"].as_str().is_some_and(|time| time.ends_with('Z')));
    says(&world, "missing", "ERROR, error processing spec.data[0] (key: none), err: ").await;
    says(&world, "text", "ERROR, error processing spec.dataFrom[0]").await;
    says(&world, "code", "ERROR, spec.template.stringData.a: ").await;
    world.told("missing", "Warning UpdateFailed ").await;
    for name in ["foreign", "missing", "text", "code"] {
        assert!(world.get(Kind::Secret, name).await.is_none(), "{name}");
    }
    let mended = json!({ "spec": { "data": [{ "key": "db", "name": "value" }] } });
    world.patch(Kind::LegacyExternalSecret, "missing", mended).await;
    world.holds("missing", &[("value", &value)]).await;
    says(&world, "missing", "SUCCESS").await;
    world.told("missing", "Normal Created secret created").await;
    world.end().await;
}

#[tokio::test]
async fn a_namespace_says_what_its_objects_may_ask_for_and_its_edit_acts_at_once() {
    let double = aws();
    // Nothing but the edit of the namespace has anything looked at.
    let world = setup("legacy-permits", &double).variable("DISABLE_POLLING", "").start().await;
    let value = world.canary("value");
    double.put("prod/db", &value).unwrap();
    let allow = async |keys: &str, roles: &str| {
        let annotations = json!({ "metadata": { "annotations": {
            "externalsecrets.kubernetes-client.io/permitted-key-name": keys,
            "iam.amazonaws.com/permitted": roles,
        } } });
        let namespace = world.namespace.clone();
        world.patch(Kind::Namespace, &namespace, annotations).await;
    };
    allow("^test/", "").await;
    world.create(older("app", "prod/db", json!({ "roleArn": ROLE }))).await;
    let refused =
        |reason: &str| format!("ERROR, not allowed to fetch secret: {}/app: {reason}", world.namespace);
    says(&world, "app", &refused("key name prod/db does not match naming convention ^test/")).await;
    assert_eq!(double.count("GetSecretValue") + double.count("BatchGetSecretValue"), 0);
    allow("^prod/", "^arn:aws:iam::9").await;
    says(&world, "app", &refused(&format!("namespace does not allow to assume role {ROLE}"))).await;
    assert!(world.get(Kind::Secret, "app").await.is_none());
    allow("^prod/", "^arn:aws:iam::1").await;
    world.holds("app", &[("value", &value)]).await;
    says(&world, "app", "SUCCESS").await;
    allow("^test/", "").await;
    says(&world, "app", &refused("key name")).await;
    world.holds("app", &[("value", &value)]).await;
    world.watch_for("rig-session-1");
    world.end().await;
}

#[tokio::test]
async fn an_object_is_served_by_the_controller_whose_id_it_names() {
    let double = aws();
    let world = setup("legacy-ids", &double).variable("INSTANCE_ID", "ours").start().await;
    let value = world.canary("value");
    double.put("db", &value).unwrap();
    world.create(older("theirs", "db", json!({ "controllerId": "theirs" }))).await;
    world.create(older("nobodys", "db", json!({}))).await;
    world.create(older("ours", "db", json!({ "controllerId": "ours" }))).await;
    world.holds("ours", &[("value", &value)]).await;
    says(&world, "ours", "SUCCESS").await;
    for name in ["theirs", "nobodys"] {
        assert!(world.get(Kind::Secret, name).await.is_none(), "{name}");
        let object = world.get(Kind::LegacyExternalSecret, name).await.unwrap();
        assert!(object.get("status").is_none(), "{object}");
    }
    let given = json!({ "spec": { "controllerId": "ours" } });
    world.patch(Kind::LegacyExternalSecret, "nobodys", given).await;
    world.holds("nobodys", &[("value", &value)]).await;
    world.end().await;
}

#[tokio::test]
async fn an_operator_that_finds_no_definition_serves_all_else_and_it_when_it_comes() {
    let cluster = Cluster::alone(ControlPlaneOptions::default()).await;
    cluster.kubectl(&["delete", "crd", "externalsecrets.kubernetes-client.io"]).await;
    let double = aws();
    let world = setup("legacy-undefined", &double).on(cluster).start().await;
    let value = world.canary("value");
    double.put("db", &value).unwrap();
    let fake = json!({ "data": [{ "key": "db", "value": value }] });
    world.create(store("main").provider("fake", &fake)).await;
    world.create(object("newer").key("value", "db")).await;
    world.holds("newer", &[("value", &value)]).await;
    let definition = deploy("crds/kubernetes-client.io_externalsecrets.yaml");
    world.cluster.kubectl(&["apply", "--server-side", "-f", &definition]).await;
    world.cluster.kubectl(&["wait", "--for=condition=Established", "--timeout=60s", "-f", &definition]).await;
    world.create(older("app", "db", json!({}))).await;
    world.holds("app", &[("value", &value)]).await;
    world.end().await;
}
