//! Integers: `%d`, `%x`, `%c` and their like.

use super::Printer;
use crate::{Fault, Value, unicode};

impl Printer<'_, '_> {
    /// Prints the integer that a value is.
    pub(super) fn integer(&mut self, value: &Value, integer: i128, verb: char) -> Result<(), Fault> {
        match verb {
            'v' if self.layout.go_syntax && is_unsigned(value) => {
                let sharp = std::mem::replace(&mut self.layout.sharp, true);
                self.digits(integer, 16, verb)?;
                self.layout.sharp = sharp;
                Ok(())
            }
            'v' | 'd' => self.digits(integer, 10, verb),
            'b' => self.digits(integer, 2, verb),
            'o' | 'O' => self.digits(integer, 8, verb),
            'x' | 'X' => self.digits(integer, 16, verb),
            'c' => {
                let rune = rune(integer);
                self.pad(rune.encode_utf8(&mut [0; 4]).as_bytes())
            }
            'q' => {
                let quoted = unicode::quote_rune(rune(integer), self.layout.plus);
                self.pad(&quoted)
            }
            'U' => self.code_point(integer),
            _ => self.bad_verb(value, verb),
        }
    }

    fn digits(&mut self, integer: i128, base: u32, verb: char) -> Result<(), Fault> {
        let layout = self.layout;
        if layout.precision == Some(0) && integer == 0 {
            return self.pad_with_spaces(b"");
        }
        let signed = integer < 0 || layout.plus || layout.space;
        let least = match (layout.precision, layout.width) {
            (Some(precision), _) => precision,
            (None, Some(width)) if layout.fills_with_zeros() => width - usize::from(signed && width > 0),
            (None, _) => 0,
        };
        let digits = in_base(integer.unsigned_abs(), base, verb == 'X');
        let zeros = least.saturating_sub(digits.len());
        // They are joined, filled up and written: three copies.
        self.room(3 * (zeros + digits.len()))?;
        let prefix = match base {
            _ if verb == 'O' && !layout.sharp => "0o",
            _ if verb == 'O' => {
                if zeros > 0 || digits.starts_with('0') {
                    "0o"
                } else {
                    "0o0"
                }
            }
            2 if layout.sharp => "0b",
            8 if layout.sharp && zeros == 0 && !digits.starts_with('0') => "0",
            16 if layout.sharp && verb == 'X' => "0X",
            16 if layout.sharp => "0x",
            _ => "",
        };
        let sign = match integer < 0 {
            true => "-",
            false if layout.plus => "+",
            false if layout.space => " ",
            false => "",
        };
        let zeros = "0".repeat(zeros);
        self.pad_with_spaces([sign, prefix, &zeros, &digits].concat().as_bytes())
    }

    /// `U+0078`, and with `#` the character too.
    fn code_point(&mut self, integer: i128) -> Result<(), Fault> {
        let code = as_unsigned(integer);
        let digits = in_base(u128::from(code), 16, true);
        let zeros = self.layout.precision.unwrap_or(0).max(4).saturating_sub(digits.len());
        self.room(zeros)?;
        let rune = u32::try_from(code).ok().and_then(char::from_u32);
        let character = match rune {
            Some(rune) if self.layout.sharp && unicode::PRINTABLE.has(rune) => format!(" '{rune}'"),
            Some(_) | None => String::new(),
        };
        self.pad_with_spaces(format!("U+{}{digits}{character}", "0".repeat(zeros)).as_bytes())
    }
}

fn is_unsigned(value: &Value) -> bool {
    matches!(value, Value::Uint8(_) | Value::Uint64(_))
}

/// The 64 bits of an integer, without a sign.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "as Go's conversion wraps around"
)]
fn as_unsigned(integer: i128) -> u64 {
    integer as u64
}

/// The rune of an integer; U+FFFD where there is none.
fn rune(integer: i128) -> char {
    u32::try_from(integer).ok().and_then(char::from_u32).unwrap_or(unicode::REPLACEMENT)
}

fn in_base(integer: u128, base: u32, upper: bool) -> String {
    match base {
        2 => format!("{integer:b}"),
        8 => format!("{integer:o}"),
        16 if upper => format!("{integer:X}"),
        16 => format!("{integer:x}"),
        _ => integer.to_string(),
    }
}
