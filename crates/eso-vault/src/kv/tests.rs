//! The original's table of paths, what may not leave a mount, and what an answer holds.

use eso_core::{
    api::vault::KvVersion::{self, V1, V2},
    key::{RemoteKey, Version},
    provider::{Fetched, Value},
    value::SecretBytes,
};
use zeroize::Zeroizing;

use super::{Engine, NoDocument, PathError, can_be_said, document, version_number};
use crate::http::Reply;

fn locate(version: KvVersion, mount: Option<&str>, key: &str) -> Result<String, PathError> {
    let location = Engine::new(version, mount)?.locate(&RemoteKey::new(key))?;
    Ok(location.to_string())
}

#[track_caller]
fn leads(version: KvVersion, mount: Option<&str>, key: &str, path: &str) {
    assert_eq!(locate(version, mount, key), Ok(path.to_owned()));
}

#[track_caller]
fn refused(version: KvVersion, mount: Option<&str>, key: &str, error: PathError) {
    assert_eq!(locate(version, mount, key), Err(error));
}

#[test]
fn keys_lead_where_they_lead_in_the_original() {
    leads(V2, Some("secret"), "foo", "secret/data/foo");
    leads(V2, Some("secret"), "secret/foo", "secret/data/foo");
    leads(V2, Some("secret"), "secret/secret/foo", "secret/data/secret/foo");
    leads(V2, Some("secret"), "secret/data/foo", "secret/data/foo");
    leads(V2, Some("secret"), "secret/data/data/foo", "secret/data/data/foo");
    leads(V2, Some("secret"), "data/foo", "secret/data/data/foo");
    leads(V2, Some("secret"), "secretive", "secret/data/secretive");
    leads(V2, Some("team/kv"), "team/kv/foo", "team/kv/data/foo");
    leads(V2, Some("team/kv"), "team/foo", "team/kv/data/team/foo");
    leads(V2, None, "secret/foo/bar", "secret/data/foo/bar");
    leads(V2, None, "secret/data/foo", "secret/data/foo");
    leads(V2, None, "secret/x/data/foo", "secret/x/data/foo");
    leads(V1, Some("secret"), "foo", "secret/foo");
    leads(V1, Some("secret"), "secret/foo", "secret/foo");
    leads(V1, Some("secret"), "secret/data/foo", "secret/data/foo");
    leads(V1, None, "secret/foo", "secret/foo");
    leads(V1, None, "secret/a/data/b", "secret/a/data/b");
}

#[test]
fn a_name_can_be_said_where_it_is_one_segment_of_a_key() {
    for name in ["a", "a b", "100%", "...", "grüße", "%2x", "folder/", "data/"] {
        assert!(can_be_said(name), "{name}");
    }
    for name in ["", "/", "..", "./", "a?", "#", "a\\b", "a\0", "a%2Fb", "%2e%2E/", "a//", "a/b", "\u{7f}"] {
        assert!(!can_be_said(name), "{name}");
    }
}

/// What patterns of keys are held against besides the key.
#[track_caller]
fn canonical(version: KvVersion, mount: Option<&str>, key: &str, expected: &str) {
    let engine = Engine::new(version, mount).unwrap();
    let location = engine.locate(&RemoteKey::new(key)).unwrap();
    assert_eq!(engine.canonical(&location).as_str(), expected, "{key}");
}

#[test]
fn all_keys_of_a_place_have_one_canonical_key() {
    for key in ["hr/pay", "/hr/pay", "hr/pay/", "secret/hr/pay", "secret/data/hr/pay", "secret/data/hr/pay/"]
    {
        canonical(V2, Some("secret"), key, "hr/pay");
        canonical(V2, Some("/secret/data"), key, "hr/pay");
    }
    canonical(V2, Some("secret"), "data/hr", "data/hr");
    canonical(V2, Some("secret"), "secret/secret/hr", "secret/hr");
    canonical(V1, Some("secret"), "secret/data/hr", "data/hr");
    for key in ["secret/hr/pay", "/secret/hr/pay/", "secret/data/hr/pay"] {
        canonical(V2, None, key, "secret/hr/pay");
    }
    canonical(V2, None, "secret/x/data/foo", "secret/x/foo");
    canonical(V1, None, "secret/data/hr", "secret/data/hr");
}

#[test]
fn all_keys_of_a_place_name_it_through_whichever_store() {
    let place = |mount: Option<&str>, key: &str| {
        let engine = Engine::new(V2, mount).unwrap();
        Engine::place(&engine.locate(&RemoteKey::new(key)).unwrap()).as_str().to_owned()
    };
    for (mount, key) in [(Some("kv"), "app"), (Some("/kv/data"), "kv/data/app/"), (None, "kv/data/app")] {
        assert_eq!(place(mount, key), "kv/app", "{mount:?} {key}");
    }
    assert_eq!(place(Some("other"), "app"), "other/app");
}

