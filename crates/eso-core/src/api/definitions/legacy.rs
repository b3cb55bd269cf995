//! The definition of the older group: as its last release had it, with what a type cannot say of which fields go together.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSON, JSONSchemaProps, JSONSchemaPropsOrArray,
};
use kube::CustomResourceExt;

use super::never_null;
use crate::api::legacy::{BackendType, ExternalSecret};

/// The definition of `kubernetes-client.io`.
///
/// It is not among [`all`](super::all): the operator works without it. It takes what the older controller's own takes, and may
/// stand in its place.
pub fn legacy() -> CustomResourceDefinition {
    let mut definition = ExternalSecret::crd();
    let schemas = definition.spec.versions.iter_mut().filter_map(|version| version.schema.as_mut());
    for schema in schemas.filter_map(|schema| schema.open_api_v3_schema.as_mut()) {
        never_null(schema);
        let spec = schema.properties.as_mut().and_then(|properties| properties.get_mut("spec"));
        spec.into_iter().for_each(restrict);
    }
    definition
}

/// Which fields of a spec go together, and which of its entries.
fn restrict(spec: &mut JSONSchemaProps) {
    spec.one_of = Some(backends());
    spec.any_of = Some(["data", "dataFrom", "dataFromWithOptions"].map(|field| requires(&[field])).to_vec());
    let data = spec.properties.as_mut().and_then(|properties| properties.get_mut("data"));
    if let Some(JSONSchemaPropsOrArray::Schema(entry)) = data.and_then(|data| data.items.as_mut()) {
        entry.one_of = Some(vec![requires(&["key", "name"]), requires(&["path"])]);
    }
}

/// One backend: without one, several of these hold at once, and the object is refused.
fn backends() -> Vec<JSONSchemaProps> {
    use BackendType::{
        Akeyless, AlicloudSecretsManager, AzureKeyVault, GcpSecretsManager, IbmcloudSecretsManager,
        SecretsManager, SystemManager, Vault,
    };
    let azure = JSONSchemaProps { required: Some(vec!["keyVaultName".to_owned()]), ..is(&[AzureKeyVault]) };
    vec![
        is(&[SecretsManager, SystemManager]),
        is(&[Vault]),
        azure,
        is(&[GcpSecretsManager]),
        is(&[AlicloudSecretsManager]),
        is(&[IbmcloudSecretsManager]),
        is(&[Akeyless]),
    ]
}

fn is(backends: &[BackendType]) -> JSONSchemaProps {
    let names = backends.iter().map(|backend| JSON(backend.as_str().into())).collect();
    let one = JSONSchemaProps { enum_: Some(names), ..JSONSchemaProps::default() };
    let properties = [("backendType".to_owned(), one)].into();
    JSONSchemaProps { properties: Some(properties), ..JSONSchemaProps::default() }
}

fn requires(fields: &[&str]) -> JSONSchemaProps {
    let fields = fields.iter().map(|field| (*field).to_owned()).collect();
    JSONSchemaProps { required: Some(fields), ..JSONSchemaProps::default() }
}

#[cfg(test)]
mod tests;
