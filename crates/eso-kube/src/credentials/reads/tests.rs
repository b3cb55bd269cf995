//! What is news to whoever logged in.

use std::collections::BTreeMap;

use eso_core::credentials::CredentialError;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::{CredentialKind, CredentialObject, Read, Reads};

const ROLE: &str = "eks.amazonaws.com/role-arn";
const AUDIENCE: &str = "eks.amazonaws.com/audience";

fn object() -> CredentialObject {
    CredentialObject {
        kind: CredentialKind::Secret,
        namespace: "demo".to_owned(),
        name: "no-such".to_owned(),
    }
}

fn account() -> CredentialObject {
    CredentialObject { kind: CredentialKind::ServiceAccount, ..object() }
}

fn version(version: &str) -> ObjectMeta {
    ObjectMeta { resource_version: Some(version.to_owned()), ..ObjectMeta::default() }
}

/// The service account of this uid, in this version, with these annotations.
fn shown(uid: &str, number: &str, annotations: &[(&str, &str)]) -> ObjectMeta {
    let annotations = annotations.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    ObjectMeta {
        uid: Some(uid.to_owned()),
        annotations: Some(annotations.collect::<BTreeMap<_, _>>()).filter(|all| !all.is_empty()),
        ..version(number)
    }
}

/// A login has asked for the role of this account and its audience.
fn logged_in_as(account_then: &ObjectMeta) -> Reads {
    let reads = Reads::default();
    reads.record(account(), Read::annotations(account_then, &[ROLE, AUDIENCE]));
    reads.record(account(), Read::token());
    reads
}

/// What is told of the account one after the other is news, or not.
#[track_caller]
fn check_told(reads: &Reads, told: &[(Option<ObjectMeta>, bool)]) {
    for (place, (now, expected)) in told.iter().enumerate() {
        assert_eq!(reads.is_news(&account(), now.as_ref()), *expected, "{place}: {now:?}");
    }
}

#[track_caller]
fn check_news(read: Option<Option<&str>>, now: Option<&str>, expected: bool) {
    let reads = Reads::default();
    match read {
        None => {}
        Some(None) => reads.missed(object(), true),
        Some(Some(read)) => reads.record(object(), Read::whole(&version(read))),
    }
    let told = now.map(version);
    assert_eq!(reads.is_news(&object(), told.as_ref()), expected, "read as {read:?}, now {now:?}");
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

#[test]
fn of_a_service_account_only_what_was_asked_for_is_news() {
    let then = shown("a", "5", &[(ROLE, "reader")]);
    let edits: [(&[(&str, &str)], bool); 6] = [
        (&[(ROLE, "reader")], false),
        (&[(ROLE, "reader"), ("team", "a")], false),
        (&[(ROLE, "writer")], true),
        (&[(ROLE, "reader"), (AUDIENCE, "mine")], true),
        (&[(ROLE, "")], true),
        (&[], true),
    ];
    for (annotations, expected) in edits {
        check_told(&logged_in_as(&then), &[(Some(shown("a", "6", annotations)), expected)]);
    }
    let silent = Reads::default();
    check_told(&silent, &[(Some(then), false), (None, false)]);
}

#[test]
fn another_service_account_of_the_same_name_is_news_though_it_says_the_same() {
    let then = shown("a", "5", &[(ROLE, "reader")]);
    check_told(&logged_in_as(&then), &[(Some(shown("b", "6", &[(ROLE, "reader")])), true)]);
    check_told(&logged_in_as(&then), &[(None, true)]);
}

#[test]
fn a_watch_that_lags_behind_an_edit_of_a_service_account_brings_no_news() {
    let now = shown("a", "7", &[(ROLE, "writer")]);
    let before = shown("a", "5", &[(ROLE, "reader")]);
    check_told(&logged_in_as(&now), &[(Some(before), false), (Some(now.clone()), false)]);
}

#[test]
fn an_edit_that_does_not_matter_leaves_nothing_behind() {
    let reads = logged_in_as(&shown("a", "5", &[(ROLE, "reader")]));
    let labelled = shown("a", "6", &[(ROLE, "reader"), ("team", "a")]);
    check_told(&reads, &[(Some(labelled), false)]);
    assert!(!reads.are_behind(), "it must not log in again for it when it rests");
    let late = shown("a", "5", &[(ROLE, "reader")]);
    let edited = shown("a", "7", &[(ROLE, "writer"), ("team", "a")]);
    check_told(&reads, &[(Some(late), false), (Some(edited), true)]);
}

#[test]
fn a_token_hangs_on_its_service_account_and_on_none_of_its_annotations() {
    let reads = Reads::default();
    reads.record(account(), Read::token());
    let first = shown("a", "5", &[]);
    let annotated = shown("a", "6", &[(ROLE, "reader")]);
    let told = [(Some(first), false), (Some(annotated.clone()), false)];
    check_told(&reads, &told);
    assert!(!reads.are_behind());
    check_told(&reads, &[(Some(shown("b", "9", &[(ROLE, "reader")])), true)]);
    check_told(&reads, &[(None, true)]);
    let never_shown = Reads::default();
    never_shown.record(account(), Read::token());
    check_told(&never_shown, &[(None, true)]);
}

#[test]
fn a_service_account_that_was_missed_is_news_when_it_comes() {
    let reads = Reads::default();
    reads.record(account(), Read::token());
    reads.missed(account(), true);
    check_told(&reads, &[(None, false), (Some(shown("a", "5", &[])), true)]);
}

#[test]
fn an_edit_of_a_service_account_is_noticed_although_a_renewal_has_read_it_before_it_is_told() {
    let reads = logged_in_as(&shown("a", "5", &[(ROLE, "reader")]));
    let edited = shown("a", "6", &[(ROLE, "writer")]);
    reads.record(account(), Read::annotations(&edited, &[ROLE, AUDIENCE]));
    check_told(&reads, &[(Some(edited), true)]);
}

#[test]
fn an_edit_of_a_service_account_that_is_told_while_it_is_read_is_noticed() {
    let reads = Reads::default();
    let edited = shown("a", "6", &[(ROLE, "writer")]);
    check_told(&reads, &[(Some(edited.clone()), false)]);
    let read = |then: &ObjectMeta| reads.record(account(), Read::annotations(then, &[ROLE]));
    read(&shown("a", "5", &[(ROLE, "reader")]));
    assert!(reads.are_behind());

    let reads = Reads::default();
    check_told(&reads, &[(Some(edited.clone()), false)]);
    reads.record(account(), Read::annotations(&edited, &[ROLE]));
    reads.record(account(), Read::token());
    assert!(!reads.are_behind(), "what was read is what was told");
}

/// Whether the coming of an object will be told that was missed, and told of in that version before.
#[track_caller]
fn check_awaited(is_watched: bool, told: Option<&str>, expected: bool) {
    let reads = Reads::default();
    if let Some(told) = told {
        assert!(!reads.is_news(&object(), Some(&version(told))), "it was not read yet");
    }
    reads.missed(object(), is_watched);
    let _ = reads.watched::<()>(Err(CredentialError::Missing(String::new())));
    assert_eq!(reads.will_be_told(), expected, "{is_watched} {told:?}");
}

#[test]
fn the_coming_of_an_object_is_told_unless_it_was_told_too_early_or_nobody_watches_it() {
    check_awaited(true, None, true);
    check_awaited(false, None, false);
    check_awaited(true, Some("5"), false);
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
            is_noticed = reads.is_news(&object(), Some(&version("6")));
        }
        let read = read.get(place).map(|read| Read::whole(&version(read)));
        read.into_iter().for_each(|read| reads.record(object(), read));
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
    assert!(!reads.is_news(&object(), Some(&version("6"))));
    reads.record(object(), Read::whole(&version("6")));
    assert!(!reads.are_behind(), "what was read is what was told");
}

