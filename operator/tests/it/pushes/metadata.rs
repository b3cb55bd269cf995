//! What is wanted beside a pushed value (`data[].metadata`): it is written with it, put right by itself, and what cannot
//! be served is refused in words.

use eso_rig::Method;
use serde_json::{Value, json};

use super::{
    entry, push,
    remote::{Remote, Sort, document, each, each_of, on, parameter},
};
use crate::harness::{Condition, Kind, World, eventually};

/// What is wanted beside a value, and what the store says is there then, besides how many versions of the value there are.
struct Beside {
    wanted: Value,
    there: Value,
}

/// What is wanted at first, and what after an edit.
fn wishes(sort: Sort) -> Option<[Beside; 2]> {
    let tags = |team: &str| json!({ "managed-by": "external-secrets", "team": team });
    let beside = |wanted, there| Beside { wanted, there };
    match sort {
        Sort::SecretsManager => {
            let wanted = |tags: Value| {
                json!({
                    "secretPushFormat": "string", "description": "mine", "kmsKeyID": "alias/mine", "tags": tags,
                })
            };
            let there = |team: &str| {
                json!({
                    "format": "SecretString", "description": "mine", "key": "alias/mine", "tags": tags(team),
                })
            };
            let first = wanted(json!({ "team": "blue", "more": 1 }));
            let mut first = beside(first, there("blue"));
            first.there["tags"]["more"] = json!("1");
            Some([first, beside(wanted(json!({ "team": "red" })), there("red"))])
        }
        Sort::ParameterStore => {
            let wanted = |team: &str| {
                json!({
                    "secretType": "SecureString", "description": "mine", "kmsKeyID": "alias/mine",
                    "tier": { "type": "Advanced" }, "tags": { "team": team },
                })
            };
            let there = |team: &str| {
                json!({
                    "format": "SecureString", "description": "mine", "key": "alias/mine", "tier": "Advanced",
                    "tags": tags(team),
                })
            };
            Some([beside(wanted("blue"), there("blue")), beside(wanted("red"), there("red"))])
        }
        Sort::Versioned => {
            let mut first = tags("blue");
            first["more"] = json!("1");
            let custom = |custom: Value| json!({ "customMetadata": custom });
            let mut second = custom(json!({ "team": "red" }));
            second["mergePolicy"] = json!("Replace");
            Some([
                beside(custom(json!({ "team": "blue", "more": "1" })), custom(first)),
                beside(second, custom(tags("red"))),
            ])
        }
        Sort::Unversioned => None,
    }
}

/// What a store says of a value, and how many versions of it there are.
async fn said_of(remote: &Remote, key: &str) -> (Value, Value) {
    match remote.sort() {
        Sort::SecretsManager => {
            let found = remote.ask("DescribeSecret", &json!({ "SecretId": key })).await.unwrap();
            let value = remote.ask("GetSecretValue", &json!({ "SecretId": key })).await.unwrap();
            let format = ["SecretString", "SecretBinary"].into_iter().find(|name| value[name].is_string());
            let said = json!({
                "format": format, "description": found["Description"], "key": found["KmsKeyId"],
                "tags": by_key(&found["Tags"]),
            });
            (said, json!(found["VersionIdsToStages"].as_object().unwrap().len()))
        }
        Sort::ParameterStore => {
            let below = json!([{ "Key": "Path", "Option": "Recursive", "Values": ["/"] }]);
            let found =
                remote.ask("DescribeParameters", &json!({ "ParameterFilters": below })).await.unwrap();
            let found = found["Parameters"][0].clone();
            let asked = json!({ "ResourceType": "Parameter", "ResourceId": parameter(key) });
            let tags = remote.ask("ListTagsForResource", &asked).await.unwrap();
            let said = json!({
                "format": found["Type"], "description": found["Description"], "key": found["KeyId"],
                "tier": found["Tier"], "tags": by_key(&tags["TagList"]),
            });
            (said, found["Version"].clone())
        }
        Sort::Versioned | Sort::Unversioned => {
            let mount = remote.mount();
            let answer = mount.server.request(Method::GET, &mount.path_beside(key), None).await.unwrap();
            let found = answer.success().unwrap()["data"].clone();
            (json!({ "customMetadata": found["custom_metadata"] }), found["current_version"].clone())
        }
    }
}

