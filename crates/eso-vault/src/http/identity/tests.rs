//! Which certificates and keys are an identity, and what is said of the others.

use eso_core::value::SecretBytes;
use rcgen::{CertifiedKey, KeyPair};

use super::{ClientIdentity, IdentityError};

fn pair() -> CertifiedKey<KeyPair> {
    rcgen::generate_simple_self_signed(["client.example".to_owned()]).expect("a certificate must be made")
}

#[track_caller]
fn check(certificate: &str, key: &str, expected: Result<(), IdentityError>) {
    let made = ClientIdentity::new(&SecretBytes::from(certificate), &SecretBytes::from(key));
    assert_eq!(made.as_ref().map(drop).map_err(|error| *error), expected);
    if let Ok(identity) = made {
        identity.parse().expect("the HTTP client must take what is taken here");
    }
}

#[test]
fn a_certificate_goes_with_its_own_key_only() {
    let (one, other) = (pair(), pair());
    let (certificate, key) = (one.cert.pem(), one.signing_key.serialize_pem());
    check(&certificate, &key, Ok(()));
    check(&format!("a comment\n{}{}", certificate, other.cert.pem()), &format!("\n{key}\n\n"), Ok(()));
    check(certificate.trim_end(), key.trim_end(), Ok(()));
    check(&certificate, &other.signing_key.serialize_pem(), Err(IdentityError::Mismatch));
    check("", &key, Err(IdentityError::Certificate));
    check(&key, &key, Err(IdentityError::Certificate));
    check(
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        &key,
        Err(IdentityError::Certificate),
    );
    check(&certificate, "", Err(IdentityError::Key));
    check(&certificate, &certificate, Err(IdentityError::Key));
    let garbage = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    check(&certificate, garbage, Err(IdentityError::UnusableKey));
}

#[test]
fn of_a_file_that_holds_keys_and_certificates_the_ones_that_are_asked_for_are_taken() {
    let (one, other) = (pair(), pair());
    let key = one.signing_key.serialize_pem();
    let both = one.cert.pem() + &other.signing_key.serialize_pem();
    check(&both, &key, Ok(()));
    check(&one.cert.pem(), &(one.cert.pem() + &key), Ok(()));
    let identities = [&both, &one.cert.pem()].map(|certificate| {
        ClientIdentity::new(&SecretBytes::from(certificate.as_str()), &SecretBytes::from(key.as_str()))
    });
    assert_eq!(identities[0], identities[1]);
}

#[test]
fn an_identity_shows_nothing_of_its_key() {
    let pair = pair();
    let key = pair.signing_key.serialize_pem();
    let identity = ClientIdentity::new(&SecretBytes::from(pair.cert.pem()), &SecretBytes::from(key)).unwrap();
    assert_eq!(format!("{identity:?}"), "ClientIdentity { .. }");
}
