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
async fn a_new_engine_takes_a_value_at_once() {
    let server = OpenBao::start(Mode::Development).await.unwrap();
    for mount in ["first", "second", "third"] {
        server.mount_kv(mount, 2).await.unwrap();
        assert_eq!(server.put(mount, "app", &json!({"password": "one"})).await.unwrap(), 1);
    }
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

#[tokio::test]
async fn a_development_server_comes_back_empty_after_a_kill() {
    let server = OpenBao::start(Mode::Development).await.unwrap();
    server.put("secret", "app", &json!({"password": "one"})).await.unwrap();
    server.kill();
    server.request(Method::GET, "secret/data/app", None).await.unwrap_err();
    server.restart().await.unwrap();
    assert_eq!(read(&server).await.status, 404);
    server.unseal().await.unwrap_err();
}

#[tokio::test]
async fn a_paused_server_answers_once_it_goes_on() {
    let server = OpenBao::start(Mode::Development).await.unwrap();
    server.pause().unwrap();
    let asked = server.request(Method::GET, "sys/health", None);
    tokio::pin!(asked);
    let early = tokio::time::timeout(std::time::Duration::from_millis(300), &mut asked).await;
    assert!(early.is_err(), "a paused server answered {early:?}");
    server.resume().unwrap();
    assert_eq!(asked.await.unwrap().status, 200);
}

#[tokio::test]
async fn a_persistent_server_is_trusted_by_its_own_authority_only() {
    let server = OpenBao::start(Mode::Persistent).await.unwrap();
    assert!(server.url().starts_with("https://") && server.ca_pem().is_some());
    let stranger = http::client().build().unwrap();
    stranger.get(health(&server.address)).send().await.unwrap_err();
}

/// The login that the operator uses, between the two real servers.
#[tokio::test]
async fn a_service_account_logs_in_by_the_kubernetes_method() {
    let plane = crate::ControlPlane::shared().await.unwrap();
    let namespace = plane.namespace("login").await.unwrap();
    plane.service_account(&namespace, "app").await.unwrap();
    let binding = json!({
        "metadata": {"name": format!("{namespace}-reviewer")},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "system:auth-delegator"},
        "subjects": [{"kind": "ServiceAccount", "namespace": namespace, "name": "app"}],
    });
    plane.create("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", &binding).await.unwrap();
    let token = plane.token(&namespace, "app", &[]).await.unwrap();

    let server = OpenBao::start(Mode::Development).await.unwrap();
    server.enable_auth("kubernetes", "kubernetes").await.unwrap();
    let cluster = json!({"kubernetes_host": plane.url(), "kubernetes_ca_cert": plane.ca_pem()});
    server.write("auth/kubernetes/config", &cluster).await.unwrap();
    let role = json!({
        "bound_service_account_names": "app", "bound_service_account_namespaces": namespace, "policies": "default",
    });
    server.write("auth/kubernetes/role/app", &role).await.unwrap();

    let mark = server.mark().unwrap();
    let login = server.client.post(format!("{}/v1/auth/kubernetes/login", server.url()));
    let answer = http::call(login, Some(&json!({"role": "app", "jwt": token}))).await.unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    let logins = server.since(mark).unwrap().of_others().path("auth/kubernetes/login");
    assert_eq!(logins.len(), 1, "{logins:?}");
}
