//! The life of a token: one login for each, renewal on the way, and one login for all who find it dead.

use std::{sync::Arc, time::Duration};

use eso_core::{
    error::ErrorKind::{Denied, Invalid, Unauthenticated, Unavailable},
    provider::SecretProvider,
};
use eso_rig::{Mark, OpenBao, Reply, Scripted, VaultRequests};
use serde_json::json;

use crate::fixture::{
    APP, LOG_IN, LOOK_UP, MOUNT, Setting, app_role, ask, ask_at_once, bao, by_app_role, by_token,
    expect_kind, forbidden, granted, logins, read, scripted, scripted_role, spec, until, with,
};

const RENEW: &str = "/v1/auth/token/renew-self";
const REVOKE: &str = "/v1/auth/token/revoke-self";

/// What was asked so far, by anybody but the rig.
fn audit(bao: &OpenBao) -> VaultRequests {
    bao.since(Mark::START).expect("an audit log must be there").of_others()
}

/// Ends every token that logins by AppRole made.
async fn revoke_all(bao: &OpenBao) {
    bao.write("sys/leases/revoke-prefix/auth/approle", &json!({})).await.expect("tokens must be revoked");
}

/// With which status Vault answers to a token that asks about itself.
async fn look_up_status(bao: &OpenBao, token: &str) -> u16 {
    let question = json!({"token": token});
    let answer = bao.request(eso_rig::Method::POST, "auth/token/lookup", Some(&question)).await;
    answer.expect("OpenBao must answer").status.as_u16()
}

async fn reads_the_app(store: &Arc<dyn SecretProvider>) -> bool {
    read(store, "app").await == json!({"first": "1"})
}

#[tokio::test]
async fn a_hundred_reads_cost_one_login_and_closing_revokes_its_token() {
    let bao = bao().await;
    let setting = app_role(&bao, json!({})).await;
    let store = setting.store(spec(bao.url(), by_app_role())).await;
    for result in ask_at_once(&store, "app", 100).await {
        result.expect("the value must be read");
    }
    store.check().await.expect("the login must be good");
    assert_eq!(logins(&bao), 1);
    store.close().await;
    assert_eq!(audit(&bao).path("auth/token/revoke-self").len(), 1);
    for (call, times) in [("Login", 1), ("ReadSecretData", 100), ("LookupSelf", 1), ("RevokeSelf", 1)] {
        assert_eq!(setting.calls.count(call), times, "{call}");
    }
    let other = setting.store(spec(bao.url(), by_app_role())).await;
    assert!(reads_the_app(&other).await, "what one store revokes is no other's token");
}

#[tokio::test]
async fn sixty_four_reads_that_find_the_token_revoked_end_in_one_login() {
    let bao = bao().await;
    let setting = app_role(&bao, json!({})).await;
    let store = setting.store(spec(bao.url(), by_app_role())).await;
    assert!(reads_the_app(&store).await);
    for round in 2..5 {
        revoke_all(&bao).await;
        for result in ask_at_once(&store, "app", 64).await {
            result.expect("the value must be read");
        }
        assert_eq!(logins(&bao), round);
    }
}

#[tokio::test]
async fn a_check_after_a_revocation_logs_in_again() {
    let bao = bao().await;
    let setting = app_role(&bao, json!({})).await;
    let store = setting.store(spec(bao.url(), by_app_role())).await;
    revoke_all(&bao).await;
    store.check().await.expect("a new login must be good");
    assert_eq!(logins(&bao), 2);
}

#[tokio::test]
async fn a_token_that_expires_is_replaced() {
    let bao = bao().await;
    let setting = app_role(&bao, json!({"token_ttl": "2s", "token_max_ttl": "2s"})).await;
    let store = setting.store(spec(bao.url(), by_app_role())).await;
    until("a third login is made", async || {
        assert!(reads_the_app(&store).await);
        logins(&bao) >= 3
    })
    .await;
}

#[tokio::test]
async fn a_token_that_can_be_renewed_is_and_costs_no_login() {
    let bao = bao().await;
    let setting = app_role(&bao, json!({"token_period": "4s"})).await;
    let store = setting.store(spec(bao.url(), by_app_role())).await;
    until("it was renewed three times", async || {
        assert!(reads_the_app(&store).await);
        audit(&bao).path("auth/token/renew-self").len() >= 3
    })
    .await;
    assert_eq!(logins(&bao), 1);
}

#[tokio::test]
async fn a_batch_token_is_replaced_and_never_renewed_or_revoked() {
    let bao = bao().await;
    let setting = app_role(&bao, json!({"token_type": "batch", "token_ttl": "2s"})).await;
    let store = setting.store(spec(bao.url(), by_app_role())).await;
    store.check().await.expect("a batch token must be good");
    until("a second login is made", async || {
        assert!(reads_the_app(&store).await);
        logins(&bao) >= 2
    })
    .await;
    store.close().await;
    for call in ["auth/token/renew-self", "auth/token/revoke-self"] {
        assert_eq!(audit(&bao).path(call).len(), 0, "{call}");
    }
}

