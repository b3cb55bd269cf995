//! The definition against the last release's, field by field; `tests/served/legacy.rs` holds it against a real API server.

use serde_json::{Value, json};

use super::{super::tests, legacy};

/// The fields of the last release, with all that its schema says of them.
const FIELDS: &str = include_str!("../../../../tests/legacy-fields.txt");

fn written() -> Value {
    serde_json::to_value(legacy()).unwrap()
}

#[test]
fn fields_are_those_of_the_last_release() {
    let definition = legacy();
    let mut found = Vec::new();
    tests::lines("", tests::schema(&definition.spec.versions[0]), &mut found);
    found.retain(|line| line.starts_with("spec") || line.starts_with("status"));
    let expected: Vec<_> = FIELDS.lines().skip_while(|line| !line.starts_with("spec")).collect();
    assert_eq!(found, expected);
}

#[test]
fn names_and_columns_are_those_of_the_last_release() {
    let spec = &written()["spec"];
    assert_eq!((&spec["group"], &spec["scope"]), (&json!("kubernetes-client.io"), &json!("Namespaced")));
    let names = json!({
        "kind": "ExternalSecret", "plural": "externalsecrets", "singular": "externalsecret",
        "shortNames": ["es"],
    });
    assert_eq!(spec["names"], names);
    let [version] = spec["versions"].as_array().unwrap().as_slice() else {
        panic!("there must be one version")
    };
    assert_eq!(
        [&version["name"], &version["served"], &version["storage"]],
        [&json!("v1"), &json!(true), &json!(true)]
    );
    let columns = json!([
        { "name": "Last Sync", "type": "date", "jsonPath": ".status.lastSync" },
        { "name": "status", "type": "string", "jsonPath": ".status.status" },
        { "name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp" },
    ]);
    assert_eq!(version["additionalPrinterColumns"], columns);
    assert_eq!(version["subresources"], json!({ "status": {} }));
    assert_eq!(version["schema"]["openAPIV3Schema"]["required"], json!(["spec"]));
}

#[test]
fn fields_go_together_as_in_the_last_release() {
    let schema = &written()["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
    let spec = &schema["properties"]["spec"];
    let is = |names: &[&str]| json!({ "properties": { "backendType": { "enum": names } } });
    let mut azure = is(&["azureKeyVault"]);
    azure["required"] = json!(["keyVaultName"]);
    let backends = json!([
        is(&["secretsManager", "systemManager"]),
        is(&["vault"]),
        azure,
        is(&["gcpSecretsManager"]),
        is(&["alicloudSecretsManager"]),
        is(&["ibmcloudSecretsManager"]),
        is(&["akeyless"]),
    ]);
    assert_eq!(spec["oneOf"], backends);
    let sources = json!([{ "required": ["data"] }, { "required": ["dataFrom"] }, { "required": ["dataFromWithOptions"] }]);
    assert_eq!(spec["anyOf"], sources);
    let entries = json!([{ "required": ["key", "name"] }, { "required": ["path"] }]);
    assert_eq!(spec["properties"]["data"]["items"]["oneOf"], entries);
}

#[test]
fn it_is_not_installed_with_the_others() {
    let kinds = super::super::all();
    assert!(kinds.iter().all(|definition| definition.spec.group == crate::api::GROUP));
}
