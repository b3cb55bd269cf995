//! Logins to a real OpenBao.

use std::collections::BTreeMap;

use eso_rig::{Reply, Scripted};
use futures::future::join_all;
use serde_json::{Value, json};

use super::{Entries, Gives, Way, are_prompt, is_rotated, kept, selector, tenant::Tenant, world};
use crate::harness::World;

/// A way whose credential is one text, under `credential`.
fn way(name: &'static str, auth: Value, texts: [String; 3], refused: &str) -> Way {
    Way::new(name, auth, kept("credential", texts), refused)
}

impl Way {
    fn ends_first_by(self, path: String, body: Value) -> Self {
        Self { ends_first: Some((path, body)), ..self }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

async fn given_token(world: &World, tenant: &Tenant) -> Way {
    tenant.policy("token").await;
    let (first, second) = (new_token(tenant, "token").await, new_token(tenant, "token").await);
    let auth = json!({ "tokenSecretRef": selector("token", "credential") });
    let body = json!({ "token": first });
    Way {
        refused:
            "unable to validate store: invalid vault credentials: the token is wrong, or its life is over"
                .to_owned(),
        gives: Gives::Itself,
        ..way("token", auth, [first, second, world.canary("token")], "")
    }
    .ends_first_by("auth/token/revoke".to_owned(), body)
}

async fn new_token(tenant: &Tenant, policy: &str) -> String {
    let made = tenant.write("auth/token/create", &json!({ "policies": [policy] })).await;
    text(&made["auth"]["client_token"])
}

/// Mounts AppRole for a way, with the role `app`; answers its path, and its role id.
async fn app_role(tenant: &Tenant, name: &str) -> (String, String) {
    let path = tenant.method(name, "approle").await;
    let role = format!("auth/{path}/role/app");
    tenant.write(&role, &json!({ "token_policies": [name] })).await;
    let id = format!("{name}-role-id");
    tenant.write(&format!("{role}/role-id"), &json!({ "role_id": id })).await;
    (path, id)
}

async fn secret_id_of(tenant: &Tenant, path: &str) -> String {
    text(&tenant.write(&format!("auth/{path}/role/app/secret-id"), &json!({})).await["data"]["secret_id"])
}

const WRONG_IDS: &str = "the role id or the secret id is wrong, or no longer valid";

async fn secret_id(world: &World, tenant: &Tenant) -> Way {
    let (path, role) = app_role(tenant, "secret-id").await;
    let (first, second) = (secret_id_of(tenant, &path).await, secret_id_of(tenant, &path).await);
    let end = (format!("auth/{path}/role/app/secret-id/destroy"), json!({ "secret_id": first }));
    let auth = json!({ "path": path, "roleId": role, "secretRef": selector("secret-id", "credential") });
    let texts = [first, second, world.canary("secret-id")];
    way("secret-id", json!({ "appRole": auth }), texts, WRONG_IDS).ends_first_by(end.0, end.1)
}

/// The role id is rotated, and the secret id beside it stays: it is of the role, however that is called.
async fn role_id(world: &World, tenant: &Tenant) -> Way {
    let (path, first) = app_role(tenant, "role-id").await;
    let (secret, second) = (secret_id_of(tenant, &path).await, world.canary("role-id"));
    let end = (format!("auth/{path}/role/app/role-id"), json!({ "role_id": second }));
    let auth = json!({
        "path": path, "roleRef": selector("role-id", "role"), "secretRef": selector("role-id", "secret"),
    });
    let entries =
        [first, second, world.canary("wrong-id")].map(|id| vec![("role", id), ("secret", secret.clone())]);
    Way::new("role-id", json!({ "appRole": auth }), entries, WRONG_IDS).ends_first_by(end.0, end.1)
}

/// Each wrapping token is used once, also that which comes last.
async fn wrapped(tenant: &Tenant) -> Way {
    let (path, role) = app_role(tenant, "wrapped").await;
    let (server, issue) = (tenant.server, format!("{}/auth/{path}/role/app/secret-id", tenant.name));
    let mut tokens = Vec::new();
    for _ in 0..4 {
        tokens.push(server.wrapped(&issue, &json!({})).await.unwrap());
    }
    let [first, second, used, last]: [String; 4] = tokens.try_into().unwrap();
    tenant.write("sys/wrapping/unwrap", &json!({ "token": used })).await;
    let auth = json!({ "path": path, "roleId": role, "secretRef": selector("wrapped", "credential") });
    let refused =
        "the secret id in Secret \"wrapped-login\" is wrapped, and its wrapping token was used or is over: ";
    Way {
        last: vec![("credential", last)],
        ..way("wrapped", json!({ "appRole": auth }), [first, second, used], refused)
    }
}

/// A token of each of these service accounts, for its audiences; they are made where they are not there.
async fn tokens(world: &World, of: [(&str, &[&str]); 3]) -> [String; 3] {
    let mut tokens = Vec::new();
    for (name, audiences) in of {
        let account = json!({ "kind": "ServiceAccount", "metadata": { "name": name } });
        // Another way may have made it.
        let _ = world.try_create(account).await;
        tokens.push(world.cluster.plane.token(&world.namespace, name, audiences).await.unwrap());
    }
    tokens.try_into().unwrap()
}

async fn kubernetes(world: &World, tenant: &Tenant) -> Way {
    let path = tenant.method("kubernetes", "kubernetes").await;
    let plane = &world.cluster.plane;
    let config = json!({
        "kubernetes_host": plane.url(),
        "kubernetes_ca_cert": plane.ca_pem(),
        "token_reviewer_jwt": world.cluster.reviewer_token(&tenant.name).await,
    });
    tenant.write(&format!("auth/{path}/config"), &config).await;
    let role = |account: &str| {
        json!({
            "bound_service_account_names": [account],
            "bound_service_account_namespaces": [world.namespace],
            "token_policies": ["kubernetes"],
        })
    };
    let place = format!("auth/{path}/role/app");
    tenant.write(&place, &role("first")).await;
    let auth = json!({ "mountPath": path, "role": "app", "secretRef": selector("kubernetes", "credential") });
    let tokens = tokens(world, [("first", &[]), ("second", &[]), ("stranger", &[])]).await;
    let refused = "the role does not allow this identity";
    way("kubernetes", json!({ "kubernetes": auth }), tokens, refused).ends_first_by(place, role("second"))
}

/// Publishes the keys of the API server, by which it signs tokens, as an issuer of OpenID Connect does.
async fn issuer(world: &World) -> Scripted {
    let server = Scripted::start().await.unwrap();
    let url = server.url();
    let keys = world.call("GET", "/openid/v1/jwks", None).await.unwrap();
    let about = json!({
        "issuer": url, "jwks_uri": format!("{url}/keys"), "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": format!("{url}/token"), "response_types_supported": ["code"],
        "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256", "ES256"],
    });
    server.always("GET", "/.well-known/openid-configuration", Reply::json(200, &about));
    server.always("GET", "/keys", Reply::json(200, &keys));
    server
}

/// A method for JSON Web Tokens of this kind, which is this way's name.
async fn web_token(world: &World, tenant: &Tenant, name: &'static str, config: Value) -> Way {
    let path = tenant.method(name, name).await;
    tenant.write(&format!("auth/{path}/config"), &config).await;
    let role = |account: &str| {
        json!({
            "role_type": "jwt", "user_claim": "sub", "bound_audiences": ["vault"], "token_policies": [name],
            "bound_subject": format!("system:serviceaccount:{}:{account}", world.namespace),
        })
    };
    let place = format!("auth/{path}/role/app");
    tenant.write(&place, &role("first")).await;
    let auth = json!({ "path": path, "role": "app", "secretRef": selector(name, "credential") });
    let tokens = tokens(world, [("first", &["vault"]), ("second", &["vault"]), ("second", &["other"])]).await;
    let refused = "the role asks for another audience than the token has";
    way(name, json!({ "jwt": auth }), tokens, refused).ends_first_by(place, role("second"))
}

async fn jwt(world: &World, tenant: &Tenant, issuer: &Scripted) -> Way {
    web_token(world, tenant, "jwt", json!({ "jwks_url": format!("{}/keys", issuer.url()) })).await
}

async fn oidc(world: &World, tenant: &Tenant, issuer: &Scripted) -> Way {
    let about = world.call("GET", "/.well-known/openid-configuration", None).await.unwrap();
    let config = json!({
        "oidc_discovery_url": issuer.url(), "oidc_client_id": "", "oidc_client_secret": "",
        "bound_issuer": about["issuer"],
    });
    web_token(world, tenant, "oidc", config).await
}

async fn password(world: &World, tenant: &Tenant) -> Way {
    let path = tenant.method("password", "userpass").await;
    let texts = ["first", "second", "wrong"].map(|name| world.canary(name));
    let user = |password: &str| json!({ "password": password, "token_policies": ["password"] });
    let place = format!("auth/{path}/users/app");
    tenant.write(&place, &user(&texts[0])).await;
    let end = user(&texts[1]);
    let auth = json!({ "path": path, "username": "app", "secretRef": selector("password", "credential") });
    way("password", json!({ "userPass": auth }), texts, "the user's name or password is wrong")
        .ends_first_by(place, end)
}

/// A certificate and its key.
fn pair((certificate, key): (String, String)) -> Entries {
    vec![("tls.crt", certificate), ("tls.key", key)]
}

async fn certificate(tenant: &Tenant) -> Way {
    let path = tenant.method("certificate", "cert").await;
    let server = tenant.server;
    let role = |name: &str| {
        json!({
            "certificate": server.ca_pem(), "allowed_common_names": [name], "token_policies": ["certificate"],
        })
    };
    let place = format!("auth/{path}/certs/app");
    tenant.write(&place, &role("first")).await;
    let auth = json!({
        "path": path, "vaultRole": "app", "clientCert": selector("certificate", "tls.crt"),
        "secretRef": selector("certificate", "tls.key"),
    });
    let pairs = ["first", "second", "stranger"].map(|name| pair(server.client(name).unwrap()));
    let refused = "the certificate is not one that the role knows, or none was shown";
    Way::new("certificate", json!({ "cert": auth }), pairs, refused).ends_first_by(place, role("second"))
}

/// The certificate by which a store comes through to a server that serves nobody else; it logs in with a token.
async fn connection(tenant: &Tenant) -> Way {
    tenant.policy("connection").await;
    let token = new_token(tenant, "connection").await;
    let stranger = rcgen::generate_simple_self_signed(Vec::new()).unwrap();
    let stranger = (stranger.cert.pem(), stranger.signing_key.serialize_pem());
    let client = |name: &str| tenant.server.client(name).unwrap();
    let pairs = [client("first"), client("second"), stranger];
    let entries = pairs.map(|of| [pair(of), vec![("token", token.clone())]].concat());
    let tls = json!({
        "certSecretRef": selector("connection", "tls.crt"), "keySecretRef": selector("connection", "tls.key"),
    });
    let server = json!(tenant.server.mutual().unwrap().0);
    let auth = json!({ "tokenSecretRef": selector("connection", "token") });
    Way {
        beside: BTreeMap::from([("server", server), ("tls", tls)]),
        refused: "unable to validate store: invalid vault credentials: ".to_owned(),
        gives: Gives::Itself,
        ..Way::new("connection", auth, entries, "")
    }
}

#[tokio::test]
async fn a_credential_for_vault_that_is_rotated_is_taken_up_and_a_wrong_one_is_said_by_each_method() {
    let world = world("rotated-vault").await;
    let tenant = Tenant::of(&world).await;
    let issuer = issuer(&world).await;
    let ways = [
        given_token(&world, &tenant).await,
        secret_id(&world, &tenant).await,
        role_id(&world, &tenant).await,
        wrapped(&tenant).await,
        kubernetes(&world, &tenant).await,
        jwt(&world, &tenant, &issuer).await,
        oidc(&world, &tenant, &issuer).await,
        password(&world, &tenant).await,
        certificate(&tenant).await,
        connection(&tenant).await,
    ];
    are_prompt(join_all(ways.iter().map(|way| is_rotated(&world, &tenant, way))).await);
    world.end().await;
}
