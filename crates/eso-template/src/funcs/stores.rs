//! PKCS#12: what is in a store, and new ones, in base 64.

use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::{
    certificates::first_certificate,
    keys::{of_any_pem, pkcs8},
};
use crate::{
    Fault, Scope, Text,
    function::{Function, function},
    pki::{
        certificate::Certificate,
        chain, pem,
        pkcs12::{Store, read, write_key, write_trusted},
    },
};

/// A template that makes a store of a new certificate.
macro_rules! with_store {
    ($made:literal) => {
        concat!(r#"{{ $k := genPrivateKey "ecdsa" }}{{ $c := (genCAWithKey "ca" 1 $k).Cert }}"#, $made)
    };
}

pub(super) fn functions() -> Vec<Function> {
    writing().into_iter().chain(reading()).collect()
}

fn writing() -> Vec<Function> {
    vec![
        function("pemToPkcs12", |scope: &mut Scope<'_>, certificate: Text, key: Text| {
            store(scope, &certificate, &key, b"")
        })
        .example(with_store!("{{ pemToPkcs12 $c $k | b64dec | pkcs12cert | eq $c }}"), "true"),
        function("pemToPkcs12Pass", |scope: &mut Scope<'_>, certificate: Text, key: Text, password: Text| {
            store(scope, &certificate, &key, &password)
        })
        .example(
            with_store!(r#"{{ pemToPkcs12Pass $c $k "p" | b64dec | pkcs12certPass "p" | eq $c }}"#),
            "true",
        ),
        function("fullPemToPkcs12", |scope: &mut Scope<'_>, certificates: Text, key: Text| {
            full_store(scope, &certificates, &key, b"")
        })
        .example(with_store!("{{ fullPemToPkcs12 $c $k | b64dec | pkcs12cert | eq $c }}"), "true"),
        function(
            "fullPemToPkcs12Pass",
            |scope: &mut Scope<'_>, certificates: Text, key: Text, password: Text| {
                full_store(scope, &certificates, &key, &password)
            },
        )
        .example(
            with_store!(r#"{{ fullPemToPkcs12Pass $c $k "p" | b64dec | pkcs12certPass "p" | eq $c }}"#),
            "true",
        ),
        function("pemTruststoreToPKCS12", |scope: &mut Scope<'_>, certificates: Text| {
            trusted(scope, &certificates, b"")
        })
        .example(with_store!("{{ pemTruststoreToPKCS12 $c | b64dec | len | lt 500 }}"), "true"),
        function("pemTruststoreToPKCS12Pass", |scope: &mut Scope<'_>, certificates: Text, password: Text| {
            trusted(scope, &certificates, &password)
        })
        .example(with_store!(r#"{{ pemTruststoreToPKCS12Pass $c "p" | b64dec | len | lt 500 }}"#), "true"),
    ]
}

fn reading() -> Vec<Function> {
    let key = "-----BEGIN PRIVATE KEY-----";
    vec![
        function("pkcs12key", |scope: &mut Scope<'_>, text: Text| private_key(scope, b"", &text))
            .example(with_store!("{{ pemToPkcs12 $c $k | b64dec | pkcs12key | trunc 27 }}"), key),
        function("pkcs12keyPass", |scope: &mut Scope<'_>, password: Text, text: Text| {
            private_key(scope, &password, &text)
        })
        .example(
            with_store!(r#"{{ pemToPkcs12Pass $c $k "p" | b64dec | pkcs12keyPass "p" | trunc 27 }}"#),
            key,
        ),
        function("pkcs12cert", |scope: &mut Scope<'_>, text: Text| certificates(scope, b"", &text))
            .example(with_store!("{{ pemToPkcs12 $c $k | b64dec | pkcs12cert | eq $c }}"), "true"),
        function("pkcs12certPass", |scope: &mut Scope<'_>, password: Text, text: Text| {
            certificates(scope, &password, &text)
        })
        .example(
            with_store!(r#"{{ pemToPkcs12Pass $c $k "p" | b64dec | pkcs12certPass "p" | eq $c }}"#),
            "true",
        ),
    ]
}

fn open(scope: &mut Scope<'_>, password: &[u8], text: &[u8]) -> Result<Store, Fault> {
    read(scope, text, &String::from_utf8_lossy(password))
}

fn private_key(scope: &mut Scope<'_>, password: &[u8], text: &[u8]) -> Result<Vec<u8>, Fault> {
    pkcs8(&open(scope, password, text)?.key)
}

/// The certificates from the leaf to the root; as they are in the store where they make no chain.
fn certificates(scope: &mut Scope<'_>, password: &[u8], text: &[u8]) -> Result<Vec<u8>, Fault> {
    let Store { certificates, .. } = open(scope, password, text)?;
    let count = certificates.len() as u64;
    scope.spend(count.saturating_mul(count))?;
    let unordered: Vec<u8> = certificates.iter().flat_map(Certificate::pem).collect();
    Ok(match chain::ordered(&unordered) {
        Ok(ordered) => ordered.iter().flat_map(Certificate::pem).collect(),
        Err(_) => unordered,
    })
}

/// A store of a key and the first certificate.
fn store(scope: &mut Scope<'_>, certificate: &[u8], key: &[u8], password: &[u8]) -> Result<String, Fault> {
    let certificate = first_certificate(certificate)?;
    encoded(write_key(scope, &of_any_pem(key)?, &[certificate], &String::from_utf8_lossy(password)))
}

/// A store of a key and all certificates, of which the first is its own.
fn full_store(
    scope: &mut Scope<'_>,
    certificates: &[u8],
    key: &[u8],
    password: &[u8],
) -> Result<String, Fault> {
    let certificates = all_certificates(certificates)?;
    encoded(write_key(scope, &of_any_pem(key)?, &certificates, &String::from_utf8_lossy(password)))
}

fn trusted(scope: &mut Scope<'_>, certificates: &[u8], password: &[u8]) -> Result<String, Fault> {
    let certificates = all_certificates(certificates)?;
    encoded(write_trusted(scope, &certificates, &String::from_utf8_lossy(password)))
}

fn encoded(store: Result<Vec<u8>, Fault>) -> Result<String, Fault> {
    store.map(|store| BASE64_STANDARD.encode(store))
}

/// The certificates of a text that has nothing else.
fn all_certificates(text: &[u8]) -> Result<Vec<Certificate>, Fault> {
    let (blocks, rest) = pem::all(text);
    let parsed = blocks.iter().map(|block| Certificate::parse(&block.content));
    let certificates: Option<Vec<_>> = parsed.collect();
    match rest.is_empty() {
        true => certificates.ok_or(Fault::wrong("a block of the PEM is no certificate")),
        false => Err(Fault::wrong("the text has what is no PEM")),
    }
}

#[cfg(test)]
mod tests;