/// Tags, as an object.
fn by_key(tags: &Value) -> Value {
    let tags = tags.as_array().unwrap();
    tags.iter().map(|tag| (tag["Key"].as_str().unwrap().to_owned(), tag["Value"].clone())).collect()
}

/// An entry for the value `app`, with what is wanted beside it.
fn with(spec: &Value) -> Value {
    let mut entry = entry("password", "app", "");
    entry["metadata"] = document(spec.clone());
    entry
}

#[tokio::test]
async fn what_is_wanted_beside_a_value_is_written_with_it_and_an_edit_of_that_makes_no_new_version() {
    let sorts = [Sort::SecretsManager, Sort::ParameterStore, Sort::Versioned];
    each_of(&sorts, "push-beside", async |world, remote| {
        let [first, second] = wishes(remote.sort()).unwrap();
        let value = json!({ "password": world.canary("value") });
        world.create_secret("app", &[("password", &value.to_string())]).await;
        let more = json!({ "refreshInterval": "1s", "data": [with(&first.wanted)] });
        world.push(push("app", remote, more)).await;
        assert_eq!(remote.held("app").await, Some(value.clone()));
        assert_eq!(said_of(remote, "app").await, (first.there, json!(1)));
        stays(remote).await;

        world.patch(Kind::PushSecret, "app", json!({ "spec": { "data": [with(&second.wanted)] } })).await;
        eventually("what is beside the value is as it was edited", async || {
            match said_of(remote, "app").await {
                (said, version) if said == second.there && version == json!(1) => Ok(()),
                other => Err(format!("{other:?}")),
            }
        })
        .await;
        stays(remote).await;
        assert_eq!(remote.held("app").await, Some(value));
        // Whoever changes it finds it as it was wanted.
        undress(remote).await;
        eventually("what is beside the value is put right", async || match said_of(remote, "app").await {
            (said, version) if said == second.there && version == json!(1) => Ok(()),
            other => Err(format!("{other:?}")),
        })
        .await;
    })
    .await;
}

/// Looks are made, and nothing is written.
pub(super) async fn stays(remote: &Remote) {
    // A look that began before is over, and with it its writes.
    remote.looked("app", 2).await;
    let writes = remote.writes();
    remote.looked("app", 3).await;
    assert_eq!(remote.writes(), writes);
}

/// Changes a tag as somebody else.
async fn undress(remote: &Remote) {
    let tag = json!([{ "Key": "team", "Value": "theirs" }]);
    match remote.sort() {
        Sort::SecretsManager => {
            drop(remote.ask("TagResource", &json!({ "SecretId": "app", "Tags": tag })).await.unwrap());
        }
        Sort::ParameterStore => {
            let tagged = json!({ "ResourceType": "Parameter", "ResourceId": "/app", "Tags": tag });
            drop(remote.ask("AddTagsToResource", &tagged).await.unwrap());
        }
        Sort::Versioned | Sort::Unversioned => {
            let custom = json!({ "managed-by": "external-secrets", "team": "theirs" });
            let custom = json!({ "custom_metadata": custom });
            let mount = remote.mount();
            drop(mount.server.write(&mount.path_beside("app"), &custom).await.unwrap());
        }
    }
}

