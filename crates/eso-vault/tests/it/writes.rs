//! Writing values: what is beside them, over what they go, and whose they stay.

use std::sync::Arc;

use eso_core::{
    error::{
        ErrorKind::{Conflict, Denied, Invalid},
        ProviderError,
    },
    key::Version,
    provider::{Delete, Expected, Held, Inspect, PropertySyntax, Put, SecretProvider, Value as Kept},
    value::SecretBytes,
};
use eso_rig::{Method, Mode, OpenBao, Reply, Scripted};
use serde_json::{Value, json};

use crate::fixture::{
    APP, Setting, ask, bao, by_token, expect_kind, put_app, read, scripted, spec, until, with,
};

/// A document of every shape that JSON has.
pub(crate) fn odd() -> Value {
    json!({
        "number": 7, "large": 9_007_199_254_740_991_i64, "real": -1.5, "tiny": 1e-9, "huge": 1e21,
        "nested": {"list": [1, {"deep": null}, "ü🔑<&>\u{2028}"], "empty": {}},
        "grüße/🔑": "line\nbreak\u{0}",
        "no": false,
    })
}

async fn store_at(bao: &OpenBao, more: Value) -> Arc<dyn SecretProvider> {
    Setting::with_token(bao.root_token()).store(with(spec(bao.url(), by_token()), more)).await
}

/// A mount `kv1` of version 1 in another OpenBao than the one that is shared.
async fn version_one(bao: &OpenBao) -> Arc<dyn SecretProvider> {
    bao.mount_kv("kv1", 1).await.expect("a mount must be made");
    store_at(bao, json!({"path": "kv1", "version": "v1"})).await
}

pub(crate) async fn inspect(
    store: &Arc<dyn SecretProvider>,
    key: &str,
    metadata: Option<Value>,
) -> Result<Option<Held>, ProviderError> {
    let question = Inspect { metadata, ..Inspect::new(key) };
    store.writer().expect("Vault can be written to").inspect(&question).await
}

pub(crate) async fn held(store: &Arc<dyn SecretProvider>, key: &str) -> Held {
    inspect(store, key, None).await.expect("it must be looked at").expect("something must be there")
}

pub(crate) fn put(key: &str, value: &Value, expected: Expected) -> Put {
    let value = Some(SecretBytes::from(value.to_string()));
    Put::new(key, value, expected)
}

pub(crate) async fn write(
    store: &Arc<dyn SecretProvider>,
    put: Put,
) -> Result<Option<String>, ProviderError> {
    let version = store.writer().expect("Vault can be written to").put(&put).await;
    version.map(|version| version.map(|version| version.to_string()))
}

pub(crate) async fn delete(
    store: &Arc<dyn SecretProvider>,
    key: &str,
    version: Option<&str>,
) -> Result<(), ProviderError> {
    let delete = Delete { key: key.into(), version: version.map(Version::from) };
    store.writer().expect("Vault can be written to").delete(&delete).await
}

pub(crate) fn ours(version: &str) -> Expected {
    Expected::Ours(Some(version.into()))
}

pub(crate) fn json_of(held: &Held) -> Option<Value> {
    held.value.as_ref().map(|value| match value {
        Kept::Document(text) => serde_json::from_slice(text.expose()).expect("a document must be JSON"),
        Kept::Bytes(_) => panic!("a KV engine keeps documents"),
    })
}

pub(crate) fn document(spec: Value) -> Option<Value> {
    let document = json!({
        "apiVersion": "kubernetes.external-secrets.io/v1alpha1",
        "kind": "PushSecretMetadata",
        "spec": spec,
    });
    Some(document)
}

/// What OpenBao says about itself of a place, asked past the store.
pub(crate) async fn there(bao: &OpenBao, path: &str) -> Option<Value> {
    let answer = bao.request(Method::GET, path, None).await.expect("OpenBao must answer");
    answer.success().ok().map(|found| found["data"].clone())
}

