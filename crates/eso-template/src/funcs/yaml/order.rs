//! The order of keys that go-yaml writes them in: letters by letter and after all else, numbers by number.

use std::cmp::Ordering;

use crate::{
    Fault, Scope, Text, Value,
    unicode::{DIGIT, LETTER, runes},
};

/// The entries in that order. It is no total order (Go's own is none), so that the place of each is searched for
/// among those before it.
pub(super) fn ordered<'v>(
    scope: &mut Scope<'_>,
    entries: impl ExactSizeIterator<Item = (&'v Text, &'v Value)>,
) -> Result<Vec<(Text, Value)>, Fault> {
    scope.hold(entries.len().saturating_mul(size_of::<(Text, Value)>()))?;
    let mut ordered: Vec<(Text, Value)> = Vec::with_capacity(entries.len());
    for (name, value) in entries {
        let comparisons = u64::from(usize::BITS - ordered.len().leading_zeros()) + 1;
        let steps = ordered.len() as u64 / 64 + (name.len() as u64 / 8 + 1) * comparisons;
        scope.spend(steps)?;
        let place = ordered.partition_point(|(before, _)| order(before, name).is_lt());
        ordered.insert(place, (name.clone(), value.clone()));
    }
    Ok(ordered)
}

fn order(one: &[u8], other: &[u8]) -> Ordering {
    let (one, other): (Vec<char>, Vec<char>) = (runes(one).collect(), runes(other).collect());
    let Some(place) = one.iter().zip(&other).position(|(one, other)| one != other) else {
        return one.len().cmp(&other.len());
    };
    let (first, second) = (one[place], other[place]);
    match (LETTER.has(first), LETTER.has(second)) {
        (true, true) => return first.cmp(&second),
        (false, false) => {}
        (is_letter, _) => return if is_letter { Ordering::Greater } else { Ordering::Less },
    }
    // With a zero there, what stands before it may make it count.
    let is_within = (first == '0' || second == '0')
        && one[..place].iter().rev().take_while(|rune| DIGIT.has(**rune)).any(|rune| *rune != '0');
    let number = |runes: &[char]| {
        let digits = runes[place..].iter().take_while(|rune| DIGIT.has(**rune));
        let value = |sum: i64, rune: &char| {
            sum.wrapping_mul(10).wrapping_add(i64::from(u32::from(*rune)) - i64::from(u32::from('0')))
        };
        (digits.clone().fold(i64::from(is_within), value), digits.count())
    };
    number(&one).cmp(&number(&other)).then_with(|| first.cmp(&second))
}
