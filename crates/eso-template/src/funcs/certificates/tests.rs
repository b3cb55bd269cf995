//! Certificates that are made, and what is no certificate.

use super::*;
use crate::fixtures::{check, check_effort, check_silent, datum, render};

/// A key, and an authority of it, by the names `$k` and `$ca`.
const AUTHORITY: &str = r#"{{ $k := genPrivateKey "ecdsa" }}{{ $ca := genCAWithKey "ca" 365 $k }}"#;

/// The certificate that a template makes of the authority.
#[track_caller]
fn made(template: &str) -> Certificate {
    let text = render(&format!("{AUTHORITY}{template}")).unwrap();
    Certificate::parse(&pem::decode(text.as_bytes()).unwrap().0.content).unwrap()
}

#[test]
fn an_authority_is_its_own_root() {
    let authority = made("{{ $ca.Cert }}");
    assert_eq!(authority.shown_subject(), "CN=ca");
    assert!(authority.is_root());
}

#[test]
fn a_signed_certificate_names_its_signer_and_what_it_is_for() {
    let leaf = made(
        r#"{{ (genSignedCertWithKey "a" (list "10.1.2.3" "::1") (list "a.b") 1 $ca (genPrivateKey "ed25519")).Cert }}"#,
    );
    assert_eq!(leaf.shown_subject(), "CN=a");
    assert!(!leaf.is_root());
    assert_eq!(leaf.alternatives.hosts, ["a.b"]);
    assert_eq!(leaf.alternatives.addresses, ["10.1.2.3", "::1"]);
}

/// Nor in the original: the root names no key that has signed it, and the leaf has no name of its own key, so that each
/// passes for the signer of the other.
#[test]
fn what_sprig_signs_makes_no_chain() {
    let chain = r#"{{ $c := genSignedCertWithKey "a" nil nil 1 $ca $k }}{{ print $ca.Cert $c.Cert | filterCertChain "leaf" }}"#;
    check_silent(&format!("{AUTHORITY}{chain}"));
}

#[test]
fn days_beyond_all_calendars_are_no_panic() {
    for days in ["1000000", "-1000000", "9223372036854775807", "-9223372036854775808", "0"] {
        let made = render(&format!(r#"{AUTHORITY}{{{{ (genCAWithKey "ca" {days} $k).Cert | trunc 10 }}}}"#));
        assert!(made.is_ok_and(|begin| begin == "-----BEGIN") || days.len() > 8, "{days}");
    }
}

#[test]
fn how_many_keys_a_template_makes_is_limited() {
    check_effort(r#"{{ range until 1000 }}{{ $_ := genSelfSignedCert "a" nil nil 1 }}{{ end }}"#);
}

#[test]
fn an_authority_with_two_servers_is_within_the_limits() {
    let server = |name| format!(r#"{{{{ (genSignedCert "{name}" nil nil 1 $ca).Cert | trunc 10 }}}}"#);
    check(&format!(r#"{{{{ $ca := genCA "ca" 1 }}}}{}{}"#, server("a"), server("b")), "-----BEGIN-----BEGIN");
}

#[test]
fn signatures_are_paid_for() {
    check_effort(
        r#"{{ $k := genPrivateKey "ecdsa" }}{{ range until 1000 }}{{ $_ := genCAWithKey "a" 1 $k }}{{ end }}"#,
    );
}

#[test]
fn errors_hold_nothing_of_what_they_were_given() {
    for template in [
        r#"{{ genCAWithKey "a" 1 .password }}"#,
        "{{ genSelfSignedCert .user (list .password) nil 1 }}",
        "{{ genSelfSignedCert .user nil .password 1 }}",
        "{{ genSignedCert .user nil nil 1 .password }}",
        "{{ buildCustomCert .password .password }}",
        "{{ filterPEM .password .password }}",
        "{{ filterCertChain .password .password }}",
        "{{ certSANs .password }}",
    ] {
        check_silent(template);
    }
}

#[test]
fn a_chain_of_many_takes_steps() {
    let certificates = datum("leaf").repeat(2000);
    let fault = crate::fixtures::with_scope(crate::Limits::default(), |scope| {
        filter_chain(scope, "leaf".into(), certificates.as_str().into()).unwrap_err()
    });
    assert_eq!(fault, Fault::Limit("steps"));
}