#[tokio::test]
async fn a_value_is_written_with_its_mark_and_comes_back_whole() {
    let bao = bao().await;
    let store = store_at(&bao, json!({})).await;
    assert_eq!(store.writer().expect("it can write").property_syntax(), PropertySyntax::Key);
    assert_eq!(inspect(&store, "team/odd", None).await.unwrap(), None);
    assert_eq!(
        write(&store, put("team/odd", &odd(), Expected::Nothing)).await.unwrap().as_deref(),
        Some("1")
    );
    let metadata = there(&bao, "secret/metadata/team/odd").await.expect("it must be there");
    assert_eq!(metadata["custom_metadata"], json!({"managed-by": "external-secrets"}));
    let held = held(&store, "team/odd").await;
    assert_eq!(json_of(&held), Some(odd()));
    assert_eq!((held.version, held.is_ours, held.is_dressed), (Some("1".into()), true, true));
    assert_eq!(read(&store, "team/odd").await, odd());
    assert_eq!(write(&store, put("team/odd", &json!({}), ours("1"))).await.unwrap().as_deref(), Some("2"));
    assert_eq!(read(&store, "team/odd").await, json!({}));
}

#[tokio::test]
async fn a_look_costs_two_reads_and_a_first_write_three_calls_and_a_later_one_two() {
    let bao = bao().await;
    bao.policy(
        "writer",
        "path \"secret/*\" { capabilities = [\"create\", \"read\", \"update\", \"delete\"] }",
    )
    .await
    .expect("a policy must be written");
    let token = bao.token(&["writer"], &json!({})).await.expect("a token must be made");
    let store = Setting::with_token(&token).store(spec(bao.url(), by_token())).await;
    let calls = async |mark| -> Vec<String> {
        let requests = bao.since(mark).expect("the audit log must be read").of_others();
        requests.iter().map(|request| format!("{} {}", request.operation, request.path)).collect()
    };
    store.check().await.expect("the token must be good");
    let mark = bao.mark().expect("the audit log must be read");
    write(&store, put("new", &odd(), Expected::Nothing)).await.expect("it must be written");
    let first = calls(mark).await;
    let asked = "read sys/internal/ui/mounts/secret".to_owned();
    let first: Vec<_> = first.into_iter().filter(|call| *call != asked).collect();
    assert_eq!(first, ["read secret/metadata/new", "create secret/metadata/new", "update secret/data/new"]);
    let mark = bao.mark().expect("the audit log must be read");
    for _ in 0..3 {
        let held = held(&store, "new").await;
        assert_eq!((json_of(&held), held.is_dressed), (Some(odd()), true), "there is nothing to write");
    }
    let looks = ["read secret/metadata/new", "read secret/data/new"];
    assert_eq!(calls(mark).await, looks.repeat(3));
    let mark = bao.mark().expect("the audit log must be read");
    write(&store, put("new", &json!({"a": "b"}), ours("1"))).await.expect("it must be written");
    assert_eq!(calls(mark).await, ["read secret/metadata/new", "update secret/data/new"]);
    assert_eq!(there(&bao, "secret/metadata/new").await.unwrap()["current_version"], json!(2));
}

#[tokio::test]
async fn of_many_who_write_over_one_version_one_does() {
    let bao = bao().await;
    let store = store_at(&bao, json!({})).await;
    for (round, expected) in [(1, Expected::Nothing), (2, ours("1"))] {
        // What is made at once is the same: whoever makes another value takes it for somebody else's.
        let value = |number| json!({"by": if round == 1 { 0 } else { number }});
        let writes = (0..16).map(|number| write(&store, put("contested", &value(number), expected.clone())));
        let outcomes = futures::future::join_all(writes).await;
        let (done, lost): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
        assert_eq!(done.len(), 1, "round {round}");
        for error in lost {
            expect_kind(error, Conflict);
        }
        let metadata = there(&bao, "secret/metadata/contested").await.expect("it must be there");
        assert_eq!(metadata["current_version"], json!(round));
    }
}

const BESIDE: &str = "/v1/secret/metadata/app";

