//! How stores are locked and sealed: keys of passwords, ciphers and seals, those of today and those of old.

use std::num::NonZeroU32;

use aws_lc_rs::{
    cipher::{
        AES_128, AES_192, AES_256, Algorithm, DecryptingKey, DecryptionContext, EncryptionContext,
        PaddedBlockEncryptingKey, UnboundCipherKey,
    },
    digest::{self, Context},
    hmac,
    iv::FixedLength,
    pbkdf2,
};
use des::{
    TdesEde3,
    cipher::{BlockCipherDecrypt, KeyInit, typenum::U8},
};
use rc2::Rc2;
use zeroize::Zeroizing;

use super::{
    super::der::{INTEGER, OCTETS, OID, Reader, SEQUENCE, algorithm_null, integer, octets, oid, sequence},
    Password, identifier,
};
use crate::{Fault, Scope};

/// Rounds that go-pkcs12 makes keys in.
const ROUNDS: [u8; 2] = 2_048_u16.to_be_bytes();
/// Rounds that take 10 ms.
const ROUNDS_OF_EFFORT: u32 = 8_000;

/// Asks for the effort of so many rounds, made so many times. None are wrong.
fn rounds(scope: &mut Scope<'_>, rounds: u32, times: u32) -> Result<NonZeroU32, Fault> {
    scope.strain(1 + rounds.saturating_mul(times) / ROUNDS_OF_EFFORT)?;
    NonZeroU32::new(rounds).ok_or(UNKNOWN)
}

pub(super) const UNKNOWN: Fault =
    Fault::Wrong(std::borrow::Cow::Borrowed("this is no PKCS#12, or of a kind that is not known"));
pub(super) const WRONG_PASSWORD: Fault =
    Fault::Wrong(std::borrow::Cow::Borrowed("the PKCS#12 has another password"));

/// A key by the way of PKCS#12 (RFC 7292, B.2), for one of its purposes: 1 is a key, 2 a vector, 3 a seal.
fn derived(
    digest: &'static digest::Algorithm,
    password: &[u8],
    salt: &[u8],
    rounds: NonZeroU32,
    purpose: u8,
    length: usize,
) -> Zeroizing<Vec<u8>> {
    let block = digest.block_len();
    let filled = |bytes: &[u8]| {
        let length = bytes.len().div_ceil(block) * block;
        Zeroizing::new(bytes.iter().copied().cycle().take(length).collect::<Vec<u8>>())
    };
    let mut input = Zeroizing::new([&filled(salt)[..], &filled(password)].concat());
    let mut key = Zeroizing::new(Vec::with_capacity(length + digest.output_len()));
    loop {
        let mut context = Context::new(digest);
        context.update(&vec![purpose; block]);
        context.update(&input);
        let mut hash = context.finish();
        for _ in 1..rounds.get() {
            hash = digest::digest(digest, hash.as_ref());
        }
        key.extend_from_slice(hash.as_ref());
        if key.len() >= length {
            key.truncate(length);
            return key;
        }
        let addend: Vec<u8> = hash.as_ref().iter().copied().cycle().take(block).collect();
        input.chunks_mut(block).for_each(|chunk| add(chunk, &addend));
    }
}

/// Adds a number and one to another of the same length; what no longer fits is dropped.
fn add(sum: &mut [u8], addend: &[u8]) {
    let mut carry = 1_u16;
    for (digit, added) in sum.iter_mut().zip(addend).rev() {
        let total = u16::from(*digit) + u16::from(*added) + carry;
        carry = total >> 8;
        *digit = total.to_be_bytes()[1];
    }
}

/// Checks the seal of a store, by the content of its `MacData`.
pub(super) fn is_sealed(
    scope: &mut Scope<'_>,
    seal: &[u8],
    content: &[u8],
    password: &Password,
) -> Result<bool, Fault> {
    let mut reader = Reader::within(seal).ok_or(UNKNOWN)?;
    let parsed = (|| {
        let mut mac = reader.sequence()?;
        let mut algorithm = mac.sequence()?;
        let name = algorithm.expect(OID)?;
        let expected = mac.expect(OCTETS)?;
        Some((name, algorithm, expected, reader.expect(OCTETS)?, reader))
    })();
    let (name, parameters, expected, salt, mut rest) = parsed.ok_or(UNKNOWN)?;
    let key = match name {
        identifier::PBMAC1 => pbmac1(scope, parameters, password)?,
        name => {
            let (digest, mac) = match name {
                identifier::SHA1 => (&digest::SHA1_FOR_LEGACY_USE_ONLY, hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY),
                identifier::SHA256 => (&digest::SHA256, hmac::HMAC_SHA256),
                identifier::SHA512 => (&digest::SHA512, hmac::HMAC_SHA512),
                _ => return Err(UNKNOWN),
            };
            let told = if rest.end().is_some() { 1 } else { rest.number().ok_or(UNKNOWN)? };
            let rounds = rounds(scope, told, 1)?;
            hmac::Key::new(mac, &derived(digest, &password.wide, salt, rounds, 3, digest.output_len()))
        }
    };
    Ok(hmac::verify(&key, content, expected).is_ok())
}

