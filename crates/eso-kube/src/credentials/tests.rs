//! Whose credentials a selector may lead to.

use std::time::Duration;

use eso_core::{
    api::selectors::{CaProviderKind, ServiceAccountSelector},
    credentials::{CredentialError, CredentialSource as _},
};
use kube::{Client, Config, core::Status};

use super::{
    AUTHORITY_WITHOUT_NAMESPACE, CredentialObject, FOREIGN_NAMESPACE, Failure, KubernetesCredentials, Reads,
    Scope, token_request,
};

fn own() -> Scope {
    Scope::Own("demo".to_owned())
}

fn any(asking: Option<&str>) -> Scope {
    Scope::Any { asking: asking.map(str::to_owned) }
}

fn object() -> CredentialObject {
    CredentialObject {
        kind: CaProviderKind::Secret,
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
fn check_news(read: Option<Option<&str>>, now: Option<&str>, expected: bool) {
    let reads = Reads::default();
    if let Some(version) = read {
        reads.record(object(), version.map(str::to_owned));
    }
    assert_eq!(reads.is_news(&object(), now), expected, "read as {read:?}, now {now:?}");
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
fn only_another_version_of_what_was_read_is_news() {
    check_news(None, Some("5"), false);
    check_news(None, None, false);
    check_news(Some(Some("5")), Some("5"), false);
    check_news(Some(Some("5")), Some("6"), true);
    check_news(Some(Some("9")), Some("10"), true);
    check_news(Some(Some("10")), Some("9"), false);
    check_news(Some(Some("5")), None, true);
    check_news(Some(None), Some("5"), true);
    check_news(Some(None), None, false);
    check_news(Some(Some("a")), Some("b"), true);
}

/// Whether the coming of an object will be told that was missed, and told of in that version before.
#[track_caller]
fn check_told(is_watched: bool, told: Option<&str>, expected: bool) {
    let reads = Reads::default();
    if let Some(version) = told {
        assert!(!reads.is_news(&object(), Some(version)), "it was not read yet");
    }
    reads.missed(object(), is_watched);
    let _ = reads.watched::<()>(Err(CredentialError::Missing(String::new())));
    assert_eq!(reads.will_be_told(), expected, "{is_watched} {told:?}");
}

#[test]
fn the_coming_of_an_object_is_told_unless_it_was_told_too_early_or_nobody_watches_it() {
    check_told(true, None, true);
    check_told(false, None, false);
    check_told(true, Some("5"), false);
    assert!(!Reads::default().will_be_told(), "nothing is missing");
}

/// Whether an edit is noticed that made version 6 while an object was read: in these versions, and told after so many
/// of the reads.
#[track_caller]
fn check_edit_under_way(read: &[&str], told_after: usize) {
    let reads = Reads::default();
    let mut is_noticed = false;
    for place in 0..=read.len() {
        if place == told_after {
            is_noticed = reads.is_news(&object(), Some("6"));
        }
        read.get(place).into_iter().for_each(|version| reads.record(object(), Some((*version).to_owned())));
    }
    assert!(is_noticed || reads.are_behind(), "read as {read:?}, told after {told_after}");
}

#[test]
fn an_edit_while_a_credential_is_read_is_noticed_whenever_it_is_told() {
    check_edit_under_way(&["5"], 0);
    check_edit_under_way(&["5"], 1);
    check_edit_under_way(&["5", "5"], 0);
    check_edit_under_way(&["5", "5"], 1);
    check_edit_under_way(&["5", "6"], 0);
    check_edit_under_way(&["5", "6"], 1);
    check_edit_under_way(&["5", "6"], 2);
    let reads = Reads::default();
    assert!(!reads.is_news(&object(), Some("6")));
    reads.record(object(), Some("6".to_owned()));
    assert!(!reads.are_behind(), "what was read is what was told");
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

/// Whether a failure may be mended where nobody watches, once this was asked of a cluster that does not answer.
async fn check_unwatched(
    ask: impl AsyncFnOnce(&KubernetesCredentials, &ServiceAccountSelector) -> bool,
    expected: bool,
) {
    let nobody = Client::try_from(Config::new("http://127.0.0.1:1".parse().unwrap())).unwrap();
    let credentials = KubernetesCredentials::new(nobody, own());
    let account = ServiceAccountSelector { name: "who".to_owned(), ..ServiceAccountSelector::default() };
    assert!(ask(&credentials, &account).await, "nobody answers");
    assert_eq!(credentials.reads().are_partly_unwatched(), expected);
}

#[tokio::test]
async fn annotations_may_change_without_anybody_telling() {
    let annotations = async |credentials: &KubernetesCredentials, account: &ServiceAccountSelector| {
        credentials.service_account_annotations(account).await.is_err()
    };
    check_unwatched(annotations, true).await;
    let token = async |credentials: &KubernetesCredentials, account: &ServiceAccountSelector| {
        credentials.service_account_token(account, &[], Duration::from_secs(600)).await.is_err()
    };
    check_unwatched(token, false).await;
}

#[test]
fn a_token_is_asked_for_its_audiences_and_never_for_less_than_the_server_grants() {
    let request = token_request(vec!["vault".to_owned(), "mine".to_owned()], Duration::from_secs(60));
    assert_eq!(request.spec.audiences, ["vault", "mine"]);
    assert_eq!(request.spec.expiration_seconds, Some(600));
    let longer = token_request(Vec::new(), Duration::from_secs(3600));
    assert_eq!(longer.spec.expiration_seconds, Some(3600));
}
