//! Secrets that were filled at admission: they follow their store, and belong to whoever writes them.

use std::time::Duration;

use eso_core::error::ErrorKind;
use eso_plan::filled::{
    Place, Source,
    annotations::{RECORD, STATUS, STORE},
    record::{Record, seal},
    store,
};
use serde_json::{Value, json};

use crate::world::{Gate, World, encoded, in_words, seal_key};

const HOUR: u64 = 3600;

/// Keys, and what stands under them.
type Texts<'a> = &'a [(&'a str, &'a str)];

impl World {
    /// The sealed record of a Secret that asks the store `main` for this.
    fn sealed(&self, name: &str, asked: Texts<'_>, seconds: u64) -> String {
        self.sealed_for("SecretStore/main", name, asked, seconds)
    }

    fn sealed_for(&self, main: &str, name: &str, asked: Texts<'_>, seconds: u64) -> String {
        let source = |(key, text): &(&str, &str)| {
            ((*key).to_owned(), Source::of_text(key, text).unwrap().expect("it must refer to something"))
        };
        let sources = asked.iter().map(source).collect();
        let place = Place { namespace: self.namespace.clone(), name: name.to_owned() };
        let store = store(main, &self.namespace).unwrap();
        let record = Record::new(&store, Duration::from_secs(seconds), &sources).unwrap();
        seal(&seal_key(), &place, &record)
    }

    /// A Secret with this record, as an admission leaves it that filled it with this.
    async fn filled(&self, name: &str, sealed: &str, held: Texts<'_>) -> Value {
        let data: serde_json::Map<String, Value> =
            held.iter().map(|(key, text)| ((*key).to_owned(), json!(text))).collect();
        let annotations = json!({ STORE: "SecretStore/main", RECORD: sealed });
        let secret = json!({ "metadata": { "name": name, "annotations": annotations }, "stringData": data });
        self.create("v1", "secrets", secret).await
    }

    /// The Secret `app`, whose `password` is the value of `db`, refreshed so often; once it is in step.
    async fn app(&self, held: &str, seconds: u64) -> Value {
        self.filled("app", &self.sealed("app", &[("password", "eso:db")], seconds), &[("password", held)])
            .await;
        self.stands("app", "SecretSynced", "secret synced").await
    }

    /// Waits until the status of a filled Secret has this reason, and a message that begins so.
    #[track_caller]
    fn stands(&self, name: &str, reason: &str, message: &str) -> impl Future<Output = Value> {
        self.until(self.secret_path(name), move |secret| {
            let status = status(secret);
            status["reason"] == reason && status["message"].as_str().unwrap_or_default().starts_with(message)
        })
    }

    async fn annotate(&self, name: &str, annotations: Value) {
        self.edit(&self.secret_path(name), json!({ "metadata": { "annotations": annotations } })).await;
    }

    /// The messages of the events about a Secret that have this reason.
    async fn told(&self, name: &str, reason: &str) -> Vec<String> {
        let list = self.get(&self.path("v1", "events", "")).await.unwrap();
        let events = list["items"].as_array().into_iter().flatten();
        let of_it = events
            .filter(|event| event["involvedObject"]["name"] == name && event["reason"] == reason)
            .map(|event| event["message"].as_str().unwrap_or_default().to_owned());
        of_it.collect()
    }

    /// Waits until the operator has looked at a Secret again.
    #[track_caller]
    fn looks_again(&self, name: &str) -> impl Future<Output = ()> {
        let before = self.runs_of(name).0;
        self.until_so("it is looked at", async move || self.runs_of(name).0 > before)
    }
}

/// What a Secret says of how it is refreshed.
fn status(secret: &Value) -> Value {
    let text = secret["metadata"]["annotations"][STATUS].as_str().unwrap_or_default();
    serde_json::from_str(text).unwrap_or_default()
}

fn annotation<'a>(secret: &'a Value, name: &str) -> Option<&'a str> {
    secret["metadata"]["annotations"][name].as_str()
}

