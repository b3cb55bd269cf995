//! Between us and the server: certificates, redirects, servers that are sealed, slow or gone.

use std::sync::Arc;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use eso_core::{
    error::ErrorKind::{Invalid, Unauthenticated, Unavailable, Unexpected},
    provider::{Delete, Expected, Put, Query, SecretProvider},
};
use eso_rig::{Mode, OpenBao, Reply, ScriptedRequest};
use serde_json::{Value, json};

use crate::fixture::{
    APP, LOG_IN, LOOK_UP, Setting, app_role, ask, by_app_role, by_token, expect_kind, granted, put_app, read,
    refuse, scripted, scripted_role, spec, until, with,
};

const FOLDER: &str = "/v1/secret/metadata/folder/";

async fn over_tls() -> OpenBao {
    with_tls(Mode::Persistent).await
}

async fn with_tls(mode: Mode) -> OpenBao {
    let bao = OpenBao::start(mode).await.expect("OpenBao must start");
    bao.mount_kv("secret", 2).await.expect("a mount must be made");
    put_app(&bao).await;
    bao
}

fn bundle(pem: &str) -> Value {
    json!({"caBundle": pem})
}

#[tokio::test]
async fn a_private_authority_is_believed_only_where_the_store_names_it() {
    let bao = over_tls().await;
    let authority = bao.ca_pem().expect("a server with TLS must have an authority");
    let setting = Setting::with_token(bao.root_token());
    let plain = spec(bao.url(), by_token());

    let store = setting.store(with(plain.clone(), bundle(authority))).await;
    assert_eq!(read(&store, "app").await, json!({"first": "1"}));
    setting.credentials.put_authority("ca", authority);
    let provider = json!({"caProvider": {"type": "ConfigMap", "name": "ca", "key": "ca.crt"}});
    let store = setting.store(with(plain.clone(), provider.clone())).await;
    assert_eq!(read(&store, "app").await, json!({"first": "1"}));

    let stranger = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]);
    let stranger = stranger.expect("a certificate must be made").cert.pem();
    for wrong in [plain.clone(), with(plain.clone(), bundle(&stranger))] {
        let words = expect_kind(setting.validate(wrong).await, Invalid);
        let expected =
            "the server's certificate is not signed by the roots of this store: check caBundle or caProvider";
        assert!(words.ends_with(expected), "{words}");
    }
    setting.credentials.put_authority("ca", "no certificate");
    let words = expect_kind(setting.connect(with(plain, provider)).await, Invalid);
    assert!(words.contains("holds no PEM certificates"), "{words}");
}

#[tokio::test]
async fn the_wrong_scheme_is_said() {
    let bao = over_tls().await;
    let setting = Setting::with_token(bao.root_token());
    let http = bao.url().replace("https:", "http:");
    let words = expect_kind(setting.validate(spec(&http, by_token())).await, Unexpected);
    assert!(words.contains("is there a Vault at this address, and is it https or http?"), "{words}");
    let plain = scripted().await;
    let https = plain.url().replace("http:", "https:");
    let words = expect_kind(setting.validate(spec(&https, by_token())).await, Invalid);
    assert!(words.ends_with("check whether the address is https or http"), "{words}");
}

