//! Tests of `made`.

use super::*;

/// An object as kubectl prints it.
fn printed(kind: &str, name: &str) -> String {
    serde_json::json!({ "kind": kind, "metadata": { "name": name, "uid": format!("uid of {name}") } })
        .to_string()
}

#[track_caller]
fn reads(text: &str, expected: &[&str]) {
    let read: Vec<String> = read(text).iter().map(ToString::to_string).collect();
    assert_eq!(read, expected);
}

#[test]
fn what_was_made_is_read_off_what_kubectl_prints() {
    let namespace = printed("Namespace", "demo");
    reads("", &[]);
    reads(&namespace, &["Namespace demo"]);
    reads(&[namespace.clone(), printed("ClusterRole", "a")].join("\n"), &["Namespace demo", "ClusterRole a"]);
    reads(&format!("{{\"items\": [{namespace}]}}"), &["Namespace demo"]);
    assert_eq!(read(&namespace)[0].uid, "uid of demo");
}

#[test]
fn what_lies_in_a_namespace_needs_no_note() {
    reads(&[printed("ServiceAccount", "a"), printed("Namespace", "b")].join("\n"), &["Namespace b"]);
}

#[test]
fn what_was_printed_before_kubectl_broke_off_was_made() {
    let whole = printed("Namespace", "a");
    let broken = &printed("ClusterRole", "b")[..20];
    reads(&format!("{whole}\n{broken}"), &["Namespace a"]);
}

#[test]
fn namespaces_are_removed_first_and_definitions_last() {
    let texts = ["CustomResourceDefinition", "ClusterRole", "Namespace", "ClusterRoleBinding"];
    let mut made = read(&texts.map(|kind| printed(kind, "x")).concat());
    made.sort();
    let order: Vec<String> = made.iter().map(ToString::to_string).collect();
    assert_eq!(order, ["Namespace x", "ClusterRoleBinding x", "ClusterRole x", "CustomResourceDefinition x"]);
}

#[test]
fn each_kind_has_its_path() {
    for (kind, path) in [
        ("Namespace", "/api/v1/namespaces/x"),
        ("ClusterRole", "/apis/rbac.authorization.k8s.io/v1/clusterroles/x"),
        ("ClusterRoleBinding", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/x"),
        ("CustomResourceDefinition", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/x"),
    ] {
        assert_eq!(read(&printed(kind, "x"))[0].path(), path);
    }
}

/// What of `there` is in the way of a namespace `demo` and a role `controller`.
#[track_caller]
fn obstructs(there: (Kind, &str), expected: &[&str]) {
    let planned = read(&[printed("Namespace", "demo"), printed("ClusterRole", "controller")].concat());
    let (kind, name) = there;
    let found = in_the_way(&planned, &[(kind, vec!["other".to_owned(), name.to_owned()])]);
    assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), expected);
}

#[test]
fn an_object_of_a_name_that_is_to_be_used_is_in_the_way() {
    obstructs((Kind::Namespace, "demo"), &["Namespace demo"]);
    obstructs((Kind::ClusterRole, "controller"), &["ClusterRole controller"]);
    obstructs((Kind::ClusterRole, "demo"), &[]);
    obstructs((Kind::Namespace, "demo-2"), &[]);
}

#[test]
fn every_definition_of_external_secrets_is_in_the_way() {
    let definition = |name| (Kind::Definition, name);
    let taken = "CustomResourceDefinition externalsecrets.external-secrets.io";
    obstructs(definition("externalsecrets.external-secrets.io"), &[taken]);
    let taken = "CustomResourceDefinition uuids.generators.external-secrets.io";
    obstructs(definition("uuids.generators.external-secrets.io"), &[taken]);
    obstructs(definition("certificates.cert-manager.io"), &[]);
}