/// An object whose keys held these values.
fn read_of(values: &[(&str, &str)]) -> Reads {
    let reads = Reads::default();
    for (key, value) in values {
        reads.record_value(&object(), &version("5"), (key, Some(&value.as_bytes().to_vec())));
    }
    reads
}

/// Whether what was read is still so where the object holds this in version 7; it was told of in version 6.
#[track_caller]
fn check_look(read: &[(&str, &str)], now: &[(&str, &str)], expected: bool) {
    let reads = read_of(read);
    assert!(reads.is_news(&object(), Some(&version("6"))));
    assert_eq!(reads.doubted(), Some(vec![object()]));
    let entries = now.iter().map(|(key, value)| ((*key).to_owned(), value.as_bytes().to_vec())).collect();
    assert_eq!(reads.is_as_read(&object(), &version("7"), &entries), expected, "{read:?} {now:?}");
    assert_eq!(reads.are_behind(), !expected);
    assert_eq!(reads.is_news(&object(), Some(&version("7"))), !expected, "it counts as read in that version");
    assert!(reads.is_news(&object(), Some(&version("8"))), "the next one may be another again");
}

#[test]
fn a_look_tells_whether_what_was_read_is_another() {
    check_look(&[("token", "a")], &[("token", "a")], true);
    check_look(&[("token", "a")], &[("token", "a"), ("more", "b")], true);
    check_look(&[("token", "a")], &[("token", "b")], false);
    check_look(&[("token", "a")], &[], false);
    check_look(&[("id", "a"), ("secret", "b")], &[("id", "a"), ("secret", "b")], true);
    check_look(&[("id", "a"), ("secret", "b")], &[("id", "a"), ("secret", "c")], false);
    // It was another when it was read again: what is held of it is not known.
    check_look(&[("token", "a"), ("token", "b")], &[("token", "a")], false);
    check_look(&[("token", "a"), ("token", "b")], &[("token", "b")], false);
}

#[test]
fn where_a_look_tells_nothing_nobody_looks() {
    let gone = read_of(&[("token", "a")]);
    assert!(gone.is_news(&object(), None));
    assert_eq!(gone.doubted(), None);
    let missed = Reads::default();
    missed.missed(object(), true);
    assert!(missed.is_news(&object(), Some(&version("6"))));
    assert_eq!(missed.doubted(), None);
    let account_edited = logged_in_as(&shown("a", "5", &[(ROLE, "reader")]));
    check_told(&account_edited, &[(Some(shown("a", "6", &[(ROLE, "writer")])), true)]);
    assert_eq!(account_edited.doubted(), None);
    assert_eq!(read_of(&[("token", "a")]).doubted(), Some(Vec::new()));
}

#[test]
fn a_key_that_was_not_there_counts_as_another() {
    let reads = Reads::default();
    reads.record_value(&object(), &version("5"), ("token", None));
    assert!(reads.is_news(&object(), Some(&version("6"))));
    assert!(!reads.is_as_read(&object(), &version("6"), &BTreeMap::new()));
}

#[test]
fn no_value_is_kept() {
    assert!(!format!("{:?}", read_of(&[("token", "canary")])).contains("canary"));
}
