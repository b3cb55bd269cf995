//! Which manifests become what, and how remarks read.

use serde_json::json;

use super::*;

/// What becomes of a manifest of which nothing else is known.
pub(super) fn migrated(document: &Value) -> Migrated {
    migrated_in(document, &Environment::default(), &[], None)
}

/// What becomes of a manifest in this environment, with these annotations of its Namespace; the Secrets that are filled are
/// known where they are given.
pub(super) fn migrated_in(
    document: &Value,
    environment: &Environment,
    annotations: &[(&str, &str)],
    filled: Option<&[&str]>,
) -> Migrated {
    migrated_with(document, environment, annotations, filled, false)
}

/// What becomes of a manifest where what the annotations of its Namespace forbid is meant to end.
pub(super) fn migrated_without_permits(
    document: &Value,
    environment: &Environment,
    annotations: &[(&str, &str)],
) -> Migrated {
    migrated_with(document, environment, annotations, Some(&[]), true)
}

fn migrated_with(
    document: &Value,
    environment: &Environment,
    annotations: &[(&str, &str)],
    filled: Option<&[&str]>,
    without_permits: bool,
) -> Migrated {
    let held = annotations.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let names = filled.unwrap_or_default().iter().map(|name| ("demo".to_owned(), (*name).to_owned()));
    let surroundings = Surroundings {
        environment,
        namespaces: &[("demo".to_owned(), held)].into(),
        filled: &names.collect(),
        sees_all: filled.is_some(),
        class: None,
        without_permits,
    };
    migrate(document, &surroundings)
}

/// The remarks of one object, as people read them, without its name.
pub(super) fn said(migrated: &Migrated) -> Vec<String> {
    let remarks = migrated.remarks.iter().map(ToString::to_string);
    let name = format!("{}: ", migrated.object);
    remarks.map(|remark| remark.strip_prefix(&name).unwrap_or(&remark).to_owned()).collect()
}

#[track_caller]
fn check_as_it_is(document: &Value) {
    let migrated = migrated(document);
    let Newer::Object(object) = &migrated.newer else { panic!("{migrated:?}") };
    assert_eq!((object, said(&migrated)), (document, Vec::new()));
}

#[test]
fn what_is_as_it_should_be_stays() {
    for (version, kind) in [
        ("external-secrets.io/v1", "ExternalSecret"),
        ("external-secrets.io/v1", "SecretStore"),
        ("external-secrets.io/v1alpha1", "PushSecret"),
        ("external-secrets.io/v1alpha1", "ClusterPushSecret"),
        ("generators.external-secrets.io/v1alpha1", "Password"),
    ] {
        check_as_it_is(
            &json!({ "apiVersion": version, "kind": kind, "metadata": { "name": "app" }, "spec": {} }),
        );
    }
}

#[test]
fn what_is_of_another_group_is_left_out_and_told() {
    for (version, kind) in
        [("v1", "Secret"), ("apps/v1", "Deployment"), ("kubernetes-client.io/v2", "ExternalSecret")]
    {
        let document = json!({ "apiVersion": version, "kind": kind, "metadata": { "name": "app" } });
        let migrated = migrated(&document);
        assert!(matches!(migrated.newer, Newer::LeftOut));
        assert_eq!(
            migrated.remarks[0].to_string(),
            format!("{kind} app: it is of none of these groups, and is left out")
        );
    }
}

#[test]
fn what_is_no_object_at_all_is_left_out() {
    for document in [json!(null), json!("text"), json!([]), json!({ "apiVersion": 1, "metadata": "text" })] {
        assert!(matches!(migrated(&document).newer, Newer::LeftOut));
    }
}

#[test]
fn an_object_that_is_on_its_way_out_is_not_written() {
    for (version, kind) in
        [("kubernetes-client.io/v1", "ExternalSecret"), ("external-secrets.io/v1beta1", "SecretStore")]
    {
        let metadata =
            json!({ "name": "app", "namespace": "demo", "deletionTimestamp": "2026-01-01T00:00:00Z" });
        let migrated =
            migrated(&json!({ "apiVersion": version, "kind": kind, "metadata": metadata, "spec": {} }));
        assert!(matches!(migrated.newer, Newer::Unwritten));
        assert_eq!(said(&migrated), ["it is not written: it is being deleted"]);
    }
}
