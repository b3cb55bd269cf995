//! What all Vault stores of a process log in through.

use std::{path::PathBuf, sync::Arc};

use tokio_util::task::TaskTracker;

use crate::{
    auth::{METADATA_SERVER, SecretIds, Sts},
    http::Pools,
};

/// What all Vault stores of a process log in through. A clone shares it.
#[derive(Clone, Debug)]
pub(crate) struct Means {
    pub(crate) pools: Arc<Pools>,
    /// Where the operator's own service-account token is mounted.
    pub(crate) own_token: PathBuf,
    pub(crate) sts: Sts,
    /// Where Google Cloud's metadata server is: scheme and host.
    pub(crate) metadata_server: String,
    pub(crate) secret_ids: Arc<SecretIds>,
    /// The logins and revocations under way, which go on where nobody waits for them.
    pub(crate) tasks: TaskTracker,
}

impl Means {
    /// Shares nothing yet.
    pub(crate) fn new(own_token: PathBuf) -> Self {
        Self {
            pools: Arc::default(),
            own_token,
            sts: Sts::default(),
            metadata_server: METADATA_SERVER.to_owned(),
            secret_ids: Arc::default(),
            tasks: TaskTracker::new(),
        }
    }
}
