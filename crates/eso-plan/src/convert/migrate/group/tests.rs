//! What objects of the older group become: each row of how they were served, and each remark.

use serde_json::{Value, json};

use super::{
    super::tests::{migrated, migrated_in, migrated_without_permits, said},
    *,
};

fn object(spec: Value) -> Value {
    json!({
        "apiVersion": "kubernetes-client.io/v1", "kind": "ExternalSecret",
        "metadata": { "name": "app", "namespace": "demo" }, "spec": spec,
    })
}

/// One key of Secrets Manager in a region, with these fields put over it.
fn aws(fields: Value) -> Value {
    let spec = json!({
        "backendType": "secretsManager", "region": "us-east-1", "data": [{ "key": "db", "name": "password" }],
    });
    object(with(spec, fields))
}

/// One key of Vault, with these fields put over it.
fn vault(fields: Value) -> Value {
    let spec = json!({
        "backendType": "vault", "vaultRole": "reader",
        "data": [{ "key": "secret/data/db", "name": "password", "property": "p" }],
    });
    object(with(spec, fields))
}

fn with(mut value: Value, fields: Value) -> Value {
    let Value::Object(fields) = fields else { panic!("fields must be an object") };
    value.as_object_mut().unwrap().extend(fields);
    value
}

/// An environment that says where Vault is.
fn environment() -> Environment {
    Environment { vault_address: "https://vault.example:8200".to_owned(), ..Environment::default() }
}

/// The parts that an object becomes, with its remarks.
#[track_caller]
fn parts_of(document: &Value) -> (Parts, Vec<String>) {
    let migrated = migrated_in(document, &environment(), &[], Some(&[]));
    let remarks = said(&migrated);
    match migrated.newer {
        Newer::Parts(parts) => (*parts, remarks),
        other => panic!("{other:?} {remarks:?}"),
    }
}

/// What is asked for, but for what all have.
#[track_caller]
fn check_asks(document: &Value, expected: &Value) {
    let mut spec = json!(parts_of(document).0.object.spec);
    let fields = spec.as_object_mut().unwrap();
    fields.retain(|name, _| !["secretStoreRef", "refreshInterval"].contains(&name.as_str()));
    if fields["target"] == json!({ "template": {} }) {
        fields.remove("target");
    }
    assert_eq!(spec, *expected);
}

#[track_caller]
fn check_provider(document: &Value, expected: &Value) {
    assert_eq!(json!(parts_of(document).0.store.spec)["provider"], *expected);
}

#[track_caller]
fn check_remarks(document: &Value, expected: &[&str]) {
    let (_, remarks) = parts_of(document);
    let is_as_expected = remarks.len() == expected.len()
        && remarks.iter().zip(expected).all(|(remark, beginning)| remark.starts_with(beginning));
    assert!(is_as_expected, "{remarks:#?}");
}

#[track_caller]
fn check_unwritten(document: &Value, annotations: &[(&str, &str)], expected: &str) {
    let migrated = migrated_in(document, &environment(), annotations, Some(&[]));
    assert!(matches!(migrated.newer, Newer::Unwritten));
    assert_eq!(said(&migrated).last().unwrap(), &format!("it is not written: {expected}"));
}

#[test]
fn an_object_becomes_a_store_for_its_namespace_and_an_object_of_its_name() {
    let mut document = aws(json!({}));
    document["metadata"] = json!({
        "name": "app", "namespace": "demo", "labels": { "a": "b" }, "uid": "u",
        "annotations": { "c": "d", "external-secrets.io/refresh-interval": "5m" },
    });
    let (Parts { store, object, fills }, remarks) = parts_of(&document);
    let name = store.metadata.name.clone().unwrap();
    assert_eq!(
        json!(store),
        json!({
            "apiVersion": "external-secrets.io/v1", "kind": "ClusterSecretStore", "metadata": { "name": name },
            "spec": {
                "provider": { "aws": { "service": "SecretsManager", "region": "us-east-1" } },
                "conditions": [{ "namespaces": ["demo"] }],
            },
        })
    );
    assert_eq!(
        json!(object),
        json!({
            "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret",
            "metadata": { "name": "app", "namespace": "demo", "labels": { "a": "b" }, "annotations": { "c": "d" } },
            "spec": {
                "secretStoreRef": { "kind": "ClusterSecretStore", "name": name },
                "refreshInterval": "5m",
                "target": { "template": {} },
                "data": [{ "secretKey": "password", "remoteRef": { "key": "db" } }],
            },
        })
    );
    assert!(fills.is_empty() && remarks.is_empty(), "{fills:?} {remarks:?}");
}

