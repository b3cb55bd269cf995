//! `eso migrate` on a cluster: what it prints, and that the newer objects take the Secrets of the older ones over as they
//! are.

use std::{fs, path::PathBuf, process::Output};

use eso_rig::{FastAws, Mode, OpenBao};
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use tokio::process::{Child, Command};

use crate::{
    harness::{Kind, Setup, World, aws, eventually},
    legacy::{apply, older, says, setup, trust_the_operator},
};

/// An operator that serves stores of a class of its own: those of the cluster are everybody's.
async fn start(name: &str, double: &FastAws) -> World {
    setup(name, double).argument(&format!("--controller-class={name}")).start().await
}

/// A world whose older object `app` is in step with the value of `db`, and that value.
async fn in_step(name: &str, double: &FastAws) -> (World, String) {
    let world = start(name, double).await;
    let value = world.canary("value");
    double.put("db", &value).unwrap();
    world.create(older("app", "db", json!({}))).await;
    says(&world, "app", "SUCCESS").await;
    (world, value)
}

/// The command, as an administrator of the world's cluster runs it, with the environment of the older controller.
fn command(world: &World, class: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_eso"));
    command.args(["migrate", "--from-cluster"]).args(arguments).env_clear();
    command.args([format!("--namespace={}", world.namespace), format!("--controller-class={class}")]);
    command.env("HOME", "/nowhere").env("KUBECONFIG", world.kubeconfig());
    command.env("POLLER_INTERVAL_MILLISECONDS", "1000").kill_on_drop(true);
    command
}

