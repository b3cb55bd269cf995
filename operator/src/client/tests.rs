//! A limited client against a server of two answers.

use std::time::{Duration, Instant};

use axum::{
    Router,
    http::{Request, StatusCode},
    response::IntoResponse,
    routing::get,
};
use kube::{Client, Config};

use super::{Limit, limited, window};

#[track_caller]
fn check(per_second: u32, burst: u32, expected: Option<(u64, Duration)>) {
    assert_eq!(window(Limit { per_second, burst }), expected);
}

#[test]
fn a_limit_is_its_burst_in_the_time_in_which_it_refills() {
    check(0, 100, None);
    check(50, 100, Some((100, Duration::from_secs(2))));
    check(50, 10, Some((10, Duration::from_millis(200))));
    check(10, 0, Some((1, Duration::from_millis(100))));
}

/// A client of an API server that answers at `/version`, and to nothing else.
async fn client(limit: Limit) -> Client {
    crate::run::install_crypto();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let nothing = r#"{"kind":"Status","status":"Failure","reason":"NotFound","message":"no","code":404}"#;
    let router = Router::new()
        .route("/version", get(async || r#"{"major":"1","minor":"36"}"#))
        .fallback(async move || (StatusCode::NOT_FOUND, nothing).into_response());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let config = Config::new(format!("http://{address}").parse().unwrap());
    limited(eso_kube::client::connect(config).unwrap(), limit)
}

async fn ask(client: &Client, path: &str) -> kube::Result<String> {
    client.request_text(Request::get(path).body(Vec::new()).unwrap()).await
}

const NO_LIMIT: Limit = Limit { per_second: 0, burst: 0 };
const NARROW: Limit = Limit { per_second: 10, burst: 2 };

#[tokio::test]
async fn a_limit_holds_requests_back() {
    let client = client(NARROW).await;
    let begin = Instant::now();
    for _ in 0..5 {
        assert!(ask(&client, "/version").await.is_ok());
    }
    // Two at once, two after 200 ms, one after 400 ms: sooner would be no limit, and later is only a slow machine.
    assert!(begin.elapsed() >= Duration::from_millis(400), "{:?}", begin.elapsed());
}

#[tokio::test]
async fn a_refusal_reads_the_same_through_a_limit() {
    for limit in [NO_LIMIT, NARROW] {
        match ask(&client(limit).await, "/nothing").await {
            Err(kube::Error::Api(status)) => assert_eq!(status.code, 404),
            other => panic!("{limit:?}: {other:?}"),
        }
    }
}
