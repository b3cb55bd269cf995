//! Words as the library under sprig finds them, to be joined in lower case: `HTTPServer2xx` is `http_server_2xx`.

use crate::unicode::{self, LETTER, PUNCTUATION, REPLACEMENT, UPPER};

/// What a run of runes is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A byte that is no UTF-8, or U+FFFD; and the end.
    Invalid,
    Number,
    /// It begins with a capital.
    Capital,
    Small,
    Connection,
    Punctuation,
    Other,
}

/// What stands between words: spaces, hyphens and low lines.
pub(super) fn connects(rune: char) -> bool {
    matches!(rune, '-' | '_') || rune.is_whitespace()
}

/// The words in lower case, connected by a character.
pub(super) fn joined_in_lower_case(text: &[u8], connection: char) -> Vec<u8> {
    let mut line =
        Line { written: Vec::with_capacity(text.len()), connection, word: Word::default(), rest: text };
    line.step();
    while !line.rest.is_empty() {
        let before = line.word;
        if before.kind != Kind::Connection {
            line.write(before);
        }
        line.step();
        line.connect(before);
    }
    line.write(line.word);
    line.written
}

#[derive(Clone, Copy)]
struct Word<'a> {
    kind: Kind,
    text: &'a [u8],
}

impl Default for Word<'_> {
    fn default() -> Self {
        Self { kind: Kind::Invalid, text: b"" }
    }
}

/// What is written, the word that is looked at, and what is left after it.
struct Line<'a> {
    written: Vec<u8>,
    connection: char,
    word: Word<'a>,
    rest: &'a [u8],
}

impl Line<'_> {
    /// Takes the next word.
    fn step(&mut self) {
        let (kind, length) = next(self.rest);
        let (text, rest) = self.rest.split_at(length);
        self.word = Word { kind, text };
        self.rest = rest;
    }

    /// Writes what stands between the word before and this one.
    fn connect(&mut self, before: Word<'_>) {
        match before.kind {
            Kind::Number => {
                self.write_run();
                self.connect_unless(&[Kind::Invalid, Kind::Punctuation, Kind::Connection]);
            }
            Kind::Connection => self.write(before),
            Kind::Punctuation => {}
            Kind::Invalid | Kind::Capital | Kind::Small | Kind::Other => match self.word.kind {
                Kind::Number => self.connect_number(),
                _ => self.connect_unless(&[Kind::Connection, Kind::Punctuation]),
            },
        }
    }

    /// A number belongs to the word before it, but to small letters behind it where there are any.
    fn connect_number(&mut self) {
        if self.rest.is_empty() {
            return;
        }
        let number = self.word;
        self.step();
        if self.word.kind != Kind::Small {
            self.write(number);
            self.connect_unless(&[Kind::Connection, Kind::Punctuation]);
            return;
        }
        unicode::push(&mut self.written, self.connection);
        self.write(number);
        self.write_run();
        self.connect_unless(&[Kind::Invalid, Kind::Punctuation, Kind::Connection]);
    }

    /// Writes small letters and numbers as long as there are any.
    fn write_run(&mut self) {
        while matches!(self.word.kind, Kind::Small | Kind::Number) {
            self.write(self.word);
            self.step();
        }
    }

    fn connect_unless(&mut self, kinds: &[Kind]) {
        if !kinds.contains(&self.word.kind) {
            unicode::push(&mut self.written, self.connection);
        }
    }

    fn write(&mut self, word: Word<'_>) {
        if !matches!(word.kind, Kind::Capital | Kind::Connection) {
            return self.written.extend_from_slice(word.text);
        }
        for rune in unicode::runes(word.text) {
            let rune = match rune {
                rune if connects(rune) => self.connection,
                rune if UPPER.has(rune) => unicode::lower(rune),
                rune => rune,
            };
            unicode::push(&mut self.written, rune);
        }
    }
}

/// The kind and the length of the first word; nothing of nothing.
fn next(text: &[u8]) -> (Kind, usize) {
    let Some((first, length)) = valid(text) else { return (Kind::Invalid, text.len()) };
    let run = |goes: fn(char) -> bool| length + run_length(&text[length..], first, goes);
    match first {
        _ if connects(first) => (Kind::Connection, run(connects)),
        _ if PUNCTUATION.has(first) => (Kind::Punctuation, run(|rune| PUNCTUATION.has(rune))),
        _ if UPPER.has(first) => (Kind::Capital, length + capitalised(&text[length..], first)),
        _ if is_letter(first) => (Kind::Small, run(is_small)),
        _ if first.is_numeric() => (Kind::Number, run(char::is_numeric)),
        _ => (Kind::Other, run(is_other)),
    }
}

/// How much belongs to a word that begins with a capital: the small letters behind it; or all capitals, but the last
/// of them where small letters follow it.
fn capitalised(text: &[u8], first: char) -> usize {
    let Some((second, length)) = following(text, first) else { return 0 };
    if !UPPER.has(second) {
        let follows = if is_letter(second) { length } else { return 0 };
        return follows + run_length(&text[follows..], second, is_small);
    }
    let mut taken = length;
    let mut last = (second, length);
    while let Some((rune, length)) = following(&text[taken..], last.0) {
        if UPPER.has(rune) {
            taken += length;
            last = (rune, length);
        } else {
            return if is_letter(rune) { taken - last.1 } else { taken };
        }
    }
    taken
}

fn run_length(text: &[u8], first: char, goes: impl Fn(char) -> bool) -> usize {
    let mut taken = 0;
    let mut before = first;
    while let Some((rune, length)) = following(&text[taken..], before).filter(|(rune, _)| goes(*rune)) {
        taken += length;
        before = rune;
    }
    taken
}

/// The next rune with what is invalid before it; where nothing else is left, that as if it were the rune before.
fn following(text: &[u8], before: char) -> Option<(char, usize)> {
    (!text.is_empty()).then(|| valid(text).unwrap_or((before, text.len())))
}

/// The first rune that is valid, with what is invalid before it.
fn valid(text: &[u8]) -> Option<(char, usize)> {
    let mut taken = 0;
    for (rune, piece) in unicode::pieces(text) {
        taken += piece.len();
        if rune != REPLACEMENT {
            return Some((rune, taken));
        }
    }
    None
}

/// Letters but for Chinese characters, as the library counts those.
fn is_letter(rune: char) -> bool {
    let chinese =
        matches!(rune, '\u{3400}'..='\u{4d85}' | '\u{4e00}'..='\u{9fcc}' | '\u{20000}'..='\u{2b81d}');
    LETTER.has(rune) && !chinese
}

fn is_small(rune: char) -> bool {
    is_letter(rune) && !UPPER.has(rune)
}

fn is_other(rune: char) -> bool {
    !connects(rune) && !is_letter(rune) && !rune.is_numeric() && !PUNCTUATION.has(rune)
}
