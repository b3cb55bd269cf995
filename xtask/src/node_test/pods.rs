//! What is asked of the cluster and of its pods, and waiting for it.

use std::{
    fmt::Display,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use eso_rig::{ControlPlane, Method};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{sleep, timeout},
};

/// Nothing on a node takes longer, unless it never comes.
const PATIENCE: Duration = Duration::from_secs(180);

/// Between two looks.
const LOOKS: Duration = Duration::from_millis(100);

/// Looks until something is so, and gives what it looked for; an error says how it was at last.
pub(super) async fn until<T, E: Display>(what: &str, look: impl AsyncFn() -> Result<T, E>) -> Result<T> {
    let began = Instant::now();
    loop {
        match look().await {
            Ok(found) => return Ok(found),
            Err(problem) if began.elapsed() > PATIENCE => bail!("it did not come that {what}: {problem}"),
            Err(_) => sleep(LOOKS).await,
        }
    }
}

/// An object.
pub(super) async fn get(plane: &ControlPlane, path: &str) -> Result<Value> {
    plane.request(Method::GET, path, None).await?.success().with_context(|| format!("GET {path}"))
}

/// What the cluster warns of in a namespace, for an error.
pub(super) async fn warnings(plane: &ControlPlane, namespace: &str) -> String {
    let list = get(plane, &format!("/api/v1/namespaces/{namespace}/events")).await.unwrap_or_default();
    let events = list["items"].as_array().into_iter().flatten();
    let warnings = events.filter(|event| event["type"] == "Warning").map(|event| {
        let text = |field: &Value| field.as_str().unwrap_or_default().to_owned();
        format!(
            "{} {}: {}\n",
            text(&event["involvedObject"]["name"]),
            text(&event["reason"]),
            text(&event["message"])
        )
    });
    warnings.collect()
}

/// The pods of a namespace that are ready and stay, chosen by a label `name=value`.
pub(super) async fn ready_pods(plane: &ControlPlane, namespace: &str, label: &str) -> Result<Vec<Value>> {
    let path = format!("/api/v1/namespaces/{namespace}/pods?labelSelector={}", label.replace('=', "%3D"));
    let mut list = get(plane, &path).await?;
    let pods = list["items"].as_array_mut().map(std::mem::take).unwrap_or_default();
    Ok(pods.into_iter().filter(is_ready).collect())
}

fn is_ready(pod: &Value) -> bool {
    let conditions = pod["status"]["conditions"].as_array();
    let ready = |condition: &Value| condition["type"] == "Ready" && condition["status"] == "True";
    pod["metadata"]["deletionTimestamp"].is_null()
        && conditions.is_some_and(|conditions| conditions.iter().any(ready))
}

/// What a pod's web server answers at its port 8080; the body alone.
pub(super) async fn asked(pod: &Value, path: &str) -> Result<String> {
    let address = pod["status"]["podIP"].as_str().context("the pod has no address yet")?;
    let ask = async {
        let mut stream = TcpStream::connect((address, 8080)).await?;
        stream.write_all(format!("GET /{path} HTTP/1.0\r\n\r\n").as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        anyhow::Ok(answer)
    };
    let answer = timeout(Duration::from_secs(5), ask).await.context("the pod does not answer")??;
    let (head, body) = answer.split_once("\r\n\r\n").context("the answer must have a head")?;
    match head.split_whitespace().nth(1) {
        Some("200") => Ok(body.to_owned()),
        other => bail!("the pod answers {other:?} for {path}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::is_ready;

    #[test]
    fn a_pod_that_goes_is_not_ready() {
        let conditions = json!([{ "type": "Ready", "status": "True" }]);
        assert!(is_ready(&json!({ "metadata": {}, "status": { "conditions": conditions } })));
        let metadata = json!({ "deletionTimestamp": "2026-11-29T00:00:00Z" });
        assert!(!is_ready(&json!({ "metadata": metadata, "status": { "conditions": conditions } })));
        assert!(!is_ready(&json!({ "metadata": {}, "status": {} })));
    }
}
