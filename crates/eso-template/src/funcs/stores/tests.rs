//! Stores that functions write and read.

use crate::fixtures::{check, check_effort, check_silent, render};

/// A key and its certificate, by the names `$k` and `$c`.
const PAIR: &str = r#"{{ $k := genPrivateKey "ecdsa" }}{{ $c := (genCAWithKey "ca" 1 $k).Cert }}"#;

#[track_caller]
fn check_pair(template: &str, expected: &str) {
    check(&format!("{PAIR}{template}"), expected);
}

#[test]
fn what_was_written_is_read_again_with_the_same_password_alone() {
    check_pair("{{ pemToPkcs12Pass $c $k .password | b64dec | pkcs12certPass .password | eq $c }}", "true");
    let other = format!("{PAIR}{{{{ pemToPkcs12Pass $c $k .password | b64dec | pkcs12certPass .user }}}}");
    check_silent(&other);
}

#[test]
fn a_store_is_another_each_time() {
    check_pair("{{ eq (pemToPkcs12 $c $k) (pemToPkcs12 $c $k) }}", "false");
}

#[test]
fn a_password_with_runes_beyond_16_bits_is_refused() {
    check_silent(&format!(r#"{PAIR}{{{{ pemToPkcs12Pass $c $k "😀" }}}}"#));
}

#[test]
fn errors_hold_nothing_of_what_they_were_given() {
    for template in [
        "{{ pkcs12key .password }}",
        "{{ pkcs12certPass .password .password }}",
        "{{ pemToPkcs12 .password .password }}",
        "{{ fullPemToPkcs12Pass .password .password .password }}",
        "{{ pemTruststoreToPKCS12 .password }}",
    ] {
        check_silent(template);
    }
}

#[test]
fn a_store_that_was_cut_is_refused() {
    let length: usize =
        render(&format!("{PAIR}{{{{ pemToPkcs12 $c $k | b64dec | len }}}}")).unwrap().parse().unwrap();
    for cut in (0..length).step_by(53) {
        let template = format!("{PAIR}{{{{ pemToPkcs12 $c $k | b64dec | trunc {cut} | pkcs12key }}}}");
        assert!(render(&template).is_err(), "{cut} bytes");
    }
}

#[test]
fn how_many_stores_a_template_makes_is_limited() {
    check_effort(&format!("{PAIR}{{{{ range until 10000 }}}}{{{{ $_ := pemToPkcs12 $c $k }}}}{{{{ end }}}}"));
}