#[tokio::test]
async fn a_changed_value_follows_with_one_read_of_the_secret_and_one_write() {
    let world = World::new("filled-changed").await;
    world.provider.put("db", "old");
    world.provider.put("hr", "joe");
    let operator = world.start().await;
    let sealed = world.sealed("app", &[("password", "eso:db"), ("url", "db://${eso:hr}:${eso:db}@x")], 1);
    let held = [("password", "old"), ("url", "db://joe:old@x"), ("theirs", "t")];
    world.filled("app", &sealed, &held).await;
    world.stands("app", "SecretSynced", "secret synced").await;
    let mark = world.mark().await;
    world.provider.put("db", "new");
    let held = [("password", "new"), ("url", "db://joe:new@x"), ("theirs", "t")];
    let secret = world.holds("app", &held).await;
    assert_eq!(annotation(&secret, RECORD), Some(sealed.as_str()));
    world.is_asked(world.provider.reads() + 6).await;
    operator.stop().await;
    assert_eq!(in_words(&world.asked(mark).await), ["get secrets", "patch secrets"]);
    world.until_so("an event says so", async || !world.told("app", "Updated").await.is_empty()).await;
    assert_eq!(world.told("app", "Updated").await, ["secret updated"]);
}

#[tokio::test]
async fn a_first_look_writes_its_status_and_unchanged_refreshes_write_nothing() {
    let world = World::new("filled-unchanged").await;
    world.provider.put("db", "value");
    let operator = world.start().await;
    let mark = world.mark().await;
    let secret = world.app("value", 1).await;
    assert_eq!(status(&secret)["ready"], true);
    let reads = world.provider.reads();
    world.is_asked(reads + 4).await;
    operator.stop().await;
    assert_eq!(in_words(&world.asked(mark).await), ["get secrets", "patch secrets"]);
    assert_eq!(world.holds("app", &[("password", "value")]).await["metadata"], secret["metadata"]);
}

#[tokio::test]
async fn an_annotation_has_it_read_at_once() {
    let world = World::new("filled-forced").await;
    world.provider.put("db", "old");
    let operator = world.start().await;
    world.app("old", HOUR).await;
    world.provider.put("db", "new");
    world.annotate("app", json!({ "force-sync": "1" })).await;
    world.holds("app", &[("password", "new")]).await;
    operator.stop().await;
}

#[tokio::test]
async fn a_store_that_is_edited_has_its_secrets_read_and_those_who_wait_share_their_reads() {
    const SECRETS: usize = 60;
    let world = World::new("filled-shared").await;
    world.provider.put("db", "old");
    let operator = world.start().await;
    for number in 0..SECRETS {
        let name = format!("app-{number}");
        let sealed = world.sealed(&name, &[("password", "eso:db")], HOUR);
        world.filled(&name, &sealed, &[("password", "old")]).await;
        world.stands(&name, "SecretSynced", "").await;
    }
    world.provider.put("db", "new");
    world.provider.clear_calls();
    world.provider.hold();
    let edit = json!({ "spec": { "retrySettings": { "maxRetries": 1 } } });
    world.edit(&world.path("external-secrets.io/v1", "secretstores", "main"), edit).await;
    world.provider.held(1).await;
    world.provider.release();
    for number in 0..SECRETS {
        world.holds(&format!("app-{number}"), &[("password", "new")]).await;
    }
    // 32 may be under way at once; all others wait for one.
    assert!(world.provider.reads() <= 40, "{} reads", world.provider.reads());
    operator.stop().await;
}

