//! What goes wrong with Vault.

use eso_rig::{FaultProxy, Mark, Method, Mode, OpenBao, ProxyMode};
use eso_testkit::objects::{object, store};
use serde_json::{Value, json};

use super::{
    UNREADABLE, WrongQuestion, data, extract,
    patient::{Cause, Patient, all_fail, all_in_step, all_recover, goes_on},
    wrong_questions,
};
use crate::harness::{Condition, Kind, Mount, Setup, World, encoded, eventually, secure_vault};

/// A world with a mount, its token in the Secret `vault-token`, the store `main`, the key `db`, and the object `well`.
async fn ward(name: &str) -> (World, Mount) {
    let world = Setup::new(name).start().await;
    let mount = Mount::of(&world).await;
    world.create_secret("vault-token", &[("token", &mount.token)]).await;
    world.create(store("main").provider("vault", &mount.spec("vault-token"))).await;
    mount.put("db", &json!({ "password": world.canary("password"), "number": 1 })).await;
    mount.put("well", &json!({ "password": world.canary("well") })).await;
    world.create(object("well").key("password", "well#password").every("1s")).await;
    world.synced("well").await;
    (world, mount)
}

async fn change_well(mount: &Mount, value: &str) {
    mount.put("well", &json!({ "password": value })).await;
}

async fn goes_on_with(world: &World, mount: &Mount) {
    goes_on(world, async |value| change_well(mount, value).await).await;
}

#[tokio::test]
async fn a_wrong_question_to_vault_fails_its_own_object_alone() {
    let (world, mount) = ward("wrong-vault").await;
    let of_version =
        |version: &str| data(&json!({ "key": "db", "property": "password", "version": version }));
    let question = |name, spec, says| WrongQuestion { name, spec, says };
    let questions = [
        question("key", data(&json!({ "key": "nowhere" })), "(key: nowhere), err: Secret does not exist"),
        question(
            "property",
            data(&json!({ "key": "db", "property": "user" })),
            "cannot find secret data for key: \"user\"",
        ),
        question("version", of_version("99"), "(key: db), err: Secret does not exist"),
        question("no-version", of_version("newest"), "cannot read secret data from Vault: "),
        question(
            "text-for-json",
            data(&json!({ "key": "db", "property": "password.inner" })),
            "cannot find secret data for key: \"password.inner\"",
        ),
        question(
            "text-for-members",
            extract(&json!({ "key": "db", "property": "password" })),
            "it is no JSON object",
        ),
        question("outside", data(&json!({ "key": "../../sys/health" })), "(key: ../../sys/health), err: "),
    ];
    wrong_questions(&world, &questions, async |value| change_well(&mount, value).await).await;
    world.end().await;
}

#[tokio::test]
async fn a_wrong_store_of_vault_fails_its_own_objects_alone() {
    let (world, mount) = ward("store-vault").await;
    let spec = |spec: Value| json!({ "spec": { "provider": { "vault": spec } } });
    let not_there = json!({ "auth": { "tokenSecretRef": { "name": "nowhere" } } });
    let cases = [
        ("mount", json!({ "path": "nowhere" }), "permission denied"),
        ("kv-version", json!({ "version": "v1" }), "permission denied"),
        ("token-secret", not_there, "SecretStore \"token-secret\" is not ready"),
        ("address", json!({ "server": "http://127.0.0.1:9" }), "SecretStore \"address\" is not ready"),
    ];
    for (name, ..) in &cases {
        world.create(store(name).provider("vault", &mount.spec("vault-token"))).await;
        world.create(object(name).store(name).key("password", "db#password").every("1s")).await;
    }
    let patients = all_in_step(&world, cases.iter().map(|(name, ..)| *name)).await;
    for (name, wrong, _) in &cases {
        world.patch(Kind::SecretStore, name, spec(wrong.clone())).await;
    }
    all_fail(&patients, cases.iter().map(|(.., says)| *says)).await;
    goes_on_with(&world, &mount).await;
    for (name, ..) in &cases {
        world.patch(Kind::SecretStore, name, spec(mount.spec("vault-token"))).await;
    }
    all_recover(&patients, Cause::InTheCluster).await;
    world.end().await;
}

