//! Properties: paths of lodash, said as paths of gjson.
//!
//! lodash first tries a property as one name, and the look-up does so too ([`DIALECT`](super::DIALECT), and AWS's own with
//! dots). What is said here is the rest: `a.b[0].c`, and names with characters that mean something in gjson.

use std::borrow::Cow;

/// What means something in a gjson path.
const SPECIAL: &str = r".*?|#@!{}[]()\";

/// A property in gjson's words; `None` where there is none, since a name on the way is empty.
pub(super) fn property(lodash: &str) -> Option<String> {
    let names = names(lodash);
    let is_sayable = !names.is_empty() && names.iter().all(|name| !name.is_empty());
    is_sayable.then(|| names.iter().map(|name| escaped(name)).collect::<Vec<_>>().join("."))
}

fn escaped(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for character in name.chars() {
        if SPECIAL.contains(character) {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

/// The names along a path.
fn names(path: &str) -> Vec<Cow<'_, str>> {
    if !is_deep(path) {
        return vec![Cow::Borrowed(path)];
    }
    let mut names = Vec::new();
    if path.starts_with('.') {
        names.push(Cow::Borrowed(""));
    }
    let mut at = 0;
    while at < path.len() {
        let rest = &path[at..];
        let run = rest.find(['.', '[', ']']).unwrap_or(rest.len());
        if run > 0 {
            names.push(Cow::Borrowed(&rest[..run]));
            at += run;
        } else if let Some((name, length)) = bracketed(rest) {
            names.push(name);
            at += length;
        } else {
            if is_nothing_between(rest) {
                names.push(Cow::Borrowed(""));
            }
            at += 1;
        }
    }
    names
}

/// Whether lodash takes it for more than one name: there is a dot, or something in brackets.
fn is_deep(path: &str) -> bool {
    let closes = |rest: &str| rest[1..].find(['[', ']']).is_some_and(|end| rest.as_bytes()[1 + end] == b']');
    let brackets = path.match_indices('[').map(|(at, _)| &path[at..]);
    path.contains('.') || brackets.into_iter().any(|rest| closes(rest) || bracketed(rest).is_some())
}

/// A number or a quoted name in brackets, and how long that is.
fn bracketed(text: &str) -> Option<(Cow<'_, str>, usize)> {
    let inner = text.strip_prefix('[')?;
    match inner.chars().next()? {
        quote @ ('"' | '\'') => {
            let end = end_of_quoted(&inner[1..], quote)?;
            inner[1 + end + 1..].starts_with(']').then(|| (unescaped(&inner[1..=end]), end + 4))
        }
        _ => {
            let end = inner.find(']')?;
            is_number(&inner[..end]).then(|| (Cow::Borrowed(&inner[..end]), end + 2))
        }
    }
}

fn end_of_quoted(text: &str, quote: char) -> Option<usize> {
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => drop(characters.next()),
            character if character == quote => return Some(at),
            _ => {}
        }
    }
    None
}

fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut characters = text.chars();
    let mut out = String::with_capacity(text.len());
    while let Some(character) = characters.next() {
        out.extend(if character == '\\' { characters.next() } else { Some(character) });
    }
    Cow::Owned(out)
}

fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match unsigned.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(unsigned),
    }
}

/// Whether two separators follow each other, or one ends the path: lodash sees an empty name there.
fn is_nothing_between(text: &str) -> bool {
    let after = |text: &'_ str| text.strip_prefix('.').or_else(|| text.strip_prefix("[]")).map(str::len);
    let Some(left) = after(text) else { return false };
    left == 0 || after(&text[text.len() - left..]).is_some()
}

#[cfg(test)]
mod tests;
