//! What is asked of the cluster while somebody waits.

use std::{collections::BTreeMap, fmt};

use async_trait::async_trait;
use eso_plan::{desired::Desired, filled::Place, template::Sources};

/// The cluster. No call may take long: a request to the API server waits for it. Errors are words for people.
#[async_trait]
pub trait Cluster: fmt::Debug + Send + Sync + 'static {
    /// Whether a user may do this, as a SubjectAccessReview says.
    async fn may(&self, user: &User, access: &Access) -> Result<bool, String>;

    /// The annotation [`STORE`](crate::annotations::STORE) of a Namespace.
    async fn default_store(&self, namespace: &str) -> Result<Option<String>, String>;

    /// The object that writes this Secret, and what it asks for; `None` where there is none, or where it is not ours to
    /// serve.
    async fn target(&self, place: &Place) -> Result<Option<Target>, String>;
}

/// An object that writes a Secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// What it is, for messages: `ExternalSecret "app"`.
    pub object: String,
    /// Its uid.
    pub uid: String,
    /// What it asks for.
    pub desired: Desired,
    /// What the Secret is to carry that says who filled it, where it is nobody's.
    pub annotations: BTreeMap<&'static str, String>,
    /// What its templates stand in.
    pub sources: Sources,
}

/// Who asks the API server, as it knows them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// Their name.
    pub name: String,
    /// Their uid, where they have one.
    pub uid: String,
    /// Their groups.
    pub groups: Vec<String>,
    /// What the authenticator says besides.
    pub extra: BTreeMap<String, Vec<String>>,
}

/// Something that somebody may do or not.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Access {
    /// What is done.
    pub verb: &'static str,
    /// The group of what it is done to; empty is the core group.
    pub group: &'static str,
    /// What it is done to.
    pub resource: &'static str,
    /// In which namespace.
    pub namespace: String,
    /// To which one; empty is to any.
    pub name: String,
}

impl Access {
    /// To see a Secret.
    pub fn get_secret(place: &Place) -> Self {
        let Place { namespace, name } = place.clone();
        Self { verb: "get", group: "", resource: "secrets", namespace, name }
    }

    /// To have a store read for a namespace.
    pub fn create_external_secret(place: &Place) -> Self {
        Self {
            verb: "create",
            group: "external-secrets.io",
            resource: "externalsecrets",
            namespace: place.namespace.clone(),
            name: String::new(),
        }
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { verb, group, resource, namespace, name } = self;
        write!(f, "{verb} {resource}")?;
        if !group.is_empty() {
            write!(f, ".{group}")?;
        }
        if !name.is_empty() {
            write!(f, " {name:?}")?;
        }
        write!(f, " in namespace {namespace:?}")
    }
}