/// Runs it; whether the code is 0, what is printed, and what is said.
async fn ran(mut command: Command) -> (bool, String, String) {
    let Output { status, stdout, stderr } = command.output().await.unwrap();
    (status.success(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

fn backup(world: &World) -> PathBuf {
    world.kubeconfig().with_file_name("older.yaml")
}

/// The command that moves the objects.
fn moving(world: &World, class: &str, arguments: &[&str]) -> Command {
    let mut command = command(world, class, arguments);
    command.arg("--apply").arg("--backup").arg(backup(world));
    command
}

/// Moves the objects, and expects that all are.
async fn moves(world: &World, class: &str) -> String {
    let (is_well, printed, said) = ran(moving(world, class, &[])).await;
    assert!(is_well && printed.is_empty(), "{printed}{said}");
    said
}

/// The Secret without what a change of its metadata changes: its uid, type and data, and who wrote the data.
fn body(secret: &Value) -> Value {
    json!([
        secret["metadata"]["uid"],
        secret["metadata"]["creationTimestamp"],
        secret["type"],
        secret["data"]
    ])
}

/// The Secret is the newer object's, and holds what it held.
async fn is_handed_over(world: &World, name: &str, before: &Value) {
    let newer = world.synced(name).await;
    let after = world.get(Kind::Secret, name).await.unwrap();
    assert_eq!(body(&after), body(before), "{name}");
    let owner = json!([{
        "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "name": name,
        "uid": newer["metadata"]["uid"], "controller": true, "blockOwnerDeletion": true,
    }]);
    assert_eq!(after["metadata"]["ownerReferences"], owner);
}

/// Waits until the garbage collector has seen what was deleted before.
async fn collected(world: &World) {
    let owner = world.create(json!({ "kind": "ConfigMap", "metadata": { "name": "owner" } })).await;
    let owner = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"],
    });
    let owned = json!({ "kind": "ConfigMap", "metadata": { "name": "owned", "ownerReferences": [owner] } });
    world.create(owned).await;
    world.delete(Kind::ConfigMap, "owner").await;
    world.gone(Kind::ConfigMap, "owned").await;
}

/// Who wrote this Secret's data, and what of it, as the API server knows.
fn writers(secret: &Value) -> Vec<(&str, &Value)> {
    let entries = secret["metadata"]["managedFields"].as_array().unwrap().iter();
    let data = entries.map(|entry| (entry["manager"].as_str().unwrap(), &entry["fieldsV1"]["f:data"]));
    data.filter(|(_, data)| !data.is_null()).collect()
}

#[tokio::test]
async fn newer_objects_take_the_secrets_of_older_ones_over_as_they_are() {
    let double = aws();
    let world = start("migrate-moves", &double).await;
    let [value, part] = ["value", "part"].map(|name| world.canary(name));
    double.put("db", &json!({ "password": part }).to_string()).unwrap();
    double.put("text", &value).unwrap();
    let template = json!({
        "type": "Opaque", "metadata": { "labels": { "a": "b" }, "annotations": { "c": "d" } },
        "stringData": { "url": "db://<%= JSON.parse(data.value).password %>@host" },
    });
    world.create(older("one", "db", json!({ "template": template }))).await;
    world.create(older("two", "text", json!({}))).await;
    let mut before = Vec::new();
    for name in ["one", "two"] {
        says(&world, name, "SUCCESS").await;
        before.push(world.get(Kind::Secret, name).await.unwrap());
    }
    let said = moves(&world, "migrate-moves").await;
    assert!(said.contains("2 moved, 0 not moved"), "{said}");
    for (name, before) in ["one", "two"].into_iter().zip(&before) {
        world.gone(Kind::LegacyExternalSecret, name).await;
        is_handed_over(&world, name, before).await;
    }
    collected(&world).await;
    for (name, before) in ["one", "two"].into_iter().zip(&before) {
        is_handed_over(&world, name, before).await;
        let after = world.get(Kind::Secret, name).await.unwrap();
        let manager = format!("externalsecrets.external-secrets.io/{name}");
        let [(_, data)] = writers(before)[..] else { panic!("{before}") };
        assert_eq!(writers(&after), [(manager.as_str(), data)]);
        world.gone(Kind::ExternalSecret, &format!("{name}-migration")).await;
        world.gone(Kind::Secret, &format!("{name}-migration")).await;
    }
    let stores = world.all(Kind::ClusterSecretStore).await;
    let ours = stores.iter().filter(|store| store["spec"]["controller"] == "migrate-moves");
    assert_eq!(ours.count(), 1, "both mean the same store");
    // It goes on as any other.
    let changed = world.canary("changed");
    double.put("text", &changed).unwrap();
    world.holds("two", &[("value", &changed)]).await;
    world.end().await;
}

#[tokio::test]
async fn values_of_vault_are_read_as_the_operator_itself_after_a_move_too() {
    let class = "migrate-vault";
    let server = OpenBao::start(Mode::Development).await.unwrap();
    let token_file = NamedTempFile::with_prefix("eso-it-").unwrap();
    let world = Setup::new(class)
        .variable("VAULT_ADDR", server.url())
        .variable("POLLER_INTERVAL_MILLISECONDS", "1000")
        .argument(&format!("--own-token-file={}", token_file.path().display()))
        .argument(&format!("--controller-class={class}"))
        .start()
        .await;
    trust_the_operator(&server, &world, &token_file).await;
    let [password, one] = ["password", "one"].map(|name| world.canary(name));
    server.put("secret", "hello-service/password", &json!({ "password": password })).await.unwrap();
    server.put("secret", "hello-service/all", &json!({ "one": one, "deep": { "b": 1 } })).await.unwrap();
    apply(&world, "hello-vault.yaml", &[]).await;
    let entries = [("deep", r#"{"b":1}"#), ("one", one.as_str()), ("password", &password)];
    let before = world.holds("hello-vault", &entries).await;
    let mut moving = moving(&world, class, &[]);
    moving.env("VAULT_ADDR", server.url());
    let (is_well, _, said) = ran(moving).await;
    assert!(is_well && said.contains("spec.vaultRole: the role of Vault must be bound"), "{said}");
    is_handed_over(&world, "hello-vault", &before).await;
    world.gone(Kind::LegacyExternalSecret, "hello-vault").await;
    world.end().await;
}

#[tokio::test]
async fn the_way_back_is_open() {
    let double = aws();
    let (world, value) = in_step("migrate-back", &double).await;
    let before = world.get(Kind::Secret, "app").await.unwrap();
    moves(&world, "migrate-back").await;
    is_handed_over(&world, "app", &before).await;
    // As docs/guides/migrate.md says it.
    world.kubectl(&["delete", "externalsecrets.external-secrets.io", "app", "--cascade=orphan"]).await;
    world.kubectl(&["apply", "-f", backup(&world).to_str().unwrap()]).await;
    let back = says(&world, "app", "SUCCESS").await;
    let owned = |secret: &Value| secret["metadata"]["ownerReferences"][0]["uid"] == back["metadata"]["uid"];
    let after = world.until(Kind::Secret, "app", "is the older object's again", owned).await;
    assert_eq!(body(&after), body(&before));
    collected(&world).await;
    assert_eq!(body(&world.holds("app", &[("value", &value)]).await), body(&before));
    world.end().await;
}

#[tokio::test]
async fn a_filled_secret_is_filled_by_an_object_of_its_own() {
    let double = aws();
    let world = start("migrate-fills", &double).await;
    let [password, other] = ["password", "other"].map(|name| world.canary(name));
    let value = json!({ "username": "me", "password": password }).to_string();
    double.put("my-secret", &value).unwrap();
    apply(&world, "my-external-secret.yaml", &[]).await;
    let filled = world.holds("my-external-secret-data", &[("password", &password), ("username", "me")]).await;
    let own = world.holds("my-external-secret", &[("my-external-secret-data", &value)]).await;
    moves(&world, "migrate-fills").await;
    world.gone(Kind::LegacyExternalSecret, "my-external-secret").await;
    is_handed_over(&world, "my-external-secret", &own).await;
    world.synced("my-external-secret-data").await;
    collected(&world).await;
    assert_eq!(body(&world.get(Kind::Secret, "my-external-secret-data").await.unwrap()), body(&filled));
    double.put("my-secret", &json!({ "username": "me", "password": other }).to_string()).unwrap();
    world.holds("my-external-secret-data", &[("password", &other), ("username", "me")]).await;
    world.end().await;
}

#[tokio::test]
async fn what_would_change_a_value_or_is_somebody_elses_is_not_moved() {
    let double = aws();
    let world = start("migrate-refused", &double).await;
    let value = world.canary("value");
    double.put("db", &value).unwrap();
    // What the older object makes of nothing is a text, and what the newer one makes of it is not.
    double.put("odd", r#"{"nothing":null}"#).unwrap();
    double.put("deep", r#"{"number":1e3}"#).unwrap();
    world.create(json!({ "kind": "Secret", "metadata": { "name": "filled" } })).await;
    for (name, fields) in [
        ("owned", json!({})),
        ("taken", json!({})),
        ("fine", json!({})),
        ("odd", json!({ "data": null, "dataFrom": ["odd"] })),
        ("fills", json!({ "data": [{ "key": "deep", "name": "filled" }] })),
        ("foreign", json!({ "backendType": "akeyless" })),
    ] {
        world.create(older(name, "db", fields)).await;
    }
    for name in ["owned", "taken", "fine", "odd", "fills"] {
        says(&world, name, "SUCCESS").await;
    }
    world.holds("filled", &[("number", "1000")]).await;
    world.operator.kill();
    let theirs = json!([{ "apiVersion": "example.com/v1", "kind": "App", "name": "shop", "uid": "u", "controller": true }]);
    world.patch(Kind::Secret, "owned", json!({ "metadata": { "ownerReferences": theirs } })).await;
    let other = json!({
        "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "metadata": { "name": "taken" },
        "spec": { "secretStoreRef": { "name": "nowhere" }, "dataFrom": [{ "extract": { "key": "a" } }] },
    });
    world.create(other).await;
    let mut before = Vec::new();
    for name in ["owned", "taken", "odd", "fills", "filled"] {
        before.push(world.get(Kind::Secret, name).await.unwrap());
    }
    world.operator.restart().await;
    let (is_well, _, said) = ran(moving(&world, "migrate-refused", &["--timeout=45s"])).await;
    assert!(!is_well);
    for expected in [
        "/owned: not moved: its Secret belongs to App shop, which is to say whose it is",
        "/taken: not moved: the namespace has an ExternalSecret of external-secrets.io of its name that asks for",
        "/odd: not moved: waited for 45 s in vain: the newer object would write something else than the Secret holds, in \
         these keys: nothing; ",
        "/foreign: it is not written: backendType akeyless is not supported",
        "/fine: moved",
        "/fills: not moved: it fills these Secrets with values that are not all texts: filled; ",
        "1 moved, 5 not moved",
    ] {
        assert!(said.contains(expected), "{expected} is not in {said}");
    }
    assert!(!said.contains(&value), "{said}");
    assert_eq!(body(&world.get(Kind::Secret, "filled").await.unwrap()), body(&before[4]));
    for (name, before) in ["owned", "taken", "odd", "fills"].into_iter().zip(&before) {
        assert_eq!(body(&world.get(Kind::Secret, name).await.unwrap()), body(before), "{name}");
        assert!(world.get(Kind::LegacyExternalSecret, name).await.is_some(), "{name}");
        world.gone(Kind::ExternalSecret, &format!("{name}-migration")).await;
    }
    assert!(world.get(Kind::ExternalSecret, "odd").await.is_none(), "it was not even made");
    world.end().await;
}

#[tokio::test]
async fn a_secret_of_the_name_of_the_trial_is_left_alone() {
    let class = "migrate-spare";
    let double = aws();
    let world = start(class, &double).await;
    double.put("db", &world.canary("value")).unwrap();
    world.create(older("app", "db", json!({}))).await;
    says(&world, "app", "SUCCESS").await;
    let theirs =
        json!({ "kind": "Secret", "metadata": { "name": "app-migration" }, "stringData": { "a": "b" } });
    let theirs = world.create(theirs).await;
    let (is_well, _, said) = ran(moving(&world, class, &[])).await;
    collected(&world).await;
    assert_eq!(world.get(Kind::Secret, "app-migration").await, Some(theirs));
    let expected = "/app: not moved: the namespace has a Secret of the name that its trial would have";
    assert!(!is_well && said.contains(expected), "{said}");
    assert!(world.get(Kind::LegacyExternalSecret, "app").await.is_some());
    world.delete(Kind::Secret, "app-migration").await;
    moves(&world, class).await;
    world.end().await;
}

#[tokio::test]
async fn what_a_namespace_forbids_is_not_allowed_by_a_move() {
    let class = "migrate-permits";
    let double = aws();
    let world = start(class, &double).await;
    double.put("db", &world.canary("value")).unwrap();
    world.create(older("app", "db", json!({}))).await;
    says(&world, "app", "SUCCESS").await;
    let permitted = "externalsecrets.kubernetes-client.io/permitted-key-name=^db$";
    world.kubectl(&["annotate", "namespace", &world.namespace, permitted]).await;
    let (is_well, _, said) = ran(moving(&world, class, &[])).await;
    assert!(
        !is_well && said.contains("0 moved, 1 not moved") && said.contains("--without-permits"),
        "{said}"
    );
    assert!(world.get(Kind::ExternalSecret, "app").await.is_none());
    let stores = world.all(Kind::ClusterSecretStore).await;
    assert!(stores.iter().all(|store| store["spec"]["controller"] != class), "no store is made");
    let (is_well, _, said) = ran(moving(&world, class, &["--without-permits"])).await;
    assert!(is_well && said.contains("permitted-key-name: it binds no newer object"), "{said}");
    world.end().await;
}

/// Starts the command, and ends it at once when an object is there.
async fn killed_when(world: &World, class: &str, what: &str, is_so: impl AsyncFn() -> bool) {
    let mut child: Child = moving(world, class, &[]).spawn().unwrap();
    eventually(what, async || if is_so().await { Ok(()) } else { Err("not yet".to_owned()) }).await;
    child.kill().await.unwrap();
}

#[tokio::test]
async fn a_run_that_was_killed_is_gone_on_with() {
    let class = "migrate-killed";
    let double = aws();
    let (world, _) = in_step(class, &double).await;
    let before = world.get(Kind::Secret, "app").await.unwrap();
    // Nobody reads the trial, so no run gets beyond it.
    world.operator.kill();
    killed_when(&world, class, "the trial is there", async || {
        world.get(Kind::ExternalSecret, "app-migration").await.is_some()
    })
    .await;
    assert_eq!(world.get(Kind::Secret, "app").await.unwrap(), before);
    world.operator.restart().await;
    killed_when(&world, class, "the newer object is there", async || {
        world.get(Kind::ExternalSecret, "app").await.is_some()
    })
    .await;
    killed_when(&world, class, "the Secret is handed over", async || {
        let secret = world.get(Kind::Secret, "app").await.unwrap();
        secret["metadata"]["ownerReferences"][0]["apiVersion"] == "external-secrets.io/v1"
    })
    .await;
    moves(&world, class).await;
    world.gone(Kind::LegacyExternalSecret, "app").await;
    collected(&world).await;
    is_handed_over(&world, "app", &before).await;
    world.gone(Kind::ExternalSecret, "app-migration").await;
    world.gone(Kind::Secret, "app-migration").await;
    let said = moves(&world, class).await;
    assert!(said.contains("0 moved, 0 not moved"), "{said}");
    world.end().await;
}

#[tokio::test]
async fn an_operator_that_serves_both_does_not_write_while_the_owner_is_exchanged() {
    let class = "migrate-both";
    let double = aws();
    let world = start(class, &double).await;
    let [value, newer] = ["value", "newer"].map(|name| world.canary(name));
    double.put("db", &value).unwrap();
    world.create(older("app", "db", json!({}))).await;
    says(&world, "app", "SUCCESS").await;
    let before = world.get(Kind::Secret, "app").await.unwrap();
    let (is_well, printed, said) = ran(command(&world, class, &[])).await;
    assert!(is_well, "{said}");
    let path = world.kubeconfig().with_file_name("newer.yaml");
    fs::write(&path, &printed).unwrap();
    // Both are there, and the Secret is the older one's: the newer one waits.
    world.kubectl(&["apply", "-f", path.to_str().unwrap()]).await;
    world.fails("app", "failed to take ownership of target secret").await;
    assert_eq!(world.get(Kind::Secret, "app").await.unwrap(), before);
    // The Secret is the newer one's: the older one waits, also where the value changes.
    let object = world.get(Kind::ExternalSecret, "app").await.unwrap();
    let owner = json!([{
        "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "name": "app",
        "uid": object["metadata"]["uid"], "controller": true, "blockOwnerDeletion": true,
    }]);
    world.patch(Kind::Secret, "app", json!({ "metadata": { "ownerReferences": owner } })).await;
    is_handed_over(&world, "app", &before).await;
    says(&world, "app", "ERROR, ").await;
    double.put("db", &newer).unwrap();
    world.holds("app", &[("value", &newer)]).await;
    let reads = double.calls().len();
    eventually("both are looked at some more times", async || match double.calls().len() - reads {
        more if more >= 3 => Ok(()),
        more => Err(more.to_string()),
    })
    .await;
    let after = world.holds("app", &[("value", &newer)]).await;
    assert_eq!(after["metadata"]["ownerReferences"], owner);
    // The command goes on from here.
    moves(&world, class).await;
    world.gone(Kind::LegacyExternalSecret, "app").await;
    world.end().await;
}

/// Puts the older object's owner reference back, as its controller does that still runs.
async fn taken_back(world: &World, owners: &Value) {
    world
        .until(Kind::Secret, "app", "is handed over", |secret| {
            secret["metadata"]["ownerReferences"][0]["apiVersion"] == "external-secrets.io/v1"
        })
        .await;
    world.patch(Kind::Secret, "app", json!({ "metadata": { "ownerReferences": owners } })).await;
}

#[tokio::test]
async fn an_older_controller_that_fights_back_is_told_of() {
    let class = "migrate-fights";
    let double = aws();
    let world = start(class, &double).await;
    let value = world.canary("value");
    double.put("db", &value).unwrap();
    // What is asked for does not go by the interval of all.
    let mut object = older("app", "db", json!({}));
    object["metadata"]["annotations"] = json!({ "external-secrets.io/refresh-interval": "1s" });
    world.create(object).await;
    says(&world, "app", "SUCCESS").await;
    let before = world.get(Kind::Secret, "app").await.unwrap();
    // It has time enough to fight back.
    let mut moving = moving(&world, class, &[]);
    moving.env("POLLER_INTERVAL_MILLISECONDS", "60000");
    let fights = taken_back(&world, &before["metadata"]["ownerReferences"]);
    let ((is_well, _, said), ()) = tokio::join!(ran(moving), fights);
    let expected = "/app: not moved: its Secret was taken back by the older controller: scale it to 0, and run this again";
    assert!(!is_well && said.contains(expected), "{said}");
    assert!(world.get(Kind::LegacyExternalSecret, "app").await.is_some());
    let after = world.holds("app", &[("value", &value)]).await;
    assert_eq!(body(&after), body(&before));
    moves(&world, class).await;
    is_handed_over(&world, "app", &before).await;
    world.end().await;
}

#[tokio::test]
async fn an_edit_of_the_older_object_during_a_move_is_not_lost() {
    let class = "migrate-edited";
    let double = aws();
    let (world, value) = in_step(class, &double).await;
    // It waits for long before it deletes.
    let mut moving = moving(&world, class, &[]);
    moving.env("POLLER_INTERVAL_MILLISECONDS", "60000");
    let edited = async {
        let of_newer = |secret: &Value| {
            secret["metadata"]["ownerReferences"][0]["apiVersion"] == "external-secrets.io/v1"
        };
        world.until(Kind::Secret, "app", "is handed over", of_newer).await;
        let spec = json!({ "data": [{ "key": "db", "name": "other" }] });
        world.patch(Kind::LegacyExternalSecret, "app", json!({ "spec": spec })).await;
    };
    let ((is_well, _, said), ()) = tokio::join!(ran(moving), edited);
    let expected = "/app: not moved: it was edited meanwhile: run this again";
    assert!(!is_well && said.contains(expected), "{said}");
    let object = world.get(Kind::LegacyExternalSecret, "app").await.unwrap();
    assert_eq!(object["spec"]["data"][0]["name"], "other");
    // The newer object is of before the edit.
    let (is_well, _, said) = ran(self::moving(&world, class, &["--timeout=1m"])).await;
    assert!(!is_well && said.contains("delete one of the two, with --cascade=orphan"), "{said}");
    world.kubectl(&["delete", "externalsecrets.external-secrets.io", "app", "--cascade=orphan"]).await;
    let before = world.holds("app", &[("other", &value)]).await;
    moves(&world, class).await;
    is_handed_over(&world, "app", &before).await;
    world.end().await;
}

#[tokio::test]
async fn what_is_printed_is_what_the_cluster_takes() {
    let class = "migrate-prints";
    let double = aws();
    let (world, _) = in_step(class, &double).await;
    let of_version = json!({
        "apiVersion": "external-secrets.io/v1beta1", "kind": "SecretStore",
        "metadata": { "name": "main", "namespace": world.namespace },
        "spec": { "provider": { "fake": { "data": [{ "key": "b", "value": "plain" }] } } },
    });
    let path = world.kubeconfig().with_file_name("beta.yaml");
    fs::write(&path, of_version.to_string()).unwrap();
    world.kubectl(&["apply", "-f", path.to_str().unwrap()]).await;
    world.create(eso_testkit::objects::store("newer").value("a", "b")).await;
    let versions = async || {
        let mut versions = Vec::new();
        for kind in [Kind::LegacyExternalSecret, Kind::ExternalSecret, Kind::SecretStore, Kind::Secret] {
            let list = world.call("GET", &kind.collection(&world.namespace), None).await.unwrap();
            versions
                .extend(list["items"].as_array().unwrap().iter().map(|item| item["metadata"]["uid"].clone()));
        }
        versions
    };
    let before = versions().await;
    let (is_well, printed, said) = ran(command(&world, class, &[])).await;
    assert!(is_well && said.ends_with("2 written, 0 not written, 0 of other kinds left out\n"), "{said}");
    assert_eq!(versions().await, before, "nothing is written");
    let documents: Vec<Value> = serde_saphyr::from_multiple(&printed).unwrap();
    let kinds: Vec<_> = documents
        .iter()
        .map(|document| (document["kind"].as_str().unwrap(), document["apiVersion"].as_str().unwrap()))
        .collect();
    let newer = "external-secrets.io/v1";
    assert_eq!(kinds, [("ClusterSecretStore", newer), ("SecretStore", newer), ("ExternalSecret", newer)]);
    assert_eq!(documents[1]["metadata"], json!({ "name": "main", "namespace": world.namespace }));
    let path = world.kubeconfig().with_file_name("newer.yaml");
    fs::write(&path, &printed).unwrap();
    world.kubectl(&["apply", "--dry-run=server", "--validate=strict", "-f", path.to_str().unwrap()]).await;
    // A file says the same as the cluster.
    let mut of_file = Command::new(env!("CARGO_BIN_EXE_eso"));
    let beta = world.kubeconfig().with_file_name("beta.yaml");
    of_file.arg("migrate").arg(beta).env_clear().kill_on_drop(true);
    let (is_well, printed, _) = ran(of_file).await;
    let of_file: Value = serde_saphyr::from_str(&printed).unwrap();
    assert!(is_well && of_file == documents[1], "{printed}");
    world.end().await;
}
