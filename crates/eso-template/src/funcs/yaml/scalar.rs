//! How a text is written in YAML: as it is, in quotes, or as a block.

use super::emitter::{Emitter, Indicator};
use crate::Fault;

/// The ways to write a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
}

/// A text that is to be written, and where.
#[derive(Clone, Copy)]
pub(super) struct Scalar<'t> {
    pub(super) text: &'t str,
    /// The way to write it, if it can be written so.
    pub(super) style: Style,
    /// Whether it is a key in the line of its value: then it is in one line.
    pub(super) is_key: bool,
}

/// What a text has that says how it can be written.
#[derive(Default)]
struct Analysis {
    indicators: bool,
    breaks: bool,
    /// What does not print.
    special: bool,
    space_at_start: bool,
    space_at_end: bool,
    break_at_edge: bool,
    break_then_space: bool,
    space_then_break: bool,
}

impl Analysis {
    fn of(text: &str) -> Self {
        let mut found =
            Self { indicators: text.starts_with("---") || text.starts_with("..."), ..Self::default() };
        let mut before = None;
        let mut runes = text.chars().peekable();
        while let Some(rune) = runes.next() {
            let after = runes.peek().copied();
            found.indicators |= is_indicator(before, rune, after);
            found.special |= !is_printable(rune);
            let is_edge = before.is_none() || after.is_none();
            if rune == ' ' {
                found.space_at_start |= before.is_none();
                found.space_at_end |= after.is_none();
                found.break_then_space |= before.is_some_and(is_break);
            } else if is_break(rune) {
                found.breaks = true;
                found.break_at_edge |= is_edge;
                found.space_then_break |= before == Some(' ');
            }
            before = Some(rune);
        }
        found
    }

    fn allows_single_quotes(&self) -> bool {
        !(self.break_then_space || self.space_then_break || self.special)
    }

    fn allows_plain(&self) -> bool {
        let edges = self.space_at_start || self.space_at_end || self.break_at_edge;
        self.allows_single_quotes() && !edges && !self.breaks && !self.indicators
    }

    fn allows_block(&self) -> bool {
        !(self.space_at_end || self.space_then_break || self.special)
    }
}

/// Whether a rune would be read as a part of YAML's own, by what stands around it.
fn is_indicator(before: Option<char>, rune: char, after: Option<char>) -> bool {
    let is_blank = |rune: char| matches!(rune, ' ' | '\t');
    let blank_after = after.is_none_or(|rune| is_blank(rune) || is_break(rune));
    match (before, rune) {
        (
            None,
            '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`',
        ) => true,
        (None, '?' | ':' | '-') | (Some(_), ':') => blank_after,
        (Some(before), '#') => is_blank(before) || is_break(before),
        _ => false,
    }
}

