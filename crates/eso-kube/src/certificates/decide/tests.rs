//! Certificates in each state, a line each.

use std::time::Duration;

use jiff::Timestamp;

use super::{Leaf, Signer, Standing, Step, TRUST_PAUSE, Validity, decide};

const OVERLAP: Duration = Duration::from_secs(60);

/// A second of the tests.
fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn from_to(made: i64, ends: i64) -> Validity {
    Validity { made: at(made), ends: at(ends) }
}

/// Made at 0: an authority until 90,000, and a certificate of it until 9,000; all is trusted.
fn fresh() -> Standing {
    Standing {
        issuing: Some(from_to(0, 90_000)),
        has_others: false,
        leaf: Some(Leaf { validity: from_to(0, 9_000), signer: Signer::Issuing, fits: true }),
        is_trusted: true,
    }
}

fn with_leaf(change: impl FnOnce(&mut Leaf)) -> Standing {
    let mut standing = fresh();
    change(standing.leaf.as_mut().unwrap());
    standing
}

/// A new authority was made at 1,000, and what is served is of the old one.
fn rotating(is_trusted: bool) -> Standing {
    Standing {
        issuing: Some(from_to(1_000, 91_000)),
        has_others: true,
        is_trusted,
        ..with_leaf(|leaf| leaf.signer = Signer::Other)
    }
}

/// What is served is of the new authority since 2,000.
fn rotated() -> Standing {
    Standing {
        leaf: Some(Leaf { validity: from_to(2_000, 11_000), signer: Signer::Issuing, fits: true }),
        ..rotating(true)
    }
}

#[track_caller]
fn check(standing: &Standing, second: i64, expected: Step) {
    assert_eq!(decide(standing, OVERLAP, at(second)), expected, "{standing:?} at {second}");
}

#[test]
fn what_is_missing_is_made() {
    check(&Standing::default(), 0, Step::Authority);
    check(&Standing { leaf: None, ..fresh() }, 1, Step::Leaf);
    check(&Standing { issuing: None, ..fresh() }, 1, Step::Authority);
}

#[test]
fn what_is_there_is_renewed_when_two_thirds_of_its_life_are_over() {
    check(&fresh(), 1, Step::Rest(at(6_000)));
    check(&fresh(), 5_999, Step::Rest(at(6_000)));
    check(&fresh(), 6_000, Step::Leaf);
    let leaf = with_leaf(|leaf| leaf.validity = from_to(59_000, 68_000));
    check(&leaf, 59_999, Step::Rest(at(60_000)));
    check(&leaf, 60_000, Step::Authority);
}

#[test]
fn what_cannot_be_served_is_made_anew_at_once() {
    check(&with_leaf(|leaf| leaf.fits = false), 1, Step::Leaf);
    check(&with_leaf(|leaf| leaf.signer = Signer::Unknown), 1, Step::Leaf);
    check(&with_leaf(|leaf| leaf.validity.ends = at(5)), 5, Step::Leaf);
}

#[test]
fn a_new_authority_signs_what_is_served_once_it_was_trusted_for_a_while() {
    check(&rotating(true), 1_001, Step::Rest(at(1_060)));
    check(&rotating(true), 1_060, Step::Leaf);
    check(&rotating(false), 1_060, Step::Rest(at(1_060) + TRUST_PAUSE));
    // What is served ends before that: nothing is lost by not waiting.
    check(&rotating(false), 9_000, Step::Leaf);
}

#[test]
fn an_old_authority_is_trusted_for_a_while_after_nothing_of_it_is_served() {
    check(&rotated(), 2_001, Step::Rest(at(2_060)));
    check(&rotated(), 2_060, Step::Retire);
    check(&Standing { has_others: false, ..rotated() }, 2_060, Step::Rest(at(8_000)));
}
