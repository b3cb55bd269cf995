//! Nothing of a login to Vault gets out, by whichever method.

use eso_rig::Reply;
use eso_testkit::{canary::found, objects::object};
use rcgen::{KeyPair, PKCS_RSA_SHA256};
use serde_json::{Value, json};

use super::{UNREADABLE, all_fail, said, vault};
use crate::harness::{Setup, TOKEN_BEGINNING, World};

/// The keys of the Secret `ids` that hold what is shown at a login.
const SHOWN: [&str; 6] = ["role", "secret", "password", "token", "access-key", "secret-access-key"];

fn selector(key: &str) -> Value {
    json!({ "name": "ids", "key": key })
}

/// Each way to log in, as `auth` of a store.
fn ways() -> [(&'static str, Value); 8] {
    let account = json!({ "name": "reader" });
    let keys = json!({
        "accessKeyIDSecretRef": selector("access-key"),
        "secretAccessKeySecretRef": selector("secret-access-key"),
    });
    let password = json!({ "username": "app", "secretRef": selector("password") });
    let google = json!({ "role": "demo", "secretRef": { "secretAccessKeySecretRef": selector("google") } });
    [
        ("role", json!({ "appRole": { "roleRef": selector("role"), "secretRef": selector("secret") } })),
        ("account", json!({ "kubernetes": { "role": "demo", "serviceAccountRef": account } })),
        ("password", json!({ "userPass": password })),
        ("directory", json!({ "ldap": password })),
        ("token", json!({ "jwt": { "role": "demo", "secretRef": selector("token") } })),
        ("asked", {
            let of_account = json!({ "serviceAccountRef": account });
            json!({ "jwt": { "role": "demo", "kubernetesServiceAccountToken": of_account } })
        }),
        ("aws", json!({ "iam": { "vaultRole": "demo", "secretRef": keys } })),
        ("google", json!({ "gcp": google })),
    ]
}

/// A service account of Google's, whose key's name is a canary.
fn google_account(world: &World) -> String {
    let key = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap().serialize_pem();
    let email = "app@demo.iam.gserviceaccount.com";
    let id = world.canary("google");
    json!({ "type": "service_account", "private_key_id": id, "private_key": key, "client_email": email })
        .to_string()
}

#[tokio::test]
async fn nothing_of_a_login_gets_out() {
    let world = Setup::new("leaks-login").start().await;
    let secret = world.canary("secret");
    let shown = SHOWN.map(|key| world.canary(key));
    let google = google_account(&world);
    let pairs = SHOWN.into_iter().zip(shown.iter().map(String::as_str));
    let entries: Vec<_> = pairs.chain([("google", google.as_str())]).collect();
    world.create_secret("ids", &entries).await;
    world.create(json!({ "kind": "ServiceAccount", "metadata": { "name": "reader" } })).await;
    let granted = json!({ "auth": { "client_token": secret, "lease_duration": 3600, "renewable": true, "policies": [] } });
    let answers = [
        ("echo", None),
        ("no-json", Some(Reply::status(200).body(secret.clone()))),
        (
            "no-token",
            Some(Reply::json(200, &json!({ "auth": { "client_token": [secret] }, "data": secret }))),
        ),
        ("granted", Some(Reply::json(200, &granted))),
    ];
    let mut servers = Vec::new();
    let mut names = Vec::new();
    for (way, auth) in ways() {
        for (answer_name, answer) in answers.clone() {
            let name = format!("{way}-{answer_name}");
            let server = vault(&world, &name, auth.clone(), move |request| {
                let is_login = request.path.contains("/login");
                let echo = Reply::json(403, &json!({ "errors": [said(request)] }));
                Some(answer.clone().filter(|_| is_login).unwrap_or(echo))
            });
            servers.push(server.await);
            world.create(object(&name).store(&name).key("password", "db#password")).await;
            names.push(name);
        }
    }
    all_fail(&world, &names, UNREADABLE).await;
    for (server, name) in servers.iter().zip(names) {
        let logins = server.requests().into_iter().filter(|request| request.path.contains("/login"));
        let bodies: Vec<String> =
            logins.map(|login| String::from_utf8_lossy(&login.body).into_owned()).collect();
        let is_shown = |body: &String| {
            body.contains(TOKEN_BEGINNING) || shown.iter().any(|secret| found(body, secret).is_some())
        };
        assert!(bodies.iter().any(is_shown), "{name} logs in with a secret: {bodies:?}");
    }
    world.end().await;
}
