//! A login after the first reads its credential anew, by every method, and costs what is stated of it.

use std::sync::OnceLock;

use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use eso_rig::{Reply, Scripted};
use eso_vault::Vault;
use rcgen::{KeyPair, PKCS_RSA_SHA256};
use serde_json::{Value, json};

use crate::fixture::{APP, LOOK_UP, Setting, forbidden, granted, read, scripted, spec};

/// A way to log in: where, with which credential, and how it is seen in the request.
struct Way {
    auth: Value,
    path: &'static str,
    /// Puts a credential where the store finds it.
    put: fn(&Setting, &Scripted, &str),
    /// What the login shows of it.
    shows: fn(&Value) -> String,
    /// How many credentials are asked for at each login.
    asks: usize,
}

fn secret(name: &str, key: &str) -> Value {
    json!({"name": name, "key": key})
}

fn put_secret(setting: &Setting, _: &Scripted, value: &str) {
    setting.credentials.put_secret("kept", "credential", value);
}

fn put_token(setting: &Setting, _: &Scripted, value: &str) {
    setting.credentials.put_token("app", value);
}

fn text(login: &Value, field: &str) -> String {
    login[field].as_str().unwrap_or_default().to_owned()
}

fn put_aws_keys(setting: &Setting, _: &Scripted, value: &str) {
    setting.credentials.put_secret("kept", "id", value);
    setting.credentials.put_secret("kept", "secret", "secret");
}

/// The access key id of the signature.
fn aws_key(login: &Value) -> String {
    let headers = BASE64_STANDARD.decode(text(login, "iam_request_headers")).expect("headers must be base64");
    let headers: Value = serde_json::from_slice(&headers).expect("headers must be JSON");
    let authorization = headers["authorization"].as_str().expect("it must be signed").to_owned();
    let key = authorization.split("Credential=").nth(1).and_then(|rest| rest.split('/').next());
    key.expect("a signature must name its key").to_owned()
}

fn put_google_key(setting: &Setting, _: &Scripted, value: &str) {
    static KEY: OnceLock<String> = OnceLock::new();
    let key = KEY
        .get_or_init(|| KeyPair::generate_for(&PKCS_RSA_SHA256).expect("a key must be made").serialize_pem());
    let credential = json!({"type": "service_account", "private_key_id": value, "private_key": key,
        "client_email": "app@demo.iam.gserviceaccount.com"});
    setting.credentials.put_secret("kept", "credential", credential.to_string());
}

/// The id of the key that signed.
fn google_key(login: &Value) -> String {
    let head = text(login, "jwt");
    let head = head.split('.').next().expect("a token must have a head");
    let head = BASE64_URL_SAFE_NO_PAD.decode(head).expect("a head must be base64");
    let head: Value = serde_json::from_slice(&head).expect("a head must be JSON");
    text(&head, "kid")
}

fn machine(_: &Setting, google: &Scripted, value: &str) {
    let path = "/computeMetadata/v1/instance/service-accounts/default/identity";
    let token = format!("head.{value}.signature");
    google.always("GET", path, Reply::status(200).header("metadata-flavor", "Google").body(token));
}

/// With one credential, out of the Secret `kept` or of the service account `app`.
fn way(
    path: &'static str,
    auth: Value,
    put: fn(&Setting, &Scripted, &str),
    shows: fn(&Value) -> String,
) -> Way {
    Way { auth, path, put, shows, asks: 1 }
}

fn by_users_and_tokens() -> Vec<Way> {
    let kept = || secret("kept", "credential");
    let account = || json!({"name": "app"});
    let user = |method: &str| json!({method: {"username": "u", "secretRef": kept()}});
    let jwt: fn(&Value) -> String = |login| text(login, "jwt");
    let password: fn(&Value) -> String = |login| text(login, "password");
    let secret_id: fn(&Value) -> String = |login| text(login, "secret_id");
    let (kubernetes, of_jwt) = ("/v1/auth/kubernetes/login", "/v1/auth/jwt/login");
    let app_role = json!({"appRole": {"roleId": "role", "secretRef": kept()}});
    let token = json!({"jwt": {"kubernetesServiceAccountToken": {"serviceAccountRef": account()}}});
    vec![
        way("/v1/auth/approle/login", app_role, put_secret, secret_id),
        way(kubernetes, json!({"kubernetes": {"role": "r", "serviceAccountRef": account()}}), put_token, jwt),
        way(kubernetes, json!({"kubernetes": {"role": "r", "secretRef": kept()}}), put_secret, jwt),
        way("/v1/auth/ldap/login/u", user("ldap"), put_secret, password),
        way("/v1/auth/userpass/login/u", user("userPass"), put_secret, password),
        way(of_jwt, json!({"jwt": {"secretRef": kept()}}), put_secret, jwt),
        way(of_jwt, token, put_token, jwt),
    ]
}