#[tokio::test]
async fn a_server_that_was_sealed_gone_or_stuck_is_unavailable_and_then_works_again() {
    let bao = over_tls().await;
    let setting = Setting::with_token(bao.root_token());
    let authority = bao.ca_pem().expect("a server with TLS must have an authority");
    let spec = with(spec(bao.url(), by_token()), bundle(authority));
    let store = setting.store(spec.clone()).await;

    bao.seal().await.expect("OpenBao must be sealed");
    let words = expect_kind(ask(&store, "app", None).await, Unavailable);
    assert!(words.contains("Vault is sealed: unseal it"), "{words}");
    expect_kind(setting.validate(spec.clone()).await, Unavailable);
    expect_kind(store.check().await, Unavailable);
    bao.unseal().await.expect("OpenBao must be unsealed");
    until("it reads again", async || ask(&store, "app", None).await.is_ok()).await;

    bao.pause().expect("OpenBao must stop");
    let words = expect_kind(ask(&store, "app", None).await, Unavailable);
    assert!(words.ends_with("the server did not answer in time"), "{words}");
    bao.resume().expect("OpenBao must go on");
    until("it reads again", async || ask(&store, "app", None).await.is_ok()).await;

    bao.kill();
    let words = expect_kind(ask(&store, "app", None).await, Unavailable);
    assert!(words.ends_with("the server cannot be reached: check the address and the network"), "{words}");
    bao.restart().await.expect("OpenBao must start again");
    bao.unseal().await.expect("OpenBao must be unsealed");
    until("it reads again", async || ask(&store, "app", None).await.is_ok()).await;
}

#[tokio::test]
async fn a_login_outlives_a_seal_and_one_is_made_after_it_without_a_restart() {
    let bao = over_tls().await;
    let policy = "path \"secret/*\" { capabilities = [\"read\"] }";
    bao.policy("reader", policy).await.expect("a policy must be written");
    let setting = app_role(&bao, json!({})).await;
    let spec = with(spec(bao.url(), by_app_role()), bundle(bao.ca_pem().expect("an authority")));
    let before = setting.store(spec.clone()).await;
    assert_eq!(read(&before, "app").await, json!({"first": "1"}));
    bao.seal().await.expect("OpenBao must be sealed");
    expect_kind(ask(&before, "app", None).await, Unavailable);
    let words = expect_kind(setting.connect(spec.clone()).await, Unavailable);
    assert!(words.contains("Vault is sealed: unseal it"), "{words}");
    bao.unseal().await.expect("OpenBao must be unsealed");
    until("it reads again", async || ask(&before, "app", None).await.is_ok()).await;
    let after = setting.store(spec).await;
    assert_eq!(read(&after, "app").await, json!({"first": "1"}));
}

fn redirect(status: u16, location: &str) -> Reply {
    Reply::status(status).header("location", location)
}

#[tokio::test]
async fn a_standbys_redirect_is_followed_once_with_all_that_was_sent() {
    let (standby, active) = (scripted().await, scripted().await);
    for (method, place) in [("GET", APP), ("GET", LOOK_UP), ("POST", LOG_IN), ("LIST", FOLDER)] {
        standby.always(method, place, redirect(307, &format!("{}{place}", active.url())));
    }
    active.always("LIST", FOLDER, Reply::json(200, &json!({"data": {"keys": ["app"]}})));
    let more = json!({"namespace": "team", "headers": {"X-Proxy": "canary"}, "readYourWrites": true, "forwardInconsistent": true});
    let store = scripted_role().store(with(spec(&standby.url(), by_app_role()), more)).await;
    assert_eq!(read(&store, "app").await, json!({"first": "1"}));
    store.check().await.expect("the token must be good");
    let query = Query { path: Some("folder".to_owned()), ..Query::default() };
    assert_eq!(store.finder().expect("it can look").find(&query).await.map(|found| found.len()), Ok(1));
    let (asked, answered) = (standby.requests(), active.requests());
    assert_eq!((asked.len(), answered.len()), (4, 4));
    for (asked, answered) in asked.iter().zip(&answered) {
        assert_eq!(
            (&asked.method, &asked.path, &asked.body),
            (&answered.method, &answered.path, &answered.body)
        );
        for name in
            ["x-vault-token", "x-vault-namespace", "x-vault-request", "x-proxy", "x-vault-inconsistent"]
        {
            assert_eq!(asked.header(name), answered.header(name), "{name}");
        }
        assert_eq!((answered.header("x-vault-namespace"), answered.header("x-proxy")), ("team", "canary"));
    }
    assert_eq!(answered[1].header("x-vault-token"), "s.made");
    assert!(answered[0].json()["secret_id"].is_string(), "a login is handed on whole");
}

