//! What the operator serves: whether it lives, whether it is ready, and its metrics.

mod server;

use std::sync::Arc;

use axum::{
    Router,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::{
    sync::{Semaphore, watch},
    task::spawn_blocking,
};

use crate::telemetry::Metrics;

pub use server::serve;

/// The format that the original's metrics are in.
const METRICS_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// `/healthz`, which says that the process answers, and `/readyz`, which says that its caches are in sync.
pub fn health(synced: watch::Receiver<bool>) -> Router {
    let ready = move || {
        let synced = *synced.borrow();
        async move {
            match synced {
                true => (StatusCode::OK, "ok"),
                false => (StatusCode::SERVICE_UNAVAILABLE, "the caches are not in sync yet"),
            }
        }
    };
    Router::new().route("/healthz", get(async || "ok")).route("/readyz", get(ready))
}

/// `/metrics`.
pub fn metrics(metrics: Arc<Metrics>) -> Router {
    scrapes(move || metrics.encode())
}

/// `/metrics`, in a text that takes a while to write: it is written once at a time, and off the threads that serve
/// everything else.
fn scrapes(encode: impl Fn() -> String + Clone + Send + Sync + 'static) -> Router {
    let turns = Arc::new(Semaphore::new(1));
    let scrape = move || {
        let (turns, encode) = (Arc::clone(&turns), encode.clone());
        async move {
            let turn = turns.acquire_owned().await.expect("the turns must go on");
            let text = spawn_blocking(move || {
                let text = encode();
                drop(turn);
                text
            });
            text.await
                .map_or_else(|_panic| StatusCode::INTERNAL_SERVER_ERROR.into_response(), in_their_format)
        }
    };
    Router::new().route("/metrics", get(scrape))
}

fn in_their_format(text: String) -> Response {
    ([(CONTENT_TYPE, METRICS_FORMAT)], text).into_response()
}

#[cfg(test)]
mod tests;