pub(super) fn is_break(rune: char) -> bool {
    matches!(rune, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Whether go-yaml writes a rune as it is. Those beyond 16 bits it does not.
fn is_printable(rune: char) -> bool {
    matches!(rune, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
}

impl Scalar<'_> {
    /// Whether it can be a key in the line of its value.
    pub(super) fn fits_as_key(&self) -> bool {
        !self.text.contains(is_break) && self.text.len() <= 128
    }

    pub(super) fn write(&self, emitter: &mut Emitter<'_, '_>, indent: usize) -> Result<(), Fault> {
        emitter.scope.spend(1 + self.text.len() as u64 / 8)?;
        match self.chosen() {
            Style::Plain => self.plain(emitter, indent),
            Style::SingleQuoted => self.single_quoted(emitter, indent),
            Style::DoubleQuoted => self.double_quoted(emitter, indent),
            Style::Literal => self.literal(emitter, indent),
        }
    }

    fn chosen(&self) -> Style {
        let analysis = Analysis::of(self.text);
        let empty_key = self.text.is_empty() && self.is_key;
        match self.style {
            Style::Literal if analysis.allows_block() && !self.is_key => Style::Literal,
            Style::Literal | Style::DoubleQuoted => Style::DoubleQuoted,
            Style::Plain if analysis.allows_plain() && !empty_key => Style::Plain,
            Style::Plain | Style::SingleQuoted if analysis.allows_single_quotes() => Style::SingleQuoted,
            Style::Plain | Style::SingleQuoted => Style::DoubleQuoted,
        }
    }

    fn plain(&self, emitter: &mut Emitter<'_, '_>, indent: usize) -> Result<(), Fault> {
        emitter.space()?;
        self.flow(emitter, indent, "'")?;
        emitter.after();
        Ok(())
    }

    fn single_quoted(&self, emitter: &mut Emitter<'_, '_>, indent: usize) -> Result<(), Fault> {
        emitter.indicator("'", Indicator { spaced: true, indents: false })?;
        self.flow(emitter, indent, "''")?;
        emitter.indicator("'", Indicator { spaced: false, indents: false })?;
        emitter.after();
        Ok(())
    }

    /// The text with this for each of its quotes; a line that is full ends at a space.
    fn flow(&self, emitter: &mut Emitter<'_, '_>, indent: usize, quote: &str) -> Result<(), Fault> {
        let (mut after_space, mut after_break) = (false, false);
        let mut runes = self.text.char_indices().peekable();
        while let Some((place, rune)) = runes.next() {
            let after = runes.peek().map(|(_, rune)| *rune);
            let is_edge = place == 0 || after.is_none();
            if rune == ' ' {
                let ends_line =
                    !self.is_key && !after_space && emitter.is_full() && !is_edge && after != Some(' ');
                if ends_line {
                    emitter.indent(indent)?
                } else {
                    emitter.put(" ")?
                }
                after_space = true;
                continue;
            }
            if is_break(rune) {
                emitter.line_break(rune)?;
                after_break = true;
                continue;
            }
            if after_break {
                emitter.indent(indent)?;
            }
            match rune {
                '\'' => emitter.put(quote)?,
                rune => emitter.put(rune.encode_utf8(&mut [0; 4]))?,
            }
            emitter.within();
            (after_space, after_break) = (false, false);
        }
        Ok(())
    }

    fn double_quoted(&self, emitter: &mut Emitter<'_, '_>, indent: usize) -> Result<(), Fault> {
        emitter.indicator("\"", Indicator { spaced: true, indents: false })?;
        // go-yaml looks for the mark of the byte order at the begin of the text only, and for each rune.
        let escapes_all = self.text.starts_with('\u{feff}');
        let mut after_space = false;
        let mut runes = self.text.char_indices().peekable();
        while let Some((place, rune)) = runes.next() {
            let after = runes.peek().map(|(_, rune)| *rune);
            if let Some(escaped) = escape(rune, escapes_all) {
                emitter.put(&escaped)?;
                after_space = false;
                continue;
            }
            let is_inner = place > 0 && after.is_some();
            if rune == ' ' && !self.is_key && !after_space && emitter.is_full() && is_inner {
                emitter.indent(indent)?;
                if after == Some(' ') {
                    emitter.put("\\")?;
                }
            } else {
                emitter.put(rune.encode_utf8(&mut [0; 4]))?;
            }
            after_space = rune == ' ';
        }
        emitter.indicator("\"", Indicator { spaced: false, indents: false })?;
        emitter.after();
        Ok(())
    }

    fn literal(&self, emitter: &mut Emitter<'_, '_>, indent: usize) -> Result<(), Fault> {
        emitter.indicator("|", Indicator { spaced: true, indents: false })?;
        // The width of one level, and not that of this one: go-yaml errs here, and is followed.
        if self.text.starts_with(|rune| rune == ' ' || is_break(rune)) {
            emitter.put("2")?;
        }
        let mut from_end = self.text.chars().rev();
        match (from_end.next().is_some_and(is_break), from_end.next().is_none_or(is_break)) {
            (false, _) => emitter.put("-")?,
            (true, true) => emitter.put("+")?,
            (true, false) => {}
        }
        emitter.line_break('\n')?;
        emitter.after_head();
        let mut after_break = true;
        for rune in self.text.chars() {
            if is_break(rune) {
                emitter.line_break(rune)?;
                after_break = true;
                continue;
            }
            if std::mem::take(&mut after_break) {
                emitter.indent(indent)?;
            }
            emitter.put(rune.encode_utf8(&mut [0; 4]))?;
            emitter.within();
        }
        Ok(())
    }
}

/// What stands for a rune in double quotes, where it cannot stand for itself, or always.
fn escape(rune: char, always: bool) -> Option<String> {
    let escaped = match rune {
        '"' => r#"\""#,
        '\\' => r"\\",
        '\0' => r"\0",
        '\x07' => r"\a",
        '\x08' => r"\b",
        '\t' => r"\t",
        '\n' => r"\n",
        '\x0b' => r"\v",
        '\x0c' => r"\f",
        '\r' => r"\r",
        '\x1b' => r"\e",
        '\u{85}' => r"\N",
        '\u{2028}' => r"\L",
        '\u{2029}' => r"\P",
        '\u{a0}' if always => r"\_",
        _ if is_printable(rune) && !always => return None,
        '\0'..='\u{ff}' => return Some(format!(r"\x{:02X}", u32::from(rune))),
        '\0'..='\u{ffff}' => return Some(format!(r"\u{:04X}", u32::from(rune))),
        _ => return Some(format!(r"\U{:08X}", u32::from(rune))),
    };
    Some(escaped.to_owned())
}
