//! Secret values: bytes that print nothing, are wiped when the last holder lets go, and are shared without a copy.

use std::{fmt, sync::Arc};

use zeroize::Zeroizing;

/// The bytes of a secret value.
///
/// Guarantees: neither `Debug` nor any error of this workspace shows the content or its length; there is no
/// `Display` and no `Serialize`; the memory is overwritten when the last clone is dropped; a clone shares it.
/// Not promised: copies made by TLS, HTTP or JSON libraries before the bytes reached this type.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretBytes(Arc<Zeroizing<Box<[u8]>>>);

impl SecretBytes {
    /// Takes the bytes over. A `Vec` with spare capacity is reallocated, and the old block wiped.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = Zeroizing::new(bytes.into());
        Self(Arc::new(Zeroizing::new(bytes.as_slice().into())))
    }

    /// The content, for the few places that must have it: each call site is on a list that a tidy test keeps.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The content as text, or `None` where it is not UTF-8.
    pub fn expose_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// Whether there are no bytes at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretBytes(redacted)")
    }
}

impl From<Vec<u8>> for SecretBytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self::new(bytes)
    }
}

impl From<String> for SecretBytes {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&str> for SecretBytes {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests;
