//! What stands for a rune or a place between runes: literals, classes, escapes, anchors.

use std::sync::Arc;

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

use super::{Assertion, Node, Parser, Problem};
use crate::regex::{
    classes::{self, negated_if},
    error::{INVALID_ESCAPE, INVALID_RANGE, MISSING_BRACKET, TRAILING_BACKSLASH},
};

/// The steps that it takes to make a set of a category or a script.
const LOOK_UP: u64 = 1000;

impl Parser<'_, '_> {
    /// The next atom; several where a text is quoted whole.
    pub(super) fn atom(&mut self, next: char) -> Result<Vec<Node>, Problem> {
        let node = match next {
            '\\' => return self.backslash(),
            '[' => self.class()?,
            '.' => {
                self.skip(1);
                self.dot()
            }
            '^' => {
                self.skip(1);
                self.anchor(Assertion::TextBegins, Assertion::LineBegins)
            }
            '$' => {
                self.skip(1);
                self.anchor(Assertion::TextEnds, Assertion::LineEnds)
            }
            rune => {
                self.skip(rune.len_utf8());
                self.rune(rune)?
            }
        };
        Ok(vec![node])
    }

    fn dot(&self) -> Node {
        let newline = classes::ranges(&[('\n', '\n')]);
        let none = ClassUnicode::empty();
        class(negated_if(if self.flags.dot_all { none } else { newline }, true))
    }

    fn anchor(&self, of_text: Assertion, of_line: Assertion) -> Node {
        Node::Assertion(if self.flags.multi_line { of_line } else { of_text })
    }

    fn rune(&mut self, rune: char) -> Result<Node, Problem> {
        match self.flags.fold {
            false => Ok(Node::Rune(rune)),
            true => self.folded(classes::ranges(&[(rune, rune)])).map(class),
        }
    }

    /// The set with all cases of its runes, where cases do not matter. Each of the runes is looked at.
    fn folded(&mut self, mut set: ClassUnicode) -> Result<ClassUnicode, Problem> {
        if self.flags.fold {
            let runes: u64 = set.iter().map(|range| range.len() as u64).sum();
            self.scope.spend(1 + runes / 8)?;
            set.case_fold_simple();
        }
        Ok(set)
    }

    fn backslash(&mut self) -> Result<Vec<Node>, Problem> {
        if self.take(r"\Q") {
            let (quoted, rest) = self.rest.split_once(r"\E").unwrap_or((self.rest, ""));
            self.rest = rest;
            return quoted.chars().map(|rune| self.rune(rune)).collect();
        }
        let assertion = match self.rest.as_bytes().get(1) {
            Some(b'A') => Some(Assertion::TextBegins),
            Some(b'z') => Some(Assertion::TextEnds),
            Some(b'b') => Some(Assertion::WordBoundary),
            Some(b'B') => Some(Assertion::NoWordBoundary),
            _ => None,
        };
        if let Some(assertion) = assertion {
            self.skip(2);
            return Ok(vec![Node::Assertion(assertion)]);
        }
        if let Some(set) = self.escaped_class()? {
            return Ok(vec![class(set)]);
        }
        let node = match self.escaped()? {
            Some(rune) => self.rune(rune)?,
            None => class(ClassUnicode::empty()),
        };
        Ok(vec![node])
    }

    /// `\d` and its like, `\pL`, `\p{Greek}`, with all cases where those are folded; nothing where it is none.
    fn escaped_class(&mut self) -> Result<Option<ClassUnicode>, Problem> {
        let Some(letter) = self.rest.as_bytes().get(1).filter(|_| self.rest.starts_with('\\')).copied()
        else {
            return Ok(None);
        };
        if let Some(set) = classes::perl(letter.to_ascii_lowercase()) {
            self.skip(2);
            let set = self.folded(set)?;
            return Ok(Some(negated_if(set, letter.is_ascii_uppercase())));
        }
        if !matches!(letter, b'p' | b'P') {
            return Ok(None);
        }
        let begin = self.rest;
        self.skip(2);
        let name = match self.take("{") {
            true => {
                let named = self.rest.split_once('}');
                let (name, rest) = named.ok_or_else(|| Problem::new(INVALID_RANGE, begin))?;
                self.rest = rest;
                name.to_owned()
            }
            false => self.next().map(String::from).unwrap_or_default(),
        };
        self.scope.spend(LOOK_UP)?;
        let (negated, set) = classes::named(&name).ok_or_else(|| self.wrong(INVALID_RANGE, begin))?;
        self.scope.hold(size_of_val(set.ranges()))?;
        let set = self.folded(set)?;
        Ok(Some(negated_if(set, negated != (letter == b'P'))))
    }