#[test]
fn objects_that_mean_the_same_store_have_one() {
    let store = |document: &Value| json!(parts_of(document).0.store);
    let data = json!({ "data": [{ "key": "other", "name": "a" }] });
    assert_eq!(store(&aws(json!({}))), store(&aws(data)));
    assert_ne!(store(&aws(json!({}))), store(&aws(json!({ "region": "eu-west-1" }))));
    let mut elsewhere = aws(json!({}));
    elsewhere["metadata"]["namespace"] = json!("other");
    assert_ne!(store(&aws(json!({})))["metadata"], store(&elsewhere)["metadata"]);
}

#[test]
fn versions_and_base64_are_asked_for() {
    let data = json!([
        { "key": "a", "name": "current", "versionStage": "AWSCURRENT" },
        { "key": "a", "name": "previous", "versionStage": "AWSPREVIOUS" },
        { "key": "a", "name": "one", "versionStage": "AWSPREVIOUS", "versionId": "ID" },
        { "key": "a", "name": "bytes", "isBinary": true },
        { "key": "a", "name": "part", "property": "user.name" },
    ]);
    let from = json!([{ "key": "b", "versionId": "ID" }]);
    check_asks(
        &aws(json!({ "data": data, "dataFrom": ["c"], "dataFromWithOptions": from })),
        &json!({
            "data": [
                { "secretKey": "current", "remoteRef": { "key": "a" } },
                { "secretKey": "previous", "remoteRef": { "key": "a", "version": "AWSPREVIOUS" } },
                { "secretKey": "one", "remoteRef": { "key": "a", "version": "uuid/ID" } },
                { "secretKey": "bytes", "remoteRef": { "key": "a", "decodingStrategy": "Base64" } },
                { "secretKey": "part", "remoteRef": { "key": "a", "property": "user.name" } },
            ],
            "dataFrom": [{ "extract": { "key": "c" } }, { "extract": { "key": "b", "version": "uuid/ID" } }],
        }),
    );
}

#[test]
fn parameters_are_asked_for_by_name_and_below_paths() {
    let document = object(json!({
        "backendType": "systemManager", "region": "us-east-1",
        "data": [{ "key": "/a:3", "name": "a" }, { "path": "/b", "recursive": true }],
    }));
    check_provider(&document, &json!({ "aws": { "service": "ParameterStore", "region": "us-east-1" } }));
    check_asks(
        &document,
        &json!({
            "data": [{ "secretKey": "a", "remoteRef": { "key": "/a", "version": "3" } }],
            "dataFrom": [{
                "find": { "path": "/b", "name": { "regexp": "^/b/" } },
                "rewrite": [{ "regexp": { "source": "^.*/", "target": "" } }],
            }],
        }),
    );
}

#[test]
fn roles_are_assumed_one_after_the_other() {
    let environment =
        Environment { intermediate_role: Some("arn:aws:iam::1:role/first".to_owned()), ..environment() };
    let document = aws(json!({ "roleArn": "arn:aws:iam::2:role/last" }));
    let Newer::Parts(parts) = migrated_in(&document, &environment, &[], Some(&[])).newer else { panic!() };
    let provider = &json!(parts.store.spec)["provider"]["aws"];
    assert_eq!(provider["additionalRoles"], json!(["arn:aws:iam::1:role/first"]));
    assert_eq!(provider["role"], "arn:aws:iam::2:role/last");
    assert!(parts.store.metadata.name.unwrap().starts_with("secrets-manager-us-east-1-last-"));
}

#[test]
fn a_store_of_vault_has_the_mount_that_all_keys_begin_with() {
    let provider = |version: &str, path: Option<&str>| {
        let auth = json!({ "kubernetes": { "mountPath": "auth", "role": "reader" } });
        let mut vault = json!({ "server": "https://vault.example:8200", "version": version, "auth": auth });
        if let Some(path) = path {
            vault["path"] = json!(path);
        }
        json!({ "vault": vault })
    };
    let one = vault(json!({ "vaultMountPoint": "auth", "dataFrom": ["secret/data/all"] }));
    check_provider(&one, &provider("v2", Some("secret")));
    check_asks(
        &one,
        &json!({
            "data": [{ "secretKey": "password", "remoteRef": { "key": "db", "property": "p" } }],
            "dataFrom": [{ "extract": { "key": "all" } }],
        }),
    );
    let two = vault(json!({ "vaultMountPoint": "auth", "dataFrom": ["other/data/all"] }));
    check_provider(&two, &provider("v2", None));
    check_asks(
        &two,
        &json!({
            "data": [{ "secretKey": "password", "remoteRef": { "key": "secret/db", "property": "p" } }],
            "dataFrom": [{ "extract": { "key": "other/all" } }],
        }),
    );
    let data = json!([{ "key": "kv/db", "name": "a", "property": "p" }]);
    let first = vault(json!({ "vaultMountPoint": "auth", "kvVersion": 1, "data": data }));
    check_provider(&first, &provider("v1", Some("kv")));
}

