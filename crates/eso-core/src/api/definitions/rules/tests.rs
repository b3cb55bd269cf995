//! Which kinds have which rules; `tests/served/rules.rs` holds them against a real API server.

use super::{super::all, *};

/// Every rule below a schema, as the path of its place and its message.
fn found(path: &str, schema: &JSONSchemaProps, rules: &mut Vec<(String, String)>) {
    for rule in schema.x_kubernetes_validations.iter().flatten() {
        rules.push((path.to_owned(), rule.message.clone().unwrap()));
    }
    if let Some(JSONSchemaPropsOrArray::Schema(item)) = &schema.items {
        found(&format!("{path}[]"), item, rules);
    }
    for (name, field) in schema.properties.iter().flatten() {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        found(&path, field, rules);
    }
}

#[test]
fn each_rule_of_a_kind_stands_at_its_field_in_each_version_and_no_others_do() {
    let mut kinds_with_rules = 0;
    for definition in all() {
        let kind = &definition.spec.names.kind;
        let spec = if kind == "ClusterPushSecret" { IN_EACH_NAMESPACE } else { "spec" };
        let mut expected: Vec<_> = of(kind)
            .iter()
            .map(|rule| (rule.path.replacen("spec", spec, 1), rule.message.to_owned()))
            .collect();
        expected.sort();
        kinds_with_rules += usize::from(!expected.is_empty());
        for version in &definition.spec.versions {
            let mut rules = Vec::new();
            let schema = version.schema.as_ref().and_then(|schema| schema.open_api_v3_schema.as_ref());
            found("", schema.unwrap(), &mut rules);
            rules.sort();
            assert_eq!(rules, expected, "{} {}", definition.spec.names.kind, version.name);
        }
    }
    assert_eq!(kinds_with_rules, 5);
}

#[test]
fn a_rule_of_the_old_object_is_tried_where_there_is_none() {
    let old: Vec<_> = OF_EXTERNAL_SECRETS.iter().filter(|rule| rule.holds.contains("oldSelf")).collect();
    assert_eq!(old.len(), 1);
    assert!(old.iter().all(|rule| validation(rule).optional_old_self == Some(true)));
    assert_eq!(validation(&OF_EXTERNAL_SECRETS[1]).optional_old_self, None);
}
