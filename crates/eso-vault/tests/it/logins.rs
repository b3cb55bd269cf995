//! Logging in: each method, with what is right and with what people get wrong.

use std::{process::Command, time::Duration};

use eso_core::error::ErrorKind::{Invalid, Unauthenticated, Unavailable, Unexpected};
use eso_rig::{ControlPlane, Mark, OpenBao, Reply};
use eso_testkit::connection::Asked;
use serde_json::{Value, json};

use crate::fixture::{
    LOG_IN, LOOK_UP, Setting, app_role, ask, ask_at_once, bao, by_app_role, by_token, expect_kind, forbidden,
    logins, read, requests_to, scripted, scripted_role, spec, until, with,
};

#[tokio::test]
async fn a_specification_that_cannot_work_is_refused_in_the_words_of_the_original() {
    let setting = Setting::new();
    let none = setting.connect(spec("https://vault.example", json!({}))).await;
    assert_eq!(expect_kind(none, Invalid), "cannot initialize Vault client: no valid auth method specified");
    let file = setting.connect(spec("file:///etc/passwd", by_token())).await;
    let words = "cannot initialize Vault client: server must be an http or https URL";
    assert_eq!(expect_kind(file, Invalid), words);
    assert!(setting.credentials.asked().is_empty(), "no credential is asked for");
}

#[tokio::test]
async fn a_token_is_first_asked_about_by_a_check_or_a_read_as_in_the_original() {
    let bao = bao().await;
    let words = "invalid vault credentials: the token is wrong, or its life is over (HTTP 403)";
    let connect = async || Setting::with_token("s.nobody").store(spec(bao.url(), by_token())).await;
    assert_eq!(expect_kind(connect().await.check().await, Unauthenticated), words);
    let unchecked = connect().await;
    for result in ask_at_once(&unchecked, "app", 16).await {
        assert_eq!(expect_kind(result, Unauthenticated), words);
    }
    let requests = bao.since(Mark::START).expect("the audit log must be read").of_others();
    assert_eq!(requests.path("secret/data/app").len(), 0, "no read is sent with it");
    let given = bao.token(&["reader"], &json!({})).await.expect("a token must be made");
    let trailing = Setting::with_token(&format!(" {given}\r\n"));
    let before = requests_to(&bao, "auth/token/lookup-self");
    let store = trailing.store(spec(bao.url(), by_token())).await;
    for _ in 0..3 {
        assert_eq!(read(&store, "app").await, json!({"first": "1"}));
    }
    assert_eq!(requests_to(&bao, "auth/token/lookup-self"), before + 1, "it is asked about once");
    let split = Setting::with_token("s.to\nken").connect(spec(bao.url(), by_token())).await;
    expect_kind(split, Unauthenticated);
    expect_kind(Setting::with_token(" \n").connect(spec(bao.url(), by_token())).await, Unauthenticated);
}

#[tokio::test]
async fn a_credential_that_cannot_be_had_says_which() {
    let setting = Setting::new();
    let missing = setting.connect(spec("http://127.0.0.1:9", by_token())).await;
    let words = expect_kind(missing, Unauthenticated);
    assert!(words.contains("\"vault\""), "{words}");
    setting.credentials.set_down(true);
    expect_kind(setting.connect(spec("http://127.0.0.1:9", by_token())).await, Unavailable);
    expect_kind(setting.connect(spec("http://127.0.0.1:9", by_app_role())).await, Unavailable);
}

