//! Values that PushSecrets put into stores: both of AWS, on doubles that count, and OpenBao's KV of both versions.

mod metadata;
mod places;
mod policies;
pub(crate) mod remote;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use eso_rig::{Fault, Mark};
use futures::future::join_all;
use serde_json::{Value, json};

use self::remote::{Remote, Sort, each, on, parameter};
use crate::harness::{Condition, Kind, Setup, World, deploy, eventually};

/// The original's finalizers.
const OF_OBJECTS: &str = "pushsecret.externalsecrets.io/finalizer";
const OF_STORES: &str = "secretstore.externalsecrets.io/finalizer";

const SYNCED: &str = "PushSecret synced successfully";

/// The original's words for what somebody else made.
const FOREIGN: &str = "secret not managed by external-secrets";

/// A PushSecret of the Secret `app` to a store, with this besides.
fn push(name: &str, remote: &Remote, more: Value) -> Value {
    let mut spec = json!({
        "secretStoreRefs": [{ "name": remote.store() }],
        "selector": { "secret": { "name": "app" } },
    });
    spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({
        "apiVersion": "external-secrets.io/v1alpha1",
        "kind": "PushSecret",
        "metadata": { "name": name },
        "spec": spec,
    })
}

/// An entry: a key of the Secret, and the value and the property that it goes to.
fn entry(key: &str, remote_key: &str, property: &str) -> Value {
    json!({ "match": { "secretKey": key, "remoteRef": { "remoteKey": remote_key, "property": property } } })
}

/// An entry for the whole Secret.
fn whole(remote_key: &str) -> Value {
    json!({ "match": { "remoteRef": { "remoteKey": remote_key } } })
}

impl World {
    /// Waits until a PushSecret's condition has this reason, and a message that begins so; answers the object.
    async fn pushed(&self, name: &str, reason: &str, beginning: &str) -> Value {
        self.until(Kind::PushSecret, name, &format!("says {reason}: {beginning}"), |object| {
            Condition::of(object).is_some_and(|condition| {
                condition.reason == reason && condition.message.starts_with(beginning)
            })
        })
        .await
    }

    /// Waits until a PushSecret with this spec is done.
    async fn push(&self, object: Value) -> Value {
        let name = object["metadata"]["name"].as_str().unwrap().to_owned();
        self.create(object).await;
        self.pushed(&name, "Synced", SYNCED).await
    }
}

#[tokio::test]
async fn a_push_that_changes_nothing_writes_nothing() {
    each("push-still", async |world, remote| {
        let value = world.canary("value");
        // Digits that OpenBao does not keep.
        let numbers = r#"{"n":9007199254740993,"f":1.0,"big":1e21,"l":[1,{"a":null}]}"#;
        world.create_secret("app", &[("numbers", numbers), ("password", &value)]).await;
        let entries = json!([
            entry("password", "app/db", "password"),
            entry("numbers", "app/numbers", ""),
            remote.as_texts(whole("app/all")),
        ]);
        world.push(push("app", remote, json!({ "refreshInterval": "1s", "data": entries }))).await;
        assert_eq!(remote.held("app/db").await, Some(json!({ "password": value })));
        assert_eq!(remote.held("app/all").await, Some(json!({ "numbers": numbers, "password": value })));
        let kept = remote.held("app/numbers").await.unwrap();
        assert_eq!((kept["n"].as_f64(), &kept["l"]), (Some(9007199254740992.0), &json!([1, { "a": null }])));
        let (writes, before) = (remote.writes(), world.get(Kind::PushSecret, "app").await.unwrap());
        remote.looked("app/db", 3).await;
        let labels = json!({ "metadata": { "labels": { "any": "label" } } });
        world.patch(Kind::Secret, "app", labels).await;
        remote.looked("app/db", 2).await;
        world.operator.restart().await;
        remote.looked("app/db", 2).await;
        assert_eq!(remote.writes(), writes);
        let after = world.get(Kind::PushSecret, "app").await.unwrap();
        assert_eq!(after["status"]["conditions"], before["status"]["conditions"]);
        assert_eq!(world.told("app", &format!("Normal Synced {SYNCED}")).await, 1);
        let store = world.get(Kind::SecretStore, remote.store()).await.unwrap();
        assert_eq!(store["status"]["capabilities"], "ReadWrite");
    })
    .await;
}

