//! Reading values: where a question goes, and what each answer is.

use eso_core::{
    error::ErrorKind::{self, Denied, Invalid, NotFound, Throttled, Unavailable, Unexpected},
    provider::{Dialect, Documents, Lookup, MissingProperty},
};
use eso_rig::{Method, OpenBao, Reply};
use serde_json::{Value, json};

use crate::fixture::{
    APP, MOUNT, Setting, ask, bao, by_token, expect_kind, forbidden, parsed, read, refuse, scripted, spec,
    until, with,
};

fn root(bao: &OpenBao) -> Setting {
    Setting::with_token(bao.root_token())
}

async fn destroy(bao: &OpenBao, what: &str, key: &str, versions: &[u64]) {
    bao.write(&format!("secret/{what}/{key}"), &json!({"versions": versions}))
        .await
        .expect("a version must go");
}

#[tokio::test]
async fn a_version_that_is_there_is_read_and_one_that_is_gone_is_not_found() {
    let bao = bao().await;
    for number in 1..=4 {
        bao.put("secret", "many", &json!({"n": number.to_string()})).await.expect("a value must be written");
    }
    destroy(&bao, "delete", "many", &[2]).await;
    destroy(&bao, "destroy", "many", &[3]).await;
    let store = root(&bao).store(spec(bao.url(), by_token())).await;

    let newest = ask(&store, "many", None).await.expect("the newest version must be read");
    assert_eq!((parsed(&newest), newest.version), (json!({"n": "4"}), Some("4".into())));
    let first = ask(&store, "many", Some("1")).await.expect("the first version must be read");
    assert_eq!((parsed(&first), first.version), (json!({"n": "1"}), Some("1".into())));
    for gone in ["2", "3", "5"] {
        expect_kind(ask(&store, "many", Some(gone)).await, NotFound);
    }
    for nonsense in ["latest", "AWSCURRENT", "-1", ""] {
        expect_kind(ask(&store, "many", Some(nonsense)).await, Invalid);
    }
    bao.delete("secret/data/many").await.expect("the newest version must be deleted");
    assert_eq!(expect_kind(ask(&store, "many", None).await, NotFound), "Secret does not exist");
    assert_eq!(read(&store, "app").await, json!({"first": "1"}));
}

