//! A private certificate authority for one server, and what it signs.

use anyhow::{Context, Result};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose,
};

/// Signs certificates that only those trust who are given its own.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its certificate, PEM.
    pub(crate) pem: String,
}

/// A certificate and its private key, both PEM.
#[derive(Clone)]
pub(crate) struct Pair {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Authority {
    /// A new authority with a key that nobody else has.
    pub(crate) fn new(name: &str) -> Result<Self> {
        let mut parameters = parameters(&[], name, None)?;
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().context("no key for an authority")?;
        let pem = parameters.self_signed(&key).context("an authority must sign itself")?.pem();
        Ok(Self { issuer: Issuer::new(parameters, key), pem })
    }

    /// A certificate for a server with these names and addresses.
    pub(crate) fn server(&self, names: &[&str]) -> Result<Pair> {
        let mut parameters = parameters(names, "eso-rig server", None)?;
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.sign(&parameters)
    }

    /// A certificate for a client: the user's name and group, as Kubernetes reads them.
    pub(crate) fn client(&self, user: &str, group: &str) -> Result<Pair> {
        let mut parameters = parameters(&[], user, Some(group))?;
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.sign(&parameters)
    }

    fn sign(&self, parameters: &CertificateParams) -> Result<Pair> {
        let key = KeyPair::generate().context("no key for a certificate")?;
        let certificate = parameters.signed_by(&key, &self.issuer).context("an authority must sign")?;
        Ok(Pair { certificate: certificate.pem(), key: key.serialize_pem() })
    }
}

/// A key for signing tokens: the private half and the public half, both PEM.
pub(crate) fn signing_keys() -> Result<(String, String)> {
    let key = KeyPair::generate().context("no key for tokens")?;
    Ok((key.serialize_pem(), key.public_key_pem()))
}

fn parameters(names: &[&str], common_name: &str, organization: Option<&str>) -> Result<CertificateParams> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut parameters = CertificateParams::new(names).context("the names must be fit for a certificate")?;
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, common_name);
    if let Some(organization) = organization {
        subject.push(DnType::OrganizationName, organization);
    }
    parameters.distinguished_name = subject;
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    Ok(parameters)
}