/// A value that somebody else wrote after it was looked at, and before ours: they found no mark, and we left one.
async fn written_in_between(server: &Scripted, theirs: &Value, custom: &Value) -> Arc<dyn SecretProvider> {
    let nothing = Reply::json(404, &json!({"errors": []}));
    server.once("GET", BESIDE, nothing);
    let metadata = json!({"data": {"current_version": 1, "custom_metadata": custom}});
    server.always("GET", BESIDE, Reply::json(200, &metadata));
    server.always("POST", BESIDE, Reply::status(204));
    let late = json!({"errors": ["check-and-set parameter did not match the current version"]});
    server.always("POST", APP, Reply::json(400, &late));
    let data = json!({"data": {"data": theirs, "metadata": {"version": 1}}});
    server.always("GET", APP, Reply::json(200, &data));
    Setting::with_token("s.t").store(spec(&server.url(), by_token())).await
}

/// What is beside the value after each write of it.
fn left_beside(server: &Scripted) -> Vec<Value> {
    let requests = server.requests();
    let writes = requests.iter().filter(|request| request.method == "POST" && request.path == BESIDE);
    writes.map(|request| request.json()["custom_metadata"].clone()).collect()
}

#[tokio::test]
async fn what_somebody_else_made_in_between_is_not_left_marked_as_ours() {
    let mark = json!({"managed-by": "external-secrets"});
    let wish = document(json!({"customMetadata": {"team": "a"}}));
    let ours = with(json!({"team": "a"}), mark.clone());
    for (metadata, present, rest) in [
        (None, mark.clone(), json!({})),
        (wish.clone(), ours.clone(), json!({})),
        (wish, with(json!({"team": "b", "theirs": "x"}), mark.clone()), json!({"team": "b", "theirs": "x"})),
    ] {
        let server = scripted().await;
        let store = written_in_between(&server, &json!({"by": "them"}), &present).await;
        let put = Put { metadata, ..put("app", &json!({"by": "us"}), Expected::Nothing) };
        let words = expect_kind(write(&store, put).await, Conflict);
        assert_eq!(words, "failed to write secret data: somebody else wrote a newer version (HTTP 400)");
        assert_eq!(left_beside(&server).split_off(1), [rest]);
        assert_eq!(server.count("POST", APP), 1);
    }
}

/// Another operator that pushes the same, to which the mark belongs as well.
#[tokio::test]
async fn what_is_made_in_between_as_we_would_have_made_it_stays_marked() {
    let server = scripted().await;
    let mark = json!({"managed-by": "external-secrets"});
    let store = written_in_between(&server, &json!({"b": "1", "a": "2"}), &mark).await;
    let same = put("app", &json!({"a": "2", "b": "1"}), Expected::Nothing);
    expect_kind(write(&store, same).await, Conflict);
    assert_eq!(left_beside(&server), [mark]);
}

/// What we marked before somebody else wrote over it was ours to them as well.
#[tokio::test]
async fn what_was_ours_before_somebody_wrote_stays_marked() {
    let server = scripted().await;
    let store = written_in_between(&server, &odd(), &json!({"managed-by": "external-secrets"})).await;
    assert!(inspect(&store, "app", None).await.unwrap().is_none());
    expect_kind(write(&store, put("app", &json!({"by": "us"}), ours("1"))).await, Conflict);
    assert_eq!(left_beside(&server), Vec::<Value>::new());
}

#[tokio::test]
async fn a_mark_that_is_taken_off_is_gone() {
    let bao = bao().await;
    let store = store_at(&bao, json!({})).await;
    write(&store, put("left", &odd(), Expected::Nothing)).await.expect("it must be written");
    bao.write("secret/metadata/left", &json!({"custom_metadata": {}})).await.expect("a mark must go");
    assert!(!held(&store, "left").await.is_ours);
}

#[tokio::test]
async fn the_same_put_twice_makes_no_second_version() {
    let bao = bao().await;
    let store = store_at(&bao, json!({})).await;
    let lost = put("twice", &odd(), Expected::Nothing);
    write(&store, lost.clone()).await.expect("it must be written");
    expect_kind(write(&store, lost).await, Conflict);
    let held = held(&store, "twice").await;
    assert_eq!((json_of(&held), held.version), (Some(odd()), Some("1".into())));
}

