//! The GCP method, against a scripted Vault and a scripted metadata server.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use eso_core::error::ErrorKind::{Invalid, Unauthenticated, Unavailable, Unexpected};
use eso_rig::{Reply, Scripted};
use eso_vault::Vault;
use rcgen::{KeyPair, PKCS_RSA_SHA256, PublicKeyData};
use serde_json::{Value, json};

use crate::fixture::{Setting, expect_kind, granted, read, scripted, spec, with};

const LOG_IN: &str = "/v1/auth/gcp/login";
const IDENTITY: &str = "/computeMetadata/v1/instance/service-accounts/default/identity";
const TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.e30.c2ln";

fn by_gcp(more: Value) -> Value {
    json!({"gcp": with(json!({"role": "reader"}), more)})
}

fn by_key() -> Value {
    by_gcp(
        json!({"secretRef": {"secretAccessKeySecretRef": {"name": "gcp", "key": "json"}}, "projectID": "demo"}),
    )
}

fn credential(key: &KeyPair) -> String {
    let email = "app@demo.iam.gserviceaccount.com";
    json!({"type": "service_account", "private_key_id": "key-1", "private_key": key.serialize_pem(),
        "client_email": email})
    .to_string()
}

#[tokio::test]
async fn the_key_of_a_service_account_signs_and_nobody_else_is_asked() {
    let (vault, google) = (scripted().await, Scripted::start().await.expect("a scripted server must start"));
    vault.always("POST", LOG_IN, granted("s.gcp", 0));
    let key = KeyPair::generate_for(&PKCS_RSA_SHA256).expect("a key must be made");
    let setting = Setting { vault: Vault::new().with_metadata_server(google.url()), ..Setting::new() };
    setting.credentials.put_secret("gcp", "json", credential(&key));
    let store = setting.store(spec(&vault.url(), by_key())).await;
    for _ in 0..3 {
        assert_eq!(read(&store, "app").await, json!({"first": "1"}));
    }
    assert_eq!((vault.count("POST", LOG_IN), google.requests().len()), (1, 0));
    let login = vault.requests()[0].json();
    assert_eq!(login["role"], "reader");
    let jwt = login["jwt"].as_str().expect("a login must have a token");
    let (text, signature) = jwt.rsplit_once('.').expect("a token must have parts");
    let decoded = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).expect("a part must be base64");
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.der_bytes());
    public.verify(text.as_bytes(), &decoded(signature)).expect("the signature must be the key's");
    let claims = text.split_once('.').expect("a token must have claims").1;
    let claims: Value = serde_json::from_slice(&decoded(claims)).expect("claims must be JSON");
    assert_eq!(
        (&claims["aud"], &claims["sub"]),
        (&json!("vault/reader"), &json!("app@demo.iam.gserviceaccount.com"))
    );

    for wrong in ["canary", r#"{"type": "external_account", "audience": "canary"}"#] {
        setting.credentials.put_secret("gcp", "json", wrong);
        let words = expect_kind(setting.connect(spec(&vault.url(), by_key())).await, Unauthenticated);
        assert!(words.contains("(Secret \"gcp\")") && !words.contains("canary"), "{words}");
    }
}

/// A metadata server that gives this, and a setting of a ClusterSecretStore beside it.
async fn machine(reply: Reply) -> (Scripted, Setting) {
    let google = Scripted::start().await.expect("a scripted server must start");
    google.always("GET", IDENTITY, reply);
    let setting = Setting { vault: Vault::new().with_metadata_server(google.url()), ..Setting::new() };
    setting.credentials.set_lends_own_identity(true);
    (google, setting)
}

fn given(token: &str) -> Reply {
    Reply::status(200).header("metadata-flavor", "Google").body(token.to_owned())
}

