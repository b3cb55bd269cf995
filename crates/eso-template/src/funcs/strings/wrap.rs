//! Long texts made to fit: abbreviated, and wrapped into lines. Widths are in bytes.

use memchr::{memchr, memrchr};

use crate::{
    Fault, Scope, Text,
    function::{Function, Int, function},
};

pub(super) fn functions() -> Vec<Function> {
    vec![
        function("abbrev", abbrev).example(r#"{{ abbrev 8 "hello world" }}"#, "hello..."),
        function("abbrevboth", abbrev_both)
            .example(r#"{{ abbrevboth 5 10 "1234 5678 9123" }}"#, "...5678..."),
        function("wrap", wrap).example(r#"{{ wrap 5 "one two three" }}"#, "one\ntwo\nthree"),
        function("wrapWith", wrap_with).example(r#"{{ wrapWith 5 "|" "one twothree" }}"#, "one|twoth|ree"),
    ]
}

fn abbrev(Int(width): Int, text: Text) -> Vec<u8> {
    match width {
        ..4 => text.to_vec(),
        width => abbreviated(&text, 0, width),
    }
}

/// Abbreviates at both ends: the text from `left` on is among what stays.
fn abbrev_both(Int(left): Int, Int(width): Int, text: Text) -> Vec<u8> {
    match (left, width) {
        (_, ..4) | (1.., ..7) => text.to_vec(),
        (left, width) => abbreviated(&text, left, width),
    }
}

fn abbreviated(text: &[u8], left: i64, width: i64) -> Vec<u8> {
    let length = i64::try_from(text.len()).unwrap_or(i64::MAX);
    if length <= width {
        return text.to_vec();
    }
    // All of it lies within the text: it is wider.
    let kept = width - 3;
    let left = left.min(length - kept);
    let place = |at: i64| usize::try_from(at).unwrap_or(0);
    match left {
        ..=4 => [&text[..place(kept)], b"..."].concat(),
        left if left + kept < length => [b"...", &abbreviated(&text[place(left)..], 0, kept)[..]].concat(),
        _ => [b"...", &text[place(length - kept)..]].concat(),
    }
}

/// Breaks lines at spaces; a word that is too long stays whole.
fn wrap(scope: &mut Scope<'_>, width: Int, text: Text) -> Result<Vec<u8>, Fault> {
    wrapped(scope, Wrap { width, newline: b"\n", breaks_words: false }, &text)
}

/// Breaks lines at spaces, and in words that are too long.
fn wrap_with(scope: &mut Scope<'_>, width: Int, newline: Text, text: Text) -> Result<Vec<u8>, Fault> {
    let newline: &[u8] = if newline.is_empty() { b"\n" } else { &newline };
    wrapped(scope, Wrap { width, newline, breaks_words: true }, &text)
}

struct Wrap<'a> {
    width: Int,
    newline: &'a [u8],
    breaks_words: bool,
}

fn wrapped(scope: &mut Scope<'_>, wrap: Wrap<'_>, text: &[u8]) -> Result<Vec<u8>, Fault> {
    let Wrap { width: Int(width), newline, breaks_words } = wrap;
    let width = usize::try_from(width).unwrap_or(0).max(1);
    let mut written = Vec::new();
    let mut rest = text;
    while rest.len() > width {
        if let Some(after) = rest.strip_prefix(b" ") {
            rest = after;
            continue;
        }
        let (end, begin) = match memrchr(b' ', &rest[..=width]) {
            Some(space) => (space, space + 1),
            None if breaks_words => (width, width),
            None => match memchr(b' ', &rest[width..]) {
                Some(space) => (width + space, width + space + 1),
                None => break,
            },
        };
        scope.spend(1 + (end / 64) as u64)?;
        scope.afford(written.len().saturating_add(newline.len()).saturating_add(rest.len()))?;
        written.extend_from_slice(&rest[..end]);
        written.extend_from_slice(newline);
        rest = &rest[begin..];
    }
    written.extend_from_slice(rest);
    Ok(written)
}
