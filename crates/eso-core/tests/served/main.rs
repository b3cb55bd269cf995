//! The definitions on a real API server: what the original's schema refuses is refused, what it accepts is accepted,
//! and what is not served yet survives.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends there")]

mod cluster_push_secret;
mod legacy;
mod rules;

use std::time::{Duration, Instant};

use eso_core::api::definitions;
use eso_rig::{Answer, ControlPlane, Method};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

/// Longer than a definition takes to be served, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

static SERVED: OnceCell<()> = OnceCell::const_new();

/// The control plane that the tests share, with the definitions served.
async fn control_plane() -> &'static ControlPlane {
    let control = ControlPlane::shared().await.unwrap();
    SERVED.get_or_init(|| serve(control)).await;
    control
}

async fn serve(control: &ControlPlane) {
    for definition in definitions::all() {
        define(control, &serde_json::to_value(&definition).unwrap()).await;
    }
}

/// Makes a definition, and waits until it is served.
async fn define(control: &ControlPlane, definition: &Value) {
    control.create(DEFINITIONS, definition).await.unwrap();
    let name = definition["metadata"]["name"].as_str().unwrap();
    until(&format!("{name} is served"), async || {
        is_established(&read(control, &format!("{DEFINITIONS}/{name}")).await)
    })
    .await;
}

