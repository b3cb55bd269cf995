//! The token in the path that Secrets are sent to for admission: only who may read webhook configurations knows it. Pure.
//!
//! Whoever fills a Secret believes what the review says of its user, and knows nothing else of who sent it. So the API
//! server is told a path that nobody else guesses. Another one comes with each hour, for an error of the API server may
//! show the path to somebody.

use hmac::Mac as _;
use jiff::Timestamp;

use super::{
    Place,
    record::{SealKey, mac},
};

/// What the code is over besides the hour, so that it is one of nothing else.
const PURPOSE: &[u8] = b"external-secrets/webhook path/v1";

/// How many bytes of the code are in the path.
const LENGTH: usize = 16;

/// An hour of clocks, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hour(i64);

impl Hour {
    /// The one that it is at this time.
    pub fn of(time: Timestamp) -> Self {
        Self(time.as_second().div_euclid(3600))
    }

    /// The token of this hour: a segment of a path, as the API server takes it.
    pub fn token(self, key: &SealKey) -> String {
        let code = code(key, self.0).finalize().into_bytes();
        code[..LENGTH].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether this is the token of the last, this or the next hour: it takes a while until each API server has heard of
    /// another path, and not all clocks are right. It is compared in constant time.
    pub fn admits(self, key: &SealKey, text: &str) -> bool {
        self.is_of(key, text, -1..=1)
    }

    /// Whether this is the token of this or the next hour, whose clock may be another's: it needs no other yet.
    pub fn is_up_to_date(self, key: &SealKey, text: &str) -> bool {
        self.is_of(key, text, 0..=1)
    }

    fn is_of(self, key: &SealKey, text: &str, mut hours: impl Iterator<Item = i64>) -> bool {
        let Some(bytes) = read(text) else { return false };
        hours.any(|hour| code(key, self.0 + hour).verify_truncated_left(&bytes).is_ok())
    }
}

/// Whether a text looks like a token, be it a good one or not.
pub fn is_token(text: &str) -> bool {
    read(text).is_some()
}

fn read(text: &str) -> Option<[u8; LENGTH]> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let is_written_so = text.len() == 2 * LENGTH && text.bytes().all(is_digit);
    is_written_so.then(|| u128::from_str_radix(text, 16).ok().map(u128::to_be_bytes)).flatten()
}

fn code(key: &SealKey, hour: i64) -> hmac::Hmac<sha2::Sha256> {
    let nowhere = Place { namespace: String::new(), name: String::new() };
    mac(key, PURPOSE, &nowhere, &[&hour.to_be_bytes()])
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{Hour, SealKey, is_token};

    fn key() -> SealKey {
        SealKey::new(&[7; 32])
    }

    fn at(time: &str) -> Hour {
        Hour::of(time.parse::<Timestamp>().unwrap())
    }

    #[track_caller]
    fn check(made: &str, seen: &str, is_admitted: bool, is_up_to_date: bool) {
        let token = at(made).token(&key());
        let seen = at(seen);
        assert_eq!(
            (seen.admits(&key(), &token), seen.is_up_to_date(&key(), &token)),
            (is_admitted, is_up_to_date)
        );
    }

    #[test]
    fn a_token_is_taken_for_the_hours_around_it_and_is_another_in_each() {
        check("2026-11-30T09:00:00Z", "2026-11-30T09:59:59Z", true, true);
        check("2026-11-30T09:59:59Z", "2026-11-30T10:59:59Z", true, false);
        check("2026-11-30T09:59:59Z", "2026-11-30T11:00:00Z", false, false);
        check("2026-11-30T10:00:00Z", "2026-11-30T09:00:00Z", true, true);
        check("2026-11-30T11:00:00Z", "2026-11-30T09:59:59Z", false, false);
        check("1969-12-31T23:30:00Z", "1970-01-01T00:30:00Z", true, false);
    }

    #[test]
    fn a_token_is_a_segment_of_a_path_that_shows_nothing_of_the_key() {
        let token = at("2026-11-30T09:00:00Z").token(&key());
        assert!(token.len() == 32 && is_token(&token), "{token}");
        assert_ne!(token, at("2026-11-30T09:00:00Z").token(&SealKey::new(&[8; 32])));
        assert!(!token.contains("0707"), "{token}");
    }

    #[test]
    fn nothing_else_is_taken() {
        let now = at("2026-11-30T09:00:00Z");
        let token = now.token(&key());
        let other = now.token(&SealKey::new(&[8; 32]));
        let upper = token.to_uppercase();
        let long = format!("{token}0");
        for text in
            ["", "0", &token[..31], &token[..2], &long, &upper, &other, &"0".repeat(32), &"+0".repeat(16)]
        {
            assert!(!now.admits(&key(), text), "{text}");
        }
        for place in 0..token.len() {
            let digit = if &token[place..=place] == "0" { "1" } else { "0" };
            let text = format!("{}{digit}{}", &token[..place], &token[place + 1..]);
            assert!(is_token(&text) && !now.admits(&key(), &text), "{text}");
        }
    }
}