/// Other stores of the server may need nothing of what is missing here, so it says nothing of the server.
#[tokio::test]
async fn what_a_login_lacks_is_no_trouble_of_the_server_and_a_refusal_by_it_is_of_the_login() {
    let server = scripted().await;
    let nowhere =
        eso_vault::Vault::new().with_own_token("/nowhere").with_metadata_server("http://127.0.0.1:9");
    let setting = Setting { vault: nowhere, ..Setting::new() };
    let lacking = async |auth: Value| {
        let error = setting.connect(spec(&server.url(), auth)).await.expect_err("it must fail");
        assert!(error.is_from_elsewhere(), "{error:?}");
        error.kind()
    };
    let gcp = || json!({"gcp": {"role": "reader"}});
    assert_eq!(lacking(by_token()).await, Unauthenticated, "no Secret");
    setting.credentials.put_secret("vault", "token", "a\nb");
    assert_eq!(lacking(by_token()).await, Unauthenticated, "no token");
    setting.credentials.put_secret("vault", "role", " ");
    setting.credentials.put_secret("vault", "secret", "secret-id");
    assert_eq!(lacking(by_app_role()).await, Unauthenticated, "no text");
    for auth in [by_kubernetes(json!({})), gcp()] {
        assert_eq!(lacking(auth).await, Invalid, "the operator's own identity is not lent");
    }
    setting.credentials.set_lends_own_identity(true);
    assert_eq!(lacking(by_kubernetes(json!({}))).await, Unauthenticated, "no token of its own");
    assert_eq!(lacking(gcp()).await, Unavailable, "no metadata server");
    assert!(server.requests().is_empty());

    server.always("POST", LOG_IN, Reply::json(400, &json!({"errors": ["invalid role or secret ID"]})));
    let refused = scripted_role().connect(spec(&server.url(), by_app_role())).await;
    let error = refused.expect_err("it must be refused");
    assert!(error.is_of_login() && !error.is_from_elsewhere(), "{error:?}");
}

#[tokio::test]
async fn a_login_is_made_when_a_store_connects_and_a_given_token_is_asked_about_when_it_is_checked() {
    let server = scripted().await;
    server.always("POST", LOG_IN, Reply::status(500));
    server.always("GET", LOOK_UP, Reply::status(500));
    let login = scripted_role().connect(spec(&server.url(), by_app_role())).await;
    let words = expect_kind(login, Unavailable);
    assert!(words.starts_with("cannot initialize Vault client: "), "{words}");
    let store = Setting::with_token("s.t").store(spec(&server.url(), by_token())).await;
    let words = expect_kind(store.check().await, Unavailable);
    assert!(words.starts_with("invalid vault credentials: "), "{words}");
    let look_up = Reply::json(200, &json!({"data": {"ttl": 0, "renewable": false}}));
    server.always("GET", LOOK_UP, look_up);
    until("it is asked about again", async || store.check().await.is_ok()).await;
}

#[tokio::test]
async fn a_given_token_is_asked_about_once_by_all_who_come_first() {
    let server = scripted().await;
    let setting = Setting::with_token("s.t");
    let store = setting.store(spec(&server.url(), by_token())).await;
    for result in ask_at_once(&store, "app", 64).await {
        result.expect("the value must be read");
    }
    assert_eq!(server.count("GET", LOOK_UP), 1);
    assert_eq!(setting.credentials.asked().len(), 1, "and its Secret is read once");
}

#[tokio::test]
async fn a_token_that_was_refused_at_first_is_read_again_from_its_secret() {
    let server = scripted().await;
    server.once("GET", LOOK_UP, forbidden());
    let setting = Setting::with_token("s.old");
    let store = setting.store(spec(&server.url(), by_token())).await;
    expect_kind(store.check().await, Unauthenticated);
    setting.credentials.put_secret("vault", "token", "s.new");
    until("the new token is used", async || store.check().await.is_ok()).await;
    ask(&store, "app", None).await.expect("the value must be read");
    let requests = server.requests();
    assert_eq!(requests.last().expect("there must be a request").header("x-vault-token"), "s.new");
}

#[tokio::test]
async fn an_app_role_logs_in_with_its_role_id_from_either_place() {
    let bao = bao().await;
    let setting = app_role(&bao, json!({})).await;
    let by_reference = setting.store(spec(bao.url(), by_app_role())).await;
    assert_eq!(read(&by_reference, "app").await, json!({"first": "1"}));
    let answer = bao.request(eso_rig::Method::GET, "auth/approle/role/app/role-id", None).await;
    let answer = answer.and_then(|answer| answer.success()).expect("a role must have an id");
    let literal = json!({"appRole": {"path": "approle", "roleId": answer["data"]["role_id"],
        "secretRef": {"name": "vault", "key": "secret"}}});
    let by_literal = setting.store(spec(bao.url(), literal)).await;
    for store in [&by_literal, &by_reference, &by_literal] {
        assert_eq!(read(store, "app").await, json!({"first": "1"}));
    }
    assert_eq!((logins(&bao), setting.calls.count("Login")), (2, 2), "one for each store");
}

