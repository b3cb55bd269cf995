//! The CustomResourceDefinitions: `v1` stored, `v1beta1` the same schema, marked as deprecated.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceConversion, CustomResourceDefinition,
};
use kube::CustomResourceExt;

use super::{
    external_secret::ExternalSecret,
    secret_store::{ClusterSecretStore, SecretStore},
};

/// Every definition that the operator needs, in the order of their names.
pub fn all() -> Vec<CustomResourceDefinition> {
    [ClusterSecretStore::crd(), ExternalSecret::crd(), SecretStore::crd()].map(served_twice).into()
}

/// Adds `v1beta1`: the same type serves both, for a narrower schema would prune what a user wrote.
fn served_twice(mut definition: CustomResourceDefinition) -> CustomResourceDefinition {
    let name = definition.spec.names.kind.clone();
    let labels = definition.metadata.labels.get_or_insert_default();
    labels.insert("external-secrets.io/component".to_owned(), "controller".to_owned());
    definition.spec.conversion =
        Some(CustomResourceConversion { strategy: "None".to_owned(), webhook: None });
    let mut older = definition.spec.versions[0].clone();
    older.name = "v1beta1".to_owned();
    older.storage = false;
    older.deprecated = Some(true);
    older.deprecation_warning =
        Some(format!("external-secrets.io/v1beta1 {name} is deprecated; use external-secrets.io/v1"));
    definition.spec.versions.push(older);
    definition
}
