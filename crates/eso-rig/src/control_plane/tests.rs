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

#[tokio::test]
async fn a_service_accounts_kubeconfig_has_its_rights_and_no_more() {
    let plane = ControlPlane::shared().await.unwrap();
    let namespace = plane.namespace("account").await.unwrap();
    plane.service_account(&namespace, "reader").await.unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), plane.kubeconfig_for(&namespace, "reader").await.unwrap()).unwrap();
    let kubectl = |arguments: &[&str]| {
        let output = std::process::Command::new(plane.kubectl())
            .env("KUBECONFIG", file.path())
            .args(arguments)
            .output()
            .unwrap();
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    };
    let user = format!("system:serviceaccount:{namespace}:reader");
    let mark = plane.mark().await.unwrap();
    let told = kubectl(&["auth", "whoami"]);
    assert!(told.contains(&user), "{told}");
    let refused = kubectl(&["get", "secrets"]);
    assert!(refused.contains("Forbidden"), "{refused}");
    let requests = plane.since(mark).await.unwrap().by(&user).resource("secrets").verb("list");
    assert_eq!(requests.iter().map(|request| request.status).collect::<Vec<_>>(), [403]);
}

#[tokio::test]
async fn an_administrator_needs_nothing_but_the_kubeconfig_file() {
    let plane = ControlPlane::shared().await.unwrap();
    let text = std::fs::read_to_string(plane.kubeconfig_path()).unwrap();
    assert_eq!(text, plane.kubeconfig());
    let told = std::process::Command::new(plane.kubectl())
        .env("KUBECONFIG", plane.kubeconfig_path())
        .args(["auth", "can-i", "*", "*", "--all-namespaces"])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(told.stdout).unwrap().trim(), "yes");
}

#[tokio::test]
async fn an_object_goes_away_with_its_owner() {
    let plane = ControlPlane::shared().await.unwrap();
    let namespace = plane.namespace("owned").await.unwrap();
    let collection = format!("/api/v1/namespaces/{namespace}/configmaps");
    let owner = plane.create(&collection, &json!({"metadata": {"name": "owner"}})).await.unwrap();
    let reference = json!([{
        "apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"],
    }]);
    let owned = json!({"metadata": {"name": "owned", "ownerReferences": reference}});
    plane.create(&collection, &owned).await.unwrap();
    plane.request(Method::DELETE, &format!("{collection}/owner"), None).await.unwrap();
    let began = Instant::now();
    while plane.request(Method::GET, &format!("{collection}/owned"), None).await.unwrap().status != 404 {
        assert!(began.elapsed() < Duration::from_secs(120), "the owned object is still there");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn a_killed_api_server_comes_back_on_the_same_port_with_everything() {
    let options = ControlPlaneOptions { controller_manager: false, ..ControlPlaneOptions::default() };
    let plane = ControlPlane::start(options).await.unwrap();
    let namespace = plane.namespace("kept").await.unwrap();
    let path = format!("/api/v1/namespaces/{namespace}");
    let mark = plane.mark().await.unwrap();
    plane.kill_apiserver();
    plane.request(Method::GET, &path, None).await.unwrap_err();
    plane.restart_apiserver().await.unwrap();
    assert_eq!(plane.request(Method::GET, &path, None).await.unwrap().status, 200);
    let gets = plane.since(mark).await.unwrap().resource("namespaces").name(&namespace).verb("get");
    assert_eq!(gets.by("eso-rig-admin").len(), 1, "{gets:?}");
}

#[tokio::test]
async fn a_paused_api_server_answers_once_it_goes_on() {
    let options = ControlPlaneOptions { controller_manager: false, ..ControlPlaneOptions::default() };
    let plane = ControlPlane::start(options).await.unwrap();
    plane.pause_apiserver().unwrap();
    let asked = plane.request(Method::GET, "/version", None);
    tokio::pin!(asked);
    let early = tokio::time::timeout(Duration::from_millis(300), &mut asked).await;
    assert!(early.is_err(), "a paused server answered {early:?}");
    plane.resume_apiserver().unwrap();
    assert_eq!(asked.await.unwrap().status, 200);
}

#[tokio::test]
async fn a_server_that_does_not_start_is_named_with_its_last_words() {
    let options =
        ControlPlaneOptions { apiserver_flags: vec!["--no-such-flag".to_owned()], controller_manager: false };
    let Err(error) = ControlPlane::start(options).await else { panic!("it started") };
    let text = format!("{error:#}");
    assert!(text.contains("kube-apiserver") && text.contains("unknown flag: --no-such-flag"), "{text}");
}