/// The key of a seal by the way of RFC 9579.
fn pbmac1(
    scope: &mut Scope<'_>,
    mut parameters: Reader<'_>,
    password: &Password,
) -> Result<hmac::Key, Fault> {
    let parsed = (|| {
        let mut parameters = parameters.sequence()?;
        let derivation = parameters.sequence()?;
        Some((derivation, parameters.sequence()?.expect(OID)?))
    })();
    let (derivation, mac) = parsed.ok_or(UNKNOWN)?;
    let mac = match mac {
        identifier::HMAC_SHA1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        identifier::HMAC_SHA256 => hmac::HMAC_SHA256,
        identifier::HMAC_SHA512 => hmac::HMAC_SHA512,
        _ => return Err(UNKNOWN),
    };
    // A shorter key would let a seal be guessed; no digest gives a longer one.
    let key = pbkdf2_key(scope, derivation, password, |told| told.filter(|told| (20..=64).contains(told)))?;
    Ok(hmac::Key::new(mac, &key))
}

/// A key by PBKDF2, of its parameters. They may tell its length, which the caller judges.
fn pbkdf2_key(
    scope: &mut Scope<'_>,
    mut derivation: Reader<'_>,
    password: &Password,
    length: impl FnOnce(Option<usize>) -> Option<usize>,
) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let parsed = (|| {
        if derivation.expect(OID)? != identifier::PBKDF2 {
            return None;
        }
        let mut parameters = derivation.sequence()?;
        let (salt, rounds) = (parameters.expect(OCTETS)?, parameters.number()?);
        let mut ahead = parameters;
        let told = ahead.next().filter(|value| value.tag == INTEGER).and_then(|_| parameters.number());
        let mac = match parameters.optional(SEQUENCE) {
            None => identifier::HMAC_SHA1,
            Some(mac) => Reader(mac).expect(OID)?,
        };
        let length = length(told.and_then(|told| usize::try_from(told).ok()))?;
        Some((salt, rounds, mac, length))
    })();
    let (salt, told, mac, length) = parsed.ok_or(UNKNOWN)?;
    let algorithm = match mac {
        identifier::HMAC_SHA1 => pbkdf2::PBKDF2_HMAC_SHA1,
        identifier::HMAC_SHA256 => pbkdf2::PBKDF2_HMAC_SHA256,
        identifier::HMAC_SHA512 => pbkdf2::PBKDF2_HMAC_SHA512,
        _ => return Err(UNKNOWN),
    };
    let rounds = rounds(scope, told, 2)?;
    let mut key = Zeroizing::new(vec![0; length]);
    pbkdf2::derive(algorithm, rounds, salt, password.text.as_bytes(), &mut key);
    Ok(key)
}

/// Unlocks what was locked by an algorithm.
pub(super) fn unlock(
    scope: &mut Scope<'_>,
    mut algorithm: Reader<'_>,
    locked: &[u8],
    password: &Password,
) -> Result<Zeroizing<Vec<u8>>, Fault> {
    scope.hold(locked.len())?;
    let name = algorithm.expect(OID).ok_or(UNKNOWN)?;
    let parameters = algorithm.sequence().ok_or(UNKNOWN)?;
    let (opened, block) = match name.strip_prefix(identifier::OLD) {
        Some([kind]) => (unlock_old(scope, *kind, parameters, locked, password)?, 8),
        Some(_) | None if name == identifier::PBES2 => (unlock_aes(scope, parameters, locked, password)?, 16),
        Some(_) | None => return Err(UNKNOWN),
    };
    without_padding(opened, block).ok_or(WRONG_PASSWORD)
}

fn without_padding(mut text: Zeroizing<Vec<u8>>, block: usize) -> Option<Zeroizing<Vec<u8>>> {
    let padding = usize::from(*text.last()?);
    let length = text.len().checked_sub(padding).filter(|_| (1..=block).contains(&padding))?;
    let is_padded = text[length..].iter().all(|byte| usize::from(*byte) == padding);
    text.truncate(length);
    is_padded.then_some(text)
}