async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let begin = Instant::now();
    while !is_so().await {
        assert!(begin.elapsed() < PATIENCE, "not so after {PATIENCE:?}: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn is_established(definition: &Value) -> bool {
    let conditions = definition["status"]["conditions"].as_array().into_iter().flatten();
    conditions
        .into_iter()
        .any(|condition| condition["type"] == "Established" && condition["status"] == "True")
}

async fn read(control: &ControlPlane, path: &str) -> Value {
    control.request(Method::GET, path, None).await.unwrap().success().unwrap()
}

/// Makes an object, for show only unless it is to be kept.
async fn make(version: &str, kind: &str, name: &str, spec: &Value, dry_run: &str) -> Answer {
    let plural = format!("{}s", kind.to_lowercase());
    let object = json!({
        "apiVersion": format!("external-secrets.io/{version}"),
        "kind": kind,
        "metadata": { "name": name },
        "spec": spec,
    });
    let namespace = if kind.starts_with("Cluster") { "" } else { "namespaces/default/" };
    let path = format!("/apis/external-secrets.io/{version}/{namespace}{plural}{dry_run}");
    control_plane().await.request(Method::POST, &path, Some(&object)).await.unwrap()
}

async fn check(kind: &str, spec: Value, accepted: bool) {
    let versions: &[&str] = if kind.ends_with("PushSecret") { &["v1alpha1"] } else { &["v1", "v1beta1"] };
    for version in versions {
        let answer = make(version, kind, "checked", &spec, "?dryRun=All").await;
        assert_eq!(
            answer.status.is_success(),
            accepted,
            "{version} {kind} {spec}: {}",
            answer.body["message"]
        );
    }
}

/// With an entry, where the spec says none.
async fn external_secret(spec: Value, accepted: bool) {
    let mut asking = spec.clone();
    if spec["data"].is_null() && spec["dataFrom"].is_null() {
        asking["data"] = entry("password")["data"].clone();
    }
    check("ExternalSecret", asking, accepted).await;
}

async fn provider(provider: Value, accepted: bool) {
    check("SecretStore", json!({ "provider": provider }), accepted).await;
}

async fn store(field: &str, value: Value, accepted: bool) {
    check("SecretStore", json!({ "provider": { "fake": { "data": [] } }, field: value }), accepted).await;
}

fn entry(secret_key: &str) -> Value {
    json!({ "data": [{ "secretKey": secret_key, "remoteRef": { "key": "db" } }] })
}

#[tokio::test]
async fn an_external_secret_is_checked_as_by_the_original() {
    external_secret(json!({}), true).await;
    external_secret(entry("a.b-c_D9"), true).await;
    external_secret(entry("a/b"), false).await;
    external_secret(entry(""), false).await;
    external_secret(entry(&"k".repeat(253)), true).await;
    external_secret(entry(&"k".repeat(254)), false).await;
    external_secret(json!({ "data": [{ "secretKey": "a" }] }), false).await;
    external_secret(json!({ "data": [{ "secretKey": "a", "remoteRef": {} }] }), false).await;
    external_secret(json!({ "dataFrom": [{ "extract": { "key": "db" } }, { "extract": {} }] }), false).await;
    external_secret(json!({ "dataFrom": [{ "extract": { "key": "db" } }, { "find": {} }] }), true).await;
    external_secret(json!({ "dataFrom": [{ "sourceRef": {} }] }), false).await;
    external_secret(json!({ "secretStoreRef": { "name": "aws-1.eu" } }), true).await;
    external_secret(json!({ "secretStoreRef": { "name": "AWS" } }), false).await;
    external_secret(json!({ "secretStoreRef": { "name": "aws", "kind": "Store" } }), false).await;
    external_secret(json!({ "target": { "name": "" } }), false).await;
    external_secret(json!({ "target": { "name": "Upper" } }), false).await;
    external_secret(json!({ "refreshInterval": 60 }), false).await;
}

#[tokio::test]
async fn policies_are_the_originals() {
    for policy in ["Owner", "Orphan", "Merge", "None", "CreateOrMerge"] {
        external_secret(json!({ "target": { "creationPolicy": policy } }), true).await;
    }
    for policy in ["Delete", "Merge", "Retain"] {
        external_secret(json!({ "target": { "deletionPolicy": policy } }), true).await;
    }
    for policy in ["Periodic", "CreatedOnce", "OnChange"] {
        external_secret(json!({ "refreshPolicy": policy }), true).await;
    }
    external_secret(json!({ "target": { "creationPolicy": "Own" } }), false).await;
    external_secret(json!({ "target": { "deletionPolicy": "Keep" } }), false).await;
    external_secret(json!({ "refreshPolicy": "Never" }), false).await;
}

#[tokio::test]
async fn templates_have_one_language() {
    let language = |version: &str| json!({ "target": { "template": { "engineVersion": version } } });
    external_secret(language("v2"), true).await;
    external_secret(language("v1"), false).await;
    let made = make("v1", "ExternalSecret", "language", &template_of_nothing(), "?dryRun=All").await;
    assert_eq!(made.success().unwrap()["spec"]["target"]["template"]["engineVersion"], "v2");
}

fn template_of_nothing() -> Value {
    let mut spec = entry("password");
    spec["target"] = json!({ "template": {} });
    spec
}

#[tokio::test]
async fn a_store_has_exactly_one_provider() {
    let fake = json!({ "data": [{ "key": "a", "value": "b" }] });
    provider(json!({ "fake": fake }), true).await;
    provider(json!({ "gcpsm": { "projectID": "p" } }), true).await;
    provider(json!({}), false).await;
    provider(json!({ "fake": fake, "gcpsm": {} }), false).await;
    provider(json!({ "gcpsm": {}, "akeyless": {} }), false).await;
    check("SecretStore", json!({}), false).await;
}

#[tokio::test]
async fn a_store_of_aws_is_checked_as_by_the_original() {
    let aws = |more: Value| {
        let mut aws = json!({ "service": "SecretsManager", "region": "us-east-1" });
        aws.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "aws": aws })
    };
    provider(aws(json!({})), true).await;
    provider(json!({ "aws": { "service": "SecretsManager" } }), false).await;
    provider(json!({ "aws": { "region": "us-east-1" } }), false).await;
    provider(aws(json!({ "service": "S3" })), false).await;
    provider(aws(json!({ "auth": {} })), true).await;
    provider(aws(json!({ "auth": { "secretRef": {} } })), true).await;
    provider(aws(json!({ "auth": { "jwt": { "serviceAccountRef": { "name": "a" } } } })), true).await;
    provider(aws(json!({ "role": "r", "externalID": "e", "prefix": "p", "additionalRoles": ["a"] })), true)
        .await;
    provider(aws(json!({ "auth": { "jwt": {} } })), true).await;
    provider(aws(json!({ "auth": { "jwt": { "serviceAccountRef": {} } } })), false).await;
    provider(aws(json!({ "additionalRoles": "a" })), false).await;
    provider(aws(json!({ "sessionTags": [{ "key": "a", "value": "b" }], "transitiveTagKeys": ["a"] })), true)
        .await;
    provider(aws(json!({ "sessionTags": [{ "key": "a" }] })), false).await;
    provider(aws(json!({ "sessionTagsPolicy": "All" })), false).await;
    provider(aws(json!({ "customSessionTags": { "a": 1 } })), false).await;
    let key = |key: Value| aws(json!({ "auth": { "secretRef": { "accessKeyIDSecretRef": key } } }));
    provider(key(json!({ "name": "keys", "key": "id", "namespace": "team" })), true).await;
    provider(key(json!({ "name": "Keys" })), false).await;
    provider(key(json!({ "name": "keys", "key": "a b" })), false).await;
    provider(key(json!({ "name": "keys", "namespace": "a.b" })), false).await;
}

