//! Every selector field of the CRD's schema, each in a store that sets it, so that a new one cannot be forgotten.

use eso_core::api::definitions;
use serde_json::{Map, Value, json};

/// A store's spec with one selector that names `namespace`.
pub(crate) struct Example {
    /// Where the selector is, such as `spec.provider.vault.caProvider`.
    pub(crate) path: String,
    /// The spec, with whatever else the schema requires.
    pub(crate) spec: Value,
}

/// One example for each selector field that the schema has.
pub(crate) fn examples(namespace: &str) -> Vec<Example> {
    let provider = schema();
    let mut paths = Vec::new();
    collect(&provider, &mut Vec::new(), &mut paths);
    let example = |path: Vec<String>| Example {
        spec: json!({ "provider": fill(&provider, &path, namespace) }),
        path: format!("spec.provider.{}", path.join(".")),
    };
    paths.into_iter().map(example).collect()
}

fn schema() -> Value {
    let stores =
        definitions::all().into_iter().find(|definition| definition.spec.names.kind == "SecretStore");
    let definition = serde_json::to_value(stores.expect("the CRD of SecretStore must be there")).unwrap();
    let path = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/provider";
    definition.pointer(path).expect("the schema must have spec.provider").clone()
}

/// A selector is what has a name and a namespace.
fn is_selector(schema: &Value) -> bool {
    ["name", "namespace"].iter().all(|field| schema["properties"].get(field).is_some())
}

fn collect(schema: &Value, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    if is_selector(schema) {
        found.push(path.clone());
        return;
    }
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        path.push(name.clone());
        collect(field, path, found);
        path.pop();
    }
}

/// A value of this schema with what it requires, and with what is on the way to the selector.
fn fill(schema: &Value, path: &[String], namespace: &str) -> Value {
    let mut fields = Map::new();
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        fields.insert(name.to_owned(), sample(&schema["properties"][name]));
    }
    match path {
        [] => {
            for (name, value) in [("name", "sample"), ("namespace", namespace), ("key", "key")] {
                fields.insert(name.to_owned(), json!(value));
            }
            fields.retain(|name, _| schema["properties"].get(name).is_some());
        }
        [first, rest @ ..] => {
            // What the schema does not require, and a rule of it does.
            if schema["properties"].get("roleId").is_some() && first != "roleRef" {
                fields.insert("roleId".to_owned(), json!("sample"));
            }
            fields.insert(first.clone(), fill(&schema["properties"][first], rest, namespace));
        }
    }
    Value::Object(fields)
}

fn sample(schema: &Value) -> Value {
    match (schema["type"].as_str(), schema["enum"].get(0)) {
        (_, Some(first)) => first.clone(),
        (Some("object"), None) => fill_required(schema),
        (Some("array"), None) => json!([]),
        (Some("integer" | "number"), None) => json!(0),
        (Some("boolean"), None) => json!(false),
        (_, None) => json!("sample"),
    }
}

fn fill_required(schema: &Value) -> Value {
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    required.map(|name| (name.to_owned(), sample(&schema["properties"][name]))).collect::<Map<_, _>>().into()
}
