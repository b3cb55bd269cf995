//! What stands for a rune or a place between runes: literals, classes, escapes, anchors.

use std::rc::Rc;

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

use super::{Assertion, Node, Parser, wrong};
use crate::{
    Fault,
    regex::classes::{self, negated_if},
};

/// The steps that it takes to make a set of a category or a script.
const LOOK_UP: u64 = 1000;

impl Parser<'_, '_> {
    /// The next atom; several where a text is quoted whole.
    pub(super) fn atom(&mut self, next: char) -> Result<Vec<Node>, Fault> {
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

    fn rune(&mut self, rune: char) -> Result<Node, Fault> {
        match self.flags.fold {
            false => Ok(Node::Rune(rune)),
            true => self.folded(classes::ranges(&[(rune, rune)])).map(class),
        }
    }

    /// The set with all cases of its runes, where cases do not matter. Each of the runes is looked at.
    fn folded(&mut self, mut set: ClassUnicode) -> Result<ClassUnicode, Fault> {
        if self.flags.fold {
            let runes: u64 = set.iter().map(|range| range.len() as u64).sum();
            self.scope.spend(1 + runes / 8)?;
            set.case_fold_simple();
        }
        Ok(set)
    }

    fn backslash(&mut self) -> Result<Vec<Node>, Fault> {
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
    fn escaped_class(&mut self) -> Result<Option<ClassUnicode>, Fault> {
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
        self.skip(2);
        let name = match self.take("{") {
            true => {
                let (name, rest) = self.rest.split_once('}').ok_or_else(wrong)?;
                self.rest = rest;
                name.to_owned()
            }
            false => self.next()?.to_string(),
        };
        self.scope.spend(LOOK_UP)?;
        let (negated, set) = classes::named(&name).ok_or_else(wrong)?;
        self.scope.hold(size_of_val(set.ranges()))?;
        let set = self.folded(set)?;
        Ok(Some(negated_if(set, negated != (letter == b'P'))))
    }

    /// The rune that an escape stands for; nothing where that is half of a surrogate pair, which no text has.
    fn escaped(&mut self) -> Result<Option<char>, Fault> {
        self.skip(1);
        Ok(Some(match self.next()? {
            'a' => '\x07',
            'f' => '\x0c',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\x0b',
            'x' => return self.hexadecimal(),
            digit @ '0'..='7' => return self.octal(digit),
            other if other.is_ascii() && !other.is_ascii_alphanumeric() => other,
            _ => return Err(wrong()),
        }))
    }

    /// Up to three digits; one alone, but for 0, would be a reference back.
    fn octal(&mut self, first: char) -> Result<Option<char>, Fault> {
        let digits = self.rest.bytes().take(2).take_while(|byte| matches!(byte, b'0'..=b'7')).count();
        if first != '0' && digits == 0 {
            return Err(wrong());
        }
        let code = format!("{first}{}", self.skip(digits));
        Ok(u32::from_str_radix(&code, 8).ok().and_then(char::from_u32))
    }

    /// `\x7F` or `\x{10FFFF}`.
    fn hexadecimal(&mut self) -> Result<Option<char>, Fault> {
        let digits = match self.take("{") {
            true => {
                let (digits, rest) = self.rest.split_once('}').ok_or_else(wrong)?;
                self.rest = rest;
                digits
            }
            false if self.rest.is_char_boundary(2) && self.rest.len() >= 2 => self.skip(2),
            false => return Err(wrong()),
        };
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        // What does not fit into 32 bits is no rune either.
        let code = u32::from_str_radix(digits, 16).unwrap_or(u32::MAX);
        match code > u32::from(char::MAX) {
            true => Err(wrong()),
            false => Ok(char::from_u32(code)),
        }
    }

    /// `[…]`.
    fn class(&mut self) -> Result<Node, Fault> {
        self.skip(1);
        let negated = self.take("^");
        let mut ranges = Vec::new();
        let mut is_first = true;
        while is_first || !self.rest.starts_with(']') {
            is_first = false;
            match self.class_in_class()? {
                Some(other) => ranges.extend_from_slice(other.ranges()),
                None => ranges.extend(self.range()?),
            }
        }
        self.skip(1);
        let set = self.folded(ClassUnicode::new(ranges))?;
        Ok(class(negated_if(set, negated)))
    }

    /// `[:alpha:]`, `\d`, `\pL` within a class; nothing where it is none.
    fn class_in_class(&mut self) -> Result<Option<ClassUnicode>, Fault> {
        if let Some(name) = self.rest.strip_prefix("[:").filter(|_| !self.has_no_names) {
            if let Some((name, rest)) = name.split_once(":]") {
                self.rest = rest;
                return classes::posix(name).map(Some).ok_or_else(wrong);
            }
            self.has_no_names = true;
        }
        self.escaped_class()
    }

    /// A rune, or from one to another; nothing of runes that no text has.
    fn range(&mut self) -> Result<Option<ClassUnicodeRange>, Fault> {
        let first = self.class_rune()?;
        let is_range = self.rest.len() >= 2 && self.rest.starts_with('-') && self.rest.as_bytes()[1] != b']';
        let last = if is_range { (self.skip(1), self.class_rune()?).1 } else { first };
        match (first, last) {
            (Some(first), Some(last)) if first <= last => Ok(Some(ClassUnicodeRange::new(first, last))),
            (None, None) => Ok(None),
            (Some(_), Some(_) | None) | (None, Some(_)) => Err(wrong()),
        }
    }

    fn class_rune(&mut self) -> Result<Option<char>, Fault> {
        match self.rest.starts_with('\\') {
            true => self.escaped(),
            false => self.next().map(Some),
        }
    }
}

fn class(set: ClassUnicode) -> Node {
    Node::Class(Rc::new(set))
}
