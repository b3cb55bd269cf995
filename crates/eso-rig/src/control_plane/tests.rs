//! Tests of `control_plane`, against the real servers.

use super::*;

#[tokio::test]
async fn requests_are_answered_and_counted() {
    let plane = ControlPlane::shared().await.unwrap();
    let namespace = plane.namespace("counted").await.unwrap();
    let mark = plane.mark().await.unwrap();
    let collection = format!("/api/v1/namespaces/{namespace}/secrets");
    plane.create(&collection, &json!({"metadata": {"name": "app"}})).await.unwrap();
    let read = plane.request(Method::GET, &format!("{collection}/app"), None).await.unwrap();
    assert_eq!(read.status, 200);
    let requests = plane.since(mark).await.unwrap().resource("secrets").namespace(&namespace);
    assert_eq!(requests.by("eso-rig-admin").verb("create").len(), 1, "{requests:?}");
    assert_eq!(requests.verb("get").name("app").len(), 1, "{requests:?}");
    assert_eq!(requests.len(), 2, "{requests:?}");
}
