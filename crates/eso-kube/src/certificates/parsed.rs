//! What must be known of a certificate: when it was made and ends, whose key it is for, and who signed it. Pure.

use std::{sync::Arc, time::Duration};

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use rcgen::{KeyPair, PublicKeyData as _};
use rustls::{
    RootCertStore,
    client::{verify_server_cert_signed_by_trust_anchor, verify_server_name},
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
    server::ParsedCertificate,
};

use super::decide::Validity;

/// By how much a certificate begins before it is made: not all clocks of a cluster are right.
pub(super) const BACKDATED: Duration = Duration::from_secs(300);

/// A certificate.
pub(super) struct Parsed {
    der: CertificateDer<'static>,
    /// When it holds.
    pub(super) validity: Validity,
}

impl Parsed {
    /// The certificates of a text in PEM. What is none is left out.
    pub(super) fn all(pem: &str) -> Vec<Self> {
        CertificateDer::pem_slice_iter(pem.as_bytes()).filter_map(|der| Self::read(der.ok()?)).collect()
    }

    fn read(der: CertificateDer<'static>) -> Option<Self> {
        let validity = validity(&der)?;
        Some(Self { der, validity })
    }

    /// Its bytes.
    pub(super) fn der(&self) -> &[u8] {
        &self.der
    }

    /// Whether a key in PEM is its own.
    pub(super) fn is_of(&self, key: &str) -> bool {
        KeyPair::from_pem(key).is_ok_and(|key| self.contains(&key.subject_public_key_info()))
    }

    /// Whether its bytes have these among them.
    pub(super) fn contains(&self, bytes: &[u8]) -> bool {
        self.der.windows(bytes.len()).any(|window| window == bytes)
    }

    /// Whether it is for a server of this name.
    pub(super) fn is_named(&self, name: &str) -> bool {
        let (parsed, name) = (ParsedCertificate::try_from(&self.der), ServerName::try_from(name));
        parsed.is_ok_and(|parsed| name.is_ok_and(|name| verify_server_name(&parsed, &name).is_ok()))
    }

    /// Whether an authority has signed it. When either ends is another question.
    pub(super) fn is_signed_by(&self, authority: &Self) -> bool {
        let mut roots = RootCertStore::empty();
        if roots.add(authority.der.clone()).is_err() {
            return false;
        }
        let Ok(parsed) = ParsedCertificate::try_from(&self.der) else { return false };
        let seconds = u64::try_from(self.validity.made.as_second()).unwrap_or_default();
        let then = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let algorithms = aws_lc_rs::default_provider().signature_verification_algorithms;
        verify_server_cert_signed_by_trust_anchor(&parsed, &Arc::new(roots), &[], then, algorithms.all)
            .is_ok()
    }
}

/// Walks to the validity: the fifth element of the first element of a certificate, where a version comes first, which
/// all of today's have.
fn validity(der: &[u8]) -> Option<Validity> {
    let (_, certificate, _) = element(der)?;
    let (_, mut rest, _) = element(certificate)?;
    // The version, the serial number, the algorithm and the issuer.
    for _ in 0..4 {
        (_, _, rest) = element(rest)?;
    }
    let (_, validity, _) = element(rest)?;
    let (begins, rest) = time(validity)?;
    let (ends, _) = time(rest)?;
    Some(Validity { made: begins.checked_add(BACKDATED).ok()?, ends })
}

/// The first element of a sequence in DER: its tag, what is in it, and what comes after.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, length], rest) = der.split_first_chunk::<2>()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(length), rest),
        0x81 => (usize::from(*rest.first()?), rest.get(1..)?),
        0x82 => (usize::from(u16::from_be_bytes(*rest.first_chunk()?)), rest.get(2..)?),
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// A time, as certificates have it, and what comes after: with a year of two digits until 2049.
fn time(der: &[u8]) -> Option<(Timestamp, &[u8])> {
    let (tag, content, rest) = element(der)?;
    let text = std::str::from_utf8(content).ok()?;
    let text = match tag {
        0x17 if text < "50" => format!("20{text}"),
        0x17 => format!("19{text}"),
        0x18 => text.to_owned(),
        _ => return None,
    };
    let time = DateTime::strptime("%Y%m%d%H%M%SZ", text).ok()?;
    Some((time.to_zoned(TimeZone::UTC).ok()?.timestamp(), rest))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{element, time};

    #[track_caller]
    fn check(tag: u8, text: &str, expected: Option<&str>) {
        let length = u8::try_from(text.len()).unwrap();
        let der = [&[tag, length], text.as_bytes(), b"rest"].concat();
        let expected = expected.map(|time| (time.parse::<Timestamp>().unwrap(), &b"rest"[..]));
        assert_eq!(time(&der), expected, "{text}");
    }

    #[test]
    fn times_have_years_of_two_digits_and_of_four() {
        check(0x17, "491231235959Z", Some("2049-12-31T23:59:59Z"));
        check(0x17, "500101000000Z", Some("1950-01-01T00:00:00Z"));
        check(0x18, "20500101000000Z", Some("2050-01-01T00:00:00Z"));
        check(0x18, "soon", None);
        check(0x04, "20500101000000Z", None);
    }

    #[test]
    fn elements_that_are_cut_off_are_none() {
        assert_eq!(element(&[4, 2, 1, 2, 3]), Some((4, &[1, 2][..], &[3][..])));
        assert_eq!(element(&[4, 0x81, 1, 9]), Some((4, &[9][..], &[][..])));
        assert_eq!(element(&[4, 0x82, 0, 1, 9]), Some((4, &[9][..], &[][..])));
        for cut in [&[][..], &[4], &[4, 2, 1], &[4, 0x81], &[4, 0x82, 0], &[4, 0x83, 0, 0, 0], &[4, 0x80]] {
            assert_eq!(element(cut), None, "{cut:?}");
        }
    }
}
