//! Client certificates: shown on the connection, to a server that asks for them.

use eso_core::error::ErrorKind::{Invalid, Unauthenticated};
use eso_rig::{Mode, OpenBao};
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair};
use serde_json::{Value, json};

use crate::fixture::{Setting, ask, expect_kind, put_app, read, requests_to, spec, until, with};

/// A certificate and its key, PEM.
struct Pair {
    certificate: String,
    key: String,
}

fn pair(name: &str) -> Pair {
    let key = KeyPair::generate().expect("a key must be made");
    let mut parameters = CertificateParams::new(Vec::new()).expect("no names must be fit");
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let certificate = parameters.self_signed(&key).expect("a certificate must be made").pem();
    Pair { certificate, key: key.serialize_pem() }
}

/// A server that knows these certificates, each as a role of its name.
async fn bao(known: &[(&str, &Pair)]) -> OpenBao {
    let bao = OpenBao::start(Mode::Persistent).await.expect("OpenBao must start");
    bao.mount_kv("secret", 2).await.expect("a mount must be made");
    put_app(&bao).await;
    let policy = "path \"secret/*\" { capabilities = [\"read\"] }";
    bao.policy("reader", policy).await.expect("a policy must be written");
    bao.enable_auth("cert", "cert").await.expect("the method must be mounted");
    for (name, pair) in known {
        let role =
            json!({"certificate": pair.certificate, "token_policies": ["reader"], "token_period": "6s"});
        bao.write(&format!("auth/cert/certs/{name}"), &role).await.expect("a role must be written");
    }
    bao
}

fn put(setting: &Setting, pair: &Pair) {
    setting.credentials.put_secret("client", "tls.crt", pair.certificate.as_str());
    setting.credentials.put_secret("client", "tls.key", pair.key.as_str());
}

fn with_pair(pair: &Pair) -> Setting {
    let setting = Setting::new();
    put(&setting, pair);
    setting
}

fn by_certificate(bao: &OpenBao, more: Value) -> Value {
    let fields = json!({
        "clientCert": {"name": "client", "key": "tls.crt"},
        "secretRef": {"name": "client", "key": "tls.key"},
    });
    let authority = bao.ca_pem().expect("a server with TLS must have an authority");
    with(spec(bao.url(), json!({"cert": with(fields, more)})), json!({"caBundle": authority}))
}

/// How many tokens were renewed.
fn renewals(bao: &OpenBao) -> usize {
    requests_to(bao, "auth/token/renew-self")
}

#[tokio::test]
async fn a_certificate_logs_in_by_its_role_and_renews_its_token_with_it() {
    let (known, other) = (pair("app"), pair("other"));
    let bao = bao(&[("app", &known), ("other", &other)]).await;
    let setting = with_pair(&known);
    let store = setting.store(by_certificate(&bao, json!({"vaultRole": "app"}))).await;
    for _ in 0..3 {
        assert_eq!(read(&store, "app").await, json!({"first": "1"}));
    }
    // Vault refuses a renewal on a connection that shows another certificate than the login did, or none.
    until("its token was renewed", async || {
        ask(&store, "app", None).await.expect("the value must be read");
        renewals(&bao) >= 2
    })
    .await;
    assert_eq!((requests_to(&bao, "auth/cert/login"), setting.calls.count("Login")), (1, 1));
    let any = setting.store(by_certificate(&bao, json!({}))).await;
    assert_eq!(read(&any, "app").await, json!({"first": "1"}));
}

#[tokio::test]
async fn a_certificate_that_is_not_known_or_no_certificate_is_unauthenticated() {
    let known = pair("app");
    let bao = bao(&[("app", &known)]).await;
    let refused = "the certificate is not one that the role knows";
    let connect = async |setting: &Setting, more: Value| setting.connect(by_certificate(&bao, more)).await;
    for (setting, more, clause) in [
        (with_pair(&pair("app")), json!({}), refused),
        (with_pair(&known), json!({"vaultRole": "nobody"}), refused),
        (
            with_pair(&Pair { key: pair("other").key, ..pair("app") }),
            json!({}),
            "the certificate is of another key",
        ),
        (
            with_pair(&Pair { key: "canary".to_owned(), ..pair("app") }),
            json!({}),
            "the key is no PEM private key",
        ),
        (
            with_pair(&Pair { certificate: "canary".to_owned(), ..pair("a") }),
            json!({}),
            "is no PEM certificate",
        ),
        (Setting::new(), json!({}), "\"client\""),
    ] {
        let words = expect_kind(connect(&setting, more).await, Unauthenticated);
        assert!(words.starts_with("cannot initialize Vault client: ") && words.contains(clause), "{words}");
        assert!(!words.contains("canary"), "{words}");
    }
}

#[tokio::test]
async fn a_connection_that_shows_a_certificate_serves_nobody_who_does_not() {
    let known = pair("app");
    let bao = bao(&[("app", &known)]).await;
    let setting = with_pair(&known);
    let store = setting.store(by_certificate(&bao, json!({}))).await;
    assert_eq!(read(&store, "app").await, json!({"first": "1"}));
    // The same process, server and authority, but another certificate: the connection of the first is open.
    setting.credentials.put_secret("stranger", "tls.crt", pair("app").certificate);
    let stranger = pair("stranger");
    setting.credentials.put_secret("stranger", "tls.crt", stranger.certificate);
    setting.credentials.put_secret("stranger", "tls.key", stranger.key);
    let names = json!({
        "clientCert": {"name": "stranger", "key": "tls.crt"},
        "secretRef": {"name": "stranger", "key": "tls.key"},
    });
    expect_kind(setting.connect(by_certificate(&bao, names)).await, Unauthenticated);
    assert_eq!(read(&store, "app").await, json!({"first": "1"}));
}

#[tokio::test]
async fn a_login_after_the_first_shows_the_certificate_that_is_there_then() {
    let (first, second) = (pair("first"), pair("second"));
    let bao = bao(&[("first", &first), ("second", &second)]).await;
    let setting = with_pair(&first);
    let store = setting.store(by_certificate(&bao, json!({}))).await;
    assert_eq!(read(&store, "app").await, json!({"first": "1"}));
    put(&setting, &second);
    bao.delete("auth/cert/certs/first").await.expect("a role must be deleted");
    bao.write("sys/leases/revoke-prefix/auth/cert", &json!({})).await.expect("tokens must be revoked");
    assert_eq!(read(&store, "app").await, json!({"first": "1"}));
    assert_eq!(requests_to(&bao, "auth/cert/login"), 2);
}

#[tokio::test]
async fn a_server_without_tls_sees_no_certificate() {
    let auth = json!({"cert": {"clientCert": {"name": "client"}, "secretRef": {"name": "client"}}});
    let setting = Setting::new();
    let words = expect_kind(setting.connect(spec("http://127.0.0.1:9", auth)).await, Invalid);
    assert!(words.ends_with("auth.cert shows a certificate, which only a server with https sees"), "{words}");
    assert!(setting.credentials.asked().is_empty());
}
