//! PushSecrets: what they write, what wakes them, what they leave behind, and what is said of them.

use eso_core::{
    error::ErrorKind,
    provider::{Fetch, PropertySyntax, SecretProvider, Value as Held},
};
use eso_rig::Mark;
use eso_testkit::{memory::Call, objects::store};
use serde_json::{Value, json};

use crate::world::{Gate, World, in_words};

const ALPHA: &str = "external-secrets.io/v1alpha1";
const STORES: &str = "external-secrets.io/v1";
const OF_OBJECTS: &str = "pushsecret.externalsecrets.io/finalizer";
const OF_STORES: &str = "secretstore.externalsecrets.io/finalizer";

/// A namespace whose store can be written.
async fn world(prefix: &str) -> World {
    let world = World::new(prefix).await;
    world.provider.set_writable(PropertySyntax::Path);
    world
}

impl World {
    /// A PushSecret of the Secret `app` to the store `main`, with this besides.
    async fn push(&self, name: &str, more: Value) -> Value {
        let mut spec = json!({
            "secretStoreRefs": [{ "name": "main" }],
            "selector": { "secret": { "name": "app" } },
        });
        spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.create(
            ALPHA,
            "pushsecrets",
            json!({
                "apiVersion": ALPHA, "kind": "PushSecret", "metadata": { "name": name }, "spec": spec,
            }),
        )
        .await
    }

    fn push_path(&self, name: &str) -> String {
        self.path(ALPHA, "pushsecrets", name)
    }

    fn store_path(&self, name: &str) -> String {
        self.path(STORES, "secretstores", name)
    }

    /// Waits until the PushSecret's condition has this reason, and a message that begins so.
    async fn pushes(&self, name: &str, reason: &str, message: &str) -> Value {
        self.until(self.push_path(name), move |object| {
            let condition = &object["status"]["conditions"][0];
            let said = condition["message"].as_str().unwrap_or_default();
            condition["reason"] == reason && said.starts_with(message)
        })
        .await
    }

    /// What the store holds.
    async fn held(&self, key: &str) -> Option<String> {
        let fetched = self.provider.fetch(&Fetch::new(key)).await.ok()?;
        let (Held::Bytes(bytes) | Held::Document(bytes)) = fetched.value;
        bytes.expose_str().map(str::to_owned)
    }

    /// Waits until the store holds this.
    #[track_caller]
    fn until_held(&self, key: &str, value: Option<&str>) -> impl Future<Output = ()> {
        self.until_so(key, async move || self.held(key).await.as_deref() == value)
    }

    /// Waits until the store was looked at more often.
    #[track_caller]
    fn until_looked(&self, before: usize) -> impl Future<Output = ()> {
        self.until_so("the store is looked at", async move || self.looks() > before)
    }

    /// Waits until the operator has run for a PushSecret again, and ended that.
    #[track_caller]
    fn until_ran(&self, name: &str, before: usize) -> impl Future<Output = ()> {
        self.until_so("it is run for", async move || self.runs_of(name).0 > before)
    }

    /// Waits until a Warning event says this of a PushSecret.
    #[track_caller]
    fn is_told(&self, name: &str, message: &str) -> impl Future<Output = Value> {
        self.until(self.path("v1", "events", ""), move |list| {
            let mut events = list["items"].as_array().into_iter().flatten();
            events.any(|event| {
                let said = event["message"].as_str().unwrap_or_default();
                event["involvedObject"]["name"] == name
                    && (event["type"] == "Warning" && event["reason"] == "Errored")
                    && said.starts_with(message)
            })
        })
    }

    /// How often the operator wrote the finalizers of stores since then.
    async fn finalized(&self, mark: Mark) -> usize {
        self.requests(mark, "patch", "secretstores").await
    }

    fn writes(&self) -> usize {
        let is_write = |call: &&Call| matches!(call, Call::Put(_) | Call::Delete(_));
        self.provider.calls().iter().filter(is_write).count()
    }

    fn looks(&self) -> usize {
        self.provider.calls().iter().filter(|call| matches!(call, Call::Inspect(_))).count()
    }
}

fn data(key: &str, remote: &str) -> Value {
    json!({ "match": { "secretKey": key, "remoteRef": { "remoteKey": remote } } })
}

