//! Which keys of a store somebody may ask for.

use eso_core::key::{RemoteKey, StoreReference};

/// Patterns of remote keys. In a pattern `*` stands for any characters, `/` among them, and for none; everything else
/// stands for itself. A pattern is held against the whole key.
///
/// No pattern allows nothing. It takes time in proportion to the lengths of the patterns and of the key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyPatterns(Vec<String>);

impl KeyPatterns {
    /// These patterns.
    pub fn new(patterns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self(patterns.into_iter().map(Into::into).collect())
    }

    /// Whether one of the patterns is this key's.
    pub fn allows(&self, key: &str) -> bool {
        self.0.iter().any(|pattern| matches(pattern, key))
    }
}

/// Why a key of a store may not be asked for.
pub fn denied(store: &StoreReference, key: &RemoteKey) -> String {
    format!(
        "key {key} of {} {:?} is not allowed from namespace {:?}: denied by spec.conditions[].keys",
        store.kind, store.name, store.namespace
    )
}

fn matches(pattern: &str, key: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == key };
    let (middle, end) = rest.rsplit_once('*').unwrap_or(("", rest));
    let inner = key.strip_prefix(start).and_then(|key| key.strip_suffix(end));
    // The first place of each part is the best: it leaves the most for those that follow.
    let left = inner.and_then(|inner| {
        middle.split('*').try_fold(inner, |left, part| left.split_once(part).map(|(_, left)| left))
    });
    left.is_some()
}

#[cfg(test)]
mod tests;
