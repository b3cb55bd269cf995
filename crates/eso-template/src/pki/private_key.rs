//! Private keys: RSA, of elliptic curves, Ed25519, and DSA, which is read and written alone.

use aws_lc_rs::{
    agreement,
    encoding::AsDer,
    error::Unspecified,
    rand::SystemRandom,
    rsa,
    signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaKeyPair},
};
use zeroize::Zeroizing;

use super::der::{Reader, algorithm, algorithm_null, bits, context, encode, integer, octets, oid, sequence};
use crate::Scope;

const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const RSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b];
const ELLIPTIC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// How often a number is drawn that must be less than another. It never takes so many, unless what is drawn is not
/// random.
pub(super) const TRIES: usize = 128;

/// A private key.
pub(crate) enum PrivateKey {
    /// By its `RSAPrivateKey` in DER.
    Rsa(Zeroizing<Vec<u8>>),
    Elliptic {
        curve: Curve,
        scalar: Zeroizing<Vec<u8>>,
        point: Vec<u8>,
    },
    Ed25519 {
        seed: Zeroizing<Vec<u8>>,
        point: Vec<u8>,
    },
    /// By its sequence of numbers in DER.
    Dsa(Zeroizing<Vec<u8>>),
}

/// A curve of NIST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    pub(super) const ALL: [Self; 3] = [Self::P256, Self::P384, Self::P521];

    fn identifier(self) -> &'static [u8] {
        match self {
            Self::P256 => &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
            Self::P384 => &[0x2b, 0x81, 0x04, 0x00, 0x22],
            Self::P521 => &[0x2b, 0x81, 0x04, 0x00, 0x23],
        }
    }

    /// The bytes of a number of the curve.
    pub(super) fn length(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    fn agreement(self) -> &'static agreement::Algorithm {
        match self {
            Self::P256 => &agreement::ECDH_P256,
            Self::P384 => &agreement::ECDH_P384,
            Self::P521 => &agreement::ECDH_P521,
        }
    }

    /// How certificates are signed with it, and the identifier of that.
    fn signing(self) -> (&'static signature::EcdsaSigningAlgorithm, &'static [u8]) {
        match self {
            Self::P256 => (
                &signature::ECDSA_P256_SHA256_ASN1_SIGNING,
                &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02],
            ),
            Self::P384 => (
                &signature::ECDSA_P384_SHA384_ASN1_SIGNING,
                &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03],
            ),
            Self::P521 => (
                &signature::ECDSA_P521_SHA512_ASN1_SIGNING,
                &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04],
            ),
        }
    }

    /// The algorithm of a public key on it.
    fn algorithm(self) -> Vec<u8> {
        sequence(&[&oid(ELLIPTIC), &oid(self.identifier())])
    }

    /// The public key of a point on it, as certificates have it.
    pub(super) fn public(self, point: &[u8]) -> Vec<u8> {
        sequence(&[&self.algorithm(), &bits(point)])
    }

    fn of(identifier: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|curve| curve.identifier() == identifier)
    }
}

impl PrivateKey {
    /// Makes an RSA key. AWS-LC draws it from its own generator, which the operating system seeds: there is no way to
    /// hand it random bytes.
    pub(crate) fn generate_rsa(size: rsa::KeySize) -> Option<Self> {
        let pair = RsaKeyPair::generate(size).ok()?;
        Self::from_pkcs8(pair.as_der().ok()?.as_ref())
    }

    pub(crate) fn generate_p256(scope: &mut Scope<'_>) -> Option<Self> {
        // Not every number of that length is a key: one in four billion is none.
        (0..TRIES).find_map(|_| {
            let mut scalar = Zeroizing::new(vec![0; Curve::P256.length()]);
            scope.fill(&mut scalar);
            Self::elliptic(Curve::P256, scalar)
        })
    }

    pub(crate) fn generate_ed25519(scope: &mut Scope<'_>) -> Option<Self> {
        let mut seed = Zeroizing::new(vec![0; 32]);
        scope.fill(&mut seed);
        Self::ed25519(seed)
    }

