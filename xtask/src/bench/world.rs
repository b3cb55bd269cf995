//! The servers that the operator is measured on.

use std::{
    future::Future,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use eso_rig::{ApiClient, ControlPlane, ControlPlaneOptions, FastAws, FastAwsOptions, Method};
use serde_json::Value;
use tokio::task::JoinSet;

use super::objects;
use crate::{cluster::Cluster, operator::Operator, screen::Screen};

/// The namespace of the objects.
pub(super) const NAMESPACE: &str = "bench";

/// How long AWS takes to answer, from within the same region.
pub(super) const SERVICE_TIME: Duration = Duration::from_millis(15);

/// What AWS grants an account in a region, in requests a second.
const QUOTAS: [(&str, u32); 2] = [("GetSecretValue", 10_000), ("BatchGetSecretValue", 100)];

/// So many requests keep the API server as busy as it can be.
pub(super) const AT_ONCE: usize = 32;

/// An API server with our definitions and a store, and the AWS double behind it.
pub(super) struct World {
    pub(super) plane: ControlPlane,
    pub(super) aws: FastAws,
    pub(super) api: ApiClient,
    pub(super) screen: Screen,
    cluster: Cluster,
    binary: PathBuf,
}

impl World {
    /// Starts everything but the operator.
    pub(super) async fn start(screen: Screen, binary: &Path) -> Result<Self> {
        let options = ControlPlaneOptions { controller_manager: false, ..ControlPlaneOptions::default() };
        let plane = ControlPlane::start(options).await?;
        let cluster = Cluster::reach(Some(plane.kubeconfig_path()), NAMESPACE).await?;
        cluster.install().await?;
        let aws = FastAws::start(FastAwsOptions { service_time: SERVICE_TIME, record: false })?;
        QUOTAS.into_iter().for_each(|(operation, quota)| aws.set_quota(operation, quota));
        let api = plane.client()?;
        let world = Self { plane, aws, api, screen, cluster, binary: binary.to_owned() };
        world.create(&secrets(), &objects::credentials()).await?;
        world.create(&stores(), &objects::store()).await?;
        Ok(world)
    }

    /// Starts the operator, and returns when it is ready.
    pub(super) async fn operator(&self) -> Result<Operator> {
        self.operator_with(&[]).await
    }

    /// As [`operator`](Self::operator), with more arguments.
    pub(super) async fn operator_with(&self, arguments: &[String]) -> Result<Operator> {
        Operator::start(&self.cluster, &self.binary, (&self.aws.url(), arguments)).await
    }

    /// Which API server it is.
    pub(super) async fn version(&self) -> Result<String> {
        let version = self.api.request(Method::GET, "/version", None).await?.success()?;
        Ok(version["gitVersion"].as_str().context("a server must say its version")?.to_owned())
    }

    /// Creates an object.
    pub(super) async fn create(&self, collection: &str, object: &Value) -> Result<()> {
        create(&self.api, collection, object).await
    }
}

/// The paths of collections in the namespace.
pub(super) fn secrets() -> String {
    format!("/api/v1/namespaces/{NAMESPACE}/secrets")
}

pub(super) fn external_secrets() -> String {
    format!("/apis/external-secrets.io/v1/namespaces/{NAMESPACE}/externalsecrets")
}

fn stores() -> String {
    format!("/apis/external-secrets.io/v1/namespaces/{NAMESPACE}/secretstores")
}

/// Creates an object.
pub(super) async fn create(api: &ApiClient, collection: &str, object: &Value) -> Result<()> {
    api.request(Method::POST, collection, Some(object)).await?.success().map(drop)
}

/// Changes an object, or its status, with a merge patch.
pub(super) async fn patch(api: &ApiClient, path: &str, patch: &Value) -> Result<()> {
    api.request(Method::PATCH, path, Some(patch)).await?.success().map(drop)
}

/// Deletes an object.
pub(super) async fn delete(api: &ApiClient, path: &str) -> Result<()> {
    api.request(Method::DELETE, path, None).await?.success().map(drop)
}

/// Does something for each number of a range, so many at a time, and says how long all of it took.
pub(super) async fn each<Work, Done>(
    numbers: std::ops::Range<usize>,
    at_once: usize,
    work: Work,
) -> Result<Duration>
where
    Work: Fn(usize) -> Done + Clone + Send + 'static,
    Done: Future<Output = Result<()>> + Send + 'static,
{
    let began = Instant::now();
    let next = Arc::new(AtomicUsize::new(numbers.start));
    let mut workers = JoinSet::new();
    for _ in 0..at_once {
        let (next, work) = (Arc::clone(&next), work.clone());
        workers.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= numbers.end {
                    return anyhow::Ok(());
                }
                work(number).await?;
            }
        });
    }
    while let Some(worker) = workers.join_next().await {
        worker.context("a worker must not panic")??;
    }
    Ok(began.elapsed())
}
