//! Tests of `openbao::cluster`.

use serde_json::Value;

use super::*;

const APP: &str = "secret/data/app";

async fn cluster(standbys: Standbys) -> Cluster {
    let cluster = Cluster::start(standbys).await.unwrap();
    let (active, standby) = cluster.active_and_standby().await.unwrap();
    active.mount_kv("secret", 2).await.unwrap();
    active.put("secret", "app", &json!({"password": "one"})).await.unwrap();
    http::eventually(|| async { Ok(password(standby).await == "one") }).await.unwrap();
    cluster
}

/// Waits until a node that was made a standby has the mount ready, and answers a read so by itself.
async fn answers(standby: &OpenBao, status: StatusCode) {
    http::eventually(|| async { Ok(standby.status_unforwarded(APP).await? == status) }).await.unwrap();
}

async fn password(node: &OpenBao) -> Value {
    let answer = node.request(Method::GET, APP, None).await.unwrap();
    answer.body["data"]["data"]["password"].clone()
}

#[tokio::test]
async fn a_standby_answers_reads_or_hands_them_on_and_takes_over() {
    for (standbys, status) in
        [(Standbys::Read, StatusCode::OK), (Standbys::Forward, StatusCode::TEMPORARY_REDIRECT)]
    {
        let cluster = cluster(standbys).await;
        let (active, standby) = cluster.active_and_standby().await.unwrap();
        assert_eq!(active.status_unforwarded(APP).await.unwrap(), StatusCode::OK);
        answers(standby, status).await;
        let (first, second) = (active.url().to_owned(), standby.url().to_owned());
        cluster.step_down().await.unwrap();
        let (active, standby) = cluster.active_and_standby().await.unwrap();
        assert_eq!((active.url(), standby.url()), (second.as_str(), first.as_str()));
        assert_eq!(password(active).await, "one");
        answers(standby, status).await;
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
    assert_eq!(standby.status_unforwarded(APP).await.unwrap(), StatusCode::SERVICE_UNAVAILABLE);
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
