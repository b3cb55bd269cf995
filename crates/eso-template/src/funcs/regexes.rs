//! Regular expressions, in Go's syntax. What cannot be parsed is an error but to `regexMatch`, which answers false.

use crate::{
    Fault, List, Scope, Text, Value,
    function::{Function, Int, function},
    regex::{Places, Regex, group, whole},
    unicode::{self, DIGIT, LETTER},
    value::Element,
};

pub(super) fn functions() -> Vec<Function> {
    vec![
        function("regexMatch", is_match_or_wrong).example(r#"{{ regexMatch "^[a-z]+$" "abc" }}"#, "true"),
        function("mustRegexMatch", is_match).example(r#"{{ mustRegexMatch "b" "abc" }}"#, "true"),
        function("regexFind", find).example(r#"{{ regexFind "[0-9]+" "ab12c3" }}"#, "12"),
        function("mustRegexFind", find).example(r#"{{ mustRegexFind "[0-9]" "ab1" }}"#, "1"),
        function("regexFindAll", find_all).example(r#"{{ regexFindAll "[0-9]" "a1b2" -1 }}"#, "[1 2]"),
        function("mustRegexFindAll", find_all).example(r#"{{ mustRegexFindAll "[0-9]" "a1b2" 1 }}"#, "[1]"),
        function("regexReplaceAll", replace_all)
            .example(r#"{{ regexReplaceAll "(a)(b)" "ab cab" "$2$1" }}"#, "ba cba"),
        function("mustRegexReplaceAll", replace_all)
            .example(r#"{{ mustRegexReplaceAll "a(x*)b" "-axxb-" "${1}W" }}"#, "-xxW-"),
        function("regexReplaceAllLiteral", replace_all_literally)
            .example(r#"{{ regexReplaceAllLiteral "a" "banana" "$" }}"#, "b$n$n$"),
        function("mustRegexReplaceAllLiteral", replace_all_literally)
            .example(r#"{{ mustRegexReplaceAllLiteral "a+" "baaa" "o" }}"#, "bo"),
        function("regexSplit", split).example(r#"{{ regexSplit "z+" "pizza" -1 }}"#, "[pi a]"),
        function("mustRegexSplit", split).example(r#"{{ mustRegexSplit "," "a,b,c" 2 }}"#, "[a b,c]"),
        function("regexQuoteMeta", quote_meta).example(r#"{{ regexQuoteMeta "1.2+3" }}"#, r"1\.2\+3"),
    ]
}

fn is_match(scope: &mut Scope<'_>, pattern: Text, text: Text) -> Result<bool, Fault> {
    let regex = Regex::new(scope, &pattern)?;
    Ok(regex.find(scope, &text, 0)?.is_some())
}

fn is_match_or_wrong(scope: &mut Scope<'_>, pattern: Text, text: Text) -> Result<bool, Fault> {
    match is_match(scope, pattern, text) {
        Err(Fault::Wrong(_)) => Ok(false),
        other => other,
    }
}

fn find(scope: &mut Scope<'_>, pattern: Text, text: Text) -> Result<Text, Fault> {
    let regex = Regex::new(scope, &pattern)?;
    let found = regex.find(scope, &text, 0)?;
    let place = found.and_then(|places| whole(&places));
    Ok(place.map_or_else(Text::default, |(begin, end)| text[begin..end].into()))
}

/// How many are wanted: all of them where it is negative.
fn most(count: Int) -> usize {
    usize::try_from(count.0).unwrap_or(usize::MAX)
}

fn nil() -> Value {
    Value::List(List::nil(Element::String))
}

fn find_all(scope: &mut Scope<'_>, pattern: Text, text: Text, count: Int) -> Result<Value, Fault> {
    let regex = Regex::new(scope, &pattern)?;
    let found = regex.find_all(scope, &text, most(count))?;
    match found.is_empty() {
        true => Ok(nil()),
        false => scope.strings(found.into_iter().map(|(begin, end)| text[begin..end].into())),
    }
}

fn split(scope: &mut Scope<'_>, pattern: Text, text: Text, count: Int) -> Result<Value, Fault> {
    let regex = Regex::new(scope, &pattern)?;
    let most = match most(count) {
        0 => return Ok(nil()),
        most => most,
    };
    if !pattern.is_empty() && text.is_empty() {
        return scope.strings([Text::default()]);
    }
    let mut parts = Vec::new();
    let (mut begin, mut end) = (0, 0);
    for (found, after) in regex.find_all(scope, &text, most)? {
        if parts.len() == most - 1 {
            break;
        }
        end = found;
        if after != 0 {
            parts.push(begin..end);
        }
        begin = after;
    }
    if end != text.len() {
        parts.push(begin..text.len());
    }
    scope.strings(parts.into_iter().map(|part| text[part].into()))
}

fn replace_all_literally(
    scope: &mut Scope<'_>,
    pattern: Text,
    text: Text,
    replacement: Text,
) -> Result<Vec<u8>, Fault> {
    let regex = Regex::new(scope, &pattern)?;
    regex.replace_all(scope, &text, |scope, written, _| {
        scope.afford(written.len() + text.len() + replacement.len())?;
        written.extend_from_slice(&replacement);
        Ok(())
    })
}

/// Replaces matches by a text in which `$1`, `${1}`, `$name` and `${name}` stand for groups.
fn replace_all(
    scope: &mut Scope<'_>,
    pattern: Text,
    text: Text,
    replacement: Text,
) -> Result<Vec<u8>, Fault> {
    let regex = Regex::new(scope, &pattern)?.with_groups();
    let parts: Vec<Part<'_>> = parts(&replacement);
    scope.hold(size_of_val(&parts[..]))?;
    regex.replace_all(scope, &text, |scope, written, places| {
        // A name is looked for among all.
        scope.spend(parts.len() as u64 * (1 + regex.groups() as u64 / 16))?;
        for part in &parts {
            let bytes = part.bytes(&regex, &text, places);
            scope.afford(written.len() + text.len() + bytes.len())?;
            written.extend_from_slice(bytes);
        }
        Ok(())
    })
}

/// A part of a replacement.
enum Part<'a> {
    Bytes(&'a [u8]),
    Group(usize),
    Named(String),
}

impl Part<'_> {
    fn bytes<'a>(&'a self, regex: &Regex, text: &'a [u8], places: &Places) -> &'a [u8] {
        let place = match self {
            Part::Bytes(bytes) => return bytes,
            Part::Group(number) => group(places, *number),
            Part::Named(name) => regex.groups_named(name).find_map(|number| group(places, number)),
        };
        place.map_or(&[], |(begin, end)| &text[begin..end])
    }
}

fn parts(replacement: &[u8]) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = replacement;
    while let Some(dollar) = memchr::memchr(b'$', rest) {
        parts.push(Part::Bytes(&rest[..dollar]));
        let after = &rest[dollar + 1..];
        let (part, length) = match after.first() {
            Some(b'$') => (Part::Bytes(b"$"), 1),
            // What names nothing is a dollar.
            _ => reference(after).unwrap_or((Part::Bytes(b"$"), 0)),
        };
        parts.push(part);
        rest = &after[length..];
    }
    parts.push(Part::Bytes(rest));
    parts
}

/// The group that is named behind a dollar, and how many bytes that takes.
fn reference(after: &[u8]) -> Option<(Part<'static>, usize)> {
    let braced = after.strip_prefix(b"{");
    let begin = braced.unwrap_or(after);
    let is_word = |rune: char| rune == '_' || LETTER.has(rune) || DIGIT.has(rune);
    let length =
        unicode::pieces(begin).take_while(|(rune, _)| is_word(*rune)).map(|(_, piece)| piece.len()).sum();
    let name = str::from_utf8(&begin[..length]).ok().filter(|name| !name.is_empty())?;
    let part = match name.parse() {
        Ok(number) if name == "0" || !name.starts_with('0') => Part::Group(number),
        _ => Part::Named(name.to_owned()),
    };
    match (braced, begin.get(length)) {
        (None, _) => Some((part, length)),
        (Some(_), Some(b'}')) => Some((part, length + 2)),
        (Some(_), _) => None,
    }
}

fn quote_meta(scope: &mut Scope<'_>, text: Text) -> Result<Vec<u8>, Fault> {
    scope.afford(text.len().saturating_mul(2))?;
    let mut quoted = Vec::with_capacity(text.len());
    for byte in text.iter() {
        if br"\.+*?()|[]{}^$".contains(byte) {
            quoted.push(b'\\');
        }
        quoted.push(*byte);
    }
    Ok(quoted)
}

#[cfg(test)]
mod tests;
