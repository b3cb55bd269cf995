//! Searches, and what is known about values beside their data.

use std::sync::Arc;

use eso_core::{
    error::{
        ErrorKind::{Denied, Invalid, NotFound, Throttled, Unavailable},
        ProviderError,
    },
    provider::{Fetch, NameFilter, Query, SecretProvider},
};
use eso_rig::{OpenBao, Reply, Scripted};
use serde_json::json;

use crate::fixture::{Setting, bao, by_token, expect_kind, parsed, scripted, spec, with};

/// A query of names that hold this text.
fn named(part: &'static str) -> Query {
    Query { name: Some(NameFilter::new(part, move |name| name.contains(part))), ..Query::default() }
}

fn below(path: &str) -> Query {
    Query { path: Some(path.to_owned()), ..named("") }
}

fn tagged(name: &str, value: &str) -> Query {
    Query { tags: [(name.to_owned(), value.to_owned())].into(), ..Query::default() }
}

async fn find(store: &Arc<dyn SecretProvider>, query: &Query) -> Result<Vec<String>, ProviderError> {
    let found = store.finder().expect("Vault can look for values").find(query).await?;
    Ok(found.into_iter().map(|found| found.key.to_string()).collect())
}

/// Values at the root, in folders, and one whose name is a folder's too.
async fn prepared() -> OpenBao {
    let bao = bao().await;
    for (key, tag) in [("a/b/deep", "1"), ("a/one", "1"), ("a/two", "2"), ("b/one", "2"), ("a", "1")] {
        bao.put("secret", key, &json!({ "v": key })).await.expect("a value must be written");
        let metadata = json!({ "custom_metadata": { "tag": tag } });
        bao.write(&format!("secret/metadata/{key}"), &metadata).await.expect("metadata must be written");
    }
    bao
}

fn root(bao: &OpenBao) -> Setting {
    Setting::with_token(bao.root_token())
}

#[tokio::test]
async fn all_folders_below_a_path_are_searched() {
    let bao = prepared().await;
    let root = root(&bao);
    let store = root.store(spec(bao.url(), by_token())).await;
    let all = ["a", "a/b/deep", "a/one", "a/two", "app", "b/one"];
    assert_eq!(find(&store, &named("")).await.unwrap(), all);
    assert_eq!(find(&store, &named("one")).await.unwrap(), ["a/one", "b/one"]);
    for path in ["a", "a/", "/a/"] {
        assert_eq!(find(&store, &below(path)).await.unwrap(), ["a/b/deep", "a/one", "a/two"], "{path}");
    }
    assert_eq!(root.calls.count("ReadSecretData"), 0, "names alone are listed");
    for key in all {
        assert_eq!(parsed(&store.fetch(&Fetch::new(key)).await.unwrap())["v"].is_string(), key != "app");
    }
}

#[tokio::test]
async fn a_search_that_meets_nothing_says_that_nothing_is_there() {
    let bao = prepared().await;
    let store = root(&bao).store(spec(bao.url(), by_token())).await;
    for query in [named("nothing like that"), below("nowhere"), tagged("tag", "3")] {
        assert_eq!(expect_kind(find(&store, &query).await, NotFound), "Secret does not exist");
    }
}

#[tokio::test]
async fn tags_are_those_of_the_values_metadata() {
    let bao = prepared().await;
    let root = root(&bao);
    let store = root.store(spec(bao.url(), by_token())).await;
    assert_eq!(find(&store, &tagged("tag", "1")).await.unwrap(), ["a", "a/b/deep", "a/one"]);
    let before = root.calls.count("ReadSecretData");
    let both = Query { name: named("one").name, ..tagged("tag", "2") };
    assert_eq!(find(&store, &both).await.unwrap(), ["b/one"]);
    assert_eq!(
        root.calls.count("ReadSecretData") - before,
        2,
        "only what has the name is asked for its tags"
    );
}

