//! Keys in JSON (RFC 7517).

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ECDSA_P521_SHA512_ASN1, ParsedPublicKey,
};
use zeroize::Zeroizing;

use super::{
    der::{integer, sequence},
    private_key::{Curve, PrivateKey, ed25519_public, rsa_public},
};
use crate::{Value, funcs::encoding, value::Map};

/// A key.
pub(crate) enum Key {
    /// In the form of certificates.
    Public(Vec<u8>),
    Private(PrivateKey),
}

impl Key {
    /// Of an object of JSON; nothing where that is no key, or one of a kind that PEM has no form for.
    pub(crate) fn of(object: &Map) -> Option<Self> {
        match text(object, "kty")?.as_slice() {
            b"RSA" => Self::rsa(object),
            b"EC" => Self::elliptic(object),
            b"OKP" => Self::edwards(object),
            _ => None,
        }
    }

    fn rsa(object: &Map) -> Option<Self> {
        let (modulus, exponent) = (bytes(object, "n")?, bytes(object, "e")?);
        let Some(private) = bytes(object, "d") else {
            return Some(Self::Public(rsa_public(&modulus, &exponent)));
        };
        let rest: Option<Vec<_>> =
            ["p", "q", "dp", "dq", "qi"].iter().map(|name| bytes(object, name)).collect();
        let numbers = [modulus, exponent, private].into_iter().chain(rest?);
        let numbers: Vec<_> = numbers.map(|number| Zeroizing::new(integer(&number))).collect();
        let version = integer(&[]);
        let parts = std::iter::once(&version[..]).chain(numbers.iter().map(|number| &number[..]));
        let key = Zeroizing::new(sequence(&parts.collect::<Vec<_>>()));
        PrivateKey::from_pkcs1(&key).map(Self::Private)
    }

    fn elliptic(object: &Map) -> Option<Self> {
        let (curve, algorithm) = match text(object, "crv")?.as_slice() {
            b"P-256" => (Curve::P256, &ECDSA_P256_SHA256_ASN1),
            b"P-384" => (Curve::P384, &ECDSA_P384_SHA384_ASN1),
            b"P-521" => (Curve::P521, &ECDSA_P521_SHA512_ASN1),
            _ => return None,
        };
        let (x, y) = (of_length(bytes(object, "x")?, curve)?, of_length(bytes(object, "y")?, curve)?);
        let point = [&[4], &x[..], &y[..]].concat();
        // It must lie on the curve.
        ParsedPublicKey::new(algorithm, &point).ok()?;
        let Some(scalar) = bytes(object, "d") else { return Some(Self::Public(curve.public(&point))) };
        let key = PrivateKey::elliptic(curve, of_length(scalar, curve)?)?;
        (key.public()? == curve.public(&point)).then_some(Self::Private(key))
    }

    fn edwards(object: &Map) -> Option<Self> {
        let point = bytes(object, "x").filter(|point| point.len() == 32)?;
        if text(object, "crv")? != b"Ed25519" {
            return None;
        }
        let Some(seed) = bytes(object, "d") else { return Some(Self::Public(ed25519_public(&point))) };
        let key = PrivateKey::ed25519(seed).filter(|key| key.public() == Some(ed25519_public(&point)))?;
        Some(Self::Private(key))
    }
}

/// A number with zeros before it, so that it is as long as those of a curve.
fn of_length(number: Zeroizing<Vec<u8>>, curve: Curve) -> Option<Zeroizing<Vec<u8>>> {
    let missing = curve.length().checked_sub(number.len())?;
    Some(Zeroizing::new([&vec![0; missing][..], &number].concat()))
}

fn text(object: &Map, name: &str) -> Option<Vec<u8>> {
    match object.entries().get(name.as_bytes()) {
        Some(Value::String(text)) => Some(text.to_vec()),
        _ => None,
    }
}

/// Bytes in base 64, of either alphabet, with padding or without.
fn bytes(object: &Map, name: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut digits = Zeroizing::new(text(object, name)?);
    for digit in digits.iter_mut() {
        *digit = match *digit {
            b'-' => b'+',
            b'_' => b'/',
            other => other,
        };
    }
    while digits.len() % 4 != 0 {
        digits.push(b'=');
    }
    encoding::base64(&digits).ok().map(Zeroizing::new).filter(|bytes| !bytes.is_empty())
}

#[cfg(test)]
mod tests;
