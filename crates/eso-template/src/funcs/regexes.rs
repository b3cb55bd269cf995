//! Regular expressions, in Go's syntax. What cannot be parsed is an error but to `regexMatch`, which answers false.

use crate::{
    Fault, List, Scope, Text, Value,
    function::{Function, Int, function},
    regex::{Regex, whole},
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
    regex.replace_all_with(scope, &text, |scope, written, _| {
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
    Regex::new(scope, &pattern)?.replace_all(scope, &text, &replacement)
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