#[track_caller]
fn was_beside(version: KvVersion, mount: Option<&str>, key: &str, expected: Option<&str>) {
    let engine = Engine::new(version, mount).unwrap();
    let former = engine.former(&RemoteKey::new(key)).map(|former| former.beside());
    assert_eq!(former.as_deref(), expected, "{key}");
}

#[test]
fn the_original_kept_the_mark_of_a_key_with_its_mount_below_the_mount_twice() {
    was_beside(V2, Some("secret"), "secret/app", Some("secret/metadata/secret/app"));
    was_beside(V2, Some("secret/data"), "secret/data/a/b", Some("secret/metadata/secret/data/a/b"));
    was_beside(V2, Some("secret"), "app", None);
    was_beside(V2, Some("secret"), "secret/../app", None);
    was_beside(V1, Some("secret"), "secret/app", None);
    was_beside(V2, None, "secret/data/app", None);
    let engine = Engine::new(V2, Some("team/kv")).unwrap();
    let place = engine.locate(&RemoteKey::new("team/kv/data/app")).unwrap();
    assert_eq!(place.beside(), "team/kv/metadata/app");
}

#[test]
fn a_data_suffix_of_the_path_is_optional_as_its_documentation_says() {
    leads(V2, Some("secret/data"), "foo", "secret/data/foo");
    leads(V2, Some("secret/data"), "secret/data/foo", "secret/data/foo");
    leads(V2, Some("team/kv/data/"), "foo", "team/kv/data/foo");
    leads(V2, Some("data"), "foo", "data/data/foo");
    leads(V1, Some("secret/data"), "foo", "secret/data/foo");
}

#[test]
fn slashes_at_the_ends_mean_nothing() {
    leads(V2, Some("/secret/"), "/foo/", "secret/data/foo");
    leads(V2, None, "/secret/foo", "secret/data/foo");
    leads(V2, Some(""), "secret/foo", "secret/data/foo");
    leads(V1, Some("secret"), "foo/", "secret/foo");
}

#[test]
fn any_letter_may_be_in_a_key() {
    leads(V2, Some("secret"), "grüße an 🔑/100%/a+b&c=d;e:f@g", "secret/data/grüße an 🔑/100%/a+b&c=d;e:f@g");
    leads(V2, Some("secret"), "a..b/...", "secret/data/a..b/...");
}

#[test]
fn no_key_leads_out_of_its_mount() {
    let mount = Some("secret");
    for version in [V1, V2] {
        refused(version, mount, "../../auth/token/lookup-self", PathError::Dots);
        refused(version, mount, "a/../../sys/mounts", PathError::Dots);
        refused(version, mount, "a/./b", PathError::Dots);
        refused(version, mount, "..", PathError::Dots);
        refused(version, mount, "secret/../x", PathError::Dots);
        refused(version, mount, "..%2f..%2fauth", PathError::Encoded);
        refused(version, mount, "a/%2E%2e/b", PathError::Encoded);
        refused(version, mount, "a%5Cb", PathError::Encoded);
        refused(version, mount, "a%00", PathError::Encoded);
        refused(version, mount, "a\\..\\b", PathError::Character('\\'));
        refused(version, mount, "a//b", PathError::EmptySegment);
        refused(version, mount, "//a", PathError::EmptySegment);
        refused(version, mount, "a?version=1", PathError::Character('?'));
        refused(version, mount, "a#b", PathError::Character('#'));
        refused(version, mount, "a\0b", PathError::Character('\0'));
        refused(version, mount, "a\nb", PathError::Character('\n'));
        refused(version, mount, "a\tb", PathError::Character('\t'));
        refused(version, mount, "a\u{85}b", PathError::Character('\u{85}'));
        refused(version, mount, "", PathError::Empty);
        refused(version, mount, "/", PathError::Empty);
        refused(version, mount, "secret/", PathError::Empty);
    }
    refused(V2, mount, "secret/data/", PathError::Empty);
}

