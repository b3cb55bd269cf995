//! Health, readiness and metrics, asked over a socket.

use std::{net::SocketAddr, sync::Arc};

use axum::Router;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tokio_util::sync::CancellationToken;

use super::{health, metrics, serve};
use crate::telemetry::Metrics;

async fn start(
    router: Router,
    stop: &CancellationToken,
) -> (SocketAddr, tokio::task::JoinHandle<anyhow::Result<()>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (address, tokio::spawn(serve(listener, router, stop.clone())))
}

async fn ask(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn it_is_ready_when_its_caches_are_in_sync() {
    let (synced, receiver) = watch::channel(false);
    let (address, _server) = start(health(receiver), &CancellationToken::new()).await;
    assert!(ask(address, "/healthz").await.starts_with("HTTP/1.1 200"));
    assert!(ask(address, "/readyz").await.starts_with("HTTP/1.1 503"));
    synced.send_replace(true);
    assert!(ask(address, "/readyz").await.starts_with("HTTP/1.1 200"));
    synced.send_replace(false);
    assert!(ask(address, "/readyz").await.starts_with("HTTP/1.1 503"));
    assert!(ask(address, "/metrics").await.starts_with("HTTP/1.1 404"));
}

#[tokio::test]
async fn metrics_are_prometheus_text() {
    let (address, _server) = start(metrics(Arc::new(Metrics::new())), &CancellationToken::new()).await;
    let answer = ask(address, "/metrics").await;
    assert!(answer.contains("content-type: text/plain; version=0.0.4"), "{answer}");
    assert!(answer.contains("# TYPE externalsecret_sync_calls_total counter"), "{answer}");
}

#[tokio::test]
async fn a_server_that_is_stopped_ends() {
    let stop = CancellationToken::new();
    let (_synced, receiver) = watch::channel(true);
    let (address, server) = start(health(receiver), &stop).await;
    assert!(ask(address, "/healthz").await.ends_with("ok"));
    stop.cancel();
    server.await.unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}