#[tokio::test]
async fn a_given_token_is_renewed_where_it_can_be_and_never_revoked() {
    let bao = bao().await;
    let token = bao.token(&["reader"], &json!({"period": "4s"})).await.expect("a token must be made");
    let store = Setting::with_token(&token).store(spec(bao.url(), by_token())).await;
    until("it was renewed three times", async || {
        assert!(reads_the_app(&store).await);
        audit(&bao).path("auth/token/renew-self").len() >= 3
    })
    .await;
    store.close().await;
    assert_eq!(audit(&bao).path("auth/token/revoke-self").len(), 0);
}

#[tokio::test]
async fn a_given_token_is_renewed_though_nobody_reads_and_no_longer_than_its_store_is_there() {
    let bao = bao().await;
    let token = bao.token(&["reader"], &json!({"period": "4s"})).await.expect("a token must be made");
    let store = Setting::with_token(&token).store(spec(bao.url(), by_token())).await;
    store.check().await.expect("the token must be good");
    let renewals = || audit(&bao).path("auth/token/renew-self").len();
    until("it was renewed three times", async || renewals() >= 3).await;
    assert!(reads_the_app(&store).await);
    drop(store);
    let gone = async || look_up_status(&bao, &token).await == 403;
    until("its life is over", gone).await;
}

#[tokio::test]
async fn an_idle_token_whose_renewal_fails_is_tried_again_and_then_left_alone() {
    let server = scripted().await;
    server.once("GET", LOOK_UP, Reply::json(200, &json!({"data": {"ttl": 6, "renewable": true}})));
    server.always("GET", LOOK_UP, forbidden());
    server.always("POST", RENEW, Reply::status(500));
    let store = Setting::with_token("s.t").store(spec(&server.url(), by_token())).await;
    store.check().await.expect("the token must be good");
    until("it was tried twice", async || server.count("POST", RENEW) >= 2).await;
    until("it is over", async || store.check().await.is_err()).await;
    assert!(server.count("POST", RENEW) < 8, "it was tried {} times", server.count("POST", RENEW));
}

#[tokio::test]
async fn a_check_believes_vault_about_a_life_that_is_shorter_than_was_thought() {
    let server = scripted().await;
    server.always("POST", LOG_IN, granted("s.made", 1_000_000));
    server.always("POST", RENEW, granted("s.made", 1_000_000));
    let store = scripted_role().store(spec(&server.url(), by_app_role())).await;
    server.always("GET", LOOK_UP, Reply::json(200, &json!({"data": {"ttl": 900_000, "renewable": true}})));
    store.check().await.expect("the token must be good");
    assert!(reads_the_app(&store).await);
    assert_eq!(server.count("POST", RENEW), 0);
    server.always("GET", LOOK_UP, Reply::json(200, &json!({"data": {"ttl": 1, "renewable": true}})));
    store.check().await.expect("the token must be good");
    until("it is renewed or replaced", async || {
        assert!(reads_the_app(&store).await);
        server.count("POST", RENEW) + server.count("POST", LOG_IN) == 2
    })
    .await;
}

#[tokio::test]
async fn a_given_token_that_died_is_read_again_from_its_secret() {
    let bao = bao().await;
    let new = async || bao.token(&["reader"], &json!({})).await.expect("a token must be made");
    let (first, second) = (new().await, new().await);
    let setting = Setting::with_token(&first);
    let store = setting.store(spec(bao.url(), by_token())).await;
    bao.write("auth/token/revoke", &json!({"token": first})).await.expect("a token must be revoked");
    let words = expect_kind(ask(&store, "app", None).await, Unauthenticated);
    assert!(words.starts_with("invalid vault credentials: "), "{words}");
    expect_kind(store.check().await, Unauthenticated);
    setting.credentials.put_secret("vault", "token", second.as_str());
    until("the new token is used", async || ask(&store, "app", None).await.is_ok()).await;
    store.check().await.expect("the new token must be good");
}

#[tokio::test]
async fn sixty_four_reads_share_one_login_that_is_refused() {
    let server = scripted().await;
    let setting = scripted_role();
    let store = setting.store(spec(&server.url(), by_app_role())).await;
    server.always("GET", APP, forbidden());
    server.always("GET", LOOK_UP, forbidden());
    server.always("POST", LOG_IN, Reply::json(400, &json!({"errors": ["invalid role or secret ID"]})));
    for result in ask_at_once(&store, "app", 64).await {
        expect_kind(result, Unauthenticated);
    }
    assert_eq!(server.count("POST", LOG_IN), 2, "one when it connected, and one for all of them");
}