/// What cannot be served, and the words for it.
fn refusals(sort: Sort) -> Vec<(Value, &'static str)> {
    let own = match sort {
        Sort::SecretsManager => vec![
            (json!({ "secretPushFormat": "text" }), "spec.secretPushFormat must be binary or string"),
            (
                json!({ "resourcePolicy": { "blockPublicPolicy": true } }),
                "spec.resourcePolicy.policySourceRef is missing",
            ),
            (json!({ "tags": { "managed-by": "me" } }), "Cannot specify a 'managed-by' tag"),
            (json!({ "customMetadata": {} }), "unknown field \"spec.customMetadata\""),
        ],
        Sort::ParameterStore => vec![
            (
                json!({ "secretType": "Secret" }),
                "spec.secretType must be String or StringList or SecureString",
            ),
            (json!({ "tier": { "policies": [{}] } }), "spec.tier.policies needs the tier Advanced"),
            (json!({ "secretPushFormat": "string" }), "unknown field \"spec.secretPushFormat\""),
        ],
        Sort::Versioned => vec![
            (
                json!({ "mergePolicy": "Both" }),
                "unsupported merge policy \"Both\", must be one of: Merge, Replace",
            ),
            (json!({ "customMetadata": { "team": 1 } }), "spec.customMetadata.team must be a text"),
            (json!({ "tags": {} }), "unknown field \"spec.tags\""),
        ],
        Sort::Unversioned => vec![(
            json!({ "customMetadata": { "team": "blue" } }),
            "spec.customMetadata: KV version 1 keeps no metadata",
        )],
    };
    own.into_iter()
        .map(|(spec, words)| (document(spec), words))
        .chain([(json!({ "kind": "Other" }), "unexpected")])
        .collect()
}

#[tokio::test]
async fn a_document_that_cannot_be_served_is_refused_in_words_until_it_is_edited_and_nothing_is_written() {
    each("push-refused", async |world, remote| {
        let value = json!({ "password": world.canary("value") });
        world.create_secret("app", &[("password", &value.to_string())]).await;
        let refusals = refusals(remote.sort());
        for (number, (metadata, words)) in refusals.iter().enumerate() {
            let name = format!("app-{number}");
            let mut entry = entry("password", &name, "");
            entry["metadata"] = metadata.clone();
            world.create(push(&name, remote, json!({ "data": [entry] }))).await;
            is_refused(world, &name, remote, words).await;
        }
        assert_eq!(remote.writes(), 0);
        for number in 0..refusals.len() {
            let name = format!("app-{number}");
            let edited = json!({ "spec": { "data": [entry("password", &name, "")] } });
            world.patch(Kind::PushSecret, &name, edited).await;
            remote.holds(&name, Some(value.clone())).await;
        }
    })
    .await;
}

async fn is_refused(world: &World, name: &str, remote: &Remote, words: &str) {
    let beginning = format!(
        "set secret failed: could not write remote ref password to target secretstore {}: failed to parse",
        remote.store()
    );
    let object = world.pushed(name, "Errored", &beginning).await;
    let message = Condition::of(&object).unwrap().message;
    assert!(message.contains(words), "{message}");
}

/// A mount that takes no write which does not name the version that it replaces.
#[tokio::test]
async fn a_mount_that_asks_for_versions_is_pushed_to() {
    let (world, remote) = on(Sort::Versioned, "push-versions").await;
    let mount = remote.mount();
    let asks = json!({ "cas_required": true });
    mount.server.write(&format!("{}/config", mount.name), &asks).await.unwrap();
    let theirs = json!({ "data": { "password": "theirs" } });
    let blind = mount.server.write(&mount.path_of("app"), &theirs).await.unwrap_err();
    assert!(format!("{blind:#}").contains("check-and-set parameter required"), "{blind:#}");
    let checked = json!({ "spec": { "provider": { "vault": { "checkAndSet": { "required": true } } } } });
    world.patch(Kind::SecretStore, remote.store(), checked).await;
    let (first, second) = (world.canary("first"), world.canary("second"));
    world.create_secret("app", &[("password", &first)]).await;
    world.push(push("app", &remote, json!({ "data": [entry("password", "app", "password")] }))).await;
    assert_eq!(remote.held("app").await, Some(json!({ "password": first })));
    world.patch(Kind::Secret, "app", json!({ "stringData": { "password": second } })).await;
    remote.holds("app", Some(json!({ "password": second }))).await;
    world.delete(Kind::PushSecret, "app").await;
    world.end().await;
}
