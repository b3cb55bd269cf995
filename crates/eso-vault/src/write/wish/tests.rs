//! The metadata document of a PushSecret, as the original reads it, and what becomes of custom metadata.

use eso_core::{
    api::vault::KvVersion::{V1, V2},
    error::{ErrorKind, ProviderError},
};
use serde_json::{Value, json};

use super::{Custom, Wish, is_marked};

fn document(spec: Value) -> Value {
    json!({
        "apiVersion": "kubernetes.external-secrets.io/v1alpha1",
        "kind": "PushSecretMetadata",
        "spec": spec,
    })
}

fn custom(entries: &[(&str, &str)]) -> Custom {
    entries.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[track_caller]
fn becomes(spec: Value, present: &[(&str, &str)], expected: &[(&str, &str)]) {
    let wish = Wish::new(Some(&document(spec))).expect("this document must be served");
    let expected = [expected, &[("managed-by", "external-secrets")]].concat();
    assert_eq!(wish.beside(&custom(present)), custom(&expected));
}

#[test]
fn custom_metadata_is_merged_or_replaced_and_always_marked() {
    let there = [("team", "a"), ("other", "b")];
    becomes(json!({}), &[], &[]);
    becomes(json!(null), &there, &there);
    becomes(json!({"customMetadata": null}), &there, &there);
    becomes(json!({"customMetadata": {"team": "c"}}), &there, &[("team", "c"), ("other", "b")]);
    becomes(json!({"customMetadata": {"team": "c"}, "mergePolicy": "Merge"}), &[], &[("team", "c")]);
    becomes(
        json!({"customMetadata": {"team": "c"}, "mergePolicy": ""}),
        &there,
        &[("team", "c"), ("other", "b")],
    );
    becomes(json!({"customMetadata": {"team": "c"}, "mergePolicy": "Replace"}), &there, &[("team", "c")]);
    becomes(json!({"mergePolicy": "Replace"}), &there, &[]);
    becomes(json!({"customMetadata": {"managed-by": "me"}}), &[("managed-by", "you")], &[]);
}

#[test]
fn without_a_document_the_mark_alone_is_wanted() {
    for none in [None, Some(&Value::Null)] {
        let wish = Wish::new(none).expect("no document must be served");
        assert_eq!(
            wish.beside(&custom(&[("a", "b")])),
            custom(&[("a", "b"), ("managed-by", "external-secrets")])
        );
    }
}

#[track_caller]
fn refused(document: &Value, words: &str) {
    let error = Wish::new(Some(document)).map(drop).expect_err("this document must be refused");
    let error = ProviderError::from(error);
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(error.to_string(), format!("failed to parse push secret metadata: {words}"));
}

#[test]
fn what_is_not_known_is_refused_by_its_name() {
    let version = "expected \"kubernetes.external-secrets.io/v1alpha1\"";
    refused(&json!({}), &format!("unexpected apiVersion \"\", {version}"));
    refused(&json!({"apiVersion": "v1"}), &format!("unexpected apiVersion \"v1\", {version}"));
    refused(&json!({"apiVersion": 7}), &format!("unexpected apiVersion \"7\", {version}"));
    let mut other = document(json!({}));
    other["kind"] = json!("Secret");
    refused(&other, "unexpected kind \"Secret\", expected \"PushSecretMetadata\"");
    other["more"] = json!(1);
    refused(&other, "unknown field \"more\"");
    refused(&json!("text"), "the metadata must be an object");
    refused(&document(json!([])), "spec must be an object");
    refused(&document(json!({"tags": {}})), "unknown field \"spec.tags\"");
    refused(&document(json!({"customMetadata": []})), "spec.customMetadata must be an object");
    refused(&document(json!({"customMetadata": {"a": 1}})), "spec.customMetadata.a must be a text");
    refused(
        &document(json!({"mergePolicy": "Append"})),
        "unsupported merge policy \"Append\", must be one of: Merge, Replace",
    );
}

#[test]
fn version_one_has_no_place_for_custom_metadata() {
    let wish = |spec| Wish::new(Some(&document(spec))).expect("this document must be served");
    assert!(wish(json!({"customMetadata": {"a": "b"}})).of_version(V1).is_err());
    assert!(wish(json!({"customMetadata": {"a": "b"}})).of_version(V2).is_ok());
    assert!(wish(json!({"customMetadata": {}, "mergePolicy": "Replace"})).of_version(V1).is_ok());
}

#[test]
fn a_mark_is_ours_by_its_name_and_its_value() {
    for (name, value, is_ours) in [
        ("managed-by", "external-secrets", true),
        ("managed-by", "External-Secrets", false),
        ("managed-by", "", false),
        ("Managed-By", "external-secrets", false),
    ] {
        assert_eq!(is_marked(&custom(&[(name, value)])), is_ours, "{name}: {value}");
    }
    assert!(!is_marked(&Custom::new()));
}
