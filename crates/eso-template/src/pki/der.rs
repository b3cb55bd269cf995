//! ASN.1 by its distinguished rules (DER): values in their tags and lengths.

pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BITS: u8 = 0x03;
pub(super) const OCTETS: u8 = 0x04;
pub(super) const NULL: u8 = 0x05;
pub(super) const OID: u8 = 0x06;
pub(super) const UTF8: u8 = 0x0c;
pub(super) const PRINTABLE: u8 = 0x13;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const BMP: u8 = 0x1e;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// The tag of a part that is told by its number, and holds others.
pub(super) const fn context(number: u8) -> u8 {
    0xa0 | number
}

/// A value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Value<'a> {
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
    /// With its tag and length.
    pub(super) whole: &'a [u8],
}

/// Values one after the other. Each method gives nothing where the next is none of that kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    /// The values of a sequence that is the whole text.
    pub(super) fn within(text: &'a [u8]) -> Option<Self> {
        let mut reader = Self(text);
        let content = reader.expect(SEQUENCE)?;
        reader.end().map(|()| Self(content))
    }

    /// The next value, of one byte of tag and a length that is as short as can be.
    pub(super) fn next(&mut self) -> Option<Value<'a>> {
        let text = self.0;
        let (tag, rest) = text.split_first()?;
        let (first, mut rest) = rest.split_first()?;
        let mut length = usize::from(*first);
        if length >= 0x80 {
            let (digits, after) = rest.split_at_checked(length - 0x80)?;
            if digits.is_empty() || digits.len() > 4 || digits[0] == 0 {
                return None;
            }
            length = digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit));
            if length < 0x80 {
                return None;
            }
            rest = after;
        }
        let (content, after) = rest.split_at_checked(length)?;
        self.0 = after;
        (tag & 0x1f != 0x1f).then_some(Value { tag: *tag, content, whole: &text[..text.len() - after.len()] })
    }

    /// The content of the next value, which must be of a tag.
    pub(super) fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().filter(|value| value.tag == tag).map(|value| value.content)
    }

    /// The content of the next value, if it is of a tag.
    pub(super) fn optional(&mut self, tag: u8) -> Option<&'a [u8]> {
        let mut ahead = *self;
        let content = ahead.expect(tag)?;
        *self = ahead;
        Some(content)
    }

    pub(super) fn sequence(&mut self) -> Option<Self> {
        self.expect(SEQUENCE).map(Self)
    }

    /// A positive integer without zeros before it.
    pub(super) fn unsigned(&mut self) -> Option<&'a [u8]> {
        match self.expect(INTEGER)? {
            [] => None,
            [0, second, ..] if *second < 0x80 => None,
            [0, rest @ ..] => Some(rest),
            [first, ..] if *first >= 0x80 => None,
            digits => Some(digits),
        }
    }

    /// A small integer.
    pub(super) fn number(&mut self) -> Option<u32> {
        let digits = self.unsigned()?;
        (digits.len() <= 4).then(|| digits.iter().fold(0, |number, digit| number << 8 | u32::from(*digit)))
    }

    /// The bytes of a text of bits, all of which count.
    pub(super) fn bits(&mut self) -> Option<&'a [u8]> {
        self.expect(BITS)?.strip_prefix(&[0])
    }

    /// Nothing more may come.
    pub(super) fn end(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

/// A value of a tag.
pub(super) fn encode(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut encoded = vec![tag];
    match u8::try_from(length) {
        Ok(short @ 0..0x80) => encoded.push(short),
        Ok(_) | Err(_) => {
            let digits = length.to_be_bytes();
            let digits = &digits[digits.iter().take_while(|digit| **digit == 0).count()..];
            encoded.push(0x80 | digits.len() as u8);
            encoded.extend_from_slice(digits);
        }
    }
    parts.iter().for_each(|part| encoded.extend_from_slice(part));
    encoded
}

pub(super) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    encode(SEQUENCE, parts)
}

/// A positive integer, of its digits to the base of 256.
pub(super) fn integer(digits: &[u8]) -> Vec<u8> {
    let digits = &digits[digits.iter().take_while(|digit| **digit == 0).count()..];
    match digits.first() {
        Some(0..0x80) => encode(INTEGER, &[digits]),
        None | Some(_) => encode(INTEGER, &[&[0], digits]),
    }
}

/// A text of bits, all of which count.
pub(super) fn bits(bytes: &[u8]) -> Vec<u8> {
    encode(BITS, &[&[0], bytes])
}

pub(super) fn octets(bytes: &[u8]) -> Vec<u8> {
    encode(OCTETS, &[bytes])
}

/// An identifier, of its content.
pub(super) fn oid(content: &[u8]) -> Vec<u8> {
    encode(OID, &[content])
}

/// An algorithm without parameters.
pub(super) fn algorithm(identifier: &[u8]) -> Vec<u8> {
    sequence(&[&oid(identifier)])
}

/// An algorithm whose parameters are `NULL`.
pub(super) fn algorithm_null(identifier: &[u8]) -> Vec<u8> {
    sequence(&[&oid(identifier), &[NULL, 0]])
}

#[cfg(test)]
mod tests;
