//! Whatever is sent is refused with a reason, and the operator is unharmed.

use std::sync::Arc;

use reqwest::{Client, StatusCode};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{check, world};
use crate::harness::{Kind, RECORD, STORE, World, asking, encoded, entries, eventually};

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
    // Nor is a value asked for of somewhere that the Secret names itself: these annotations are heeded by nobody.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let mut elsewhere = asking("elsewhere", &[("a", "vault:token#x")]);
    for prefix in ["vault.security.banzaicloud.io", "secrets-webhook.security.bank-vaults.io"] {
        elsewhere["metadata"]["annotations"][format!("{prefix}/vault-addr")] = json!(address);
        elsewhere["metadata"]["annotations"][format!("{prefix}/vault-role")] = json!("admin");
    }
    let refused = world.make(&elsewhere, None).await.refused();
    assert!(refused.contains("token#x of SecretStore \"main\""), "{refused}");
    elsewhere["stringData"]["a"] = json!("eso:token");
    check(world.make(&elsewhere, None).await, &[("a", &token)]);
    assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "nobody was asked");
    // Of somebody else's Secret, the record is worth nothing.
    let made = world.make(&asking("first", &[("a", "eso:token")]), None).await.taken();
    let mut copied = asking("second", &[("a", "b")]);
    copied["metadata"]["annotations"][RECORD] = made["metadata"]["annotations"][RECORD].clone();
    let refused = world.make(&copied, None).await.refused();
    assert!(refused.contains("its seal is broken"), "{refused}");
    assert_eq!(world.get(Kind::Secret, "second").await, None);
    // Nor is one that was changed, by who may edit Secrets and no more.
    let record = made["metadata"]["annotations"][RECORD].as_str().unwrap();
    for changed in [record.replace("eso:token", "eso:db"), record.replace("main", "other"), String::new()] {
        let edit = json!({ "metadata": { "annotations": { RECORD: changed } } });
        let path = world.path(Kind::Secret, "first");
        let refused =
            world.ask(("PATCH", "application/merge-patch+json"), &path, &edit, None).await.refused();
        assert!(refused.contains("is not of this Secret"), "{refused}");
    }
    world.holds("first", &[("a", &token)]).await;
    check(world.make(&asking("third", &[("a", "eso:token")]), None).await, &[("a", &token)]);
    world.end().await;
}

#[tokio::test]
async fn what_is_too_much_is_refused_or_stored_whole() {
    let (world, _, token) = world("admission-large").await;
    let many: String = (0..10_000).map(|number| format!("${{eso:k{number}}}")).collect();
    let refused = world.make(&asking("many", &[("a", &many)]), None).await.refused();
    assert!(refused.contains("denied the request"), "{refused}");
    // As large as a Secret may be once it is filled: it is stored, and changed, whole. One more byte, and it is not.
    let large = "x".repeat((1 << 20) - token.len());
    check(
        world.make(&asking("large", &[("a", "eso:token"), ("b", &large)]), None).await,
        &[("a", &token), ("b", &large)],
    );
    let edit = json!({ "metadata": { "labels": { "team": "a" } }, "stringData": { "a": "eso:db#user" } });
    let path = world.path(Kind::Secret, "large");
    let edited = world.ask(("PATCH", "application/merge-patch+json"), &path, &edit, None).await;
    check(edited, &[("a", "ada"), ("b", &large)]);
    let larger = format!("{large}x");
    let refused = world.make(&asking("larger", &[("a", "eso:token"), ("b", &larger)]), None).await.refused();
    assert!(refused.contains("may not be more than 1048576"), "{refused}");
    assert_eq!(world.get(Kind::Secret, "larger").await, None);
    for depth in [1_000, 50_000, 300_000] {
        let name = format!("deep-{depth}");
        let deep = format!("{}\"eso:token\"{}", "[".repeat(depth), "]".repeat(depth));
        let answer = world.make(&asking(&name, &[(".dockerconfigjson", &deep)]), None).await;
        match world.get(Kind::Secret, &name).await {
            Some(stored) => {
                assert_eq!(entries(&stored)[".dockerconfigjson"], deep.replace("eso:token", &token))
            }
            None => assert!(answer.refused().contains("denied the request"), "{depth}"),
        }
    }
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
    let url = world.references_url().await;
    let post = async |body: Vec<u8>| client.post(&url).body(body).send().await.unwrap();
    let send = async |body: Vec<u8>| post(body).await.status();
    assert_eq!(send(b"{}".to_vec()).await, StatusCode::BAD_REQUEST);
    assert_eq!(send("[".repeat(1 << 20).into_bytes()).await, StatusCode::BAD_REQUEST);
    assert_eq!(send(vec![0xff; 1 << 20]).await, StatusCode::BAD_REQUEST);
    let mut too_large = slow(&world, (3 << 20) + 1).await;
    assert_eq!(status(&mut too_large).await, "HTTP/1.1 413", "nobody waits for it");
    let object =
        json!({ "metadata": { "annotations": { STORE: "SecretStore/main" } }, "data": { "a": "%" } });
    let review = json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {
            "uid": "7", "operation": "CREATE", "resource": { "group": "", "resource": "secrets" },
            "namespace": world.namespace, "name": "app", "object": object,
        },
    });
    let mut whole = review.to_string().into_bytes();
    whole.resize(3 << 20, b' ');
    let answer = post(whole).await.json::<serde_json::Value>().await.unwrap();
    assert_eq!(
        (&answer["response"]["allowed"], &answer["response"]["status"]["message"]),
        (&json!(false), &json!("the object in the review cannot be read"))
    );
    let deep = format!("{}{}", "{\"a\":".repeat(200_000), "}".repeat(200_000));
    let deep = review.to_string().replace("\"%\"", &deep);
    let answer = post(deep.into_bytes()).await;
    assert!(answer.status().is_client_error() || answer.text().await.unwrap().contains("\"allowed\":false"));
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

