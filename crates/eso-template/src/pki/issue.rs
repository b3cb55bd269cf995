//! New certificates, as Go's `x509.CreateCertificate` makes them of sprig's templates.

use std::net::IpAddr;

use aws_lc_rs::digest::{SHA256, digest};

use super::{
    certificate::Certificate,
    der::{self, GENERALIZED_TIME, UTC_TIME, bits, context, encode, integer, octets, oid, sequence},
    private_key::PrivateKey,
};
use crate::{Fault, Scope};

/// What a certificate is to say.
pub(crate) struct Request<'a> {
    /// Who it is for.
    pub(crate) common_name: &'a str,
    pub(crate) addresses: Vec<IpAddr>,
    pub(crate) hosts: Vec<String>,
    /// In UTC, as `20060102150405`.
    pub(crate) not_before: String,
    pub(crate) not_after: String,
    /// Whether it may sign others.
    pub(crate) is_authority: bool,
}

/// Who signs.
pub(crate) struct Signer<'a> {
    pub(crate) certificate: &'a Certificate,
    pub(crate) key: &'a PrivateKey,
}

/// Makes a certificate for a key, signed by another, or by itself.
pub(crate) fn issue(
    scope: &mut Scope<'_>,
    request: &Request<'_>,
    key: &PrivateKey,
    signer: Option<&Signer<'_>>,
) -> Result<Vec<u8>, Fault> {
    let public = key.public().ok_or(Fault::wrong("a DSA key is in no certificate"))?;
    if signer.is_some_and(|signer| signer.key.public() != Some(signer.certificate.public_key.clone())) {
        return Err(Fault::wrong("the private key does not match the certificate's public key"));
    }
    let signing = signer.map_or(key, |signer| signer.key);
    let algorithm = signing.signature_algorithm().ok_or(Fault::wrong("a DSA key signs no certificate"))?;
    let subject = subject(request.common_name);
    let issuer = signer.map_or(&subject, |signer| &signer.certificate.subject);
    // It is not told who signed where the names are the same.
    let authority =
        signer.filter(|_| *issuer != subject).and_then(|signer| signer.certificate.own.as_deref());
    let own = request.is_authority.then(|| own_identifier(&public)).flatten();
    let validity = sequence(&[&time(&request.not_before)?, &time(&request.not_after)?]);
    let statement = sequence(&[
        &encode(context(0), &[&integer(&[2])]),
        &serial(scope),
        &algorithm,
        issuer,
        &validity,
        &subject,
        &public,
        &encode(context(3), &[&extensions(request, own.as_deref(), authority)?]),
    ]);
    let signature = signing.sign(&statement);
    let signature = signature.map_err(|_| Fault::wrong("the private key cannot sign a certificate"))?;
    Ok(sequence(&[&statement, &algorithm, &bits(&signature)]))
}

/// 127 random bits, and one that is set: no number is zero.
fn serial(scope: &mut Scope<'_>) -> Vec<u8> {
    let mut digits = [0; 16];
    scope.fill(&mut digits);
    digits[15] |= 1;
    integer(&digits)
}

/// The name of one part, or of none where that is empty.
fn subject(common_name: &str) -> Vec<u8> {
    let is_printable = |byte: u8| byte.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&byte);
    let tag = if common_name.bytes().all(is_printable) { der::PRINTABLE } else { der::UTF8 };
    match common_name {
        "" => sequence(&[]),
        name => {
            let part = sequence(&[&oid(&[0x55, 0x04, 0x03]), &encode(tag, &[name.as_bytes()])]);
            sequence(&[&encode(der::SET, &[&part])])
        }
    }
}

/// The begin of the digest of a public key (RFC 7093, 1).
fn own_identifier(public: &[u8]) -> Option<Vec<u8>> {
    let mut key = der::Reader::within(public)?;
    key.sequence()?;
    Some(digest(&SHA256, key.bits()?).as_ref()[..20].to_vec())
}

/// A time: with two digits of the year until 2049, and with four from then on.
fn time(text: &str) -> Result<Vec<u8>, Fault> {
    if text.len() != 14 || text.starts_with('-') {
        return Err(Fault::wrong("a certificate's years have four digits"));
    }
    let zulu: &[u8] = b"Z";
    Ok(match text[..4].parse() {
        Ok(1950..2050) => encode(UTC_TIME, &[&text.as_bytes()[2..], zulu]),
        Ok(0_u16..) | Err(_) => encode(GENERALIZED_TIME, &[text.as_bytes(), zulu]),
    })
}

fn extensions(request: &Request<'_>, own: Option<&[u8]>, authority: Option<&[u8]>) -> Result<Vec<u8>, Fault> {
    // Digital signature, key encipherment, and of an authority the signing of certificates.
    let usage: &[u8] = if request.is_authority { &[0x02, 0xa4] } else { &[0x05, 0xa0] };
    let usage = encode(der::BITS, &[usage]);
    let purpose = |number| oid(&[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, number]);
    let purposes = sequence(&[&purpose(1), &purpose(2)]);
    let constraint: &[u8] = if request.is_authority { &[der::BOOLEAN, 1, 0xff] } else { &[] };
    let mut all = vec![
        extension(0x0f, true, &usage),
        extension(0x25, false, &purposes),
        extension(0x13, true, &sequence(&[constraint])),
    ];
    all.extend(own.map(|own| extension(0x0e, false, &octets(own))));
    all.extend(authority.map(|authority| extension(0x23, false, &sequence(&[&encode(0x80, &[authority])]))));
    if !request.hosts.is_empty() || !request.addresses.is_empty() {
        all.push(extension(0x11, request.common_name.is_empty(), &alternatives(request)?));
    }
    Ok(sequence(&all.iter().map(Vec::as_slice).collect::<Vec<_>>()))
}

fn extension(number: u8, is_critical: bool, content: &[u8]) -> Vec<u8> {
    let critical: &[u8] = if is_critical { &[der::BOOLEAN, 1, 0xff] } else { &[] };
    sequence(&[&oid(&[0x55, 0x1d, number]), critical, &octets(content)])
}

fn alternatives(request: &Request<'_>) -> Result<Vec<u8>, Fault> {
    let mut names = Vec::new();
    for host in &request.hosts {
        if !host.is_ascii() {
            return Err(Fault::wrong("the name of a host is of ASCII"));
        }
        names.push(encode(0x82, &[host.as_bytes()]));
    }
    names.extend(request.addresses.iter().map(|address| match address.to_canonical() {
        IpAddr::V4(address) => encode(0x87, &[&address.octets()]),
        IpAddr::V6(address) => encode(0x87, &[&address.octets()]),
    }));
    Ok(sequence(&names.iter().map(Vec::as_slice).collect::<Vec<_>>()))
}

#[cfg(test)]
mod tests;
