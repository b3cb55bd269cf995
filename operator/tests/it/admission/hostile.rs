//! Whatever is sent is refused with a reason, and the operator is unharmed.

use reqwest::{Client, StatusCode};
use serde_json::json;
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use super::{check, world};
use crate::harness::{Kind, RECORD, STORE, asking, encoded};

#[tokio::test]
async fn what_reaches_for_others_is_refused() {
    let (world, _, token) = world("admission-hostile").await;
    for named in
        ["SecretStore/other/main", "other/main", "main", "SecretStore/https://x", "Vault/x", "SecretStore/"]
    {
        let mut asked = asking("app", &[("a", "eso:token")]);
        asked["metadata"]["annotations"] = json!({ STORE: named });
        let refused = world.make(&asked, None).await.refused();
        assert!(
            refused.contains("admission.external-secrets.io/store") || refused.contains("KIND/NAME"),
            "{refused}"
        );
    }
    for reference in [">>vault:a#b", "${>>vault:a#b}", "eso:", "vault:a"] {
        let refused = world.make(&asking("app", &[("a", reference)]), None).await.refused();
        assert!(!refused.is_empty(), "{reference}");
    }
    // Of somebody else's Secret, the record is worth nothing.
    let made = world.make(&asking("first", &[("a", "eso:token")]), None).await.taken();
    let mut copied = asking("second", &[("a", "b")]);
    copied["metadata"]["annotations"][RECORD] = made["metadata"]["annotations"][RECORD].clone();
    let refused = world.make(&copied, None).await.refused();
    assert!(refused.contains("its seal is broken"), "{refused}");
    assert_eq!(world.get(Kind::Secret, "second").await, None);
    check(world.make(&asking("third", &[("a", "eso:token")]), None).await, &[("a", &token)]);
    world.end().await;
}

#[tokio::test]
async fn what_is_too_much_is_refused_or_stored_whole() {
    let (world, _, token) = world("admission-large").await;
    let many: String = (0..10_000).map(|number| format!("${{eso:k{number}}}")).collect();
    let refused = world.make(&asking("many", &[("a", &many)]), None).await.refused();
    assert!(refused.contains("denied the request"), "{refused}");
    let large = "x".repeat(900 << 10);
    check(
        world.make(&asking("large", &[("a", "eso:token"), ("b", &large)]), None).await,
        &[("a", &token), ("b", &large)],
    );
    let mut bytes = asking("bytes", &[("a", "eso:token")]);
    bytes["data"] = json!({ "b": "/wD/" });
    assert_eq!(world.make(&bytes, None).await.taken()["data"], json!({ "a": encoded(&token), "b": "/wD/" }));
    world.end().await;
}

#[tokio::test]
async fn what_is_sent_past_the_api_server_does_no_harm() {
    let (world, _, token) = world("admission-raw").await;
    let port = world.webhook_port();
    let client = Client::builder().no_proxy().tls_danger_accept_invalid_certs(true).build().unwrap();
    let url = format!("https://127.0.0.1:{port}/mutate/references");
    let send = async |body: Vec<u8>| client.post(&url).body(body).send().await.unwrap().status();
    assert_eq!(send(b"{}".to_vec()).await, StatusCode::BAD_REQUEST);
    assert_eq!(send("[".repeat(1 << 20).into_bytes()).await, StatusCode::BAD_REQUEST);
    assert_eq!(send(vec![0xff; 1 << 20]).await, StatusCode::BAD_REQUEST);
    let mut streams = Vec::new();
    for _ in 0..600 {
        // They say nothing, or nonsense, and stay.
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        if streams.len() % 2 == 0 {
            drop(stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await);
        }
        streams.push(stream);
    }
    check(world.make(&asking("app", &[("a", "eso:token")]), None).await, &[("a", &token)]);
    drop(streams);
    assert_eq!(world.operator.ended(), None);
    world.end().await;
}
