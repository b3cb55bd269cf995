//! What the older controller was told by its environment, as plain data: whoever runs us reads it.

use std::{collections::BTreeSet, time::Duration};

use crate::template::Delimiters;

/// What the older controller was told by its environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// `AWS_REGION`: the region of objects that name none.
    pub aws_region: String,
    /// `AWS_INTERMEDIATE_ROLE_ARN`: the role that is assumed before an object's own is.
    pub intermediate_role: Option<String>,
    /// `VAULT_ADDR`.
    pub vault_address: String,
    /// `VAULT_NAMESPACE`.
    pub vault_namespace: Option<String>,
    /// `DEFAULT_VAULT_ROLE`: the role of objects that name none.
    pub default_vault_role: Option<String>,
    /// `DEFAULT_VAULT_MOUNT_POINT`: where objects that do not say it log in.
    pub default_vault_mount: Option<String>,
    /// `INSTANCE_ID`: which objects are ours.
    pub instance_id: Option<String>,
    /// `WATCHED_NAMESPACES`: the namespaces whose objects are served; none is all.
    pub watched_namespaces: BTreeSet<String>,
    /// `POLLER_INTERVAL_MILLISECONDS`: how often values are read.
    pub interval: Duration,
    /// Whether values are read again at all: not where `DISABLE_POLLING` is there.
    pub polls: bool,
    /// Which annotations of a namespace say what its objects may ask for.
    pub annotations: Annotations,
    /// Whether a namespace must have them: where `ENFORCE_NAMESPACE_ANNOTATIONS` is there.
    pub enforce: bool,
    /// How all templates of this process are read.
    pub delimiters: Delimiters,
}

/// Which annotations of a namespace say what its objects may ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotations {
    /// `NAMING_PERMITTED_ANNOTATION`: a regular expression of keys.
    pub permitted_key_name: String,
    /// `ROLE_PERMITTED_ANNOTATION`: a regular expression of roles.
    pub permitted_role: String,
}

/// As it was without any variable.
impl Default for Environment {
    fn default() -> Self {
        Self {
            aws_region: "us-west-2".to_owned(),
            intermediate_role: None,
            vault_address: "http://127.0.0.1:8200".to_owned(),
            vault_namespace: None,
            default_vault_role: None,
            default_vault_mount: None,
            instance_id: None,
            watched_namespaces: BTreeSet::new(),
            interval: Duration::from_secs(10),
            polls: true,
            annotations: Annotations::default(),
            enforce: false,
            delimiters: Delimiters::default(),
        }
    }
}

impl Default for Annotations {
    fn default() -> Self {
        Self {
            permitted_key_name: "externalsecrets.kubernetes-client.io/permitted-key-name".to_owned(),
            permitted_role: "iam.amazonaws.com/permitted".to_owned(),
        }
    }
}
