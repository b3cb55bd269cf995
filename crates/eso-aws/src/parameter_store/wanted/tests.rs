//! Documents, looks, and what a put must do about them.

use eso_core::error::ErrorKind;
use serde_json::json;

use super::*;
use crate::tags::with_owner;

fn document(spec: Value) -> Option<Value> {
    let api_version = "kubernetes.external-secrets.io/v1alpha1";
    Some(json!({"apiVersion": api_version, "kind": "PushSecretMetadata", "spec": spec}))
}

fn wanted(spec: Value) -> Wanted {
    Wanted::of(document(spec).as_ref()).expect("it must be taken")
}

#[test]
fn without_a_document_it_is_as_the_original_has_it() {
    assert_eq!(
        Wanted::of(None).unwrap(),
        Wanted {
            kind: None,
            kms_key: "alias/aws/ssm".to_owned(),
            tier: Tier::Standard,
            policies: None,
            tags: None,
            description: "secret 'managed-by:external-secrets'".to_owned(),
            whole: WholeSecret::Base64,
        }
    );
}

#[test]
fn all_that_the_original_knows_is_taken() {
    let policies = json!([{"Type": "Expiration", "Version": "1.0"}]);
    let spec = json!({
        "secretType": "SecureString", "kmsKeyID": "key", "description": "mine", "tags": {"team": "blue"},
        "encodeAsDecoded": true, "tier": {"type": "Advanced", "policies": policies},
    });
    let team = Tags::from([("team".to_owned(), "blue".to_owned())]);
    assert_eq!(
        wanted(spec),
        Wanted {
            kind: Some(Kind::Secure),
            kms_key: "key".to_owned(),
            tier: Tier::Advanced,
            policies: Some(policies.to_string()),
            tags: Some(with_owner(team)),
            description: "mine".to_owned(),
            whole: WholeSecret::Texts,
        }
    );
    assert_eq!(wanted(json!({"tier": {"type": "Intelligent-Tiering"}})).tier, Tier::Intelligent);
    assert_eq!(wanted(json!({"ENCODEASDECODED": false})).whole, WholeSecret::Base64);
    assert_eq!(wanted(json!({"tier": {}, "secretType": "StringList"})).kind, Some(Kind::List));
}

#[track_caller]
fn refused(spec: Value, why: &str) {
    let error = Wanted::of(document(spec).as_ref()).expect_err("it must be refused");
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(error.to_string(), format!("failed to parse metadata: {why}"));
}

#[test]
fn what_cannot_be_served_is_refused_by_name() {
    refused(json!({"secretType": "Binary"}), "spec.secretType must be String or StringList or SecureString");
    refused(
        json!({"tier": {"type": "Gold"}}),
        "spec.tier.type must be Standard or Advanced or Intelligent-Tiering",
    );
    refused(
        json!({"tier": {"policies": []}}),
        "spec.tier.policies needs the tier Advanced: set spec.tier.type",
    );
    refused(json!({"tier": {"more": 1}}), r#"unknown field "spec.tier.more""#);
    refused(json!({"secretPushFormat": "string"}), r#"unknown field "spec.secretPushFormat""#);
    refused(json!({"parameterStoreType": "String"}), r#"unknown field "spec.parameterStoreType""#);
    refused(json!({"encodeAsDecoded": "yes"}), "spec.encodeAsDecoded must be true or false");
}

/// A parameter of ours.
fn look(value: &str, version: i64, kind: Kind) -> Look {
    Look { value: SecretBytes::from(value), version, kind: Some(kind), tags: with_owner(Tags::new()) }
}

#[test]
fn a_parameter_is_dressed_when_tags_and_a_type_that_is_asked_for_are_there() {
    let there = look("x", 1, Kind::Text);
    assert!(there.is_dressed_as(&Wanted::of(None).unwrap()));
    assert!(look("x", 1, Kind::Secure).is_dressed_as(&Wanted::of(None).unwrap()));
    assert!(there.is_dressed_as(&wanted(json!({"secretType": "String", "description": "other"}))));
    assert!(!there.is_dressed_as(&wanted(json!({"secretType": "SecureString"}))));
    assert!(!there.is_dressed_as(&wanted(json!({"tags": {"team": "blue"}}))));
}

fn ours(version: Option<&str>) -> Expected {
    Expected::Ours(version.map(Version::from))
}

/// What a put of `value` over `there` writes, or why nothing.
#[track_caller]
fn check(
    there: &Look,
    (expected, value): (Expected, Option<&str>),
    spec: Value,
    outcome: Result<Option<(&str, Kind)>, &str>,
) {
    let value = value.map(SecretBytes::from);
    let plan = there.plan(&expected, value.as_ref(), &wanted(spec)).map(|plan| plan.written);
    let written = |(value, kind)| (SecretBytes::from(value), kind);
    assert_eq!(plan, outcome.map(|outcome| outcome.map(written)));
}

#[test]
fn a_put_writes_what_is_not_so_yet() {
    let there = look("old", 3, Kind::Text);
    let changed = Ok(Some(("new", Kind::Text)));
    check(&there, (ours(Some("3")), Some("new")), json!({}), changed);
    check(&there, (ours(None), Some("new")), json!({}), changed);
    check(&there, (ours(Some("3")), Some("old")), json!({}), Ok(None));
    check(&there, (ours(Some("3")), None), json!({}), Ok(None));
}

#[test]
fn a_type_that_is_asked_for_is_written_and_one_that_is_not_is_kept() {
    let there = look("old", 3, Kind::Text);
    let secure = || json!({"secretType": "SecureString"});
    check(&there, (ours(Some("3")), None), secure(), Ok(Some(("old", Kind::Secure))));
    check(&there, (ours(Some("3")), Some("new")), secure(), Ok(Some(("new", Kind::Secure))));
    let secret = look("old", 3, Kind::Secure);
    check(&secret, (ours(Some("3")), Some("new")), json!({}), Ok(Some(("new", Kind::Secure))));
}

#[test]
fn over_another_version_nothing_is_written_but_what_is_there_already() {
    let there = look("old", 3, Kind::Text);
    check(&there, (ours(Some("2")), Some("new")), json!({}), Err(CHANGED));
    check(&there, (ours(Some("2")), None), json!({}), Err(CHANGED));
    check(&there, (Expected::Nothing, Some("new")), json!({}), Err(CHANGED));
    check(&there, (ours(Some("2")), Some("old")), json!({}), Ok(None));
    check(&there, (Expected::Nothing, Some("old")), json!({}), Ok(None));
    let foreign = Look { tags: Tags::new(), ..look("old", 3, Kind::Text) };
    for expected in [Expected::Nothing, ours(None), ours(Some("3"))] {
        check(&foreign, (expected, Some("old")), json!({}), Err(NOT_OURS));
    }
}

#[test]
fn only_what_was_looked_at_is_deleted() {
    let (there, third, second) = (look("x", 3, Kind::Text), Version::from("3"), Version::from("2"));
    assert_eq!((there.obstacle(None), there.obstacle(Some(&third))), (None, None));
    assert_eq!(there.obstacle(Some(&second)), Some(CHANGED));
    assert_eq!(Look { tags: Tags::new(), ..there }.obstacle(Some(&third)), Some(NOT_OURS));
}
