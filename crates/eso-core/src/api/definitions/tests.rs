//! The definitions against the original's, field by field.

use std::collections::BTreeMap;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, CustomResourceDefinitionVersion, JSONSchemaProps, JSONSchemaPropsOrArray,
    JSONSchemaPropsOrBool,
};

use super::all;

/// The fields of the original that this version serves, by kind, with all that its schema says of them.
const FIELDS: &str = include_str!("../../../tests/fields.txt");

/// The fields of a ClusterExternalSecret that are an ExternalSecret's own.
const IN_EACH_NAMESPACE: &str = "spec.externalSecretSpec.";

/// The fields of a ClusterPushSecret that are a PushSecret's own.
const PUSHED_IN_EACH_NAMESPACE: &str = "spec.pushSecretSpec.";

fn definition(kind: &str) -> CustomResourceDefinition {
    let mut all = all().into_iter();
    all.find(|definition| definition.spec.names.kind == kind).expect("the kind must be defined")
}

pub(super) fn schema(version: &CustomResourceDefinitionVersion) -> &JSONSchemaProps {
    version
        .schema
        .as_ref()
        .and_then(|schema| schema.open_api_v3_schema.as_ref())
        .expect("there must be a schema")
}

/// Every field below `path` as a line: its path, its type, and its rules.
pub(super) fn lines(path: &str, schema: &JSONSchemaProps, found: &mut Vec<String>) {
    if let Some(JSONSchemaPropsOrArray::Schema(item)) = &schema.items {
        found.push(line(&format!("{path}[]"), item, false));
        lines(&format!("{path}[]"), item, found);
    }
    if let Some(JSONSchemaPropsOrBool::Schema(value)) = &schema.additional_properties
        && value.type_.as_deref() == Some("object")
    {
        lines(&format!("{path}.*"), value, found);
    }
    for (name, field) in schema.properties.iter().flatten() {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let required = schema.required.iter().flatten().any(|required| required == name);
        found.push(line(&path, field, required));
        lines(&path, field, found);
    }
}

fn line(path: &str, field: &JSONSchemaProps, required: bool) -> String {
    let kind = match field.x_kubernetes_int_or_string {
        Some(true) => "int-or-string".to_owned(),
        Some(false) | None => field.type_.clone().unwrap_or_else(|| "any".to_owned()),
    };
    let mut words = vec![path.to_owned(), kind];
    let mut say = |word: Option<String>| words.extend(word);
    say(required.then(|| "required".to_owned()));
    say(field.format.as_ref().map(|format| format!("format={format}")));
    say(field.default.as_ref().map(|default| format!("default={}", default.0)));
    say(field.enum_.as_ref().map(|values| {
        let values: Vec<_> = values.iter().filter_map(|value| value.0.as_str()).collect();
        format!("enum={}", values.join(","))
    }));
    say(field.min_length.zip(field.max_length).map(|(least, most)| format!("length={least}..{most}")));
    say(field
        .min_properties
        .zip(field.max_properties)
        .map(|(least, most)| format!("members={least}..{most}")));
    say(field.minimum.zip(field.maximum).map(|(least, most)| format!("range={least}..{most}")));
    say(field.pattern.as_ref().map(|pattern| format!("pattern={pattern}")));
    say(field.nullable.map(|nullable| format!("nullable={nullable}")));
    say(field.x_kubernetes_preserve_unknown_fields.map(|_| "keeps-unknown".to_owned()));
    words.join(" ")
}

#[track_caller]
fn check(kind: &str, apart: &str) {
    let definition = definition(kind);
    let heading = format!("# {kind}");
    let expected: Vec<_> = FIELDS
        .lines()
        .skip_while(|line| *line != heading)
        .skip(1)
        .take_while(|line| !line.starts_with("# "))
        .filter(|line| !line.is_empty())
        .collect();
    assert!(!expected.is_empty(), "{kind} must be in fields.txt");
    for version in &definition.spec.versions {
        let mut found = Vec::new();
        lines("", schema(version), &mut found);
        found.retain(|line| line.starts_with("spec") || line.starts_with("status"));
        found.retain(|line| apart.is_empty() || !line.starts_with(apart));
        let missing: Vec<_> =
            expected.iter().filter(|line| !found.iter().any(|found| found == **line)).collect();
        let added: Vec<_> = found.iter().filter(|line| !expected.contains(&line.as_str())).collect();
        assert!(missing.is_empty() && added.is_empty(), "{kind}: missing {missing:#?}, added {added:#?}");
    }
}

#[test]
fn fields_are_the_originals() {
    check("ExternalSecret", "");
    check("SecretStore", "");
    check("PushSecret", "");
}

#[test]
fn the_own_fields_of_what_spreads_are_the_originals() {
    check("ClusterExternalSecret", IN_EACH_NAMESPACE);
    check("ClusterPushSecret", PUSHED_IN_EACH_NAMESPACE);
}

#[test]
fn the_spec_in_what_spreads_is_that_of_what_is_spread() {
    let fields = |kind: &str, within: &str| -> Vec<String> {
        let definition = definition(kind);
        let mut found = Vec::new();
        lines("", schema(&definition.spec.versions[0]), &mut found);
        found.iter().filter_map(|line| line.strip_prefix(within)).map(str::to_owned).collect()
    };
    for (spreads, within, kind) in [
        ("ClusterExternalSecret", IN_EACH_NAMESPACE, "ExternalSecret"),
        ("ClusterPushSecret", PUSHED_IN_EACH_NAMESPACE, "PushSecret"),
    ] {
        let nested = fields(spreads, within);
        assert!(nested.len() > 30, "{nested:#?}");
        assert_eq!(nested, fields(kind, "spec."));
    }
}