#[tokio::test]
async fn a_store_of_vault_is_checked_as_by_the_original() {
    let vault = |more: Value| {
        let mut vault = json!({ "server": "https://vault:8200" });
        vault.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "vault": vault })
    };
    provider(vault(json!({})), true).await;
    provider(json!({ "vault": { "path": "secret" } }), false).await;
    provider(vault(json!({ "version": "v1" })), true).await;
    provider(vault(json!({ "version": "v3" })), false).await;
    provider(vault(json!({ "caBundle": "LS0t" })), true).await;
    provider(vault(json!({ "caBundle": "no base64!" })), false).await;
    provider(vault(json!({ "caProvider": { "type": "ConfigMap", "name": "ca" } })), true).await;
    provider(vault(json!({ "caProvider": { "type": "File", "name": "ca" } })), false).await;
    provider(vault(json!({ "caProvider": { "name": "ca" } })), false).await;
    provider(vault(json!({ "headers": { "X-A": "b" }, "readYourWrites": true })), true).await;
    let auth = |auth: Value| vault(json!({ "auth": auth }));
    provider(auth(json!({ "kubernetes": { "role": "r" } })), true).await;
    provider(auth(json!({ "kubernetes": {} })), false).await;
    provider(auth(json!({ "appRole": { "roleId": "r", "secretRef": { "name": "s", "key": "k" } } })), true)
        .await;
    provider(auth(json!({ "appRole": { "roleId": "r" } })), false).await;
    provider(auth(json!({ "ldap": { "username": "u", "secretRef": {} } })), true).await;
    provider(auth(json!({ "kubernetes": { "role": "r", "serviceAccountRef": {} } })), false).await;
}

#[tokio::test]
async fn the_other_fields_of_a_store_are_checked_as_by_the_original() {
    for interval in [json!(300), json!("300"), json!("5m")] {
        store("refreshInterval", interval, true).await;
    }
    store("refreshInterval", json!(true), false).await;
    store("retrySettings", json!({}), true).await;
    store("retrySettings", json!({ "maxRetries": 5, "retryInterval": "10s" }), true).await;
    store("retrySettings", json!({ "maxRetries": "many" }), false).await;
    store("conditions", json!([{ "namespaces": ["a"], "namespaceRegexes": ["^a.*"] }]), true).await;
    store("conditions", json!([{ "namespaces": ["A"] }]), false).await;
    store("conditions", json!([{ "namespaceSelector": { "matchLabels": { "a": "b" } } }]), true).await;
    provider(json!({ "fake": {} }), false).await;
    provider(json!({ "fake": { "data": [{ "key": "a" }] } }), false).await;
    provider(json!({ "fake": { "data": [], "validationResult": 2 } }), true).await;
}

#[tokio::test]
async fn a_cluster_external_secret_is_checked_as_by_the_original() {
    let cluster = async |field: &str, value: Value, accepted: bool| {
        let mut spec = json!({ "externalSecretSpec": entry("password") });
        spec[field] = value;
        check("ClusterExternalSecret", spec, accepted).await;
    };
    cluster("namespaces", json!(["team-a"]), true).await;
    cluster("namespaces", json!(["team.a"]), false).await;
    cluster("externalSecretName", json!("db.password"), true).await;
    cluster("externalSecretName", json!("DB"), false).await;
    cluster("externalSecretName", json!(""), false).await;
    cluster("refreshTime", json!("1m"), true).await;
    cluster("refreshTime", json!(60), false).await;
    cluster("externalSecretMetadata", json!({ "labels": { "a": "b" }, "annotations": {} }), true).await;
    cluster("namespaceSelector", json!({ "matchLabels": { "team": "a" } }), true).await;
    let expression = json!({ "key": "team", "operator": "Among" });
    cluster("namespaceSelectors", json!([{}, { "matchExpressions": [expression] }]), true).await;
    cluster("namespaceSelectors", json!([{ "matchExpressions": [{ "key": "team" }] }]), false).await;
    cluster("externalSecretSpec", entry("a/b"), false).await;
    check("ClusterExternalSecret", json!({ "namespaces": ["team-a"] }), false).await;
}