#[tokio::test]
async fn what_others_wrote_is_left_alone_in_the_words_of_the_original() {
    let bao = bao().await;
    let first = version_one(&bao).await;
    bao.write("kv1/app", &json!({"first": "1"})).await.expect("a value must be written");
    bao.write("kv1/marked", &json!({"custom_metadata": {"managed-by": "you"}})).await.expect("a value");
    let second = store_at(&bao, json!({})).await;
    for (store, key) in [(&second, "app"), (&first, "app"), (&first, "marked")] {
        let held = held(store, key).await;
        assert!(!held.is_ours && !held.is_dressed, "{key}");
        let words = expect_kind(write(store, put(key, &odd(), Expected::Ours(held.version))).await, Conflict);
        assert_eq!(words, "failed to write secret data: secret not managed by external-secrets");
        let words = expect_kind(delete(store, key, None).await, Conflict);
        assert_eq!(words, "could not delete secret: secret not managed by external-secrets");
        expect_kind(write(store, put(key, &odd(), Expected::Nothing)).await, Conflict);
    }
    assert_eq!(read(&second, "app").await, json!({"first": "1"}));
    assert_eq!(read(&first, "app").await, json!({"first": "1"}));
    let metadata = there(&bao, "secret/metadata/app").await.expect("it must be there");
    assert_eq!((&metadata["custom_metadata"], &metadata["current_version"]), (&json!(null), &json!(1)));
}

#[tokio::test]
async fn what_is_beside_a_value_is_written_alone_where_the_value_is_right() {
    let bao = bao().await;
    let store = store_at(&bao, json!({})).await;
    write(&store, put("dressed", &odd(), Expected::Nothing)).await.expect("it must be written");
    let beside = async || there(&bao, "secret/metadata/dressed").await.expect("it must be there");
    for (spec, custom) in [
        (json!({"customMetadata": {"team": "a", "x": "1"}}), json!({"team": "a", "x": "1"})),
        (json!({"customMetadata": {"team": "b"}}), json!({"team": "b", "x": "1"})),
        (json!({"customMetadata": {"grüße": "🔑"}, "mergePolicy": "Replace"}), json!({"grüße": "🔑"})),
        (json!({"mergePolicy": "Replace"}), json!({})),
    ] {
        let wanted = document(spec);
        let look = async || inspect(&store, "dressed", wanted.clone()).await.unwrap().unwrap().is_dressed;
        assert!(!look().await, "{wanted:?}");
        let put = Put { value: None, metadata: wanted.clone(), ..put("dressed", &json!({}), ours("1")) };
        assert_eq!(write(&store, put).await.unwrap().as_deref(), Some("1"));
        assert!(look().await, "{wanted:?}");
        let metadata = beside().await;
        let expected = with(custom, json!({"managed-by": "external-secrets"}));
        assert_eq!((&metadata["custom_metadata"], &metadata["current_version"]), (&expected, &json!(1)));
    }
    assert_eq!(read(&store, "dressed").await, odd());
    let words = expect_kind(inspect(&store, "dressed", document(json!({"tags": {}}))).await, Invalid);
    assert_eq!(words, "failed to parse push secret metadata: unknown field \"spec.tags\"");
    let many: serde_json::Map<String, Value> =
        (0..70).map(|number| (format!("key-{number}"), json!("x"))).collect();
    let put =
        Put { metadata: document(json!({"customMetadata": many})), ..put("dressed", &odd(), ours("1")) };
    let words = expect_kind(write(&store, put).await, Invalid);
    assert!(
        words.starts_with("failed to write secret metadata: Vault refuses the custom metadata"),
        "{words}"
    );
}

