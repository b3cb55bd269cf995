//! What the Secret holds beside the values, and who wins.

use serde_json::{Value, json};

use super::super::{
    About,
    tests::{check, check_refused, check_rendered, notes, secrets_manager, with},
};
use crate::fixtures::gives;

fn templated(template: Value) -> Value {
    secrets_manager(json!({ "template": template }))
}

/// What the newer object's target is.
#[track_caller]
fn check_target(spec: Value, target: Value) {
    let data = json!([{ "secretKey": "password", "remoteRef": { "key": "db" } }]);
    check(spec, json!({ "data": data, "target": target }));
}

#[track_caller]
fn check_problem(template: Value, expected: &str) {
    check_refused(templated(template), expected);
}

#[test]
fn the_type_is_the_templates_or_else_the_objects() {
    check_target(secrets_manager(json!({ "type": "a" })), json!({ "template": { "type": "a" } }));
    check_target(templated(json!({ "type": "b" })), json!({ "template": { "type": "b" } }));
    let both = with(templated(json!({ "type": "b" })), json!({ "type": "a" }));
    check_target(both, json!({ "template": { "type": "b" } }));
    let problem = "spec.template.type is no plain text: name the type of the Secret";
    check_problem(json!({ "type": "<%= data.x %>" }), problem);
    check_problem(json!({ "type": 1 }), problem);
}

#[test]
fn metadata_holds_templates() {
    let metadata = json!({
        "labels": { "user": "<%= data.user %>", "plain": "a" }, "annotations": { "b": "${data.user}" },
        "finalizers": ["c/d"],
    });
    let expected = json!({
        "labels": { "user": "{{ .user }}", "plain": "a" }, "annotations": { "b": "{{ .user }}" }, "finalizers": ["c/d"],
    });
    check_target(templated(json!({ "metadata": metadata })), json!({ "template": { "metadata": expected } }));
    let unserved = "spec.template.metadata.labels.a: the expression \"x\" is not served: ";
    let error =
        super::super::tests::translated(templated(json!({ "metadata": { "labels": { "a": "<%= x %>" } } })));
    assert!(error.unwrap_err().starts_with(unserved));
}

#[test]
fn string_data_is_templates_that_win_over_values() {
    let spec = templated(
        json!({ "stringData": { "password": "x<%= data.password %>", "url": "u:{{<%= data.password %>" } }),
    );
    check_rendered(spec, &[gives("pw")], &[("password", "xpw"), ("url", "u:{{pw")]);
}

#[test]
fn data_is_base64_that_gives_way_to_values_and_string_data() {
    let data = json!({ "password": "bm8=", "plain": "e3sgYSB9fQ==", "expression": "<%= btoa(data.password) %>", "both": "bm8=" });
    let spec = templated(json!({ "data": data, "stringData": { "both": "yes" } }));
    let expected = [("both", "yes"), ("expression", "pw"), ("password", "pw"), ("plain", "{{ a }}")];
    check_rendered(spec, &[gives("pw")], &expected);
}

#[test]
fn data_gives_way_to_what_many_keys_turn_out_to_be() {
    let spec = json!({
        "backendType": "secretsManager", "dataFrom": ["all"],
        "template": { "data": { "a.b": "dGVtcGxhdGU=", "c": "dGVtcGxhdGU=" } },
    });
    check_rendered(spec, &[gives(r#"{"a.b":"value"}"#)], &[("a.b", "value"), ("c", "template")]);
}

#[test]
fn bytes_that_are_no_text_are_decoded_by_the_template() {
    let spec = templated(json!({ "data": { "bytes": "/wA=" } }));
    let data = json!({ "mergePolicy": "Merge", "data": { "bytes": r#"{{ b64dec "/wA=" }}"# } });
    check_target(spec, json!({ "template": data }));
}

#[test]
fn what_is_no_manifest_of_a_secret_is_refused_by_its_field() {
    check_problem(
        json!({ "data": { "a": "not base64!" } }),
        "spec.template.data.a is no base64: encode it, or move it to stringData",
    );
    check_problem(
        json!({ "stringData": { "a": 1 } }),
        "spec.template.stringData.a is no text: put it in quotes",
    );
    check_problem(
        json!({ "metadata": { "labels": { "a": true } } }),
        "spec.template.metadata.labels.a is no text: put it in quotes",
    );
    check_problem(json!({ "metadata": { "labels": [] } }), "spec.template.metadata.labels is no map");
    check_problem(json!({ "metadata": "a" }), "spec.template.metadata is no map");
    check_problem(
        json!({ "metadata": { "finalizers": [1] } }),
        "spec.template.metadata.finalizers is no list of texts",
    );
    check_problem(json!({ "immutable": "yes" }), "spec.template.immutable is neither true nor false");
}

#[test]
fn a_secret_may_be_immutable() {
    check_target(templated(json!({ "immutable": true })), json!({ "immutable": true, "template": {} }));
}

#[test]
fn nulls_are_left_out() {
    let template = json!({ "type": null, "metadata": null, "data": null, "stringData": { "a": null }, "immutable": null });
    check(
        templated(template),
        json!({ "data": [{ "secretKey": "password", "remoteRef": { "key": "db" } }] }),
    );
}

#[test]
fn what_has_no_equivalent_is_told() {
    let template = json!({
        "apiVersion": "v1", "kind": "Secret", "status": {}, "data": { "password": "bm8=" },
        "metadata": { "name": "other", "ownerReferences": [], "generateName": "x" },
    });
    let mut found = notes(templated(template));
    found.sort_by(|one, other| one.0.cmp(&other.0));
    let fields =
        ["data.password", "metadata.generateName", "metadata.name", "metadata.ownerReferences", "status"];
    let expected = fields.map(|field| (format!("spec.template.{field}"), About::NoEffect));
    assert_eq!(found, expected);
    assert_eq!(notes(templated(json!({ "apiVersion": "v2", "kind": "ConfigMap" }))).len(), 2);
}