#[test]
fn a_cluster_store_has_the_fields_of_a_store() {
    let versions = |kind| definition(kind).spec.versions;
    let properties = |version: &CustomResourceDefinitionVersion| {
        let properties = schema(version).properties.clone().unwrap_or_default();
        ["spec", "status"].map(|part| {
            let mut part = properties[part].clone();
            part.description = None;
            part
        })
    };
    for (store, cluster) in versions("SecretStore").iter().zip(&versions("ClusterSecretStore")) {
        assert_eq!(properties(store), properties(cluster));
    }
}

#[test]
fn both_versions_have_one_schema_and_the_older_is_deprecated() {
    for definition in all().into_iter().filter(|definition| !is_pushed(definition)) {
        let names: Vec<_> = definition.spec.versions.iter().map(|version| version.name.as_str()).collect();
        assert_eq!(names, ["v1", "v1beta1"]);
        let [newer, older] = definition.spec.versions.as_slice() else {
            panic!("there must be two versions")
        };
        assert_eq!(newer.schema, older.schema);
        assert_eq!(newer.additional_printer_columns, older.additional_printer_columns);
        assert_eq!(newer.selectable_fields, older.selectable_fields);
        assert_eq!((newer.served, newer.storage, newer.deprecated), (true, true, None));
        assert_eq!((older.served, older.storage, older.deprecated), (true, false, Some(true)));
        let warning = older.deprecation_warning.as_deref().unwrap_or_default();
        assert!(warning.ends_with("is deprecated; use external-secrets.io/v1"), "{warning}");
    }
}

fn is_pushed(definition: &CustomResourceDefinition) -> bool {
    definition.spec.names.kind.ends_with("PushSecret")
}

#[test]
fn what_pushes_has_one_version() {
    let mut definitions = all();
    definitions.retain(is_pushed);
    assert_eq!(definitions.len(), 2);
    for definition in definitions {
        let [version] = definition.spec.versions.as_slice() else { panic!("there must be one version") };
        assert_eq!((version.name.as_str(), version.served, version.storage), ("v1alpha1", true, true));
        assert_eq!(version.deprecated, None);
    }
}

#[test]
fn names_are_the_originals() {
    for (kind, plural, short, scope) in [
        ("ClusterExternalSecret", "clusterexternalsecrets", Some("ces"), "Cluster"),
        ("ClusterPushSecret", "clusterpushsecrets", None, "Cluster"),
        ("ExternalSecret", "externalsecrets", Some("es"), "Namespaced"),
        ("PushSecret", "pushsecrets", Some("ps"), "Namespaced"),
        ("SecretStore", "secretstores", Some("ss"), "Namespaced"),
        ("ClusterSecretStore", "clustersecretstores", Some("css"), "Cluster"),
    ] {
        let definition = definition(kind);
        let spec = definition.spec;
        assert_eq!(spec.group, "external-secrets.io");
        assert_eq!((spec.names.plural.as_str(), spec.scope.as_str()), (plural, scope));
        assert_eq!(spec.names.short_names.and_then(|names| names.first().cloned()).as_deref(), short);
        assert_eq!(spec.names.categories, Some(vec!["external-secrets".to_owned()]));
        assert_eq!(spec.conversion.map(|conversion| conversion.strategy).as_deref(), Some("None"));
        let labels = definition.metadata.labels.unwrap_or_default();
        let component = ("external-secrets.io/component".to_owned(), "controller".to_owned());
        assert_eq!(labels, BTreeMap::from([component]));
    }
}

#[test]
fn columns_are_the_originals() {
    let stores = ["AGE", "Status", "Capabilities", "Ready"];
    let columns = |kind| -> Vec<String> {
        let versions = definition(kind).spec.versions;
        versions[0].additional_printer_columns.iter().flatten().map(|column| column.name.clone()).collect()
    };
    assert_eq!(
        columns("ExternalSecret"),
        ["StoreType", "Store", "Refresh Interval", "Status", "Ready", "Last Sync"]
    );
    assert_eq!(columns("ClusterExternalSecret"), ["Store", "Refresh Interval", "Ready"]);
    assert_eq!(columns("PushSecret"), ["AGE", "Status", "Last Sync"]);
    assert_eq!(columns("ClusterPushSecret"), ["AGE", "Status"]);
    assert_eq!(columns("SecretStore"), stores);
    assert_eq!(columns("ClusterSecretStore"), stores);
}

#[test]
fn selectable_fields_are_the_originals() {
    let versions = definition("ExternalSecret").spec.versions;
    let fields: Vec<_> =
        versions[0].selectable_fields.iter().flatten().map(|field| field.json_path.as_str()).collect();
    let expected = [
        ".spec.secretStoreRef.name",
        ".spec.secretStoreRef.kind",
        ".spec.target.name",
        ".spec.refreshInterval",
    ];
    assert_eq!(fields, expected);
}

#[test]
fn the_status_is_a_subresource() {
    for definition in all() {
        for version in definition.spec.versions {
            assert!(version.subresources.is_some_and(|subresources| subresources.status.is_some()));
        }
    }
}

#[test]
fn definitions_fit_into_a_client_side_apply() {
    for definition in all() {
        let size = serde_json::to_string(&definition).unwrap().len();
        // `kubectl apply` keeps the whole object in an annotation, of at most 262,144 bytes.
        assert!(size < 200_000, "{}: {size} bytes", definition.spec.names.kind);
    }
}
