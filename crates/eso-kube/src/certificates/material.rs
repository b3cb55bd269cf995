//! What the Secret of the certificates holds: read, judged, and made. Pure but for chance, which keys are made of.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use zeroize::Zeroizing;

use super::{
    Pair,
    decide::{Leaf, Signer, Standing, Step, decide},
    parsed::{BACKDATED, Parsed},
};
use crate::own::Entries;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// How long an authority lives: as the original's.
const AUTHORITY_LIFE: Duration = DAY.saturating_mul(3650);

/// How long a certificate lives.
const LEAF_LIFE: Duration = DAY.saturating_mul(90);

/// How many authorities that sign no more are trusted at most.
const MOST_OTHERS: usize = 2;

/// The most steps that are taken at once: an authority, and what it signs.
const MOST_STEPS: usize = 3;

/// What the Secret holds, in PEM; what is not there is empty.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Material {
    /// Those who are trusted: the one that signs first.
    authorities: String,
    /// The key of that one.
    authority_key: Zeroizing<String>,
    chain: String,
    key: Zeroizing<String>,
}

/// For what certificates are made, and how it stands with them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms<'a> {
    /// The Service that leads to the webhooks.
    pub(super) service: &'a str,
    /// Its namespace.
    pub(super) namespace: &'a str,
    /// How long two authorities are trusted together.
    pub(super) overlap: Duration,
    /// Whether the API server trusts those that are there.
    pub(super) is_trusted: bool,
}

impl Terms<'_> {
    /// The name that the API server asks for.
    fn name(&self) -> String {
        format!("{}.{}.svc", self.service, self.namespace)
    }

    /// All names of a certificate. The local ones are for whoever runs the operator outside of the cluster.
    fn names(&self) -> Vec<String> {
        let Self { service, namespace, .. } = self;
        vec![
            self.name(),
            format!("{service}.{namespace}.svc.cluster.local"),
            format!("{service}.{namespace}"),
            (*service).to_owned(),
            "localhost".to_owned(),
            "127.0.0.1".to_owned(),
        ]
    }
}

impl Material {
    /// Reads what a Secret holds.
    pub(super) fn read(entries: &Entries) -> Self {
        let text = |key: &str| {
            let bytes = entries.get(key).map(|bytes| bytes.as_slice()).unwrap_or_default();
            String::from_utf8(bytes.to_vec()).unwrap_or_default()
        };
        Self {
            authorities: text("ca.crt"),
            authority_key: Zeroizing::new(text("ca.key")),
            chain: text("tls.crt"),
            key: Zeroizing::new(text("tls.key")),
        }
    }

    /// What a Secret is to hold.
    pub(super) fn entries(&self) -> Entries {
        let Self { authorities, authority_key, chain, key } = self;
        let texts =
            [("ca.crt", authorities), ("ca.key", authority_key), ("tls.crt", chain), ("tls.key", key)];
        texts.map(|(name, text)| (name.to_owned(), Zeroizing::new(text.as_bytes().to_vec()))).into()
    }

    /// Whether nothing is there.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The same without the key of the authority: another one signs from now on.
    pub(super) fn without_authority(&self) -> Self {
        Self { authority_key: Zeroizing::default(), ..self.clone() }
    }

    /// Who is to be trusted.
    pub(super) fn authorities(&self) -> &str {
        &self.authorities
    }

    /// What is to be served.
    pub(super) fn pair(&self) -> Option<Pair> {
        let is_there = !self.chain.is_empty() && !self.key.is_empty();
        is_there.then(|| Pair { chain: self.chain.clone(), key: self.key.clone() })
    }

    /// This with all done to it that is to be done now, and when the next thing is.
    pub(super) fn up_to_date(
        &self,
        terms: &Terms<'_>,
        now: Timestamp,
    ) -> Result<(Self, Timestamp), rcgen::Error> {
        let (mut material, mut is_trusted) = (self.clone(), terms.is_trusted);
        for _ in 0..MOST_STEPS {
            let standing = Standing { is_trusted, ..material.standing(&terms.name()) };
            material = match decide(&standing, terms.overlap, now) {
                Step::Rest(until) => return Ok((material, until)),
                Step::Authority => material.with_authority(now)?,
                Step::Leaf => material.with_leaf(terms.names(), now)?,
                Step::Retire => material.retired(),
            };
            // Nobody has heard of the new one yet.
            is_trusted = false;
        }
        Ok((material, now + DAY))
    }

