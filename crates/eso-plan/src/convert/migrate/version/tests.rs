//! What objects of older versions become.

use serde_json::{Value, json};

use super::{
    super::tests::{migrated, said},
    *,
};

fn object(version: &str, kind: &str, spec: Value) -> Value {
    json!({
        "apiVersion": format!("external-secrets.io/{version}"), "kind": kind,
        "metadata": { "name": "app", "namespace": "demo" }, "spec": spec,
    })
}

/// The newer spec.
#[track_caller]
fn spec(document: &Value) -> Value {
    let migrated = migrated(document);
    let remarks = said(&migrated);
    let Newer::Object(object) = migrated.newer else { panic!("{remarks:?}") };
    assert_eq!(
        (&object["apiVersion"], &object["kind"]),
        (&json!("external-secrets.io/v1"), &document["kind"])
    );
    assert_eq!((&object["metadata"], &object["status"]), (&document["metadata"], &Value::Null));
    object["spec"].clone()
}

#[track_caller]
fn check_same(version: &str, kind: &str, asked: Value) {
    let document = object(version, kind, asked.clone());
    assert_eq!(spec(&document), asked);
    assert_eq!(said(&migrated(&document)), Vec::<String>::new());
}

#[track_caller]
fn check_remarks(document: &Value, is_written: bool, expected: &[&str]) {
    let migrated = migrated(document);
    assert_eq!(matches!(migrated.newer, Newer::Object(_)), is_written);
    let remarks = said(&migrated);
    let is_as_expected = remarks.len() == expected.len()
        && remarks.iter().zip(expected).all(|(remark, beginning)| remark.starts_with(beginning));
    assert!(is_as_expected, "{remarks:#?}");
}

fn asked(fields: Value) -> Value {
    let mut asked = json!({
        "secretStoreRef": { "name": "main", "kind": "SecretStore" },
        "data": [{ "secretKey": "a", "remoteRef": { "key": "b", "conversionStrategy": "Default" } }],
    });
    asked.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    asked
}

#[test]
fn an_object_of_v1beta1_asks_for_the_same() {
    let template =
        json!({ "engineVersion": "v2", "data": { "a": "{{ .a | upper }}" }, "mergePolicy": "Merge" });
    let target =
        json!({ "name": "out", "creationPolicy": "Owner", "deletionPolicy": "Retain", "template": template });
    let from = json!([
        { "extract": { "key": "c", "decodingStrategy": "None" } },
        { "find": { "name": { "regexp": "a" } }, "rewrite": [{ "regexp": { "source": "a", "target": "b" } }] },
    ]);
    check_same(
        "v1beta1",
        "ExternalSecret",
        asked(json!({ "refreshInterval": "1h", "target": target, "dataFrom": from })),
    );
}

#[test]
fn references_of_v1alpha1_are_extracted() {
    let document =
        object("v1alpha1", "ExternalSecret", asked(json!({ "dataFrom": [{ "key": "c", "version": "1" }] })));
    assert_eq!(
        spec(&document),
        asked(json!({ "dataFrom": [{ "extract": { "key": "c", "version": "1" } }] }))
    );
}

#[test]
fn stores_of_both_versions_say_the_same() {
    let aws = json!({ "aws": { "service": "SecretsManager", "region": "us-east-1", "role": "r" } });
    let auth =
        json!({ "appRole": { "path": "approle", "roleId": "id", "secretRef": { "name": "a", "key": "b" } } });
    let vault =
        json!({ "vault": { "server": "https://vault", "path": "secret", "version": "v2", "auth": auth } });
    let unknown = json!({ "gcpsm": { "projectID": "p", "auth": { "any": { "thing": [1] } } } });
    for version in ["v1alpha1", "v1beta1"] {
        for kind in ["SecretStore", "ClusterSecretStore"] {
            for provider in [&aws, &vault, &unknown] {
                check_same(version, kind, json!({ "provider": provider, "controller": "dev" }));
            }
        }
    }
    let conditions = json!([{ "namespaces": ["a"] }]);
    check_same("v1beta1", "ClusterSecretStore", json!({ "provider": aws, "conditions": conditions }));
}

#[test]
fn what_each_namespace_gets_is_said_in_v1_too() {
    let selectors = json!([{ "matchLabels": { "a": "b" } }]);
    let of = |target: Value| json!({ "externalSecretSpec": asked(json!({ "target": target })), "namespaceSelectors": selectors });
    check_same("v1beta1", "ClusterExternalSecret", of(json!({ "name": "out" })));
    let template = |engine: &str| json!({ "template": { "engineVersion": engine, "data": { "a": "{{ .a | toString }}" } } });
    let document = object("v1beta1", "ClusterExternalSecret", of(template("v1")));
    assert_eq!(spec(&document), of(template("v2")));
}

