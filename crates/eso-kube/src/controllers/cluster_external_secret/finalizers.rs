//! The finalizers that the original puts on ClusterExternalSecrets and their namespaces. None is added here: the
//! ExternalSecrets go by their owner reference. Where one is met that nobody else would take off, it is taken off.

/// The original's finalizer of a ClusterExternalSecret.
pub(super) const CLEANUP: &str = "externalsecrets.external-secrets.io/clusterexternalsecret-cleanup";

/// What the original's finalizers of namespaces begin with: one for each ClusterExternalSecret, whose name follows.
const PREFIX: &str = "externalsecrets.external-secrets.io/ces-";

/// The original's finalizer of the namespaces of a ClusterExternalSecret.
pub(super) fn of_namespaces(object: &str) -> String {
    format!("{PREFIX}{object}")
}

/// The ClusterExternalSecrets whose finalizers are among these.
pub(super) fn objects(finalizers: &[String]) -> impl Iterator<Item = &str> {
    finalizers.iter().filter_map(|finalizer| finalizer.strip_prefix(PREFIX))
}
