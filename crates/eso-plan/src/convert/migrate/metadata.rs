//! What of an object's metadata its newer manifest has.

use serde_json::{Map, Value};

use super::Remarks;

/// What kubectl remembers of the manifest that it applied.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What a manifest says.
const SAID: [&str; 4] = ["name", "generateName", "namespace", "labels"];

/// What the API server adds.
const ADDED: [&str; 6] =
    ["uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink"];

/// The finalizers that operators put there themselves end so.
const FINALIZERS: &str = "external-secrets.io/";

/// The metadata of the newer manifest, without these annotations.
pub(super) fn kept(metadata: &Value, dropped: &[&str], remarks: &mut Remarks) -> Map<String, Value> {
    let mut kept = Map::new();
    for (name, value) in metadata.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
        match name.as_str() {
            said if SAID.contains(&said) => drop(kept.insert(name.clone(), value.clone())),
            "annotations" => {
                let mut annotations = value.as_object().cloned().unwrap_or_default();
                annotations.retain(|name, _| name != LAST_APPLIED && !dropped.contains(&name.as_str()));
                if !annotations.is_empty() {
                    kept.insert(name.clone(), annotations.into());
                }
            }
            added if ADDED.contains(&added) => {}
            "finalizers" if is_of_operators(value) => {}
            _ => {
                let what = "it is left out: who put it there knows the older object, and not the newer one";
                remarks.on(format!("metadata.{name}"), what);
            }
        }
    }
    kept
}

fn is_of_operators(finalizers: &Value) -> bool {
    let mut names = finalizers.as_array().into_iter().flatten();
    names.all(|name| name.as_str().is_some_and(|name| name.contains(FINALIZERS)))
}

#[cfg(test)]
mod tests;
