//! Digests and names.

use super::*;
use crate::{
    Limits,
    fixtures::{check, with_scope},
};

/// The sums one by one, reduced each time.
fn slow_adler32(bytes: &[u8]) -> String {
    let (sum, sums) = bytes.iter().fold((1_u64, 0_u64), |(sum, sums), byte| {
        let sum = (sum + u64::from(*byte)) % 65_521;
        (sum, (sums + sum) % 65_521)
    });
    (sums * 65_536 + sum).to_string()
}

#[test]
fn sums_of_many_bytes_are_those_of_one_by_one() {
    for length in [0, 1, 5_551, 5_552, 5_553, 100_000] {
        let bytes = vec![0xff; length];
        assert_eq!(adler32(bytes.clone().into()), slow_adler32(&bytes), "{length} bytes");
    }
}

#[test]
fn digests_are_of_bytes() {
    // RFC 6234, and a byte that is no UTF-8.
    check(r#"{{ sha256sum "abc" }}"#, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    check(r#"{{ eq (sha1sum "\xff") (sha1sum "\ufffd") }}"#, "false");
}

#[test]
fn an_identifier_is_of_version_4_whatever_is_drawn() {
    for byte in [0, 0xff, 0x5a] {
        let mut random = |buffer: &mut [u8]| buffer.fill(byte);
        let surroundings = crate::Surroundings { now: jiff::Timestamp::UNIX_EPOCH, random: &mut random };
        let identifier = uuidv4(&mut Scope::new(Limits::default(), surroundings));
        assert_eq!((identifier.len(), &identifier[14..15]), (36, "4"));
        assert!("89ab".contains(&identifier[19..20]), "{identifier}");
    }
}

#[test]
fn two_identifiers_differ() {
    with_scope(Limits::default(), |scope| assert_ne!(uuidv4(scope), uuidv4(scope)));
}