const RENEW: &str = "/v1/auth/token/renew-self";
const REVOKE: &str = "/v1/auth/token/revoke-self";
const BESIDE: &str = "/v1/secret/metadata/app";

#[tokio::test]
async fn a_standbys_redirect_is_followed_for_writes_deletions_renewals_and_revocations_too() {
    let (standby, active) = (scripted().await, scripted().await);
    let changes = [("POST", APP), ("POST", BESIDE), ("DELETE", BESIDE), ("POST", RENEW), ("POST", REVOKE)];
    for (method, place) in changes {
        standby.always(method, place, redirect(307, &format!("{}{place}", active.url())));
        active.always(method, place, Reply::status(204));
    }
    let custom = json!({"managed-by": "external-secrets"});
    let known = json!({"data": {"current_version": 1, "custom_metadata": custom}});
    standby.always("GET", BESIDE, Reply::json(200, &known));
    active.always("POST", APP, Reply::json(200, &json!({"data": {"version": 2}})));
    active.always("POST", RENEW, granted("s.made", 3600));
    standby.once("POST", LOG_IN, granted("s.made", 3));
    let store = scripted_role().store(spec(&standby.url(), by_app_role())).await;
    until("it was renewed", async || {
        read(&store, "app").await;
        active.count("POST", RENEW) == 1
    })
    .await;
    let writer = store.writer().expect("it can write");
    let metadata = json!({
        "apiVersion": "kubernetes.external-secrets.io/v1alpha1",
        "kind": "PushSecretMetadata",
        "spec": {"customMetadata": {"team": "a"}},
    });
    let (value, expected) = (Some(r#"{"a":"b"}"#.into()), Expected::Ours(None));
    let put = Put { metadata: Some(metadata), ..Put::new("app", value, expected) };
    assert_eq!(writer.put(&put).await, Ok(Some("2".into())));
    assert_eq!(writer.delete(&Delete { key: "app".into(), version: None }).await, Ok(()));
    store.close().await;
    assert_eq!(standby.count("POST", LOG_IN), 1);
    let is_change =
        |request: &&ScriptedRequest| changes.contains(&(request.method.as_str(), request.path.as_str()));
    let (asked, answered) = (standby.requests(), active.requests());
    let asked: Vec<_> = asked.iter().filter(is_change).collect();
    assert_eq!((asked.len(), answered.len()), (5, 5));
    for (asked, answered) in asked.into_iter().zip(&answered) {
        assert_eq!(
            (&asked.method, &asked.path, &asked.body),
            (&answered.method, &answered.path, &answered.body)
        );
        assert_eq!(answered.header("x-vault-token"), "s.made");
    }
    assert_eq!(answered[2].json()["data"], json!({"a": "b"}), "a value is handed on whole");
}

#[tokio::test]
async fn no_other_redirect_is_followed_and_no_token_is_sent_to_another_host() {
    let (server, other) = (scripted().await, scripted().await);
    let setting = Setting::with_token("s.t");
    let store = setting.store(spec(&server.url(), by_token())).await;
    let to = |place: &str| format!("{}{place}", other.url());
    let https = to(APP).replace("http:", "https:");
    let user = to(APP).replace("//", "//user:word@");
    for reply in [
        redirect(301, &to(APP)),
        redirect(302, &to(APP)),
        redirect(303, &to(APP)),
        redirect(308, &to(APP)),
        redirect(307, &to("/v1/secret/data/other")),
        redirect(307, &to("/v1/secret/data/app?version=1")),
        redirect(307, &to("/v1/sys/seal")),
        redirect(307, &to("/")),
        redirect(307, APP),
        redirect(307, &https),
        redirect(307, &user),
        redirect(307, "http://169.254.169.254/v1/secret/data/app"),
        Reply::status(307),
    ] {
        server.once("GET", APP, reply);
        let words = expect_kind(ask(&store, "app", None).await, Invalid);
        assert!(words.contains("the server redirects where this store does not follow"), "{words}");
    }
    server.once("GET", LOOK_UP, redirect(302, &to(LOOK_UP)));
    expect_kind(setting.validate(spec(&server.url(), by_token())).await, Invalid);
    assert!(other.requests().is_empty());

    // Two standbys that name each other are left after the first.
    server.once("GET", APP, redirect(307, &to(APP)));
    other.once("GET", APP, redirect(307, &format!("{}{APP}", server.url())));
    let before = server.count("GET", APP);
    expect_kind(ask(&store, "app", None).await, Invalid);
    assert_eq!((server.count("GET", APP) - before, other.requests().len()), (1, 1));
}

#[tokio::test]
async fn an_active_node_that_is_gone_is_the_servers_trouble() {
    let standby = scripted().await;
    standby.once("GET", APP, redirect(307, &format!("http://127.0.0.1:9{APP}")));
    let store = Setting::with_token("s.t").store(spec(&standby.url(), by_token())).await;
    expect_kind(ask(&store, "app", None).await, Unavailable);
    assert_eq!(read(&store, "app").await, json!({"first": "1"}));
}

#[tokio::test]
async fn headers_of_a_store_are_sent_with_each_request_and_shown_to_nobody() {
    let server = scripted().await;
    let headers = json!({"headers": {"Authorization": "Basic canary-77a0", "X-Team": "grüße"}});
    let store = scripted_role().store(with(spec(&server.url(), by_app_role()), headers)).await;
    read(&store, "app").await;
    store.check().await.expect("the token must be good");
    let requests = server.requests();
    assert_eq!(requests.len(), 3, "a login, a read and a look-up");
    for request in requests {
        assert_eq!(request.header("authorization"), "Basic canary-77a0");
        assert_eq!(request.headers["x-team"].as_bytes(), "grüße".as_bytes());
        assert_eq!(request.header("x-vault-request"), "true");
    }
    assert!(!format!("{store:?} {store:#?}").contains("canary-77a0"));
    let token = json!({"headers": {"X-Vault-Token": "canary-77a0"}});
    let words =
        expect_kind(scripted_role().connect(with(spec(&server.url(), by_app_role()), token)).await, Invalid);
    assert_eq!(words, "cannot initialize Vault client: headers: \"X-Vault-Token\" is the operator's own");
}

#[tokio::test]
async fn what_a_store_has_seen_is_asked_for_from_then_on_and_by_no_other_store() {
    let server = scripted().await;
    let state = |index: u32| BASE64_STANDARD.encode(format!("v1:cluster:{index}:{index}:c0ffee"));
    let data = json!({"data": {"data": {"first": "1"}, "metadata": {"version": 1}}});
    let answer = |index: u32| Reply::json(200, &data).header("x-vault-index", &state(index));
    let connect = async |more: Value| {
        Setting::with_token("s.t").store(with(spec(&server.url(), by_token()), more)).await
    };
    let plain = connect(json!({})).await;
    let consistent = connect(json!({"readYourWrites": true})).await;
    let forwarded = connect(json!({"readYourWrites": true, "forwardInconsistent": true})).await;
    let asked = async |store: &Arc<dyn SecretProvider>, index: u32| {
        server.once("GET", APP, answer(index));
        read(store, "app").await;
        let last = server.requests().pop().expect("there must be a request");
        (last.header("x-vault-index").to_owned(), last.header("x-vault-inconsistent").to_owned())
    };
    let none = String::new;
    for store in [&plain, &consistent] {
        assert_eq!(asked(store, 7).await, (none(), none()), "nothing was seen yet");
    }
    assert_eq!(asked(&plain, 8).await, (none(), none()));
    assert_eq!(asked(&consistent, 9).await, (state(7), none()));
    assert_eq!(asked(&consistent, 8).await, (state(9), none()));
    assert_eq!(asked(&consistent, 9).await, (state(9), none()), "an older answer takes nothing back");
    assert_eq!(asked(&forwarded, 1).await, (none(), "forward-active-node".to_owned()));
    assert_eq!(asked(&forwarded, 1).await, (state(1), "forward-active-node".to_owned()));
    refuse(&server, ("GET", APP), 412, &json!({"errors": ["required index state not present"]}));
    expect_kind(ask(&consistent, "app", None).await, Unavailable);
}

#[tokio::test]
async fn a_server_that_asks_for_a_certificate_serves_those_who_show_one() {
    let bao = with_tls(Mode::Mutual).await;
    let (url, certificate, key) = bao.mutual().expect("this server must have a second address");
    let setting = Setting::with_token(bao.root_token());
    let authority = bundle(bao.ca_pem().expect("a server with TLS must have an authority"));
    let plain = with(spec(url, by_token()), authority);
    let shown = with(
        plain.clone(),
        json!({"tls": {"certSecretRef": {"name": "client"}, "keySecretRef": {"name": "client"}}}),
    );
    let words = expect_kind(setting.connect(shown.clone()).await, Unauthenticated);
    assert!(words.contains("client"), "the Secret is missing: {words}");
    setting.credentials.put_secret("client", "tls.crt", certificate);
    setting.credentials.put_secret("client", "tls.key", key);
    let store = setting.store(shown.clone()).await;
    assert_eq!(read(&store, "app").await, json!({"first": "1"}));

    // A connection that was opened with a certificate must not serve a store that has none, or another.
    let refused = "the server refuses the client certificate, or asks for one: check auth.cert, or \
                   tls.certSecretRef and tls.keySecretRef";
    let words = expect_kind(setting.validate(plain).await, Unauthenticated);
    assert!(words.ends_with(refused), "{words}");
    let stranger =
        rcgen::generate_simple_self_signed(["client".to_owned()]).expect("a certificate must be made");
    setting.credentials.put_secret("client", "tls.crt", stranger.cert.pem());
    let words = expect_kind(setting.connect(shown.clone()).await, Unauthenticated);
    assert!(
        words.ends_with("tls.certSecretRef and tls.keySecretRef: the certificate is of another key"),
        "{words}"
    );
    setting.credentials.put_secret("client", "tls.key", stranger.signing_key.serialize_pem());
    let words = expect_kind(setting.validate(shown.clone()).await, Unauthenticated);
    assert!(words.ends_with(refused), "{words}");
    assert_eq!(read(&store, "app").await, json!({"first": "1"}));
    setting.credentials.put_secret("client", "tls.key", "canary");
    let words = expect_kind(setting.connect(shown).await, Unauthenticated);
    assert!(!words.contains("canary"), "{words}");
}

#[tokio::test]
async fn no_certificate_is_read_or_shown_without_tls() {
    let server = scripted().await;
    let setting = Setting::with_token("s.t");
    let tls = json!({"tls": {"certSecretRef": {"name": "none"}, "keySecretRef": {"name": "none"}}});
    let store = setting.store(with(spec(&server.url(), by_token()), tls)).await;
    assert_eq!(read(&store, "app").await, json!({"first": "1"}));
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_cut() {
    let server = scripted().await;
    let store = Setting::with_token("s.t").store(spec(&server.url(), by_token())).await;
    server.once("GET", APP, Reply::status(200).body(vec![b' '; 9 << 20]));
    let error = ask(&store, "app", None).await.expect_err("this must fail");
    assert_eq!(error.kind(), Unexpected);
    assert_eq!(read(&store, "app").await, json!({"first": "1"}));
}

#[tokio::test]
async fn stores_of_one_server_share_its_connections_and_stores_of_other_roots_do_not() {
    let bao = over_tls().await;
    let authority = bao.ca_pem().expect("a server with TLS must have an authority");
    let setting = Setting::with_token(bao.root_token());
    let good = with(spec(bao.url(), by_token()), bundle(authority));
    let (one, two) = (setting.store(good.clone()).await, setting.store(good).await);
    // A connection that one of them opened must not serve a store that does not believe the certificate.
    expect_kind(setting.validate(spec(bao.url(), by_token())).await, Invalid);
    one.close().await;
    drop(one);
    assert_eq!(read(&two, "app").await, json!({"first": "1"}));
}
