//! Texts: `%s`, `%q`, `%x`.

use super::Printer;
use crate::{Fault, unicode};

/// Whether a text has this verb.
pub(super) fn has_verb(verb: char) -> bool {
    matches!(verb, 'v' | 's' | 'x' | 'X' | 'q')
}

impl Printer<'_, '_> {
    /// Prints a text. The verb must be one that it has.
    pub(super) fn string(&mut self, text: &[u8], verb: char) -> Result<(), Fault> {
        if self.layout.width.is_some() || self.layout.precision.is_some() {
            // Its runes are counted.
            self.scope.spend(text.len() as u64 / 32)?;
        }
        match verb {
            'x' => self.hexadecimal(text, "0123456789abcdef", b"0x"),
            'X' => self.hexadecimal(text, "0123456789ABCDEF", b"0X"),
            'q' => self.quoted(text),
            'v' if self.layout.go_syntax => self.quoted(text),
            _ => self.pad(self.cut(text)),
        }
    }

    /// The text up to the precision, which counts runes.
    fn cut<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        match self.layout.precision {
            Some(most) => {
                let length: usize = unicode::pieces(text).take(most).map(|(_, piece)| piece.len()).sum();
                &text[..length]
            }
            None => text,
        }
    }

    fn quoted(&mut self, text: &[u8]) -> Result<(), Fault> {
        let text = self.cut(text);
        // An escape has at most ten bytes, for a rune of four or for a byte of one.
        self.room(text.len().saturating_mul(4))?;
        let quoted = match (self.layout.sharp, self.layout.plus) {
            (true, _) if can_backquote(text) => [b"`", text, b"`"].concat(),
            (_, true) => unicode::quote_ascii(text),
            (_, false) => unicode::quote(text),
        };
        self.pad(&quoted)
    }

    /// Two digits a byte, up to as many bytes as the precision says.
    fn hexadecimal(&mut self, text: &[u8], digits: &str, prefix: &[u8]) -> Result<(), Fault> {
        let layout = self.layout;
        let text = &text[..text.len().min(layout.precision.unwrap_or(usize::MAX))];
        self.room(text.len().saturating_mul(5))?;
        let prefix = if layout.sharp { prefix } else { b"" };
        let mut written = Vec::with_capacity(2 * text.len());
        for (place, byte) in text.iter().enumerate() {
            if layout.space && place > 0 {
                written.push(b' ');
            }
            if layout.space || place == 0 {
                written.extend_from_slice(prefix);
            }
            written.push(digits.as_bytes()[usize::from(byte >> 4)]);
            written.push(digits.as_bytes()[usize::from(byte & 15)]);
        }
        self.pad(&written)
    }
}

/// Whether the text can stand between backquotes: on one line, without control characters but tabs.
pub(super) fn can_backquote(text: &[u8]) -> bool {
    unicode::pieces(text).all(|(rune, piece)| match rune {
        unicode::REPLACEMENT => piece.len() > 1,
        '\u{feff}' | '`' | '\x7f' => false,
        _ => rune >= ' ' || rune == '\t',
    })
}
