//! Certificates from the leaf to the root, by the identifiers of their keys.

use super::{certificate::Certificate, pem};

/// Why certificates make no chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoChain {
    /// A block is no certificate.
    NoCertificate,
    /// More than one has signed no other, or none has.
    NoLeaf,
}

/// The certificates of a text of PEM, each before the one that signed it. Those that are not on the way from the leaf
/// are left out.
pub(crate) fn ordered(text: &[u8]) -> Result<Vec<Certificate>, NoChain> {
    let (blocks, _) = pem::all(text);
    let certificates: Option<Vec<_>> =
        blocks.iter().map(|block| Certificate::parse(&block.content)).collect();
    let certificates = certificates.ok_or(NoChain::NoCertificate)?;
    let signers: Vec<_> = (0..certificates.len()).map(|place| signer(&certificates, place)).collect();
    let mut leaves = (0..certificates.len()).filter(|place| !signers.contains(&Some(*place)));
    let (Some(leaf), None) = (leaves.next(), leaves.next()) else { return Err(NoChain::NoLeaf) };
    let mut chain = Vec::new();
    let mut next = Some(leaf);
    while let Some(place) = next {
        if chain.len() == certificates.len() {
            return Err(NoChain::NoLeaf);
        }
        chain.push(certificates[place].clone());
        next = signers[place];
    }
    Ok(chain)
}

/// The first other certificate whose key is the one that a certificate was signed with. Where both say nothing of
/// their keys they are taken for the same, as the original does.
fn signer(certificates: &[Certificate], place: usize) -> Option<usize> {
    let wanted = certificates[place].authority.as_deref().unwrap_or_default();
    let is_signer = |(other, certificate): (usize, &Certificate)| {
        (other != place && certificate.own.as_deref().unwrap_or_default() == wanted).then_some(other)
    };
    certificates.iter().enumerate().find_map(is_signer)
}

impl Certificate {
    /// Whether it says that its own key, or none that it names, has signed it.
    pub(crate) fn is_root(&self) -> bool {
        match &self.authority {
            None => true,
            Some(authority) => Some(authority) == self.own.as_ref(),
        }
    }

    pub(crate) fn pem(&self) -> Vec<u8> {
        pem::encode("CERTIFICATE", &self.whole)
    }
}

#[cfg(test)]
mod tests;
