//! Roles that a store assumes, one after the other, and what is said of who asks.

use std::{collections::BTreeMap, time::Duration};

use eso_core::{
    error::ErrorKind,
    key::{StoreKind, StoreReference},
    provider::{Connection, Fetch, SecretProvider},
};
use eso_rig::{Assumed, Fault, Moto};
use eso_testkit::connection::{CallRecorder, connection};
use futures::future::join_all;
use serde_json::{Value as Json, json};

use crate::fixture::{
    Fixture, KEY_ID, ROLE, apps, aws, connect, credentials, kind, once_it_reads, spec, text,
};

const FIRST: &str = "arn:aws:iam::111122223333:role/first";
const SECOND: &str = "arn:aws:iam::111122223333:role/second";

fn pairs(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test]
async fn roles_are_assumed_in_their_order_each_by_the_one_before_and_all_is_said_of_the_last() {
    let fixture = Fixture::new();
    fixture.put("app", "value");
    let store = fixture
        .connect(json!({
            "additionalRoles": [FIRST, SECOND], "role": ROLE, "externalID": "who",
            "sessionTags": [{"key": "stage", "value": "prod"}, {"key": "team", "value": "a b"}],
            "transitiveTagKeys": ["team"],
        }))
        .await;
    assert_eq!(text(store.fetch(&Fetch::new("app")).await), "value");
    let assumed = fixture.server.assumed();
    let [first, second, last] = &assumed[..] else { panic!("three roles must be assumed: {assumed:?}") };
    let session = "external-secrets-provider-aws";
    let plain = |role: &str, signer: &str, given: &str| Assumed {
        role: role.to_owned(),
        session: session.to_owned(),
        external_id: None,
        tags: BTreeMap::new(),
        transitive_tag_keys: Vec::new(),
        token: None,
        signer: signer.to_owned(),
        given: given.to_owned(),
    };
    assert_eq!(*first, plain(FIRST, KEY_ID, &first.given));
    assert_eq!(*second, plain(SECOND, &first.given, &second.given));
    assert_eq!(
        *last,
        Assumed {
            external_id: Some("who".to_owned()),
            tags: pairs(&[("stage", "prod"), ("team", "a b")]),
            transitive_tag_keys: vec!["team".to_owned()],
            ..plain(ROLE, &second.given, &last.given)
        }
    );
    assert_eq!(fixture.signers("GetSecretValue"), [last.given.as_str()]);
    assert_eq!(fixture.count("AssumeRole"), 3);
}

#[tokio::test]
async fn additional_roles_may_be_all_there_are() {
    let fixture = Fixture::new();
    fixture.put("app", "value");
    let store = fixture.connect(json!({"additionalRoles": [FIRST], "externalID": "who"})).await;
    assert_eq!(text(store.fetch(&Fetch::new("app")).await), "value");
    let [assumed] = &fixture.server.assumed()[..] else { panic!("one role must be assumed") };
    assert_eq!((assumed.role.as_str(), assumed.external_id.as_ref()), (FIRST, None));
    assert_eq!(fixture.signers("GetSecretValue"), [assumed.given.as_str()]);
}

/// The tags of the session of a store with these fields, which is connected for this one.
async fn tags(store: StoreReference, mut fields: Json) -> BTreeMap<String, String> {
    let fixture = Fixture::new();
    fields["role"] = json!(ROLE);
    let connection = Connection { store, ..connection(&fixture.credentials, &fixture.calls) };
    let store = fixture.aws.connect(&spec(fields), connection).await.expect("the store must connect");
    store.check().await.expect("the role can be assumed");
    fixture.server.assumed().remove(0).tags
}

#[tokio::test]
async fn a_session_is_tagged_with_who_asks_where_the_policy_says_so() {
    let store = |kind, namespace: &str| StoreReference {
        kind,
        namespace: namespace.to_owned(),
        name: "main".to_owned(),
    };
    let written = json!({
        "sessionTags": [{"key": "stage", "value": "prod"}], "customSessionTags": {"team": "a"},
    });
    let with = |policy: &str| {
        let mut fields = written.clone();
        fields["sessionTagsPolicy"] = json!(policy);
        fields
    };
    let who_asks =
        |namespace, kind| [("esoNamespace", namespace), ("esoStoreName", "main"), ("esoStoreKind", kind)];
    let own = || store(StoreKind::SecretStore, "team-a");
    assert_eq!(tags(own(), with("None")).await, pairs(&[("stage", "prod")]));
    assert_eq!(tags(own(), with("Simple")).await, pairs(&who_asks("team-a", "SecretStore")));
    let custom = [&who_asks("team-a", "SecretStore")[..], &[("team", "a")]].concat();
    assert_eq!(tags(own(), with("Custom")).await, pairs(&custom));
    for namespace in ["team-a", "team-b"] {
        let tags = tags(store(StoreKind::ClusterSecretStore, namespace), with("Simple")).await;
        assert_eq!(tags, pairs(&who_asks(namespace, "ClusterSecretStore")));
    }
}

#[tokio::test]
async fn a_thousand_objects_under_one_role_cost_one_login() {
    let fixture = Fixture::new();
    fixture.put_apps(1000);
    let store = fixture.connect(json!({"additionalRoles": [FIRST], "role": ROLE})).await;
    let requests = apps(1000);
    store.check().await.expect("the roles can be assumed");
    let singly = join_all(requests.iter().map(|request| store.fetch(request))).await;
    assert!(singly.iter().all(Result::is_ok));
    for batch in requests.chunks(20) {
        assert!(store.fetch_all(batch).await.iter().all(Result::is_ok));
    }
    assert_eq!(fixture.server.count_key("AssumeRole", FIRST), 1);
    assert_eq!(fixture.server.count_key("AssumeRole", ROLE), 1);
    assert_eq!((fixture.count("AssumeRole"), fixture.count("GetSecretValue")), (2, 1000));
}

