//! What a mount's own page says of its version.

use zeroize::Zeroizing;

use super::{Mounts, is_another_version};
use crate::http::Reply;

#[track_caller]
fn check(status: u16, body: &str, expected: bool) {
    let reply = Reply { status, retry_after: None, body: Zeroizing::new(body.as_bytes().to_vec()) };
    assert_eq!(is_another_version(&reply), expected, "{status} {body}");
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

#[test]
fn a_mount_is_known_once_it_was_noted() {
    let mounts = Mounts::default();
    assert!(!mounts.knows("secret"));
    mounts.note("secret");
    assert!(mounts.knows("secret"));
    assert!(!mounts.knows("other"));
}
