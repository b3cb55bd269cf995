//! What a template asks for, and which ones are refused.

use serde_json::{Value, json};

use super::*;
use crate::decoding::Decoding;

fn read(asked: Value) -> Result<Template, Malformed> {
    template(&serde_json::from_value(asked).unwrap(), Kind::Secret)
}

#[track_caller]
fn check_refused(asked: Value, expected: &str) {
    assert_eq!(read(asked).map_err(|error| error.to_string()), Err(expected.to_owned()));
}

#[test]
fn values_are_kept_where_the_policy_says_so_or_nothing_is_made() {
    for (asked, expected) in [
        (json!({}), true),
        (json!({ "metadata": { "labels": { "a": "b" } } }), true),
        (json!({ "mergePolicy": "Replace" }), true),
        (json!({ "data": { "a": "b" } }), false),
        (json!({ "data": { "a": "b" }, "mergePolicy": "Replace" }), false),
        (json!({ "data": { "a": "b" }, "mergePolicy": "Merge" }), true),
        (json!({ "templateFrom": [{ "literal": "a: b" }] }), false),
        (json!({ "templateFrom": [{ "literal": "a: b" }], "mergePolicy": "Merge" }), true),
    ] {
        assert_eq!(read(asked.clone()).unwrap().keeps_values, expected, "{asked}");
    }
}

#[test]
fn all_sources_and_texts_are_taken_in_their_order() {
    let items = json!([{ "key": "a" }, { "key": "b", "templateAs": "KeysAndValues" }, { "key": "c", "templateAs": "Values" }]);
    let template = read(json!({
        "templateFrom": [
            { "target": "Labels", "literal": "x: y", "valuesDecodingStrategy": "Base64" },
            { "target": "annotations", "configMap": { "name": "m", "items": items } },
            { "secret": { "name": "s", "items": [] } },
        ],
        "data": { "d": "{{ .d }}" },
        "metadata": { "labels": { "l": "1" }, "annotations": { "n": "2" } },
    }))
    .unwrap();
    let source = |kind, name: &str| SourceName { kind, name: name.into() };
    let items = vec![("a".into(), Scope::Value), ("b".into(), Scope::Map), ("c".into(), Scope::Value)];
    let map = Text::Source { source: source(SourceKind::ConfigMap, "m"), items };
    let secret = Text::Source { source: source(SourceKind::Secret, "s"), items: Vec::new() };
    let from = [
        From { text: Text::Literal("x: y".into()), into: Part::Labels, decoding: Decoding::Base64 },
        From { text: map, into: Part::Annotations, decoding: Decoding::None },
        From { text: secret, into: Part::Data, decoding: Decoding::None },
    ];
    assert_eq!(template.from, from);
    assert_eq!(template.data, [("d".to_owned(), "{{ .d }}".to_owned())].into());
    assert_eq!(template.labels, [("l".to_owned(), "1".to_owned())].into());
    assert_eq!(template.annotations, [("n".to_owned(), "2".to_owned())].into());
    let names: Vec<String> = template.sources().map(ToString::to_string).collect();
    assert_eq!(names, [r#"configmap "m""#, r#"secret "s""#]);
}

#[test]
fn what_would_hand_out_an_identity_is_refused_in_the_words_of_the_webhook() {
    let token = "kubernetes.io/service-account-token";
    let annotations = json!({ "kubernetes.io/service-account.name": "admin" });
    check_refused(
        json!({ "type": token, "metadata": { "annotations": annotations } }),
        "template.type=\"kubernetes.io/service-account-token\" with annotation \
         \"kubernetes.io/service-account.name\" is not allowed",
    );
    check_refused(
        json!({ "type": token, "templateFrom": [{ "target": "Annotations", "literal": "a: b" }] }),
        "template.type=\"kubernetes.io/service-account-token\" with templateFrom target=\"Annotations\" is not allowed",
    );
    let expected = "template.type=\"bootstrap.kubernetes.io/token\" is not allowed";
    check_refused(json!({ "type": "bootstrap.kubernetes.io/token" }), expected);
    assert!(read(json!({ "type": token })).is_ok());
    assert!(
        read(json!({ "type": "kubernetes.io/tls", "metadata": { "annotations": { "a": "b" } } })).is_ok()
    );
}

#[test]
fn a_place_that_a_secret_does_not_have_is_refused_in_the_words_of_the_webhook() {
    check_refused(
        json!({ "templateFrom": [{ "target": "spec.x", "literal": "a: b" }] }),
        "templateFrom target=\"spec.x\" is not allowed when targeting a Secret, must be one of \"Data\", \
         \"Annotations\" or \"Labels\"",
    );
}

#[test]
fn an_entry_without_any_template_is_refused() {
    let expected = "spec.target.template.templateFrom[0] names no template: set configMap, secret or literal";
    check_refused(json!({ "templateFrom": [{}] }), expected);
}

/// What templates make that say they make this, for a target of that kind.
fn part_of(target: &str, kind: Kind) -> Result<Part, String> {
    let asked = json!({ "templateFrom": [{ "literal": "a: b", "target": target }] });
    let template = template(&serde_json::from_value(asked).unwrap(), kind);
    template.map(|template| template.from[0].into.clone()).map_err(|error| error.to_string())
}

#[test]
fn another_kind_of_target_has_any_field() {
    let field = |path: &str| Part::Field(FieldPath::parse(path).unwrap());
    for (target, expected) in [
        ("", Part::Data),
        ("Data", Part::Data),
        ("LABELS", Part::Labels),
        ("metadata.annotations", Part::Annotations),
        ("spec.slack", field("spec.slack")),
        ("data.deep", field("data.deep")),
    ] {
        assert_eq!(part_of(target, Kind::Resource), Ok(expected), "{target}");
    }
    assert!(part_of("spec.slack", Kind::Secret).is_err());
    assert!(part_of("metadata.ownerReferences", Kind::Resource).is_err());
}