#[tokio::test]
async fn a_secret_is_pushed_and_what_was_done_is_said_as_the_original_says_it() {
    let world = world("pushed").await;
    let operator = world.start().await;
    world.secret("app", json!({ "password": "p" })).await;
    let property =
        json!({ "match": { "secretKey": "password", "remoteRef": { "remoteKey": "y", "property": "a.b" } } });
    world.push("push", json!({ "data": [data("password", "x"), property] })).await;
    let object = world.pushes("push", "Synced", "PushSecret synced successfully").await;
    assert_eq!(world.held("x").await.as_deref(), Some("p"));
    assert_eq!(world.held("y").await.as_deref(), Some(r#"{"a":{"b":"p"}}"#));
    let status = &object["status"];
    assert_eq!(status["syncedResourceVersion"], "1-f47fe3c0b255b6dd8047cdffa772587bb829efe7a1cb70febeda2eb2");
    let expected = json!({ "SecretStore/main": {
        "x": { "conversionStrategy": "None", "match": { "secretKey": "password", "remoteRef": { "remoteKey": "x" } } },
        "y/a.b": {
            "conversionStrategy": "None",
            "match": { "secretKey": "password", "remoteRef": { "remoteKey": "y", "property": "a.b" } },
        },
    } });
    assert_eq!(status["syncedPushSecrets"], expected);
    assert!(status["refreshTime"].is_string() && status["conditions"][0]["lastTransitionTime"].is_string());
    assert_eq!(object["metadata"]["finalizers"], Value::Null);
    operator.stop().await;
}

#[tokio::test]
async fn a_first_push_costs_one_read_of_the_secret_and_one_status() {
    let world = world("costs").await;
    world.secret("app", json!({ "password": "p" })).await;
    let operator = world.start().await;
    let mark = world.mark().await;
    world.push("push", json!({ "data": [data("password", "x")] })).await;
    world.pushes("push", "Synced", "").await;
    assert_eq!(in_words(&world.asked(mark).await), ["get secrets", "patch pushsecrets status"]);
    assert_eq!((world.looks(), world.writes()), (1, 1));
    operator.stop().await;
}

#[tokio::test]
async fn an_edit_of_the_secret_is_pushed_and_an_edit_that_changes_no_value_writes_nothing() {
    let world = world("edited").await;
    let operator = world.start().await;
    world.secret("app", json!({ "password": "p" })).await;
    world.push("push", json!({ "data": [data("password", "x")] })).await;
    world.until_held("x", Some("p")).await;
    world.edit(&world.secret_path("app"), json!({ "stringData": { "password": "q" } })).await;
    world.until_held("x", Some("q")).await;
    let (looks, writes) = (world.looks(), world.writes());
    world.edit(&world.secret_path("app"), json!({ "metadata": { "labels": { "a": "b" } } })).await;
    world.until_looked(looks).await;
    assert_eq!(world.writes(), writes);
    operator.stop().await;
}

#[tokio::test]
async fn a_secret_that_comes_later_is_pushed_when_it_comes() {
    let world = world("later").await;
    let operator = world.start().await;
    world.push("push", json!({ "data": [data("password", "x")] })).await;
    world.pushes("push", "Errored", "could not get source secret").await;
    world.secret("app", json!({ "password": "p" })).await;
    world.pushes("push", "Synced", "").await;
    operator.stop().await;
}

#[tokio::test]
async fn secrets_are_chosen_by_labels_in_the_own_namespace_alone() {
    let (world, other) = (world("labels").await, World::new("stranger").await);
    let secret = |name: &str, key: &str, label: &str| json!({ "metadata": { "name": name, "labels": { "push": label } }, "stringData": { key: name } });
    for (name, key, label) in [("app", "a", "yes"), ("web", "b", "yes"), ("not", "c", "no")] {
        world.create("v1", "secrets", secret(name, key, label)).await;
    }
    other.create("v1", "secrets", secret("theirs", "stolen", "yes")).await;
    let operator = world.start().await;
    world
        .push(
            "push",
            json!({
                "selector": { "secret": { "selector": { "matchLabels": { "push": "yes" } } } },
                "dataTo": [{ "storeRef": { "name": "main" } }],
                "deletionPolicy": "Delete",
            }),
        )
        .await;
    world.pushes("push", "Synced", "").await;
    assert_eq!(
        (world.held("a").await.as_deref(), world.held("b").await.as_deref()),
        (Some("app"), Some("web"))
    );
    assert_eq!((world.held("c").await, world.held("stolen").await), (None, None));
    world.edit(&world.secret_path("not"), json!({ "metadata": { "labels": { "push": "yes" } } })).await;
    world.until_held("c", Some("not")).await;
    world.edit(&world.secret_path("web"), json!({ "metadata": { "labels": { "push": "no" } } })).await;
    world.until_held("b", None).await;
    world.delete(&world.secret_path("app")).await;
    world.until_held("a", None).await;
    assert_eq!(world.held("c").await.as_deref(), Some("not"));
    operator.stop().await;
}

#[tokio::test]
async fn an_empty_selector_chooses_nothing_and_a_generator_is_said_not_to_be_served() {
    let world = world("refused").await;
    world.secret("app", json!({ "password": "p" })).await;
    let operator = world.start().await;
    let to_all = json!([{ "storeRef": { "name": "main" } }]);
    world.push("all", json!({ "selector": { "secret": { "selector": {} } }, "dataTo": to_all })).await;
    world.pushes("all", "Errored", "secret selector is empty").await;
    let generator = json!({ "generatorRef": { "kind": "Password", "name": "p" } });
    world.push("generated", json!({ "selector": generator })).await;
    world
        .pushes("generated", "Errored", "spec.selector.generatorRef: the generator Password is not served")
        .await;
    assert_eq!(world.writes(), 0);
    operator.stop().await;
}

#[tokio::test]
async fn stores_are_chosen_by_labels_and_a_label_that_comes_or_goes_is_acted_on() {
    let world = world("chosen").await;
    world.secret("app", json!({ "password": "p" })).await;
    let operator = world.start().await;
    world
        .push(
            "push",
            json!({
                "secretStoreRefs": [{ "labelSelector": { "matchLabels": { "tier": "b" } } }],
                "data": [data("password", "x")],
                "deletionPolicy": "Delete",
            }),
        )
        .await;
    world.pushes("push", "Synced", "").await;
    assert_eq!(world.held("x").await, None);
    world.edit(&world.store_path("main"), json!({ "metadata": { "labels": { "tier": "b" } } })).await;
    world.until_held("x", Some("p")).await;
    world
        .until(world.store_path("main"), |store| store["metadata"]["finalizers"] == json!([OF_STORES]))
        .await;
    world.edit(&world.store_path("main"), json!({ "metadata": { "labels": { "tier": "c" } } })).await;
    world.until_held("x", None).await;
    world.until(world.store_path("main"), |store| store["metadata"]["finalizers"] == Value::Null).await;
    operator.stop().await;
}

#[tokio::test]
async fn what_was_written_is_deleted_with_its_object_and_the_store_waits_for_that() {
    let world = world("deleted").await;
    world.secret("app", json!({ "password": "p" })).await;
    let operator = world.start().await;
    let spec = json!({ "data": [data("password", "x")], "deletionPolicy": "Delete" });
    world.push("push", spec).await;
    let object = world.pushes("push", "Synced", "").await;
    assert_eq!(object["metadata"]["finalizers"], json!([OF_OBJECTS]));
    assert_eq!(
        world.get(&world.store_path("main")).await.unwrap()["metadata"]["finalizers"],
        json!([OF_STORES])
    );
    world.provider.fail(ErrorKind::Denied);
    world.delete(&world.push_path("push")).await;
    world.pushes("push", "Errored", "Failed to Delete Secrets from Provider: ").await;
    world.delete(&world.store_path("main")).await;
    assert!(world.get(&world.store_path("main")).await.is_some(), "it is needed");
    world.provider.mend();
    world.until(world.push_path("push"), |object| *object == Value::Null).await;
    assert_eq!(world.held("x").await, None);
    world.until(world.store_path("main"), |store| *store == Value::Null).await;
    operator.stop().await;
}

/// As in the original, which lets nothing go to such a store, and nothing from it, as long as the object is there.
#[tokio::test]
async fn a_store_that_is_deleted_keeps_what_was_written_to_it_and_waits_for_the_object() {
    let world = world("unstored").await;
    let by_labels = json!([{ "labelSelector": { "matchLabels": { "tier": "b" } } }]);
    world.secret("app", json!({ "password": "p" })).await;
    world.edit(&world.store_path("main"), json!({ "metadata": { "labels": { "tier": "b" } } })).await;
    let operator = world.start().await;
    let clean = |key: &str| json!({ "data": [data("password", key)], "deletionPolicy": "Delete" });
    world.push("named", clean("x")).await;
    let mut labelled = clean("y");
    labelled["secretStoreRefs"] = by_labels;
    world.push("labelled", labelled).await;
    for name in ["named", "labelled"] {
        world.pushes(name, "Synced", "").await;
    }
    world.delete(&world.store_path("main")).await;
    world.secret("other", json!({ "password": "q" })).await;
    // Both are looked at, and neither takes anything away.
    for name in ["named", "labelled"] {
        let other = json!({ "spec": { "selector": { "secret": { "name": "other" } } } });
        world.edit(&world.push_path(name), other).await;
        let revised = |object: &Value| {
            let written = object["status"]["syncedResourceVersion"].as_str().unwrap_or_default();
            written.starts_with("2-")
        };
        let object = world.until(world.push_path(name), revised).await;
        assert_eq!(object["status"]["syncedPushSecrets"].as_object().unwrap().len(), 1, "{object}");
    }
    assert_eq!(world.held("x").await.as_deref(), Some("p"));
    assert_eq!(world.held("y").await.as_deref(), Some("p"));
    assert!(world.get(&world.store_path("main")).await.is_some(), "it is needed");
    world.delete(&world.push_path("named")).await;
    world.until(world.push_path("named"), |object| *object == Value::Null).await;
    assert_eq!((world.held("x").await, world.held("y").await.as_deref()), (None, Some("p")));
    world.edit(&world.push_path("labelled"), json!({ "spec": { "deletionPolicy": "None" } })).await;
    world.until(world.store_path("main"), |store| *store == Value::Null).await;
    assert_eq!(world.held("y").await.as_deref(), Some("p"));
    operator.stop().await;
}

#[tokio::test]
async fn a_restart_lets_no_store_go_before_all_are_known_who_need_it() {
    let world = world("unlisted").await;
    world.secret("app", json!({ "password": "p" })).await;
    let spare = store("spare").namespace(&world.namespace).json();
    world.create(STORES, "secretstores", spare).await;
    let stores = json!([{ "name": "main" }, { "name": "spare" }]);
    let spec =
        json!({ "secretStoreRefs": stores, "data": [data("password", "x")], "deletionPolicy": "Delete" });
    let operator = world.start().await;
    world.push("push", spec).await;
    world.pushes("push", "Synced", "").await;
    operator.stop().await;
    world.delete(&world.store_path("main")).await;
    let mark = world.mark().await;
    let gate = Gate::before("/pushsecrets");
    let operator = world.start_behind(&gate).await;
    assert!(world.get(&world.store_path("main")).await.is_some(), "nobody knows yet that it is not needed");
    gate.open();
    world.until_ran("push", 0).await;
    operator.stop().await;
    assert_eq!(world.finalized(mark).await, 0, "no finalizer of a store was written");
    let operator = world.start().await;
    world.delete(&world.push_path("push")).await;
    world.until(world.store_path("main"), |store| *store == Value::Null).await;
    assert_eq!(world.held("x").await, None, "what was written to it went before it");
    operator.stop().await;
}

#[tokio::test]
async fn without_a_policy_nothing_is_deleted_and_nothing_waits() {
    let world = world("kept").await;
    world.secret("app", json!({ "password": "p" })).await;
    let operator = world.start().await;
    world.push("push", json!({ "data": [data("password", "x")], "deletionPolicy": "Delete" })).await;
    world.pushes("push", "Synced", "").await;
    world.edit(&world.push_path("push"), json!({ "spec": { "deletionPolicy": "None" } })).await;
    world.until(world.push_path("push"), |object| object["metadata"]["finalizers"] == Value::Null).await;
    world.until(world.store_path("main"), |store| store["metadata"]["finalizers"] == Value::Null).await;
    world.delete(&world.push_path("push")).await;
    world.until(world.push_path("push"), |object| *object == Value::Null).await;
    assert_eq!(world.held("x").await.as_deref(), Some("p"));
    operator.stop().await;
}

#[tokio::test]
async fn a_secret_that_is_deleted_takes_what_was_written_with_it_where_the_object_says_so() {
    let world = world("sourceless").await;
    world.secret("app", json!({ "password": "p" })).await;
    let operator = world.start().await;
    world.push("push", json!({ "data": [data("password", "x")], "deletionPolicy": "Delete" })).await;
    world.push("keeps", json!({ "data": [data("password", "y")] })).await;
    world.pushes("push", "Synced", "").await;
    world.pushes("keeps", "Synced", "").await;
    world.delete(&world.secret_path("app")).await;
    let object = world.pushes("push", "SourceDeleted", "source secret deleted").await;
    assert_eq!(object["status"]["syncedPushSecrets"], Value::Null);
    world.pushes("keeps", "Errored", "could not get source secret").await;
    assert_eq!((world.held("x").await, world.held("y").await.as_deref()), (None, Some("p")));
    operator.stop().await;
}

#[tokio::test]
async fn an_edit_of_the_object_moves_what_it_writes() {
    let world = world("moved").await;
    world.secret("app", json!({ "password": "p" })).await;
    let operator = world.start().await;
    world.push("push", json!({ "data": [data("password", "x")], "deletionPolicy": "Delete" })).await;
    world.until_held("x", Some("p")).await;
    world.edit(&world.push_path("push"), json!({ "spec": { "data": [data("password", "z")] } })).await;
    world.until_held("z", Some("p")).await;
    world.until_held("x", None).await;
    operator.stop().await;
}

#[tokio::test]
async fn a_restart_looks_once_and_writes_nothing() {
    let world = world("restart").await;
    world.secret("app", json!({ "password": "p" })).await;
    let operator = world.start().await;
    world.push("push", json!({ "data": [data("password", "x")] })).await;
    world.pushes("push", "Synced", "").await;
    operator.stop().await;
    world.provider.clear_calls();
    let mark = world.mark().await;
    let operator = world.start().await;
    world.until_looked(0).await;
    operator.stop().await;
    assert_eq!((world.looks(), world.writes()), (1, 0));
    assert_eq!(in_words(&world.asked(mark).await), ["get secrets"]);
}

#[tokio::test]
async fn what_changed_while_nobody_looked_is_pushed_after_a_restart() {
    let world = world("asleep").await;
    world.secret("app", json!({ "password": "p" })).await;
    let operator = world.start().await;
    world.push("push", json!({ "data": [data("password", "x")] })).await;
    world.pushes("push", "Synced", "").await;
    operator.stop().await;
    world.edit(&world.secret_path("app"), json!({ "stringData": { "password": "q" } })).await;
    let operator = world.start().await;
    world.until_held("x", Some("q")).await;
    operator.stop().await;
}

#[tokio::test]
async fn the_conditions_of_a_cluster_store_hold_for_pushes() {
    let world = world("fenced").await;
    world.secret("app", json!({ "password": "p" })).await;
    let name = format!("shared-{}", world.namespace);
    let conditions = json!([{ "namespaces": [world.namespace], "keys": ["team-*"] }]);
    let mut shared = store(&name).json();
    shared["kind"] = json!("ClusterSecretStore");
    shared["metadata"] = json!({ "name": name });
    shared["spec"]["conditions"] = conditions;
    world.control.create("/apis/external-secrets.io/v1/clustersecretstores", &shared).await.unwrap();
    let operator = world.start().await;
    let stores = json!([{ "name": name, "kind": "ClusterSecretStore" }]);
    world
        .push(
            "push",
            json!({ "secretStoreRefs": stores, "data": [data("password", "team-x"), data("password", "x")] }),
        )
        .await;
    let denied = format!(
        "set secret failed: could not get secrets client for store {name}: key x of ClusterSecretStore \"{name}\" is not \
         allowed from namespace \"{}\": denied by spec.conditions[].keys",
        world.namespace
    );
    let object = world.pushes("push", "Errored", &denied).await;
    assert_eq!((world.held("team-x").await.as_deref(), world.held("x").await), (Some("p"), None));
    let written =
        object["status"]["syncedPushSecrets"][format!("ClusterSecretStore/{name}")].as_object().unwrap();
    assert_eq!(written.keys().collect::<Vec<_>>(), ["team-x"]);
    operator.stop().await;
}

#[tokio::test]
async fn what_is_of_another_class_is_left_alone() {
    let world = world("classed").await;
    world.secret("app", json!({ "password": "p" })).await;
    world.edit(&world.store_path("main"), json!({ "spec": { "controller": "another" } })).await;
    let operator = world.start().await;
    world.push("theirs", json!({ "data": [data("password", "x")] })).await;
    let ours = store("ours").namespace(&world.namespace).json();
    world.create(STORES, "secretstores", ours).await;
    let both = json!([{ "name": "main" }, { "name": "ours" }]);
    world.push("both", json!({ "secretStoreRefs": both, "data": [data("password", "y")] })).await;
    let object = world.pushes("both", "Synced", "").await;
    let stores = object["status"]["syncedPushSecrets"].as_object().unwrap();
    assert_eq!(stores.keys().collect::<Vec<_>>(), ["SecretStore/ours"]);
    assert_eq!(world.get(&world.push_path("theirs")).await.unwrap()["status"], Value::Null);
    assert_eq!(world.held("x").await, None);
    operator.stop().await;
}

/// Gives a store our finalizer, and waits until it is taken off: everything before was looked at then.
async fn until_stores_are_kept(world: &World, name: &str) {
    world.edit(&world.store_path(name), json!({ "metadata": { "finalizers": [OF_STORES] } })).await;
    world.until(world.store_path(name), |store| store["metadata"]["finalizers"] == Value::Null).await;
}

#[tokio::test]
async fn the_finalizer_of_a_store_that_others_may_need_stays() {
    let world = world("theirs").await;
    let mut theirs = store("theirs").namespace(&world.namespace).json();
    theirs["spec"]["controller"] = json!("another");
    theirs["metadata"]["finalizers"] = json!([OF_STORES]);
    world.create(STORES, "secretstores", theirs).await;
    let name = format!("shared-{}", world.namespace);
    let mut shared = store(&name).json();
    shared["kind"] = json!("ClusterSecretStore");
    shared["metadata"] = json!({ "name": name, "finalizers": [OF_STORES] });
    world.control.create("/apis/external-secrets.io/v1/clustersecretstores", &shared).await.unwrap();
    let operator = world.start().await;
    until_stores_are_kept(&world, "main").await;
    until_stores_are_kept(&world, "main").await;
    let shared = format!("/apis/external-secrets.io/v1/clustersecretstores/{name}");
    for (path, why) in [
        (world.store_path("theirs"), "it is of another class"),
        (shared.clone(), "PushSecrets of other namespaces are not watched"),
    ] {
        let store = world.get(&path).await.unwrap();
        assert_eq!(store["metadata"]["finalizers"], json!([OF_STORES]), "{why}");
    }
    operator.stop().await;
    world.edit(&shared, json!({ "metadata": { "finalizers": null } })).await;
    world.delete(&shared).await;
}

#[tokio::test]
async fn what_is_of_another_class_is_let_go_and_told_what_is_wrong_by_its_operator_alone() {
    let world = world("leaving").await;
    world.edit(&world.store_path("main"), json!({ "spec": { "controller": "another" } })).await;
    let written = json!({ "SecretStore/main": { "x": data("password", "x") } });
    let mut spec = json!({ "data": [data("password", "x")] });
    for (name, policy) in [("keeps", "None"), ("deletes", "Delete")] {
        spec["deletionPolicy"] = json!(policy);
        world.push(name, spec.clone()).await;
        let path = world.push_path(name);
        world.edit(&path, json!({ "metadata": { "finalizers": [OF_OBJECTS] } })).await;
        world.edit_status(&path, json!({ "status": { "syncedPushSecrets": written } })).await;
    }
    let generator = json!({ "generatorRef": { "kind": "Password", "name": "p" } });
    world.push("unread", json!({ "selector": generator })).await;
    let operator = world.start().await;
    world.until_ran("unread", 0).await;
    assert_eq!(world.get(&world.push_path("unread")).await.unwrap()["status"], Value::Null);
    for name in ["keeps", "deletes"] {
        world.until_ran(name, 0).await;
        let (runs, _) = world.runs_of(name);
        let before = world.get(&world.push_path(name)).await.unwrap();
        world.delete(&world.push_path(name)).await;
        world.until_ran(name, runs).await;
        let object = world.get(&world.push_path(name)).await.expect("its operator lets it go");
        assert_eq!(object["metadata"]["finalizers"], json!([OF_OBJECTS]));
        assert_eq!(object["status"], before["status"]);
    }
    operator.stop().await;
}

#[tokio::test]
async fn many_secrets_are_read_in_pages_and_too_much_at_once_is_refused() {
    let world = world("pages").await;
    let secret = |name: &str, label: &str, value: &str| {
        let metadata = json!({ "name": name, "labels": { "push": label } });
        json!({ "metadata": metadata, "stringData": { name: value } })
    };
    for number in 0..23 {
        world.create("v1", "secrets", secret(&format!("small-{number}"), "small", "v")).await;
    }
    for number in 0..5 {
        let large = secret(&format!("large-{number}"), "large", &"v".repeat(900_000));
        world.create("v1", "secrets", large).await;
    }
    let operator = world.start().await;
    let mark = world.mark().await;
    let chosen = |label: &str| {
        let selector = json!({ "secret": { "selector": { "matchLabels": { "push": label } } } });
        json!({ "selector": selector, "dataTo": [{ "storeRef": { "name": "main" } }] })
    };
    world.push("small", chosen("small")).await;
    let object = world.pushes("small", "Synced", "").await;
    assert_eq!(object["status"]["syncedPushSecrets"]["SecretStore/main"].as_object().unwrap().len(), 23);
    assert_eq!(world.requests(mark, "list", "secrets").await, 3);
    world.push("large", chosen("large")).await;
    let said = "could not get source secret: the selector chooses Secrets of more than 4 MiB: choose fewer";
    world.pushes("large", "Errored", said).await;
    assert_eq!(world.held("large-0").await, None);
    operator.stop().await;
}

#[tokio::test]
async fn what_no_status_can_name_is_not_pushed() {
    let world = world("bounds").await;
    let keys = |count: usize| (0..count).map(|key| (format!("key-{key:06}"), json!("v"))).collect::<Value>();
    world.secret("many", keys(3_000)).await;
    world.secret("app", keys(6_000)).await;
    let operator = world.start().await;
    let to_all = json!([{ "storeRef": { "name": "main" } }]);
    let many = json!({ "secret": { "name": "many" } });
    world.push("fits", json!({ "selector": many, "dataTo": to_all, "deletionPolicy": "Delete" })).await;
    let object = world.pushes("fits", "Synced", "").await;
    assert_eq!(object["status"]["syncedPushSecrets"]["SecretStore/main"].as_object().unwrap().len(), 3_000);
    let writes = world.writes();
    for (name, policy) in [("keeps", "None"), ("deletes", "Delete")] {
        world.push(name, json!({ "dataTo": to_all, "deletionPolicy": policy })).await;
        let said = "set secret failed: the status, which names each value that is pushed, would have more than 512 KiB: \
                    push fewer values, or all as one with dataTo[].remoteKey";
        world.pushes(name, "Errored", said).await;
    }
    assert_eq!(world.writes(), writes);
    operator.stop().await;
}

/// An operator that may do in the namespace what these rules say, and read everywhere; its name.
async fn somebody_who_may(world: &World, rules: Value) -> String {
    let user = format!("somebody-{}", world.namespace);
    let rbac = "rbac.authorization.k8s.io";
    let reads = json!([{ "apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch"] }]);
    let subjects = json!([{ "apiGroup": rbac, "kind": "User", "name": user }]);
    let cluster = json!({ "metadata": { "name": user }, "rules": reads });
    let path = |plural: &str| format!("/apis/{rbac}/v1/{plural}");
    world.control.create(&path("clusterroles"), &cluster).await.unwrap();
    let of = |kind: &str| json!({ "apiGroup": rbac, "kind": kind, "name": user });
    let bound = json!({ "metadata": { "name": user }, "roleRef": of("ClusterRole"), "subjects": subjects });
    world.control.create(&path("clusterrolebindings"), &bound).await.unwrap();
    let api = format!("{rbac}/v1");
    world.create(&api, "roles", json!({ "metadata": { "name": user }, "rules": rules })).await;
    let bound = json!({ "metadata": { "name": user }, "roleRef": of("Role"), "subjects": subjects });
    world.create(&api, "rolebindings", bound).await;
    user
}

/// What PushSecrets need to be served, where these may be patched.
fn rules_of_pushes(patched: &[&str]) -> Value {
    let ours = "external-secrets.io";
    json!([
        { "apiGroups": [""], "resources": ["events"], "verbs": ["create", "patch"] },
        { "apiGroups": [ours], "resources": patched, "verbs": ["patch"] },
    ])
}

#[tokio::test]
async fn a_finalizer_that_may_not_be_written_is_told_and_nothing_is_pushed_until_it_is() {
    let world = world("forbidden").await;
    world.secret("app", json!({ "password": "p" })).await;
    let all_but_stores = ["pushsecrets", "pushsecrets/status", "secretstores/status"];
    let user = somebody_who_may(&world, rules_of_pushes(&all_but_stores)).await;
    let operator = world.start_as(&user).await;
    world.push("push", json!({ "data": [data("password", "x")], "deletionPolicy": "Delete" })).await;
    let said = format!(
        "could not update finalizers: SecretStore {}/main: the API server forbids it: check the operator's role",
        world.namespace
    );
    world.pushes("push", "Errored", &said).await;
    world.is_told("push", &said).await;
    assert!(world.runs_of("push").1 > 0, "it counts as a failure");
    assert_eq!(world.writes(), 0);
    let role = world.path("rbac.authorization.k8s.io/v1", "roles", &user);
    let all = ["pushsecrets", "pushsecrets/status", "secretstores/status", "secretstores"];
    world.edit(&role, json!({ "rules": rules_of_pushes(&all) })).await;
    world.pushes("push", "Synced", "").await;
    operator.stop().await;
}

#[tokio::test]
async fn a_status_that_may_not_be_written_is_told_by_an_event_and_nothing_is_pushed_that_is_to_be_deleted() {
    let world = world("unclaimed").await;
    world.secret("app", json!({ "password": "p" })).await;
    let all_but_status = ["pushsecrets", "secretstores", "secretstores/status"];
    let user = somebody_who_may(&world, rules_of_pushes(&all_but_status)).await;
    let operator = world.start_as(&user).await;
    world.push("push", json!({ "data": [data("password", "x")], "deletionPolicy": "Delete" })).await;
    let said =
        "could not write down what will be pushed: the API server forbids it: check the operator's role";
    world.is_told("push", said).await;
    assert!(world.runs_of("push").1 > 0, "it counts as a failure");
    assert_eq!(world.writes(), 0);
    operator.stop().await;
}

#[tokio::test]
async fn what_is_somebody_elses_is_not_touched() {
    let world = world("foreign").await;
    world.secret("app", json!({ "password": "p" })).await;
    world.provider.put("x", "theirs");
    let operator = world.start().await;
    world.push("push", json!({ "data": [data("password", "x")] })).await;
    let said = "set secret failed: could not write remote ref password to target secretstore main: secret not managed by \
                external-secrets";
    world.pushes("push", "Errored", said).await;
    world.edit(&world.push_path("push"), json!({ "spec": { "updatePolicy": "IfNotExists" } })).await;
    world
        .pushes("push", "Synced", "PushSecret synced successfully. Existing secrets in providers unchanged.")
        .await;
    assert_eq!((world.held("x").await.as_deref(), world.writes()), (Some("theirs"), 0));
    operator.stop().await;
}

#[tokio::test]
async fn templates_are_rendered_over_the_secret_and_again_when_what_they_stand_in_changes() {
    let world = world("templated").await;
    world.secret("app", json!({ "password": "p" })).await;
    let map = json!({ "metadata": { "name": "map" }, "data": { "url": "http://{{ .password }}" } });
    world.create("v1", "configmaps", map).await;
    let operator = world.start().await;
    let from = json!([{ "configMap": { "name": "map", "items": [{ "key": "url" }] } }]);
    world.push("push", json!({ "template": { "templateFrom": from }, "data": [data("url", "x")] })).await;
    world.until_held("x", Some("http://p")).await;
    let path = world.path("v1", "configmaps", "map");
    world.edit(&path, json!({ "data": { "url": "https://{{ .password }}" } })).await;
    world.until_held("x", Some("https://p")).await;
    operator.stop().await;
}
