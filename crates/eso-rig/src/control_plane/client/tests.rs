//! Tests of `client`, against the real servers.

use serde_json::json;

use super::*;
use crate::ControlPlane;

#[tokio::test]
async fn a_watch_shows_what_changes_after_it_began() {
    let plane = ControlPlane::shared().await.unwrap();
    let namespace = plane.namespace("watched").await.unwrap();
    let collection = format!("/api/v1/namespaces/{namespace}/secrets");
    let client = plane.client().unwrap();
    let create =
        async |name: &str| plane.create(&collection, &json!({"metadata": {"name": name}})).await.unwrap();
    create("before").await;
    let mut watch = client.watch(&collection).await.unwrap();
    create("after").await;
    let patch = json!({"stringData": {"password": "x"}});
    let patched = client.request(Method::PATCH, &format!("{collection}/after"), Some(&patch)).await.unwrap();
    assert_eq!(patched.status, 200, "{patched:?}");
    let mut seen = Vec::new();
    while seen.len() < 2 {
        let event = watch.next().await.unwrap().unwrap();
        seen.push((event["type"].clone(), event["object"]["metadata"]["name"].clone()));
    }
    assert_eq!(seen, [(json!("ADDED"), json!("after")), (json!("MODIFIED"), json!("after"))]);
}

#[tokio::test]
async fn what_cannot_be_watched_is_an_error() {
    let plane = ControlPlane::shared().await.unwrap();
    let error = plane.client().unwrap().watch("/api/v1/nonsense").await.unwrap_err();
    assert!(format!("{error:#}").contains("404"), "{error:#}");
}
