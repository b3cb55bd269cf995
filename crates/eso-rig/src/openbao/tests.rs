//! Tests of `openbao`.

use super::*;

async fn read(server: &OpenBao) -> Answer {
    server.request(Method::GET, "secret/data/app", None).await.unwrap()
}

#[tokio::test]
async fn a_value_is_written_and_read_back_and_both_are_counted() {
    let server = OpenBao::start(Mode::Development).await.unwrap();
    let mark = server.mark().unwrap();
    assert_eq!(server.put("secret", "app", &json!({"password": "one"})).await.unwrap(), 1);
    assert_eq!(read(&server).await.body["data"]["data"]["password"], "one");
    let requests = server.since(mark).unwrap().path("secret/data/app");
    assert_eq!(requests.len(), 2, "{requests:?}");
    assert_eq!(requests.operation("read").len(), 1, "{requests:?}");
    assert!(requests.of_others().is_empty(), "{requests:?}");
}

#[tokio::test]
async fn a_persistent_server_is_sealed_by_a_restart_and_forgets_nothing() {
    let server = OpenBao::start(Mode::Persistent).await.unwrap();
    server.mount_kv("secret", 2).await.unwrap();
    server.put("secret", "app", &json!({"password": "one"})).await.unwrap();
    server.restart().await.unwrap();
    assert_eq!(read(&server).await.status, 503);
    server.unseal().await.unwrap();
    assert_eq!(read(&server).await.body["data"]["data"]["password"], "one");
    server.seal().await.unwrap();
    assert_eq!(read(&server).await.status, 503);
}

#[tokio::test]
async fn requests_of_a_tested_client_are_told_from_those_of_the_rig() {
    let server = OpenBao::start(Mode::Development).await.unwrap();
    let token = server.token(&["default"], &json!({"ttl": "1h"})).await.unwrap();
    let mark = server.mark().unwrap();
    let asked = server.client.get(format!("{}/v1/auth/token/lookup-self", server.url()));
    assert_eq!(asked.header("X-Vault-Token", token).send().await.unwrap().status(), 200);
    let requests = server.since(mark).unwrap().of_others();
    assert_eq!(requests.path("auth/token/lookup-self").len(), 1, "{requests:?}");
}
