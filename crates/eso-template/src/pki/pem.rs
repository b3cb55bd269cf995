//! PEM: base 64 between lines that say what it is, read and written as Go does.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use zeroize::Zeroizing;

use crate::funcs::encoding;

/// A block.
pub(crate) struct Block<'a> {
    /// What it is: `CERTIFICATE`.
    pub(crate) kind: &'a [u8],
    /// In the order of their names.
    headers: Vec<(&'a [u8], &'a [u8])>,
    pub(crate) content: Zeroizing<Vec<u8>>,
}

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"\n-----END ";
const DASHES: &[u8] = b"-----";

/// The first block of a text, and what follows it. What is no block is passed over.
pub(crate) fn decode(text: &[u8]) -> Option<(Block<'_>, &[u8])> {
    let mut rest = text;
    loop {
        let end = find(rest, END)?;
        let after_end = &rest[end + END.len()..];
        let begin = rest[..end].windows(BEGIN.len()).rposition(|window| window == BEGIN);
        // The line break before the end may be the one after the begin.
        let block = begin.filter(|begin| *begin == 0 || rest[begin - 1] == b'\n');
        let found = block.and_then(|begin| between(&rest[begin + BEGIN.len()..=end], after_end));
        match found {
            Some(found) => return Some(found),
            None => rest = after_end,
        }
    }
}

/// All blocks of a text, and what is left of it.
pub(crate) fn all(text: &[u8]) -> (Vec<Block<'_>>, &[u8]) {
    let (mut blocks, mut rest) = (Vec::new(), text);
    while let Some((block, after)) = decode(rest) {
        blocks.push(block);
        rest = after;
    }
    (blocks, rest)
}

/// A block of what stands after `BEGIN`, up to the line break before `END`, and of what stands after that.
fn between<'a>(text: &'a [u8], after_end: &'a [u8]) -> Option<(Block<'a>, &'a [u8])> {
    let (line, mut rest) = line(text);
    let kind = line.strip_suffix(DASHES)?;
    let mut headers = Vec::new();
    while let (header, after) = self::line(rest)
        && let Some(colon) = header.iter().position(|byte| *byte == b':')
    {
        let (name, value) = (header[..colon].trim_ascii(), header[colon + 1..].trim_ascii());
        headers.retain(|(other, _)| *other != name);
        headers.push((name, value));
        rest = after;
    }
    headers.sort_by_key(|(name, _)| (*name != b"Proc-Type", *name));
    let digits = rest.iter().copied().filter(|byte| !matches!(byte, b' ' | b'\t')).collect::<Vec<_>>();
    let digits = Zeroizing::new(digits);
    let content = Zeroizing::new(encoding::base64(&digits).ok()?);
    let after_kind = after_end.strip_prefix(kind)?.strip_prefix(DASHES)?;
    let (left, rest) = self::line(after_kind);
    left.is_empty().then_some((Block { kind, headers, content }, rest))
}

/// The first line without white space at its end, and what follows.
fn line(text: &[u8]) -> (&[u8], &[u8]) {
    match text.iter().position(|byte| *byte == b'\n') {
        Some(end) => (text[..end].trim_ascii_end(), &text[end + 1..]),
        None => (text.trim_ascii_end(), b""),
    }
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, wanted)
}

impl Block<'_> {
    /// The block as it is written.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let headers = self.headers.iter().flat_map(|(name, value)| [name, &b": "[..], value, b"\n"]);
        let mut headers: Vec<u8> = headers.flatten().copied().collect();
        if !headers.is_empty() {
            headers.push(b'\n');
        }
        block(self.kind, &headers, &self.content)
    }
}

/// Writes a block without headers.
pub(crate) fn encode(kind: &str, content: &[u8]) -> Vec<u8> {
    block(kind.as_bytes(), b"", content)
}

fn block(kind: &[u8], headers: &[u8], content: &[u8]) -> Vec<u8> {
    let digits = Zeroizing::new(BASE64_STANDARD.encode(content));
    let mut text = [BEGIN, kind, DASHES, b"\n", headers].concat();
    for line in digits.as_bytes().chunks(64) {
        text.extend_from_slice(line);
        text.push(b'\n');
    }
    text.extend([&END[1..], kind, DASHES, b"\n"].concat());
    text
}

#[cfg(test)]
mod tests;