#[tokio::test]
async fn sixty_four_denied_reads_with_a_live_token_cost_no_login() {
    let server = scripted().await;
    let store = scripted_role().store(spec(&server.url(), by_app_role())).await;
    server.always("GET", APP, forbidden());
    for result in ask_at_once(&store, "app", 64).await {
        expect_kind(result, Denied);
    }
    assert_eq!(server.count("POST", LOG_IN), 1);
}

#[tokio::test]
async fn a_token_that_may_not_look_itself_up_does_not_log_in_at_each_denial() {
    let server = scripted().await;
    let store = scripted_role().store(spec(&server.url(), by_app_role())).await;
    server.always("GET", APP, forbidden());
    server.always("GET", LOOK_UP, forbidden());
    for _ in 0..5 {
        expect_kind(ask(&store, "app", None).await, Denied);
    }
    assert_eq!(server.count("POST", LOG_IN), 2, "one when it connected, and one that did not help");
}

#[tokio::test]
async fn a_server_in_trouble_is_no_reason_to_log_in() {
    let server = scripted().await;
    let store = scripted_role().store(spec(&server.url(), by_app_role())).await;
    server.always("GET", LOOK_UP, Reply::status(503));
    server.once("GET", APP, forbidden());
    server.once("GET", APP, Reply::status(503));
    expect_kind(ask(&store, "app", None).await, Unavailable);
    expect_kind(ask(&store, "app", None).await, Unavailable);
    expect_kind(store.check().await, Unavailable);
    assert_eq!(server.count("POST", LOG_IN), 1);
}

#[tokio::test]
async fn a_token_is_used_to_its_end_where_it_can_neither_be_renewed_nor_replaced() {
    let server = scripted().await;
    server.once("POST", LOG_IN, granted("s.short", 3));
    server.always("POST", LOG_IN, Reply::status(500));
    server.always("POST", RENEW, Reply::status(500));
    let store = scripted_role().store(spec(&server.url(), by_app_role())).await;
    until("its life is over", async || match ask(&store, "app", None).await {
        Ok(_) => false,
        Err(error) => {
            assert_eq!(error.kind(), Unavailable, "{error}");
            true
        }
    })
    .await;
    let renewals = server.count("POST", RENEW);
    assert!((1..20).contains(&renewals), "it was tried {renewals} times, not at each read");
    server.always("POST", LOG_IN, granted("s.new", 0));
    until("a new login is made", async || ask(&store, "app", None).await.is_ok()).await;
}

#[tokio::test]
async fn a_read_beside_a_slow_renewal_does_not_wait_for_it() {
    let server = scripted().await;
    // Eight of these seconds are left when the renewal is due: time enough for one more read on a slow machine.
    server.once("POST", LOG_IN, granted("s.short", 24));
    server.always("POST", RENEW, Reply::never());
    let store = scripted_role().store(spec(&server.url(), by_app_role())).await;
    until("it is being renewed", async || server.count("POST", RENEW) > 0).await;
    assert!(reads_the_app(&store).await);
    assert_eq!((server.count("POST", RENEW), server.count("POST", LOG_IN)), (1, 1));
}

#[tokio::test]
async fn a_token_of_a_login_is_renewed_though_nobody_reads() {
    let bao = bao().await;
    let setting = app_role(&bao, json!({"token_period": "4s"})).await;
    let store = setting.store(spec(bao.url(), by_app_role())).await;
    let renewals = || audit(&bao).path("auth/token/renew-self").len();
    until("it was renewed three times", async || renewals() >= 3).await;
    assert!(reads_the_app(&store).await);
    assert_eq!(logins(&bao), 1);
}

#[tokio::test]
async fn no_login_is_made_for_nobody_when_a_longest_life_comes_to_an_end() {
    let server = scripted().await;
    server.once("POST", LOG_IN, granted("s.first", 6));
    // Its longest life is nearly over: it is given less than it had.
    server.always("POST", RENEW, granted("s.first", 1));
    let store = scripted_role().store(spec(&server.url(), by_app_role())).await;
    until("its renewal was tried", async || server.count("POST", RENEW) > 0).await;
    assert_eq!(server.count("POST", LOG_IN), 1);
    assert!(reads_the_app(&store).await);
    until("whoever reads gets another", async || {
        assert!(reads_the_app(&store).await);
        server.count("POST", LOG_IN) == 2
    })
    .await;
}