#[tokio::test]
async fn an_app_role_that_is_wrong_is_unauthenticated() {
    let bao = bao().await;
    let setting = app_role(&bao, json!({})).await;
    setting.credentials.put_secret("vault", "secret", "canary-90d1");
    let words = expect_kind(setting.connect(spec(bao.url(), by_app_role())).await, Unauthenticated);
    let advice = "the role id or the secret id is wrong, or no longer valid";
    assert_eq!(words, format!("cannot initialize Vault client: {advice} (HTTP 400)"));
    setting.credentials.put_secret("vault", "role", "nobody");
    expect_kind(setting.connect(spec(bao.url(), by_app_role())).await, Unauthenticated);
    setting.credentials.delete_secret("vault", "secret");
    expect_kind(setting.connect(spec(bao.url(), by_app_role())).await, Unauthenticated);
}

#[tokio::test]
async fn an_auth_method_that_is_not_mounted_is_no_absence() {
    let bao = bao().await;
    let setting = app_role(&bao, json!({})).await;
    let mut auth = by_app_role();
    auth["appRole"]["path"] = json!("nope");
    let words = expect_kind(setting.connect(spec(bao.url(), auth)).await, Unauthenticated);
    let advice = "the login is refused: check the auth method's path, the role and the credentials";
    assert!(words.starts_with(&format!("cannot initialize Vault client: {advice}")), "{words}");
}

#[tokio::test]
async fn a_login_is_made_in_its_own_namespace_and_without_a_token() {
    let server = scripted().await;
    let auth = with(by_app_role(), json!({"namespace": "login"}));
    let store = scripted_role().store(with(spec(&server.url(), auth), json!({"namespace": "data"}))).await;
    assert_eq!(read(&store, "app").await, json!({"first": "1"}));
    store.check().await.expect("the login must be good");
    let requests = server.requests();
    let sent: Vec<_> = requests
        .iter()
        .map(|request| {
            (request.path.as_str(), request.header("x-vault-namespace"), request.header("x-vault-token"))
        })
        .collect();
    let expected =
        [(LOG_IN, "login", ""), (crate::fixture::APP, "data", "s.made"), (LOOK_UP, "login", "s.made")];
    assert_eq!(sent, expected);
    assert_eq!(requests[0].json(), json!({"role_id": "role-id", "secret_id": "secret-id"}));
}

#[tokio::test]
async fn an_agent_before_vault_may_do_the_login() {
    let server = scripted().await;
    let setting = Setting::new();
    let store = setting.store(json!({"server": server.url(), "path": "secret"})).await;
    assert_eq!(read(&store, "app").await, json!({"first": "1"}));
    assert!(server.requests().iter().all(|request| request.header("x-vault-token").is_empty()));
    assert!(setting.credentials.asked().is_empty());
}

#[tokio::test]
async fn an_answer_that_is_no_login_is_unexpected_and_shows_nothing() {
    let server = scripted().await;
    let odd_token = json!({"auth": {"client_token": "canary\nx", "lease_duration": 0, "renewable": false}});
    for body in
        [json!({"auth": null}), json!({"auth": {"client_token": "canary"}}), odd_token, json!("canary")]
    {
        server.once("POST", LOG_IN, Reply::json(200, &body));
        let words =
            expect_kind(scripted_role().connect(spec(&server.url(), by_app_role())).await, Unexpected);
        assert!(!words.contains("canary"), "{words}");
    }
}

