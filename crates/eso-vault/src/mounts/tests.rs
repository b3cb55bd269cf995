//! What a mount's own page says of its engine and its version.

use eso_core::{
    api::vault::KvVersion::{self, V1, V2},
    key::RemoteKey,
};
use zeroize::Zeroizing;

use super::{Mounts, NoKv, is_another_version, version_of};
use crate::{
    http::Reply,
    kv::{Engine, Location},
};

fn reply(status: u16, body: &str) -> Reply {
    Reply { status, retry_after: None, body: Zeroizing::new(body.as_bytes().to_vec()) }
}

fn location(version: KvVersion, mount: Option<&str>, key: &str) -> Location {
    let engine = Engine::new(version, mount).expect("this mount must be accepted");
    engine.locate(&RemoteKey::new(key)).expect("this key must be accepted")
}

#[track_caller]
fn check(status: u16, body: &str, expected: bool) {
    assert_eq!(is_another_version(&reply(status, body)), expected, "{status} {body}");
}

#[test]
fn only_an_answer_that_names_another_version_says_so() {
    check(200, r#"{"data": {"type": "kv", "options": {"version": "2"}}}"#, false);
    check(200, r#"{"data": {"type": "kv", "options": {"version": "1"}}}"#, true);
    check(200, r#"{"data": {"type": "kv", "options": null}}"#, true);
    check(200, r#"{"data": {"type": "cubbyhole", "options": {}}}"#, true);
    check(403, r#"{"errors": ["permission denied"]}"#, false);
    check(404, r#"{"errors": []}"#, false);
    check(403, r#"{"data": {"options": {"version": "1"}}}"#, false);
    check(200, "<html>", false);
}

#[track_caller]
fn is_of(status: u16, body: &str, expected: Result<Option<KvVersion>, NoKv>) {
    assert_eq!(version_of(&reply(status, body)), expected, "{status} {body}");
}

#[test]
fn a_mount_is_of_the_version_that_the_server_says() {
    is_of(200, r#"{"data": {"type": "kv", "options": {"version": "2"}}}"#, Ok(Some(V2)));
    is_of(200, r#"{"data": {"type": "kv", "options": {"version": "1"}}}"#, Ok(Some(V1)));
    is_of(200, r#"{"data": {"type": "kv", "options": null}}"#, Ok(Some(V1)));
    is_of(200, r#"{"data": {"type": "kv", "options": {}}}"#, Ok(Some(V1)));
    is_of(200, r#"{"data": {"type": "generic"}}"#, Ok(Some(V1)));
    is_of(200, r#"{"data": {"type": "database", "options": {"version": "2"}}}"#, Err(NoKv::ForeignPath));
    is_of(200, r#"{"data": {}}"#, Err(NoKv::ForeignPath));
    is_of(403, r#"{"data": {"type": "kv", "options": {"version": "1"}}}"#, Ok(None));
    is_of(404, r#"{"errors": []}"#, Ok(None));
    is_of(200, "<html>", Ok(None));
}

#[test]
fn a_mount_is_known_to_be_versioned_once_it_was_noted() {
    let mounts = Mounts::new(None);
    assert!(!mounts.are_versioned("secret"));
    mounts.note_versioned("secret");
    assert!(mounts.are_versioned("secret"));
    assert!(!mounts.are_versioned("other"));
}

#[track_caller]
fn learns(key: &str, body: &str, expected: Result<(), NoKv>) {
    let (mounts, location) = (Mounts::new(None), location(V1, None, key));
    let may_be_read = expected.is_ok();
    assert_eq!(mounts.learn(&location, &reply(200, body)), expected, "{key} {body}");
    assert_eq!(!mounts.doubt(&location), may_be_read, "{key} {body}");
}

#[test]
fn only_a_kv_mount_that_the_key_leads_to_may_be_read() {
    learns("secret/app", r#"{"data": {"type": "kv", "path": "secret/", "options": null}}"#, Ok(()));
    learns("old/app", r#"{"data": {"type": "generic", "path": "old/"}}"#, Ok(()));
    learns("team/kv/app", r#"{"data": {"type": "kv", "path": "team/kv/"}}"#, Ok(()));
    learns("team/kv/auth/token/x", r#"{"data": {"type": "kv", "path": "team/kv/"}}"#, Ok(()));
    for engine in
        ["token", "system", "ns_system", "identity", "cubbyhole", "database", "aws", "pki", "KV", ""]
    {
        let body = format!(r#"{{"data": {{"type": "{engine}", "path": "team/mount/"}}}}"#);
        learns("team/mount/app", &body, Err(NoKv::OtherEngine));
    }
    for path in ["other/", "sec", "secret", "/", "", "secret/app/deeper/"] {
        let body = format!(r#"{{"data": {{"type": "kv", "path": "{path}"}}}}"#);
        learns("secret/app", &body, Err(NoKv::OtherEngine));
    }
    for body in [r#"{"data": {"path": "secret/"}}"#, r#"{"data": {"type": "kv"}}"#, "{}", "<html>", ""] {
        learns("secret/app", body, Err(NoKv::Unknown));
    }
}

#[track_caller]
fn leads(namespace: &str, told: &str, key: &str, expected: bool) {
    let body = format!(r#"{{"data": {{"type": "kv", "path": "{told}"}}}}"#);
    let learnt = Mounts::new(Some(namespace)).learn(&location(V1, None, key), &reply(200, &body));
    assert_eq!(learnt.is_ok(), expected, "{namespace} {told} {key}");
}

#[test]
fn a_mount_is_told_from_the_root_where_it_is_below_the_stores_namespace() {
    for namespace in ["outer/inner", "/outer/inner/"] {
        leads(namespace, "kv/", "kv/app", true);
        leads(namespace, "outer/inner/below/kv/", "below/kv/app", true);
        leads(namespace, "outer/below/kv/", "below/kv/app", false);
        leads(namespace, "inner/below/kv/", "below/kv/app", false);
        leads(namespace, "outer/inner/", "below/kv/app", false);
    }
    leads("kv", "kv/", "kv/app", true);
    leads("", "below/kv/", "below/kv/app", true);
    leads("", "outer/below/kv/", "below/kv/app", false);
}

#[test]
fn a_mount_is_asked_for_once_and_only_where_the_path_leaves_a_doubt() {
    let mounts = Mounts::new(None);
    assert!(!mounts.doubt(&location(V2, Some("secret"), "app")), "the store says where it is");
    let doubtful = location(V2, Some("secret"), "auth/x");
    assert!(mounts.doubt(&doubtful));
    let body = r#"{"data": {"type": "kv", "path": "secret/", "options": {"version": "2"}}}"#;
    assert_eq!(mounts.version_at(&doubtful), None);
    assert_eq!(mounts.learn(&doubtful, &reply(200, body)), Ok(()));
    assert_eq!(mounts.version_at(&doubtful), Some(V2));
    let first = r#"{"data": {"type": "kv", "path": "old/"}}"#;
    let (old, older) = (location(V1, None, "old/x"), location(V1, None, "older/x"));
    assert_eq!(mounts.learn(&old, &reply(200, first)), Ok(()));
    assert_eq!((mounts.version_at(&old), mounts.version_at(&older)), (Some(V1), None));
    for (key, doubt) in
        [("secret/other", false), ("secret/sys/x", false), ("secrets/other", true), ("x/secret/y", true)]
    {
        assert_eq!(mounts.doubt(&location(V1, None, key)), doubt, "{key}");
    }
}
