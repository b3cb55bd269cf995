//! Documents, looks, and which version a put may write.

use aws_sdk_secretsmanager::{
    primitives::DateTime,
    types::{ReplicationStatusType, Tag},
};
use eso_core::error::ErrorKind;
use serde_json::json;

use super::*;
use crate::tags::with_owner;

fn document(spec: Value) -> Option<Value> {
    let api_version = "kubernetes.external-secrets.io/v1alpha1";
    Some(json!({"apiVersion": api_version, "kind": "PushSecretMetadata", "spec": spec}))
}

fn wanted(spec: Value) -> Wanted {
    Wanted::of(document(spec).as_ref(), &DocumentTexts::new()).expect("it must be taken")
}

#[test]
fn without_a_document_it_is_as_the_original_has_it() {
    assert_eq!(
        Wanted::of(None, &DocumentTexts::new()).unwrap(),
        Wanted {
            format: Format::Binary,
            tags: None,
            description: "secret 'managed-by:external-secrets'".to_owned(),
            kms_key: "alias/aws/secretsmanager".to_owned(),
            replicas: None,
            policy: None,
        }
    );
}

#[test]
fn all_that_the_original_knows_is_taken() {
    let spec = json!({
        "secretPushFormat": "string", "kmsKeyID": "key", "description": "mine", "tags": {"team": "blue"},
        "replicationLocations": ["eu-west-1", "eu-west-2"],
    });
    let team = Tags::from([("team".to_owned(), "blue".to_owned())]);
    assert_eq!(
        wanted(spec),
        Wanted {
            format: Format::Text,
            tags: Some(with_owner(team)),
            description: "mine".to_owned(),
            kms_key: "key".to_owned(),
            replicas: Some(BTreeSet::from(["eu-west-1".to_owned(), "eu-west-2".to_owned()])),
            policy: None,
        }
    );
}

#[track_caller]
fn refused(spec: Value, why: &str) {
    let error = Wanted::of(document(spec).as_ref(), &DocumentTexts::new()).expect_err("it must be refused");
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(error.to_string(), format!("failed to parse metadata: {why}"));
}

