//! Passwords: what they cost, and what is no secret of theirs.

use super::*;
use crate::fixtures::{check, check_effort, check_limit, check_silent, render};

#[test]
fn what_takes_long_is_limited() {
    check_effort(r#"{{ range until 1000 }}{{ $_ := bcrypt "a" }}{{ end }}"#);
    check_effort(r#"{{ range until 1000 }}{{ $_ := htpasswd "a" "b" "bcrypt" }}{{ end }}"#);
    check_effort(r#"{{ range until 1000 }}{{ $_ := derivePassword 1 "pin" "a" "b" "c" }}{{ end }}"#);
}

#[test]
fn a_derivation_asks_for_its_memory_first() {
    let template = r#"{{ derivePassword 1 "pin" "a" "b" "c" | len }}"#;
    check_limit(template, "memory");
    check(template, "4");
}

#[test]
fn a_hash_is_of_the_password_alone() {
    let hash = render(r#"{{ bcrypt .password }}"#).unwrap();
    assert!(hash.starts_with("$2a$10$") && hash.len() == 60, "{hash}");
    assert!(::bcrypt::verify("s3cr3t", &hash).unwrap());
    assert!(!::bcrypt::verify("s3cr3", &hash).unwrap());
}

#[test]
fn a_long_password_is_not_cut() {
    check(
        r#"{{ bcrypt (repeat 73 "a") }}"#,
        "failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes",
    );
    check(r#"{{ bcrypt (repeat 72 "a") | len }}"#, "60");
}

#[test]
fn texts_of_every_length_are_locked_and_opened() {
    for length in 0..=33 {
        check(
            &format!(
                r#"{{{{ $s := repeat {length} "é" }}}}{{{{ encryptAES "k" $s | decryptAES "k" | eq $s }}}}"#
            ),
            "true",
        );
    }
}

#[test]
fn what_was_not_locked_is_refused_in_silence() {
    check_silent("{{ decryptAES .password .password }}");
    check_silent(r#"{{ decryptAES .password (b64enc .password) }}"#);
    check_silent(r#"{{ decryptAES "k" (b64enc (repeat 17 "a")) }}"#);
}

#[test]
fn any_password_opens_to_something_or_nothing_and_no_panic() {
    for other in 0..200 {
        let _ = render(&format!(r#"{{{{ encryptAES "k" .password | decryptAES "{other}" | len }}}}"#));
    }
}

#[test]
fn every_kind_of_password_looks_as_it_should() {
    for (kind, length) in [("maximum", 20), ("medium", 8), ("short", 4), ("basic", 8), ("pin", 4)] {
        check(&format!(r#"{{{{ derivePassword 1 "{kind}" "a" "b" "c" | len }}}}"#), &length.to_string());
    }
    check(r#"{{ derivePassword 1 "x" "a" "b" "c" }}"#, "cannot find password template x");
    for class in *b"VCcvanox" {
        assert!(!characters(class).is_empty());
    }
}

#[test]
fn random_bytes_are_asked_for() {
    check_limit("{{ randBytes 100000000 }}", "memory");
    check_limit("{{ randBytes 9223372036854775807 }}", "memory");
    check_silent("{{ randBytes -1 }}");
}
