//! Specs that are taken and specs that are not.

use eso_core::{
    api::{aws::AwsProvider, refusals::RESERVED_SESSION_TAGS},
    error::ErrorKind,
    key::{StoreKind, StoreReference},
};
use serde_json::{Value, json};

use super::{Config, Keeper, Source, tells_namespace};
use crate::{
    auth::{Role, SessionName},
    prefix::Prefix,
    secrets_manager::Deletion,
};

/// A spec with these fields beside the two that must be there.
fn spec(fields: Value) -> AwsProvider {
    let mut spec = json!({"service": "SecretsManager", "region": "us-east-1"});
    let object = spec.as_object_mut().expect("it is an object");
    object.extend(fields.as_object().expect("fields are an object").clone());
    serde_json::from_value(spec).expect("a spec of the right types must parse")
}

/// The ClusterSecretStore `main`, asked from the namespace `team`.
fn store() -> StoreReference {
    StoreReference {
        kind: StoreKind::ClusterSecretStore,
        namespace: "team".to_owned(),
        name: "main".to_owned(),
    }
}

#[track_caller]
fn refused(fields: Value, why: &str) {
    let spec = spec(fields);
    let error = Config::of(&spec, &store()).expect_err("it must be refused");
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(error.to_string(), format!("unable to create session: {why}"));
}

#[track_caller]
fn taken(fields: Value) {
    let spec = spec(fields);
    Config::of(&spec, &store()).expect("it must be taken");
}

#[track_caller]
fn roles(fields: Value) -> Vec<Role> {
    let spec = spec(fields);
    Config::of(&spec, &store()).expect("it must be taken").roles
}

/// The tags of the last role of a spec with these fields.
#[track_caller]
fn tags(fields: Value, expected: &[(&str, &str)]) {
    let mut fields = fields;
    fields["role"] = json!("arn:x");
    let roles = roles(fields);
    let tags: Vec<_> = roles[0].tags.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    assert_eq!(tags, expected);
}

#[test]
fn what_is_not_served_is_refused_by_name() {
    refused(
        json!({"service": "CertificateManager"}),
        "provider.aws.service: CertificateManager is not served by this version",
    );
}

#[test]
fn a_field_that_says_nothing_is_as_good_as_none() {
    let nothing = json!({
        "sessionTags": [], "transitiveTagKeys": [], "additionalRoles": [], "customSessionTags": {}, "prefix": "",
        "sessionTagsPolicy": "None", "auth": {}, "role": "", "externalID": "",
    });
    let (nothing, none) = (spec(nothing), spec(json!({})));
    assert_eq!(Config::of(&nothing, &store()), Config::of(&none, &store()));
}

#[track_caller]
fn kept(fields: Value, keeper: Keeper) {
    let spec = spec(fields);
    assert_eq!(Config::of(&spec, &store()).map(|config| config.keeper), Ok(keeper));
}

#[test]
fn the_service_keeps_the_values_and_deletes_them_as_its_settings_say() {
    kept(json!({}), Keeper::SecretsManager(Deletion::Default));
    let at_once = json!({"forceDeleteWithoutRecovery": true});
    kept(json!({"secretsManager": at_once}), Keeper::SecretsManager(Deletion::AtOnce));
    kept(json!({"service": "ParameterStore", "secretsManager": at_once}), Keeper::ParameterStore);
    for service in ["SecretsManager", "ParameterStore"] {
        refused(
            json!({"service": service, "secretsManager": {"recoveryWindowInDays": 31}}),
            "invalid DeleteSecretInput: RecoveryWindowInDays must be between 7 and 30 days",
        );
    }
}

#[test]
fn any_name_is_a_region_but_nothing_that_could_name_another_host() {
    taken(json!({"region": "us-nowhere-17"}));
    let why = "provider.aws.region must be the name of a region, such as us-east-1";
    for region in ["", "us east", "evil.example/#", "a.b", "us@evil", "ü", &"a".repeat(64)] {
        refused(json!({"region": region}), why);
    }
}

#[test]
fn roles_are_assumed_in_order_and_all_that_is_said_is_said_of_the_last() {
    let additional = |arn: &str| Role { arn: arn.to_owned(), ..Role::default() };
    let last = Role {
        arn: "arn:c".to_owned(),
        session_name: SessionName::default(),
        external_id: Some("who".to_owned()),
        tags: vec![("b".to_owned(), "2".to_owned()), ("a".to_owned(), "1".to_owned())],
        transitive_tag_keys: vec!["a".to_owned()],
    };
    let of_the_last = json!({
        "additionalRoles": ["arn:a", "arn:b"], "role": "arn:c", "externalID": "who", "transitiveTagKeys": ["a"],
        "sessionTags": [{"key": "b", "value": "2"}, {"key": "a", "value": "1"}],
    });
    let mut without = of_the_last.clone();
    without["role"] = json!("");
    assert_eq!(roles(of_the_last), [additional("arn:a"), additional("arn:b"), last]);
    assert_eq!(roles(without), [additional("arn:a"), additional("arn:b")]);
}

