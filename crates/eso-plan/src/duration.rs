//! Durations as Go writes them: `1h0m0s`, `1.5h`, `-5s`, `0`.

use jiff::SignedDuration;

/// Why a text is no duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a duration such as 1h, 30s or 1h0m0s")]
pub struct NoDuration;

/// Reads a duration in the grammar of Go's `time.ParseDuration`. As there, one beyond about 292 years is an error.
pub fn parse(_text: &str) -> Result<SignedDuration, NoDuration> {
    todo!()
}