#[tokio::test]
async fn all_that_is_known_of_a_value_is_a_tag() {
    let bao = prepared().await;
    bao.put("secret", "b/one", &json!({ "v": "newer" })).await.expect("a value must be written");
    let store = root(&bao).store(spec(bao.url(), by_token())).await;
    assert_eq!(find(&store, &tagged("current_version", "2")).await.unwrap(), ["b/one"]);
    let both = Query {
        tags: [("tag", "1"), ("current_version", "1")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        ..Query::default()
    };
    assert_eq!(find(&store, &both).await.unwrap(), ["a", "a/b/deep", "a/one"]);
}

#[tokio::test]
async fn names_are_found_as_they_are_written() {
    let bao = bao().await;
    bao.mount_kv("kv1", 1).await.expect("a mount must be made");
    let root = root(&bao);
    let second = root.store(spec(bao.url(), by_token())).await;
    let first =
        root.store(with(spec(bao.url(), by_token()), json!({ "path": "kv1", "version": "v1" }))).await;
    let keys = ["...", "a b/c%d", "a+b&c=d;e:f@g,h!'()*", "grüße/🔑"];
    for key in keys {
        let escaped = key.replace('%', "%25").replace(' ', "%20");
        bao.put("secret", &escaped, &json!({ "key": key })).await.expect("a value must be written");
        bao.write(&format!("kv1/{escaped}"), &json!({ "key": key })).await.expect("a value must be written");
    }
    for (store, others) in [(&second, 1), (&first, 0)] {
        let found = find(store, &named("")).await.unwrap();
        assert_eq!(found.len(), keys.len() + others);
        for key in keys {
            assert!(found.contains(&key.to_owned()), "{key} is not among {found:?}");
            assert_eq!(parsed(&store.fetch(&Fetch::new(key)).await.unwrap()), json!({ "key": key }));
        }
    }
    for path in ["../sys", "a//b", "..%2f", "a?b", "a/../../auth"] {
        expect_kind(find(&second, &below(path)).await, Invalid);
        expect_kind(find(&first, &below(path)).await, Invalid);
    }
}

#[tokio::test]
async fn a_store_without_a_path_is_searched_from_the_mount_on() {
    let bao = prepared().await;
    let spec = with(spec(bao.url(), by_token()), json!({ "path": null }));
    let store = root(&bao).store(spec).await;
    for path in ["secret/a", "secret/data/a"] {
        let found = find(&store, &below(path)).await.unwrap();
        assert_eq!(found, ["secret/a/b/deep", "secret/a/one", "secret/a/two"], "{path}");
        assert_eq!(
            parsed(&store.fetch(&Fetch::new(found[1].as_str())).await.unwrap()),
            json!({ "v": "a/one" })
        );
    }
    assert_eq!(find(&store, &below("secret")).await.unwrap().len(), 6);
    expect_kind(find(&store, &named("")).await, Invalid);
    for path in ["sys", "sys/internal", "auth/token", "secret/../sys", "cubbyhole"] {
        expect_kind(find(&store, &below(path)).await, Invalid);
    }
}

#[tokio::test]
async fn version_one_lists_values_and_has_no_tags() {
    let bao = bao().await;
    bao.mount_kv("kv1", 1).await.expect("a mount must be made");
    bao.write("kv1/x/app", &json!({ "first": "one" })).await.expect("a value");
    let one = with(spec(bao.url(), by_token()), json!({ "path": "kv1", "version": "v1" }));
    let store = root(&bao).store(one).await;
    assert_eq!(find(&store, &named("app")).await.unwrap(), ["x/app"]);
    let error = expect_kind(find(&store, &tagged("a", "b")).await, Invalid);
    assert!(error.contains("cannot perform find by tag operations with kv version v1"), "{error}");
    let error = expect_kind(store.fetch(&Fetch::new("x/app").of_metadata()).await, Invalid);
    assert!(error.contains("cannot perform metadata fetch operations with kv version v1"), "{error}");
}

#[tokio::test]
async fn a_mount_of_the_other_version_is_no_empty_one() {
    let bao = bao().await;
    bao.mount_kv("kv1", 1).await.expect("a mount must be made");
    bao.write("kv1/app", &json!({ "first": "one" })).await.expect("a value");
    let store = root(&bao).store(with(spec(bao.url(), by_token()), json!({ "path": "kv1" }))).await;
    expect_kind(find(&store, &named("")).await, Invalid);
}

#[tokio::test]
async fn what_is_known_about_a_value_is_read_in_its_place() {
    let bao = prepared().await;
    let store = root(&bao).store(spec(bao.url(), by_token())).await;
    let known = parsed(&store.fetch(&Fetch::new("a/two").of_metadata()).await.unwrap());
    assert_eq!((&known["tag"], &known["current_version"]), (&json!("2"), &json!("1")));
    assert!(known["created_time"].is_string() && known["delete_version_after"] == "0s", "{known}");
    expect_kind(store.fetch(&Fetch::new("nope").of_metadata()).await, NotFound);
}

#[tokio::test]
async fn a_folder_that_may_not_be_listed_fails_the_whole_search() {
    let bao = prepared().await;
    let policy = r#"
        path "secret/metadata/" { capabilities = ["list"] }
        path "secret/metadata/a/" { capabilities = ["list"] }
        path "secret/data/*" { capabilities = ["read"] }
    "#;
    bao.policy("lister", policy).await.expect("a policy must be written");
    let made = bao.write("auth/token/create", &json!({ "policies": ["lister"] })).await.expect("a token");
    let token = made["auth"]["client_token"].as_str().expect("there must be a token").to_owned();
    let store = Setting::with_token(&token).store(spec(bao.url(), by_token())).await;
    let error = expect_kind(find(&store, &named("")).await, Denied);
    assert!(error.contains("must allow it to list this"), "{error}");
}

#[tokio::test]
async fn a_server_that_fails_in_the_middle_gives_no_shorter_list() {
    for (reply, expected) in [(429, Throttled), (500, Unavailable), (503, Unavailable), (403, Denied)] {
        let server = scripted().await;
        let names = json!({ "data": { "keys": ["one", "folder/"] } });
        server.always("LIST", "/v1/secret/metadata/", Reply::json(200, &names));
        let refusal = Reply::json(reply, &json!({ "errors": ["canary"] }));
        server.always("LIST", "/v1/secret/metadata/folder/", refusal);
        let store = Setting::with_token("s.t").store(spec(&server.url(), by_token())).await;
        let error = expect_kind(find(&store, &named("")).await, expected);
        assert!(!error.contains("canary"), "{error}");
    }
}

const ROOT: &str = "/v1/secret/metadata/";

/// A store on a server that names these in its root.
async fn naming(server: &Scripted, names: &[String]) -> Arc<dyn SecretProvider> {
    server.always("LIST", ROOT, Reply::json(200, &json!({ "data": { "keys": names } })));
    Setting::with_token("s.t").store(spec(&server.url(), by_token())).await
}

#[tokio::test]
async fn a_name_that_no_key_can_say_hides_itself_alone() {
    let server = scripted().await;
    let names = ["a?b", "a#b", "a\\b", "a%2fb", "a\0", "..", "%2E%2e/", "q?/", "", "one", "two/"];
    let store = naming(&server, &names.map(str::to_owned)).await;
    server.always(
        "LIST",
        &format!("{ROOT}two/"),
        Reply::json(200, &json!({ "data": { "keys": ["?", "in"] } })),
    );
    let tags = json!({ "data": { "current_version": 1, "custom_metadata": { "tag": "1" } } });
    for key in ["one", "two/in"] {
        server.always("GET", &format!("{ROOT}{key}"), Reply::json(200, &tags));
    }
    assert_eq!(find(&store, &named("")).await.unwrap(), ["one", "two/in"]);
    assert_eq!(find(&store, &tagged("tag", "1")).await.unwrap(), ["one", "two/in"]);
    let asked = server.requests();
    let is_known = |path: &str| {
        [ROOT, "/v1/secret/metadata/one"].contains(&path) || path.starts_with(&format!("{ROOT}two/"))
    };
    assert!(
        asked.iter().filter(|request| request.path.starts_with(ROOT)).all(|request| is_known(&request.path))
    );
}

#[tokio::test]
async fn a_search_that_is_too_large_is_its_own_fault_and_says_how_to_narrow_it() {
    for (count, length) in [(50_001, 6), (10_000, 300)] {
        let names: Vec<String> = (0..count).map(|number| format!("{number:0length$}")).collect();
        let server = scripted().await;
        let store = naming(&server, &names).await;
        let error = expect_kind(find(&store, &named("")).await, Invalid);
        assert!(error.contains("look further down, with find.path"), "{error}");
    }
}