/// A PushSecret's spec with one store and one Secret, and this besides; and the same in a ClusterPushSecret.
async fn push(field: &str, value: Value, accepted: bool) {
    let mut spec =
        json!({ "secretStoreRefs": [{ "name": "main" }], "selector": { "secret": { "name": "app" } } });
    spec[field] = value;
    check("PushSecret", spec.clone(), accepted).await;
    check("ClusterPushSecret", json!({ "pushSecretSpec": spec }), accepted).await;
}

#[tokio::test]
async fn a_push_secret_is_checked_as_by_the_original() {
    push("refreshInterval", json!("10s"), true).await;
    push("refreshInterval", json!(10), false).await;
    push("secretStoreRefs", json!([{ "labelSelector": {}, "kind": "ClusterSecretStore" }]), true).await;
    push("secretStoreRefs", json!([{ "name": "Main" }]), false).await;
    push("secretStoreRefs", json!([{ "name": "main", "kind": "Store" }]), false).await;
    push("secretStoreRefs", Value::Null, false).await;
    push("selector", json!({ "secret": { "selector": { "matchLabels": { "a": "b" } } } }), true).await;
    push("selector", json!({ "generatorRef": { "kind": "Password", "name": "p" } }), true).await;
    push("selector", json!({ "generatorRef": { "kind": "Nonesuch", "name": "p" } }), false).await;
    push("selector", json!({}), false).await;
    push("selector", json!({ "secret": {}, "generatorRef": { "kind": "Password", "name": "p" } }), false)
        .await;
    for (policy, accepted) in [("Replace", true), ("IfNotExists", true), ("Merge", false)] {
        push("updatePolicy", json!(policy), accepted).await;
    }
    for (policy, accepted) in [("Delete", true), ("None", true), ("Retain", false)] {
        push("deletionPolicy", json!(policy), accepted).await;
    }
    let entry = |more: Value| {
        let mut entry = json!({ "match": { "remoteRef": { "remoteKey": "x" } } });
        entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!([entry])
    };
    push("data", entry(json!({})), true).await;
    push("data", entry(json!({ "metadata": { "any": [1, { "b": null }] } })), true).await;
    push("data", entry(json!({ "metadata": "text", "conversionStrategy": "ReverseUnicode" })), true).await;
    push("data", entry(json!({ "conversionStrategy": "Unicode" })), false).await;
    push("data", json!([{ "match": { "secretKey": "a" } }]), false).await;
    push("data", json!([{}]), false).await;
}

#[tokio::test]
async fn many_values_of_a_push_secret_are_checked_by_rules_in_the_originals_words() {
    let main = json!({ "name": "main" });
    let regexp = json!({ "regexp": { "source": "a", "target": "b" } });
    let both = json!({ "regexp": { "source": "a", "target": "b" }, "transform": { "template": "t" } });
    let no_store = "storeRef must specify either name or labelSelector";
    let no_rewrite = "exactly one of regexp or transform must be set";
    let bundle = "remoteKey and rewrite are mutually exclusive";
    for (entry, refusal) in [
        (json!({ "storeRef": main }), None),
        (json!({ "storeRef": { "labelSelector": { "matchLabels": { "a": "b" } } } }), None),
        (json!({ "storeRef": main, "remoteKey": "all", "rewrite": [] }), None),
        (json!({ "storeRef": main, "rewrite": [regexp] }), None),
        (json!({}), Some(no_store)),
        (json!({ "storeRef": {} }), Some(no_store)),
        (json!({ "storeRef": main, "rewrite": [{}] }), Some(no_rewrite)),
        (json!({ "storeRef": main, "rewrite": [both] }), Some(no_rewrite)),
        (json!({ "storeRef": main, "remoteKey": "all", "rewrite": [regexp] }), Some(bundle)),
    ] {
        push("dataTo", json!([entry]), refusal.is_none()).await;
        let spec = json!({
            "secretStoreRefs": [main], "selector": { "secret": { "name": "app" } }, "dataTo": [entry],
        });
        let answer = make("v1alpha1", "PushSecret", "checked", &spec, "?dryRun=All").await;
        if let Some(refusal) = refusal {
            let said = answer.body["message"].as_str().unwrap();
            assert!(said.contains(refusal), "{said}");
        }
    }
}

