//! Every selector field of the CRD's schema, each in a store that sets it, so that a new one cannot be forgotten.

use eso_core::api::definitions;
use serde_json::{Map, Value, json};

/// A store's spec with one selector that names `namespace`.
#[derive(Clone)]
pub(crate) struct Example {
    /// Where the selector is, such as `spec.provider.vault.caProvider`.
    pub(crate) path: String,
    /// The spec, with whatever else the schema requires.
    pub(crate) spec: Value,
}

/// Two examples for each selector field that the schema has: with no more than a selector needs, and with all that it may
/// have.
pub(crate) fn examples(namespace: &str) -> Vec<Example> {
    let provider = schema();
    let examples = places(&provider, is_selector).into_iter().flat_map(|steps| {
        [Extent::Required, Extent::Whole].map(|extent| Example {
            path: path(&steps),
            spec: json!({ "provider": fill(&provider, &steps, (namespace, extent)) }),
        })
    });
    examples.collect()
}

/// What names a namespace and is no selector would escape those who try the examples.
#[test]
fn the_only_other_namespaces_of_the_schema_are_vaults_own() {
    let has_another = |schema: &Value| has(schema, "namespace") && !is_selector(schema);
    let found: Vec<String> = places(&schema(), has_another).iter().map(|steps| path(steps)).collect();
    let vaults = ["spec.provider.vault", "spec.provider.vault.auth"];
    assert_eq!(found, vaults, "a namespace that leads to the cluster must be a selector's");
}

/// A step from a value of the schema to one in it.
#[derive(Clone)]
enum Step {
    Field(String),
    Item,
    /// The value of any key of a map.
    Member,
}

/// How much of a selector is filled in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    Required,
    Whole,
}

/// What the keys of maps and all texts are.
const SAMPLE: &str = "sample";

fn schema() -> Value {
    let stores =
        definitions::all().into_iter().find(|definition| definition.spec.names.kind == "SecretStore");
    let definition = serde_json::to_value(stores.expect("the CRD of SecretStore must be there")).unwrap();
    let path = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/provider";
    definition.pointer(path).expect("the schema must have spec.provider").clone()
}

fn has(schema: &Value, field: &str) -> bool {
    schema["properties"].get(field).is_some()
}

/// A selector is what has a name and a namespace.
fn is_selector(schema: &Value) -> bool {
    has(schema, "name") && has(schema, "namespace")
}

/// The ways to all parts of a schema that meet a test.
fn places(schema: &Value, meets: impl Fn(&Value) -> bool + Copy) -> Vec<Vec<Step>> {
    let here = meets(schema).then(Vec::new);
    let below = steps(schema).into_iter().flat_map(|step| {
        let below = places(part(schema, &step), meets);
        below.into_iter().map(move |rest| [vec![step.clone()], rest].concat())
    });
    here.into_iter().chain(below).collect()
}

fn steps(schema: &Value) -> Vec<Step> {
    let fields = schema["properties"].as_object().into_iter().flatten();
    let fields = fields.map(|(name, _)| Step::Field(name.clone()));
    let others = [Step::Item, Step::Member].into_iter().filter(|step| part(schema, step).is_object());
    fields.chain(others).collect()
}

fn part<'a>(schema: &'a Value, step: &Step) -> &'a Value {
    match step {
        Step::Field(name) => &schema["properties"][name],
        Step::Item => &schema["items"],
        Step::Member => &schema["additionalProperties"],
    }
}

fn path(steps: &[Step]) -> String {
    let text = steps.iter().map(|step| match step {
        Step::Field(name) => format!(".{name}"),
        Step::Item => "[0]".to_owned(),
        Step::Member => format!(".{SAMPLE}"),
    });
    format!("spec.provider{}", text.collect::<String>())
}

/// A value of this schema with what it requires, and with what is on the way to the selector.
fn fill(schema: &Value, steps: &[Step], of: (&str, Extent)) -> Value {
    let Some((step, rest)) = steps.split_first() else { return selector(schema, of) };
    let inner = fill(part(schema, step), rest, of);
    match step {
        Step::Field(name) => {
            let mut fields = required(schema);
            // What the schema does not require, and a rule of it does.
            if schema["properties"].get("roleId").is_some() && name != "roleRef" {
                fields.insert("roleId".to_owned(), json!("sample"));
            }
            fields.insert(name.clone(), inner);
            Value::Object(fields)
        }
        Step::Item => json!([inner]),
        Step::Member => json!({ SAMPLE: inner }),
    }
}

fn selector(schema: &Value, (namespace, extent): (&str, Extent)) -> Value {
    let mut fields = required(schema);
    if extent == Extent::Whole {
        let all = schema["properties"].as_object().into_iter().flatten();
        fields.extend(all.map(|(name, field)| (name.clone(), sample(field))));
    }
    fields.extend(
        [("name", SAMPLE), ("namespace", namespace)].map(|(name, text)| (name.to_owned(), json!(text))),
    );
    Value::Object(fields)
}

fn required(schema: &Value) -> Map<String, Value> {
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    required.map(|name| (name.to_owned(), sample(&schema["properties"][name]))).collect()
}

fn sample(schema: &Value) -> Value {
    match (schema["type"].as_str(), schema["enum"].get(0)) {
        (_, Some(first)) => first.clone(),
        (Some("object"), None) => Value::Object(required(schema)),
        (Some("array"), None) => json!([sample(&schema["items"])]),
        (Some("integer" | "number"), None) => json!(0),
        (Some("boolean"), None) => json!(false),
        (_, None) => json!(SAMPLE),
    }
}