#[tokio::test]
async fn a_mount_that_asks_what_is_written_over_beside_a_value_too_is_told() {
    let bao = bao().await;
    let store = store_at(&bao, json!({})).await;
    let demand = json!({"cas_required": true, "metadata_cas_required": true});
    bao.write("secret/config", &demand).await.expect("a mount must be set up");
    let mark = bao.mark().expect("the audit log must be read");
    let wish = |team| document(json!({"customMetadata": {"team": team}}));
    let first = Put { metadata: wish("a"), ..put("told", &odd(), Expected::Nothing) };
    assert_eq!(write(&store, first).await.unwrap().as_deref(), Some("1"));
    let later = Put { metadata: wish("b"), ..put("told", &json!({}), ours("1")) };
    assert_eq!(write(&store, later).await.unwrap().as_deref(), Some("2"));
    let requests = bao.since(mark).expect("the audit log must be read");
    let beside = requests.iter().filter(|request| request.path == "secret/metadata/told");
    let operations: Vec<&str> = beside.map(|request| request.operation.as_str()).collect();
    // The first write is refused, and sent again; no later one is.
    assert_eq!(operations, ["read", "create", "create", "read", "update"]);
    let metadata = there(&bao, "secret/metadata/told").await.expect("it must be there");
    assert_eq!(metadata["custom_metadata"], json!({"managed-by": "external-secrets", "team": "b"}));
    delete(&store, "told", Some("2")).await.expect("it must be deleted");
    assert_eq!(there(&bao, "secret/metadata/told").await, None);
}

#[tokio::test]
async fn of_many_who_write_beside_one_value_none_undoes_what_another_did() {
    let bao = bao().await;
    let store = store_at(&bao, json!({})).await;
    write(&store, put("shared", &odd(), Expected::Nothing)).await.expect("it must be written");
    let writes = (0..16).map(|writer| {
        let metadata = document(json!({"customMetadata": {format!("writer-{writer}"): "was here"}}));
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            let put = Put { value: None, metadata, ..put("shared", &odd(), ours("1")) };
            (format!("writer-{writer}"), write(&store, put).await)
        })
    });
    let writes: Vec<_> = writes.collect();
    let mut done = Vec::new();
    for write in writes {
        match write.await.expect("a writer must end") {
            (name, Ok(_)) => done.push(name),
            (_, Err(error)) => assert_eq!(error.kind(), Conflict, "{error}"),
        }
    }
    let metadata = there(&bao, "secret/metadata/shared").await.expect("it must be there");
    let custom = metadata["custom_metadata"].as_object().expect("there must be custom metadata");
    let present: Vec<&String> = custom.keys().filter(|name| name.starts_with("writer-")).collect();
    done.sort();
    assert_eq!(present, done.iter().collect::<Vec<_>>(), "who was told that it wrote did, and stays");
    assert!(!done.is_empty());
}

#[tokio::test]
async fn a_name_without_a_value_is_written_over_from_the_version_that_is_gone() {
    let bao = bao().await;
    let store = store_at(&bao, json!({})).await;
    for key in ["deleted", "destroyed"] {
        write(&store, put(key, &json!({"n": 1}), Expected::Nothing)).await.expect("it must be written");
        write(&store, put(key, &json!({"n": 2}), ours("1"))).await.expect("it must be written");
    }
    bao.delete("secret/data/deleted").await.expect("a version must go");
    bao.write("secret/destroy/destroyed", &json!({"versions": [2]})).await.expect("a version must go");
    let mark = json!({"custom_metadata": {"managed-by": "external-secrets"}});
    bao.write("secret/metadata/named", &mark).await.expect("metadata must be written");
    for (key, version, next) in [("deleted", "2", "3"), ("destroyed", "2", "3"), ("named", "0", "1")] {
        let held = held(&store, key).await;
        assert_eq!((&held.value, held.version), (&None, Some(version.into())), "{key}");
        assert!(held.is_ours && held.is_dressed);
        expect_kind(write(&store, put(key, &odd(), Expected::Nothing)).await, Conflict);
        let written = write(&store, put(key, &odd(), ours(version))).await.expect("it must be written");
        assert_eq!(written.as_deref(), Some(next), "{key}");
        assert_eq!(read(&store, key).await, odd());
    }
}

