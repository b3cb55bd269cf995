//! What a certificate says of itself.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{
    der::{BOOLEAN, GENERALIZED_TIME, INTEGER, OCTETS, OID, Reader, SEQUENCE, UTC_TIME, context},
    name,
};

/// A certificate of X.509, taken apart; no signature is checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Certificate {
    /// All of it, in DER.
    pub(crate) whole: Vec<u8>,
    /// The name of who it is for, in DER.
    pub(super) subject: Vec<u8>,
    /// The public key, with its algorithm, in DER.
    pub(super) public_key: Vec<u8>,
    /// By which the key of who signed it is known.
    pub(crate) authority: Option<Vec<u8>>,
    /// By which its own key is known.
    pub(crate) own: Option<Vec<u8>>,
    pub(crate) alternatives: Alternatives,
}

/// What else it is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Alternatives {
    pub(crate) hosts: Vec<String>,
    pub(crate) addresses: Vec<String>,
    pub(crate) mails: Vec<String>,
    pub(crate) urls: Vec<String>,
}

const OWN: &[u8] = &[0x55, 0x1d, 0x0e];
const ALTERNATIVES: &[u8] = &[0x55, 0x1d, 0x11];
const AUTHORITY: &[u8] = &[0x55, 0x1d, 0x23];

impl Certificate {
    /// Takes a certificate apart; nothing where the text is none.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let mut outer = Reader::within(text)?;
        let mut inner = outer.sequence()?;
        let algorithm = outer.expect(SEQUENCE)?;
        outer.bits()?;
        outer.end()?;
        let version = inner.optional(context(0)).map(|version| Reader(version).number());
        if !matches!(version, None | Some(Some(0..=2))) {
            return None;
        }
        inner.expect(INTEGER)?;
        if inner.expect(SEQUENCE)? != algorithm {
            return None;
        }
        inner.expect(SEQUENCE)?;
        validity(inner.sequence()?)?;
        let subject = inner.next().filter(|value| value.tag == SEQUENCE)?.whole.to_vec();
        let public_key = inner.next().filter(|value| value.tag == SEQUENCE)?.whole.to_vec();
        let mut certificate = Self { whole: text.to_vec(), subject, public_key, ..Self::default() };
        // Two identifiers of the second version, that nobody uses.
        inner.optional(0x81);
        inner.optional(0x82);
        if let Some(extensions) = inner.optional(context(3)) {
            certificate.extensions(Reader::within(extensions)?)?;
        }
        inner.end()?;
        name::show(&certificate.subject)?;
        Some(certificate)
    }

    /// The name of who it is for, as Go shows it.
    pub(crate) fn shown_subject(&self) -> String {
        name::show(&self.subject).unwrap_or_default()
    }

    fn extensions(&mut self, mut extensions: Reader<'_>) -> Option<()> {
        while extensions.end().is_none() {
            let mut extension = extensions.sequence()?;
            let identifier = extension.expect(OID)?;
            extension.optional(BOOLEAN);
            let content = extension.expect(OCTETS)?;
            extension.end()?;
            match identifier {
                OWN => self.own = Some(Reader(content).expect(OCTETS)?.to_vec()),
                AUTHORITY => self.authority = Reader::within(content)?.optional(0x80).map(<[u8]>::to_vec),
                ALTERNATIVES => self.alternatives = Alternatives::parse(content)?,
                _ => {}
            }
        }
        Some(())
    }
}

/// Two times.
fn validity(mut validity: Reader<'_>) -> Option<()> {
    for _ in 0..2 {
        validity.next().filter(|time| matches!(time.tag, UTC_TIME | GENERALIZED_TIME))?;
    }
    validity.end()
}

impl Alternatives {
    fn parse(content: &[u8]) -> Option<Self> {
        let mut names = Reader::within(content)?;
        let mut alternatives = Self::default();
        let text = |content: &[u8]| content.is_ascii().then(|| String::from_utf8_lossy(content).into_owned());
        while names.end().is_none() {
            let name = names.next()?;
            match name.tag {
                0x81 => alternatives.mails.push(text(name.content)?),
                0x82 => alternatives.hosts.push(text(name.content)?),
                0x86 => alternatives.urls.push(text(name.content)?),
                0x87 => alternatives.addresses.push(address(name.content)?),
                _ => {}
            }
        }
        Some(alternatives)
    }
}

/// An address as Go shows it: one of IPv4 within IPv6 is one of IPv4.
fn address(bytes: &[u8]) -> Option<String> {
    if let Ok(bytes) = <[u8; 4]>::try_from(bytes) {
        return Some(Ipv4Addr::from(bytes).to_string());
    }
    let address = Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?);
    Some(address.to_ipv4_mapped().map_or_else(|| address.to_string(), |address| address.to_string()))
}

#[cfg(test)]
mod tests;