    /// The rune that an escape stands for; nothing where that is half of a surrogate pair, which no text has.
    fn escaped(&mut self) -> Result<Option<char>, Problem> {
        let begin = self.rest;
        self.skip(1);
        let Some(next) = self.next() else { return Err(Problem::new(TRAILING_BACKSLASH, "")) };
        let code = match next {
            'a' => Some(0x07),
            'f' => Some(0x0c),
            'n' => Some(0x0a),
            'r' => Some(0x0d),
            't' => Some(0x09),
            'v' => Some(0x0b),
            'x' => self.hexadecimal(),
            digit @ '0'..='7' => self.octal(digit),
            other if other.is_ascii() && !other.is_ascii_alphanumeric() => Some(u32::from(other)),
            _ => None,
        };
        code.map(char::from_u32).ok_or_else(|| self.wrong(INVALID_ESCAPE, begin))
    }

    /// Up to three digits; one alone, but for 0, would be a reference back.
    fn octal(&mut self, first: char) -> Option<u32> {
        let digits = self.rest.bytes().take(2).take_while(|byte| matches!(byte, b'0'..=b'7')).count();
        if first != '0' && digits == 0 {
            return None;
        }
        u32::from_str_radix(&format!("{first}{}", self.skip(digits)), 8).ok()
    }

    /// `\x7F` or `\x{10FFFF}`. What is wrong is read to its end, as errors show it.
    fn hexadecimal(&mut self) -> Option<u32> {
        if !self.take("{") {
            let first = self.next()?.to_digit(16);
            let second = self.next()?.to_digit(16);
            return Some(first? * 16 + second?);
        }
        let mut code = None;
        loop {
            match self.next()? {
                '}' => return code,
                digit => {
                    let longer = code.unwrap_or(0) * 16 + digit.to_digit(16)?;
                    code = Some(longer).filter(|code| *code <= u32::from(char::MAX));
                    code?;
                }
            }
        }
    }

    /// `[…]`.
    fn class(&mut self) -> Result<Node, Problem> {
        let begin = self.rest;
        self.skip(1);
        let negated = self.take("^");
        let mut ranges = Vec::new();
        let mut is_first = true;
        while is_first || !self.rest.starts_with(']') {
            is_first = false;
            match self.class_in_class()? {
                Some(other) => ranges.extend_from_slice(other.ranges()),
                None => ranges.extend(self.range(begin)?),
            }
        }
        self.skip(1);
        let set = self.folded(ClassUnicode::new(ranges))?;
        Ok(class(negated_if(set, negated)))
    }

    /// `[:alpha:]`, `\d`, `\pL` within a class; nothing where it is none.
    fn class_in_class(&mut self) -> Result<Option<ClassUnicode>, Problem> {
        if let Some(name) = self.rest.strip_prefix("[:").filter(|_| !self.has_no_names) {
            if let Some((name, rest)) = name.split_once(":]") {
                let begin = std::mem::replace(&mut self.rest, rest);
                return classes::posix(name).map(Some).ok_or_else(|| self.wrong(INVALID_RANGE, begin));
            }
            self.has_no_names = true;
        }
        self.escaped_class()
    }

    /// A rune, or from one to another; nothing of runes that no text has. The class begins there.
    fn range(&mut self, class: &str) -> Result<Option<ClassUnicodeRange>, Problem> {
        let begin = self.rest;
        let first = self.class_rune(class)?;
        let is_range = self.rest.len() >= 2 && self.rest.starts_with('-') && self.rest.as_bytes()[1] != b']';
        let last = if is_range { (self.skip(1), self.class_rune(class)?).1 } else { first };
        match (first, last) {
            (Some(first), Some(last)) if first <= last => Ok(Some(ClassUnicodeRange::new(first, last))),
            (None, None) => Ok(None),
            (Some(_), Some(_) | None) | (None, Some(_)) => Err(self.wrong(INVALID_RANGE, begin)),
        }
    }

    fn class_rune(&mut self, class: &str) -> Result<Option<char>, Problem> {
        match self.rest.starts_with('\\') {
            true => self.escaped(),
            false => self.next().map(Some).ok_or_else(|| Problem::new(MISSING_BRACKET, class)),
        }
    }
}

fn class(set: ClassUnicode) -> Node {
    Node::Class(Arc::new(set))
}
