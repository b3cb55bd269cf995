//! After a seal no token is trusted: one login of each store, and none that is refused takes a good token away.

use eso_core::error::ErrorKind::Unavailable;
use eso_rig::{Mode, OpenBao, Reply, Scripted};
use serde_json::{Value, json};

use crate::fixture::{
    APP, LOG_IN, LOOK_UP, Setting, app_role, ask, ask_at_once, by_app_role, by_token, expect_kind, granted,
    logins, put_app, read, requests_to, scripted, scripted_role, spec, until, with,
};

const REVOKE: &str = "/v1/auth/token/revoke-self";

async fn sealable() -> OpenBao {
    let bao = OpenBao::start(Mode::Persistent).await.expect("OpenBao must start");
    bao.mount_kv("secret", 2).await.expect("a mount must be made");
    put_app(&bao).await;
    let policy = "path \"secret/*\" { capabilities = [\"read\"] }";
    bao.policy("reader", policy).await.expect("a policy must be written");
    bao
}

fn secured(bao: &OpenBao, auth: Value) -> Value {
    let authority = bao.ca_pem().expect("a server with TLS must have an authority");
    with(spec(bao.url(), auth), json!({"caBundle": authority}))
}

#[tokio::test]
async fn sixty_four_reads_after_a_seal_cost_one_login_and_the_old_token_is_revoked() {
    let bao = sealable().await;
    let setting = app_role(&bao, json!({})).await;
    let store = setting.store(secured(&bao, by_app_role())).await;
    assert_eq!(read(&store, "app").await, json!({"first": "1"}));
    bao.seal().await.expect("OpenBao must be sealed");
    for result in ask_at_once(&store, "app", 16).await {
        let words = expect_kind(result, Unavailable);
        assert!(words.contains("Vault is sealed: unseal it"), "{words}");
    }
    assert_eq!(setting.calls.count("Login"), 1, "a sealed server is not asked for logins");
    bao.unseal().await.expect("OpenBao must be unsealed");
    until("it reads again", async || ask(&store, "app", None).await.is_ok()).await;
    for result in ask_at_once(&store, "app", 64).await {
        result.expect("the value must be read");
    }
    assert_eq!(logins(&bao), 2);
    until("the old token is revoked", async || requests_to(&bao, "auth/token/revoke-self") == 1).await;
    store.check().await.expect("the new token must be good");
    store.close().await;
    assert_eq!(requests_to(&bao, "auth/token/revoke-self"), 2, "and the new one when the store is closed");
}

/// Is sealed for one read, and is not again.
async fn sealed_once(server: &Scripted, store: &std::sync::Arc<dyn eso_core::provider::SecretProvider>) {
    server.once("GET", APP, Reply::json(503, &json!({"errors": ["Vault is sealed"]})));
    expect_kind(ask(store, "app", None).await, Unavailable);
    assert_eq!(read(store, "app").await, json!({"first": "1"}));
}

/// The token of the last read.
fn read_with(server: &Scripted) -> String {
    let requests = server.requests();
    let reads = requests.iter().filter(|request| request.path == APP);
    reads.last().expect("there must be a read").header("x-vault-token").to_owned()
}

#[tokio::test]
async fn a_token_is_used_on_where_no_other_can_be_had_after_a_seal() {
    let server = scripted().await;
    server.once("POST", LOG_IN, granted("s.first", 3600));
    server.always("POST", LOG_IN, Reply::json(400, &json!({"errors": ["invalid role or secret ID"]})));
    let store = scripted_role().store(spec(&server.url(), by_app_role())).await;
    sealed_once(&server, &store).await;
    for result in ask_at_once(&store, "app", 16).await {
        result.expect("the value must be read");
    }
    assert_eq!((server.count("POST", LOG_IN), server.count("POST", REVOKE)), (2, 0));
    assert_eq!(read_with(&server), "s.first");
}

#[tokio::test]
async fn each_seal_costs_one_login_and_no_other_trouble_does() {
    let server = scripted().await;
    server.once("POST", LOG_IN, granted("s.first", 0));
    server.once("POST", LOG_IN, granted("s.second", 0));
    server.always("POST", LOG_IN, granted("s.third", 0));
    let store = scripted_role().store(spec(&server.url(), by_app_role())).await;
    for (token, count) in [("s.second", 2), ("s.third", 3)] {
        sealed_once(&server, &store).await;
        assert_eq!(read(&store, "app").await, json!({"first": "1"}));
        assert_eq!((read_with(&server).as_str(), server.count("POST", LOG_IN)), (token, count));
        server.once("GET", APP, Reply::status(503));
        expect_kind(ask(&store, "app", None).await, Unavailable);
        assert_eq!(read(&store, "app").await, json!({"first": "1"}));
        assert_eq!(server.count("POST", LOG_IN), count);
    }
}

#[tokio::test]
async fn a_token_that_somebody_made_is_read_and_asked_about_again_after_a_seal() {
    let server = scripted().await;
    let setting = Setting::with_token("s.first");
    let store = setting.store(spec(&server.url(), by_token())).await;
    assert_eq!(read(&store, "app").await, json!({"first": "1"}));
    setting.credentials.put_secret("vault", "token", "s.second");
    sealed_once(&server, &store).await;
    assert_eq!(read(&store, "app").await, json!({"first": "1"}));
    assert_eq!((read_with(&server).as_str(), server.count("GET", LOOK_UP)), ("s.second", 2));
    assert_eq!(server.count("POST", REVOKE), 0, "it is not ours to end");
}
