//! What the operator serves: whether it lives, whether it is ready, and its metrics.

use std::sync::Arc;

use anyhow::Context as _;
use axum::{
    Router,
    http::{StatusCode, header::CONTENT_TYPE},
    response::IntoResponse,
    routing::get,
};
use tokio::{net::TcpListener, sync::watch};
use tokio_util::sync::CancellationToken;

use crate::telemetry::Metrics;

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
    let scrape = move || {
        let text = metrics.encode();
        async move { ([(CONTENT_TYPE, METRICS_FORMAT)], text).into_response() }
    };
    Router::new().route("/metrics", get(scrape))
}

/// Serves until it is stopped, and lets the answers that are under way end.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) -> anyhow::Result<()> {
    let stopped = async move { stop.cancelled().await };
    axum::serve(listener, router).with_graceful_shutdown(stopped).await.context("cannot serve")
}

#[cfg(test)]
mod tests;
