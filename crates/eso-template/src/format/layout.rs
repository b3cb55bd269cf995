//! Flags, width and precision, and how a text is filled up to its width.

use super::Printer;
use crate::{Fault, unicode};

/// What stands between `%` and the verb.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Layout {
    pub(super) width: Option<usize>,
    pub(super) precision: Option<usize>,
    /// `-`: filled up on the right.
    pub(super) minus: bool,
    /// `+`.
    pub(super) plus: bool,
    /// `#`.
    pub(super) sharp: bool,
    /// ` `.
    pub(super) space: bool,
    /// `0`.
    pub(super) zero: bool,
    /// `%#v`.
    pub(super) go_syntax: bool,
}

impl Layout {
    /// `%v` takes `#` and `+` for itself.
    pub(super) fn of_verb(&mut self, verb: char) {
        if matches!(verb, 'v' | 'w') {
            self.go_syntax = std::mem::take(&mut self.sharp);
            self.plus = false;
        }
    }

    /// Whether it is filled up with zeros, which can only stand on the left.
    pub(super) fn fills_with_zeros(&self) -> bool {
        self.zero && !self.minus
    }
}

impl Printer<'_, '_> {
    /// Writes a text, filled up to the width.
    pub(super) fn pad(&mut self, text: &[u8]) -> Result<(), Fault> {
        let fill = match self.layout.width {
            Some(width) => width.saturating_sub(unicode::pieces(text).count()),
            None => 0,
        };
        self.room(text.len() + fill)?;
        if !self.layout.minus {
            self.fill(fill)?;
        }
        self.written.extend_from_slice(text);
        if self.layout.minus {
            self.fill(fill)?;
        }
        Ok(())
    }

    /// Writes a text, filled up to the width with spaces.
    pub(super) fn pad_with_spaces(&mut self, text: &[u8]) -> Result<(), Fault> {
        let zero = std::mem::take(&mut self.layout.zero);
        self.pad(text)?;
        self.layout.zero = zero;
        Ok(())
    }

    /// Writes so many spaces, or zeros.
    pub(super) fn fill(&mut self, length: usize) -> Result<(), Fault> {
        self.room(length)?;
        let filler = if self.layout.fills_with_zeros() { b'0' } else { b' ' };
        self.written.resize(self.written.len() + length, filler);
        Ok(())
    }
}
