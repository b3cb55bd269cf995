//! Whose credentials a selector may lead to.

use std::{sync::Arc, time::Duration};

use eso_core::{
    api::selectors::ServiceAccountSelector,
    credentials::{CredentialError, CredentialSource as _},
};
use kube::{Client, client::Body, core::Status};
use serde_json::json;

use super::{
    AUTHORITY_WITHOUT_NAMESPACE, AccountWatch, CredentialKind, CredentialObject, FOREIGN_NAMESPACE, Failure,
    KubernetesCredentials, Scope, token_request,
};

fn own() -> Scope {
    Scope::Own("demo".to_owned())
}

fn any(asking: Option<&str>) -> Scope {
    Scope::Any { asking: asking.map(str::to_owned) }
}

fn object() -> CredentialObject {
    CredentialObject {
        kind: CredentialKind::Secret,
        namespace: "demo".to_owned(),
        name: "no-such".to_owned(),
    }
}

#[track_caller]
fn check_selector(scope: &Scope, named: Option<&str>, expected: Result<&str, &str>) {
    let found = scope.of_selector(named);
    assert_eq!(found, expected.map_err(|text| CredentialError::Forbidden(text.to_owned())));
}

#[track_caller]
fn check_authority(scope: &Scope, named: Option<&str>, expected: Result<&str, &str>) {
    let found = scope.of_authority(named);
    assert_eq!(found, expected.map_err(|text| CredentialError::Forbidden(text.to_owned())));
}

#[track_caller]
fn check_failure(code: u16, reason: &str, expected: CredentialError) {
    let status =
        Status { code, reason: reason.to_owned(), message: "canary".to_owned(), ..Status::default() };
    assert_eq!(object().unreadable(Failure::Refused(Box::new(status))), expected);
}

#[test]
fn a_secret_store_reads_in_its_own_namespace_only() {
    check_selector(&own(), None, Ok("demo"));
    check_selector(&own(), Some(""), Ok("demo"));
    check_selector(&own(), Some("demo"), Ok("demo"));
    check_selector(&own(), Some("victim"), Err(FOREIGN_NAMESPACE));
    check_selector(&own(), Some("Demo"), Err(FOREIGN_NAMESPACE));
    check_selector(&own(), Some("demo/../victim"), Err(FOREIGN_NAMESPACE));
    check_authority(&own(), None, Ok("demo"));
    check_authority(&own(), Some("demo"), Ok("demo"));
    check_authority(&own(), Some("victim"), Err(FOREIGN_NAMESPACE));
}

#[test]
fn a_cluster_store_reads_where_its_selector_says_or_where_it_is_asked_from() {
    check_selector(&any(Some("tenant")), Some("ops"), Ok("ops"));
    check_selector(&any(Some("tenant")), None, Ok("tenant"));
    check_selector(&any(Some("tenant")), Some(""), Ok("tenant"));
    check_selector(&any(None), Some("ops"), Ok("ops"));
    check_selector(&any(None), None, Err("a selector without a namespace needs an object that asks"));
}

#[test]
fn whom_a_cluster_store_trusts_is_not_for_the_asking_namespace_to_say() {
    check_authority(&any(Some("tenant")), Some("ops"), Ok("ops"));
    check_authority(&any(Some("tenant")), None, Err(AUTHORITY_WITHOUT_NAMESPACE));
    check_authority(&any(Some("tenant")), Some(""), Err(AUTHORITY_WITHOUT_NAMESPACE));
}

#[test]
fn objects_beside_the_store_or_who_asks_are_watched_and_only_an_absence_waits_for_them() {
    assert!(own().is_home("demo") && !own().is_home("elsewhere"));
    assert!(any(Some("tenant")).is_home("tenant") && !any(Some("tenant")).is_home("ops"));
    assert!(!any(None).is_home(""));
    let refused = |code| Failure::Refused(Box::new(Status { code, ..Status::default() }));
    assert!(refused(404).is_absence());
    assert!(!refused(403).is_absence() && !refused(500).is_absence() && !Failure::Silent.is_absence());
}

