//! Tests of `scripted`.

use reqwest::Response;
use serde_json::json;

use super::*;
use crate::http;

async fn get(server: &Scripted, path: &str) -> Response {
    http::client().build().unwrap().get(format!("{}{path}", server.url())).send().await.unwrap()
}

#[track_caller]
fn statuses(responses: &[Response], expected: &[u16]) {
    let found: Vec<u16> = responses.iter().map(|response| response.status().as_u16()).collect();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn the_queue_comes_first_then_what_is_always_said_then_the_handler() {
    let server = Scripted::start().await.unwrap();
    server.otherwise(|request| (request.path == "/b").then(|| Reply::status(204)));
    server.always("GET", "/a", Reply::status(202));
    server.once("GET", "/a", Reply::status(500));
    server.once("GET", "/a", Reply::status(503));
    let mut responses = Vec::new();
    for path in ["/a", "/a", "/a", "/a", "/b", "/c"] {
        responses.push(get(&server, path).await);
    }
    statuses(&responses, &[500, 503, 202, 202, 204, 501]);
}

#[tokio::test]
async fn a_request_is_remembered_with_all_that_it_carried() {
    let server = Scripted::start().await.unwrap();
    let sent = http::client()
        .build()
        .unwrap()
        .post(format!("{}/v1/auth/login?x=1", server.url()))
        .header("X-Vault-Token", "canary")
        .body(json!({"role": "app"}).to_string())
        .send();
    statuses(&[sent.await.unwrap()], &[501]);
    let requests = server.requests();
    let request = &requests[0];
    assert_eq!(
        (request.method.as_str(), request.path.as_str(), request.query.as_str()),
        ("POST", "/v1/auth/login", "x=1")
    );
    assert_eq!((request.header("x-vault-token"), request.header("missing")), ("canary", ""));
    assert_eq!(request.json()["role"], "app");
    assert_eq!((server.count("POST", "/v1/auth/login"), server.count("GET", "/v1/auth/login")), (1, 0));
}

#[tokio::test]
async fn a_reply_has_its_headers_and_its_body() {
    let server = Scripted::start().await.unwrap();
    server.once("GET", "/", Reply::json(404, &json!({"errors": []})).header("Retry-After", "7"));
    let response = get(&server, "/").await;
    assert_eq!(
        (&response.headers()["retry-after"], &response.headers()["content-type"]),
        (&HeaderValue::from_static("7"), &HeaderValue::from_static("application/json"))
    );
    assert_eq!(response.json::<Value>().await.unwrap(), json!({"errors": []}));
}

#[tokio::test]
async fn a_late_reply_comes_and_a_hanging_one_never_does() {
    let server = Scripted::start().await.unwrap();
    server.once("GET", "/late", Reply::status(200).after(Duration::from_millis(50)));
    server.once("GET", "/never", Reply::never());
    statuses(&[get(&server, "/late").await], &[200]);
    let never = get(&server, "/never");
    assert!(tokio::time::timeout(Duration::from_millis(200), never).await.is_err());
    assert_eq!(server.count("GET", "/never"), 1);
}
