//! Which objects a store names, for every selector of the schema.

use eso_core::{
    api::{refusals, selectors::CaProviderKind},
    key::StoreKind,
};
use serde_json::{Value, json};

use super::{Named, references};
use crate::{
    controllers::fixtures::ToNothing,
    credentials::{AUTHORITY_WITHOUT_NAMESPACE, CredentialKind, CredentialObject, Scope},
    stores::parsed::{Parsed, Specification},
    watch::Object,
};

#[path = "../../../tests/stores/selectors.rs"]
mod selectors;

fn specification(kind: StoreKind, spec: &Value) -> Result<Specification, String> {
    let object = json!({ "metadata": { "name": "store", "namespace": "demo" }, "spec": spec });
    Parsed::new(kind, Object::sent(object), &ToNothing).specification
}

fn vault(auth: Value) -> Value {
    json!({ "provider": { "vault": { "server": "https://vault", "auth": auth } } })
}

#[track_caller]
fn check(spec: &Value, expected: &[(&str, Named, Option<&str>, &str)]) {
    let provider = serde_json::from_value(spec["provider"].clone()).unwrap();
    let found = references(&provider);
    let found: Vec<_> = found
        .iter()
        .map(|one| (one.path.as_str(), one.what, one.namespace.as_deref(), one.name.as_str()))
        .collect();
    assert_eq!(found, expected);
}

#[track_caller]
fn check_follows(auth: Value, expected: bool) {
    let specification = specification(StoreKind::ClusterSecretStore, &vault(auth)).unwrap();
    assert_eq!(specification.follows_who_asks(StoreKind::ClusterSecretStore), expected);
    assert_eq!(specification.needs_namespaces(StoreKind::ClusterSecretStore), expected);
    assert!(!specification.follows_who_asks(StoreKind::SecretStore), "a SecretStore is always itself");
}

#[test]
fn selectors_are_told_apart_by_their_shape() {
    let token = json!({ "tokenSecretRef": { "name": "token", "key": "value", "namespace": "" } });
    check(&vault(token), &[("spec.provider.vault.auth.tokenSecretRef", Named::Secret, None, "token")]);
    let account = json!({ "kubernetes": { "role": "demo", "serviceAccountRef": { "name": "who", "namespace": "there" } } });
    let path = "spec.provider.vault.auth.kubernetes.serviceAccountRef";
    check(&vault(account), &[(path, Named::ServiceAccount, Some("there"), "who")]);
    let authority = |kind: &str| {
        let authority = json!({ "type": kind, "name": "ca", "key": "ca.crt" });
        json!({ "provider": { "vault": { "server": "https://vault", "caProvider": authority } } })
    };
    let path = "spec.provider.vault.caProvider";
    check(&authority("Secret"), &[(path, Named::Authority(CaProviderKind::Secret), None, "ca")]);
    check(&authority("ConfigMap"), &[(path, Named::Authority(CaProviderKind::ConfigMap), None, "ca")]);
}

#[test]
fn providers_that_are_not_known_are_read_too() {
    let other = json!({ "provider": { "other": { "keys": [{ "name": "a" }, { "secretRef": { "name": "b", "key": "k" } }] } } });
    check(
        &other,
        &[
            ("spec.provider.other.keys[0]", Named::Secret, None, "a"),
            ("spec.provider.other.keys[1].secretRef", Named::Secret, None, "b"),
        ],
    );
}

#[test]
fn values_of_a_fake_store_are_no_selectors() {
    let data = json!([{ "key": "name", "value": "x" }]);
    check(&json!({ "provider": { "fake": { "data": data } } }), &[]);
}

#[test]
fn headers_are_no_selectors_whatever_their_names() {
    let headers = json!({ "name": "x", "namespace": "y" });
    let vault = json!({ "server": "https://vault", "headers": headers });
    check(&json!({ "provider": { "vault": vault } }), &[]);
}

