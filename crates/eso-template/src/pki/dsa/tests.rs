//! Where the numbers of DSA come from.

use aws_lc_rs::digest::{SHA256, digest};
use num_bigint::BigUint;

use super::{super::der::Reader, *};
use crate::{Limits, fixtures::with_scope};

const SEED: &str = "3835820c285b0aad410c93625ec949a2a26554a4676ca774022d617773e4a522";
const COUNTER: u32 = 347;

fn number(digits: &str) -> BigUint {
    BigUint::parse_bytes(digits.as_bytes(), 16).unwrap()
}

/// The digest of the seed and an offset, as a number.
fn hash(offset: u32) -> BigUint {
    let seed: BigUint = (number(SEED) + offset) % (BigUint::from(1_u8) << 256);
    let bytes = seed.to_bytes_be();
    let padded = [&vec![0; 32 - bytes.len()][..], &bytes].concat();
    BigUint::from_bytes_be(digest(&SHA256, &padded).as_ref())
}

#[test]
fn the_order_is_the_digest_of_the_seed() {
    let half = BigUint::from(1_u8) << 255;
    let low = hash(0) % &half;
    let order = &half + &low + 1_u8 - (&low % 2_u8);
    assert_eq!(order, number(ORDER));
}

#[test]
fn the_prime_is_that_of_the_seed_and_the_counter() {
    let first = 1 + COUNTER * 8;
    let high = (hash(first + 7) % (BigUint::from(1_u8) << 255)) << (7 * 256);
    let drawn: BigUint = (0..7).map(|place| hash(first + place) << (place * 256)).sum::<BigUint>() + high;
    let candidate = drawn + (BigUint::from(1_u8) << 2047);
    let rest = &candidate % (number(ORDER) * 2_u8);
    assert_eq!(candidate - rest + 1_u8, number(PRIME));
}

#[test]
fn the_generator_is_two_to_the_cofactor() {
    let (prime, order) = (number(PRIME), number(ORDER));
    let cofactor = (&prime - 1_u8) / &order;
    assert_eq!(BigUint::from(2_u8).modpow(&cofactor, &prime), number(GENERATOR));
    assert_eq!(number(GENERATOR).modpow(&order, &prime), BigUint::from(1_u8));
}

#[test]
fn the_public_number_is_that_of_the_secret() {
    let key = with_scope(Limits::default(), generate).unwrap();
    let (kind, content) = key.traditional();
    let mut numbers = Reader::within(&content).unwrap();
    let mut next = || BigUint::from_bytes_be(numbers.unsigned().unwrap());
    let [version, prime, order, generator, public, secret] = std::array::from_fn(|_| next());
    assert_eq!((kind, version), ("DSA PRIVATE KEY", BigUint::ZERO));
    assert_eq!(generator.modpow(&secret, &prime), public);
    assert!(secret > BigUint::ZERO && secret < order);
}

#[test]
fn without_randomness_there_is_no_key() {
    let mut random = |buffer: &mut [u8]| buffer.fill(0xff);
    let surroundings = crate::Surroundings { now: jiff::Timestamp::UNIX_EPOCH, random: &mut random };
    assert!(generate(&mut Scope::new(Limits::default(), surroundings)).is_none());
}
