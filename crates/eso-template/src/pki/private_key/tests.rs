//! Forms of keys, and what they sign.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ED25519 as ED25519_VERIFICATION, UnparsedPublicKey,
    VerificationAlgorithm,
};

use super::*;
use crate::{
    Limits,
    fixtures::{datum, with_scope},
    pki::pem,
};

fn content(name: &str) -> Zeroizing<Vec<u8>> {
    let text = datum(name);
    pem::decode(text.as_bytes()).unwrap().0.content
}

#[test]
fn an_rsa_key_is_the_same_in_both_forms() {
    let (one, other) = (PrivateKey::from_pkcs8(&content("key8")), PrivateKey::from_pkcs1(&content("key1")));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(one.pkcs8().unwrap(), content("key8"));
    assert_eq!(other.pkcs8().unwrap(), content("key8"));
    assert_eq!(one.traditional(), ("RSA PRIVATE KEY", content("key1")));
    assert_eq!(one.public(), other.public());
}

#[test]
fn a_key_of_a_curve_is_the_same_in_both_forms() {
    let key = PrivateKey::from_sec1(&content("eckey")).unwrap();
    assert_eq!(key.traditional(), ("EC PRIVATE KEY", content("eckey")));
    let again = PrivateKey::from_pkcs8(&key.pkcs8().unwrap()).unwrap();
    assert_eq!(again.traditional(), key.traditional());
}

#[test]
fn what_is_no_key_is_refused() {
    let mut rsa = content("key1");
    rsa.push(0);
    assert!(PrivateKey::from_pkcs1(&rsa).is_none());
    assert!(PrivateKey::from_pkcs1(&content("key8")).is_none());
    assert!(PrivateKey::from_pkcs8(&content("key1")).is_none());
    assert!(PrivateKey::from_sec1(&content("key1")).is_none());
    assert!(PrivateKey::from_dsa(&content("leaf")).is_none());
    assert!(PrivateKey::elliptic(Curve::P256, Zeroizing::new(vec![0; 32])).is_none(), "zero is no key");
    assert!(PrivateKey::elliptic(Curve::P256, Zeroizing::new(vec![0xff; 32])).is_none(), "it is too large");
    assert!(PrivateKey::elliptic(Curve::P256, Zeroizing::new(vec![1; 31])).is_none(), "it is too short");
}

#[test]
fn a_shorter_number_of_a_curve_is_filled_with_zeros() {
    let oid = oid(Curve::P384.identifier());
    let key = sequence(&[&integer(&[1]), &octets(&[5]), &encode(context(0), &[&oid])]);
    let PrivateKey::Elliptic { curve, scalar, .. } = PrivateKey::from_sec1(&key).unwrap() else { panic!() };
    assert_eq!((curve, scalar.len(), scalar[47]), (Curve::P384, 48, 5));
}

#[track_caller]
fn check_signature(key: &PrivateKey, point: &[u8], algorithm: &'static dyn VerificationAlgorithm) {
    let signature = key.sign(b"message").unwrap();
    UnparsedPublicKey::new(algorithm, point).verify(b"message", &signature).unwrap();
    UnparsedPublicKey::new(algorithm, point).verify(b"another", &signature).unwrap_err();
}

#[test]
fn keys_sign() {
    let curve = |curve: Curve| PrivateKey::elliptic(curve, Zeroizing::new(vec![1; curve.length()])).unwrap();
    let p256 = with_scope(Limits::default(), PrivateKey::generate_p256).unwrap();
    let ed25519 = with_scope(Limits::default(), PrivateKey::generate_ed25519).unwrap();
    for (key, algorithm) in [
        (p256, &ECDSA_P256_SHA256_ASN1 as &'static dyn VerificationAlgorithm),
        (curve(Curve::P384), &ECDSA_P384_SHA384_ASN1),
        (ed25519, &ED25519_VERIFICATION),
    ] {
        let (PrivateKey::Elliptic { point, .. } | PrivateKey::Ed25519 { point, .. }) = &key else { panic!() };
        check_signature(&key, point, algorithm);
    }
}

#[test]
fn the_key_of_a_seed_is_that_of_the_standard() {
    // RFC 8032, 7.1, test 1.
    let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    let point = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    let bytes = |hex: &str| num_bigint::BigUint::parse_bytes(hex.as_bytes(), 16).unwrap().to_bytes_be();
    let key = PrivateKey::ed25519(Zeroizing::new(bytes(seed))).unwrap();
    assert_eq!(key.public(), Some(ed25519_public(&bytes(point))));
    let again = PrivateKey::from_pkcs8(&key.pkcs8().unwrap()).unwrap();
    assert_eq!(again.public(), key.public());
}

#[test]
fn a_dsa_key_is_in_no_other_form_and_signs_nothing() {
    let numbers: Vec<_> = (1..=5).map(|number| integer(&[number])).collect();
    let parts: Vec<&[u8]> = numbers.iter().map(Vec::as_slice).collect();
    let text = sequence(&[&integer(&[]), &parts.concat()]);
    let key = PrivateKey::from_dsa(&text).unwrap();
    assert!(key.pkcs8().is_none() && key.public().is_none() && key.signature_algorithm().is_none());
    assert!(key.sign(b"message").is_err());
}

#[test]
fn a_signature_is_as_long_as_the_rsa_key() {
    let rsa = PrivateKey::from_pkcs8(&content("key8")).unwrap();
    assert_eq!(rsa.sign(b"message").unwrap().len(), 256);
}