#[tokio::test]
async fn the_operators_own_identity_is_asked_for_with_this_vault_as_its_audience() {
    let vault = scripted().await;
    vault.always("POST", LOG_IN, granted("s.gcp", 0));
    let (google, setting) = machine(given(TOKEN)).await;
    let account = json!({"serviceAccountRef": {"name": "app", "namespace": "team"}});
    for auth in [by_gcp(json!({})), by_gcp(account)] {
        let store = setting.store(spec(&vault.url(), auth)).await;
        assert_eq!(read(&store, "app").await, json!({"first": "1"}));
    }
    assert_eq!((google.requests().len(), vault.count("POST", LOG_IN)), (2, 2));
    assert_eq!(setting.calls.count("GetIdentityToken"), 2);
    let asked = &google.requests()[0];
    assert_eq!(asked.header("metadata-flavor"), "Google");
    let audience = format!("{}/vault/reader", vault.url()).replace(':', "%3A").replace('/', "%2F");
    assert_eq!(asked.query, format!("audience={audience}&format=full"));
    assert_eq!(vault.requests()[0].json(), json!({"role": "reader", "jwt": TOKEN}));
    assert!(
        setting.credentials.asked().is_empty(),
        "as in the original, no service account is asked for a token"
    );
}

#[tokio::test]
async fn a_store_of_a_namespace_does_not_show_the_operators_machine() {
    let vault = scripted().await;
    let (google, setting) = machine(given(TOKEN)).await;
    setting.credentials.set_lends_own_identity(false);
    for auth in [by_gcp(json!({})), by_gcp(json!({"serviceAccountRef": {"name": "app"}}))] {
        let words = expect_kind(setting.connect(spec(&vault.url(), auth)).await, Invalid);
        assert!(words.contains("a SecretStore cannot log in as the operator itself"), "{words}");
    }
    assert!(google.requests().is_empty() && vault.requests().is_empty());
}

#[tokio::test]
async fn a_metadata_server_that_gives_nothing_says_why() {
    let vault = scripted().await;
    let connect = async |reply: Reply| {
        let (_google, setting) = machine(reply).await;
        setting.connect(spec(&vault.url(), by_gcp(json!({})))).await
    };
    for (reply, kind, clause) in [
        (Reply::status(404), Unauthenticated, "knows no service account"),
        (Reply::status(403), Unauthenticated, "gives this pod no identity"),
        (Reply::status(503), Unavailable, "cannot answer now"),
        (Reply::status(302).header("location", "http://127.0.0.1:9/"), Unexpected, "that is not understood"),
        (Reply::status(200).body(TOKEN), Unexpected, "is none"),
        (given("<html>canary</html>"), Unexpected, "that is not understood"),
        (given(&"a".repeat(20 << 10)), Unexpected, "that is not understood"),
    ] {
        let words = expect_kind(connect(reply).await, kind);
        assert!(words.starts_with("cannot initialize Vault client: ") && words.contains(clause), "{words}");
        assert!(!words.contains("canary"), "{words}");
    }
    let setting =
        Setting { vault: Vault::new().with_metadata_server("http://127.0.0.1:9"), ..Setting::new() };
    setting.credentials.set_lends_own_identity(true);
    let words = expect_kind(setting.connect(spec(&vault.url(), by_gcp(json!({})))).await, Unavailable);
    assert!(words.contains("metadata server cannot be reached"), "{words}");
    assert!(vault.requests().is_empty());
}

#[tokio::test]
async fn what_vault_says_of_a_token_of_google_is_told() {
    let vault = scripted().await;
    let (_google, setting) = machine(given(TOKEN)).await;
    for (said, clause) in [
        ("role \"canary\" not found", "the auth method has no such role"),
        ("unable to parse signed JWT: canary", "the login is refused"),
        ("service account canary not authorized for role", "the role does not allow this identity"),
    ] {
        vault.once("POST", LOG_IN, Reply::json(400, &json!({"errors": [said]})));
        let words =
            expect_kind(setting.connect(spec(&vault.url(), by_gcp(json!({})))).await, Unauthenticated);
        assert!(words.contains(clause) && !words.contains("canary"), "{words}");
    }
}
