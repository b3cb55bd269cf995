//! What `printf`'s format says: verbs, flags, widths, which argument.

use super::{Layout, Printer};
use crate::{Fault, Value, unicode};

/// The widest that a width or a precision can be.
const WIDEST: i64 = 1_000_000;

/// Prints values as a format says.
pub(super) fn print(printer: &mut Printer<'_, '_>, format: &[u8], values: &[Value]) -> Result<(), Fault> {
    let mut directives = Directives {
        format,
        at: 0,
        values,
        next: 0,
        reordered: false,
        well: true,
        indexed: false,
        bracket: 0,
    };
    while let Some(text) = directives.text() {
        printer.scope.spend(1)?;
        printer.put(text)?;
        if directives.at < format.len() {
            directives.at += 1;
            directives.directive(printer)?;
        }
    }
    printer.layout = Layout::default();
    match values.get(directives.next..) {
        Some(extra) if !extra.is_empty() && !directives.reordered => surplus(printer, extra),
        Some(_) | None => Ok(()),
    }
}

/// Names the arguments that no verb takes.
fn surplus(printer: &mut Printer<'_, '_>, values: &[Value]) -> Result<(), Fault> {
    printer.put(b"%!(EXTRA ")?;
    for (place, value) in values.iter().enumerate() {
        if place > 0 {
            printer.put(b", ")?;
        }
        if !matches!(value, Value::Nil) {
            printer.put(value.type_name().as_bytes())?;
            printer.put(b"=")?;
        }
        printer.argument(value, 'v')?;
    }
    printer.put(b")")
}

struct Directives<'a> {
    format: &'a [u8],
    at: usize,
    values: &'a [Value],
    /// The argument that is taken next.
    next: usize,
    /// Whether arguments were chosen by their places.
    reordered: bool,
    /// Whether the place of this directive's argument is one.
    well: bool,
    /// Whether a place was read last.
    indexed: bool,
    /// The next `]`, as far as it was looked for: each byte is looked at once.
    bracket: usize,
}

impl<'a> Directives<'a> {
    /// The text up to the next `%` or the end; nothing at the end.
    fn text(&mut self) -> Option<&'a [u8]> {
        let rest = self.format.get(self.at..).filter(|rest| !rest.is_empty())?;
        let length = rest.iter().position(|byte| *byte == b'%').unwrap_or(rest.len());
        self.at += length;
        Some(&rest[..length])
    }

    /// What follows a `%`.
    fn directive(&mut self, printer: &mut Printer<'_, '_>) -> Result<(), Fault> {
        printer.layout = self.flags();
        (self.well, self.indexed) = (true, false);
        self.index();
        self.width(printer)?;
        self.precision(printer)?;
        if !self.indexed {
            self.index();
        }
        let Some((verb, length)) = self.format.get(self.at..).and_then(unicode::first) else {
            return printer.put(b"%!(NOVERB)");
        };
        self.at += length;
        match self.values.get(self.next) {
            _ if verb == '%' => printer.put(b"%"),
            _ if !self.well => note(printer, verb, b"(BADINDEX)"),
            None => note(printer, verb, b"(MISSING)"),
            Some(value) => {
                printer.layout.of_verb(verb);
                self.next += 1;
                printer.argument(value, verb)
            }
        }
    }

    fn flags(&mut self) -> Layout {
        let mut layout = Layout::default();
        loop {
            match self.peek() {
                Some(b'#') => layout.sharp = true,
                Some(b'0') => layout.zero = true,
                Some(b'+') => layout.plus = true,
                Some(b'-') => layout.minus = true,
                Some(b' ') => layout.space = true,
                Some(_) | None => return layout,
            }
            self.at += 1;
        }
    }

    fn width(&mut self, printer: &mut Printer<'_, '_>) -> Result<(), Fault> {
        if self.peek() != Some(b'*') {
            printer.layout.width = self.number(self.format.len());
            // `%[3]2d`: the place must come last.
            self.well &= !(self.indexed && printer.layout.width.is_some());
            return Ok(());
        }
        self.at += 1;
        self.indexed = false;
        let Some(width) = self.taken() else { return printer.put(b"%!(BADWIDTH)") };
        printer.layout.minus |= width < 0;
        printer.layout.width = usize::try_from(width.unsigned_abs()).ok();
        Ok(())
    }

    fn precision(&mut self, printer: &mut Printer<'_, '_>) -> Result<(), Fault> {
        // A point at the very end is a verb, and none that there is.
        if self.peek() != Some(b'.') || self.at + 1 == self.format.len() {
            return Ok(());
        }
        self.at += 1;
        self.well &= !self.indexed;
        self.index();
        if self.peek() != Some(b'*') {
            printer.layout.precision = Some(self.number(self.format.len()).unwrap_or(0));
            return Ok(());
        }
        self.at += 1;
        self.indexed = false;
        printer.layout.precision = self.taken().and_then(|precision| usize::try_from(precision).ok());
        match printer.layout.precision {
            Some(_) => Ok(()),
            None => printer.put(b"%!(BADPREC)"),
        }
    }

    /// `[2]`: the place of the argument, from 1.
    fn index(&mut self) {
        self.indexed = false;
        if self.peek() != Some(b'[') {
            return;
        }
        self.reordered = true;
        let end = self.next_bracket();
        self.at += 1;
        if end == self.format.len() || self.at + 2 > self.format.len() {
            self.well = false;
            return;
        }
        let number = self.number(end).filter(|_| self.at == end);
        self.at = end + 1;
        self.indexed = number.is_some();
        match number.and_then(|number| number.checked_sub(1)).filter(|place| *place < self.values.len()) {
            Some(place) => self.next = place,
            None => self.well = false,
        }
    }

    /// A number up to a place; nothing, and all is passed over, where it is too large.
    fn number(&mut self, end: usize) -> Option<usize> {
        let mut number = None;
        while let Some(digit @ b'0'..=b'9') = self.peek().filter(|_| self.at < end) {
            let value = number.unwrap_or(0);
            if value > WIDEST.unsigned_abs() as usize {
                self.at = end;
                return None;
            }
            number = Some(10 * value + usize::from(digit - b'0'));
            self.at += 1;
        }
        number
    }

    /// The next argument as a width or a precision; nothing where it is none.
    fn taken(&mut self) -> Option<i64> {
        let value = self.values.get(self.next)?;
        self.next += 1;
        let number = match value {
            Value::Int(number) | Value::Int64(number) => *number,
            Value::Uint8(number) => i64::from(*number),
            Value::Uint64(number) => i64::try_from(*number).ok()?,
            Value::Object(object) => object.integer()?,
            _ => return None,
        };
        (-WIDEST..=WIDEST).contains(&number).then_some(number)
    }

    /// Where the next `]` is, or the end.
    fn next_bracket(&mut self) -> usize {
        if self.bracket < self.at {
            let rest = &self.format[self.at..];
            let length = rest.iter().position(|byte| *byte == b']').unwrap_or(rest.len());
            self.bracket = self.at + length;
        }
        self.bracket
    }

    fn peek(&self) -> Option<u8> {
        self.format.get(self.at).copied()
    }
}

/// Says what is wrong with a directive, as Go does.
fn note(printer: &mut Printer<'_, '_>, verb: char, what: &[u8]) -> Result<(), Fault> {
    printer.put(b"%!")?;
    printer.put(verb.encode_utf8(&mut [0; 4]).as_bytes())?;
    printer.put(what)
}
