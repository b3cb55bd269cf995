//! Stores of others are read, and ours are read again.

use super::*;
use crate::{
    Fault, Limits, Scope,
    fixtures::{datum, with_scope},
    funcs::encoding::base64,
    pki::{certificate::Certificate, chain, pem, private_key::PrivateKey},
};

fn stored(name: &str) -> Vec<u8> {
    base64(datum(name).as_bytes()).unwrap()
}

fn key() -> PrivateKey {
    let text = datum("key8");
    PrivateKey::from_pkcs8(&pem::decode(text.as_bytes()).unwrap().0.content).unwrap()
}

fn certificates() -> Vec<Certificate> {
    chain::ordered(datum("ordered").as_bytes()).unwrap()
}

fn opened(text: &[u8], password: &str) -> Result<Store, Fault> {
    with_scope(Limits::default(), |scope| read(scope, text, password))
}

#[track_caller]
fn check(text: &[u8], password: &str, certificates: &[Certificate]) {
    let store = opened(text, password).map_err(|fault| fault.to_string()).unwrap();
    assert_eq!(store.key.pkcs8(), key().pkcs8());
    assert_eq!(store.certificates, certificates);
}

#[track_caller]
fn check_refused(text: &[u8], password: &str) {
    assert!(opened(text, password).is_err());
}

#[test]
fn stores_of_openssl_are_read_those_of_old_too() {
    assert_eq!(opened(&stored("p12"), "").unwrap().certificates.len(), 3);
    check(&stored("p12old"), "hunter2", &certificates()[..1]);
    assert_eq!(opened(&stored("p12pass"), "hunter2").unwrap().certificates.len(), 3);
}

#[test]
fn a_store_has_one_password() {
    for password in ["", "Hunter2", "hunter2 ", "hunter", "😀"] {
        check_refused(&stored("p12pass"), password);
        check_refused(&stored("p12old"), password);
    }
}

#[test]
fn what_is_written_is_read_again() {
    for password in ["", "hunter2", "pässwörd€"] {
        for count in 1..=3 {
            let certificates = &certificates()[..count];
            let make = |scope: &mut Scope<'_>| write_key(scope, &key(), certificates, password);
            check(&with_scope(Limits::default(), make).unwrap(), password, certificates);
        }
    }
}

#[test]
fn a_store_of_trusted_certificates_has_no_key() {
    let make = |scope: &mut Scope<'_>| write_trusted(scope, &certificates(), "p");
    let store = with_scope(Limits::default(), make).unwrap();
    let fault = opened(&store, "p").err().unwrap();
    assert_eq!(fault, Fault::wrong("the PKCS#12 has no private key"));
}

#[test]
fn a_password_has_characters_of_16_bits() {
    let make = |scope: &mut Scope<'_>| write_key(scope, &key(), &certificates(), "😀");
    with_scope(Limits::default(), make).unwrap_err();
}

#[test]
fn a_store_without_certificates_is_not_written() {
    with_scope(Limits::default(), |scope| write_key(scope, &key(), &[], "")).unwrap_err();
}

#[test]
fn a_store_that_was_changed_is_refused() {
    let store = stored("p12old");
    for place in (0..store.len()).step_by(5) {
        let mut changed = store.clone();
        changed[place] ^= 0x55;
        assert!(opened(&changed, "hunter2").is_err(), "byte {place}");
    }
    for length in (0..store.len()).step_by(101) {
        assert!(opened(&store[..length], "hunter2").is_err(), "{length} bytes");
    }
}

/// The store with so many rounds of its seal, which are in its last bytes.
fn with_rounds(store: &[u8], rounds: [u8; 2]) -> Vec<u8> {
    let mut changed = store.to_vec();
    let place = changed.len() - 2;
    changed[place..].copy_from_slice(&rounds);
    changed
}

#[test]
fn rounds_are_paid_for() {
    let limits = Limits { effort: 3, ..Limits::default() };
    let store = with_rounds(&stored("p12old"), [0x7f, 0xff]);
    let fault = with_scope(limits, |scope| read(scope, &store, "hunter2").err());
    assert_eq!(fault, Some(Fault::Limit("effort")));
}

#[test]
fn no_rounds_are_wrong() {
    check_refused(&with_rounds(&stored("p12old"), [0, 0]), "hunter2");
}
