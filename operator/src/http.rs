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

/// Something that must hold before the operator is ready.
#[derive(Clone, Debug)]
pub struct Readiness {
    /// Whether it holds.
    pub holds: watch::Receiver<bool>,
    /// What is said while it does not.
    pub otherwise: &'static str,
}

impl Readiness {
    /// That the caches are in sync.
    pub fn synced(holds: watch::Receiver<bool>) -> Self {
        Self { holds, otherwise: "the caches are not in sync yet" }
    }
}

/// `/healthz`, which says that the process answers, and `/readyz`, which says that all of this holds, or the first thing
/// that does not.
pub fn health(conditions: Vec<Readiness>) -> Router {
    let ready = move || {
        let missing = conditions.iter().find(|condition| !*condition.holds.borrow());
        let missing = missing.map(|condition| condition.otherwise);
        async move {
            match missing {
                None => (StatusCode::OK, "ok"),
                Some(otherwise) => (StatusCode::SERVICE_UNAVAILABLE, otherwise),
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
