//! What goes wrong with Vault.

use eso_rig::{FaultProxy, ProxyMode};
use eso_testkit::objects::{object, store};
use serde_json::{Value, json};

use super::{
    UNREADABLE, WrongQuestion, data, extract,
    patient::{Cause, Patient, all_fail, all_in_step, all_recover, goes_on},
    wrong_questions,
};
use crate::harness::{Kind, Mount, Setup, World, encoded, secure_vault};

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
