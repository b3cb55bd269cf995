//! What is drawn by chance: texts, numbers, another order.

use crate::{
    Fault, Scope, Text,
    function::{Function, Int, function},
    unicode,
};

pub(super) fn functions() -> Vec<Function> {
    vec![
        function("randAlphaNum", random_alphanumeric).example("{{ randAlphaNum 5 | len }}", "5"),
        function("randAlpha", random_alphabetic).example("{{ randAlpha 5 | len }}", "5"),
        function("randNumeric", random_numeric)
            .example(r#"{{ randNumeric 5 | regexMatch "^[0-9]{5}$" }}"#, "true"),
        function("randAscii", random_ascii).example("{{ randAscii 5 | len }}", "5"),
        function("randInt", random_integer).example("{{ randInt 7 8 }}", "7"),
        function("shuffle", shuffle).example(r#"{{ shuffle "aaa" }}"#, "aaa"),
    ]
}

fn random_alphanumeric(scope: &mut Scope<'_>, count: Int) -> Result<Vec<u8>, Fault> {
    drawn(scope, count, |byte| byte.is_ascii_alphanumeric())
}

fn random_alphabetic(scope: &mut Scope<'_>, count: Int) -> Result<Vec<u8>, Fault> {
    drawn(scope, count, |byte| byte.is_ascii_alphabetic())
}

fn random_numeric(scope: &mut Scope<'_>, count: Int) -> Result<Vec<u8>, Fault> {
    drawn(scope, count, |byte| byte.is_ascii_digit())
}

fn random_ascii(scope: &mut Scope<'_>, count: Int) -> Result<Vec<u8>, Fault> {
    drawn(scope, count, |byte| matches!(byte, b' '..=b'~'))
}

/// So many of these bytes, each as likely; none where the count is negative.
fn drawn(scope: &mut Scope<'_>, Int(count): Int, wanted: fn(&u8) -> bool) -> Result<Vec<u8>, Fault> {
    let count = usize::try_from(count).unwrap_or(0);
    scope.afford(count)?;
    scope.spend(count as u64)?;
    let alphabet: Vec<u8> = (0..=127).filter(wanted).collect();
    Ok((0..count).map(|_| alphabet[below(scope, alphabet.len())]).collect())
}

/// At least the first and less than the second.
fn random_integer(scope: &mut Scope<'_>, Int(least): Int, Int(bound): Int) -> Result<Int, Fault> {
    let range = bound.wrapping_sub(least);
    match usize::try_from(range) {
        Ok(range @ 1..) => Ok(Int(least.wrapping_add(i64::try_from(below(scope, range)).unwrap_or(0)))),
        Ok(0) | Err(_) => Err(Fault::wrong("randInt: the bound must be greater than the least")),
    }
}

fn shuffle(scope: &mut Scope<'_>, text: Text) -> Result<Vec<u8>, Fault> {
    // A rune takes four bytes while it is moved.
    scope.hold(text.len().saturating_mul(4))?;
    scope.spend(text.len() as u64)?;
    let mut runes: Vec<char> = unicode::runes(&text).collect();
    for place in (1..runes.len()).rev() {
        runes.swap(place, below(scope, place + 1));
    }
    let mut shuffled = Vec::with_capacity(text.len());
    runes.iter().for_each(|rune| unicode::push(&mut shuffled, *rune));
    Ok(shuffled)
}

/// A number below a bound, each as likely: what would favour the small ones is drawn again.
fn below(scope: &mut Scope<'_>, bound: usize) -> usize {
    let bound = bound as u64;
    let mut bytes = [0; 8];
    loop {
        scope.fill(&mut bytes);
        let drawn = u64::from_le_bytes(bytes);
        let whole = u64::MAX - u64::MAX % bound;
        if drawn < whole {
            return usize::try_from(drawn % bound).expect("it must be less than a usize");
        }
    }
}

#[cfg(test)]
mod tests;
