//! The texts of the cluster that are named in what is wanted beside a value, out of what was read.

use std::collections::BTreeSet;

use eso_core::{
    key::{DocumentName, SourceName},
    provider::DocumentTexts,
};

use crate::template::Sources;

/// A text that is named and is not there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoDocument {
    /// There is no such object.
    #[error("{0} not found in the namespace of the PushSecret")]
    NoObject(SourceName),
    /// It has no such key.
    #[error("key {:?} not found in {}", .0.key, .0.source)]
    NoKey(DocumentName),
}

/// The objects that must be read for all this to be there.
pub fn objects<'n>(named: impl IntoIterator<Item = &'n DocumentName>) -> BTreeSet<SourceName> {
    named.into_iter().map(|document| document.source.clone()).collect()
}

/// What stands where it is named, out of `read`, which has all [`objects`] of it.
///
/// # Errors
/// The first that is not there.
pub fn documents(named: Vec<DocumentName>, read: &Sources) -> Result<DocumentTexts, NoDocument> {
    let found = named.into_iter().map(|document| {
        let object = read.get(&document.source).and_then(Option::as_ref);
        let entries = object.ok_or_else(|| NoDocument::NoObject(document.source.clone()))?;
        let text = entries.get(&document.key).cloned();
        let text = text.ok_or_else(|| NoDocument::NoKey(document.clone()))?;
        Ok((document, text))
    });
    found.collect()
}

#[cfg(test)]
mod tests;