#[tokio::test]
async fn a_value_is_deleted_with_all_its_versions_and_once_only() {
    let bao = bao().await;
    let (first, second) = (version_one(&bao).await, store_at(&bao, json!({})).await);
    for store in [&first, &second] {
        let version = write(store, put("a/b", &json!({"n": 1}), Expected::Nothing)).await.expect("a write");
        let expected = Expected::Ours(version.as_deref().map(Version::from));
        write(store, put("a/b", &json!({"n": 2}), expected)).await.expect("it must be written");
    }
    expect_kind(delete(&second, "a/b", Some("1")).await, Conflict);
    for (store, version) in [(&second, Some("2")), (&first, None)] {
        delete(store, "a/b", version).await.expect("it must be deleted");
        delete(store, "a/b", version).await.expect("that it is gone is a success");
        assert_eq!(inspect(store, "a/b", None).await.unwrap(), None);
    }
    for path in ["secret/metadata/a/b", "secret/data/a/b?version=1", "kv1/a/b"] {
        assert_eq!(there(&bao, path).await, None, "{path}");
    }
    assert_eq!(read(&second, "app").await, json!({"first": "1"}));
}

#[tokio::test]
async fn version_one_keeps_the_mark_inside_the_value_as_the_original() {
    let bao = bao().await;
    let store = version_one(&bao).await;
    assert_eq!(write(&store, put("team/odd", &odd(), Expected::Nothing)).await.unwrap(), None);
    let marked = json!({"custom_metadata": {"managed-by": "external-secrets"}});
    assert_eq!(there(&bao, "kv1/team/odd").await, Some(with(odd(), marked)));
    let held = held(&store, "team/odd").await;
    assert_eq!(json_of(&held), Some(odd()), "the mark is hidden");
    assert_eq!((held.version, held.is_ours, held.is_dressed), (None, true, true));
    let text = r#"{"b":1.0,"a":9007199254740993}"#;
    let exact = Put { value: Some(text.into()), ..put("team/odd", &odd(), Expected::Ours(None)) };
    write(&store, exact).await.expect("it must be written");
    assert_eq!(json_of(&self::held(&store, "team/odd").await), Some(serde_json::from_str(text).unwrap()));
    expect_kind(write(&store, put("team/odd", &odd(), Expected::Nothing)).await, Conflict);
    expect_kind(write(&store, put("gone", &odd(), Expected::Ours(None))).await, Conflict);

    let mark = bao.mark().expect("the audit log must be read");
    let nothing = Put { value: None, ..put("team/odd", &odd(), Expected::Ours(None)) };
    assert_eq!(write(&store, nothing).await.unwrap(), None, "there is nothing beside a value");
    let custom = document(json!({"customMetadata": {"a": "b"}}));
    let words = expect_kind(inspect(&store, "team/odd", custom.clone()).await, Invalid);
    assert!(words.ends_with("spec.customMetadata: KV version 1 keeps no metadata"), "{words}");
    let dressed = Put { metadata: custom, ..put("team/odd", &odd(), Expected::Ours(None)) };
    expect_kind(write(&store, dressed).await, Invalid);
    let reserved = json!({"custom_metadata": {}});
    expect_kind(write(&store, put("team/odd", &reserved, Expected::Ours(None))).await, Invalid);
    assert!(bao.since(mark).expect("the audit log must be read").is_empty());
}

#[tokio::test]
async fn only_objects_are_kept() {
    let bao = bao().await;
    let (first, second) = (version_one(&bao).await, store_at(&bao, json!({})).await);
    for store in [&first, &second] {
        for value in [json!("text"), json!(["a"]), json!(null), json!(7)] {
            let words = expect_kind(write(store, put("none", &value, Expected::Nothing)).await, Invalid);
            assert!(words.starts_with("failed to write secret data: invalid JSON format"), "{words}");
        }
        assert_eq!(inspect(store, "none", None).await.unwrap(), None, "nothing is left of it");
    }
}

#[tokio::test]
async fn any_key_that_vault_can_keep_is_written_and_deleted() {
    let bao = bao().await;
    let first = version_one(&bao).await;
    let second = store_at(&bao, json!({})).await;
    let free = store_at(&bao, json!({"path": null})).await;
    let keys =
        ["plain", "a/b/c", "mit Leerzeichen", "grüße/🔑", "100%", "a+b&c=d;e:f@g,h!'()*", "data/x", "..."];
    for key in keys {
        for (store, key) in
            [(&first, key.to_owned()), (&second, key.to_owned()), (&free, format!("secret/data/{key}/free"))]
        {
            let version = write(store, put(&key, &json!({"key": key}), Expected::Nothing)).await;
            let version = version.unwrap_or_else(|error| panic!("{key}: {error}"));
            let held = held(store, &key).await;
            assert_eq!((json_of(&held), held.is_ours), (Some(json!({"key": key})), true));
            delete(store, &key, version.as_deref()).await.expect("it must be deleted");
            assert_eq!(inspect(store, &key, None).await.unwrap(), None, "{key}");
        }
    }
}

