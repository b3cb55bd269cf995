//! Specs that are taken and specs that are not.

use eso_core::api::aws::AwsProvider;
use serde_json::{Value, json};

use super::Config;

/// A spec with these fields beside the two that must be there.
fn spec(fields: Value) -> AwsProvider {
    let mut spec = json!({"service": "SecretsManager", "region": "us-east-1"});
    let object = spec.as_object_mut().expect("it is an object");
    object.extend(fields.as_object().expect("fields are an object").clone());
    serde_json::from_value(spec).expect("a spec of the right types must parse")
}

#[track_caller]
fn refused(fields: Value, why: &str) {
    let spec = spec(fields);
    let error = Config::of(&spec).expect_err("it must be refused");
    assert_eq!(error.kind(), eso_core::error::ErrorKind::Invalid);
    assert_eq!(error.to_string(), format!("unable to create session: provider.aws.{why}"));
}

#[track_caller]
fn taken(fields: Value) {
    let spec = spec(fields);
    Config::of(&spec).expect("it must be taken");
}

#[test]
fn what_would_change_who_reads_or_what_is_refused_by_name() {
    refused(
        json!({"service": "CertificateManager"}),
        "service: CertificateManager is not served by this version",
    );
    refused(
        json!({"sessionTagsPolicy": "Simple"}),
        "sessionTagsPolicy: Simple is not served by this version",
    );
    refused(
        json!({"sessionTagsPolicy": "Custom"}),
        "sessionTagsPolicy: Custom is not served by this version",
    );
    refused(
        json!({"auth": {"jwt": {"serviceAccountRef": {"name": "reader"}}}}),
        "auth.jwt is not served by this version",
    );
    refused(json!({"auth": {"jwt": {}}}), "auth.jwt is not served by this version");
    refused(json!({"additionalRoles": ["arn"]}), "additionalRoles is not served by this version");
    refused(
        json!({"sessionTags": [{"key": "a", "value": "b"}]}),
        "sessionTags is not served by this version",
    );
    refused(json!({"customSessionTags": {"a": "b"}}), "customSessionTags is not served by this version");
    refused(json!({"transitiveTagKeys": ["a"]}), "transitiveTagKeys is not served by this version");
    refused(json!({"prefix": "/team/"}), "prefix is not served by this version");
}

#[test]
fn a_field_that_says_nothing_is_as_good_as_none() {
    taken(json!({"sessionTags": [], "transitiveTagKeys": [], "additionalRoles": null, "prefix": ""}));
    taken(json!({"sessionTagsPolicy": "None", "auth": {"jwt": null}}));
}

#[test]
fn settings_for_pushed_secrets_do_not_keep_a_store_from_reading() {
    taken(json!({"secretsManager": {"forceDeleteWithoutRecovery": true}}));
}

#[test]
fn any_name_is_a_region_but_nothing_that_could_name_another_host() {
    taken(json!({"region": "us-nowhere-17"}));
    let why = "region must be the name of a region, such as us-east-1";
    for region in ["", "us east", "evil.example/#", "a.b", "us@evil", "ü", &"a".repeat(64)] {
        refused(json!({"region": region}), why);
    }
}

#[test]
fn an_empty_role_is_no_role() {
    let spec = spec(json!({"role": "", "externalID": "x"}));
    assert_eq!(Config::of(&spec).map(|config| config.role), Ok(None));
}

#[test]
fn role_external_id_and_keys_are_found() {
    let selector = |key: &str| json!({"name": "keys", "key": key});
    let keys =
        json!({"accessKeyIDSecretRef": selector("id"), "secretAccessKeySecretRef": selector("secret")});
    let spec = spec(json!({"role": "arn:x", "externalID": "who", "auth": {"secretRef": keys}}));
    let config = Config::of(&spec).expect("it must be taken");
    let role = config.role.expect("there is a role");
    assert_eq!((role.arn, role.external_id), ("arn:x", Some("who")));
    assert_eq!(config.keys.and_then(|keys| keys.access_key_id.key.as_deref()), Some("id"));
}