#[tokio::test]
async fn a_wrong_token_fails_the_objects_of_its_store_alone() {
    let (world, mount) = ward("token-vault").await;
    world.create_secret("own-token", &[("token", &mount.token)]).await;
    world.create(store("own").provider("vault", &mount.spec("own-token"))).await;
    world.create(object("own").store("own").key("password", "db#password").every("1s")).await;
    let patient = Patient::in_step(&world, "own").await;
    let token = |token: &str| json!({ "data": { "token": encoded(token) } });
    world.patch(Kind::Secret, "own-token", token(&world.canary("wrong-token"))).await;
    patient.fails(UNREADABLE, "SecretStore \"own\" is not ready").await;
    let store = world
        .store_says(Kind::SecretStore, "own", "InvalidProviderConfig", "unable to validate store: ")
        .await;
    assert!(store["status"].to_string().contains("invalid vault credentials: "), "{}", store["status"]);
    goes_on_with(&world, &mount).await;
    world.patch(Kind::Secret, "own-token", token(&mount.token)).await;
    patient.recovers(Cause::InTheCluster).await;
    world.end().await;
}

#[tokio::test]
async fn a_wrong_authority_fails_the_objects_of_its_store_alone() {
    let (world, mount) = ward("ca-vault").await;
    let server = secure_vault().await;
    let (path, token) = (world.namespace.clone(), server.root_token());
    world.watch_for(token);
    server.mount_kv(&path, 2).await.unwrap();
    server.put(&path, "db", &json!({ "password": world.canary("secure") })).await.unwrap();
    world.create_secret("root-token", &[("token", token)]).await;
    let authority = encoded(server.ca_pem().unwrap());
    let spec = |authority: &str| {
        json!({
            "server": server.url(), "path": path, "version": "v2", "caBundle": authority,
            "auth": { "tokenSecretRef": { "name": "root-token", "key": "token" } },
        })
    };
    world.create(store("secure").provider("vault", &spec(&authority))).await;
    world.create(object("secure").store("secure").key("password", "db#password").every("1s")).await;
    let patient = Patient::in_step(&world, "secure").await;
    let bundle = |authority: &str| json!({ "spec": { "provider": { "vault": { "caBundle": authority } } } });
    world.patch(Kind::SecretStore, "secure", bundle(&encoded(world.cluster.plane.ca_pem()))).await;
    patient.fails(UNREADABLE, "SecretStore \"secure\" is not ready").await;
    let store = world.store_says(Kind::SecretStore, "secure", "InvalidProviderConfig", "unable to ").await;
    assert!(store["status"].to_string().contains("check caBundle or caProvider"), "{}", store["status"]);
    goes_on_with(&world, &mount).await;
    world.patch(Kind::SecretStore, "secure", bundle(&authority)).await;
    patient.recovers(Cause::InTheCluster).await;
    world.end().await;
}

#[tokio::test]
async fn a_vault_that_does_not_answer_fails_its_own_objects_alone() {
    let (world, mount) = ward("silent-vault").await;
    let address = mount.server.url().trim_start_matches("http://");
    let cases = [
        ("hangs", ProxyMode::Hang, "did not answer"),
        ("refuses", ProxyMode::Refuse, "check the address and the network"),
        ("cuts", ProxyMode::Cut, "the server cannot be reached: check the address and the network"),
    ];
    let mut proxies = Vec::new();
    for (name, ..) in &cases {
        let proxy = FaultProxy::start(address).await.unwrap();
        let spec = mount.spec_at(&format!("http://{}", proxy.address()), "vault-token");
        world.create(store(name).provider("vault", &spec)).await;
        world.create(object(name).store(name).key("password", "db#password").every("1s")).await;
        proxies.push(proxy);
    }
    let patients = all_in_step(&world, cases.iter().map(|(name, ..)| *name)).await;
    for (proxy, (_, mode, _)) in proxies.iter().zip(&cases) {
        proxy.set(*mode).await.unwrap();
    }
    all_fail(&patients, cases.iter().map(|(.., says)| *says)).await;
    goes_on_with(&world, &mount).await;
    for proxy in &proxies {
        proxy.set(ProxyMode::Pass).await.unwrap();
    }
    all_recover(&patients, Cause::InTheStore).await;
    world.end().await;
}

