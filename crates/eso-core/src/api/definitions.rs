//! The CustomResourceDefinitions: `v1` stored, `v1beta1` the same schema, marked as deprecated; those of values that are
//! pushed have `v1alpha1` alone, as in the original.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceConversion, CustomResourceDefinition, JSONSchemaProps, JSONSchemaPropsOrArray,
    JSONSchemaPropsOrBool,
};
use kube::CustomResourceExt;

use super::{
    cluster_external_secret::ClusterExternalSecret,
    cluster_push_secret::ClusterPushSecret,
    external_secret::ExternalSecret,
    push_secret::PushSecret,
    secret_store::{ClusterSecretStore, SecretStore},
};

mod legacy;
mod rules;

pub use legacy::legacy;

/// Every definition that the operator needs, in the order of their names.
pub fn all() -> Vec<CustomResourceDefinition> {
    vec![
        served_twice(ClusterExternalSecret::crd()),
        served_once(ClusterPushSecret::crd()),
        served_twice(ClusterSecretStore::crd()),
        served_twice(ExternalSecret::crd()),
        served_once(PushSecret::crd()),
        served_twice(SecretStore::crd()),
    ]
}

fn served_once(mut definition: CustomResourceDefinition) -> CustomResourceDefinition {
    for version in &mut definition.spec.versions {
        if let Some(schema) = version.schema.as_mut().and_then(|schema| schema.open_api_v3_schema.as_mut()) {
            // The original lets an object be without a spec; the operator then says what is wrong with it.
            schema.required = None;
            never_null(schema);
        }
    }
    rules::put(&mut definition);
    let labels = definition.metadata.labels.get_or_insert_default();
    labels.insert("external-secrets.io/component".to_owned(), "controller".to_owned());
    definition.spec.conversion =
        Some(CustomResourceConversion { strategy: "None".to_owned(), webhook: None });
    definition
}

/// Adds `v1beta1`: the same type serves both, for a narrower schema would prune what a user wrote.
fn served_twice(definition: CustomResourceDefinition) -> CustomResourceDefinition {
    let mut definition = served_once(definition);
    let name = &definition.spec.names.kind;
    let mut older = definition.spec.versions[0].clone();
    older.name = "v1beta1".to_owned();
    older.storage = false;
    older.deprecated = Some(true);
    older.deprecation_warning =
        Some(format!("external-secrets.io/v1beta1 {name} is deprecated; use external-secrets.io/v1"));
    definition.spec.versions.push(older);
    definition
}

/// Takes out what schemars says of Rust's types and the original does not say: a field is left out rather than null
/// (the API server drops a null, and puts the default there), and a small integer is an integer.
fn never_null(schema: &mut JSONSchemaProps) {
    schema.nullable = None;
    if schema.format.as_deref() == Some("uint8") {
        (schema.format, schema.minimum, schema.maximum) = (None, None, None);
    }
    schema.properties.iter_mut().flatten().for_each(|(_name, property)| never_null(property));
    if let Some(JSONSchemaPropsOrArray::Schema(item)) = &mut schema.items {
        never_null(item);
    }
    if let Some(JSONSchemaPropsOrBool::Schema(value)) = &mut schema.additional_properties {
        never_null(value);
    }
}

#[cfg(test)]
mod tests;
