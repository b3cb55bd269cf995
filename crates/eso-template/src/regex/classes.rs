//! Sets of runes by their names: `\d`, `[:alpha:]`, `\p{Greek}`.

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

use crate::unicode;

/// A set of these runes.
pub(super) fn ranges(ranges: &[(char, char)]) -> ClassUnicode {
    ClassUnicode::new(ranges.iter().map(|(first, last)| ClassUnicodeRange::new(*first, *last)))
}

/// `\d`, `\s`, `\w` and their opposites in capitals, by the letter. They are ASCII.
pub(super) fn perl(letter: u8) -> Option<ClassUnicode> {
    let class = match letter.to_ascii_lowercase() {
        b'd' => ranges(&[('0', '9')]),
        b's' => ranges(&[('\t', '\n'), ('\x0c', '\r'), (' ', ' ')]),
        b'w' => ranges(&[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')]),
        _ => return None,
    };
    Some(negated_if(class, letter.is_ascii_uppercase()))
}

/// A set by its name in `[:…:]`, with `^` before it where it is negated.
pub(super) fn posix(name: &str) -> Option<ClassUnicode> {
    let (negated, name) = sign(name);
    let class = match name {
        "alnum" => ranges(&[('0', '9'), ('A', 'Z'), ('a', 'z')]),
        "alpha" => ranges(&[('A', 'Z'), ('a', 'z')]),
        "ascii" => ranges(&[('\0', '\x7f')]),
        "blank" => ranges(&[('\t', '\t'), (' ', ' ')]),
        "cntrl" => ranges(&[('\0', '\x1f'), ('\x7f', '\x7f')]),
        "digit" => ranges(&[('0', '9')]),
        "graph" => ranges(&[('!', '~')]),
        "lower" => ranges(&[('a', 'z')]),
        "print" => ranges(&[(' ', '~')]),
        "punct" => ranges(&[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')]),
        "space" => ranges(&[('\t', '\r'), (' ', ' ')]),
        "upper" => ranges(&[('A', 'Z')]),
        "word" => ranges(&[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')]),
        "xdigit" => ranges(&[('0', '9'), ('A', 'F'), ('a', 'f')]),
        _ => return None,
    };
    Some(negated_if(class, negated))
}

/// A general category or a script by its name, with `^` before it where it is negated.
pub(super) fn named(name: &str) -> Option<(bool, ClassUnicode)> {
    let (negated, name) = sign(name);
    let is_name = |character: char| character.is_ascii_alphanumeric() || matches!(character, ' ' | '_' | '-');
    if name.is_empty() || !name.chars().all(is_name) {
        return None;
    }
    let class = unicode::class(&format!(r"\p{{gc={name}}}"));
    class.or_else(|| unicode::class(&format!(r"\p{{sc={name}}}"))).map(|class| (negated, class))
}

/// The set, or all that is not in it.
pub(super) fn negated_if(mut class: ClassUnicode, negated: bool) -> ClassUnicode {
    if negated {
        class.negate();
    }
    class
}

fn sign(name: &str) -> (bool, &str) {
    name.strip_prefix('^').map_or((false, name), |name| (true, name))
}
