//! Which keys of a store somebody may ask for.

use eso_core::key::{RemoteKey, StoreReference};

/// Patterns of remote keys. In a pattern `*` stands for any characters, `/` among them, and for none; everything else
/// stands for itself. A pattern is held against the whole key.
///
/// Three things keep a pattern from allowing what nobody meant by it, unless it is `*`, which allows every key:
/// a key with a `.` or `..` between slashes, or with nothing between two, is allowed by none;
/// an ARN is allowed only by a pattern that begins with `arn:` itself, for it names a secret of any account, and the words
/// in each ARN, such as `secret`, are in nobody's mind;
/// and a key is held against the patterns as its store reads it, but for an ARN that its store reads as the name of a value
/// of its own, which is held as it is written against those that begin with `arn:`.
///
/// No pattern allows nothing. It takes time in proportion to the lengths of the patterns and of the key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyPatterns(Vec<String>);

impl KeyPatterns {
    /// These patterns.
    pub fn new(patterns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self(patterns.into_iter().map(Into::into).collect())
    }

    /// Whether one of the patterns is this key's. `canonical` is what its store reads it as, where that is another text.
    pub fn allows(&self, key: &str, canonical: Option<&str>) -> bool {
        self.0.iter().any(|pattern| {
            let text = match canonical {
                Some(name) if is_arn(pattern) && is_arn(key) && !is_arn(name) => key,
                canonical => canonical.unwrap_or(key),
            };
            let is_meant = !is_evasive(text) && (is_arn(pattern) || !is_arn(text));
            (is_everything(pattern) || is_meant) && matches(pattern, text)
        })
    }
}

fn is_everything(pattern: &str) -> bool {
    !pattern.is_empty() && pattern.bytes().all(|byte| byte == b'*')
}

/// Whether a server on the way to a value might read a key as another one. A slash at its beginning or end is the
/// provider's to judge: to some it is part of the name.
fn is_evasive(key: &str) -> bool {
    key.contains("//") || key.split('/').any(|segment| matches!(segment, "." | ".."))
}

fn is_arn(text: &str) -> bool {
    text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("arn:"))
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