#[tokio::test]
async fn a_record_that_was_copied_or_changed_is_said_to_be_so_once_and_never_read_for() {
    let world = World::new("filled-broken").await;
    world.provider.put("db", "value");
    let operator = world.start().await;
    let sealed = world.sealed("app", &[("password", "eso:other")], 1);
    world.filled("copy", &sealed, &[("password", "x")]).await;
    world.filled("app", &sealed.replace("eso:other", "eso:db"), &[("password", "x")]).await;
    let broken = format!("could not get secret data from provider: the annotation {RECORD} is not of this");
    for name in ["copy", "app"] {
        world.stands(name, "SecretSyncedError", &broken).await;
        let looked = world.looks_again(name);
        world.annotate(name, json!({ "force-sync": "1" })).await;
        looked.await;
        world.until_so("an event says so", async || !world.told(name, "UpdateFailed").await.is_empty()).await;
    }
    operator.stop().await;
    let operator = world.start().await;
    for name in ["copy", "app"] {
        world.until_so("it is looked at", async || world.runs_of(name).0 > 0).await;
        let told = world.told(name, "UpdateFailed").await;
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("apply the Secret again"), "{told:?}");
        world.holds(name, &[("password", "x")]).await;
    }
    assert_eq!(world.provider.reads(), 0);
    // Who may seal it has it served again.
    world.annotate("app", json!({ RECORD: world.sealed("app", &[("password", "eso:db")], HOUR) })).await;
    world.holds("app", &[("password", "value")]).await;
    world.stands("app", "SecretSynced", "").await;
    operator.stop().await;
}

#[tokio::test]
async fn a_value_that_was_set_by_hand_stays_and_the_record_says_so() {
    let world = World::new("filled-by-hand").await;
    world.provider.put("db", "old");
    let operator = world.start().await;
    let asked = [("a", "eso:db"), ("b", "eso:db"), ("c", "eso:db")];
    let sealed = world.sealed("app", &asked, 1);
    world.filled("app", &sealed, &[("a", "old"), ("b", "old"), ("c", "old")]).await;
    world.stands("app", "SecretSynced", "").await;
    world.edit(&world.secret_path("app"), json!({ "data": { "a": encoded("mine"), "c": null } })).await;
    let released = world.sealed("app", &[("b", "eso:db")], 1);
    world.until(world.secret_path("app"), |secret| annotation(secret, RECORD) == Some(&released)).await;
    world.provider.put("db", "new");
    world.holds("app", &[("a", "mine"), ("b", "new")]).await;
    world.until_so("an event says so", async || world.told("app", "Updated").await.len() > 1).await;
    let told = world.told("app", "Updated").await;
    assert!(told.iter().any(|told| told.ends_with("set or deleted it: a, c")), "{told:?}");

    world.edit(&world.secret_path("app"), json!({ "data": { "b": encoded("mine too") } })).await;
    let secret = world.until(world.secret_path("app"), |secret| annotation(secret, RECORD).is_none()).await;
    assert_eq!(annotation(&secret, STATUS), None);
    world.provider.clear_calls();
    world.filled("end", &world.sealed("end", &[("a", "eso:db")], 1), &[("a", "new")]).await;
    world.is_asked(3).await;
    world.holds("app", &[("a", "mine"), ("b", "mine too")]).await;
    let runs = world.runs_of("app");
    world.is_asked(world.provider.reads() + 2).await;
    assert_eq!(world.runs_of("app"), runs, "nobody looks at it any more");
    operator.stop().await;
}

#[tokio::test]
async fn a_value_that_was_set_while_nobody_watched_stays_when_the_store_changes() {
    let world = World::new("filled-unwatched").await;
    world.provider.put("db", "old");
    let operator = world.start().await;
    let asked = [("a", "eso:db"), ("b", "eso:db")];
    world.filled("app", &world.sealed("app", &asked, 1), &[("a", "old"), ("b", "old")]).await;
    world.stands("app", "SecretSynced", "").await;
    operator.stop().await;
    world.edit(&world.secret_path("app"), json!({ "data": { "a": encoded("mine") } })).await;
    world.provider.put("db", "new");
    let operator = world.start().await;
    world.holds("app", &[("a", "mine"), ("b", "new")]).await;
    operator.stop().await;
}