#[tokio::test]
async fn no_key_makes_a_write_outside_its_mount() {
    let server = scripted().await;
    let setting = Setting::with_token("s.t");
    for version in ["v1", "v2"] {
        let inside = setting.store(with(spec(&server.url(), by_token()), json!({"version": version}))).await;
        let free = json!({"path": null, "version": version});
        let free = setting.store(with(spec(&server.url(), by_token()), free)).await;
        for key in
            ["../../sys/seal", "a/../../b", "..%2f..%2fsys", "a%2F..", "a//b", "//a", "a?b", "a#b", "a\0", ""]
        {
            for (store, key) in [(&inside, key.to_owned()), (&free, format!("secret/{key}"))] {
                expect_kind(inspect(store, &key, None).await, Invalid);
                expect_kind(write(store, put(&key, &odd(), Expected::Nothing)).await, Invalid);
                expect_kind(delete(store, &key, None).await, Invalid);
            }
        }
        for key in ["sys/policy/x", "auth/token/create", "cubbyhole/x", "identity/entity/x", "one"] {
            expect_kind(write(&free, put(key, &odd(), Expected::Nothing)).await, Invalid);
            expect_kind(delete(&free, key, None).await, Invalid);
        }
    }
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn nothing_is_written_to_another_engine_or_to_a_mount_of_the_other_version() {
    let bao = bao().await;
    bao.write("sys/mounts/totp", &json!({"type": "totp"})).await.expect("a mount must be made");
    bao.mount_kv("kv1", 1).await.expect("a mount must be made");
    let mark = bao.mark().expect("the audit log must be read");
    for (path, version, key) in [
        (json!("totp"), "v1", "keys/x"),
        (json!(null), "v1", "totp/keys/x"),
        (json!("totp"), "v2", "x"),
        (json!("kv1"), "v2", "x"),
        (json!("secret"), "v1", "x"),
        (json!("secret"), "v1", "data/x"),
        (json!("nowhere"), "v1", "x"),
        (json!("nowhere"), "v2", "x"),
    ] {
        let store = store_at(&bao, json!({"path": path, "version": version})).await;
        let written = write(&store, put(key, &json!({"generate": true}), Expected::Nothing)).await;
        let error = written.expect_err("this must fail");
        assert!(matches!(error.kind(), Invalid | Conflict), "{path} {version} {key}: {error:?}");
    }
    let requests = bao.since(mark).expect("the audit log must be read");
    let writes = requests.matching(|request| request.operation != "read");
    assert!(writes.is_empty(), "{writes:?}");
}

#[tokio::test]
async fn a_mark_where_the_original_put_it_is_believed_and_put_where_it_belongs() {
    let bao = bao().await;
    let store = store_at(&bao, json!({})).await;
    let mark = json!({"custom_metadata": {"managed-by": "external-secrets"}});
    bao.write("secret/metadata/secret/app", &mark).await.expect("metadata must be written");
    assert!(!held(&store, "app").await.is_ours, "it was pushed under another key");
    let former = held(&store, "secret/app").await;
    assert!(former.is_ours && !former.is_dressed);
    let put = Put { value: None, ..put("secret/app", &json!({}), Expected::Ours(former.version)) };
    write(&store, put).await.expect("it must be written");
    let now = held(&store, "app").await;
    assert!(now.is_ours && now.is_dressed);
    assert_eq!(json_of(&now), Some(json!({"first": "1"})));
}

/// Whoever may write `secret/secret/app` could claim somebody else's `secret/app` with it.
#[tokio::test]
async fn the_mark_of_another_value_is_not_taken_for_one_that_the_original_left() {
    let bao = bao().await;
    let store = store_at(&bao, json!({})).await;
    write(&store, put("secret/secret/app", &odd(), Expected::Nothing)).await.expect("it must be written");
    let theirs = held(&store, "secret/app").await;
    assert!(!theirs.is_ours);
    let version = theirs.version.expect("it must have a version");
    let claimed = put("secret/app", &json!({}), Expected::Ours(Some(version.clone())));
    expect_kind(write(&store, claimed).await, Conflict);
    expect_kind(delete(&store, "secret/app", Some(version.as_str())).await, Conflict);
    assert_eq!(json_of(&held(&store, "app").await), Some(json!({"first": "1"})));
}

#[tokio::test]
async fn a_policy_that_says_no_is_denied_and_a_mount_that_asks_for_versions_is_served() {
    let bao = bao().await;
    let rules = r#"
        path "secret/data/*" { capabilities = ["create", "read", "update"] }
        path "secret/metadata/open/*" { capabilities = ["create", "read", "update"] }
        path "secret/metadata/*" { capabilities = ["read"] }
    "#;
    bao.policy("writer", rules).await.expect("a policy must be written");
    let token = bao.token(&["writer"], &json!({})).await.expect("a token must be made");
    let store = Setting::with_token(&token).store(spec(bao.url(), by_token())).await;
    bao.write("secret/config", &json!({"cas_required": true})).await.expect("a mount must be set up");
    assert_eq!(write(&store, put("open/a", &odd(), Expected::Nothing)).await.unwrap().as_deref(), Some("1"));
    assert_eq!(write(&store, put("open/a", &json!({}), ours("1"))).await.unwrap().as_deref(), Some("2"));
    let words = expect_kind(write(&store, put("closed/a", &odd(), Expected::Nothing)).await, Denied);
    assert!(words.starts_with("failed to write secret metadata: permission denied"), "{words}");
    assert_eq!(there(&bao, "secret/data/closed/a").await, None, "no value is left without its mark");
    let words = expect_kind(delete(&store, "open/a", Some("2")).await, Denied);
    assert!(words.starts_with("could not delete secret: permission denied"), "{words}");
}

#[tokio::test]
async fn a_value_that_is_too_large_is_the_objects_own_fault_and_no_trouble_of_the_server() {
    let bao = OpenBao::start(Mode::Persistent).await.expect("OpenBao must start");
    bao.mount_kv("secret", 2).await.expect("a mount must be made");
    put_app(&bao).await;
    let trust = json!({"caBundle": bao.ca_pem()});
    let store = store_at(&bao, trust).await;
    for megabytes in [2, 40] {
        let large = json!({"large": "x".repeat(megabytes << 20)});
        let words = expect_kind(
            write(&store, put(&format!("large-{megabytes}"), &large, Expected::Nothing)).await,
            Invalid,
        );
        assert!(words.contains("the value is too large for Vault"), "{words}");
    }
    let largest = json!({"large": "x".repeat(900 << 10)});
    write(&store, put("largest", &largest, Expected::Nothing)).await.expect("it must be written");
    assert_eq!(ask(&store, "largest", None).await.map(drop), Ok(()));
}

#[tokio::test]
async fn a_server_that_was_sealed_writes_again() {
    let bao = OpenBao::start(Mode::Persistent).await.expect("OpenBao must start");
    bao.mount_kv("secret", 2).await.expect("a mount must be made");
    let store = store_at(&bao, json!({"caBundle": bao.ca_pem()})).await;
    bao.seal().await.expect("OpenBao must be sealed");
    for error in [
        write(&store, put("a", &odd(), Expected::Nothing)).await.map(drop),
        delete(&store, "a", None).await,
        inspect(&store, "a", None).await.map(drop),
    ] {
        let words = expect_kind(error, eso_core::error::ErrorKind::Unavailable);
        assert!(words.contains("Vault is sealed: unseal it"), "{words}");
    }
    bao.unseal().await.expect("OpenBao must be unsealed");
    until("it writes again", async || write(&store, put("a", &odd(), Expected::Nothing)).await.is_ok()).await;
    assert_eq!(read(&store, "a").await, odd());
}