#[test]
fn templates_of_the_older_engine_are_taken_where_they_mean_the_same() {
    let with = |version: &str, engine: Option<&str>, text: &str| {
        let mut template = json!({ "data": { "a": text } });
        if let Some(engine) = engine {
            template["engineVersion"] = json!(engine);
        }
        object(version, "ExternalSecret", asked(json!({ "target": { "template": template } })))
    };
    let expected = ["spec.target.template.data.a: its template is of the engine v1", "it is not written: "];
    check_remarks(&with("v1beta1", Some("v1"), "{{ .a }}"), false, &expected);
    check_remarks(&with("v1alpha1", None, "{{ .a }}"), false, &expected);
    check_remarks(&with("v1alpha1", Some("v2"), "{{ .a }}"), true, &[]);
    check_remarks(&with("v1beta1", None, "{{ .a }}"), true, &[]);
    let taken = spec(&with("v1alpha1", None, "{{ .a | toString }}"));
    assert_eq!(
        taken["target"]["template"],
        json!({ "engineVersion": "v2", "data": { "a": "{{ .a | toString }}" } })
    );
}

#[test]
fn what_v1_has_lost_is_not_written() {
    let store = |provider: Value| object("v1beta1", "SecretStore", json!({ "provider": provider }));
    let unwritten = "it is not written: put right what is remarked on";
    check_remarks(
        &store(json!({ "alibaba": {} })),
        false,
        &["spec.provider.alibaba: v1 has no such", unwritten],
    );
    check_remarks(
        &store(json!({ "device42": {} })),
        false,
        &["spec.provider.device42: v1 has no such", unwritten],
    );
    let fake = json!({ "fake": { "data": [{ "key": "a", "value": "b" }, { "key": "c", "valueMap": { "d": "e" } }] } });
    check_remarks(
        &store(fake),
        false,
        &["spec.provider.fake.data[1].valueMap: v1 has no such field", unwritten],
    );
}

#[test]
fn fields_that_v1_does_not_have_are_listed() {
    let document =
        object("v1beta1", "ExternalSecret", asked(json!({ "typo": 1, "target": { "nmae": "a" } })));
    let left_out = "v1 has no such field, and it is left out";
    check_remarks(
        &document,
        true,
        &[&format!("spec.target.nmae: {left_out}"), &format!("spec.typo: {left_out}")],
    );
    let role = json!({ "aws": { "service": "SecretsManager", "region": "r", "rle": "x" } });
    let store = object("v1alpha1", "SecretStore", json!({ "provider": role }));
    check_remarks(&store, true, &[&format!("spec.provider.aws.rle: {left_out}")]);
}

#[test]
fn what_cannot_be_read_is_told_by_its_field_alone() {
    let document =
        object("v1beta1", "ExternalSecret", asked(json!({ "target": { "creationPolicy": "canary" } })));
    check_remarks(&document, false, &["it is not written: spec.target.creationPolicy cannot be read"]);
    assert!(!said(&migrated(&document))[0].contains("canary"));
    for spec in [json!("text"), json!(null), json!({ "target": "text", "dataFrom": "text" })] {
        for kind in ["ExternalSecret", "ClusterExternalSecret", "SecretStore", "ClusterSecretStore"] {
            let migrated = migrated(&object("v1alpha1", kind, spec.clone()));
            assert!(matches!(migrated.newer, Newer::Unwritten), "{kind} {spec}");
        }
    }
}

#[test]
fn what_this_operator_does_not_serve_is_remarked_on() {
    let from = json!([{ "sourceRef": { "generatorRef": { "kind": "Password", "name": "a" } } }]);
    let document = object("v1beta1", "ExternalSecret", asked(json!({ "dataFrom": from })));
    check_remarks(&document, true, &["this operator does not serve it as it is: "]);
}

#[test]
fn what_the_cluster_added_is_left_behind() {
    let mut document = object("v1beta1", "SecretStore", json!({ "provider": { "fake": { "data": [] } } }));
    let expected = document["metadata"].clone();
    document["metadata"]["uid"] = json!("u");
    document["status"] = json!({ "conditions": [{ "type": "Ready", "status": "True" }] });
    let migrated = migrated(&document);
    let Newer::Object(object) = &migrated.newer else { panic!("{migrated:?}") };
    assert_eq!((&object["metadata"], object.get("status")), (&expected, None));
    assert_eq!(said(&migrated), Vec::<String>::new());
}