/// By a cipher of old: Triple DES (3), RC2 with 128 bits (5) and with 40 (6).
fn unlock_old(
    scope: &mut Scope<'_>,
    kind: u8,
    mut parameters: Reader<'_>,
    locked: &[u8],
    password: &Password,
) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let (Some(salt), Some(told)) = (parameters.expect(OCTETS), parameters.number()) else {
        return Err(UNKNOWN);
    };
    let rounds = rounds(scope, told, 3)?;
    let sha1 = &digest::SHA1_FOR_LEGACY_USE_ONLY;
    let key = |length| derived(sha1, &password.wide, salt, rounds, 1, length);
    let vector = derived(sha1, &password.wide, salt, rounds, 2, 8);
    let opened = match kind {
        3 => TdesEde3::new_from_slice(&key(24)).ok().and_then(|cipher| chained(&cipher, &vector, locked)),
        5 => Rc2::new_from_slice(&key(16)).ok().and_then(|cipher| chained(&cipher, &vector, locked)),
        6 => Rc2::new_from_slice(&key(5)).ok().and_then(|cipher| chained(&cipher, &vector, locked)),
        _ => None,
    };
    opened.ok_or(UNKNOWN)
}

/// Opens blocks that are chained (CBC); nothing where the text is not of whole blocks.
fn chained<C: BlockCipherDecrypt<BlockSize = U8>>(
    cipher: &C,
    vector: &[u8],
    locked: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let (blocks, rest) = locked.as_chunks::<8>();
    let mut opened = Zeroizing::new(Vec::with_capacity(locked.len()));
    let mut before = <[u8; 8]>::try_from(vector).ok()?;
    for locked in blocks {
        let mut block = (*locked).into();
        cipher.decrypt_block(&mut block);
        opened.extend(block.iter().zip(before).map(|(byte, before)| byte ^ before));
        before = *locked;
    }
    rest.is_empty().then_some(opened)
}

/// By AES, with a key by PBKDF2 (RFC 8018, 6.2).
fn unlock_aes(
    scope: &mut Scope<'_>,
    mut parameters: Reader<'_>,
    locked: &[u8],
    password: &Password,
) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let parsed = (|| {
        let derivation = parameters.sequence()?;
        let mut scheme = parameters.sequence()?;
        let (algorithm, length): (&'static Algorithm, usize) = match scheme.expect(OID)? {
            identifier::AES_128 => (&AES_128, 16),
            identifier::AES_192 => (&AES_192, 24),
            identifier::AES_256 => (&AES_256, 32),
            _ => return None,
        };
        Some((derivation, algorithm, length, <[u8; 16]>::try_from(scheme.expect(OCTETS)?).ok()?))
    })();
    let (derivation, algorithm, length, vector) = parsed.ok_or(UNKNOWN)?;
    let key = pbkdf2_key(scope, derivation, password, |_| Some(length))?;
    let mut opened = Zeroizing::new(locked.to_vec());
    let cipher = UnboundCipherKey::new(algorithm, &key).and_then(DecryptingKey::cbc).map_err(|_| UNKNOWN)?;
    let context = DecryptionContext::Iv128(FixedLength::from(vector));
    cipher.decrypt(&mut opened, context).map_err(|_| UNKNOWN)?;
    Ok(opened)
}

/// Locks a text by AES-256 as go-pkcs12 does, and says how.
pub(super) fn lock(
    scope: &mut Scope<'_>,
    text: &[u8],
    password: &Password,
) -> Result<(Vec<u8>, Vec<u8>), Fault> {
    let (mut salt, mut vector) = ([0; 16], [0; 16]);
    scope.fill(&mut salt);
    scope.fill(&mut vector);
    let derivation = sequence(&[&octets(&salt), &integer(&ROUNDS), &algorithm_null(identifier::HMAC_SHA256)]);
    let derivation = sequence(&[&oid(identifier::PBKDF2), &derivation]);
    let scheme = sequence(&[&oid(identifier::AES_256), &octets(&vector)]);
    let algorithm = sequence(&[&oid(identifier::PBES2), &sequence(&[&derivation, &scheme])]);
    let derivation = Reader::within(&derivation).expect("what was encoded must be readable");
    let key = pbkdf2_key(scope, derivation, password, |_| Some(32))?;
    let mut locked = text.to_vec();
    let cipher = UnboundCipherKey::new(&AES_256, &key).and_then(PaddedBlockEncryptingKey::cbc_pkcs7);
    let context = EncryptionContext::Iv128(FixedLength::from(vector));
    cipher.and_then(|cipher| cipher.less_safe_encrypt(&mut locked, context)).map_err(|_| UNKNOWN)?;
    Ok((algorithm, locked))
}

/// The seal of a store, as its `MacData`.
pub(super) fn seal(scope: &mut Scope<'_>, content: &[u8], password: &Password) -> Result<Vec<u8>, Fault> {
    let mut salt = [0; 16];
    scope.fill(&mut salt);
    let rounds = rounds(scope, u16::from_be_bytes(ROUNDS).into(), 1)?;
    let key = derived(&digest::SHA256, &password.wide, &salt, rounds, 3, 32);
    let seal = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), content);
    let mac = sequence(&[&algorithm_null(identifier::SHA256), &octets(seal.as_ref())]);
    Ok(sequence(&[&mac, &octets(&salt), &integer(&ROUNDS)]))
}