fn by_clouds() -> Vec<Way> {
    let keys = json!({
        "accessKeyIDSecretRef": secret("kept", "id"),
        "secretAccessKeySecretRef": secret("kept", "secret"),
    });
    let key = json!({"secretAccessKeySecretRef": secret("kept", "credential")});
    let machines: fn(&Value) -> String =
        |login| text(login, "jwt").replace("head.", "").replace(".signature", "");
    let google = "/v1/auth/gcp/login";
    let aws = json!({"iam": {"vaultRole": "r", "secretRef": keys}});
    vec![
        Way { asks: 2, ..way("/v1/auth/aws/login", aws, put_aws_keys, aws_key) },
        way(google, json!({"gcp": {"role": "r", "secretRef": key}}), put_google_key, google_key),
        Way { asks: 0, ..way(google, json!({"gcp": {"role": "r"}}), machine, machines) },
    ]
}

#[tokio::test]
async fn each_login_reads_its_credential_anew_and_costs_one_call_to_vault() {
    for Way { auth, path, put, shows, asks } in by_users_and_tokens().into_iter().chain(by_clouds()) {
        let (vault, google) = (scripted().await, Scripted::start().await.expect("a server must start"));
        vault.always("POST", path, granted("s.made", 0));
        let setting = Setting { vault: Vault::new().with_metadata_server(google.url()), ..Setting::new() };
        setting.credentials.set_lends_own_identity(true);
        put(&setting, &google, "first");
        let store = setting.store(spec(&vault.url(), auth.clone())).await;
        let (requests, asked) = (vault.requests(), setting.credentials.asked());
        assert_eq!((requests.len(), asked.len()), (1, asks), "{auth}");
        assert_eq!(
            (requests[0].path.as_str(), shows(&requests[0].json())),
            (path, "first".to_owned()),
            "{auth}"
        );
        for _ in 0..3 {
            assert_eq!(read(&store, "app").await, json!({"first": "1"}), "{auth}");
        }
        assert_eq!(setting.calls.count("Login"), 1, "{auth}");

        put(&setting, &google, "second");
        vault.once("GET", APP, forbidden());
        vault.once("GET", LOOK_UP, forbidden());
        assert_eq!(read(&store, "app").await, json!({"first": "1"}), "{auth}");
        let logins: Vec<_> = vault.requests().into_iter().filter(|request| request.path == path).collect();
        let shown: Vec<_> = logins.iter().map(|login| shows(&login.json())).collect();
        assert_eq!(shown, ["first", "second"], "{auth}");
        assert_eq!(setting.credentials.asked().len(), 2 * asks, "{auth}");
    }
}

#[tokio::test]
async fn the_operators_own_token_is_read_anew_at_each_login() {
    let vault = scripted().await;
    let path = "/v1/auth/kubernetes/login";
    vault.always("POST", path, granted("s.made", 0));
    let folder = tempfile::tempdir().expect("a folder must be made");
    let token = folder.path().join("token");
    let setting = Setting { vault: Vault::new().with_own_token(&token), ..Setting::new() };
    setting.credentials.set_lends_own_identity(true);
    std::fs::write(&token, "first\n").expect("a token must be written");
    let store = setting.store(spec(&vault.url(), json!({"kubernetes": {"role": "r"}}))).await;
    std::fs::write(&token, "second\n").expect("a token must be written");
    vault.once("GET", APP, forbidden());
    vault.once("GET", LOOK_UP, forbidden());
    assert_eq!(read(&store, "app").await, json!({"first": "1"}));
    let requests = vault.requests();
    let logins = requests.iter().filter(|request| request.path == path);
    let shown: Vec<_> = logins.map(|login| text(&login.json(), "jwt")).collect();
    assert_eq!(shown, ["first", "second"]);
}