#[tokio::test]
async fn a_token_that_is_replaced_before_its_end_is_revoked() {
    let server = scripted().await;
    server.once("POST", LOG_IN, granted("s.first", 6));
    server.always("POST", LOG_IN, granted("s.second", 0));
    server.always("POST", RENEW, Reply::status(403));
    server.always("POST", REVOKE, Reply::status(204));
    let store = scripted_role().store(spec(&server.url(), by_app_role())).await;
    until("it was replaced and revoked", async || {
        assert!(reads_the_app(&store).await);
        server.count("POST", REVOKE) == 1
    })
    .await;
    let requests = server.requests();
    let revoked = requests.iter().find(|request| request.path == REVOKE).expect("it must be revoked");
    assert_eq!(revoked.header("x-vault-token"), "s.first");
    assert_eq!(server.count("POST", LOG_IN), 2);
}

#[tokio::test]
async fn a_store_that_is_given_up_without_being_closed_ends_its_login_and_a_closed_one_once() {
    let server = scripted().await;
    server.always("POST", REVOKE, Reply::status(204));
    let closed = scripted_role().store(spec(&server.url(), by_app_role())).await;
    closed.close().await;
    assert_eq!(server.count("POST", REVOKE), 1);
    drop(closed);
    drop(scripted_role().store(spec(&server.url(), by_app_role())).await);
    until("it is revoked", async || server.count("POST", REVOKE) >= 2).await;
    drop(Setting::with_token("s.t").store(spec(&server.url(), by_token())).await);
    // A last one, after which nothing of those before is under way.
    drop(scripted_role().store(spec(&server.url(), by_app_role())).await);
    until("it is revoked", async || server.count("POST", REVOKE) >= 3).await;
    assert_eq!(server.count("POST", REVOKE), 3);
}

#[tokio::test]
async fn a_login_that_nobody_waits_for_any_more_is_ended_when_it_is_answered() {
    let server = scripted().await;
    server.always("POST", REVOKE, Reply::status(204));
    server.once("POST", LOG_IN, granted("s.late", 3600).after(Duration::from_millis(300)));
    let setting = scripted_role();
    {
        let connecting = setting.connect(spec(&server.url(), by_app_role()));
        let is_sent = until("the login is sent", async || server.count("POST", LOG_IN) == 1);
        tokio::select! {
            _ = connecting => panic!("it must not be answered yet"),
            () = is_sent => {}
        }
    }
    until("it is revoked", async || server.count("POST", REVOKE) == 1).await;
    let requests = server.requests();
    assert_eq!(requests.last().expect("there must be requests").header("x-vault-token"), "s.late");
}

/// Stops waiting for `question` when a login was sent that is answered a little later.
async fn given_up(server: &Scripted, question: impl Future) {
    let before = server.count("POST", LOG_IN);
    server.once("POST", LOG_IN, granted("s.late", 3600).after(Duration::from_millis(300)));
    let is_sent = until("the login is sent", async || server.count("POST", LOG_IN) > before);
    tokio::select! {
        _ = question => panic!("it must not be answered yet"),
        () = is_sent => {}
    }
}

#[tokio::test]
async fn no_login_that_is_under_way_at_the_end_of_the_process_leaves_its_token() {
    let server = scripted().await;
    server.always("POST", REVOKE, Reply::status(204));
    let setting = scripted_role();
    given_up(&server, setting.connect(spec(&server.url(), by_app_role()))).await;
    setting.vault.settled().await;
    assert_eq!(server.count("POST", REVOKE), 1, "of a store that was being connected");

    let store = setting.store(spec(&server.url(), by_app_role())).await;
    server.always("GET", LOOK_UP, forbidden());
    given_up(&server, store.check()).await;
    store.close().await;
    setting.vault.settled().await;
    let requests = server.requests();
    let revoked = requests.iter().filter(|request| request.path == REVOKE);
    let mut revoked: Vec<_> = revoked.map(|request| request.header("x-vault-token").to_owned()).collect();
    revoked.sort();
    assert_eq!(revoked, ["s.late", "s.late", "s.made"], "and of one that was logging in anew");
    drop(store);
}

#[tokio::test]
async fn a_store_that_fails_after_its_login_has_ended_it_before_it_says_so() {
    let server = scripted().await;
    server.always("POST", REVOKE, Reply::status(204));
    let unsaid = with(spec(&server.url(), by_app_role()), json!({"version": null}));
    server.once("GET", MOUNT, Reply::status(503));
    expect_kind(scripted_role().connect(unsaid.clone()).await, Unavailable);
    assert_eq!(server.count("POST", REVOKE), 1);
    let other = json!({"data": {"type": "kv", "path": "secret/", "options": {"version": "1"}}});
    server.once("GET", MOUNT, Reply::json(200, &other));
    let checked = with(unsaid, json!({"checkAndSet": {"required": true}}));
    let words = expect_kind(scripted_role().connect(checked).await, Invalid);
    assert!(words.ends_with("checkAndSet is not supported with Vault KV version v1"), "{words}");
    assert_eq!(server.count("POST", REVOKE), 2);
}
