//! What was made on a cluster, so that this and nothing else can be removed from it.

use std::fmt;

use serde_json::Value;

/// The kinds of what the demo makes outside namespaces, in the order in which they are removed: a definition goes
/// last, since objects of it may still be on their way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Namespace,
    ClusterRoleBinding,
    ClusterRole,
    Definition,
}

/// An object outside namespaces. What lies in a namespace that was made goes away with it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Made {
    pub(super) kind: Kind,
    pub(super) name: String,
    /// Tells it from another of the same name; empty for one that is not created yet.
    pub(super) uid: String,
}

impl Kind {
    pub(super) const ALL: [Self; 4] =
        [Self::Namespace, Self::ClusterRoleBinding, Self::ClusterRole, Self::Definition];

    /// Its plural with its group, as `kubectl get` takes and prints it.
    pub(super) fn resource(self) -> &'static str {
        match self {
            Self::Namespace => "namespaces",
            Self::ClusterRoleBinding => "clusterrolebindings.rbac.authorization.k8s.io",
            Self::ClusterRole => "clusterroles.rbac.authorization.k8s.io",
            Self::Definition => "customresourcedefinitions.apiextensions.k8s.io",
        }
    }

    /// What manifests and people call it.
    fn name(self) -> &'static str {
        match self {
            Self::Namespace => "Namespace",
            Self::ClusterRoleBinding => "ClusterRoleBinding",
            Self::ClusterRole => "ClusterRole",
            Self::Definition => "CustomResourceDefinition",
        }
    }

    /// The path of its collection.
    fn collection(self) -> &'static str {
        match self {
            Self::Namespace => "/api/v1/namespaces",
            Self::ClusterRoleBinding => "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
            Self::ClusterRole => "/apis/rbac.authorization.k8s.io/v1/clusterroles",
            Self::Definition => "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
        }
    }
}

impl Made {
    /// Where it is.
    pub(super) fn path(&self) -> String {
        format!("{}/{}", self.kind.collection(), self.name)
    }
}

impl fmt::Display for Made {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.kind.name(), self.name)
    }
}

/// The objects outside namespaces among JSON texts that stand one after the other. A text that breaks off, because
/// who printed it did, ends them.
pub(super) fn read(printed: &str) -> Vec<Made> {
    let objects = serde_json::Deserializer::from_str(printed).into_iter::<Value>().map_while(Result::ok);
    objects.flat_map(items).filter_map(|object| made(&object)).collect()
}

/// What of `planned` is there already, and every definition of the group `external-secrets.io` and those below it:
/// each of it may be somebody's. `there` are the names of the objects of each kind.
pub(super) fn in_the_way(planned: &[Made], there: &[(Kind, Vec<String>)]) -> Vec<Made> {
    let known = there.iter().flat_map(|(kind, names)| names.iter().map(|name| (*kind, name)));
    let taken = known.filter(|(kind, name)| {
        planned.iter().any(|made| made.kind == *kind && made.name == **name)
            || *kind == Kind::Definition && is_ours(name)
    });
    taken.map(|(kind, name)| Made { kind, name: name.clone(), uid: String::new() }).collect()
}

/// A definition is named `<plural>.<group>`.
fn is_ours(definition: &str) -> bool {
    definition.ends_with(".external-secrets.io")
}

/// The objects of a list, or the object.
fn items(object: Value) -> Vec<Value> {
    match object["items"].as_array() {
        Some(items) => items.clone(),
        None => vec![object],
    }
}

fn made(object: &Value) -> Option<Made> {
    let kind = Kind::ALL.into_iter().find(|kind| object["kind"] == kind.name())?;
    let metadata = &object["metadata"];
    Some(Made {
        kind,
        name: metadata["name"].as_str()?.to_owned(),
        uid: metadata["uid"].as_str().unwrap_or_default().to_owned(),
    })
}

#[cfg(test)]
mod tests;
