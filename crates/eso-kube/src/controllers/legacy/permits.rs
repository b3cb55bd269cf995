//! What namespaces let their objects ask for. What is not known is not given.

use std::collections::{BTreeMap, HashMap};

use eso_core::api::legacy::ExternalSecret;
use eso_plan::convert::legacy::{Environment, permitted};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use parking_lot::Mutex;

/// Whether an object may ask for what it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::controllers) enum Permit {
    /// It may.
    Given,
    /// Its namespace was not seen yet; once it is, its objects are looked at.
    Unknown,
    /// It may not: why.
    Refused(String),
}

/// The namespaces, with those of their annotations that matter.
#[derive(Debug, Default)]
pub(in crate::controllers) struct Permits(Mutex<HashMap<String, BTreeMap<String, String>>>);

impl Permits {
    /// Whether an object may ask for what it asks for.
    pub(in crate::controllers) fn of(&self, object: &ExternalSecret, environment: &Environment) -> Permit {
        let namespace = object.metadata.namespace.as_deref().unwrap_or_default();
        match self.0.lock().get(namespace) {
            None => Permit::Unknown,
            Some(annotations) => match permitted(object, Some(annotations), environment) {
                Ok(()) => Permit::Given,
                Err(refusal) => Permit::Refused(refusal.to_string()),
            },
        }
    }

    /// A namespace is there: says whether what it allows may be something else than before.
    pub(super) fn meet(&self, metadata: &ObjectMeta, environment: &Environment) -> bool {
        let name = metadata.name.clone().unwrap_or_default();
        let annotations = kept(metadata.annotations.as_ref(), environment);
        self.0.lock().insert(name, annotations.clone()).is_none_or(|before| before != annotations)
    }

    /// A namespace is gone.
    pub(super) fn lose(&self, name: &str) {
        self.0.lock().remove(name);
    }
}

/// The annotations that say what is allowed; of the others it matters only whether there are any.
fn kept(
    annotations: Option<&BTreeMap<String, String>>,
    environment: &Environment,
) -> BTreeMap<String, String> {
    let names = &environment.annotations;
    let ours = [&names.permitted_key_name, &names.permitted_role];
    let all = annotations.into_iter().flatten();
    let kept = all.map(|(name, value)| match ours.contains(&name) {
        true => (name.clone(), value.clone()),
        false => ("another".to_owned(), String::new()),
    });
    kept.collect()
}

#[cfg(test)]
mod tests;
