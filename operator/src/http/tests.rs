//! Health, readiness and metrics, asked over a socket.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::Router;
use futures::future::join_all;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use super::{
    Readiness, health, metrics, scrapes,
    server::{Limits, serve_within},
};
use crate::telemetry::Metrics;

const HOUR: Duration = Duration::from_secs(3600);

/// Nothing ends by itself.
const PATIENT: Limits = Limits { connections: 16, head: HOUR, connection: HOUR };

async fn start(router: Router, stop: &CancellationToken) -> (SocketAddr, JoinHandle<()>) {
    start_within(PATIENT, router, stop).await
}

async fn start_within(
    limits: Limits,
    router: Router,
    stop: &CancellationToken,
) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (address, tokio::spawn(serve_within(limits, listener, router, stop.clone())))
}

fn alive() -> Router {
    health(vec![Readiness::synced(watch::channel(true).1)])
}

/// Ends when the other end has closed it, or broken it off.
async fn closed(stream: &mut TcpStream) {
    let mut answer = Vec::new();
    // Whether it is closed or broken off is the same here.
    let _ = stream.read_to_end(&mut answer).await;
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
    let (address, _server) =
        start(health(vec![Readiness::synced(receiver)]), &CancellationToken::new()).await;
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
    let (address, server) = start(health(vec![Readiness::synced(receiver)]), &stop).await;
    assert!(ask(address, "/healthz").await.ends_with("ok"));
    stop.cancel();
    server.await.unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_thousand_idle_connections_do_not_keep_the_probe_from_answering() {
    let (address, _server) = start(alive(), &CancellationToken::new()).await;
    let mut idle = Vec::new();
    for _ in 0..1000 {
        idle.push(TcpStream::connect(address).await.unwrap());
    }
    assert!(ask(address, "/healthz").await.starts_with("HTTP/1.1 200"));
    let newer = idle.split_off(1000 - PATIENT.connections);
    // No deadline does it, for there is none within the hour: they had to go for the newer ones.
    join_all(idle.iter_mut().map(closed)).await;
    drop(newer);
}

#[tokio::test]
async fn a_connection_that_says_nothing_or_only_half_is_closed() {
    let hasty = Limits { head: Duration::from_millis(50), ..PATIENT };
    let (address, _server) = start_within(hasty, alive(), &CancellationToken::new()).await;
    for said in ["", "GET /healthz HTTP/1.1\r\nHost:", "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(said.as_bytes()).await.unwrap();
        closed(&mut stream).await;
    }
}

#[tokio::test]
async fn a_connection_ends_whatever_it_does() {
    let short = Limits { connection: Duration::from_millis(50), ..PATIENT };
    let (address, _server) = start_within(short, alive(), &CancellationToken::new()).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    closed(&mut stream).await;
}

#[tokio::test]
async fn one_scrape_is_written_at_a_time_and_the_threads_go_on() {
    let (written, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (begun, mut begins) = tokio::sync::mpsc::unbounded_channel();
    let (go_on, goes_on) = std::sync::mpsc::channel::<()>();
    let goes_on = Arc::new(std::sync::Mutex::new(goes_on));
    let (count, high) = (Arc::clone(&written), Arc::clone(&most));
    let slow = move || {
        high.fetch_max(count.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        begun.send(()).unwrap();
        goes_on.lock().unwrap().recv().unwrap();
        count.fetch_sub(1, Ordering::SeqCst);
        "text".to_owned()
    };
    let (address, _server) = start(scrapes(slow).merge(alive()), &CancellationToken::new()).await;
    let asked: Vec<_> = (0..3).map(|_| tokio::spawn(ask(address, "/metrics"))).collect();
    for _ in 0..3 {
        begins.recv().await.unwrap();
        assert!(ask(address, "/healthz").await.ends_with("ok"), "the one thread of this test is free");
        go_on.send(()).unwrap();
    }
    for answer in asked {
        assert!(answer.await.unwrap().ends_with("text"));
    }
    assert_eq!(most.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_scrape_that_crashes_is_an_error_and_the_next_one_is_served() {
    let tries = Arc::new(AtomicUsize::new(0));
    let crashes_once = move || {
        assert!(tries.fetch_add(1, Ordering::SeqCst) > 0, "the first one crashes");
        "text".to_owned()
    };
    let (address, _server) = start(scrapes(crashes_once), &CancellationToken::new()).await;
    assert!(ask(address, "/metrics").await.starts_with("HTTP/1.1 500"));
    assert!(ask(address, "/metrics").await.ends_with("text"));
}