#[tokio::test]
async fn a_policy_or_a_value_that_goes_away_for_a_while_fails_its_own_objects_alone() {
    let (world, mount) = ward("gone-vault").await;
    let (server, path) = (mount.server, &mount.name);
    let policy = format!("{path}-own");
    let rules = format!("path \"{path}/data/*\" {{ capabilities = [\"read\"] }}");
    server.policy(&policy, &rules).await.unwrap();
    let token = server.token(&[&policy], &json!({})).await.unwrap();
    world.watch_for(&token);
    world.create_secret("own-token", &[("token", &token)]).await;
    world.create(store("own").provider("vault", &mount.spec("own-token"))).await;
    mount.put("gone", &json!({ "password": world.canary("gone") })).await;
    world.create(object("denied").store("own").key("password", "db#password").every("1s")).await;
    world.create(object("gone").key("password", "gone#password").every("1s")).await;
    let [denied, gone] = ["denied", "gone"].map(|name| Patient::in_step(&world, name));
    let (denied, gone) = (denied.await, gone.await);
    server.policy(&policy, "path \"nothing\" { capabilities = [\"read\"] }").await.unwrap();
    server.delete(&format!("{path}/data/gone")).await.unwrap();
    denied.fails(UNREADABLE, "permission denied").await;
    gone.fails(UNREADABLE, "(key: gone), err: Secret does not exist").await;
    goes_on_with(&world, &mount).await;
    server.policy(&policy, &rules).await.unwrap();
    server.write(&format!("{path}/undelete/gone"), &json!({ "versions": [1] })).await.unwrap();
    all_recover(&[denied, gone], Cause::InTheStore).await;
    world.end().await;
}

/// A server of its own, for whoever is sealed serves nobody; `well` reads another one.
#[tokio::test]
async fn a_vault_that_is_sealed_for_a_while_fails_its_own_objects_alone_and_costs_one_login() {
    let (world, mount) = ward("sealed-vault").await;
    let server = OpenBao::start(Mode::Persistent).await.unwrap();
    world.watch_for(server.root_token());
    server.mount_kv("kv", 2).await.unwrap();
    server.put("kv", "db", &json!({ "password": world.canary("sealed") })).await.unwrap();
    let may = r#"capabilities = ["create", "read", "update", "delete"]"#;
    let rules = format!("path \"kv/data/*\" {{ {may} }}\npath \"kv/metadata/*\" {{ {may} }}");
    server.policy("app", &rules).await.unwrap();
    server.enable_auth("userpass", "userpass").await.unwrap();
    let password = world.canary("user");
    let user = json!({ "password": password, "token_policies": ["app"] });
    server.write("auth/userpass/users/app", &user).await.unwrap();
    world.create_secret("user", &[("password", &password)]).await;
    let spec = json!({
        "server": server.url(), "path": "kv", "version": "v2", "caBundle": encoded(server.ca_pem().unwrap()),
        "auth": { "userPass": { "username": "app", "secretRef": { "name": "user", "key": "password" } } },
    });
    world.create(store("sealed").provider("vault", &spec)).await;
    world.create(object("read").store("sealed").key("password", "db#password").every("1s")).await;
    world.create_secret("source", &[("password", &world.canary("pushed"))]).await;
    world.create(pushed("source")).await;
    let patient = Patient::in_step(&world, "read").await;
    let pushes = async |status: &str, says: &str| {
        let what = format!("is {status}: {says}");
        let so = world.until(Kind::PushSecret, "push", &what, |object| {
            let condition = Condition::of(object);
            condition.is_some_and(|condition| condition.status == status && condition.message.contains(says))
        });
        so.await
    };
    pushes("True", "").await;
    let asked = |path: &str| server.since(Mark::START).unwrap().path(path).len();
    assert_eq!(asked("auth/userpass/login/app"), 1);

    server.seal().await.unwrap();
    patient.fails(UNREADABLE, "Vault is sealed: unseal it").await;
    let later = world.canary("later");
    world.patch(Kind::Secret, "source", json!({ "data": { "password": encoded(&later) } })).await;
    pushes("False", "Vault is sealed").await;
    goes_on_with(&world, &mount).await;

    server.unseal().await.unwrap();
    patient.recovers(Cause::InTheStore).await;
    pushes("True", "").await;
    let held = server.request(Method::GET, "kv/data/pushed", None).await.unwrap().success().unwrap();
    assert_eq!(held["data"]["data"]["password"], later);
    assert_eq!(asked("auth/userpass/login/app"), 2, "one after the seal, whoever reads or writes");
    eventually("the token of before the seal is ended", async || match asked("auth/token/revoke-self") {
        1 => Ok(()),
        other => Err(other.to_string()),
    })
    .await;
    world.end().await;
}

/// A PushSecret `push` of a Secret's entry `password` to the store `sealed`.
fn pushed(secret: &str) -> Value {
    let remote = json!({ "remoteKey": "pushed", "property": "password" });
    json!({
        "apiVersion": "external-secrets.io/v1alpha1", "kind": "PushSecret", "metadata": { "name": "push" },
        "spec": {
            "refreshInterval": "1s", "secretStoreRefs": [{ "name": "sealed" }],
            "selector": { "secret": { "name": secret } },
            "data": [{ "match": { "secretKey": "password", "remoteRef": remote } }],
        },
    })
}