#[tokio::test]
async fn an_edit_is_pushed_and_what_somebody_else_changed_is_put_right() {
    each("push-right", async |world, remote| {
        let (first, second) = (world.canary("first"), world.canary("second"));
        world.create_secret("app", &[("password", &first)]).await;
        let data = json!([entry("password", "app/db", "password")]);
        world.push(push("app", remote, json!({ "data": data }))).await;
        let edit = json!({ "stringData": { "password": second } });
        world.patch(Kind::Secret, "app", edit).await;
        remote.holds("app/db", Some(json!({ "password": second }))).await;
        remote.put("app/db", &json!({ "password": "theirs", "more": [1, { "a": null }] })).await;
        world.patch(Kind::PushSecret, "app", json!({ "spec": { "refreshInterval": "1s" } })).await;
        remote.holds("app/db", Some(json!({ "password": second, "more": [1, { "a": null }] }))).await;
    })
    .await;
}

#[tokio::test]
async fn what_somebody_else_made_is_left_alone() {
    each("push-foreign", async |world, remote| {
        let theirs = json!({ "password": world.canary("theirs") });
        remote.put("app/db", &theirs).await;
        world.create_secret("app", &[("password", &world.canary("value"))]).await;
        let data = json!([entry("password", "app/db", "password")]);
        let more = json!({ "deletionPolicy": "Delete", "refreshInterval": "1s", "data": data });
        world.create(push("app", remote, more)).await;
        let object = world.pushed("app", "Errored", "set secret failed: could not write remote ref").await;
        let message = Condition::of(&object).unwrap().message;
        assert!(message.contains(FOREIGN), "{message}");
        assert!(world.told("app", "Warning Errored set secret failed").await > 0);
        remote.looked("app/db", 1).await;
        world.delete(Kind::PushSecret, "app").await;
        world.gone(Kind::PushSecret, "app").await;
        assert_eq!((remote.held("app/db").await, remote.writes()), (Some(theirs), 0));
    })
    .await;
}

#[tokio::test]
async fn what_is_there_is_replaced_or_left_as_the_policy_says() {
    each("push-policy", async |world, remote| {
        let (old, new) = (world.canary("old"), world.canary("new"));
        let theirs = json!({ "password": world.canary("theirs") });
        remote.put("app/theirs", &theirs).await;
        world.create_secret("app", &[("password", &old)]).await;
        let data = json!([entry("password", "app/theirs", "password")]);
        world.push(push("theirs", remote, json!({ "updatePolicy": "IfNotExists", "data": data }))).await;
        assert_eq!((remote.held("app/theirs").await, remote.writes()), (Some(theirs), 0));
        let data = json!([entry("password", "app/db", "password")]);
        world.push(push("first", remote, json!({ "data": data }))).await;
        world.create_secret("other", &[("password", &new)]).await;
        let data = json!([entry("password", "app/db", "password"), entry("password", "app/db", "more")]);
        let other = json!({ "secret": { "name": "other" } });
        let more = json!({ "updatePolicy": "IfNotExists", "data": data, "selector": other });
        world.push(push("second", remote, more)).await;
        assert_eq!(remote.held("app/db").await, Some(json!({ "password": old, "more": new })));
        world.push(push("third", remote, json!({ "data": data, "selector": other }))).await;
        assert_eq!(remote.held("app/db").await, Some(json!({ "password": new, "more": new })));
    })
    .await;
}

