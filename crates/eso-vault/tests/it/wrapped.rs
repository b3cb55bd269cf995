//! Secret ids that come wrapped: unwrapped once, by nobody else, and remembered for the store that they are for.

use std::sync::Arc;

use eso_core::{
    error::ErrorKind::{Unauthenticated, Unavailable},
    key::{StoreKind, StoreReference},
    provider::SecretProvider,
};
use eso_rig::{Method, OpenBao, Reply};
use eso_testkit::connection::connection;
use serde_json::{Value, json};

use crate::fixture::{
    LOG_IN, Setting, app_role, ask, bao, by_app_role, expect_kind, granted, logins, read, requests_to,
    scripted, scripted_role, spec,
};

const LOOK_UP_WRAPPING: &str = "/v1/sys/wrapping/lookup";
const UNWRAP: &str = "/v1/sys/wrapping/unwrap";

/// What a request's answer is wrapped in, for a while.
async fn wrapped(bao: &OpenBao, path: &str, body: &Value) -> String {
    bao.wrapped(path, body).await.expect("it must be wrapped")
}

/// A role of AppRole, and a setting whose secret id is wrapped.
async fn wrapped_role(bao: &OpenBao, settings: Value) -> Setting {
    let setting = app_role(bao, settings).await;
    let token = wrapped(bao, "auth/approle/role/app/secret-id", &json!({})).await;
    setting.credentials.put_secret("vault", "secret", format!("{token}\n"));
    setting
}

async fn reads(store: &Arc<dyn SecretProvider>) {
    assert_eq!(read(store, "app").await, json!({"first": "1"}));
}

async fn revoke_all(bao: &OpenBao) {
    bao.write("sys/leases/revoke-prefix/auth/approle", &json!({})).await.expect("tokens must be revoked");
}

#[tokio::test]
async fn a_wrapped_secret_id_is_unwrapped_once_and_logs_in_as_often_as_it_takes() {
    let bao = bao().await;
    let setting = wrapped_role(&bao, json!({})).await;
    let store = setting.store(spec(bao.url(), by_app_role())).await;
    reads(&store).await;
    revoke_all(&bao).await;
    reads(&store).await;
    // A store that is edited, or was refused for a while, connects anew, and finds a token that was used.
    let again = setting.store(spec(bao.url(), by_app_role())).await;
    reads(&again).await;
    assert_eq!(logins(&bao), 3);
    for (call, times) in [("LookupWrapping", 1), ("Unwrap", 1), ("Login", 3)] {
        assert_eq!(setting.calls.count(call), times, "{call}");
    }
    let unwraps = requests_to(&bao, "sys/wrapping/unwrap");
    assert_eq!(unwraps, 1);
}

#[tokio::test]
async fn a_new_wrapping_token_takes_the_place_of_the_old_one() {
    let bao = bao().await;
    let setting = wrapped_role(&bao, json!({"secret_id_num_uses": 1})).await;
    let store = setting.store(spec(bao.url(), by_app_role())).await;
    reads(&store).await;
    // Before there is another: a wrapping token goes with those of the method that gave it.
    revoke_all(&bao).await;
    let token = wrapped(&bao, "auth/approle/role/app/secret-id", &json!({})).await;
    setting.credentials.put_secret("vault", "secret", token);
    reads(&store).await;
    assert_eq!((setting.calls.count("Unwrap"), logins(&bao)), (2, 2));
}

#[tokio::test]
async fn a_wrapping_token_that_somebody_else_used_is_said_to_be() {
    let bao = bao().await;
    let setting = app_role(&bao, json!({})).await;
    let token = wrapped(&bao, "auth/approle/role/app/secret-id", &json!({})).await;
    let taken = bao.request(Method::POST, "sys/wrapping/unwrap", Some(&json!({"token": token}))).await;
    taken.and_then(|answer| answer.success()).expect("somebody else must have it");
    setting.credentials.put_secret("vault", "secret", token.as_str());
    let words = expect_kind(setting.connect(spec(bao.url(), by_app_role())).await, Unauthenticated);
    let said = "cannot initialize Vault client: the secret id in Secret \"vault\" is wrapped, and its wrapping token was \
                used or is over: ";
    assert!(words.starts_with(said) && !words.contains(&token), "{words}");
    assert_eq!(setting.calls.count("Unwrap"), 0);
}

#[tokio::test]
async fn a_token_that_wraps_something_else_is_not_unwrapped() {
    let bao = bao().await;
    let setting = app_role(&bao, json!({})).await;
    bao.enable_auth("approle", "other").await.expect("AppRole must be mounted");
    bao.write("auth/other/role/app", &json!({"token_policies": ["reader"]}))
        .await
        .expect("a role must be written");
    let chosen = json!({"secret_id": "chosen-by-somebody"});
    for token in [
        wrapped(&bao, "auth/other/role/app/secret-id", &json!({})).await,
        wrapped(&bao, "sys/wrapping/wrap", &chosen).await,
        bao.token(&["reader"], &json!({})).await.expect("a token must be made"),
    ] {
        setting.credentials.put_secret("vault", "secret", token);
        let words = expect_kind(setting.connect(spec(bao.url(), by_app_role())).await, Unauthenticated);
        assert!(!words.contains("chosen-by-somebody"), "{words}");
    }
    assert_eq!((setting.calls.count("Unwrap"), requests_to(&bao, "sys/wrapping/unwrap")), (0, 0));
}

