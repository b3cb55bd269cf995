//! Keys that are made and used.

use super::*;
use crate::fixtures::{check, check_effort, check_silent, datum};

#[test]
fn each_kind_of_key_can_be_read_again() {
    for (kind, block) in [
        ("rsa", "RSA PRIVATE KEY"),
        ("dsa", "DSA PRIVATE KEY"),
        ("ecdsa", "EC PRIVATE KEY"),
        ("ed25519", "PRIVATE KEY"),
    ] {
        let text = crate::fixtures::render(&format!(r#"{{{{ genPrivateKey "{kind}" }}}}"#)).unwrap();
        assert!(text.starts_with(&format!("-----BEGIN {block}-----\n")), "{kind}");
        let key = of_pem(text.as_bytes()).unwrap_or_else(|fault| panic!("{kind}: {fault}"));
        assert_eq!(traditional(&key), text.as_bytes(), "{kind}");
    }
}

#[test]
fn a_kind_that_is_not_known_is_no_error() {
    check(r#"{{ genPrivateKey "rsa8192" }}"#, "Unknown type rsa8192");
}

#[test]
fn how_many_keys_a_template_makes_is_limited() {
    check_effort(r#"{{ range until 100 }}{{ $_ := genPrivateKey "rsa" }}{{ end }}"#);
    check_effort(r#"{{ range until 1000 }}{{ $_ := genPrivateKey "dsa" }}{{ end }}"#);
}

#[test]
fn errors_hold_nothing_of_what_they_were_given() {
    for template in [
        "{{ jwkPublicKeyPem .password }}",
        "{{ jwkPrivateKeyPem (toJson .password) }}",
        r#"{{ jwkPrivateKeyPem (dict "kty" .password | toJson) }}"#,
        r#"{{ rsaDecrypt .password "" .password .password }}"#,
        r#"{{ rsaDecrypt "RSA-OAEP" "SHA1" .password .password }}"#,
    ] {
        check_silent(template);
    }
}

/// Every cut and many changes of the texts of keys.
#[test]
fn no_cut_or_change_of_a_key_panics() {
    for name in ["key1", "key8", "eckey"] {
        let text = datum(name).into_bytes();
        for length in (0..text.len()).step_by(7) {
            assert!(
                of_any_pem(&text[..length]).is_err() || length + 1 >= text.len(),
                "{name}, {length} bytes"
            );
        }
        for place in (0..text.len()).step_by(11) {
            let mut changed = text.clone();
            changed[place] ^= 0x05;
            if let Ok(key) = of_any_pem(&changed) {
                let _ = (pkcs8(&key), key.public());
            }
        }
    }
}

#[test]
fn numbers_of_absurd_sizes_are_no_rsa_key() {
    let number = |length: usize| format!(r#"(repeat {length} "/" | replace "/" "_")"#);
    for (modulus, exponent) in [(1, 1), (4, 4), (100_000, 4), (4, 100_000)] {
        let template = format!(
            r#"{{{{ $n := {} }}}}{{{{ $e := {} }}}}{{{{ jwkPrivateKeyPem (dict "kty" "RSA" "n" $n "e" $e "d" $n "p" $e "q" $e "dp" $e "dq" $e "qi" $e | toJson) | len }}}}"#,
            number(modulus),
            number(exponent),
        );
        // It may be written as it is, as no number is looked at; it must only end.
        let _ = crate::fixtures::render(&template);
        let decrypted = template.replace("| len", r#"| rsaDecrypt "RSA-OAEP" "SHA1" "x""#);
        assert!(crate::fixtures::render(&decrypted).is_err(), "{modulus} {exponent}");
    }
}
