//! Between us and the server: certificates, redirects, servers that are sealed, slow or gone.

use eso_core::error::ErrorKind::{Invalid, Unavailable, Unexpected};
use eso_rig::{Mode, OpenBao, Reply};
use serde_json::{Value, json};

use crate::fixture::{
    APP, LOOK_UP, Setting, ask, by_token, expect_kind, put_app, read, scripted, spec, until, with,
};

async fn over_tls() -> OpenBao {
    let bao = OpenBao::start(Mode::Persistent).await.expect("OpenBao must start");
    bao.mount_kv("secret", 2).await.expect("a mount must be made");
    put_app(&bao).await;
    bao
}

fn bundle(pem: &str) -> Value {
    json!({"caBundle": pem})
}

#[tokio::test]
async fn a_private_authority_is_believed_only_where_the_store_names_it() {
    let bao = over_tls().await;
    let authority = bao.ca_pem().expect("a server with TLS must have an authority");
    let setting = Setting::with_token(bao.root_token());
    let plain = spec(bao.url(), by_token());

    let store = setting.store(with(plain.clone(), bundle(authority))).await;
    assert_eq!(read(&store, "app").await, json!({"first": "1"}));
    setting.credentials.put_authority("ca", authority);
    let provider = json!({"caProvider": {"type": "ConfigMap", "name": "ca", "key": "ca.crt"}});
    let store = setting.store(with(plain.clone(), provider.clone())).await;
    assert_eq!(read(&store, "app").await, json!({"first": "1"}));

    let stranger = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]);
    let stranger = stranger.expect("a certificate must be made").cert.pem();
    for wrong in [plain.clone(), with(plain.clone(), bundle(&stranger))] {
        let words = expect_kind(setting.validate(wrong).await, Invalid);
        let expected =
            "the server's certificate is not signed by the roots of this store: check caBundle or caProvider";
        assert!(words.ends_with(expected), "{words}");
    }
    setting.credentials.put_authority("ca", "no certificate");
    let words = expect_kind(setting.connect(with(plain, provider)).await, Invalid);
    assert!(words.contains("holds no PEM certificates"), "{words}");
}

#[tokio::test]
async fn the_wrong_scheme_is_said() {
    let bao = over_tls().await;
    let setting = Setting::with_token(bao.root_token());
    let http = bao.url().replace("https:", "http:");
    let words = expect_kind(setting.validate(spec(&http, by_token())).await, Unexpected);
    assert!(words.contains("is there a Vault at this address, and is it https or http?"), "{words}");
    let plain = scripted().await;
    let https = plain.url().replace("http:", "https:");
    let words = expect_kind(setting.validate(spec(&https, by_token())).await, Invalid);
    assert!(words.ends_with("check whether the address is https or http"), "{words}");
}

#[tokio::test]
async fn a_server_that_was_sealed_gone_or_stuck_is_unavailable_and_then_works_again() {
    let bao = over_tls().await;
    let setting = Setting::with_token(bao.root_token());
    let authority = bao.ca_pem().expect("a server with TLS must have an authority");
    let spec = with(spec(bao.url(), by_token()), bundle(authority));
    let store = setting.store(spec.clone()).await;

    bao.seal().await.expect("OpenBao must be sealed");
    let words = expect_kind(ask(&store, "app", None).await, Unavailable);
    assert!(words.contains("Vault is sealed: unseal it"), "{words}");
    expect_kind(setting.validate(spec.clone()).await, Unavailable);
    expect_kind(store.check().await, Unavailable);
    bao.unseal().await.expect("OpenBao must be unsealed");
    until("it reads again", async || ask(&store, "app", None).await.is_ok()).await;

    bao.pause().expect("OpenBao must stop");
    let words = expect_kind(ask(&store, "app", None).await, Unavailable);
    assert!(words.ends_with("the server did not answer in time"), "{words}");
    bao.resume().expect("OpenBao must go on");
    assert_eq!(read(&store, "app").await, json!({"first": "1"}));

    bao.kill();
    let words = expect_kind(ask(&store, "app", None).await, Unavailable);
    assert!(words.ends_with("the server cannot be reached: check the address and the network"), "{words}");
    bao.restart().await.expect("OpenBao must start again");
    bao.unseal().await.expect("OpenBao must be unsealed");
    until("it reads again", async || ask(&store, "app", None).await.is_ok()).await;
}

#[tokio::test]
async fn no_redirect_is_followed_and_no_token_is_sent_to_another_host() {
    let (server, other) = (scripted().await, scripted().await);
    let store = Setting::with_token("s.t").store(spec(&server.url(), by_token())).await;
    for status in [301, 302, 303, 307, 308] {
        let location = format!("{}{APP}", other.url());
        server.once("GET", APP, Reply::status(status).header("location", &location));
        let words = expect_kind(ask(&store, "app", None).await, Invalid);
        assert!(words.contains("redirects, which is not followed"), "{words}");
    }
    let location = format!("{}{LOOK_UP}", other.url());
    server.once("GET", LOOK_UP, Reply::status(307).header("location", &location));
    expect_kind(Setting::with_token("s.t").validate(spec(&server.url(), by_token())).await, Invalid);
    assert!(other.requests().is_empty());
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_cut() {
    let server = scripted().await;
    let store = Setting::with_token("s.t").store(spec(&server.url(), by_token())).await;
    server.once("GET", APP, Reply::status(200).body(vec![b' '; 9 << 20]));
    let error = ask(&store, "app", None).await.expect_err("this must fail");
    assert_eq!(error.kind(), Unexpected);
    assert_eq!(read(&store, "app").await, json!({"first": "1"}));
}

#[tokio::test]
async fn stores_of_one_server_share_its_connections_and_stores_of_other_roots_do_not() {
    let bao = over_tls().await;
    let authority = bao.ca_pem().expect("a server with TLS must have an authority");
    let setting = Setting::with_token(bao.root_token());
    let good = with(spec(bao.url(), by_token()), bundle(authority));
    let (one, two) = (setting.store(good.clone()).await, setting.store(good).await);
    // A connection that one of them opened must not serve a store that does not believe the certificate.
    expect_kind(setting.validate(spec(bao.url(), by_token())).await, Invalid);
    one.close().await;
    drop(one);
    assert_eq!(read(&two, "app").await, json!({"first": "1"}));
}