/// The original: base64, unless `encodeAsDecoded`. A parameter is held against no version, and takes three writes a second.
#[tokio::test]
async fn parameters_are_whole_secrets_as_the_originals_and_of_many_writers_of_one_none_is_lost() {
    let (world, remote) = on(Sort::ParameterStore, "push-parameters").await;
    let held = async |key: &str| {
        let asked = json!({ "Name": parameter(key), "WithDecryption": true });
        let answer = remote.ask("GetParameter", &asked).await.unwrap();
        answer["Parameter"]["Value"].as_str().unwrap().to_owned()
    };
    let value = world.canary("value");
    world.create_secret("app", &[("password", &value), ("user", "<app>")]).await;
    let data = json!([whole("base64"), remote.as_texts(whole("texts"))]);
    world.push(push("whole", &remote, json!({ "refreshInterval": "1s", "data": data }))).await;
    let encoded = BASE64_STANDARD.encode(&value);
    assert_eq!(held("base64").await, format!(r#"{{"password":"{encoded}","user":"PGFwcD4="}}"#));
    assert_eq!(held("texts").await, format!(r#"{{"password":"{value}","user":"<app>"}}"#));
    let names: Vec<String> = (0..6).map(|number| format!("app-{number}")).collect();
    world.push(push("first", &remote, json!({ "data": [entry("user", "db", "first")] }))).await;
    join_all(
        names
            .iter()
            .map(|name| world.create(push(name, &remote, json!({ "data": [entry("user", "db", name)] })))),
    )
    .await;
    for name in &names {
        world.pushed(name, "Synced", SYNCED).await;
    }
    let all = names.iter().map(String::as_str).chain(["first"]);
    let expected: Value =
        all.map(|name| (name.to_owned(), json!("<app>"))).collect::<serde_json::Map<_, _>>().into();
    assert_eq!(serde_json::from_str::<Value>(&held("db").await).unwrap(), expected);
    let writes = remote.writes();
    remote.looked("base64", 2).await;
    assert_eq!(remote.writes(), writes);
    world.end().await;
}

/// They are writers of one value who know nothing of each other: most find that it changed since they looked.
#[tokio::test]
async fn of_many_that_write_into_one_value_at_once_none_is_lost() {
    each("push-many", async |world, remote| {
        let value = world.canary("value");
        world.create_secret("app", &[("password", &value)]).await;
        let names: Vec<String> = (0..8).map(|number| format!("app-{number}")).collect();
        join_all(names.iter().map(|name| {
            world.create(push(name, remote, json!({ "data": [entry("password", "app/db", name)] })))
        }))
        .await;
        for name in &names {
            world.pushed(name, "Synced", SYNCED).await;
        }
        let expected = names.iter().map(|name| (name.clone(), json!(value))).collect();
        assert_eq!(remote.held("app/db").await, Some(Value::Object(expected)));
    })
    .await;
}

#[tokio::test]
async fn secrets_and_stores_are_chosen_by_labels_and_what_they_hold_is_named_anew() {
    each("push-chosen", async |world, remote| {
        let labels = |value: &str| json!({ "metadata": { "labels": { "pushed": value } } });
        let held = json!({ "db": world.canary("db"), "mail": world.canary("mail") });
        let of = |key: &str| json!({ "of": held[key] });
        for (name, key) in [("one", "db"), ("two", "mail"), ("three", "none")] {
            world.create_secret(name, &[(key, &of(key).to_string())]).await;
        }
        world.patch(Kind::Secret, "one", labels("yes")).await;
        world.patch(Kind::Secret, "two", labels("yes")).await;
        let chosen = json!({ "matchLabels": { "pushed": "yes" } });
        let more = json!({
            "deletionPolicy": "Delete",
            "secretStoreRefs": [{ "labelSelector": chosen }],
            "selector": { "secret": { "selector": chosen } },
            "dataTo": [{
                "storeRef": { "labelSelector": chosen },
                "match": { "regexp": "^(db|mail)$" },
                "rewrite": [
                    { "regexp": { "source": "^(.*)$", "target": "team-$1" } },
                    { "transform": { "template": "{{ .value | upper }}" } },
                ],
            }],
        });
        world.create(push("team", remote, more)).await;
        world.patch(Kind::SecretStore, remote.store(), labels("yes")).await;
        remote.holds("TEAM-DB", Some(of("db"))).await;
        remote.holds("TEAM-MAIL", Some(of("mail"))).await;
        world.patch(Kind::Secret, "two", labels("no")).await;
        remote.holds("TEAM-MAIL", None).await;
        assert_eq!(remote.held("TEAM-DB").await, Some(of("db")), "it is of another Secret");
        assert_eq!(remote.held("TEAM-NONE").await, None);
    })
    .await;
}

#[tokio::test]
async fn what_was_pushed_goes_with_its_entry_and_with_its_object() {
    each("push-gone", async |world, remote| {
        let (password, user) = (world.canary("password"), world.canary("user"));
        world.create_secret("app", &[("password", &password), ("user", &user)]).await;
        let data = json!([entry("user", "app/db", "theirs")]);
        world.push(push("kept", remote, json!({ "data": data }))).await;
        let entries = [entry("password", "app/db", "password"), entry("user", "app/db", "user")];
        let data = json!([entries[0], entries[1], remote.as_texts(whole("app/all"))]);
        let object =
            world.push(push("app", remote, json!({ "deletionPolicy": "Delete", "data": data }))).await;
        assert_eq!(object["metadata"]["finalizers"], json!([OF_OBJECTS]));
        let all = json!({ "password": password, "user": user, "theirs": user });
        assert_eq!(remote.held("app/db").await, Some(all));
        world.until(Kind::SecretStore, remote.store(), "is held", is_held).await;
        world
            .patch(
                Kind::PushSecret,
                "app",
                json!({ "spec": { "data": [entries[0], remote.as_texts(whole("app/all"))] } }),
            )
            .await;
        remote.holds("app/db", Some(json!({ "password": password, "theirs": user }))).await;
        world.delete(Kind::PushSecret, "app").await;
        world.gone(Kind::PushSecret, "app").await;
        let left = (remote.held("app/db").await, remote.held("app/all").await);
        assert_eq!(left, (Some(json!({ "theirs": user })), None));
        world.until(Kind::SecretStore, remote.store(), "is held no more", |store| !is_held(store)).await;
        world.delete(Kind::PushSecret, "kept").await;
        world.gone(Kind::PushSecret, "kept").await;
        assert_eq!(remote.held("app/db").await, Some(json!({ "theirs": user })));
    })
    .await;
}

fn is_held(store: &Value) -> bool {
    store["metadata"]["finalizers"].as_array().is_some_and(|held| held.contains(&json!(OF_STORES)))
}

#[tokio::test]
async fn a_secret_that_goes_takes_what_was_pushed_with_it() {
    each("push-source", async |world, remote| {
        world.create_secret("app", &[("password", &world.canary("value"))]).await;
        let data = json!([entry("password", "app/db", "password")]);
        world.push(push("app", remote, json!({ "deletionPolicy": "Delete", "data": data }))).await;
        world.delete(Kind::Secret, "app").await;
        world.pushed("app", "SourceDeleted", "").await;
        assert_eq!(remote.held("app/db").await, None);
        let again = world.canary("again");
        world.create_secret("app", &[("password", &again)]).await;
        remote.holds("app/db", Some(json!({ "password": again }))).await;
    })
    .await;
}

#[tokio::test]
async fn an_object_whose_store_is_dead_stays_and_says_so_until_it_is_cleaned_up() {
    let (world, remote) = on(Sort::SecretsManager, "push-dead").await;
    let double = remote.double();
    world.create_secret("app", &[("password", &world.canary("value"))]).await;
    let data = json!([entry("password", "app/db", "password")]);
    world.push(push("app", &remote, json!({ "deletionPolicy": "Delete", "data": data }))).await;
    let body = world.canary("body");
    double.fault(Fault::error(500, "InternalServiceError", &body));
    world.delete(Kind::PushSecret, "app").await;
    world.pushed("app", "Errored", "").await;
    world.delete(Kind::SecretStore, remote.store()).await;
    double.clear_faults();
    world.gone(Kind::PushSecret, "app").await;
    world.gone(Kind::SecretStore, remote.store()).await;
    assert_eq!(remote.held("app/db").await, None);
    world.end().await;
}

#[tokio::test]
async fn a_push_has_the_originals_metrics_and_they_go_with_it() {
    let (world, remote) = on(Sort::SecretsManager, "push-metrics").await;
    world.create_secret("app", &[("password", &world.canary("value"))]).await;
    let data = json!([entry("password", "app/db", "password")]);
    world.push(push("app", &remote, json!({ "data": data }))).await;
    let namespace = &world.namespace;
    let condition = format!(
        "pushsecret_status_condition{{condition=\"Ready\",name=\"app\",namespace=\"{namespace}\",status=\"True\"}}"
    );
    let took = format!("pushsecret_reconcile_duration{{name=\"app\",namespace=\"{namespace}\"}}");
    let has = async |series: &str| world.operator.metric(series).await;
    eventually("it is measured", async || match (has(&condition).await, has(&took).await) {
        (Some(1.0), Some(_)) => Ok(()),
        other => Err(format!("{other:?}")),
    })
    .await;
    world.delete(Kind::PushSecret, "app").await;
    eventually("its series are gone", async || match (has(&condition).await, has(&took).await) {
        (None, None) => Ok(()),
        other => Err(format!("{other:?}")),
    })
    .await;
    world.end().await;
}

#[tokio::test]
async fn where_pushes_are_turned_off_nobody_asks_for_push_secrets() {
    let world = Setup::new("push-off").argument("--enable-push-secret-reconciler=false").start().await;
    world.operator.terminate().await;
    let asked = world.asked(Mark::START).await;
    let of_pushes = asked.matching(|request| request.resource == "pushsecrets");
    assert!(of_pushes.is_empty() && !asked.is_empty(), "{of_pushes:?}");
    world.end().await;
}

#[tokio::test]
async fn the_examples_work_as_they_stand() {
    let (world, remote) = on(Sort::Versioned, "push-examples").await;
    world.kubectl(&["create", "-f", &deploy("examples/push/")]).await;
    world.pushed("made-here", "Synced", SYNCED).await;
    let login = json!({ "username": "app", "password": "correct-horse" });
    assert_eq!(remote.held("pushed/login").await, Some(login));
    let app = json!({ "password": "correct-horse", "url": "https://app@example.org" });
    assert_eq!(remote.held("pushed/app").await, Some(app));
    world.end().await;
}