#[test]
fn failures_begin_with_the_words_of_the_original_and_repeat_nothing_of_the_servers() {
    let about = "cannot get Kubernetes secret \"no-such\" from namespace \"demo\": ";
    let missing = |text: &str| CredentialError::Missing(format!("{about}{text}"));
    check_failure(404, "NotFound", missing("secrets \"no-such\" not found"));
    check_failure(403, "Forbidden", missing("the API server refuses it (Forbidden)"));
    let unavailable = CredentialError::Unavailable(format!("{about}the API server does not answer"));
    check_failure(500, "InternalError", unavailable.clone());
    check_failure(429, "TooManyRequests", unavailable.clone());
    assert_eq!(object().unreadable(Failure::Silent), unavailable);
}

/// What comes of a failure where this was asked of a cluster that answers with this status, and where service accounts
/// are watched or not: whether what was read may change unseen, and whether what is missing is told of when it comes.
async fn check_unwatched(
    ask: impl AsyncFn(&KubernetesCredentials, &ServiceAccountSelector) -> bool,
    (scope, are_watched, status): (Scope, bool, u16),
    expected: (bool, bool),
) {
    let accounts = Arc::new(AccountWatch::default());
    if are_watched {
        accounts.told();
    }
    let credentials = KubernetesCredentials::new(refusing(status), scope, accounts);
    let account = ServiceAccountSelector {
        name: "who".to_owned(),
        namespace: Some("demo".to_owned()),
        audiences: Vec::new(),
    };
    assert!(ask(&credentials, &account).await, "it is refused");
    let reads = credentials.reads();
    assert_eq!((reads.are_partly_unwatched(), reads.will_be_told()), expected, "{are_watched} {status}");
}

fn refusing(code: u16) -> Client {
    let status = json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code });
    let answer = move |_: http::Request<Body>| {
        let body = Body::from(status.to_string().into_bytes());
        let answer = http::Response::builder().status(code).body(body);
        async move { Ok::<_, kube::Error>(answer.unwrap()) }
    };
    Client::new(tower::service_fn(answer), "default")
}

#[tokio::test]
async fn what_fails_over_a_service_account_is_told_where_it_is_absent_and_watched() {
    let annotations = async |credentials: &KubernetesCredentials, account: &ServiceAccountSelector| {
        credentials.service_account_annotations(account, &["role"]).await.is_err()
    };
    check_unwatched(annotations, (own(), true, 404), (false, true)).await;
    check_unwatched(annotations, (own(), true, 403), (false, false)).await;
    check_unwatched(annotations, (own(), false, 404), (true, false)).await;
    check_unwatched(annotations, (any(Some("tenant")), true, 404), (true, false)).await;
    let token = async |credentials: &KubernetesCredentials, account: &ServiceAccountSelector| {
        credentials.service_account_token(account, &[], Duration::from_secs(600)).await.is_err()
    };
    check_unwatched(token, (own(), true, 404), (false, true)).await;
    check_unwatched(token, (own(), true, 403), (false, false)).await;
    check_unwatched(token, (own(), false, 404), (false, false)).await;
    check_unwatched(token, (any(Some("tenant")), true, 404), (false, false)).await;
}

#[test]
fn a_token_is_asked_for_its_audiences_and_never_for_less_than_the_server_grants() {
    let request = token_request(vec!["vault".to_owned(), "mine".to_owned()], Duration::from_secs(60));
    assert_eq!(request.spec.audiences, ["vault", "mine"]);
    assert_eq!(request.spec.expiration_seconds, Some(600));
    let longer = token_request(Vec::new(), Duration::from_secs(3600));
    assert_eq!(longer.spec.expiration_seconds, Some(3600));
}
