//! What the original's webhook refuses, the API server refuses by itself, in the same words; and an object from before
//! can be let go.

use eso_core::api::{definitions, refusals};
use eso_rig::{Answer, ApiClient, ControlPlane, ControlPlaneOptions, Method};
use serde_json::{Value, json};

use super::{DEFINITIONS, check, define, entry, make, until};

/// Refused in both versions, and in these words.
async fn refused(kind: &str, spec: &Value, says: &str) {
    for version in ["v1", "v1beta1"] {
        let answer = make(version, kind, "refused", spec, "?dryRun=All").await;
        assert_eq!(answer.status, 422, "{version} {kind} {spec}: {}", answer.body["message"]);
        assert!(message(&answer).contains(says), "{version} {kind} {spec}: {}", message(&answer));
    }
}

async fn taken(spec: Value) {
    check("ExternalSecret", spec, true).await;
}

fn message(answer: &Answer) -> &str {
    answer.body["message"].as_str().unwrap_or_default()
}

/// A spec with an entry, and with this target.
fn into(target: Value) -> Value {
    let mut spec = entry("password");
    spec["target"] = target;
    spec
}

/// A spec with this template.
fn template(template: Value) -> Value {
    into(json!({ "template": template }))
}

fn from(entry: Value) -> Value {
    json!({ "dataFrom": [{ "extract": { "key": "db" } }, entry] })
}

#[tokio::test]
async fn an_external_secret_asks_for_something() {
    for nothing in [json!({}), json!({ "data": [] }), json!({ "data": [], "dataFrom": [] }), Value::Null] {
        refused("ExternalSecret", &nothing, refusals::NO_ENTRIES).await;
    }
    taken(entry("password")).await;
    taken(json!({ "data": [], "dataFrom": [{ "extract": { "key": "db" } }] })).await;
}

#[tokio::test]
async fn values_of_an_entry_come_from_one_source() {
    let (extract, find) = (json!({ "key": "db" }), json!({ "name": { "regexp": "a" } }));
    let generator = json!({ "generatorRef": { "kind": "Password", "name": "a" } });
    let store = json!({ "storeRef": { "name": "other" } });
    for several in [
        json!({ "extract": extract, "find": find }),
        json!({ "extract": extract, "sourceRef": generator }),
        json!({ "find": find, "sourceRef": generator }),
        json!({ "extract": extract, "find": find, "sourceRef": store }),
    ] {
        refused("ExternalSecret", &from(several), refusals::SOURCES_AT_ONCE).await;
    }
    refused("ExternalSecret", &from(json!({})), refusals::NO_SOURCE).await;
    refused("ExternalSecret", &from(json!({ "rewrite": [] })), refusals::NO_SOURCE).await;
    refused("ExternalSecret", &from(json!({ "extract": extract, "sourceRef": {} })), refusals::EMPTY_SOURCE)
        .await;
    for one in [
        json!({ "extract": extract, "sourceRef": store }),
        json!({ "find": find, "sourceRef": store }),
        json!({ "sourceRef": generator }),
        // The original's webhook takes it; its controller, as the operator here, does not.
        json!({ "sourceRef": store }),
    ] {
        taken(from(one)).await;
    }
}

#[tokio::test]
async fn policies_that_cannot_be_followed_together_are_refused() {
    let policies = |creation: &str, deletion: &str| {
        into(json!({ "creationPolicy": creation, "deletionPolicy": deletion }))
    };
    for creation in ["Owner", "Orphan", "Merge", "CreateOrMerge", "None"] {
        for deletion in ["Retain", "Merge", "Delete"] {
            let spec = policies(creation, deletion);
            match (creation, deletion) {
                ("Merge" | "CreateOrMerge" | "None", "Delete") => {
                    refused("ExternalSecret", &spec, refusals::DELETE_UNOWNED).await;
                }
                ("None", "Merge") => refused("ExternalSecret", &spec, refusals::MERGE_INTO_NOTHING).await,
                _ => taken(spec).await,
            }
        }
    }
    taken(into(json!({ "deletionPolicy": "Delete" }))).await;
    taken(into(json!({ "creationPolicy": "Merge" }))).await;
}

#[tokio::test]
async fn a_template_makes_no_token_of_the_cluster() {
    let token = "kubernetes.io/service-account-token";
    let account = json!({ "annotations": { "kubernetes.io/service-account.name": "admin" } });
    let makes = |target: &str| json!([{ "literal": "a: b" }, { "literal": "a: b", "target": target }]);
    let spec = template(json!({ "type": token, "metadata": account }));
    refused("ExternalSecret", &spec, refusals::TOKEN_OF_ANNOTATION).await;
    let spec = template(json!({ "type": token, "templateFrom": makes("Annotations") }));
    refused("ExternalSecret", &spec, refusals::TOKEN_OF_ANNOTATIONS).await;
    let spec = template(json!({ "type": "bootstrap.kubernetes.io/token" }));
    refused("ExternalSecret", &spec, refusals::BOOTSTRAP_TOKEN).await;
    taken(template(json!({ "type": "Opaque", "metadata": account, "templateFrom": makes("Annotations") })))
        .await;
    taken(template(json!({ "type": token, "templateFrom": makes("Labels") }))).await;
    taken(template(json!({ "type": token, "metadata": { "annotations": { "a": "b" } } }))).await;
    taken(template(json!({}))).await;
}

