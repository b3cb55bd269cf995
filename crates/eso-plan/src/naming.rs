//! How the keys of many values become names of entries: rewritten or converted, then checked.

mod allowance;
mod merge;
mod rewrite;

use eso_core::value::SecretBytes;

use crate::{
    desired::Entries,
    names::{self, NameError},
};
use allowance::Allowance;
pub use merge::{ConflictPolicy, Merge, PriorityPolicy, Strategy};
pub use names::Conversion;
pub use rewrite::{Pattern, Rewrite, RewriteError, Transform};

/// How keys become names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Naming {
    /// What is done to the keys, in this order. Where there is anything, nothing is converted besides.
    pub rewrites: Vec<Rewrite>,
    /// What becomes of characters that Kubernetes does not take, where nothing is rewritten.
    pub conversion: Conversion,
}

/// Why keys cannot become names. The texts begin with the original's, and hold no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NamingError {
    /// A rewrite failed.
    #[error("failed rewrite operation[{step}]: {cause}")]
    Rewrite {
        /// Which one, from 0.
        step: usize,
        /// What failed.
        #[source]
        cause: Box<RewriteError>,
    },
    /// Two keys are converted to one name.
    #[error("secret name collision during conversion: {0}")]
    Collision(String),
    /// A name is none that Kubernetes takes.
    #[error("invalid secret keys (TIP: use rewrite or conversionStrategy to change keys): {0}")]
    Name(#[source] NameError),
}

impl Naming {
    /// The values under names that Kubernetes takes. A value whose name is empty is left out, as in the original.
    ///
    /// The same values always get the same names: keys are taken in their order, and where a rewrite gives two of them
    /// one name, the later one wins. The original lets chance decide.
    ///
    /// # Errors
    /// See [`NamingError`]. What a stranger writes cannot keep this busy: rewrites that need more than a few seconds
    /// all in all, or make more than 4 MiB of less, fail.
    pub fn apply(&self, entries: Entries) -> Result<Entries, NamingError> {
        let named =
            if self.rewrites.is_empty() { self.converted(entries)? } else { self.rewritten(entries)? };
        let named: Entries = named.into_iter().filter(|(name, _)| !name.is_empty()).collect();
        named.keys().try_for_each(|name| names::check(name)).map_err(NamingError::Name)?;
        Ok(named)
    }

    fn converted(&self, entries: Entries) -> Result<Entries, NamingError> {
        let mut converted = Entries::new();
        for (key, value) in entries {
            let name = names::convert_as(&key, self.conversion).into_owned();
            if converted.contains_key(&name) {
                return Err(NamingError::Collision(names::start(&name).to_owned()));
            }
            converted.insert(name, value);
        }
        Ok(converted)
    }

    fn rewritten(&self, entries: Entries) -> Result<Entries, NamingError> {
        let mut allowance = Allowance::new(self.rewrites.len(), size(&entries));
        self.rewrites.iter().enumerate().try_fold(entries, |entries, (step, rewrite)| {
            let rewritten =
                allowance.rewrite(entries.len()).and_then(|()| rewrite.apply(entries, &mut allowance));
            rewritten
                .and_then(|entries| allowance.keep(size(&entries)).map(|()| entries))
                .map_err(|cause| NamingError::Rewrite { step, cause: Box::new(cause) })
        })
    }
}

/// What these keys become by these rewrites, in their order. Nothing is checked of what that is.
///
/// # Errors
/// As [`Naming::apply`], within the same bounds.
pub fn renamed(rewrites: &[Rewrite], keys: Vec<String>) -> Result<Vec<String>, NamingError> {
    let size = |keys: &[String]| keys.iter().map(String::len).sum::<usize>();
    let mut allowance = Allowance::new(rewrites.len(), size(&keys));
    rewrites.iter().enumerate().try_fold(keys, |keys, (step, rewrite)| {
        let rewritten = allowance
            .rewrite(keys.len())
            .and_then(|()| rewrite.rename(&keys.iter().collect::<Vec<_>>(), &mut allowance))
            .and_then(|keys| allowance.keep(size(&keys)).map(|()| keys));
        rewritten.map_err(|cause| NamingError::Rewrite { step, cause: Box::new(cause) })
    })
}

/// How many bytes keys and values take.
fn size(entries: &Entries) -> usize {
    entries.iter().map(|(key, value): (&String, &SecretBytes)| key.len() + value.expose().len()).sum()
}

#[cfg(test)]
mod tests;