    /// A key of its number; nothing where that is none.
    pub(super) fn elliptic(curve: Curve, scalar: Zeroizing<Vec<u8>>) -> Option<Self> {
        let key = agreement::PrivateKey::from_private_key(curve.agreement(), &scalar).ok()?;
        let point = key.compute_public_key().ok()?.as_ref().to_vec();
        Some(Self::Elliptic { curve, scalar, point })
    }

    pub(super) fn ed25519(seed: Zeroizing<Vec<u8>>) -> Option<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).ok()?;
        let point = pair.public_key().as_ref().to_vec();
        Some(Self::Ed25519 { seed, point })
    }

    /// Of an `RSAPrivateKey` of two primes.
    pub(crate) fn from_pkcs1(text: &[u8]) -> Option<Self> {
        let mut reader = Reader::within(text)?;
        if reader.expect(super::der::INTEGER)? != [0] {
            return None;
        }
        for _ in 0..8 {
            reader.unsigned()?;
        }
        reader.end()?;
        Some(Self::Rsa(Zeroizing::new(text.to_vec())))
    }

    /// Of a `PrivateKeyInfo`.
    pub(crate) fn from_pkcs8(text: &[u8]) -> Option<Self> {
        let mut reader = Reader::within(text)?;
        let _version = reader.expect(super::der::INTEGER)?;
        let mut algorithm = reader.sequence()?;
        let content = reader.expect(super::der::OCTETS)?;
        match algorithm.expect(super::der::OID)? {
            RSA => Self::from_pkcs1(content),
            ELLIPTIC => {
                let curve = Curve::of(algorithm.expect(super::der::OID)?)?;
                Self::from_elliptic(content, Some(curve))
            }
            ED25519 => {
                let mut seed = Reader(content);
                let bytes = seed.expect(super::der::OCTETS).filter(|seed| seed.len() == 32)?;
                Self::ed25519(Zeroizing::new(bytes.to_vec()))
            }
            _ => None,
        }
    }

    /// Of an `ECPrivateKey` that tells its curve.
    pub(crate) fn from_sec1(text: &[u8]) -> Option<Self> {
        Self::from_elliptic(text, None)
    }

    fn from_elliptic(text: &[u8], curve: Option<Curve>) -> Option<Self> {
        let mut reader = Reader::within(text)?;
        if reader.expect(super::der::INTEGER)? != [1] {
            return None;
        }
        let digits = reader.expect(super::der::OCTETS)?;
        let told = reader.optional(context(0)).and_then(|content| Reader(content).expect(super::der::OID));
        let curve = curve.or_else(|| told.and_then(Curve::of))?;
        // Some write more zeros before the number than it has, or fewer.
        let digits = &digits[digits.iter().take_while(|digit| **digit == 0).count()..];
        let missing = curve.length().checked_sub(digits.len())?;
        let scalar = [&vec![0; missing][..], digits].concat();
        Self::elliptic(curve, Zeroizing::new(scalar))
    }

    /// Of the numbers of a DSA key, with a version before them.
    pub(crate) fn from_dsa(text: &[u8]) -> Option<Self> {
        let mut reader = Reader::within(text)?;
        for _ in 0..6 {
            reader.expect(super::der::INTEGER)?;
        }
        Some(Self::Dsa(Zeroizing::new(text.to_vec())))
    }

    /// As a `PrivateKeyInfo`; nothing of DSA, which Go writes none of.
    pub(crate) fn pkcs8(&self) -> Option<Zeroizing<Vec<u8>>> {
        let (algorithm, content) = match self {
            Self::Rsa(key) => (algorithm_null(RSA), Zeroizing::new(key.to_vec())),
            Self::Elliptic { curve, .. } => (curve.algorithm(), self.sec1(false)?),
            Self::Ed25519 { seed, .. } => (algorithm(ED25519), Zeroizing::new(octets(seed))),
            Self::Dsa(_) => return None,
        };
        let content = Zeroizing::new(octets(&content));
        Some(Zeroizing::new(sequence(&[&integer(&[]), &algorithm, &content])))
    }

    /// As an `ECPrivateKey`, with its curve or without.
    fn sec1(&self, with_curve: bool) -> Option<Zeroizing<Vec<u8>>> {
        let Self::Elliptic { curve, scalar, point } = self else { return None };
        let named = encode(context(0), &[&oid(curve.identifier())]);
        let named = if with_curve { &named[..] } else { &[] };
        let scalar = Zeroizing::new(octets(scalar));
        Some(Zeroizing::new(sequence(&[
            &integer(&[1]),
            &scalar,
            named,
            &encode(context(1), &[&bits(point)]),
        ])))
    }

    /// In the form that is of its kind alone, as sprig writes keys.
    pub(crate) fn traditional(&self) -> (&'static str, Zeroizing<Vec<u8>>) {
        match self {
            Self::Rsa(key) => ("RSA PRIVATE KEY", Zeroizing::new(key.to_vec())),
            Self::Dsa(key) => ("DSA PRIVATE KEY", Zeroizing::new(key.to_vec())),
            Self::Elliptic { .. } => {
                ("EC PRIVATE KEY", self.sec1(true).expect("a key of a curve must have a form"))
            }
            Self::Ed25519 { .. } => ("PRIVATE KEY", self.pkcs8().expect("an Ed25519 key must have a form")),
        }
    }

    /// The public key, as certificates have it; nothing of DSA, which signs none.
    pub(crate) fn public(&self) -> Option<Vec<u8>> {
        match self {
            Self::Rsa(key) => {
                let mut reader = Reader::within(key)?;
                reader.number()?;
                let (modulus, exponent) = (reader.unsigned()?, reader.unsigned()?);
                Some(rsa_public(modulus, exponent))
            }
            Self::Elliptic { curve, point, .. } => Some(curve.public(point)),
            Self::Ed25519 { point, .. } => Some(ed25519_public(point)),
            Self::Dsa(_) => None,
        }
    }

    /// The algorithm that it signs certificates by.
    pub(super) fn signature_algorithm(&self) -> Option<Vec<u8>> {
        match self {
            Self::Rsa(_) => Some(algorithm_null(RSA_SHA256)),
            Self::Elliptic { curve, .. } => Some(algorithm(curve.signing().1)),
            Self::Ed25519 { .. } => Some(algorithm(ED25519)),
            Self::Dsa(_) => None,
        }
    }

    /// Signs a certificate. Wrong is a key that is none, an RSA key of fewer than 2048 bits, and one of DSA.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(key) => {
                let pair = RsaKeyPair::from_der(key)?;
                let mut signed = vec![0; pair.public_modulus_len()];
                pair.sign(&signature::RSA_PKCS1_SHA256, &random, message, &mut signed)?;
                Ok(signed)
            }
            Self::Elliptic { curve, scalar, point } => {
                let (algorithm, _) = curve.signing();
                let pair = EcdsaKeyPair::from_private_key_and_public_key(algorithm, scalar, point)?;
                Ok(pair.sign(&random, message)?.as_ref().to_vec())
            }
            Self::Ed25519 { seed, .. } => {
                Ok(Ed25519KeyPair::from_seed_unchecked(seed)?.sign(message).as_ref().to_vec())
            }
            Self::Dsa(_) => Err(Unspecified),
        }
    }
}

/// An RSA key, as certificates have it.
pub(super) fn rsa_public(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let key = sequence(&[&integer(modulus), &integer(exponent)]);
    sequence(&[&algorithm_null(RSA), &bits(&key)])
}

/// An Ed25519 key, as certificates have it.
pub(super) fn ed25519_public(point: &[u8]) -> Vec<u8> {
    sequence(&[&algorithm(ED25519), &bits(point)])
}

#[cfg(test)]
mod tests;
