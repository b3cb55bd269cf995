//! What a write must find, and what is left alone.

use eso_core::{
    key::Version,
    provider::Expected::{self, Nothing, Ours},
};

use super::{Known, Left, agreed};

fn known(is_ours: bool, version: u64) -> Known {
    Known { is_ours, version, ..Known::default() }
}

fn ours_at(version: &str) -> Expected {
    Ours(Some(Version::new(version)))
}

#[track_caller]
fn check(expected: &Expected, found: Option<Known>, outcome: Result<u64, Left>) {
    assert_eq!(agreed(expected, found).map(|known| known.version), outcome);
}

#[test]
fn a_write_goes_over_what_was_looked_at_and_nothing_else() {
    check(&Nothing, None, Ok(0));
    check(&Nothing, Some(known(true, 0)), Err(Left::Changed));
    check(&Nothing, Some(known(true, 3)), Err(Left::Changed));
    check(&Nothing, Some(known(false, 3)), Err(Left::Changed));
    check(&ours_at("3"), Some(known(true, 3)), Ok(3));
    check(&ours_at("0"), Some(known(true, 0)), Ok(0));
    check(&ours_at("3"), Some(known(true, 4)), Err(Left::Changed));
    check(&ours_at("3"), Some(known(true, 2)), Err(Left::Changed));
    check(&ours_at("03"), Some(known(true, 3)), Err(Left::Changed));
    check(&ours_at("3"), None, Err(Left::Changed));
    check(&Ours(None), Some(known(true, 7)), Ok(7));
    check(&Ours(None), None, Err(Left::Changed));
}

#[test]
fn what_is_somebody_elses_is_left_alone_whatever_its_version() {
    check(&Ours(None), Some(known(false, 3)), Err(Left::Foreign));
    check(&ours_at("3"), Some(known(false, 3)), Err(Left::Foreign));
    check(&ours_at("2"), Some(known(false, 3)), Err(Left::Foreign));
    assert_eq!(Left::Foreign.to_string(), "secret not managed by external-secrets");
}
