//! The kinds of the cluster whose objects are spread: each keeps a copy of another kind in the namespaces that it
//! chooses. What differs between them stands here, and nowhere else.

use std::{collections::BTreeMap, fmt};

use eso_core::api::{
    cluster_external_secret::{ClusterExternalSecret, ClusterExternalSecretStatus},
    cluster_push_secret::{ClusterPushSecret, ClusterPushSecretStatus},
    external_secret::ExternalSecret,
    push_secret::PushSecret,
};
use eso_plan::{
    cluster::{Asked, Report},
    convert::{Malformed, cluster_external_secret, cluster_push_secret},
};
use jiff::Timestamp;
use k8s_openapi::{ClusterResourceScope, NamespaceResourceScope};
use kube::Resource;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::telemetry::Kind;

/// A kind whose objects are spread.
pub(crate) trait Spread: Resource<DynamicType = (), Scope = ClusterResourceScope> + 'static {
    /// The kind of the copies.
    type Copy: Resource<DynamicType = (), Scope = NamespaceResourceScope> + 'static;

    /// What is said of an object.
    type Status: Clone
        + fmt::Debug
        + Default
        + PartialEq
        + Serialize
        + DeserializeOwned
        + Send
        + Sync
        + 'static;

    /// The kind as it is counted.
    const COUNTED: Kind;

    /// The finalizers of the original, where it has some.
    const FINALIZERS: Option<Finalizers>;

    /// What an object asks for. The spec is as the API server sent it.
    fn asked(
        name: &str,
        annotations: Option<&BTreeMap<String, String>>,
        spec: &Value,
    ) -> Result<Asked, Malformed>;

    /// That an object cannot be understood.
    fn refused(problem: &str) -> Report;

    /// The status that says what a report says, after the status `before`.
    fn status(before: &Self::Status, report: &Report, now: Timestamp) -> Self::Status;
}

/// The finalizers that the original puts on objects that are spread, and on their namespaces.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Finalizers {
    /// The one of an object.
    pub(crate) object: &'static str,
    /// What those of namespaces begin with: one for each object, whose name follows.
    pub(crate) of_namespaces: &'static str,
}

impl Spread for ClusterExternalSecret {
    type Copy = ExternalSecret;
    type Status = ClusterExternalSecretStatus;

    const COUNTED: Kind = Kind::ClusterExternalSecret;
    const FINALIZERS: Option<Finalizers> = Some(Finalizers {
        object: "externalsecrets.external-secrets.io/clusterexternalsecret-cleanup",
        of_namespaces: "externalsecrets.external-secrets.io/ces-",
    });

    fn asked(
        name: &str,
        annotations: Option<&BTreeMap<String, String>>,
        spec: &Value,
    ) -> Result<Asked, Malformed> {
        cluster_external_secret::asked(name, annotations, spec)
    }

    fn refused(problem: &str) -> Report {
        Report::refused(problem)
    }

    fn status(before: &Self::Status, report: &Report, _now: Timestamp) -> Self::Status {
        cluster_external_secret::status(before, report)
    }
}

impl Spread for ClusterPushSecret {
    type Copy = PushSecret;
    type Status = ClusterPushSecretStatus;

    const COUNTED: Kind = Kind::ClusterPushSecret;
    const FINALIZERS: Option<Finalizers> = None;

    fn asked(
        name: &str,
        _annotations: Option<&BTreeMap<String, String>>,
        spec: &Value,
    ) -> Result<Asked, Malformed> {
        cluster_push_secret::asked(name, spec)
    }

    fn refused(problem: &str) -> Report {
        cluster_push_secret::refused(problem)
    }

    fn status(before: &Self::Status, report: &Report, now: Timestamp) -> Self::Status {
        cluster_push_secret::status(before, report, now)
    }
}
