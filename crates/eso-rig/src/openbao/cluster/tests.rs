//! Tests of `openbao::cluster`.

use reqwest::Client;
use serde_json::Value;

use super::*;

async fn cluster(standbys: Standbys) -> Cluster {
    let cluster = Cluster::start(standbys).await.unwrap();
    let (active, standby) = cluster.active_and_standby().await.unwrap();
    active.mount_kv("secret", 2).await.unwrap();
    active.put("secret", "app", &json!({"password": "one"})).await.unwrap();
    http::eventually(|| async { Ok(password(standby).await == "one") }).await.unwrap();
    cluster
}

async fn password(node: &OpenBao) -> Value {
    let answer = node.request(Method::GET, "secret/data/app", None).await.unwrap();
    answer.body["data"]["data"]["password"].clone()
}

/// With which status a node answers to a read that it is not to hand on.
async fn status_unforwarded(node: &OpenBao) -> u16 {
    let client: Client = http::client().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let request = client.get(format!("{}/v1/secret/data/app", node.url()));
    let request = request.header("X-Vault-Token", node.root_token());
    let answer = request.header("X-Vault-No-Request-Forwarding", "true").send().await.unwrap();
    answer.status().as_u16()
}

#[tokio::test]
async fn a_standby_answers_reads_or_hands_them_on_and_takes_over() {
    for (standbys, status) in [(Standbys::Read, 200), (Standbys::Forward, 307)] {
        let cluster = cluster(standbys).await;
        let (active, standby) = cluster.active_and_standby().await.unwrap();
        assert_eq!((status_unforwarded(active).await, status_unforwarded(standby).await), (200, status));
        let (first, second) = (active.url().to_owned(), standby.url().to_owned());
        cluster.step_down().await.unwrap();
        let (active, standby) = cluster.active_and_standby().await.unwrap();
        assert_eq!((active.url(), standby.url()), (second.as_str(), first.as_str()));
        assert_eq!((password(active).await, status_unforwarded(standby).await), (json!("one"), status));
    }
}

#[tokio::test]
async fn a_request_that_is_handed_on_is_counted_once_whichever_node_is_asked() {
    let cluster = cluster(Standbys::Forward).await;
    let (active, standby) = cluster.active_and_standby().await.unwrap();
    let mark = active.mark().unwrap();
    standby.put("secret", "app", &json!({"password": "two"})).await.unwrap();
    assert_eq!(password(active).await, "two");
    let requests = standby.since(mark).unwrap();
    assert_eq!(requests.operation("update").len(), 1, "{requests:?}");
    assert_eq!(requests.operation("read").len(), 1, "{requests:?}");
    assert_eq!(active.since(mark).unwrap(), requests);
}

#[tokio::test]
async fn a_standby_that_is_sealed_serves_again_once_it_is_unsealed() {
    let cluster = cluster(Standbys::Read).await;
    let (_, standby) = cluster.active_and_standby().await.unwrap();
    standby.seal().await.unwrap();
    assert_eq!(status_unforwarded(standby).await, 503);
    standby.unseal().await.unwrap();
    http::eventually(|| async { Ok(password(standby).await == "one") }).await.unwrap();
}

#[tokio::test]
async fn no_node_outlives_its_cluster() {
    let cluster = Cluster::start(Standbys::Read).await.unwrap();
    let urls: Vec<String> = cluster.nodes.iter().map(|node| node.url().to_owned()).collect();
    let client = http::client().build().unwrap();
    drop(cluster);
    for url in urls {
        client.get(format!("{url}/v1/sys/health")).send().await.unwrap_err();
    }
}
