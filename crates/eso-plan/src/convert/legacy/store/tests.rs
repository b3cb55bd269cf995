//! Which store an object has, and what it is called.

use serde_json::{Value, json};

use super::{
    super::tests::{check_refused, notes, object, secrets_manager, translated, with},
    super::translate,
    *,
};

fn vault(fields: Value) -> Value {
    with(json!({ "backendType": "vault", "dataFrom": ["secret/data/app"] }), fields)
}

#[track_caller]
fn check_in(environment: &Environment, spec: Value, expected: Value) {
    let store = translate(&object(spec), environment).unwrap().store;
    assert_eq!(serde_json::to_value(store.spec()).unwrap(), json!({ "provider": expected }));
}

#[test]
fn a_store_of_aws_has_the_regions_and_roles_of_the_object_and_the_environment() {
    let environment = Environment::default();
    let aws = |service: &str, region: &str| json!({ "aws": { "service": service, "region": region } });
    check_in(&environment, secrets_manager(json!({})), aws("SecretsManager", "us-west-2"));
    let parameters = secrets_manager(json!({ "backendType": "systemManager", "region": "eu-west-1" }));
    check_in(&environment, parameters, aws("ParameterStore", "eu-west-1"));
    let chained = Environment {
        intermediate_role: Some("between".to_owned()),
        aws_region: "r".to_owned(),
        ..environment
    };
    check_in(&chained, secrets_manager(json!({})), aws("SecretsManager", "r"));
    let expected = json!({
        "aws": { "service": "SecretsManager", "region": "r", "role": "own", "additionalRoles": ["between"] },
    });
    check_in(&chained, secrets_manager(json!({ "roleArn": "own" })), expected);
}

#[test]
fn a_store_of_vault_logs_in_as_the_object_or_the_environment_says() {
    let kubernetes = |mount: &str, role: &str| json!({ "kubernetes": { "mountPath": mount, "role": role } });
    let environment = Environment { default_vault_role: Some("reader".to_owned()), ..Environment::default() };
    let expected = json!({ "vault": {
        "server": "http://127.0.0.1:8200", "path": "secret", "version": "v2", "auth": kubernetes("kubernetes", "reader"),
    } });
    check_in(&environment, vault(json!({})), expected);
    let other = Environment {
        vault_address: "https://vault:8200".to_owned(),
        vault_namespace: Some("team".to_owned()),
        default_vault_mount: Some("cluster".to_owned()),
        ..environment
    };
    let expected = json!({ "vault": {
        "server": "https://vault:8200", "path": "kv", "version": "v1", "namespace": "team",
        "auth": kubernetes("cluster", "reader"),
    } });
    check_in(&other, vault(json!({ "kvVersion": 1, "dataFrom": ["kv/app"] })), expected);
    let expected = json!({ "vault": {
        "server": "https://vault:8200", "version": "v2", "namespace": "team", "auth": kubernetes("own", "writer"),
    } });
    let spec = json!({
        "vaultRole": "writer", "vaultMountPoint": "own", "dataFrom": ["secret/data/app", "other/data/app"],
    });
    check_in(&other, vault(spec), expected);
}

#[test]
fn vault_needs_a_role_and_a_version_that_there_is() {
    let problem = "spec.vaultRole is missing, and there is no DEFAULT_VAULT_ROLE: name the role of Vault";
    let found = translate(&object(vault(json!({}))), &Environment::default());
    assert_eq!(found.map(drop).map_err(|error| error.to_string()), Err(problem.to_owned()));
    check_refused(vault(json!({ "kvVersion": 3 })), "spec.kvVersion is neither 1 nor 2");
}

#[test]
fn equal_stores_have_equal_names_that_an_object_may_have() {
    let name = |spec| translated(spec).unwrap().store.name();
    let specs = [
        secrets_manager(json!({})),
        secrets_manager(json!({ "backendType": "systemManager" })),
        secrets_manager(json!({ "region": "eu-west-1" })),
        secrets_manager(json!({ "roleArn": "role" })),
        vault(json!({})),
        vault(json!({ "vaultRole": "other" })),
        vault(json!({ "vaultMountPoint": "other" })),
        vault(json!({ "kvVersion": 1 })),
        vault(json!({ "dataFrom": ["other/data/app"] })),
    ];
    let names: Vec<String> = specs.iter().cloned().map(name).collect();
    let mut distinct = names.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), names.len(), "{names:?}");
    assert_eq!(name(secrets_manager(json!({ "data": [{ "key": "x", "name": "y" }] }))), names[0]);
    assert_eq!(name(secrets_manager(json!({ "region": "us-west-2" }))), names[0]);
    assert!(names.iter().all(|name| crate::convert::cluster::named("", name).is_ok()), "{names:?}");
    // It stands in clusters: a new name would leave the old store behind.
    assert_eq!(names[0], "legacy-secrets-manager-8de652b4f0");
}

#[test]
fn what_an_object_says_of_other_backends_is_told() {
    let fields = |spec| notes(spec).into_iter().map(|(field, _)| field).collect::<Vec<_>>();
    let foreign =
        json!({ "keyVaultName": "a", "projectId": "b", "keyByName": true, "vaultRole": "c", "kvVersion": 1 });
    let expected = ["vaultRole", "kvVersion", "keyVaultName", "projectId", "keyByName"];
    assert_eq!(fields(secrets_manager(foreign)), expected.map(|field| format!("spec.{field}")));
    let spec = vault(json!({ "roleArn": "a", "region": "b", "controllerId": "c" }));
    assert_eq!(
        fields(spec),
        ["roleArn", "region", "controllerId", "vaultRole"].map(|field| format!("spec.{field}"))
    );
    assert_eq!(fields(secrets_manager(json!({ "roleArn": "a" }))), ["spec.roleArn"]);
}
