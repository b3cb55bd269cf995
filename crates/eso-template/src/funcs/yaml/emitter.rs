//! Where in a line a YAML text stands: indentation, white space and line breaks by the rules of go-yaml's emitter.

use crate::{Fault, Scope};

/// The column behind which a line ends at the next space, in runes.
const WIDTH: usize = 80;

/// A text that grows.
pub(super) struct Emitter<'e, 's> {
    pub(super) scope: &'e mut Scope<'s>,
    pub(super) written: Vec<u8>,
    /// How many runes the line has.
    column: usize,
    /// Whether the last that was written is white space, or stands for it.
    whitespace: bool,
    /// Whether the line has nothing but indentation, and indicators that count as it.
    indention: bool,
}

/// What an indicator leaves behind it.
#[derive(Clone, Copy)]
pub(super) struct Indicator {
    /// Whether a space must come before it.
    pub(super) spaced: bool,
    /// Whether the line still counts as indented after it.
    pub(super) indents: bool,
}

impl<'e, 's> Emitter<'e, 's> {
    pub(super) fn new(scope: &'e mut Scope<'s>) -> Self {
        Self { scope, written: Vec::new(), column: 0, whitespace: true, indention: true }
    }

    /// Writes what has no line breaks.
    pub(super) fn put(&mut self, text: &str) -> Result<(), Fault> {
        self.scope.hold(text.len())?;
        self.written.extend_from_slice(text.as_bytes());
        self.column += text.chars().count();
        Ok(())
    }

    /// Ends the line by a break, or by a rune that is one.
    pub(super) fn line_break(&mut self, rune: char) -> Result<(), Fault> {
        self.put(rune.encode_utf8(&mut [0; 4]))?;
        self.column = 0;
        self.indention = true;
        Ok(())
    }

    /// Goes to a column of a line that has nothing else yet.
    pub(super) fn indent(&mut self, column: usize) -> Result<(), Fault> {
        if !self.indention || self.column > column || (self.column == column && !self.whitespace) {
            self.line_break('\n')?;
        }
        while self.column < column {
            self.put(" ")?;
        }
        self.whitespace = true;
        self.indention = true;
        Ok(())
    }

    pub(super) fn indicator(&mut self, text: &str, indicator: Indicator) -> Result<(), Fault> {
        let Indicator { spaced, indents } = indicator;
        if spaced {
            self.space()?;
        }
        self.put(text)?;
        self.whitespace = false;
        self.indention &= indents;
        Ok(())
    }

    /// A space, where there is none.
    pub(super) fn space(&mut self) -> Result<(), Fault> {
        if self.whitespace { Ok(()) } else { self.put(" ") }
    }

    /// What follows is in the line of a scalar.
    pub(super) fn within(&mut self) {
        self.indention = false;
    }

    /// A scalar is at its end.
    pub(super) fn after(&mut self) {
        self.whitespace = false;
        self.indention = false;
    }

    /// The head of a block scalar is at its end.
    pub(super) fn after_head(&mut self) {
        self.whitespace = true;
    }

    /// Whether the line has nothing but indentation.
    pub(super) fn is_indented(&self) -> bool {
        self.indention
    }

    /// Whether the line is so long that it ends at the next space.
    pub(super) fn is_full(&self) -> bool {
        self.column > WIDTH
    }
}