#[test]
fn the_schema_has_the_selectors_that_are_known() {
    let paths: Vec<String> = selectors::examples("demo").into_iter().map(|example| example.path).collect();
    for known in [
        "spec.provider.aws.auth.secretRef.accessKeyIDSecretRef",
        "spec.provider.aws.auth.secretRef.secretAccessKeySecretRef",
        "spec.provider.aws.auth.secretRef.sessionTokenSecretRef",
        "spec.provider.aws.auth.jwt.serviceAccountRef",
        "spec.provider.vault.caProvider",
        "spec.provider.vault.tls.certSecretRef",
        "spec.provider.vault.tls.keySecretRef",
        "spec.provider.vault.auth.tokenSecretRef",
        "spec.provider.vault.auth.appRole.roleRef",
        "spec.provider.vault.auth.appRole.secretRef",
        "spec.provider.vault.auth.kubernetes.serviceAccountRef",
        "spec.provider.vault.auth.kubernetes.secretRef",
        "spec.provider.vault.auth.ldap.secretRef",
        "spec.provider.vault.auth.userPass.secretRef",
        "spec.provider.vault.auth.jwt.secretRef",
        "spec.provider.vault.auth.jwt.kubernetesServiceAccountToken.serviceAccountRef",
        "spec.provider.vault.auth.cert.clientCert",
        "spec.provider.vault.auth.cert.secretRef",
        "spec.provider.vault.auth.iam.jwt.serviceAccountRef",
        "spec.provider.vault.auth.iam.secretRef.accessKeyIDSecretRef",
        "spec.provider.vault.auth.iam.secretRef.secretAccessKeySecretRef",
        "spec.provider.vault.auth.iam.secretRef.sessionTokenSecretRef",
        "spec.provider.vault.auth.gcp.secretRef.secretAccessKeySecretRef",
        "spec.provider.vault.auth.gcp.workloadIdentity.serviceAccountRef",
        "spec.provider.vault.auth.gcp.serviceAccountRef",
    ] {
        assert!(paths.iter().any(|path| path == known), "{known} is not among {paths:?}");
    }
}

/// A SecretStore with this spec is refused, in the original's words, for what its selector there names.
#[track_caller]
fn check_refused(path: &str, spec: &Value) {
    let words = "namespace should either be empty or match the namespace of the SecretStore for a namespaced SecretStore";
    let beginning = refusals::of_selector(path).map(|words| format!("{words}: ")).unwrap_or_default();
    let refused = specification(StoreKind::SecretStore, spec);
    assert_eq!(refused.err(), Some(format!("{beginning}{words} ({path})")), "{spec}");
}

#[test]
fn the_original_begins_what_it_says_of_a_selector_of_vault_with_its_own_name_of_it() {
    for (path, beginning) in [
        ("vault.auth.tokenSecretRef", "invalid Auth.TokenSecretRef: "),
        ("vault.auth.appRole.roleRef", "invalid Auth.AppRole.RoleRef: "),
        ("vault.auth.cert.clientCert", "invalid Auth.Cert.ClientCert: "),
        ("vault.auth.iam.secretRef.accessKeyIDSecretRef", "invalid Auth.TokenSecretRef: "),
        ("vault.tls.keySecretRef", "invalid ClientTLS.SecretRef: "),
    ] {
        let mut provider = json!({ "vault": { "server": "https://vault" } });
        let selector = path.split('.').fold(&mut provider, |place, field| &mut place[field]);
        *selector = json!({ "name": "sample", "namespace": "victim", "key": "key" });
        // What each method requires besides.
        for (method, field) in [("appRole", "secretRef"), ("iam", "vaultRole")] {
            if let Some(spec) = provider["vault"]["auth"].get_mut(method) {
                spec[field] = if method == "iam" { json!("role") } else { json!({ "name": "own" }) };
            }
        }
        let refused = specification(StoreKind::SecretStore, &json!({ "provider": provider }));
        let refused = refused.unwrap_err();
        assert!(refused.starts_with(beginning) && refused.contains("namespace should either"), "{refused}");
    }
}