#[tokio::test]
async fn a_secret_id_that_only_looks_like_a_token_is_one() {
    let bao = bao().await;
    let setting = app_role(&bao, json!({})).await;
    let own = json!({"secret_id": "s.this-is-no-token-at-all"});
    bao.write("auth/approle/role/app/custom-secret-id", &own).await.expect("a secret id must be taken");
    setting.credentials.put_secret("vault", "secret", "s.this-is-no-token-at-all");
    reads(&setting.store(spec(bao.url(), by_app_role())).await).await;
    assert_eq!((setting.calls.count("LookupWrapping"), setting.calls.count("Unwrap")), (1, 0));
}

const WRAPPING: &str = "s.wrappingwrappingwrapping";

/// A scripted server on which [`WRAPPING`] wraps a secret id, and a setting that has it.
async fn scripted_wrapping() -> (eso_rig::Scripted, Setting) {
    let server = scripted().await;
    let origin = json!({"data": {"creation_path": "auth/approle/role/app/secret-id", "creation_ttl": 300}});
    server.always("POST", LOOK_UP_WRAPPING, Reply::json(200, &origin));
    server.once("POST", UNWRAP, Reply::json(200, &json!({"data": {"secret_id": "unwrapped"}})));
    server.always(
        "POST",
        UNWRAP,
        Reply::json(400, &json!({"errors": ["wrapping token is not valid or does not exist"]})),
    );
    let setting = scripted_role();
    setting.credentials.put_secret("vault", "secret", WRAPPING);
    (server, setting)
}

#[tokio::test]
async fn a_wrapping_token_is_shown_where_it_must_be_and_nowhere_else() {
    let (server, setting) = scripted_wrapping().await;
    reads(&setting.store(spec(&server.url(), by_app_role())).await).await;
    let requests = server.requests();
    let sent: Vec<_> = requests
        .iter()
        .map(|request| (request.path.as_str(), request.header("x-vault-token"), request.json()))
        .collect();
    let expected = [
        (LOOK_UP_WRAPPING, "", json!({"token": WRAPPING})),
        (UNWRAP, WRAPPING, Value::Null),
        (LOG_IN, "", json!({"role_id": "role-id", "secret_id": "unwrapped"})),
        (crate::fixture::APP, "s.made", Value::Null),
    ];
    assert_eq!(sent, expected);
}

#[tokio::test]
async fn what_one_store_unwrapped_is_no_other_stores() {
    let (server, setting) = scripted_wrapping().await;
    reads(&setting.store(spec(&server.url(), by_app_role())).await).await;
    let spec = serde_json::from_value(spec(&server.url(), by_app_role())).expect("a spec must have its type");
    let mut other = connection(&setting.credentials, &setting.calls);
    other.store = StoreReference {
        kind: StoreKind::SecretStore,
        namespace: "other".to_owned(),
        name: "store".to_owned(),
    };
    let connected = setting.vault.connect(&spec, other).await;
    expect_kind(connected, Unauthenticated);
    assert_eq!(server.count("POST", UNWRAP), 2);
}

#[tokio::test]
async fn what_was_unwrapped_on_one_server_is_not_shown_to_another() {
    let (server, setting) = scripted_wrapping().await;
    reads(&setting.store(spec(&server.url(), by_app_role())).await).await;
    let hostile = scripted().await;
    let unknown = Reply::json(400, &json!({"errors": ["wrapping token is not valid or does not exist"]}));
    hostile.always("POST", LOOK_UP_WRAPPING, unknown);
    hostile.always("POST", LOG_IN, granted("s.hostile", 0));
    setting.store(spec(&hostile.url(), by_app_role())).await;
    let shown = hostile.requests().iter().any(|request| request.json().to_string().contains("unwrapped"));
    assert!(!shown, "the other server was shown the secret id");
}

#[tokio::test]
async fn a_server_in_trouble_is_asked_again_and_nothing_is_used_up() {
    let (server, setting) = scripted_wrapping().await;
    server.once("POST", LOOK_UP_WRAPPING, Reply::status(503));
    expect_kind(setting.connect(spec(&server.url(), by_app_role())).await, Unavailable);
    assert_eq!((server.count("POST", UNWRAP), server.count("POST", LOG_IN)), (0, 0));
    let store = setting.store(spec(&server.url(), by_app_role())).await;
    ask(&store, "app", None).await.expect("the value must be read");
}
