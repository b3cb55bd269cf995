//! Which fields are refused, and which defaults and strangers are taken.

use serde_json::json;

use super::*;

#[track_caller]
fn check(spec: Value, expected: Result<(), &str>) {
    let spec: ExternalSecretSpec = serde_json::from_value(spec).unwrap();
    let checked = check_spec(&spec).map_err(|error| error.to_string());
    assert_eq!(checked.as_ref().copied().map_err(String::as_str), expected);
}

fn data(remote: Value) -> Value {
    let mut remote_ref = json!({ "key": "db" });
    if let Value::Object(fields) = remote {
        remote_ref.as_object_mut().unwrap().extend(fields);
    }
    remote_ref
}

#[test]
fn fields_that_change_what_is_written_are_refused_by_name() {
    for (field, value, path) in [
        ("template", json!({ "data": { "a": "{{ .b }}" } }), "spec.target.template"),
        ("template", json!({}), "spec.target.template"),
        ("manifest", json!({ "kind": "ConfigMap" }), "spec.target.manifest"),
        ("immutable", json!(true), "spec.target.immutable"),
    ] {
        check(json!({ "target": { field: value } }), Err(&format!("{path} is not served by this version")));
    }
    let windows = json!({ "kind": "deny", "windows": [] });
    check(json!({ "syncWindows": windows }), Err("spec.syncWindows is not served by this version"));
    let source = json!({ "storeRef": { "name": "x" } });
    let entry = json!({ "secretKey": "a", "remoteRef": { "key": "k" }, "sourceRef": source });
    check(json!({ "data": [entry] }), Err("spec.data[0].sourceRef is not served by this version"));
}

#[test]
fn strategies_are_refused_unless_they_are_the_default() {
    for (field, default, other) in [
        ("decodingStrategy", "None", "Base64"),
        ("metadataPolicy", "None", "Fetch"),
        ("nullBytePolicy", "Ignore", "Fail"),
        ("conversionStrategy", "Default", "Unicode"),
    ] {
        for harmless in [json!(null), json!(""), json!(default)] {
            check(json!({ "dataFrom": [{ "extract": data(json!({ field: harmless.clone() })) }] }), Ok(()));
            check(
                json!({ "data": [{ "secretKey": "a", "remoteRef": data(json!({ field: harmless })) }] }),
                Ok(()),
            );
        }
        let expected = format!("spec.dataFrom[0].extract.{field} is not served by this version");
        check(json!({ "dataFrom": [{ "extract": data(json!({ field: other })) }] }), Err(&expected));
        let single = json!({ "data": [{ "secretKey": "a", "remoteRef": data(json!({ field: other })) }] });
        match field {
            "conversionStrategy" => check(single, Ok(())),
            _ => check(single, Err(&format!("spec.data[0].remoteRef.{field} is not served by this version"))),
        }
    }
}

#[test]
fn an_entry_of_data_from_says_one_way_to_find_its_values() {
    let extract = || data(json!({}));
    let generator = json!({ "generatorRef": { "kind": "UUID", "name": "x" } });
    let together = "extract, find, or generatorRef cannot be set at the same time";
    for (entry, expected) in [
        (json!({}), "either extract, find, or sourceRef must be set to dataFrom"),
        (json!({ "find": null }), "either extract, find, or sourceRef must be set to dataFrom"),
        (json!({ "extract": extract(), "find": {} }), together),
        (json!({ "extract": extract(), "sourceRef": generator.clone() }), together),
        (json!({ "sourceRef": {} }), "generatorRef or storeRef must be set when using sourceRef in dataFrom"),
        (
            json!({ "find": { "name": { "regexp": ".*" } } }),
            "spec.dataFrom[0].find is not served by this version",
        ),
        (json!({ "sourceRef": generator }), "spec.dataFrom[0].sourceRef is not served by this version"),
        (
            json!({ "extract": extract(), "rewrite": [{}] }),
            "spec.dataFrom[0].rewrite is not served by this version",
        ),
    ] {
        check(json!({ "dataFrom": [entry] }), Err(expected));
    }
}

#[test]
fn defaults_and_fields_that_nobody_knows_are_taken() {
    check(json!({ "syncWindows": null, "other": { "x": 1 } }), Ok(()));
    check(json!({ "target": { "template": null, "immutable": false, "other": true } }), Ok(()));
    check(
        json!({ "dataFrom": [{ "extract": data(json!({ "other": 1 })), "rewrite": [], "sourceRef": null }] }),
        Ok(()),
    );
}