#[tokio::test]
async fn a_value_that_is_set_while_the_secret_is_being_refreshed_stays() {
    let world = World::new("filled-raced").await;
    world.provider.put("db", "old");
    let operator = world.start().await;
    let asked = [("a", "eso:db"), ("b", "eso:db")];
    world.filled("app", &world.sealed("app", &asked, 1), &[("a", "old"), ("b", "old")]).await;
    world.stands("app", "SecretSynced", "").await;
    operator.stop().await;
    world.provider.put("db", "new");
    let gate = Gate::before("/secrets/app");
    let operator = world.start_behind(&gate).await;
    world.is_asked(world.provider.reads() + 1).await;
    let edit = json!({
        "metadata": { "annotations": { "force-sync": "1" } }, "data": { "a": encoded("mine") },
    });
    world.edit(&world.secret_path("app"), edit).await;
    gate.open();
    world.holds("app", &[("a", "mine"), ("b", "new")]).await;
    operator.stop().await;
}

#[tokio::test]
async fn an_external_secret_that_shares_the_secret_keeps_its_entries_and_nobody_fights() {
    let world = World::new("filled-merged").await;
    world.provider.put("db", "old");
    world.provider.put("hr", "theirs");
    let operator = world.start().await;
    let asked = [("a", "eso:db"), ("b", "eso:db")];
    world.filled("app", &world.sealed("app", &asked, 1), &[("a", "old"), ("b", "old")]).await;
    world.stands("app", "SecretSynced", "").await;
    let merge = world.object("merge").target("app").creation("Merge").every("1s");
    world.apply(merge.key("b", "hr").key("c", "hr")).await;
    world.says("merge", "SecretSynced", "").await;
    let released = world.sealed("app", &[("a", "eso:db")], 1);
    world.until(world.secret_path("app"), |secret| annotation(secret, RECORD) == Some(&released)).await;
    world.provider.put("db", "new");
    world.holds("app", &[("a", "new"), ("b", "theirs"), ("c", "theirs")]).await;
    world.is_asked(world.provider.reads() + 6).await;
    let mark = world.mark().await;
    world.is_asked(world.provider.reads() + 6).await;
    operator.stop().await;
    assert_eq!(in_words(&world.asked(mark).await), [""; 0]);
}

#[tokio::test]
async fn what_was_stored_as_a_reference_while_nobody_filled_it_is_filled() {
    let world = World::new("filled-literal").await;
    world.provider.put("db", "value");
    let operator = world.start().await;
    world.app("value", HOUR).await;
    world.edit(&world.secret_path("app"), json!({ "data": { "password": encoded("eso:db") } })).await;
    world.holds("app", &[("password", "value")]).await;
    operator.stop().await;
}

#[tokio::test]
async fn a_store_that_fails_is_said_to_and_what_is_gone_there_is_kept() {
    let world = World::new("filled-failed").await;
    world.provider.put("db", "value");
    let operator = world.start().await;
    world.app("value", 1).await;
    world.provider.fail(ErrorKind::Denied);
    let failed = world.stands("app", "SecretSyncedError", "could not get secret data from provider").await;
    assert_eq!(status(&failed)["ready"], false);
    world.provider.mend();
    world.stands("app", "SecretSynced", "").await;
    world.provider.delete("db");
    let gone = "could not get secret data from provider: error processing a reference (key: db), err: ";
    world.stands("app", "SecretSyncedError", gone).await;
    world.holds("app", &[("password", "value")]).await;
    world.provider.put("db", "again");
    world.holds("app", &[("password", "again")]).await;
    world.stands("app", "SecretSynced", "").await;
    assert!(!world.told("app", "UpdateFailed").await.is_empty());
    operator.stop().await;
}

#[tokio::test]
async fn a_restart_reads_nothing_and_writes_nothing() {
    let world = World::new("filled-restart").await;
    world.provider.put("db", "value");
    let operator = world.start().await;
    for number in 0..5 {
        let name = format!("app-{number}");
        let sealed = world.sealed(&name, &[("password", "eso:db")], HOUR);
        world.filled(&name, &sealed, &[("password", "value")]).await;
        world.stands(&name, "SecretSynced", "").await;
    }
    operator.stop().await;
    let mark = world.mark().await;
    world.provider.clear_calls();
    let operator = world.start().await;
    for number in 0..5 {
        world.until_so("it is looked at", async || world.runs_of(&format!("app-{number}")).0 > 0).await;
    }
    operator.stop().await;
    assert_eq!(in_words(&world.asked(mark).await), [""; 0]);
    assert_eq!(world.provider.reads(), 0);
}

