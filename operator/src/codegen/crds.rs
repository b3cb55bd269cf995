//! The definitions as manifests, and the page that describes each of their fields.

use std::fmt::Write as _;

use eso_core::api::definitions;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};

/// Each definition as a manifest, by its path.
pub(super) fn manifests() -> Vec<(String, String)> {
    let manifest = |definition: &CustomResourceDefinition| {
        let path = format!("deploy/crds/{}_{}.yaml", definition.spec.group, definition.spec.names.plural);
        let text = serde_saphyr::to_string(definition).expect("a definition must be YAML");
        (path, text)
    };
    definitions::all().iter().chain([&definitions::legacy()]).map(manifest).collect()
}

/// The page: a table of fields for each kind. All versions of a kind have the same, and what is kept by name, at any
/// name, is told with `*` for it.
pub(super) fn reference() -> String {
    let mut page = String::from(
        "# Custom resources\n\n\
         Fields that are not listed here are kept as they are; \
         those that this version does not serve, and that would change what is written, are refused by name.\n",
    );
    for definition in definitions::all().into_iter().chain([definitions::legacy()]) {
        describe(&definition, &mut page);
    }
    page
}

fn describe(definition: &CustomResourceDefinition, page: &mut String) {
    let spec = &definition.spec;
    let versions: Vec<_> = spec.versions.iter().map(|version| version.name.as_str()).collect();
    let short = spec.names.short_names.as_deref().unwrap_or_default().join(", ");
    let short = if short.is_empty() { String::new() } else { format!(", short name `{short}`") };
    page.push_str(&format!(
        "\n## {}\n\n`{}`, versions {}; {}{short}.\n\n| field | type | what it says |\n|---|---|---|\n",
        spec.names.kind,
        spec.group,
        versions.join(", "),
        spec.scope.to_lowercase(),
    ));
    let schema = spec.versions.first().and_then(|version| version.schema.as_ref());
    let root = schema.and_then(|schema| schema.open_api_v3_schema.as_ref());
    for part in ["spec", "status"] {
        let properties = root.and_then(|root| root.properties.as_ref());
        if let Some(schema) = properties.and_then(|properties| properties.get(part)) {
            fields(part, schema, page);
        }
    }
}

/// One line for each field below `path`, depth first.
fn fields(path: &str, schema: &JSONSchemaProps, page: &mut String) {
    let (path, schema) = match schema.items.as_ref() {
        Some(JSONSchemaPropsOrArray::Schema(item)) => (format!("{path}[]"), item.as_ref()),
        Some(JSONSchemaPropsOrArray::Schemas(_)) | None => (path.to_owned(), schema),
    };
    if let Some(JSONSchemaPropsOrBool::Schema(value)) = &schema.additional_properties
        && value.type_.as_deref() == Some("object")
    {
        fields(&format!("{path}.*"), value, page);
    }
    let required = schema.required.as_deref().unwrap_or_default();
    for (name, field) in schema.properties.iter().flatten() {
        let path = format!("{path}.{name}");
        let text = field.description.as_deref().unwrap_or_default().replace('\n', " ").replace('|', "\\|");
        let required = if required.contains(name) { ", required" } else { "" };
        writeln!(page, "| `{path}` | {}{required} | {text} |", type_of(field))
            .expect("writing to a string must succeed");
        fields(&path, field, page);
    }
}

/// The type of a field with its limits, such as `string, 1 to 253 characters` or `Owner, Merge (Owner)`.
fn type_of(field: &JSONSchemaProps) -> String {
    let quoted = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => format!("`{text}`"),
        other => format!("`{other}`"),
    };
    let mut text = match (&field.enum_, &field.type_, field.x_kubernetes_int_or_string) {
        (Some(values), ..) => {
            let values = values.iter().filter(|value| !value.0.is_null());
            values.map(|value| quoted(&value.0)).collect::<Vec<_>>().join(", ")
        }
        (None, _, Some(true)) => "integer or string".to_owned(),
        (None, Some(kind), _) => kind.clone(),
        (None, None, _) => "anything".to_owned(),
    };
    if let (Some(shortest), Some(longest)) = (field.min_length, field.max_length) {
        text.push_str(&format!(", {shortest} to {longest} characters"));
    }
    if let Some(default) = &field.default {
        text.push_str(&format!(", by default {}", quoted(&default.0)));
    }
    text
}
