//! What `eso migrate` is asked for.

use std::{path::PathBuf, time::Duration};

use super::go_duration;

/// What `eso migrate` is given.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
pub struct Migrate {
    /// Files of manifests, or folders with such files (`.yaml`, `.yml`, `.json`); `-` is the standard input. `--namespace` is
    /// the namespace of objects that name none.
    #[arg(value_name = "FILE", required_unless_present = "from_cluster", conflicts_with_all = ["from_cluster", "apply"])]
    pub files: Vec<PathBuf>,

    /// Reads the objects of the kubeconfig's cluster: of all namespaces, or of the one that `--namespace` names. Of
    /// `external-secrets.io` those that somebody wrote in an older version.
    #[arg(long)]
    pub from_cluster: bool,

    /// Makes the code 1 as well where anything is remarked on an object that is written.
    #[arg(long, conflicts_with = "apply")]
    pub strict: bool,

    /// Writes, or moves, objects of `kubernetes-client.io` too whose Namespace says by annotations which keys or roles they may
    /// ask for: these bind no newer object, and its store lets the whole namespace in.
    #[arg(long)]
    pub without_permits: bool,

    /// Moves the objects of `kubernetes-client.io` over in the cluster, one by one: the newer object takes the older one's
    /// Secret over as it is, and then the older one is deleted. The operator must run, and the older controller must not.
    #[arg(long, requires = "from_cluster", requires = "backup")]
    pub apply: bool,

    /// Where manifests of the older objects are appended before these are deleted.
    #[arg(long, value_name = "FILE", requires = "apply")]
    pub backup: Option<PathBuf>,

    /// How long `--apply` waits for one object before it leaves it as it is.
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = go_duration)]
    pub timeout: Duration,
}
