//! Manifests as people write them, read and written back.

use serde_json::{Value, json};

use super::{
    external_secret::{CreationPolicy, ExternalSecret, RefreshPolicy},
    fake::FakeData,
    secret_store::{ClusterSecretStore, SecretStore},
    selectors::SecretKeySelector,
    vault::KvVersion,
};

fn external_secret(spec: Value) -> Value {
    json!({ "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "metadata": { "name": "app" }, "spec": spec })
}

fn store(spec: Value) -> Value {
    json!({ "apiVersion": "external-secrets.io/v1", "kind": "SecretStore", "metadata": { "name": "main" }, "spec": spec })
}

/// What is read and written again is what was there.
#[track_caller]
fn check<T: serde::Serialize + serde::de::DeserializeOwned>(object: Value) -> T {
    let read: T = serde_json::from_value(object.clone()).expect("the manifest must be read");
    assert_eq!(serde_json::to_value(&read).unwrap(), object);
    read
}

#[test]
fn the_walk_throughs_object_survives() {
    let object: ExternalSecret = check(external_secret(json!({
        "refreshInterval": "1m",
        "secretStoreRef": { "name": "kemgou-secretstore", "kind": "SecretStore" },
        "target": { "name": "kemgou-external-secret", "creationPolicy": "Owner" },
        "data": [
            { "secretKey": "first", "remoteRef": { "key": "my-external-secret", "property": "first" } },
            { "secretKey": "second", "remoteRef": { "key": "my-external-secret", "property": "second" } },
        ],
    })));
    assert_eq!(object.spec.data.len(), 2);
    let target = object.spec.target.unwrap();
    assert_eq!((target.creation_policy, target.deletion_policy), (Some(CreationPolicy::Owner), None));
}

#[test]
fn every_field_of_an_external_secret_survives_where_it_stands() {
    let object: ExternalSecret = check(external_secret(json!({
        "refreshPolicy": "OnChange",
        "syncWindows": { "kind": "allow", "windows": [{ "schedule": "@daily", "duration": "1h" }] },
        "target": { "template": { "data": { "a": "{{ .b }}" } }, "immutable": true },
        "data": [{
            "secretKey": "a",
            "remoteRef": { "key": "b", "decodingStrategy": "Base64" },
            "sourceRef": { "storeRef": { "name": "other" } },
        }],
        "dataFrom": [{ "find": { "name": { "regexp": "x" } }, "rewrite": [{ "merge": { "into": "a" } }] }],
    })));
    assert_eq!(object.spec.refresh_policy, Some(RefreshPolicy::OnChange));
}

#[test]
fn an_empty_object_is_read() {
    let object: ExternalSecret = check(external_secret(json!({})));
    assert_eq!(object.spec.target, None);
}

#[test]
fn a_store_of_aws_survives() {
    let key = |name: &str| json!({ "name": "kemgou-awssm-secret", "key": name });
    let store: SecretStore = check(store(json!({
        "provider": { "aws": {
            "service": "SecretsManager",
            "region": "us-east-1",
            "role": "arn:aws:iam::1:role/r",
            "additionalRoles": ["arn:aws:iam::2:role/s"],
            "externalID": "x",
            "sessionTags": [{ "key": "a", "value": "b" }],
            "transitiveTagKeys": ["a"],
            "sessionTagsPolicy": "Custom",
            "customSessionTags": { "c": "d" },
            "secretsManager": { "forceDeleteWithoutRecovery": true, "recoveryWindowInDays": 7 },
            "prefix": "team/",
            "auth": {
                "secretRef": {
                    "accessKeyIDSecretRef": key("access-key"),
                    "secretAccessKeySecretRef": key("secret-access-key"),
                },
                "jwt": { "serviceAccountRef": { "name": "who", "audiences": ["sts"] } },
            },
        } },
        "retrySettings": { "maxRetries": 5, "retryInterval": "10s" },
    })));
    let aws = store.spec.provider.aws.unwrap();
    let auth = aws.auth.unwrap();
    assert_eq!(auth.secret_ref.unwrap().access_key_id.key.as_deref(), Some("access-key"));
    assert_eq!(auth.jwt.unwrap().service_account_ref.unwrap().name, "who");
}

#[test]
fn a_store_of_vault_survives() {
    let store: SecretStore = check(store(json!({
        "provider": { "vault": {
            "server": "https://vault:8200",
            "path": "secret",
            "version": "v1",
            "namespace": "outer/inner",
            "caProvider": { "type": "ConfigMap", "name": "ca", "key": "ca.crt" },
            "tls": { "certSecretRef": { "name": "client" }, "keySecretRef": { "name": "client", "key": "k" } },
            "readYourWrites": true,
            "forwardInconsistent": false,
            "headers": { "X-Team": "a" },
            "checkAndSet": { "required": true },
            "auth": { "kubernetes": {
                "mountPath": "kubernetes",
                "role": "demo",
                "serviceAccountRef": { "name": "app", "audiences": ["vault"] },
            } },
        } },
        "refreshInterval": "5m",
    })));
    let vault = store.spec.provider.vault.unwrap();
    assert_eq!(vault.version, Some(KvVersion::V1));
    assert_eq!(vault.auth.unwrap().kubernetes.unwrap().role, "demo");
}

#[test]
fn every_method_of_logging_in_to_vault_survives() {
    let key = |key: &str| json!({ "name": "keys", "key": key });
    let account = json!({ "name": "app", "namespace": "team", "audiences": ["a"] });
    let user = json!({ "path": "users", "username": "u", "secretRef": key("password") });
    let token = json!({ "serviceAccountRef": account, "audiences": ["vault"], "expirationSeconds": 600 });
    let keys = json!({
        "accessKeyIDSecretRef": key("id"), "secretAccessKeySecretRef": key("secret"),
        "sessionTokenSecretRef": key("token"),
    });
    for auth in [
        json!({ "ldap": user }),
        json!({ "userPass": user }),
        json!({ "ldap": { "username": "u" } }),
        json!({ "jwt": { "path": "oidc", "role": "r", "secretRef": key("jwt") } }),
        json!({ "jwt": { "kubernetesServiceAccountToken": token } }),
        json!({ "jwt": { "kubernetesServiceAccountToken": { "serviceAccountRef": account, "audiences": [] } } }),
        json!({ "cert": {
            "path": "cert", "vaultRole": "r", "clientCert": key("tls.crt"), "secretRef": key("tls.key"),
        } }),
        json!({ "cert": {} }),
        json!({ "iam": {
            "path": "aws", "region": "eu-west-1", "role": "arn:aws:iam::1:role/r", "vaultRole": "r",
            "externalID": "x", "vaultAwsIamServerID": "vault.example.com", "secretRef": keys,
            "jwt": { "serviceAccountRef": account },
        } }),
        json!({ "gcp": {
            "path": "gcp", "role": "r", "projectID": "p", "location": "l", "serviceAccountRef": account,
            "secretRef": { "secretAccessKeySecretRef": key("json") },
            "workloadIdentity": {
                "serviceAccountRef": account, "clusterLocation": "l", "clusterName": "n", "clusterProjectID": "p",
            },
        } }),
        json!({ "kerberos": { "user": "of another version" } }),
    ] {
        let _: SecretStore =
            check(store(json!({ "provider": { "vault": { "server": "https://vault", "auth": auth } } })));
    }
}

#[test]
fn a_store_may_be_validated_after_seconds_or_a_duration() {
    let fake = json!({ "fake": { "data": [] } });
    for interval in [json!(300), json!("300"), json!("5m0s")] {
        let _: SecretStore = check(store(json!({ "provider": fake, "refreshInterval": interval })));
    }
}

#[test]
fn a_store_of_an_unknown_provider_survives() {
    let object = json!({ "provider": { "gcpsm": { "projectID": "p", "auth": {} } } });
    let mut cluster = store(object);
    cluster["kind"] = json!("ClusterSecretStore");
    let store: ClusterSecretStore = check(cluster);
    assert!(store.spec.store.provider.others.contains_key("gcpsm"));
}

#[test]
fn a_login_may_name_nothing() {
    let object = json!({ "provider": { "aws": {
        "service": "SecretsManager", "region": "eu-west-1", "auth": { "secretRef": {} },
    } } });
    let store: SecretStore = check(store(object));
    let keys = store.spec.provider.aws.unwrap().auth.unwrap().secret_ref.unwrap();
    assert!(keys.access_key_id.names_nothing() && keys.secret_access_key.names_nothing());
    assert!(!SecretKeySelector { name: "a".to_owned(), ..Default::default() }.names_nothing());
}

#[test]
fn debug_of_a_fake_value_shows_its_key_and_not_its_content() {
    let data = FakeData { key: "db".to_owned(), value: "canary".to_owned(), version: None };
    let text = format!("{data:?}");
    assert!(text.contains("db") && !text.contains("canary"), "{text}");
}
