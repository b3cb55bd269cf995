//! What is drawn at random.

use std::collections::BTreeSet;

use super::below;
use crate::{
    Limits,
    fixtures::{check, check_limit, with_scope},
};

#[test]
fn all_numbers_below_a_bound_are_drawn() {
    with_scope(Limits::default(), |scope| {
        let drawn: BTreeSet<usize> = (0..1000).map(|_| below(scope, 7)).collect();
        assert_eq!(drawn, (0..7).collect());
    });
}

#[test]
fn one_is_the_only_bound_with_one_number() {
    with_scope(Limits::default(), |scope| assert_eq!(below(scope, 1), 0));
}

#[test]
fn the_whole_range_of_integers_can_be_drawn() {
    check("{{ kindOf (randInt 0 9223372036854775807) }}", "int");
}

#[test]
fn all_characters_of_an_alphabet_are_drawn() {
    with_scope(Limits::default(), |scope| {
        let drawn = super::random_alphanumeric(scope, super::Int(5000)).unwrap();
        assert_eq!(drawn.iter().collect::<BTreeSet<_>>().len(), 62);
        let drawn = super::random_ascii(scope, super::Int(5000)).unwrap();
        assert_eq!(drawn.iter().collect::<BTreeSet<_>>().len(), 95);
    });
}

#[test]
fn another_order_has_the_same_runes() {
    with_scope(Limits::default(), |scope| {
        let text = "abcdefghijklmnopqrstuvwxyzé";
        let shuffled = String::from_utf8(super::shuffle(scope, text.into()).unwrap()).unwrap();
        assert_ne!(shuffled, text);
        assert_eq!(shuffled.chars().collect::<BTreeSet<_>>(), text.chars().collect());
    });
}

#[test]
fn much_is_asked_for_before_it_is_drawn() {
    check_limit("{{ randAlpha 1000000000000 }}", "memory");
    check_limit("{{ randAscii 2000000 }}", "steps");
    check_limit("{{ repeat 50 .long | shuffle }}", "memory");
}