#[tokio::test]
async fn a_push_secret_has_the_defaults_of_the_original() {
    let spec = json!({
        "secretStoreRefs": [{ "name": "main" }],
        "selector": { "secret": { "name": "app" } },
        "data": [{ "match": { "remoteRef": { "remoteKey": "x" } } }],
        "dataTo": [{ "storeRef": { "name": "main" } }],
    });
    let made = make("v1alpha1", "PushSecret", "push", &spec, "?dryRun=All").await.success().unwrap();
    let expected = json!({
        "refreshInterval": "1h0m0s",
        "updatePolicy": "Replace",
        "deletionPolicy": "None",
        "secretStoreRefs": [{ "name": "main", "kind": "SecretStore" }],
        "selector": { "secret": { "name": "app" } },
        "data": [{ "match": { "remoteRef": { "remoteKey": "x" } }, "conversionStrategy": "None" }],
        "dataTo": [{ "storeRef": { "name": "main", "kind": "SecretStore" }, "conversionStrategy": "None" }],
    });
    assert_eq!(made["spec"], expected);
}

#[tokio::test]
async fn the_spec_in_a_cluster_external_secret_has_the_defaults_of_an_external_secrets() {
    let made = async |kind: &str, spec: Value| {
        make("v1", kind, "same", &spec, "?dryRun=All").await.success().unwrap()["spec"].clone()
    };
    let alone = made("ExternalSecret", entry("password")).await;
    let nested = made("ClusterExternalSecret", json!({ "externalSecretSpec": entry("password") })).await;
    assert_eq!(nested["externalSecretSpec"], alone);
}

#[tokio::test]
async fn defaults_are_the_originals_and_a_null_is_left_out() {
    let spec = json!({
        "target": null, "refreshInterval": null, "secretStoreRef": { "name": "a", "kind": null },
        "data": entry("password")["data"],
    });
    let made = make("v1", "ExternalSecret", "defaults", &spec, "?dryRun=All").await.success().unwrap();
    let expected = json!({
        "data": entry("password")["data"],
        "refreshInterval": "1h0m0s",
        "secretStoreRef": { "name": "a" },
        "target": { "creationPolicy": "Owner", "deletionPolicy": "Retain" },
    });
    assert_eq!(made["spec"], expected);
}

#[tokio::test]
async fn a_spec_reads_the_same_in_both_versions() {
    let spec = json!({
        "refreshInterval": "1m",
        "secretStoreRef": { "name": "main" },
        "syncWindows": { "kind": "deny", "windows": [{ "schedule": "0 9 * * 1-5", "duration": "8h" }] },
        "target": {
            "creationPolicy": "Owner",
            "deletionPolicy": "Retain",
            "template": { "engineVersion": "v2", "mergePolicy": "Replace", "data": { "a": "{{ .b }}" } },
        },
        "data": [{
            "secretKey": "a",
            "remoteRef": { "key": "b", "decodingStrategy": "Auto" },
            "sourceRef": { "storeRef": { "name": "other" } },
        }],
        "dataFrom": [{ "find": { "name": { "regexp": ".*" } }, "rewrite": [{ "regexp": { "source": "a", "target": "b" } }] }],
    });
    let made = make("v1beta1", "ExternalSecret", "surviving", &spec, "").await.success().unwrap();
    assert_eq!(made["spec"], spec);
    for version in ["v1", "v1beta1"] {
        let path =
            format!("/apis/external-secrets.io/{version}/namespaces/default/externalsecrets/surviving");
        assert_eq!(read(control_plane().await, &path).await["spec"], spec, "{version}");
    }
}

#[tokio::test]
async fn objects_are_found_by_their_selectable_fields() {
    let spec = json!({
        "secretStoreRef": { "name": "chosen", "kind": "ClusterSecretStore" }, "target": { "name": "out" },
        "data": entry("password")["data"],
    });
    make("v1", "ExternalSecret", "selected", &spec, "").await.success().unwrap();
    for selector in [
        "spec.secretStoreRef.name=chosen",
        "spec.secretStoreRef.kind=ClusterSecretStore",
        "spec.target.name=out",
    ] {
        let path = format!(
            "/apis/external-secrets.io/v1/namespaces/default/externalsecrets?fieldSelector={selector}"
        );
        let list = read(control_plane().await, &path).await;
        let names: Vec<_> =
            list["items"].as_array().unwrap().iter().map(|item| item["metadata"]["name"].clone()).collect();
        assert_eq!(names, ["selected"], "{selector}");
    }
}
