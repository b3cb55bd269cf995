//! Where a push goes, what its status says of that, and what is left of it when a store is not named any more.

use serde_json::{Value, json};

use super::{
    FOREIGN, entry, is_held, push,
    remote::{Remote, SORTS, Sort, each, on_all},
    whole,
};
use crate::harness::{Condition, Kind};

/// `status.syncedPushSecrets` as the original writes it: stores by kind and name, and in each its values by remote key
/// and property.
fn golden(remote: &Remote) -> Value {
    let mut golden: Value = serde_json::from_str(
        r#"{
            "app/db/password": {
                "match": { "secretKey": "password", "remoteRef": { "remoteKey": "app/db", "property": "password" } },
                "conversionStrategy": "None"
            },
            "app/all": { "match": { "remoteRef": { "remoteKey": "app/all" } }, "conversionStrategy": "None" },
            "app/both": { "match": { "remoteRef": { "remoteKey": "app/both" } }, "conversionStrategy": "None" },
            "team-mail": {
                "match": { "secretKey": "mail", "remoteRef": { "remoteKey": "team-mail" } },
                "conversionStrategy": "None"
            },
            "app/odd": {
                "match": { "secretKey": "a:b", "remoteRef": { "remoteKey": "app/odd" } },
                "conversionStrategy": "ReverseUnicode"
            }
        }"#,
    )
    .unwrap();
    for name in ["app/all", "app/both"] {
        golden[name] = remote.as_texts(golden[name].take());
    }
    json!({ (format!("SecretStore/{}", remote.store())): golden })
}

#[tokio::test]
async fn values_go_where_entries_and_templates_say_and_the_status_names_each_as_the_original_does() {
    each("push-places", async |world, remote| {
        let password = world.canary("password");
        let [mail, odd] = ["mail", "odd"].map(|name| json!({ "of": world.canary(name) }));
        let [mail_text, odd_text] = [&mail, &odd].map(Value::to_string);
        let entries = [("password", &*password), ("mail", &*mail_text), ("a_U003a_b", &*odd_text)];
        world.create_secret("app", &entries).await;
        let mut converted = entry("a:b", "app/odd", "");
        converted["conversionStrategy"] = json!("ReverseUnicode");
        let store = json!({ "name": remote.store() });
        let bundle = json!({
            "storeRef": store, "remoteKey": "app/both", "match": { "regexp": "^(password|url)$" },
        });
        let each = json!({
            "storeRef": store, "match": { "regexp": "^mail$" },
            "rewrite": [{ "regexp": { "source": "^", "target": "team-" } }],
        });
        let object = world
            .push(push(
                "app",
                remote,
                json!({
                    "template": { "data": { "url": "https://{{ .password }}@example.org" } },
                    "data": [entry("password", "app/db", "password"), remote.as_texts(whole("app/all")), converted],
                    "dataTo": [remote.as_texts(bundle), each],
                }),
            ))
            .await;
        let url = format!("https://{password}@example.org");
        let all = json!({ "password": password, "mail": mail_text, "a_U003a_b": odd_text, "url": url });
        let expected = [
            ("app/db", json!({ "password": password })),
            ("app/all", all),
            ("app/both", json!({ "password": password, "url": url })),
            ("team-mail", mail),
            ("app/odd", odd),
        ];
        for (key, expected) in expected {
            assert_eq!(remote.held(key).await, Some(expected), "{key} of {}", remote.store());
        }
        let status = &object["status"];
        assert_eq!(status["syncedPushSecrets"], golden(remote));
        assert!(status["syncedResourceVersion"].as_str().unwrap().starts_with("1-"), "{status}");
        assert!(status["refreshTime"].is_string(), "{status}");
        assert_eq!(Condition::of(&object).unwrap().status, "True");
    })
    .await;
}

#[tokio::test]
async fn a_store_that_is_not_named_any_more_keeps_nothing_but_what_is_somebody_elses() {
    let (world, remotes) = on_all(&SORTS, "push-stores").await;
    let [value, theirs] = ["value", "theirs"].map(|name| json!({ "of": world.canary(name) }));
    for remote in &remotes {
        remote.put("app/theirs", &theirs).await;
    }
    world.create_secret("app", &[("password", &value.to_string())]).await;
    let references =
        |sorts: &[Sort]| -> Value { sorts.iter().map(|sort| json!({ "name": sort.store() })).collect() };
    let of = |data: Value| json!({ "deletionPolicy": "Delete", "secretStoreRefs": references(&SORTS), "data": data });
    let data = json!([entry("password", "app/db", "")]);
    world.push(push("app", &remotes[0], of(data))).await;
    let data = json!([entry("password", "app/theirs", "")]);
    world.create(push("theirs", &remotes[0], of(data))).await;
    let object = world.pushed("theirs", "Errored", "set secret failed").await;
    let message = Condition::of(&object).unwrap().message;
    assert!(message.contains(FOREIGN) && message.ends_with("(and 3 more)"), "{message}");

    for left in 1..SORTS.len() {
        for name in ["app", "theirs"] {
            let edit = json!({ "spec": { "secretStoreRefs": references(&SORTS[left..]) } });
            world.patch(Kind::PushSecret, name, edit).await;
        }
        for (number, remote) in remotes.iter().enumerate() {
            remote.holds("app/db", (number >= left).then(|| value.clone())).await;
        }
    }
    for name in ["app", "theirs"] {
        world.delete(Kind::PushSecret, name).await;
        world.gone(Kind::PushSecret, name).await;
    }
    for remote in &remotes {
        let left = (remote.held("app/db").await, remote.held("app/theirs").await);
        assert_eq!(left, (None, Some(theirs.clone())), "{}", remote.store());
        world.until(Kind::SecretStore, remote.store(), "is held no more", |store| !is_held(store)).await;
    }
    world.end().await;
}
