//! Certificates from the leaf to the root, by the identifiers of their keys.

use std::collections::{BTreeMap, BTreeSet};

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
    let signers = signers(&certificates);
    let signing: BTreeSet<_> = signers.iter().flatten().collect();
    let mut leaves = (0..certificates.len()).filter(|place| !signing.contains(place));
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

/// For each certificate the first other one whose key is the one that it was signed with. Where both say nothing of
/// their keys they are taken for the same, as the original does.
fn signers(certificates: &[Certificate]) -> Vec<Option<usize>> {
    // The first two of a key: one of them is another than the one that is signed.
    let mut of_key: BTreeMap<&[u8], (usize, Option<usize>)> = BTreeMap::new();
    for (place, certificate) in certificates.iter().enumerate() {
        let own = certificate.own.as_deref().unwrap_or_default();
        let (first, second) = of_key.entry(own).or_insert((place, None));
        if *first != place && second.is_none() {
            *second = Some(place);
        }
    }
    let signer = |(place, certificate): (usize, &Certificate)| {
        let (first, second) = of_key.get(certificate.authority.as_deref().unwrap_or_default())?;
        if *first == place { *second } else { Some(*first) }
    };
    certificates.iter().enumerate().map(signer).collect()
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
