//! Certificates as they are made, and through their rotations.

use std::time::Duration;

use jiff::Timestamp;

use super::{DAY, Material, Terms};
use crate::certificates::{decide::Signer, parsed::Parsed};

const OVERLAP: Duration = Duration::from_secs(60);
const NAME: &str = "hooks.ns.svc";

fn terms(is_trusted: bool) -> Terms<'static> {
    Terms { service: "hooks", namespace: "ns", overlap: OVERLAP, is_trusted }
}

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

fn first() -> Material {
    Material::default().up_to_date(&terms(false), now()).unwrap().0
}

#[track_caller]
fn signed_by(material: &Material, expected: Signer) {
    let leaf = material.standing(NAME).leaf.unwrap();
    assert_eq!((leaf.signer, leaf.fits), (expected, true));
}

fn trusted(material: &Material) -> usize {
    Parsed::all(material.authorities()).len()
}

#[test]
fn out_of_nothing_an_authority_and_what_it_signed_are_made_at_once() {
    let (made, until) = Material::default().up_to_date(&terms(false), now()).unwrap();
    signed_by(&made, Signer::Issuing);
    assert_eq!(until, now() + DAY * 60);
    assert_eq!(made.standing(NAME).issuing.unwrap().ends, now() + DAY * 3650);
    assert!(!made.standing("other.ns.svc").leaf.unwrap().fits);
    assert!(Material::read(&made.entries()) == made);
    assert!(made.up_to_date(&terms(true), now()).unwrap().0 == made, "and nothing is left to be done");
}

#[test]
fn a_certificate_is_renewed_by_the_authority_that_is_trusted_already() {
    let first = first();
    let renewed = first.up_to_date(&terms(true), now() + DAY * 60).unwrap().0;
    assert_ne!(renewed.pair(), first.pair());
    assert_eq!(renewed.authorities(), first.authorities());
    signed_by(&renewed, Signer::Issuing);
}

#[test]
fn a_new_authority_is_trusted_before_it_signs_and_the_old_one_until_it_is_not_served() {
    let first = first();
    let (both, until) = first.without_authority().up_to_date(&terms(true), now()).unwrap();
    assert_eq!((trusted(&both), until), (2, now() + OVERLAP));
    assert_eq!(both.pair(), first.pair());
    assert!(both.authorities().ends_with(first.authorities()), "the old one is as it was");
    signed_by(&both, Signer::Other);

    let untrusted = both.up_to_date(&terms(false), until).unwrap().0;
    assert!(untrusted == both, "what the API server does not trust is not served");
    let (signed, until) = both.up_to_date(&terms(true), until).unwrap();
    signed_by(&signed, Signer::Issuing);
    assert_eq!((trusted(&signed), until), (2, now() + OVERLAP * 2));

    let (retired, _) = signed.up_to_date(&terms(true), until).unwrap();
    assert_eq!((trusted(&retired), retired.pair()), (1, signed.pair()));
    assert!(signed.authorities().starts_with(retired.authorities()));
    signed_by(&retired, Signer::Issuing);
}

#[test]
fn what_is_no_certificate_is_made_anew() {
    let first = first();
    let broken = Material { chain: "-----BEGIN CERTIFICATE-----\nAAAA\n".into(), ..first.clone() };
    signed_by(&broken.up_to_date(&terms(true), now()).unwrap().0, Signer::Issuing);
    let other = Material::default().up_to_date(&terms(false), now()).unwrap().0;
    let mixed = Material { key: other.key.clone(), ..first.clone() };
    assert!(!mixed.standing(NAME).leaf.unwrap().fits, "the key is another's");
    let foreign = Material { authority_key: other.authority_key, ..first };
    assert_eq!(foreign.standing(NAME).issuing, None);
}