#[tokio::test]
async fn a_second_factor_is_nobodys_to_give() {
    let server = scripted().await;
    let demand = json!({"auth": {"client_token": "", "lease_duration": 0, "renewable": false,
        "mfa_requirement": {"mfa_request_id": "canary"}}});
    server.once("POST", LOG_IN, Reply::json(200, &demand));
    let connected = scripted_role().connect(spec(&server.url(), by_app_role())).await;
    let words = expect_kind(connected, Unauthenticated);
    assert!(words.contains("a second factor") && !words.contains("canary"), "{words}");
    let nothing = json!({"auth": {"client_token": "", "lease_duration": 0, "renewable": false}});
    server.once("POST", LOG_IN, Reply::json(200, &nothing));
    expect_kind(scripted_role().connect(spec(&server.url(), by_app_role())).await, Unexpected);
}

#[tokio::test]
async fn vaults_own_variables_are_not_read() {
    // A child, because a variable of this process would be every test's.
    let child = Command::new(std::env::current_exe().expect("a test must have a program"))
        .args(["--exact", "logins::a_login_is_made_in_its_own_namespace_and_without_a_token"])
        .envs([
            ("VAULT_ADDR", "http://127.0.0.1:9"),
            ("VAULT_TOKEN", "s.hostile"),
            ("VAULT_NAMESPACE", "hostile"),
            ("VAULT_CACERT", "/nonexistent"),
            ("VAULT_CAPATH", "/nonexistent"),
            ("VAULT_CLIENT_CERT", "/nonexistent"),
            ("VAULT_CLIENT_KEY", "/nonexistent"),
            ("VAULT_SKIP_VERIFY", "garbage"),
            ("HTTP_PROXY", "http://127.0.0.1:9"),
            ("HTTPS_PROXY", "http://127.0.0.1:9"),
        ])
        .output()
        .expect("a child must run");
    let output = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && output.contains("1 passed"), "{output}");
}

/// OpenBao with the Kubernetes method for the shared control plane, a namespace of its own, and the service account
/// `app` in it, whose role is `reader`.
async fn kubernetes(bao: &OpenBao, cluster: &ControlPlane) -> String {
    let namespace = cluster.namespace("vault").await.expect("a namespace must be made");
    for account in ["app", "other", "reviewer"] {
        cluster.service_account(&namespace, account).await.expect("a service account must be made");
    }
    let subject = json!({"kind": "ServiceAccount", "name": "reviewer", "namespace": namespace});
    let role = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "system:auth-delegator"});
    let binding = json!({"metadata": {"name": namespace}, "roleRef": role, "subjects": [subject]});
    let bindings = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings";
    cluster.create(bindings, &binding).await.expect("the reviewer must be bound");
    let reviewer = cluster.token(&namespace, "reviewer", &[]).await.expect("a token must be made");
    let method = json!({
        "kubernetes_host": cluster.url(),
        "kubernetes_ca_cert": cluster.ca_pem(),
        "token_reviewer_jwt": reviewer,
    });
    bao.enable_auth("kubernetes", "kubernetes").await.expect("the method must be mounted");
    bao.write("auth/kubernetes/config", &method).await.expect("the method must be configured");
    let role = json!({
        "bound_service_account_names": "app",
        "bound_service_account_namespaces": namespace,
        "token_policies": ["reader"],
    });
    bao.write("auth/kubernetes/role/reader", &role).await.expect("a role must be written");
    namespace
}

fn by_kubernetes(more: Value) -> Value {
    json!({"kubernetes": with(json!({"mountPath": "kubernetes", "role": "reader"}), more)})
}

