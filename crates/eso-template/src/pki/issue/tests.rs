//! New certificates.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};

use super::{
    super::{
        der::{OID, Reader},
        private_key::PrivateKey,
    },
    *,
};
use crate::{Limits, fixtures::with_scope};

fn request(common_name: &str) -> Request<'_> {
    Request {
        common_name,
        addresses: vec![
            "10.0.0.1".parse().unwrap(),
            "::ffff:10.0.0.2".parse().unwrap(),
            "::1".parse().unwrap(),
        ],
        hosts: vec!["a.b".to_owned()],
        not_before: "20260101000000".to_owned(),
        not_after: "20500101000000".to_owned(),
        is_authority: false,
    }
}

fn key() -> PrivateKey {
    with_scope(Limits::default(), PrivateKey::generate_p256).unwrap()
}

#[track_caller]
fn issued(request: &Request<'_>, key: &PrivateKey, signer: Option<&Signer<'_>>) -> Certificate {
    let whole = with_scope(Limits::default(), |scope| issue(scope, request, key, signer)).unwrap();
    Certificate::parse(&whole).unwrap()
}

#[test]
fn a_certificate_says_what_was_asked_for() {
    let certificate = issued(&request("leaf"), &key(), None);
    assert_eq!(certificate.shown_subject(), "CN=leaf");
    assert_eq!(certificate.alternatives.hosts, ["a.b"]);
    assert_eq!(certificate.alternatives.addresses, ["10.0.0.1", "10.0.0.2", "::1"]);
    assert_eq!((certificate.own, certificate.authority), (None, None));
}

#[test]
fn a_chain_is_known_by_the_identifiers_of_its_keys() {
    let authority = issued(&Request { is_authority: true, ..request("ca") }, &key(), None);
    let signer = Signer { certificate: &authority, key: &key() };
    let leaf = issued(&request("leaf"), &key(), Some(&signer));
    assert_eq!(authority.own.as_ref().map(Vec::len), Some(20));
    assert_eq!(leaf.authority, authority.own);
    let namesake = issued(&request("ca"), &key(), Some(&signer));
    assert_eq!(namesake.authority, None, "as Go has it where the names are the same");
}

#[test]
fn the_signature_is_that_of_the_signer() {
    let key = key();
    let certificate = issued(&request("leaf"), &key, None);
    let mut outer = Reader::within(&certificate.whole).unwrap();
    let statement = outer.next().unwrap().whole;
    assert_eq!(outer.sequence().unwrap().expect(OID).unwrap().last(), Some(&2));
    let signature = outer.bits().unwrap();
    let PrivateKey::Elliptic { point, .. } = &key else { panic!() };
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(statement, signature).unwrap();
}

#[test]
fn years_have_two_digits_until_2049() {
    assert_eq!(time("20491231235959").unwrap(), [&[UTC_TIME, 13][..], b"491231235959Z"].concat());
    assert_eq!(time("20500101000000").unwrap(), [&[GENERALIZED_TIME, 15][..], b"20500101000000Z"].concat());
    assert_eq!(time("19491231235959").unwrap()[0], GENERALIZED_TIME);
    assert!(time("100000101000000").is_err());
    assert!(time("-0010101000000").is_err());
}

#[track_caller]
fn check_refused(request: &Request<'_>, key: &PrivateKey, signer: Option<&Signer<'_>>) {
    with_scope(Limits::default(), |scope| issue(scope, request, key, signer)).unwrap_err();
}

#[test]
fn what_cannot_be_said_is_refused() {
    check_refused(&Request { hosts: vec!["é".to_owned()], ..request("a") }, &key(), None);
    check_refused(&Request { not_after: "100000101000000".to_owned(), ..request("a") }, &key(), None);
    let dsa = with_scope(Limits::default(), super::super::dsa::generate).unwrap();
    check_refused(&request("a"), &dsa, None);
}

#[test]
fn a_signer_has_the_key_of_its_certificate() {
    let other = with_scope(Limits::default(), PrivateKey::generate_ed25519).unwrap();
    let authority = issued(&Request { is_authority: true, ..request("ca") }, &key(), None);
    check_refused(&request("a"), &key(), Some(&Signer { certificate: &authority, key: &other }));
}

#[test]
fn names_beyond_the_old_letters_are_in_utf_8() {
    assert_eq!(subject("a b").iter().filter(|byte| **byte == der::PRINTABLE).count(), 1);
    assert!(subject("é*").contains(&der::UTF8));
    assert_eq!(subject(""), [der::SEQUENCE, 0]);
}