#[tokio::test]
async fn sessions_that_end_are_renewed_and_reads_go_on() {
    let fixture = Fixture::new();
    fixture.put("app", "value");
    fixture.server.set_session_life(Duration::from_millis(1500));
    let store = fixture.role_store().await;
    // When in its life one is renewed is shown in src/auth/tests.rs, where the clock stands still.
    while fixture.count("AssumeRole") < 4 {
        assert_eq!(text(store.fetch(&Fetch::new("app")).await), "value");
    }
    let mut signers = fixture.signers("GetSecretValue");
    signers.dedup();
    let given: Vec<_> = fixture.server.assumed().into_iter().map(|assumed| assumed.given).collect();
    assert_eq!(signers, given[..signers.len()], "each signs from when it is given to the next one");
}

#[tokio::test]
async fn a_role_that_is_refused_is_not_asked_for_by_each_object() {
    let fixture = Fixture::new();
    fixture.put_apps(1);
    fixture.refuse("AssumeRole", 403, "AccessDenied");
    let store = fixture.role_store().await;
    for request in apps(1000) {
        assert_eq!(kind(store.fetch(&request).await), ErrorKind::Denied);
    }
    // How often in which time is shown in src/auth/tests.rs, where the clock stands still.
    let asked = fixture.count("AssumeRole");
    assert!(asked < 1000, "{asked} times");
    fixture.server.clear_faults();
    assert_eq!(once_it_reads(&*store, "app-0").await, "value 0");
}

/// A service that takes no credentials of this session, however new: a region that is not enabled.
#[tokio::test]
async fn credentials_that_are_refused_however_new_cost_two_logins_a_while_and_not_one_for_each_object() {
    let fixture = Fixture::new();
    fixture.refuse("GetSecretValue", 400, "UnrecognizedClientException");
    let store = fixture.role_store().await;
    for request in apps(500) {
        assert_eq!(kind(store.fetch(&request).await), ErrorKind::Unauthenticated);
    }
    // As above.
    let asked = fixture.count("AssumeRole");
    assert!(asked < 500, "{asked} times");
}

#[tokio::test]
async fn a_role_in_the_middle_that_is_refused_is_a_denial_and_the_next_one_is_not_asked_for() {
    let fixture = Fixture::new();
    let denied = Fault::error(403, "AccessDenied", "canary-body-77aa").key(SECOND);
    fixture.server.fault(denied.operation("AssumeRole"));
    let store = fixture.connect(json!({"additionalRoles": [FIRST, SECOND], "role": ROLE})).await;
    assert_eq!(kind(store.check().await), ErrorKind::Denied);
    assert_eq!(fixture.server.count_key("AssumeRole", ROLE), 0);
}

#[tokio::test]
async fn a_session_in_the_middle_that_expired_is_made_anew_with_all_that_follow() {
    let fixture = Fixture::new();
    fixture.put("app", "value");
    let store = fixture.connect(json!({"additionalRoles": [FIRST], "role": ROLE})).await;
    assert_eq!(text(store.fetch(&Fetch::new("app")).await), "value");
    for session in [1, 2] {
        let expired = Fault::error(400, "ExpiredTokenException", "canary-body-77aa");
        fixture.server.fault(expired.access_key_id(&format!("ASIARIG{session:013}")));
    }
    assert_eq!(text(store.fetch(&Fetch::new("app")).await), "value");
    let (roles, signers): (Vec<_>, Vec<_>) =
        fixture.server.assumed().into_iter().map(|assumed| (assumed.role, assumed.signer)).unzip();
    assert_eq!(roles, [FIRST, ROLE, FIRST, ROLE]);
    assert_eq!(signers[2..], [KEY_ID.to_owned(), "ASIARIG0000000000003".to_owned()]);
}

#[tokio::test]
async fn tags_that_sts_does_not_take_are_an_invalid_request_that_names_them() {
    let fixture = Fixture::new();
    let store = fixture.connect(json!({"role": ROLE, "transitiveTagKeys": ["nowhere"]})).await;
    let error = store.check().await.expect_err("the key is of no tag");
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("the session tags"), "{error}");
}

#[tokio::test]
async fn on_the_standard_double_roles_are_assumed_one_after_the_other_with_tags() {
    let server = Moto::start().await.expect("moto must start");
    server.secrets().create("app", "value").await.expect("moto must take a value");
    let calls = CallRecorder::new();
    let fields = json!({
        "additionalRoles": ["arn:aws:iam::123456789012:role/first"],
        "role": "arn:aws:iam::123456789012:role/reader",
        "sessionTagsPolicy": "Custom", "customSessionTags": {"team": "a"}, "transitiveTagKeys": ["team"],
    });
    let store = connect(&aws(server.url()), &credentials(), &calls, fields).await;
    assert_eq!(text(store.fetch(&Fetch::new("app")).await), "value");
    assert_eq!(calls.count("AssumeRole"), 2);
}

#[tokio::test]
async fn the_account_of_the_last_role_is_charged() {
    let fixture = Fixture::new();
    let backend = |store: std::sync::Arc<dyn SecretProvider>| store.backend().expect("AWS has quotas").id;
    let other = "arn:aws:iam::999988887777:role/other";
    let store = fixture.connect(json!({"additionalRoles": [ROLE], "role": other})).await;
    assert_eq!(backend(store), "aws/secretsmanager/us-east-1/999988887777");
    let store = fixture.connect(json!({"additionalRoles": [other, ROLE]})).await;
    assert_eq!(backend(store), "aws/secretsmanager/us-east-1/111122223333");
}