#[tokio::test]
async fn a_review_that_is_not_the_api_servers_gets_nothing() {
    let (world, _, token) = world("admission-forged").await;
    let good = world.references_url().await;
    let (origin, _) = good.split_once("/mutate").unwrap();
    let (origin, told) = origin.rsplit_once('/').unwrap();
    assert_eq!(told.len(), 32, "{good}");
    let mut review = json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {
            "uid": "7", "operation": "CREATE", "resource": { "group": "", "resource": "secrets" },
            "namespace": world.namespace, "name": "app", "object": asking("app", &[]),
            "userInfo": { "username": "system:admin", "groups": ["system:masters"] },
        },
    });
    review["request"]["object"]["data"] = json!({ "a": encoded("eso:token") });
    let client = Client::builder().no_proxy().tls_danger_accept_invalid_certs(true).build().unwrap();
    let post = async |url: &str| {
        let answer = client.post(url).body(review.to_string()).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    };
    let (one, other) = ("0".repeat(32), told.chars().rev().collect::<String>());
    for path in ["".to_owned(), "/".to_owned(), format!("/{one}"), format!("/{other}"), format!("/{told}0")] {
        let answer = post(&format!("{origin}{path}/mutate/references")).await;
        assert_eq!(answer, (StatusCode::NOT_FOUND, String::new()), "{path}");
    }
    // Only the token stands before the store: so it is nobody's but the API server's.
    let (status, answer) = post(&good).await;
    assert_eq!(status, StatusCode::OK);
    assert!(answer.contains("\"patch\""), "{answer}");
    check(world.make(&asking("app", &[("a", "eso:token")]), None).await, &[("a", &token)]);
    world.end().await;
}

/// The webhook of Secrets that say what they want.
const REFERENCES: &str = "references.admission.external-secrets.io";

#[tokio::test]
async fn a_path_that_somebody_resets_gets_its_token_back() {
    let (world, _, token) = world("admission-reset").await;
    let path = world.mutating_configuration();
    let good = world.references_url().await;
    let (origin, _) = good.split_once("/mutate").unwrap();
    let (origin, _) = origin.rsplit_once('/').unwrap();
    for reset in [
        origin.to_owned(),
        format!("{origin}/mutate/references"),
        format!("{origin}/{}/mutate/references", "0".repeat(32)),
    ] {
        let configuration = world.call("GET", &path, None).await.unwrap();
        let webhooks = configuration["webhooks"].as_array().unwrap();
        let place = webhooks.iter().position(|webhook| webhook["name"] == json!(REFERENCES)).unwrap();
        let field = format!("/webhooks/{place}/clientConfig/url");
        let patch = json!([{ "op": "replace", "path": field, "value": reset }]);
        world.ask(("PATCH", "application/json-patch+json"), &path, &patch, None).await.taken();
        eventually("the token is put back", async || match world.references_url().await {
            url if url.ends_with("/mutate/references") && url != reset => Ok(()),
            url => Err(url),
        })
        .await;
        world.admits().await;
    }
    check(world.make(&asking("app", &[("a", "eso:token")]), None).await, &[("a", &token)]);
    world.end().await;
}

/// A connection that has begun to send so large a review, and does not go on.
async fn slow(world: &World, length: usize) -> TlsStream<TcpStream> {
    let secret = format!("/api/v1/namespaces/external-secrets/secrets/{}-webhook", world.namespace);
    let secret = world.call("GET", &secret, None).await.unwrap();
    let authority = entries(&secret).remove("ca.crt").unwrap();
    let mut trusted = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(authority.as_bytes()) {
        trusted.add(certificate.unwrap()).unwrap();
    }
    let config = ClientConfig::builder().with_root_certificates(trusted).with_no_client_auth();
    let stream = TcpStream::connect(("127.0.0.1", world.webhook_port())).await.unwrap();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
    let url = world.references_url().await.parse::<reqwest::Url>().unwrap();
    let path = url.path();
    let head = format!("POST {path} HTTP/1.1\r\nhost: any\r\ncontent-length: {length}\r\n\r\n{{");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

/// What is answered on a connection.
async fn status(stream: &mut TlsStream<TcpStream>) -> String {
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn who_sends_slowly_is_told_so_and_keeps_nobody_waiting() {
    let (world, _, token) = world("admission-sluggish").await;
    let mut streams = Vec::new();
    for _ in 0..50 {
        streams.push(slow(&world, 4096).await);
    }
    check(world.make(&asking("app", &[("a", "eso:token")]), None).await, &[("a", &token)]);
    for stream in &mut streams {
        assert_eq!(status(stream).await, "HTTP/1.1 408");
    }
    assert_eq!(world.operator.ended(), None);
    world.end().await;
}
