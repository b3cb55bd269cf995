//! JSON Web Tokens: kept in a Secret, or made by the API server for a service account; by keys that Vault is given, or
//! that it fetches from an issuer.

use std::time::{Duration, SystemTime};

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use eso_core::error::ErrorKind::Unauthenticated;
use eso_rig::{ControlPlane, OpenBao, Reply, Scripted};
use eso_testkit::connection::Asked;
use serde_json::{Value, json};

use crate::fixture::{Setting, bao, expect_kind, read, requests_to, spec, with};

/// Somebody who gives tokens.
struct Issuer {
    key: EcdsaKeyPair,
    pem: String,
}

impl Issuer {
    fn new() -> Self {
        let pair = rcgen::KeyPair::generate().expect("a key must be made");
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pair.serialized_der());
        Self { key: key.expect("a key must be of its kind"), pem: pair.public_key_pem() }
    }

    /// A token of `app` for this audience, for so many seconds from now.
    fn token(&self, audience: &str, seconds: i64) -> String {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("it must be after 1970");
        let now = i64::try_from(now.as_secs()).expect("it must be before the end of time");
        let claims = json!({"iss": "https://issuer.example", "sub": "app", "aud": audience, "iat": now - 60,
            "nbf": now - 60, "exp": now + seconds});
        let head = encoded(json!({"alg": "ES256", "kid": "one", "typ": "JWT"}).to_string());
        let text = format!("{head}.{}", encoded(claims.to_string()));
        let signature = self.key.sign(&SystemRandom::new(), text.as_bytes()).expect("it must be signed");
        format!("{text}.{}", encoded(signature))
    }

    /// Its public key, as issuers publish theirs.
    fn key_set(&self) -> Value {
        let point = self.key.public_key().as_ref();
        let (x, y) = (encoded(&point[1..33]), encoded(&point[33..]));
        json!({"keys": [{"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "one", "x": x, "y": y}]})
    }
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// A method of this type, mounted at its type's name, with a role `reader` for `app`.
async fn method(bao: &OpenBao, kind: &str, config: Value) {
    bao.enable_auth(kind, kind).await.expect("the method must be mounted");
    bao.write(&format!("auth/{kind}/config"), &config).await.expect("the method must be configured");
    let role = json!({"role_type": "jwt", "user_claim": "sub", "bound_audiences": ["vault"],
        "token_policies": ["reader"]});
    bao.write(&format!("auth/{kind}/role/reader"), &role).await.expect("a role must be written");
}

fn kept(more: Value) -> Value {
    let fields = json!({"role": "reader", "secretRef": {"name": "jwt", "key": "token"}});
    json!({"jwt": with(fields, more)})
}

fn with_token(token: &str) -> Setting {
    let setting = Setting::new();
    setting.credentials.put_secret("jwt", "token", token);
    setting
}

#[tokio::test]
async fn a_token_in_a_secret_logs_in_and_what_is_wrong_with_it_is_said() {
    let (bao, issuer) = (bao().await, Issuer::new());
    let config = json!({"jwt_validation_pubkeys": [issuer.pem], "default_role": "reader"});
    method(&bao, "jwt", config).await;
    let good = issuer.token("vault", 600);
    for auth in [kept(json!({})), kept(json!({"role": null, "path": "/jwt/"}))] {
        let setting = with_token(&format!("{good}\n"));
        let store = setting.store(spec(bao.url(), auth)).await;
        for _ in 0..3 {
            assert_eq!(read(&store, "app").await, json!({"first": "1"}));
        }
        assert_eq!(setting.calls.count("Login"), 1);
    }
    assert_eq!(requests_to(&bao, "auth/jwt/login"), 2);

    for (token, auth, clause) in [
        (
            issuer.token("other", 600),
            kept(json!({})),
            "the role asks for another audience than the token has",
        ),
        (issuer.token("vault", -600), kept(json!({})), "the token is over, or not good yet"),
        (
            Issuer::new().token("vault", 600),
            kept(json!({})),
            "the token is not signed by a key that the method trusts",
        ),
        ("canary".to_owned(), kept(json!({})), "the token is no JSON Web Token"),
        (good, kept(json!({"role": "nobody"})), "the auth method has no such role"),
    ] {
        let words = expect_kind(with_token(&token).connect(spec(bao.url(), auth)).await, Unauthenticated);
        assert!(words.starts_with("cannot initialize Vault client: ") && words.contains(clause), "{words}");
    }
}

/// A scripted issuer that publishes its key as OpenID Connect asks for it.
async fn published(issuer: &Issuer) -> Scripted {
    let server = Scripted::start().await.expect("a scripted server must start");
    let url = server.url();
    let about = json!({
        "issuer": url, "jwks_uri": format!("{url}/keys"), "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": format!("{url}/token"), "response_types_supported": ["code"],
        "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["ES256"],
    });
    server.always("GET", "/.well-known/openid-configuration", Reply::json(200, &about));
    server.always("GET", "/keys", Reply::json(200, &issuer.key_set()));
    server
}

#[tokio::test]
async fn a_role_for_tokens_logs_in_where_the_method_is_mounted_as_oidc() {
    let (bao, issuer) = (bao().await, Issuer::new());
    let published = published(&issuer).await;
    let config = json!({"oidc_discovery_url": published.url(), "oidc_client_id": "", "oidc_client_secret": "",
        "bound_issuer": "https://issuer.example"});
    method(&bao, "oidc", config).await;
    let auth = kept(json!({"path": "oidc"}));
    let store = with_token(&issuer.token("vault", 600)).store(spec(bao.url(), auth.clone())).await;
    assert_eq!(read(&store, "app").await, json!({"first": "1"}));
    assert_eq!(requests_to(&bao, "auth/oidc/login"), 1);
    assert!(published.count("GET", "/keys") > 0, "the issuer's keys are those that count");
    let stranger = with_token(&Issuer::new().token("vault", 600));
    let words = expect_kind(stranger.connect(spec(bao.url(), auth)).await, Unauthenticated);
    let clause = "cannot initialize Vault client: the token is not signed by a key that the method trusts";
    assert!(words.starts_with(clause), "{words}");
}

#[tokio::test]
async fn a_service_account_logs_in_with_a_token_of_its_own_for_vault_alone() {
    let bao = bao().await;
    let cluster = ControlPlane::shared().await.expect("a control plane must start");
    let namespace = cluster.namespace("jwt").await.expect("a namespace must be made");
    cluster.service_account(&namespace, "app").await.expect("a service account must be made");
    let group =
        json!({"kind": "Group", "name": "system:unauthenticated", "apiGroup": "rbac.authorization.k8s.io"});
    let role = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole",
        "name": "system:service-account-issuer-discovery"});
    let binding = json!({"metadata": {"name": namespace}, "roleRef": role, "subjects": [group]});
    let bindings = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings";
    cluster.create(bindings, &binding).await.expect("the keys must be readable");
    let keys =
        json!({"jwks_url": format!("{}/openid/v1/jwks", cluster.url()), "jwks_ca_pem": cluster.ca_pem()});
    method(&bao, "jwt", keys).await;

    let setting = Setting::new();
    let auth = |more: Value| {
        let token = with(json!({"serviceAccountRef": {"name": "app"}}), more);
        json!({"jwt": {"role": "reader", "kubernetesServiceAccountToken": token}})
    };
    let token = cluster.token(&namespace, "app", &["vault"]).await.expect("a token must be made");
    setting.credentials.put_token("app", token);
    let store = setting.store(spec(bao.url(), auth(json!({})))).await;
    assert_eq!(read(&store, "app").await, json!({"first": "1"}));
    let foreign = cluster.token(&namespace, "app", &[]).await.expect("a token must be made");
    setting.credentials.put_token("app", foreign);
    let more = json!({"audiences": ["other"], "expirationSeconds": 1200});
    let words = expect_kind(setting.connect(spec(bao.url(), auth(more))).await, Unauthenticated);
    assert!(words.contains("the role asks for another audience than the token has"), "{words}");
    let asked = |audience: &str, seconds| Asked::Token {
        service_account: "app".to_owned(),
        audiences: vec![audience.to_owned()],
        lifetime: Duration::from_secs(seconds),
    };
    assert_eq!(setting.credentials.asked(), [asked("vault", 600), asked("other", 1200)]);
}
