//! New stores, as go-pkcs12 makes the modern ones.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use zeroize::Zeroizing;

use super::{
    super::{
        certificate::Certificate,
        der::{BMP, SET, context, encode, integer, octets, oid, sequence},
        private_key::PrivateKey,
    },
    Password,
    cipher::{lock, seal},
    identifier,
};
use crate::{Fault, Scope};

/// Makes a store of a key, its certificate, and those of who signed it.
pub(crate) fn write_key(
    scope: &mut Scope<'_>,
    key: &PrivateKey,
    certificates: &[Certificate],
    password: &str,
) -> Result<Vec<u8>, Fault> {
    let password = of_text(password)?;
    let (leaf, others) = certificates.split_first().ok_or(Fault::wrong("there is no certificate"))?;
    let fingerprint = digest(&SHA1_FOR_LEGACY_USE_ONLY, &leaf.whole);
    let local = attribute(identifier::LOCAL_KEY, &octets(fingerprint.as_ref()));
    let mut bags = certificate_bag(leaf, &[&local]);
    bags.extend(others.iter().flat_map(|certificate| certificate_bag(certificate, &[])));
    let plain = key.pkcs8().ok_or(Fault::wrong("a DSA key is in no PKCS#12"))?;
    let (algorithm, locked) = lock(scope, &plain, &password)?;
    let shrouded = sequence(&[&algorithm, &octets(&locked)]);
    let key_bag = bag(identifier::SHROUDED_KEY_BAG, &shrouded, &[&local]);
    let safes = [locked_safe(scope, &bags, &password)?, safe(&key_bag)];
    store(scope, &safes.concat(), &password)
}

/// Makes a store of certificates that are trusted, as Java reads them.
pub(crate) fn write_trusted(
    scope: &mut Scope<'_>,
    certificates: &[Certificate],
    password: &str,
) -> Result<Vec<u8>, Fault> {
    let password = of_text(password)?;
    let trusted = attribute(identifier::JAVA_TRUSTED, &oid(identifier::ANY_PURPOSE));
    let mut bags = Vec::new();
    for certificate in certificates {
        let wide: Vec<u8> = certificate.shown_subject().encode_utf16().flat_map(u16::to_be_bytes).collect();
        let name = attribute(identifier::FRIENDLY_NAME, &encode(BMP, &[&wide]));
        bags.extend(certificate_bag(certificate, &[&trusted, &name]));
    }
    let safe = locked_safe(scope, &bags, &password)?;
    store(scope, &safe, &password)
}

fn of_text(password: &str) -> Result<Password, Fault> {
    Password::new(password).ok_or(Fault::wrong("the password has characters that PKCS#12 has not"))
}

/// The store of safes, sealed.
fn store(scope: &mut Scope<'_>, safes: &[u8], password: &Password) -> Result<Vec<u8>, Fault> {
    let content = sequence(&[safes]);
    let seal = seal(scope, &content, password)?;
    let information = information(identifier::DATA, &octets(&content));
    Ok(sequence(&[&integer(&[3]), &information, &seal]))
}

fn information(kind: &[u8], content: &[u8]) -> Vec<u8> {
    sequence(&[&oid(kind), &encode(context(0), &[content])])
}

fn safe(bags: &[u8]) -> Vec<u8> {
    information(identifier::DATA, &octets(&sequence(&[bags])))
}

fn locked_safe(scope: &mut Scope<'_>, bags: &[u8], password: &Password) -> Result<Vec<u8>, Fault> {
    let plain = Zeroizing::new(sequence(&[bags]));
    let (algorithm, locked) = lock(scope, &plain, password)?;
    let content = sequence(&[&oid(identifier::DATA), &algorithm, &encode(0x80, &[&locked])]);
    Ok(information(identifier::ENCRYPTED_DATA, &sequence(&[&integer(&[]), &content])))
}

fn certificate_bag(certificate: &Certificate, attributes: &[&[u8]]) -> Vec<u8> {
    let content = sequence(&[&oid(identifier::X509), &encode(context(0), &[&octets(&certificate.whole)])]);
    bag(identifier::CERTIFICATE_BAG, &content, attributes)
}

fn bag(kind: &[u8], content: &[u8], attributes: &[&[u8]]) -> Vec<u8> {
    let attributes = match attributes {
        [] => Vec::new(),
        some => encode(SET, some),
    };
    sequence(&[&oid(kind), &encode(context(0), &[content]), &attributes])
}

fn attribute(kind: &[u8], value: &[u8]) -> Vec<u8> {
    sequence(&[&oid(kind), &encode(SET, &[value])])
}
