//! A Go string: bytes, shared by its clones, wiped when the last one goes.

use std::{
    borrow::{Borrow, Cow},
    cmp::Ordering,
    fmt,
    ops::Deref,
    rc::Rc,
};

use zeroize::Zeroizing;

use crate::unicode;

/// A string of any bytes. `Debug` shows its length alone.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Text(Rc<Zeroizing<Vec<u8>>>);

impl Text {
    /// The text as UTF-8, with U+FFFD for each byte that is none, as Go reads the runes of a string.
    pub(crate) fn runes(&self) -> Cow<'_, str> {
        match str::from_utf8(self) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => Cow::Owned(unicode::runes(self).collect()),
        }
    }
}

impl Deref for Text {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

/// Byte by byte, as Go compares strings.
impl Ord for Text {
    fn cmp(&self, other: &Self) -> Ordering {
        self[..].cmp(&other[..])
    }
}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Borrow<[u8]> for Text {
    fn borrow(&self) -> &[u8] {
        self
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({} bytes)", self.len())
    }
}

impl From<Vec<u8>> for Text {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Rc::new(Zeroizing::new(bytes)))
    }
}

impl From<&[u8]> for Text {
    fn from(bytes: &[u8]) -> Self {
        bytes.to_vec().into()
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        text.into_bytes().into()
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        text.as_bytes().into()
    }
}