#[test]
fn a_whole_secret_of_vault_stays_a_whole_secret() {
    let document = vault(json!({ "data": [{ "key": "secret/data/db", "name": "password" }] }));
    check_asks(&document, &json!({ "data": [{ "secretKey": "password", "remoteRef": { "key": "db" } }] }));
    check_remarks(
        &document,
        &["spec.vaultRole: ", "spec.data[0]: the whole secret is written as JSON with <"],
    );
}

#[test]
fn a_template_is_said_in_go() {
    let template = json!({
        "type": "kubernetes.io/tls",
        "metadata": { "labels": { "user": "<%= data.user %>" } },
        "stringData": { "url": "db://${data.user}@host" },
    });
    check_asks(
        &aws(json!({ "template": template })),
        &json!({
            "data": [{ "secretKey": "password", "remoteRef": { "key": "db" } }],
            "target": { "template": {
                "type": "kubernetes.io/tls",
                "mergePolicy": "Merge",
                "metadata": { "labels": { "user": "{{ .user }}" } },
                "data": { "url": "db://{{ .user }}@host" },
            } },
        }),
    );
    let code = aws(json!({ "template": { "stringData": { "a": "<% if (data.a) %>" } } }));
    let migrated = migrated(&code);
    assert!(matches!(migrated.newer, Newer::Unwritten));
    let said = said(&migrated);
    assert!(
        said[0].contains(r#"spec.template.stringData.a: the expression "if (data.a)" is not served"#),
        "{said:?}"
    );
}

#[test]
fn what_cannot_be_said_is_not_written() {
    check_unwritten(&aws(json!({ "backendType": "akeyless" })), &[], "backendType akeyless is not supported");
    check_unwritten(
        &vault(json!({ "vaultRole": null })),
        &[],
        "spec.vaultRole is missing, and there is no DEFAULT_VAULT_ROLE: name the role of Vault",
    );
    check_unwritten(
        &aws(json!({ "controllerId": "theirs" })),
        &[],
        "it is of another controller: give INSTANCE_ID and WATCHED_NAMESPACES as its Deployment has them",
    );
    let permitted = [("externalsecrets.kubernetes-client.io/permitted-key-name", "^prod/")];
    check_unwritten(
        &aws(json!({})),
        &permitted,
        "its values are not read today either: not allowed to fetch secret: demo/app: key name db does not match naming \
         convention ^prod/",
    );
    let unread = aws(json!({ "data": "canary" }));
    let problem = "spec.data cannot be read: a field is missing, of the wrong type, or has an unknown word";
    check_unwritten(&unread, &[], problem);
}

#[test]
fn what_means_something_else_afterwards_is_remarked_on() {
    check_remarks(
        &aws(json!({ "roleArn": "arn:aws:iam::1:role/x" })),
        &["spec.roleArn: the role is assumed under"],
    );
    check_remarks(&aws(json!({ "controllerId": "" })), &["spec.controllerId: it has no equivalent"]);
    check_remarks(&aws(json!({ "vaultRole": "reader" })), &["spec.vaultRole: it is not of secretsManager"]);
    check_remarks(
        &vault(json!({})),
        &["spec.vaultRole: the role of Vault must be bound to the operator's own"],
    );
    let data = json!([{ "key": "a", "name": "b", "isBinary": true }]);
    check_remarks(
        &aws(json!({ "data": data })),
        &["spec.data[0].isBinary: the value must be standard base64"],
    );
    let from = json!([{ "key": "a", "isBinary": true }]);
    check_remarks(
        &aws(json!({ "dataFromWithOptions": from })),
        &["spec.dataFromWithOptions[0].isBinary: it has no"],
    );
    check_remarks(&aws(json!({ "template": { "kind": "Odd" } })), &["spec.template.kind: it is a Secret"]);
}

#[test]
fn fields_that_the_kind_does_not_have_are_listed() {
    let mut document =
        aws(json!({ "backendtype": "vault", "data": [{ "key": "a", "name": "b", "typo": 1 }] }));
    document["kept"] = json!({ "a": 1 });
    let (_, remarks) = parts_of(&document);
    let fields: Vec<&str> = remarks.iter().filter_map(|remark| remark.split(": ").next()).collect();
    assert_eq!(fields, ["kept", "spec.backendtype", "spec.data[0].typo"]);
}

#[test]
fn an_environment_that_was_not_given_is_remarked_on() {
    let remarks = |document: &Value| said(&migrated_in(document, &Environment::default(), &[], Some(&[])));
    let of_vault = remarks(&vault(json!({})));
    assert!(
        of_vault[1].starts_with("the address of Vault is http://127.0.0.1:8200: give VAULT_ADDR"),
        "{of_vault:?}"
    );
    let of_aws = remarks(&aws(json!({ "region": null })));
    assert!(of_aws[0].starts_with("spec.region: the region is us-west-2: give AWS_REGION"), "{of_aws:?}");
    assert!(remarks(&aws(json!({}))).is_empty());
}

#[test]
fn what_a_namespace_forbids_is_not_allowed_in_silence() {
    for (name, pattern) in [
        ("externalsecrets.kubernetes-client.io/permitted-key-name", "^db$"),
        ("iam.amazonaws.com/permitted", ".*"),
    ] {
        let expected = format!(
            "its Namespace binds it by {name}, and the store that it would have would not be bound: --without-permits is to \
             say that this is meant"
        );
        check_unwritten(&aws(json!({})), &[(name, pattern)], &expected);
        let empty = migrated_in(&aws(json!({})), &environment(), &[(name, "")], Some(&[]));
        assert!(matches!(empty.newer, Newer::Parts(_)), "an empty one binds nobody");
    }
}

#[test]
fn what_a_namespace_forbids_is_remarked_on_where_it_is_meant_to_end() {
    let permitted = [("externalsecrets.kubernetes-client.io/permitted-key-name", "^db$"), ("other", "a")];
    let migrated = migrated_without_permits(&aws(json!({})), &environment(), &permitted);
    let beginning = "Namespace demo: metadata.annotations.externalsecrets.kubernetes-client.io/permitted-key-name: it binds";
    assert!(matches!(migrated.newer, Newer::Parts(_)));
    assert!(
        matches!(said(&migrated).as_slice(), [remark] if remark.starts_with(beginning)),
        "{:?}",
        said(&migrated)
    );
}

#[test]
fn an_object_without_a_namespace_has_no_store_that_lets_all_in() {
    for metadata in [json!({ "name": "app" }), json!({ "name": "app", "namespace": "" })] {
        let mut document = aws(json!({}));
        document["metadata"] = metadata;
        check_unwritten(
            &document,
            &[],
            "its namespace is not said, and its store would let all in: give --namespace",
        );
    }
}

#[test]
fn a_secret_that_is_filled_besides_has_an_object_of_its_own() {
    let document = aws(json!({ "data": [{ "key": "a", "name": "data" }, { "key": "b", "name": "other" }] }));
    let migrated = migrated_in(&document, &environment(), &[], Some(&["data"]));
    let Newer::Parts(parts) = &migrated.newer else { panic!("{migrated:?}") };
    assert_eq!(
        json!(parts.fills),
        json!([{
            "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret",
            "metadata": { "name": "data", "namespace": "demo" },
            "spec": {
                "secretStoreRef": { "kind": "ClusterSecretStore", "name": parts.store.metadata.name },
                "refreshInterval": "10s",
                "target": { "name": "data", "creationPolicy": "Merge" },
                "dataFrom": [{ "extract": { "key": "a" } }],
            },
        }])
    );
    assert!(said(&migrated).is_empty());
}

#[test]
fn secrets_that_may_be_filled_besides_are_remarked_on_where_nobody_knows() {
    let document = aws(
        json!({ "data": [{ "key": "a", "name": "data" }, { "key": "b", "name": "p", "property": "c" }] }),
    );
    let migrated = migrated_in(&document, &environment(), &[], None);
    let said = said(&migrated);
    assert!(
        matches!(said.as_slice(), [remark] if remark.starts_with("spec.data: where an empty Secret")
        && remark.ends_with("filled no more: data")),
        "{said:?}"
    );
}

#[test]
fn shapes_that_the_older_controller_took_are_taken() {
    let all = |document: &Value| {
        let (Parts { store, object, fills }, remarks) = parts_of(document);
        json!([store, object, fills, remarks])
    };
    let expected = all(&aws(json!({})));
    let mut document = aws(json!({ "backendType": "secretManager" }));
    let spec = document["spec"].as_object_mut().unwrap();
    let data = spec.remove("data").unwrap();
    spec.insert("properties".to_owned(), data);
    let spec = document.as_object_mut().unwrap().remove("spec").unwrap();
    document["secretDescriptor"] = spec;
    assert_eq!(all(&document), expected);
}

#[test]
fn a_field_of_both_shapes_is_listed() {
    let (_, remarks) = parts_of(&aws(json!({ "properties": [{ "key": "a", "name": "b" }] })));
    assert_eq!(remarks, ["spec.properties: the kind has no such field, and it is left out"]);
}