#[tokio::test]
async fn a_service_account_logs_in_with_its_token_from_each_place() {
    let bao = bao().await;
    let cluster = ControlPlane::shared().await.expect("a control plane must start");
    let namespace = kubernetes(&bao, cluster).await;
    let token = cluster.token(&namespace, "app", &[]).await.expect("a token must be made");
    let setting = Setting::new();
    setting.credentials.put_token("app", token.as_str());
    setting.credentials.put_secret("kept", "token", format!("{token}\n"));
    let folder = tempfile::tempdir().expect("a folder must be made");
    let own = folder.path().join("token");
    let requested = by_kubernetes(json!({"serviceAccountRef": {"name": "app"}}));
    let kept = by_kubernetes(json!({"secretRef": {"name": "kept"}}));
    for auth in [&requested, &kept] {
        let store = setting.store(spec(bao.url(), auth.clone())).await;
        for _ in 0..3 {
            assert_eq!(read(&store, "app").await, json!({"first": "1"}));
        }
    }
    assert_eq!(requests_to(&bao, "auth/kubernetes/login"), 2, "one for each store");
    let lifetime = Duration::from_secs(600);
    let asked = [
        Asked::Token { service_account: "app".to_owned(), audiences: Vec::new(), lifetime },
        Asked::SecretKey { name: "kept".to_owned(), key: "token".to_owned() },
    ];
    assert_eq!(setting.credentials.asked(), asked);

    let setting = Setting { vault: eso_vault::Vault::new().with_own_token(&own), ..setting };
    let words = expect_kind(setting.connect(spec(bao.url(), by_kubernetes(json!({})))).await, Invalid);
    assert!(words.contains("cannot log in as the operator itself"), "{words}");
    setting.credentials.set_lends_own_identity(true);
    let words =
        expect_kind(setting.connect(spec(bao.url(), by_kubernetes(json!({})))).await, Unauthenticated);
    assert!(words.contains(&own.display().to_string()), "{words}");
    std::fs::write(&own, token).expect("a token must be written");
    let before = requests_to(&bao, "auth/kubernetes/login");
    let store = setting.store(spec(bao.url(), by_kubernetes(json!({})))).await;
    for _ in 0..3 {
        assert_eq!(read(&store, "app").await, json!({"first": "1"}));
    }
    assert_eq!(requests_to(&bao, "auth/kubernetes/login"), before + 1);
}

#[tokio::test]
async fn a_service_account_that_the_role_does_not_know_is_unauthenticated() {
    let bao = bao().await;
    let cluster = ControlPlane::shared().await.expect("a control plane must start");
    let namespace = kubernetes(&bao, cluster).await;
    let setting = Setting::new();
    let other = cluster.token(&namespace, "other", &[]).await.expect("a token must be made");
    for (token, clause) in [
        (other.as_str(), "the role does not allow this identity"),
        (
            "canary-no-token",
            "the login is refused: check the auth method's path, the role and the credentials",
        ),
    ] {
        setting.credentials.put_token("app", token);
        let auth = by_kubernetes(json!({"serviceAccountRef": {"name": "app"}}));
        let words = expect_kind(setting.connect(spec(bao.url(), auth)).await, Unauthenticated);
        assert!(words.starts_with(&format!("cannot initialize Vault client: {clause}")), "{words}");
    }
    let app = cluster.token(&namespace, "app", &[]).await.expect("a token must be made");
    setting.credentials.put_token("app", app);
    let auth = by_kubernetes(json!({"serviceAccountRef": {"name": "app"}, "role": "nobody"}));
    let words = expect_kind(setting.connect(spec(bao.url(), auth)).await, Unauthenticated);
    assert!(words.contains("the auth method has no such role"), "{words}");
}

#[tokio::test]
async fn a_role_may_ask_for_an_audience() {
    let bao = bao().await;
    let cluster = ControlPlane::shared().await.expect("a control plane must start");
    let namespace = kubernetes(&bao, cluster).await;
    let role = json!({
        "bound_service_account_names": "app",
        "bound_service_account_namespaces": namespace,
        "token_policies": ["reader"],
        "audience": "vault",
    });
    bao.write("auth/kubernetes/role/reader", &role).await.expect("a role must be written");
    let setting = Setting::new();
    let auth = by_kubernetes(json!({"serviceAccountRef": {"name": "app", "audiences": ["vault"]}}));
    let foreign = cluster.token(&namespace, "app", &[]).await.expect("a token must be made");
    setting.credentials.put_token("app", foreign);
    let words = expect_kind(setting.connect(spec(bao.url(), auth.clone())).await, Unauthenticated);
    assert!(words.contains("the role asks for another audience"), "{words}");
    let fitting = cluster.token(&namespace, "app", &["vault"]).await.expect("a token must be made");
    setting.credentials.put_token("app", fitting);
    let store = setting.store(spec(bao.url(), auth)).await;
    assert_eq!(read(&store, "app").await, json!({"first": "1"}));
}