#[tokio::test]
async fn a_rule_holds_for_an_object_with_each_field_too() {
    let remote = json!({ "key": "a", "property": "b", "version": "c", "metadataPolicy": "None" });
    let map = json!([{ "name": "a", "items": [{ "key": "a", "templateAs": "Values" }] }]);
    let mut spec = json!({
        "secretStoreRef": { "name": "a", "kind": "SecretStore" },
        "refreshPolicy": "Periodic", "refreshInterval": "1h",
        "syncWindows": { "kind": "allow", "windows": [{ "schedule": "@daily", "duration": "1h" }] },
        "target": {
            "name": "a", "creationPolicy": "None", "deletionPolicy": "Delete", "immutable": true,
            "manifest": { "apiVersion": "v1", "kind": "ConfigMap" },
            "template": {
                "type": "bootstrap.kubernetes.io/token", "engineVersion": "v2", "mergePolicy": "Merge",
                "metadata": { "labels": { "a": "b" }, "annotations": { "a": null }, "finalizers": ["a/b"] },
                "data": { "a": "b" },
                "templateFrom": [{ "configMap": map[0], "secret": map[0], "literal": "a: b", "target": "Data" }],
            },
        },
        "data": [{ "secretKey": "a", "remoteRef": remote, "sourceRef": { "storeRef": { "name": "a" } } }],
        "dataFrom": [
            { "extract": remote, "rewrite": [{ "merge": { "priority": ["a"] } }, { "transform": { "template": "a" } }] },
            { "find": { "name": { "regexp": "a" }, "tags": { "a": "b" }, "path": "c" } },
        ],
    });
    refused("ExternalSecret", &spec, refusals::DELETE_UNOWNED).await;
    refused("ExternalSecret", &spec, refusals::BOOTSTRAP_TOKEN).await;
    spec["data"] = json!([]);
    spec["dataFrom"] = json!([]);
    refused("ExternalSecret", &spec, refusals::NO_ENTRIES).await;
}

#[tokio::test]
async fn a_cluster_external_secret_has_no_webhook_in_the_original() {
    let spec = json!({ "externalSecretSpec": { "target": { "creationPolicy": "None", "deletionPolicy": "Delete" } } });
    check("ClusterExternalSecret", spec, true).await;
}

#[tokio::test]
async fn an_interval_of_a_store_is_not_negative() {
    for kind in ["SecretStore", "ClusterSecretStore"] {
        let store =
            |interval: Value| json!({ "provider": { "fake": { "data": [] } }, "refreshInterval": interval });
        let negative = "invalid refreshInterval -1: must not be negative";
        refused(kind, &store(json!(-1)), negative).await;
        refused(kind, &store(json!("-1h5s")), "invalid refreshInterval \"-1h5s\": must not be negative")
            .await;
        for interval in [json!(0), json!(""), json!("0"), json!("-0s"), json!("1h-")] {
            check(kind, store(interval), true).await;
        }
    }
}

#[tokio::test]
async fn a_store_of_vault_with_an_app_role_names_its_role() {
    let store = |mut app_role: Value| {
        app_role["secretRef"] = json!({ "name": "a", "key": "b" });
        json!({ "provider": { "vault": { "server": "https://vault", "auth": { "appRole": app_role } } } })
    };
    for kind in ["SecretStore", "ClusterSecretStore"] {
        refused(kind, &store(json!({})), refusals::NO_ROLE_ID).await;
        refused(kind, &store(json!({ "roleId": "" })), refusals::NO_ROLE_ID).await;
        check(kind, store(json!({ "roleId": "r" })), true).await;
        check(kind, store(json!({ "roleId": "", "roleRef": { "name": "r", "key": "id" } })), true).await;
    }
}

#[tokio::test]
async fn a_store_of_vault_with_a_jwt_says_where_it_is_from() {
    let store = |jwt: Value| json!({ "provider": { "vault": { "server": "https://vault", "auth": { "jwt": jwt } } } });
    let account = json!({ "serviceAccountRef": { "name": "a" } });
    for kind in ["SecretStore", "ClusterSecretStore"] {
        refused(kind, &store(json!({})), refusals::NO_TOKEN_OF_JWT).await;
        refused(kind, &store(json!({ "role": "r" })), refusals::NO_TOKEN_OF_JWT).await;
        check(kind, store(json!({ "secretRef": { "name": "a", "key": "b" } })), true).await;
        check(kind, store(json!({ "kubernetesServiceAccountToken": account })), true).await;
    }
}

#[tokio::test]
async fn the_session_tags_of_an_aws_store_do_not_say_who_asks() {
    let tags = |tags: Value| aws(json!({ "sessionTagsPolicy": "Custom", "customSessionTags": tags }));
    for kind in ["SecretStore", "ClusterSecretStore"] {
        for reserved in ["esoNamespace", "esoStoreName", "esoStoreKind"] {
            refused(kind, &tags(json!({ "team": "a", reserved: "b" })), refusals::RESERVED_SESSION_TAGS)
                .await;
        }
        check(kind, tags(json!({ "team": "a" })), true).await;
        check(kind, tags(json!({})), true).await;
    }
}

