//! Values as a store keeps them, and as they are meant: base64 or not, with null bytes or without.

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use eso_core::value::SecretBytes;
use zeroize::Zeroizing;

/// How a value is decoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Decoding {
    /// It is left as it is.
    #[default]
    None,
    /// It is base64 with padding.
    Base64,
    /// It is base64 of the alphabet for URLs, with padding.
    Base64Url,
    /// It is one or the other, in this order, or else left as it is. A text that happens to be base64 is decoded.
    Auto,
    /// It is base64 of either alphabet, with padding or without, and any white space in it; what is no text was decoded
    /// already.
    Tolerant,
}

/// A value is no base64, in Go's words. The original has `failure decoding key app: ` before them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("illegal base64 data at input byte {at}")]
pub struct DecodingError {
    /// The first byte that is wrong, from 0; the length of the value where there is too little of it.
    pub at: usize,
}

/// What becomes of a value with a null byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NullBytes {
    /// Nothing.
    #[default]
    Ignore,
    /// It fails its object.
    Fail,
}

/// A value has a null byte. The original has `target secret key "app" ` before that where it is one of many
/// (`dataFrom`), and `fetched secret value for key "app" ` where it is asked for (`data`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("contains null bytes")]
pub struct HoldsNullByte;

/// As Go's encodings: padding must be there, and bits that are too many may be anything.
const CONFIG: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::RequireCanonical)
    .with_decode_allow_trailing_bits(true);
/// As JavaScript: padding may be missing.
const OPEN: GeneralPurposeConfig = CONFIG.with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, CONFIG);
const URL: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, CONFIG);
const OPEN_STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, OPEN);
const OPEN_URL: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, OPEN);

impl Decoding {
    /// What the value means. An empty one stays empty. As in Go, line breaks in base64 are passed over.
    pub fn decode(self, value: &SecretBytes) -> Result<SecretBytes, DecodingError> {
        let by =
            |engine, digits| decoded(value.expose(), engine).ok_or_else(|| fault(value.expose(), digits));
        match self {
            Self::None => Ok(value.clone()),
            Self::Base64 => by(&STANDARD, b"+/"),
            Self::Base64Url => by(&URL, b"-_"),
            Self::Auto => {
                Ok(by(&STANDARD, b"+/").or_else(|_| by(&URL, b"-_")).unwrap_or_else(|_| value.clone()))
            }
            Self::Tolerant => tolerant(value),
        }
    }
}

impl NullBytes {
    /// Whether the value may be given on.
    pub fn check(self, value: &SecretBytes) -> Result<(), HoldsNullByte> {
        match self {
            Self::Fail if value.expose().contains(&0) => Err(HoldsNullByte),
            Self::Fail | Self::Ignore => Ok(()),
        }
    }
}

/// The older controller told a text from bytes by the type that the store gave; here bytes are what is no text.
fn tolerant(value: &SecretBytes) -> Result<SecretBytes, DecodingError> {
    let Ok(text) = std::str::from_utf8(value.expose()) else { return Ok(value.clone()) };
    let mut digits = Zeroizing::new(Vec::with_capacity(text.len()));
    digits.extend(text.bytes().filter(|byte| !byte.is_ascii_whitespace()));
    let found = decoded(&digits, &OPEN_STANDARD).or_else(|| decoded(&digits, &OPEN_URL));
    found.ok_or_else(|| fault(value.expose(), b"+/"))
}

fn decoded(text: &[u8], engine: &GeneralPurpose) -> Option<SecretBytes> {
    let mut digits = Zeroizing::new(Vec::with_capacity(text.len()));
    digits.extend(text.iter().filter(|byte| !is_break(**byte)));
    // A buffer that is long enough from the start is not copied, and left behind unwiped.
    let mut bytes = Zeroizing::new(vec![0; base64::decoded_len_estimate(digits.len())]);
    let length = engine.decode_slice(digits.as_slice(), &mut bytes).ok()?;
    Some(SecretBytes::new(&bytes[..length]))
}

/// Where Go says that a text is no base64, the last two digits being these.
fn fault(text: &[u8], last: &[u8; 2]) -> DecodingError {
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || last.contains(&byte);
    let mut rest = text.iter().enumerate().filter(|(_, byte)| !is_break(**byte));
    let mut digits = 0;
    while let Some((at, byte)) = rest.next() {
        match byte {
            byte if is_digit(*byte) => digits = (digits + 1) % 4,
            b'=' if digits == 3 => return rest.next().map_or(at, |(at, _)| at).into(),
            b'=' if digits == 2 => {
                return match rest.next() {
                    Some((_, b'=')) => rest.next().map_or(at, |(at, _)| at),
                    Some((wrong, _)) => wrong - 1,
                    None => text.len(),
                }
                .into();
            }
            _ => return at.into(),
        }
    }
    // Go counts back over the digits that it could not use, as if no break stood between them.
    (text.len() - digits).into()
}

fn is_break(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

impl From<usize> for DecodingError {
    fn from(at: usize) -> Self {
        Self { at }
    }
}

#[cfg(test)]
mod tests;
