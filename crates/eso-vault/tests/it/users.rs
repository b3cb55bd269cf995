//! Users with passwords: Vault's own against OpenBao, those of a directory against a scripted server.

use eso_core::error::ErrorKind::{Unauthenticated, Unavailable};
use eso_rig::{OpenBao, Reply};
use serde_json::{Value, json};

use crate::fixture::{Setting, bao, expect_kind, granted, read, requests_to, scripted, spec};

async fn user(bao: &OpenBao, mount: &str, name: &str, password: &str) {
    let user = json!({"password": password, "token_policies": ["reader"]});
    bao.write(&format!("auth/{mount}/users/{name}"), &user).await.expect("a user must be made");
}

fn by_user(method: &str, more: Value) -> Value {
    let fields = json!({"username": "mitchellh", "secretRef": {"name": "user", "key": "password"}});
    json!({method: crate::fixture::with(fields, more)})
}

fn with_password(password: &str) -> Setting {
    let setting = Setting::new();
    setting.credentials.put_secret("user", "password", password);
    setting
}

#[tokio::test]
async fn a_user_that_vault_knows_logs_in_once() {
    let bao = bao().await;
    for mount in ["userpass", "team/users"] {
        bao.enable_auth("userpass", mount).await.expect("the method must be mounted");
        user(&bao, mount, "mitchellh", "the right one").await;
        let path = if mount == "userpass" { json!({}) } else { json!({"path": mount}) };
        let setting = with_password("the right one\n");
        let store = setting.store(spec(bao.url(), by_user("userPass", path))).await;
        for _ in 0..3 {
            assert_eq!(read(&store, "app").await, json!({"first": "1"}));
        }
        assert_eq!(requests_to(&bao, &format!("auth/{mount}/login/mitchellh")), 1);
        assert_eq!(setting.calls.count("Login"), 1);
    }
}

#[tokio::test]
async fn a_user_or_a_password_that_is_wrong_is_unauthenticated() {
    let bao = bao().await;
    bao.enable_auth("userpass", "userpass").await.expect("the method must be mounted");
    user(&bao, "userpass", "mitchellh", "the right one").await;
    let advice = "cannot initialize Vault client: the user's name or password is wrong (HTTP 400)";
    for (password, username) in [("canary-wrong", "mitchellh"), ("the right one", "nobody")] {
        let auth = by_user("userPass", json!({"username": username}));
        let connected = with_password(password).connect(spec(bao.url(), auth)).await;
        assert_eq!(expect_kind(connected, Unauthenticated), advice);
    }
    let nowhere = by_user("userPass", json!({"path": "nowhere"}));
    let connected = with_password("the right one").connect(spec(bao.url(), nowhere)).await;
    let words = expect_kind(connected, Unauthenticated);
    let advice = "the login is refused: check the auth method's path, the role and the credentials";
    assert!(words.starts_with(&format!("cannot initialize Vault client: {advice}")), "{words}");
    expect_kind(
        with_password("\r\n").connect(spec(bao.url(), by_user("userPass", json!({})))).await,
        Unauthenticated,
    );
    let missing = Setting::new().connect(spec(bao.url(), by_user("userPass", json!({})))).await;
    let words = expect_kind(missing, Unauthenticated);
    assert!(words.contains("\"user\"") && words.contains("\"password\""), "{words}");
}

#[tokio::test]
async fn a_user_of_a_directory_is_sent_as_vault_asks_for_it() {
    let server = scripted().await;
    for (more, path) in [
        (json!({}), "/v1/auth/ldap/login/mitchellh"),
        (
            json!({"path": "corp/ldap", "username": "ö b@example.com"}),
            "/v1/auth/corp/ldap/login/%C3%B6%20b@example.com",
        ),
    ] {
        server.once("POST", path, granted("s.directory", 0));
        let store = with_password(" pass word \n").store(spec(&server.url(), by_user("ldap", more))).await;
        assert_eq!(read(&store, "app").await, json!({"first": "1"}));
        let requests = server.requests();
        let login = requests.iter().find(|request| request.path == path).expect("it must log in there");
        assert_eq!(
            login.json(),
            json!({"password": " pass word "}),
            "but for the newline, white space is its own"
        );
        assert_eq!(login.header("x-vault-token"), "");
        assert_eq!(requests.last().expect("it must read").header("x-vault-token"), "s.directory");
    }
}

#[tokio::test]
async fn a_directory_that_refuses_a_user_or_is_gone_is_told_apart() {
    let server = scripted().await;
    let connect =
        async || with_password("canary").connect(spec(&server.url(), by_user("ldap", json!({})))).await;
    for (status, said, kind, clause) in [
        (
            400,
            "ldap operation failed: failed to bind as user",
            Unauthenticated,
            "the user's name or password is wrong",
        ),
        (400, "failed to connect to LDAP server", Unauthenticated, "Vault cannot reach the directory"),
        (403, "permission denied", Unauthenticated, "the login is refused"),
        (500, "error", Unavailable, "Vault cannot answer now"),
    ] {
        let reply = Reply::json(status, &json!({"errors": [said]}));
        server.once("POST", "/v1/auth/ldap/login/mitchellh", reply);
        let words = expect_kind(connect().await, kind);
        assert!(words.starts_with("cannot initialize Vault client: ") && words.contains(clause), "{words}");
    }
}