#[test]
fn no_selector_of_the_schema_leads_a_secret_store_out_of_its_namespace() {
    for example in selectors::examples("victim") {
        check_refused(&example.path, &example.spec);
    }
}

#[test]
fn every_selector_of_the_schema_may_name_the_namespace_of_its_own_store() {
    for example in selectors::examples("demo").into_iter().chain(selectors::examples("")) {
        let own = Scope::Own("demo".to_owned());
        let specification = specification(StoreKind::SecretStore, &example.spec).unwrap();
        let selector = specification.references.iter().find(|one| one.path == example.path);
        let selector = selector.unwrap_or_else(|| panic!("{} is not seen", example.path));
        assert_eq!(selector.namespace_within(&own), Ok("demo"), "{}", example.path);
    }
}

#[test]
fn every_selector_of_a_cluster_store_may_name_any_namespace() {
    for example in selectors::examples("elsewhere") {
        let any = Scope::Any { asking: Some("tenant".to_owned()) };
        let specification = specification(StoreKind::ClusterSecretStore, &example.spec).unwrap();
        let selector = specification.references.iter().find(|one| one.path == example.path).unwrap();
        assert_eq!(selector.namespace_within(&any), Ok("elsewhere"), "{}", example.path);
    }
}

#[test]
fn without_a_namespace_a_cluster_store_takes_that_of_who_asks_but_never_its_authority() {
    for example in selectors::examples("") {
        let any = Scope::Any { asking: Some("tenant".to_owned()) };
        match specification(StoreKind::ClusterSecretStore, &example.spec) {
            Ok(specification) => {
                let selector = specification.references.iter().find(|one| one.path == example.path).unwrap();
                assert_eq!(selector.namespace_within(&any), Ok("tenant"), "{}", example.path);
            }
            Err(refused) => {
                assert_eq!(refused, format!("{AUTHORITY_WITHOUT_NAMESPACE} ({})", example.path));
                assert!(example.path.ends_with("caProvider"));
            }
        }
    }
}

#[test]
fn a_cluster_store_logs_in_as_who_asks_where_a_selector_names_no_namespace() {
    check_follows(json!({ "tokenSecretRef": { "name": "token" } }), true);
    check_follows(json!({ "tokenSecretRef": { "name": "token", "namespace": "" } }), true);
    check_follows(json!({ "tokenSecretRef": { "name": "token", "namespace": "ops" } }), false);
    check_follows(json!({ "kubernetes": { "role": "r", "serviceAccountRef": { "name": "who" } } }), true);
    check_follows(json!({ "kubernetes": { "role": "r" } }), false);
}

#[test]
fn the_objects_whose_edit_matters_lie_where_they_are_read() {
    let role = json!({ "name": "role", "namespace": "ops" });
    let auth = json!({ "appRole": { "roleRef": role, "secretRef": { "name": "secret" } } });
    let specification = specification(StoreKind::ClusterSecretStore, &vault(auth)).unwrap();
    let objects = specification.credential_objects(&Scope::Any { asking: Some("tenant".to_owned()) });
    let object = |namespace: &str, name: &str| CredentialObject {
        kind: CredentialKind::Secret,
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    };
    assert_eq!(objects, [object("ops", "role"), object("tenant", "secret")]);
}

#[test]
fn a_service_account_is_an_object_whose_edit_matters() {
    let account = json!({ "name": "who", "audiences": ["mine"] });
    let specification = |auth: Value| specification(StoreKind::ClusterSecretStore, &vault(auth)).unwrap();
    let named = specification(json!({ "kubernetes": { "role": "r", "serviceAccountRef": account } }));
    let expected = CredentialObject {
        kind: CredentialKind::ServiceAccount,
        namespace: "tenant".to_owned(),
        name: "who".to_owned(),
    };
    let any = Scope::Any { asking: Some("tenant".to_owned()) };
    assert_eq!(named.credential_objects(&any), [expected]);
    assert!(named.names_an_account());
    assert!(!specification(json!({ "tokenSecretRef": { "name": "token" } })).names_an_account());
}