    /// How it stands, with what the API server trusts left out.
    pub(super) fn standing(&self, name: &str) -> Standing {
        let authorities = Parsed::all(&self.authorities);
        let signs = |authority: &&Parsed| {
            authority.is_of(&self.authority_key)
                && authority.contains(own_name(authority.validity.made).as_bytes())
        };
        Standing {
            issuing: authorities.first().filter(signs).map(|authority| authority.validity),
            has_others: authorities.len() > 1,
            leaf: self.leaf(name, &authorities),
            is_trusted: false,
        }
    }

    fn leaf(&self, name: &str, authorities: &[Parsed]) -> Option<Leaf> {
        let leaf = Parsed::all(&self.chain).into_iter().next()?;
        let signer = match authorities.iter().position(|authority| leaf.is_signed_by(authority)) {
            Some(0) => Signer::Issuing,
            Some(_) => Signer::Other,
            None => Signer::Unknown,
        };
        Some(Leaf { validity: leaf.validity, signer, fits: leaf.is_named(name) && leaf.is_of(&self.key) })
    }

    fn with_authority(&self, now: Timestamp) -> Result<Self, rcgen::Error> {
        let key = KeyPair::generate()?;
        let authority = authority(now).self_signed(&key)?;
        let others = Parsed::all(&self.authorities).into_iter().filter(|other| now < other.validity.ends);
        let others = others.take(MOST_OTHERS).map(|other| written(other.der()));
        Ok(Self {
            authorities: [authority.pem()].into_iter().chain(others).collect(),
            authority_key: Zeroizing::new(key.serialize_pem()),
            ..self.clone()
        })
    }

    fn with_leaf(&self, names: Vec<String>, now: Timestamp) -> Result<Self, rcgen::Error> {
        let made = Parsed::all(&self.authorities).first().map_or(now, |first| first.validity.made);
        let issuer = Issuer::new(authority(made), KeyPair::from_pem(&self.authority_key)?);
        let key = KeyPair::generate()?;
        let common = names.first().cloned().unwrap_or_default();
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name.push(DnType::CommonName, cut(&common));
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let leaf = lasting(params, LEAF_LIFE, now).signed_by(&key, &issuer)?;
        Ok(Self { chain: leaf.pem(), key: Zeroizing::new(key.serialize_pem()), ..self.clone() })
    }

    /// With the authority that signs alone.
    fn retired(&self) -> Self {
        let first = Parsed::all(&self.authorities).into_iter().next();
        let authorities = first.map(|first| written(first.der())).unwrap_or_default();
        Self { authorities, ..self.clone() }
    }
}

/// The authority that is made at that time. It has the time in its name, so that its parameters are known again.
fn authority(made: Timestamp) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, own_name(made));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    lasting(params, AUTHORITY_LIFE, made)
}

fn own_name(made: Timestamp) -> String {
    format!("external-secrets-webhook-ca-{}", made.as_second())
}

/// A certificate in PEM, as rcgen writes it: what is trusted is compared byte by byte.
fn written(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines = text.as_bytes().chunks(64).map(|line| format!("{}\n", String::from_utf8_lossy(line)));
    format!("-----BEGIN CERTIFICATE-----\n{}-----END CERTIFICATE-----\n", lines.collect::<String>())
}

fn lasting(mut params: CertificateParams, life: Duration, now: Timestamp) -> CertificateParams {
    let seconds = u64::try_from(now.as_second()).unwrap_or_default();
    let now = date_time_ymd(1970, 1, 1) + Duration::from_secs(seconds);
    params.not_before = now - BACKDATED;
    params.not_after = now + life;
    params
}

/// A common name takes 64 characters.
fn cut(name: &str) -> &str {
    &name[..name.floor_char_boundary(64)]
}

#[cfg(test)]
mod tests;