#[tokio::test]
async fn a_secret_that_is_deleted_is_forgotten_and_one_that_comes_back_is_another() {
    let world = World::new("filled-deleted").await;
    world.provider.put("db", "value");
    let operator = world.start().await;
    world.app("value", 1).await;
    world.delete(&world.secret_path("app")).await;
    world.provider.put("db", "new");
    let sealed = world.sealed("other", &[("password", "eso:db")], 1);
    world.filled("other", &sealed, &[("password", "new")]).await;
    world.stands("other", "SecretSynced", "").await;
    let runs = world.runs_of("app");
    world.is_asked(world.provider.reads() + 3).await;
    assert_eq!(world.runs_of("app"), runs);
    assert_eq!(world.get(&world.secret_path("app")).await, None, "it is not made again");
    world.app("new", 1).await;
    operator.stop().await;
}

#[tokio::test]
async fn a_namespace_that_its_store_lets_in_no_more_keeps_its_values_and_says_so() {
    let world = World::new("filled-fenced").await;
    world.provider.put("db", "old");
    let operator = world.start().await;
    let name = format!("cluster-{}", world.namespace);
    let conditions = |namespace: &str| json!({ "conditions": [{ "namespaces": [namespace] }] });
    let fenced = eso_testkit::objects::store(&name)
        .for_cluster()
        .with("/spec/conditions", conditions(&world.namespace)["conditions"].clone());
    let stores = "/apis/external-secrets.io/v1/clustersecretstores";
    world.control.create(stores, &fenced.json()).await.unwrap();
    let sealed = world.sealed_for(&format!("ClusterSecretStore/{name}"), "app", &[("a", "eso:db")], 1);
    world.filled("app", &sealed, &[("a", "old")]).await;
    world.stands("app", "SecretSynced", "").await;
    world.edit(&format!("{stores}/{name}"), json!({ "spec": conditions("elsewhere") })).await;
    let denied = format!(
        "could not get secret data from provider: error processing a reference (key: db), err: \
         using cluster store \"{name}\" is not allowed from namespace \"{}\"",
        world.namespace
    );
    world.stands("app", "SecretSyncedError", &denied).await;
    world.provider.put("db", "new");
    world.looks_again("app").await;
    world.holds("app", &[("a", "old")]).await;
    world.edit(&format!("{stores}/{name}"), json!({ "spec": conditions(&world.namespace) })).await;
    world.holds("app", &[("a", "new")]).await;
    world.delete(&format!("{stores}/{name}")).await;
    operator.stop().await;
}

#[tokio::test]
async fn an_immutable_secret_is_said_to_be_so_and_a_token_is_never_touched() {
    let world = World::new("filled-untouched").await;
    world.provider.put("db", "new");
    let operator = world.start().await;
    let account = json!({ "metadata": { "name": "joe" } });
    world.create("v1", "serviceaccounts", account).await;
    let annotations = json!({
        STORE: "SecretStore/main",
        RECORD: world.sealed("token", &[("token", "eso:db")], 1),
        "kubernetes.io/service-account.name": "joe",
    });
    let token = json!({
        "metadata": { "name": "token", "annotations": annotations },
        "type": "kubernetes.io/service-account-token",
    });
    world.create("v1", "secrets", token).await;
    let annotations = json!({
        STORE: "SecretStore/main", RECORD: world.sealed("app", &[("password", "eso:db")], 1),
    });
    let frozen = json!({
        "metadata": { "name": "app", "annotations": annotations },
        "immutable": true,
        "stringData": { "password": "old" },
    });
    world.create("v1", "secrets", frozen).await;
    let frozen = "could not update secret, target is immutable: delete the Secret and apply it again";
    world.stands("app", "SecretSyncedError", frozen).await;
    world.holds("app", &[("password", "old")]).await;
    assert_eq!(world.runs_of("token"), (0, 0));
    operator.stop().await;
}
