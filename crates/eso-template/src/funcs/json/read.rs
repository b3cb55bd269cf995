//! A text of JSON as a value. All numbers are `float64`; the last of several entries of a name counts.

use std::collections::BTreeMap;

use crate::{Fault, Scope, Value, function::TEXT, unicode};

/// What was read.
pub(crate) struct Read {
    pub(crate) value: Value,
    /// Whether all numbers fit; one that does not is nil.
    pub(crate) fits: bool,
}

/// Reads JSON; nothing where it is none.
pub(crate) fn read(scope: &mut Scope<'_>, text: &[u8]) -> Result<Option<Read>, Fault> {
    let mut reader = Reader { scope, rest: text, depth: 0, fits: true };
    let read = reader.document();
    let fits = reader.fits;
    match read {
        Ok(value) => Ok(Some(Read { value, fits })),
        Err(Stop::Syntax) => Ok(None),
        Err(Stop::Fault(fault)) => Err(fault),
    }
}

/// Why reading ends before the end.
enum Stop {
    Syntax,
    Fault(Fault),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

struct Reader<'r, 's, 't> {
    scope: &'r mut Scope<'s>,
    rest: &'t [u8],
    depth: usize,
    fits: bool,
}

impl<'t> Reader<'_, '_, 't> {
    fn document(&mut self) -> Result<Value, Stop> {
        let value = self.value()?;
        self.spaces();
        if self.rest.is_empty() { Ok(value) } else { Err(Stop::Syntax) }
    }

    fn value(&mut self) -> Result<Value, Stop> {
        self.scope.spend(1)?;
        self.spaces();
        match self.rest.first() {
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'"') => {
                self.scope.hold(TEXT)?;
                Ok(Value::String(self.string()?.into()))
            }
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word(b"true", Value::Bool(true)),
            Some(b'f') => self.word(b"false", Value::Bool(false)),
            Some(b'n') => self.word(b"null", Value::Nil),
            Some(_) | None => Err(Stop::Syntax),
        }
    }

    /// One level deeper, after the bracket.
    fn nested(&mut self, read: fn(&mut Self) -> Result<Value, Stop>) -> Result<Value, Stop> {
        if self.depth >= self.scope.nesting() {
            return Err(Stop::Fault(Fault::Limit("nesting")));
        }
        self.depth += 1;
        self.rest = &self.rest[1..];
        self.spaces();
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn object(&mut self) -> Result<Value, Stop> {
        let mut entries = BTreeMap::new();
        if !self.takes(b'}') {
            loop {
                self.spaces();
                let name = self.string()?;
                self.spaces();
                self.expect(b':')?;
                self.scope.hold_entry(&name)?;
                let value = self.value()?;
                entries.insert(name.into(), value);
                self.spaces();
                if self.takes(b'}') {
                    break;
                }
                self.expect(b',')?;
            }
        }
        Ok(self.scope.map(entries)?)
    }

    fn array(&mut self) -> Result<Value, Stop> {
        let mut items = Vec::new();
        if !self.takes(b']') {
            loop {
                self.scope.hold_item()?;
                items.push(self.value()?);
                self.spaces();
                if self.takes(b']') {
                    break;
                }
                self.expect(b',')?;
            }
        }
        Ok(self.scope.list(items)?)
    }

    fn word(&mut self, word: &[u8], value: Value) -> Result<Value, Stop> {
        self.rest = self.rest.strip_prefix(word).ok_or(Stop::Syntax)?;
        Ok(value)
    }

    fn number(&mut self) -> Result<Value, Stop> {
        let start = self.rest;
        self.takes(b'-');
        let leads_with_zero = self.rest.first() == Some(&b'0');
        if !matches!((self.digits(), leads_with_zero), (1, _) | (2.., false)) {
            return Err(Stop::Syntax);
        }
        if self.takes(b'.') && self.digits() == 0 {
            return Err(Stop::Syntax);
        }
        if self.takes(b'e') || self.takes(b'E') {
            let _signed = self.takes(b'+') || self.takes(b'-');
            if self.digits() == 0 {
                return Err(Stop::Syntax);
            }
        }
        let text = str::from_utf8(&start[..start.len() - self.rest.len()]).map_err(|_| Stop::Syntax)?;
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Value::Float64(number)),
            Ok(_) | Err(_) => {
                self.fits = false;
                Ok(Value::Nil)
            }
        }
    }

    fn digits(&mut self) -> usize {
        let length = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.rest = &self.rest[length..];
        length
    }

    /// A string. What is no UTF-8, and halves of pairs of UTF-16, become U+FFFD.
    fn string(&mut self) -> Result<Vec<u8>, Stop> {
        self.expect(b'"')?;
        let mut read = Vec::new();
        loop {
            let plain = |byte: &u8| !matches!(byte, b'"' | b'\\' | 0..=0x1f);
            let length = self.rest.iter().take_while(|byte| plain(byte)).count();
            let (text, rest) = self.rest.split_at(length);
            self.scope.hold(text.len())?;
            unicode::runes(text).for_each(|rune| unicode::push(&mut read, rune));
            self.rest = rest;
            if self.takes(b'"') {
                return Ok(read);
            }
            self.expect(b'\\')?;
            let rune = self.escape()?;
            unicode::push(&mut read, rune);
        }
    }

    /// What follows a backslash.
    fn escape(&mut self) -> Result<char, Stop> {
        let (kind, rest) = self.rest.split_first().ok_or(Stop::Syntax)?;
        self.rest = rest;
        Ok(match kind {
            b'"' | b'\\' | b'/' => char::from(*kind),
            b'b' => '\x08',
            b'f' => '\x0c',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => self.unicode()?,
            _ => return Err(Stop::Syntax),
        })
    }

    /// A rune by its number, or by a pair of units of UTF-16.
    fn unicode(&mut self) -> Result<char, Stop> {
        let first = self.unit()?;
        let (high, low) = (0xd800..0xdc00, 0xdc00..0xe000);
        if let Some(rest) = self.rest.strip_prefix(b"\\u").filter(|_| high.contains(&first)) {
            let before = std::mem::replace(&mut self.rest, rest);
            let second = self.unit()?;
            if low.contains(&second) {
                let code = 0x1_0000 + (u32::from(first - high.start) << 10) + u32::from(second - low.start);
                return Ok(char::from_u32(code).unwrap_or(unicode::REPLACEMENT));
            }
            self.rest = before;
        }
        Ok(char::from_u32(first.into()).unwrap_or(unicode::REPLACEMENT))
    }

    /// Four hexadecimal digits.
    fn unit(&mut self) -> Result<u16, Stop> {
        let (digits, rest) = self.rest.split_at_checked(4).ok_or(Stop::Syntax)?;
        self.rest = rest;
        digits.iter().try_fold(0, |unit, digit| {
            let digit = char::from(*digit).to_digit(16).and_then(|digit| u16::try_from(digit).ok());
            Ok(unit << 4 | digit.ok_or(Stop::Syntax)?)
        })
    }

    fn spaces(&mut self) {
        let is_space = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
        self.rest = &self.rest[self.rest.iter().take_while(is_space).count()..];
    }

    fn takes(&mut self, byte: u8) -> bool {
        match self.rest.split_first() {
            Some((first, rest)) if *first == byte => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), Stop> {
        if self.takes(byte) { Ok(()) } else { Err(Stop::Syntax) }
    }
}
