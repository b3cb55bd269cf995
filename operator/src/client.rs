//! The client of the API server, limited where the flags say so.

use std::time::Duration;

use anyhow::{Context as _, anyhow};
use eso_kube::client::reads;
use http::{Request, Response, StatusCode};
use kube::{Client, Config, client::Body};
use serde_json::json;
use tower::{Layer as _, limit::RateLimitLayer, service_fn};

/// How many requests a client may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Requests a second; 0 is no limit.
    pub per_second: u32,
    /// Requests at once.
    pub burst: u32,
}

/// Connects as the environment says: a kubeconfig, or the pod's service account.
pub async fn connect() -> anyhow::Result<Client> {
    // The cause is left out: it can quote a kubeconfig, which holds credentials.
    let config = Config::infer()
        .await
        .map_err(|_| anyhow!("there is no kubeconfig and no service account to be used"))?;
    let client = eso_kube::client::connect(config);
    client.context("the API server's address or certificates cannot be used")
}

/// The same client, whose requests wait in line where there are too many. A watch counts when it begins.
pub fn limited(client: Client, limit: Limit) -> Client {
    match window(limit) {
        None => client,
        Some((requests, window)) => {
            let namespace = client.default_namespace().to_owned();
            let send = service_fn(move |request| {
                let client = client.clone();
                async move { client.send(request).await }
            });
            Client::new(RateLimitLayer::new(requests, window).layer(send), namespace)
        }
    }
}

/// The same client, which sends no request that writes: those are answered here, as forbidden. A token of a service account
/// may be asked for, for stores log in with them.
pub fn read_only(client: Client) -> Client {
    let namespace = client.default_namespace().to_owned();
    let send = service_fn(move |request: Request<Body>| {
        let client = client.clone();
        async move {
            match reads(request.method(), request.uri().path()) {
                true => client.send(request).await,
                false => Ok(forbidden()),
            }
        }
    });
    Client::new(send, namespace)
}

fn forbidden() -> Response<Body> {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden", "code": 403,
        "message": "nothing is written here",
    });
    let mut response = Response::new(Body::from(status.to_string().into_bytes()));
    *response.status_mut() = StatusCode::FORBIDDEN;
    response
}

/// A limit as so many requests in a window of time: the burst, in the time in which it refills.
fn window(limit: Limit) -> Option<(u64, Duration)> {
    let Limit { per_second, burst } = limit;
    let burst = burst.max(1);
    (per_second > 0).then(|| (u64::from(burst), Duration::from_secs(1) * burst / per_second))
}

#[cfg(test)]
mod tests;