#[tokio::test]
async fn deleted_secrets_of_an_aws_store_are_kept_as_long_as_aws_can() {
    let settings = |settings: Value| aws(json!({ "secretsManager": settings }));
    let window = |days: i64| settings(json!({ "recoveryWindowInDays": days }));
    for kind in ["SecretStore", "ClusterSecretStore"] {
        for days in [-1, 1, 6, 31] {
            refused(kind, &window(days), refusals::RECOVERY_WINDOW).await;
        }
        for days in [0, 7, 30] {
            check(kind, window(days), true).await;
        }
        let both = json!({ "recoveryWindowInDays": 7, "forceDeleteWithoutRecovery": true });
        refused(kind, &settings(both), refusals::RECOVERY_AND_FORCE).await;
        for either in [
            json!({ "recoveryWindowInDays": 7, "forceDeleteWithoutRecovery": false }),
            json!({ "recoveryWindowInDays": 0, "forceDeleteWithoutRecovery": true }),
            json!({ "forceDeleteWithoutRecovery": true }),
            json!({}),
        ] {
            check(kind, settings(either), true).await;
        }
    }
}

/// A store of AWS with these fields.
fn aws(fields: Value) -> Value {
    let mut aws = json!({ "service": "SecretsManager", "region": "us-east-1" });
    aws.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    json!({ "provider": { "aws": aws } })
}

const OBJECTS: &str = "/apis/external-secrets.io/v1/namespaces/default/externalsecrets";

/// Objects that the rules refuse.
fn broken() -> Vec<(&'static str, Value)> {
    vec![
        ("without-spec", Value::Null),
        ("asks-for-nothing", json!({})),
        ("policies", into(json!({ "creationPolicy": "Merge", "deletionPolicy": "Delete" }))),
        ("sources", from(json!({}))),
        ("bootstrap", template(json!({ "type": "bootstrap.kubernetes.io/token" }))),
        ("data-of-a-wrong-type", json!({ "data": "text" })),
        ("policy-of-a-wrong-type", into(json!({ "creationPolicy": 7, "deletionPolicy": "Merge" }))),
        ("template-of-a-wrong-type", template(json!({ "type": ["a"], "metadata": "b" }))),
    ]
}

fn object(name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret",
        "metadata": { "name": name, "finalizers": ["example.com/ours"] }, "spec": spec,
    })
}

#[tokio::test]
async fn an_object_from_before_a_rule_can_be_labelled_and_let_go() {
    let options = ControlPlaneOptions { controller_manager: false, ..ControlPlaneOptions::default() };
    let control = ControlPlane::start(options).await.unwrap();
    let client = control.client().unwrap();
    let all = definitions::all().into_iter().map(|definition| serde_json::to_value(definition).unwrap());
    let ours =
        all.into_iter().find(|definition| definition["spec"]["names"]["kind"] == "ExternalSecret").unwrap();
    define(&control, &loosened(ours.clone())).await;
    for (name, spec) in broken() {
        control.create(OBJECTS, &object(name, &spec)).await.unwrap();
    }
    replace(&client, ours).await;
    for (name, spec) in broken() {
        let dry_run = format!("{OBJECTS}?dryRun=All");
        until(&format!("the like of {name} is refused"), async || {
            let again = object(&format!("{name}-again"), &spec);
            control.request(Method::POST, &dry_run, Some(&again)).await.unwrap().status == 422
        })
        .await;
        let path = format!("{OBJECTS}/{name}");
        let change =
            async |path: &str, patch: Value| client.request(Method::PATCH, path, Some(&patch)).await.unwrap();
        change(&path, json!({ "metadata": { "labels": { "a": "b" } } })).await.success().unwrap();
        let status = json!({ "status": { "conditions": [{ "type": "Ready", "status": "False" }] } });
        change(&format!("{path}/status"), status).await.success().unwrap();
        control.request(Method::DELETE, &path, None).await.unwrap().success().unwrap();
        change(&path, json!({ "metadata": { "finalizers": null } })).await.success().unwrap();
        assert_eq!(control.request(Method::GET, &path, None).await.unwrap().status, 404, "{name}");
    }
}

/// The definition with a spec of any shape.
fn loosened(mut definition: Value) -> Value {
    for version in definition["spec"]["versions"].as_array_mut().unwrap() {
        version["selectableFields"] = Value::Null;
        let schema = &mut version["schema"]["openAPIV3Schema"];
        schema["x-kubernetes-validations"] = Value::Null;
        schema["properties"]["spec"] =
            json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    }
    definition
}

async fn replace(control: &ApiClient, definition: Value) {
    let path = format!("{DEFINITIONS}/{}", definition["metadata"]["name"].as_str().unwrap());
    let patch = json!({ "spec": { "versions": definition["spec"]["versions"] } });
    control.request(Method::PATCH, &path, Some(&patch)).await.unwrap().success().unwrap();
}