#[test]
fn sessions_of_objects_of_the_older_group_have_its_controllers_name() {
    let older = StoreReference { kind: StoreKind::Environment, ..store() };
    let spec = spec(json!({ "additionalRoles": ["arn:a"], "role": "arn:b" }));
    let roles = Config::of(&spec, &older).unwrap().roles;
    let name = SessionName::of(StoreKind::Environment);
    assert!(roles.iter().all(|role| role.session_name == name) && name != SessionName::default());
}

#[test]
fn a_policy_says_who_asks_in_place_of_the_tags_that_are_written() {
    let written = json!([{"key": "stage", "value": "prod"}]);
    let with = |policy: &str| json!({"sessionTags": written, "customSessionTags": {"team": "a", "": "b", "c": ""}, "sessionTagsPolicy": policy});
    let who_asks =
        [("esoNamespace", "team"), ("esoStoreName", "main"), ("esoStoreKind", "ClusterSecretStore")];
    tags(with("None"), &[("stage", "prod")]);
    tags(with("Simple"), &who_asks);
    tags(with("Custom"), &[&who_asks[..], &[("team", "a")]].concat());
}

#[test]
fn no_tag_that_is_written_says_who_asks() {
    for key in ["esoNamespace", "esoStoreName", "esoStoreKind", "ESONAMESPACE"] {
        for policy in ["None", "Simple", "Custom"] {
            refused(
                json!({"sessionTagsPolicy": policy, "customSessionTags": {key: "other"}}),
                RESERVED_SESSION_TAGS,
            );
        }
        let written = json!([{"key": "a", "value": "b"}, {"key": key, "value": "other"}]);
        refused(
            json!({"sessionTags": written}),
            "provider.aws.sessionTags cannot contain esoNamespace, esoStoreName, esoStoreKind: sessionTagsPolicy sets \
             them",
        );
        taken(json!({"sessionTags": written, "sessionTagsPolicy": "Simple"}));
    }
}

#[test]
fn a_session_is_of_a_namespace_where_its_tags_say_the_namespace() {
    let tells = |fields: Value| tells_namespace(&spec(fields));
    for policy in ["Simple", "Custom"] {
        assert!(tells(json!({"role": "arn:x", "sessionTagsPolicy": policy})));
        assert!(!tells(json!({"sessionTagsPolicy": policy})), "without a role nobody is told");
        assert!(!tells(json!({"additionalRoles": ["arn:x"], "sessionTagsPolicy": policy})));
    }
    assert!(!tells(json!({"role": "arn:x", "sessionTagsPolicy": "None"})));
    assert!(!tells(json!({"role": "arn:x"})));
}

#[test]
fn a_service_account_comes_before_keys_and_keys_before_the_operators_own() {
    let selector = |key: &str| json!({"name": "keys", "key": key});
    let keys =
        json!({"accessKeyIDSecretRef": selector("id"), "secretAccessKeySecretRef": selector("secret")});
    let account = json!({"serviceAccountRef": {"name": "reader", "namespace": "ops", "audiences": ["mine"]}});
    for (auth, expected) in [
        (json!({}), "none"),
        (json!({"secretRef": keys}), "id"),
        (json!({"jwt": account}), "reader"),
        (json!({"secretRef": keys, "jwt": account}), "reader"),
    ] {
        let spec = spec(json!({"auth": auth}));
        let found = match Config::of(&spec, &store()).expect("it must be taken").source {
            Source::DefaultChain => "none",
            Source::Keys(keys) => keys.access_key_id.key.as_deref().unwrap_or_default(),
            Source::ServiceAccount(account) => &account.name,
        };
        assert_eq!(found, expected, "{auth}");
    }
    refused(json!({"auth": {"jwt": {}}}), "provider.aws.auth.jwt must have a serviceAccountRef");
    refused(
        json!({"auth": {"secretRef": keys, "jwt": {}}}),
        "provider.aws.auth.jwt must have a serviceAccountRef",
    );
}

#[test]
fn a_prefix_is_taken_as_it_is() {
    let spec = spec(json!({"prefix": "/team/ "}));
    assert_eq!(Config::of(&spec, &store()).map(|config| config.prefix), Ok(Prefix::new("/team/ ")));
}