#[test]
fn a_key_that_chooses_its_mount_does_not_reach_vaults_own() {
    let reserved = |mount: &str| PathError::Reserved(mount.to_owned());
    for version in [V1, V2] {
        refused(version, None, "auth/token/lookup-self", reserved("auth"));
        refused(version, None, "/auth/approle/role", reserved("auth"));
        refused(version, None, "sys/mounts", reserved("sys"));
        refused(version, None, "identity/oidc/token/role", reserved("identity"));
        refused(version, None, "cubbyhole/response", reserved("cubbyhole"));
        refused(version, None, "secret", PathError::NoMount);
        refused(version, None, "secret/../auth/token/lookup-self", PathError::Dots);
    }
    leads(V1, None, "secret/sys/auth/tokens", "secret/sys/auth/tokens");
    leads(V1, None, "namespace/auth/token/lookup-self", "namespace/auth/token/lookup-self");
}

#[track_caller]
fn is_doubtful(version: KvVersion, mount: Option<&str>, key: &str, expected: bool) {
    let engine = Engine::new(version, mount).expect("this mount must be accepted");
    let location = engine.locate(&RemoteKey::new(key)).expect("this key must be accepted");
    assert_eq!(location.is_doubtful(), expected, "{location}");
}

#[test]
fn only_the_server_can_say_where_a_key_leads_that_chooses_its_mount_or_holds_a_word_of_vaults_own() {
    for version in [V1, V2] {
        for key in ["secret/foo", "team/auth/token/lookup-self", "ns/team/sys/mounts", "database/creds/app"] {
            is_doubtful(version, None, key, true);
        }
        for key in
            ["auth/token/lookup-self", "a/b/identity/oidc/token/role", "sys/mounts", "x/cubbyhole", "auth"]
        {
            is_doubtful(version, Some("team"), key, true);
        }
        for mount in ["team/auth/token", "ns/sys", "identity-store/identity"] {
            is_doubtful(version, Some(mount), "app", true);
        }
        for key in ["foo", "authors/x", "oauth/token", "system/sys-x", "Auth/x"] {
            is_doubtful(version, Some("team/kv"), key, false);
        }
    }
}

#[test]
fn a_mount_is_checked_like_a_key() {
    refused(V2, Some("secret/../auth"), "foo", PathError::Dots);
    refused(V1, Some("auth/token"), "lookup-self", PathError::Reserved("auth".to_owned()));
    refused(V2, Some("sys"), "foo", PathError::Reserved("sys".to_owned()));
    refused(V2, Some("secret?x"), "foo", PathError::Character('?'));
}

#[test]
fn a_version_is_a_number_and_nothing_else() {
    for (text, number) in
        [("7", Some(7)), ("0", Some(0)), ("latest", None), ("-1", None), ("1.0", None), ("", None)]
    {
        assert_eq!(version_number(&Version::new(text)), number, "{text:?}");
    }
}

#[track_caller]
fn reads(version: KvVersion, body: &str, expected: Result<Fetched, NoDocument>) {
    let reply = Reply { status: 200, retry_after: None, body: Zeroizing::new(body.as_bytes().to_vec()) };
    assert_eq!(document(version, &reply), expected);
}

fn text(text: &str) -> Fetched {
    Fetched::new(Value::Document(SecretBytes::from(text)))
}

#[test]
fn a_document_is_the_very_text_that_the_store_sent() {
    let odd = r#"{"z": 9007199254740993, "a": 1.0, "a": 1e400, "<&>": {"n" : null}}"#;
    reads(V1, &format!(r#"{{"data": {odd}}}"#), Ok(text(odd)));
    let versioned = format!(r#"{{"data": {{"metadata": {{"version": 12}}, "data": {odd}}}}}"#);
    reads(V2, &versioned, Ok(text(odd).at_version("12")));
    reads(V2, r#"{"data": {"data": {}, "metadata": null}}"#, Ok(text("{}")));
}

#[test]
fn an_answer_without_a_document_says_why() {
    for version in [V1, V2] {
        reads(version, r#"{"data": null}"#, Err(NoDocument::NoData));
        // Whoever answers so is no Vault that has looked: it must not empty a Secret.
        reads(version, "{}", Err(NoDocument::NotUnderstood));
        reads(version, r#"{"errors": []}"#, Err(NoDocument::NotUnderstood));
        reads(version, r#"{"Data": {}}"#, Err(NoDocument::NotUnderstood));
    }
    reads(V2, r#"{"data": {"data": null, "metadata": {"version": 1}}}"#, Err(NoDocument::Deleted));
    reads(V2, r#"{"data": {"first": "KV version 1"}}"#, Err(NoDocument::NoData));
    reads(V2, r#"{"data": {"data": "text"}}"#, Err(NoDocument::NotUnderstood));
    reads(V1, r#"{"data": [1]}"#, Err(NoDocument::NotUnderstood));
    reads(V1, "<html>", Err(NoDocument::NotUnderstood));
    reads(V2, "", Err(NoDocument::NotUnderstood));
}