#[test]
fn what_cannot_be_served_is_refused_by_name() {
    refused(json!({"secretPushFormat": "yaml"}), "spec.secretPushFormat must be binary or string");
    refused(json!({"secretType": "String"}), r#"unknown field "spec.secretType""#);
}

/// A secret of ours whose current version is this.
fn look(current: Option<&str>) -> Look {
    Look {
        arn: "arn".to_owned(),
        tags: with_owner(Tags::new()),
        current: current.map(str::to_owned),
        replicas: BTreeSet::new(),
        kms_key: None,
        is_deleted: false,
    }
}

#[test]
fn a_look_shows_what_aws_says() {
    let tag = Tag::builder().key("managed-by").value("external-secrets").build();
    let replica = ReplicationStatusType::builder().region("eu-west-1").build();
    let stages = [("old", "AWSPREVIOUS"), ("new", "AWSCURRENT")];
    let versions = stages.map(|(id, stage)| (id.to_owned(), vec![stage.to_owned()]));
    let described = DescribeSecretOutput::builder()
        .arn("arn")
        .tags(tag)
        .replication_status(replica)
        .kms_key_id("key")
        .set_version_ids_to_stages(Some(versions.into()))
        .deleted_date(DateTime::from_secs(0))
        .build();
    let expected = Look {
        replicas: BTreeSet::from(["eu-west-1".to_owned()]),
        kms_key: Some("key".to_owned()),
        is_deleted: true,
        ..look(Some("new"))
    };
    assert_eq!(Look::of(&described), expected);
    assert_eq!(Look::of(&DescribeSecretOutput::builder().arn("arn").build()).current, None);
}

#[test]
fn a_secret_is_dressed_when_tags_and_regions_are_those_that_are_wanted() {
    let there = look(None);
    assert!(there.is_dressed_as(&Wanted::of(None, &DocumentTexts::new()).unwrap()));
    assert!(there.is_dressed_as(&wanted(json!({"description": "other", "kmsKeyID": "other"}))));
    assert!(there.is_dressed_as(&wanted(json!({"replicationLocations": []}))));
    assert!(!there.is_dressed_as(&wanted(json!({"replicationLocations": ["eu-west-1"]}))));
    assert!(!there.is_dressed_as(&wanted(json!({"tags": {"team": "blue"}}))));
    let mut tagged = look(None);
    tagged.tags.insert("team".to_owned(), "blue".to_owned());
    assert!(tagged.is_dressed_as(&wanted(json!({"tags": {"team": "blue"}}))));
    assert!(!tagged.is_dressed_as(&wanted(json!({"tags": {"other": "x"}}))));
}

fn ours(version: Option<&str>) -> Expected {
    Expected::Ours(version.map(Version::from))
}

/// The version that a put writes, or a word of why it does not.
#[track_caller]
fn check(look: &Look, expected: &Expected, outcome: Result<&str, &str>) {
    match (look.next_version(expected), outcome) {
        (Ok(version), Ok(wanted)) => assert_eq!(version, wanted),
        (Err(why), Err(word)) => assert!(why.contains(word), "{why}"),
        (found, wanted) => panic!("{found:?}, wanted {wanted:?}"),
    }
}

#[test]
fn a_put_writes_the_version_after_the_one_that_was_looked_at() {
    let (after, after_that) = (version_after(Some("a")), version_after(Some(&version_after(Some("a")))));
    check(&look(None), &ours(None), Ok(FIRST_VERSION));
    check(&look(Some("a")), &ours(Some("a")), Ok(&after));
    check(&look(Some(&after)), &ours(Some(&after)), Ok(&after_that));
    assert!([&after, &after_that].iter().all(|version| version.len() == 36));
    assert_ne!(after, after_that);
}

#[test]
fn the_same_put_again_writes_the_same_version() {
    let after = version_after(Some("a"));
    check(&look(Some(&after)), &ours(Some("a")), Ok(&after));
    for expected in [Expected::Nothing, ours(None)] {
        check(&look(Some(FIRST_VERSION)), &expected, Ok(FIRST_VERSION));
    }
}

#[test]
fn over_anything_else_nothing_is_written() {
    check(&look(Some("b")), &ours(Some("a")), Err("in between"));
    check(&look(None), &ours(Some("a")), Err("in between"));
    check(&look(Some("a")), &ours(None), Err("in between"));
    check(&look(Some("b")), &Expected::Nothing, Err("made in between"));
    check(&look(None), &Expected::Nothing, Err("made in between"));
    check(&Look { is_deleted: true, ..look(Some(FIRST_VERSION)) }, &Expected::Nothing, Err("in between"));
    let foreign = Look { tags: Tags::new(), ..look(Some("a")) };
    for expected in [Expected::Nothing, ours(None), ours(Some("a"))] {
        check(&foreign, &expected, Err("secret not managed by external-secrets"));
    }
}

#[test]
fn an_id_is_taken_only_where_nobody_wrote_since() {
    let before = look(Some("a"));
    assert!(look(Some("a")).is_next_taken(&before, "b"));
    assert!(!look(Some("b")).is_next_taken(&before, "b"));
    assert!(!look(Some("c")).is_next_taken(&before, "b"));
    assert!(!look(Some("a")).is_next_taken(&before, "a"));
    assert!(!Look { is_deleted: true, ..look(Some("a")) }.is_next_taken(&before, "b"));
    assert!(!Look { tags: Tags::new(), ..look(Some("a")) }.is_next_taken(&before, "b"));
}

#[test]
fn only_what_was_looked_at_is_deleted() {
    let seen = Version::from("a");
    assert_eq!(look(Some("a")).obstacle(Some(&seen)), None);
    assert_eq!(look(Some("b")).obstacle(None), None);
    assert_eq!(look(Some("b")).obstacle(Some(&seen)), Some(CHANGED));
    assert_eq!(Look { tags: Tags::new(), ..look(Some("a")) }.obstacle(None), Some(NOT_OURS));
}