#[tokio::test]
async fn what_is_not_there_is_told_from_what_is_asked_wrongly() {
    let bao = bao().await;
    bao.mount_kv("kv1", 1).await.expect("a mount must be made");
    bao.write("kv1/app", &json!({"first": "one", "number": 9_007_199_254_740_993_u64}))
        .await
        .expect("a value");
    let root = root(&bao);
    let store = root.store(spec(bao.url(), by_token())).await;
    expect_kind(ask(&store, "nope", None).await, NotFound);
    let elsewhere = root.store(with(spec(bao.url(), by_token()), json!({"path": "nope"}))).await;
    let words = expect_kind(ask(&elsewhere, "app", None).await, Invalid);
    assert!(words.contains("nothing is mounted at this path"), "{words}");

    let first = with(spec(bao.url(), by_token()), json!({"path": "kv1", "version": "v1"}));
    let first = root.store(first).await;
    let fetched = ask(&first, "app", None).await.expect("a value of KV v1 must be read");
    let eso_core::provider::Value::Document(text) = &fetched.value else { panic!("KV keeps documents") };
    assert_eq!(text.expose_str(), Some(r#"{"first":"one","number":9007199254740993}"#));
    assert_eq!(fetched.version, None);
    expect_kind(ask(&first, "nope", None).await, NotFound);
    expect_kind(ask(&first, "app", Some("1")).await, Invalid);

    // The wrong KV version must never empty a Secret, so it must not look like an absence.
    let wrong = root.store(with(spec(bao.url(), by_token()), json!({"version": "v1"}))).await;
    let words = expect_kind(ask(&wrong, "app", None).await, Invalid);
    assert!(words.contains("the mount is of the other KV version"), "{words}");
    let wrong = root.store(with(spec(bao.url(), by_token()), json!({"path": "kv1"}))).await;
    let words = expect_kind(ask(&wrong, "app", None).await, Invalid);
    assert!(words.contains("the mount is of the other KV version"), "{words}");
}

#[tokio::test]
async fn a_mount_is_asked_for_its_version_once_and_only_when_nothing_is_there() {
    let bao = bao().await;
    let asked = |mark| {
        let requests = bao.since(mark).expect("the audit log must be read");
        requests.below("sys/internal/ui/mounts/").len()
    };
    let mark = bao.mark().expect("the audit log must be read");
    let root = root(&bao);
    let store = root.store(spec(bao.url(), by_token())).await;
    for _ in 0..3 {
        expect_kind(ask(&store, "nope", None).await, NotFound);
    }
    assert_eq!(asked(mark), 1);
    let mark = bao.mark().expect("the audit log must be read");
    let another = root.store(spec(bao.url(), by_token())).await;
    read(&another, "app").await;
    expect_kind(ask(&another, "nope", None).await, NotFound);
    assert_eq!(asked(mark), 0);
}

#[tokio::test]
async fn any_key_that_vault_can_keep_is_read() {
    let bao = bao().await;
    let root = root(&bao);
    let store = root.store(spec(bao.url(), by_token())).await;
    let free = root.store(with(spec(bao.url(), by_token()), json!({"path": null}))).await;
    let suffixed = root.store(with(spec(bao.url(), by_token()), json!({"path": "secret/data"}))).await;
    for key in
        ["plain", "a/b/c", "mit Leerzeichen", "grüße/🔑", "100%", "a+b&c=d;e:f@g,h!'()*", "data/x", "..."]
    {
        let escaped = key.replace('%', "%25").replace(' ', "%20");
        bao.put("secret", &escaped, &json!({"key": key})).await.expect("a value must be written");
        assert_eq!(read(&store, key).await, json!({"key": key}));
        assert_eq!(read(&store, &format!("secret/data/{key}")).await, json!({"key": key}));
        assert_eq!(read(&suffixed, key).await, json!({"key": key}));
        assert_eq!(read(&free, &format!("secret/data/{key}")).await, json!({"key": key}));
    }
    assert_eq!(read(&free, "secret/a/b/c").await, json!({"key": "a/b/c"}));
}

#[tokio::test]
async fn any_key_that_vault_can_keep_is_read_under_version_one_too() {
    let bao = bao().await;
    bao.mount_kv("team/kv1", 1).await.expect("a mount must be made");
    let root = root(&bao);
    let inside =
        root.store(with(spec(bao.url(), by_token()), json!({"path": "team/kv1", "version": "v1"}))).await;
    let free = root.store(with(spec(bao.url(), by_token()), json!({"path": null, "version": "v1"}))).await;
    for key in [
        "plain",
        "a/b/c",
        "mit Leerzeichen",
        "grüße/🔑",
        "100%",
        "a+b&c=d;e:f@g,h!'()*",
        "data/x",
        "metadata/x",
        "...",
    ] {
        let escaped = key.replace('%', "%25").replace(' ', "%20");
        bao.write(&format!("team/kv1/{escaped}"), &json!({"key": key}))
            .await
            .expect("a value must be written");
        assert_eq!(read(&inside, key).await, json!({"key": key}));
        assert_eq!(read(&inside, &format!("team/kv1/{key}")).await, json!({"key": key}));
    }
    // Without a path, the mount is the first segment: where mounts are deeper, only the server knows.
    assert_eq!(read(&free, "team/kv1/a/b/c").await, json!({"key": "a/b/c"}));
}

/// How often it was asked what is mounted somewhere, since then.
fn mounts_asked(bao: &OpenBao, mark: eso_rig::Mark) -> usize {
    bao.since(mark).expect("the audit log must be read").below("sys/internal/ui/mounts/").len()
}

#[tokio::test]
async fn a_mount_whose_version_is_not_said_is_read_by_the_one_that_it_is_of() {
    let bao = bao().await;
    bao.mount_kv("kv1", 1).await.expect("a mount must be made");
    bao.write("kv1/data/app", &json!({"of": "one"})).await.expect("a value must be written");
    let root = root(&bao);
    let unsaid = |path: &str| with(spec(bao.url(), by_token()), json!({"version": null, "path": path}));
    let mark = bao.mark().expect("the audit log must be read");
    let (first, second) = (root.store(unsaid("kv1")).await, root.store(unsaid("/secret/data/")).await);
    assert_eq!(mounts_asked(&bao, mark), 2, "once for each store");
    assert_eq!(read(&first, "data/app").await, json!({"of": "one"}));
    assert_eq!(read(&second, "app").await, json!({"first": "1"}));
    assert_eq!(first.canonical(&"kv1/data/app".into()), Some("data/app".into()));
    assert_eq!(second.canonical(&"secret/data/app".into()), Some("app".into()));
    expect_kind(ask(&first, "nope", None).await, NotFound);
    assert_eq!(mounts_asked(&bao, mark), 2, "and never again");
    let checked = |path: &str| with(unsaid(path), json!({"checkAndSet": {"required": true}}));
    let words = expect_kind(root.connect(checked("kv1")).await, Invalid);
    assert!(words.ends_with("checkAndSet is not supported with Vault KV version v1"), "{words}");
    assert!(root.connect(checked("secret")).await.is_ok());
    bao.write("sys/mounts/totp", &json!({"type": "totp"})).await.expect("a mount must be made");
    let words = expect_kind(root.connect(unsaid("totp")).await, Invalid);
    assert!(words.ends_with("path leads to no KV mount"), "{words}");
}

#[tokio::test]
async fn a_server_that_does_not_say_a_version_leaves_it_at_two_and_one_in_trouble_does_not() {
    let server = scripted().await;
    let setting = Setting::with_token("s.t");
    let unsaid = with(spec(&server.url(), by_token()), json!({"version": null}));
    for silence in [Reply::json(404, &json!({"errors": []})), forbidden(), Reply::status(200)] {
        server.once("GET", MOUNT, silence);
        let store = setting.store(unsaid.clone()).await;
        assert_eq!(read(&store, "app").await, json!({"first": "1"}));
    }
    for (status, kind) in [(503, Unavailable), (429, Throttled), (307, Invalid), (418, Unexpected)] {
        server.once("GET", MOUNT, Reply::status(status));
        expect_kind(setting.connect(unsaid.clone()).await, kind);
    }
}

#[tokio::test]
async fn a_policy_that_says_no_is_denied_and_costs_no_login() {
    let bao = bao().await;
    bao.put("secret", "denied/app", &json!({"x": "y"})).await.expect("a value must be written");
    let token = bao.token(&["reader"], &json!({})).await.expect("a token must be made");
    let store = Setting::with_token(&token).store(spec(bao.url(), by_token())).await;
    let words = expect_kind(ask(&store, "denied/app", None).await, Denied);
    assert!(words.starts_with("cannot read secret data from Vault: permission denied"), "{words}");
    assert_eq!(read(&store, "app").await, json!({"first": "1"}));
}

#[tokio::test]
async fn values_are_read_in_the_namespace_of_the_store() {
    let bao = bao().await;
    bao.write("sys/namespaces/team", &json!({})).await.expect("a namespace must be made");
    let mount = json!({"type": "kv", "options": {"version": "2"}});
    bao.write("team/sys/mounts/kv", &mount).await.expect("a mount must be made");
    until("the mount is ready", async || bao.put("team/kv", "app", &json!({"of": "team"})).await.is_ok())
        .await;
    let root = root(&bao);
    let auth = with(by_token(), json!({"namespace": ""}));
    let inside = json!({"path": "kv", "namespace": "team"});
    let store = root.store(with(spec(bao.url(), auth), inside)).await;
    assert_eq!(read(&store, "app").await, json!({"of": "team"}));
    store.check().await.expect("the token must be good");
    let nowhere = json!({"path": "kv", "namespace": "nobody"});
    let wrong = root.connect(with(spec(bao.url(), by_token()), nowhere)).await;
    match wrong {
        Err(error) => assert_ne!(error.kind(), NotFound, "{error}"),
        Ok(store) => {
            let error = ask(&store, "app", None).await.expect_err("there must be no such namespace");
            assert_ne!(error.kind(), NotFound, "{error}");
        }
    }
}

#[tokio::test]
async fn a_question_is_one_request_with_the_headers_of_the_store() {
    let server = scripted().await;
    let place = "/v1/team/kv/data/gr%C3%BC%C3%9Fe%20an/a%25b";
    server.always("GET", place, Reply::json(200, &json!({"data": {"data": {}}})));
    let setting = Setting::with_token("s.static\n");
    let more = json!({"path": "team/kv", "namespace": " outer/inner "});
    let store = setting.store(with(spec(&server.url(), by_token()), more)).await;
    ask(&store, "grüße an/a%b", Some("7")).await.expect("the value must be read");
    let requests = server.requests();
    let read = requests.last().expect("there must be a request");
    assert_eq!((read.path.as_str(), read.query.as_str()), (place, "version=7"));
    for (name, value) in
        [("x-vault-token", "s.static"), ("x-vault-namespace", "outer/inner"), ("x-vault-request", "true")]
    {
        assert_eq!(read.header(name), value);
    }
    assert_eq!(requests.len(), 2, "one look-up before its first use, and the read");
}

#[tokio::test]
async fn a_server_below_a_path_is_reached_there() {
    let server = scripted().await;
    let look_up = Reply::json(200, &json!({"data": {"ttl": 0}}));
    server.always("GET", "/vault/v1/auth/token/lookup-self", look_up);
    let data = Reply::json(200, &json!({"data": {"data": {"below": "a path"}}}));
    server.always("GET", "/vault/v1/secret/data/app", data);
    let store = Setting::with_token("s.t").store(spec(&format!("{}/vault/", server.url()), by_token())).await;
    assert_eq!(read(&store, "app").await, json!({"below": "a path"}));
}

#[tokio::test]
async fn no_key_makes_a_request_outside_its_mount() {
    let server = scripted().await;
    let setting = Setting::with_token("s.t");
    let inside = setting.store(spec(&server.url(), by_token())).await;
    let first = json!({"path": null, "version": "v1"});
    let free = setting.store(with(spec(&server.url(), by_token()), first)).await;
    let before = server.requests().len();
    for key in
        ["../../auth/token/lookup-self", "..%2f..%2fauth", "a//b", "a?version=1", "a#b", "a%00", "a\0", ""]
    {
        expect_kind(ask(&inside, key, None).await, Invalid);
        expect_kind(ask(&free, &format!("secret/{key}"), None).await, Invalid);
    }
    for key in ["auth/token/lookup-self", "sys/mounts", "cubbyhole/x", "one"] {
        expect_kind(ask(&free, key, None).await, Invalid);
    }
    assert_eq!(server.requests().len(), before);
    expect_kind(ask(&inside, "/v1/mounts", None).await, Unavailable);
    let last = server.requests().pop().expect("there must be a request");
    assert_eq!(
        last.path, "/v1/secret/data/v1/mounts",
        "a leading /v1/ is a part of the key, inside the mount"
    );
}

/// Namespaces within namespaces, a KV mount of each version in them, and another engine.
async fn nested(bao: &OpenBao) {
    for namespace in ["sys/namespaces/team", "team/sys/namespaces/data"] {
        bao.write(namespace, &json!({})).await.expect("a namespace must be made");
    }
    for (mount, version) in [("team/sys/mounts/kv", "2"), ("team/data/sys/mounts/old", "1")] {
        let mount_options = json!({"type": "kv", "options": {"version": version}});
        bao.write(mount, &mount_options).await.expect("a mount must be made");
    }
    bao.write("team/sys/mounts/totp", &json!({"type": "totp"})).await.expect("a mount must be made");
    bao.write("team/data/old/auth/token/app", &json!({"in": "old"})).await.expect("a value must be written");
    let key = json!({"generate": true, "issuer": "i", "account_name": "a"});
    bao.write("team/totp/keys/app", &key).await.expect("a key must be made");
    bao.write("team/identity/oidc/key/key", &json!({"allowed_client_ids": "*"}))
        .await
        .expect("a key must be made");
    let put = async || bao.put("team/kv", "identity/auth/app", &json!({"in": "kv"})).await.is_ok();
    until("the mount is ready", put).await;
}

#[tokio::test]
async fn nothing_of_vault_is_read_but_kv_in_whatever_namespace_a_key_leads_to() {
    let bao = bao().await;
    nested(&bao).await;
    let root = root(&bao);
    let connect = async |more: Value| root.store(with(spec(bao.url(), by_token()), more)).await;
    let first = connect(json!({"path": null, "version": "v1"})).await;
    let second = connect(json!({"path": null})).await;
    let inside = connect(json!({"path": null, "version": "v1", "namespace": "team"})).await;
    assert_eq!(read(&first, "team/data/old/auth/token/app").await, json!({"in": "old"}));
    assert_eq!(read(&inside, "data/old/auth/token/app").await, json!({"in": "old"}));
    assert_eq!(read(&second, "team/kv/data/identity/auth/app").await, json!({"in": "kv"}));
    assert_eq!(read(&second, "secret/app").await, json!({"first": "1"}));

    let below_a_namespace = connect(json!({"path": "team", "version": "v1"})).await;
    let beside_data = connect(json!({"path": "team"})).await;
    for store in [&below_a_namespace, &beside_data] {
        store.check().await.expect("the token must be good");
    }
    let mark = bao.mark().expect("the audit log must be read");
    for (store, key) in [
        (&first, "team/auth/token/lookup-self"),
        (&first, "team/data/auth/token/lookup-self"),
        (&first, "team/sys/mounts"),
        (&first, "team/data/sys/auth"),
        (&first, "team/identity/oidc/key/key"),
        (&first, "team/cubbyhole/x"),
        (&first, "team/totp/code/app"),
        (&inside, "data/auth/token/lookup-self"),
        (&inside, "totp/code/app"),
        (&below_a_namespace, "auth/token/lookup-self"),
        (&below_a_namespace, "sys/mounts"),
        (&beside_data, "auth/token/lookup-self"),
        (&beside_data, "sys/mounts"),
    ] {
        let words = expect_kind(ask(store, key, None).await, Invalid);
        assert!(words.contains("only a KV mount is read"), "{key}: {words}");
    }
    let requests = bao.since(mark).expect("the audit log must be read");
    assert_eq!(requests.len(), 13, "nothing is asked but what is mounted there");
    assert_eq!(requests.below("sys/internal/ui/mounts/").len(), 13);
}

#[tokio::test]
async fn a_key_that_chooses_its_mount_costs_one_more_question_for_each_mount() {
    let bao = bao().await;
    let token = bao.token(&["reader"], &json!({})).await.expect("a token must be made");
    let store =
        Setting::with_token(&token).store(with(spec(bao.url(), by_token()), json!({"path": null}))).await;
    let mark = bao.mark().expect("the audit log must be read");
    for _ in 0..3 {
        assert_eq!(read(&store, "secret/app").await, json!({"first": "1"}));
        expect_kind(ask(&store, "secret/auth/nope", None).await, NotFound);
        expect_kind(ask(&store, "elsewhere/app", None).await, Denied);
    }
    let asked = bao.since(mark).expect("the audit log must be read").below("sys/internal/ui/mounts/");
    let about = |place: &str| asked.path(&format!("sys/internal/ui/mounts/{place}")).len();
    assert_eq!(about("secret/data/app"), 1);
    assert_eq!(about("secret/data/auth/nope"), 0);
    assert_eq!(about("elsewhere/data/app"), 3, "a mount that may not be read stays unknown");
}

#[tokio::test]
async fn a_server_that_does_not_say_what_is_mounted_is_not_read_where_a_key_chooses_the_mount() {
    let server = scripted().await;
    let more = json!({"path": null, "version": "v1"});
    let store = Setting::with_token("s.t").store(with(spec(&server.url(), by_token()), more)).await;
    let place = "/v1/sys/internal/ui/mounts/team/kv/app";
    let said = |engine: &str| Reply::json(200, &json!({"data": {"type": engine, "path": "team/kv/"}}));
    for (reply, kind) in [
        (Reply::json(404, &json!({"errors": []})), Invalid),
        (Reply::json(404, &json!({"errors": ["unsupported path"]})), Invalid),
        (Reply::json(200, &json!({"data": {"options": {"version": "1"}}})), Invalid),
        (said("database"), Invalid),
        (Reply::json(403, &json!({"errors": ["preflight capability check returned 403"]})), Denied),
        (Reply::status(503), Unavailable),
        (Reply::status(429), Throttled),
    ] {
        server.once("GET", place, reply);
        expect_kind(ask(&store, "team/kv/app", None).await, kind);
    }
    assert_eq!(server.count("GET", "/v1/team/kv/app"), 0);
    server.always("GET", place, said("kv"));
    server.always("GET", "/v1/team/kv/app", Reply::json(200, &json!({"data": {"a": "b"}})));
    assert_eq!(read(&store, "team/kv/app").await, json!({"a": "b"}));
}

#[tokio::test]
async fn an_absence_is_not_believed_while_the_server_cannot_say_which_version_its_mount_is() {
    let server = scripted().await;
    let store = Setting::with_token("s.t").store(spec(&server.url(), by_token())).await;
    server.always("GET", "/v1/secret/data/nope", Reply::json(404, &json!({"errors": []})));
    server.once("GET", MOUNT, Reply::status(503));
    expect_kind(ask(&store, "nope", None).await, Unavailable);
    server.once("GET", MOUNT, forbidden());
    expect_kind(ask(&store, "nope", None).await, NotFound);
}

#[tokio::test]
async fn every_answer_has_its_kind() {
    let server = scripted().await;
    let store = Setting::with_token("s.t").store(spec(&server.url(), by_token())).await;
    let error = |phrase: &str| json!({"errors": [phrase]});
    let cases: Vec<(u16, Value, ErrorKind)> = vec![
        (200, json!({"data": {"data": null, "metadata": {"version": 3}}}), NotFound),
        (200, json!({"data": {"first": "KV version 1"}}), Unexpected),
        (204, json!(null), Unexpected),
        (307, json!(null), Invalid),
        (400, error("bad request"), Invalid),
        (403, error("permission denied"), Denied),
        (404, json!({"errors": []}), NotFound),
        (404, error("no handler for route \"secret/data/app\". route entry not found."), Invalid),
        (404, json!("default backend"), Unexpected),
        (405, error("unsupported operation"), Invalid),
        (412, error("required index state not present"), Unavailable),
        (429, error("request path: rate limit quota exceeded"), Throttled),
        (472, json!(null), Unavailable),
        (473, json!(null), Unavailable),
        (500, error("internal error"), Unavailable),
        (502, json!("a proxy's page"), Unavailable),
        (503, error("Vault is sealed"), Unavailable),
    ];
    for (status, body, kind) in cases {
        refuse(&server, ("GET", APP), status, &body);
        let error = ask(&store, "app", None).await.expect_err("this must fail");
        assert_eq!(error.kind(), kind, "HTTP {status} {body}: {error}");
        assert_eq!(error.key().map(ToString::to_string).as_deref(), Some("app"));
    }
    server.once("GET", APP, Reply::status(429).header("retry-after", "9"));
    let throttled = ask(&store, "app", None).await.expect_err("this must fail");
    assert_eq!(throttled.retry_after(), Some(std::time::Duration::from_secs(9)));
    assert_eq!(read(&store, "app").await, json!({"first": "1"}));
}

#[tokio::test]
async fn a_store_says_what_it_is() {
    let server = scripted().await;
    let store = Setting::with_token("canary-3f61").store(spec(&server.url(), by_token())).await;
    assert_eq!(store.to_string(), "HashiCorp/Vault");
    let dialect = Dialect {
        lookup: Lookup::KeyThenPath,
        documents: Documents::GoMarshal,
        missing_property: MissingProperty::NoSecretData,
    };
    assert_eq!(store.dialect(), dialect);
    assert!(store.writer().is_some() && store.finder().is_some());
    assert!(!format!("{store:?} {store:#?}").contains("canary-3f61"));
}

#[tokio::test]
async fn what_is_behind_a_store_is_its_server_below_its_path_and_in_its_namespace() {
    let server = scripted().await;
    let backend = async |path: &str, more: Value| {
        let spec = with(spec(&format!("{}{path}", server.url()), by_token()), more);
        let backend = Setting::with_token("canary-81d2").store(spec).await.backend();
        backend.expect("a server must be behind a store").id
    };
    let url = server.url();
    assert_eq!(backend("", json!({})).await, format!("vault/{url}"));
    assert_eq!(backend("/", json!({"path": "other"})).await, format!("vault/{url}"));
    assert_eq!(backend("/one/", json!({})).await, format!("vault/{url}/one"));
    assert_eq!(backend("/two", json!({})).await, format!("vault/{url}/two"));
    assert_eq!(backend("", json!({"namespace": " /a/b/ "})).await, format!("vault/{url}?namespace=a/b"));
    assert_eq!(backend("/one", json!({"namespace": "c"})).await, format!("vault/{url}/one?namespace=c"));
}

#[tokio::test]
async fn a_version_that_was_undeleted_is_back() {
    let bao = bao().await;
    let store = root(&bao).store(spec(bao.url(), by_token())).await;
    bao.request(Method::DELETE, "secret/data/app", None).await.expect("OpenBao must answer");
    expect_kind(ask(&store, "app", None).await, NotFound);
    destroy(&bao, "undelete", "app", &[1]).await;
    assert_eq!(read(&store, "app").await, json!({"first": "1"}));
}
