//! Texts: cut, trimmed, padded, searched, repeated. Lengths and places are in bytes, as in sprig.

mod case;
mod parts;
mod words;
mod wrap;

use crate::{
    Fault, Scope, Text,
    function::{Function, Int, function},
    unicode,
};

pub(super) use parts::text;

pub(super) fn functions() -> Vec<Function> {
    let own = [
        function("hello", || "Hello!").example("{{ hello }}", "Hello!"),
        function("trim", trim).example(r#"[{{ trim "  a b\n" }}]"#, "[a b]"),
        function("trimAll", trim_all).example(r#"{{ trimAll "$" "$5.00$" }}"#, "5.00"),
        function("trimall", trim_all).example(r#"{{ trimall "$" "$5.00$" }}"#, "5.00"),
        function("trimPrefix", trim_prefix).example(r#"{{ trimPrefix "v" "v1.2" }}"#, "1.2"),
        function("trimSuffix", trim_suffix).example(r#"{{ trimSuffix ".git" "a.git" }}"#, "a"),
        function("nospace", without_space).example(r#"{{ nospace "a b c" }}"#, "abc"),
        function("trunc", trunc).example(r#"{{ trunc 3 "hello" }} {{ trunc -3 "hello" }}"#, "hel llo"),
        function("substr", substring).example(r#"{{ substr 1 3 "hello" }}"#, "el"),
        function("repeat", repeat).example(r#"{{ repeat 3 "ab" }}"#, "ababab"),
        function("replace", replace).example(r#"{{ "a-b-c" | replace "-" "." }}"#, "a.b.c"),
        function("indent", indent).example(r#"{{ indent 2 "a\nb" }}"#, "  a\n  b"),
        function("nindent", nindent).example(r#"{{ nindent 2 "a\nb" }}"#, "\n  a\n  b"),
        function("contains", contains).example(r#"{{ contains "el" "hello" }}"#, "true"),
        function("hasPrefix", has_prefix).example(r#"{{ hasPrefix "he" "hello" }}"#, "true"),
        function("hasSuffix", has_suffix).example(r#"{{ hasSuffix "lo" "hello" }}"#, "true"),
        function("plural", plural).example(r#"{{ plural "file" "files" 2 }}"#, "files"),
    ];
    let others = [case::functions(), parts::functions(), wrap::functions()];
    own.into_iter().chain(others.into_iter().flatten()).collect()
}

fn trim(text: Text) -> Text {
    trimmed(&text, char::is_whitespace).into()
}

fn trim_all(scope: &mut Scope<'_>, cut: Text, text: Text) -> Result<Text, Fault> {
    let cut: Vec<char> = unicode::runes(&cut).collect();
    // Each rune at the ends is compared with each of the set.
    let steps = (cut.len() as u64 / 64 + 1).saturating_mul(text.len() as u64 / 8 + 1);
    scope.spend(steps)?;
    Ok(trimmed(&text, |rune| cut.contains(&rune)).into())
}

/// The text without such runes at both ends.
fn trimmed(text: &[u8], goes: impl Fn(char) -> bool) -> &[u8] {
    let mut rest = text;
    while let Some((_, length)) = unicode::first(rest).filter(|(rune, _)| goes(*rune)) {
        rest = &rest[length..];
    }
    while let Some((_, length)) = unicode::last(rest).filter(|(rune, _)| goes(*rune)) {
        rest = &rest[..rest.len() - length];
    }
    rest
}

fn trim_prefix(prefix: Text, text: Text) -> Text {
    text.strip_prefix(&prefix[..]).map_or_else(|| text.clone(), Text::from)
}

fn trim_suffix(suffix: Text, text: Text) -> Text {
    text.strip_suffix(&suffix[..]).map_or_else(|| text.clone(), Text::from)
}

/// Without white space. Where there is some, bytes are read as Latin-1, and not as UTF-8: that is what sprig does.
fn without_space(text: Text) -> Text {
    let left: String = latin1(&text).filter(|character| !character.is_whitespace()).collect();
    match left.chars().count() == text.len() {
        true => text,
        false => left.into(),
    }
}

/// The bytes, each as a character.
fn latin1(text: &[u8]) -> impl Iterator<Item = char> {
    text.iter().copied().map(char::from)
}

/// The first bytes, or with a negative length the last ones.
fn trunc(Int(length): Int, text: Text) -> Text {
    let wanted = usize::try_from(length.unsigned_abs()).unwrap_or(usize::MAX);
    match wanted < text.len() {
        false => text,
        true if length < 0 => text[text.len() - wanted..].into(),
        true => text[..wanted].into(),
    }
}

fn substring(Int(start): Int, Int(end): Int, text: Text) -> Result<Text, Fault> {
    let length = i64::try_from(text.len()).unwrap_or(i64::MAX);
    let (start, end) = match (start, end) {
        (..0, end) => (0, end),
        (start, end) if end < 0 || end > length => (start, length),
        whole => whole,
    };
    let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
    let part = range.and_then(|(start, end)| text.get(start..end));
    part.map(Text::from).ok_or_else(|| Fault::wrong("substr: the places are outside of the text"))
}

fn repeat(scope: &mut Scope<'_>, Int(times): Int, text: Text) -> Result<Vec<u8>, Fault> {
    let times = usize::try_from(times).map_err(|_| Fault::wrong("repeat: the count is negative"))?;
    scope.afford(text.len().saturating_mul(times))?;
    Ok(text.repeat(times))
}

fn replace(scope: &mut Scope<'_>, old: Text, new: Text, text: Text) -> Result<Vec<u8>, Fault> {
    if old.is_empty() {
        return between_runes(scope, &new, &text);
    }
    let found = parts::split(&text, &old).count() - 1;
    scope.spend(found as u64 / 4)?;
    scope.afford(found.saturating_mul(new.len()).saturating_add(text.len()))?;
    Ok(joined(parts::split(&text, &old), &new))
}

/// The text with something before, between and after its runes.
fn between_runes(scope: &mut Scope<'_>, new: &[u8], text: &[u8]) -> Result<Vec<u8>, Fault> {
    let gaps = unicode::runes(text).count() + 1;
    scope.afford(gaps.saturating_mul(new.len()).saturating_add(text.len()))?;
    let mut written = new.to_vec();
    for (_, piece) in unicode::pieces(text) {
        written.extend_from_slice(piece);
        written.extend_from_slice(new);
    }
    Ok(written)
}

/// Parts with something between them, without a list of them: there may be as many as there are bytes.
fn joined<'a>(parts: impl Iterator<Item = &'a [u8]>, between: &[u8]) -> Vec<u8> {
    let mut written = Vec::new();
    for (place, part) in parts.enumerate() {
        if place > 0 {
            written.extend_from_slice(between);
        }
        written.extend_from_slice(part);
    }
    written
}

fn indent(scope: &mut Scope<'_>, Int(spaces): Int, text: Text) -> Result<Vec<u8>, Fault> {
    let spaces = usize::try_from(spaces).map_err(|_| Fault::wrong("indent: the count is negative"))?;
    let lines = parts::split(&text, b"\n").count();
    scope.afford(lines.saturating_mul(spaces).saturating_add(text.len()))?;
    let space = b" ".repeat(spaces);
    let between = [b"\n", &space[..]].concat();
    Ok([&space[..], &joined(parts::split(&text, b"\n"), &between)].concat())
}

fn nindent(scope: &mut Scope<'_>, spaces: Int, text: Text) -> Result<Vec<u8>, Fault> {
    let indented = indent(scope, spaces, text)?;
    Ok([b"\n", &indented[..]].concat())
}

fn contains(part: Text, text: Text) -> bool {
    memchr::memmem::find(&text, &part).is_some()
}

fn has_prefix(prefix: Text, text: Text) -> bool {
    text.starts_with(&prefix)
}

fn has_suffix(suffix: Text, text: Text) -> bool {
    text.ends_with(&suffix)
}

fn plural(one: Text, many: Text, count: Int) -> Text {
    if count == Int(1) { one } else { many }
}

#[cfg(test)]
mod tests;
