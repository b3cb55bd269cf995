//! One rewrite of keys: by a regular expression, by a template, or by merging what the values hold.

use std::collections::BTreeSet;

use eso_core::value::SecretBytes;
use eso_template::{
    MissingKey, Options, RenderError, Surroundings, Template, Value,
    regexp::{Regexp, RegexpError},
};
use jiff::Timestamp;
use sha3::{Digest as _, Sha3_224};

use super::{Allowance, Merge};
use crate::desired::Entries;

/// One rewrite of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rewrite {
    /// All matches in a key are replaced, as by Go's `ReplaceAllString`.
    Regexp {
        /// What is looked for.
        source: Pattern,
        /// What stands there instead; `$1`, `${1}`, `$name` and `${name}` stand for groups.
        target: String,
    },
    /// A template says what a key becomes.
    Transform(Transform),
    /// The values are JSON objects, and become one.
    Merge(Merge),
}

/// A regular expression. Two of the same text are equal.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: String,
    regexp: Regexp,
}

/// A template of names, in which `.value` is the key, and a name that is not there is `<no value>`. Two of the same
/// text are equal.
///
/// It is rendered at 1970-01-01T00:00:00Z, and what it takes for random follows from the key alone, so that a key has
/// the same name at each refresh. It is no secret, therefore. Functions that take long (RSA keys, `bcrypt`, `scrypt`)
/// fail where there are many keys.
#[derive(Clone, Debug)]
pub struct Transform {
    text: String,
    template: Template,
}

/// Why keys could not be rewritten: in the original's words, where it has some. They hold no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RewriteError {
    /// A regular expression needs more than is allowed.
    #[error("regexp failed: {0}")]
    Regexp(#[source] RegexpError),
    /// A template cannot be rendered.
    #[error("transform failed with failed to execute template for key {key:?}: {cause}")]
    Transform {
        /// The key, or its beginning.
        key: String,
        /// Where, and what is wrong.
        #[source]
        cause: RenderError,
    },
    /// A key that has priority is not there.
    #[error("merge failed with key {0:?} not found in input map")]
    Missing(String),
    /// A value is no JSON object.
    #[error("merge failed with failed to unmarshal JSON: key {key:?}: {reason}")]
    NoObject {
        /// The key, or its beginning.
        key: String,
        /// What it is instead, or where it is none.
        reason: String,
    },
    /// Several objects have the same member. The text names them, and the keys.
    #[error("merge failed with conflicts: {0}")]
    Conflicts(String),
    /// Nothing says which key holds the merged object.
    #[error("merge failed with missing 'into' field")]
    NoInto,
    /// It takes more than is allowed, of this.
    #[error("it needs more than is allowed: {0}")]
    TooMuch(&'static str),
}

impl Rewrite {
    /// A rewrite by a regular expression.
    ///
    /// # Errors
    /// What Go's `regexp.Compile` refuses, in the original's words: they stand behind `failed rewrite operation[0]: `.
    pub fn regexp(source: &str, target: &str) -> Result<Self, String> {
        let regexp =
            Regexp::new(source).map_err(|error| format!("regexp failed with failed to compile: {error}"))?;
        let source = Pattern { text: source.to_owned(), regexp };
        Ok(Self::Regexp { source, target: target.to_owned() })
    }

    /// A rewrite by a template.
    ///
    /// # Errors
    /// What is no template, in words that begin with the original's: they stand behind `failed rewrite operation[0]: `.
    pub fn transform(template: &str) -> Result<Self, String> {
        let options = Options { missing_key: MissingKey::Default, ..Options::default() };
        let parsed = Template::parse("transform", template, &options)
            .map_err(|error| format!("transform failed with failed to parse template: {error}"))?;
        Ok(Self::Transform(Transform { text: template.to_owned(), template: parsed }))
    }

    /// The values under their new keys.
    pub(super) fn apply(&self, entries: Entries, allowance: &mut Allowance) -> Result<Entries, RewriteError> {
        match self {
            Self::Regexp { .. } | Self::Transform(_) => {
                let keys: Vec<&String> = entries.keys().collect();
                Ok(renamed(self.rename(&keys, allowance)?, entries))
            }
            Self::Merge(merge) => merge.apply(entries, allowance),
        }
    }

    /// What these keys become, in their order. Merging does nothing to keys.
    pub(super) fn rename(
        &self,
        keys: &[&String],
        allowance: &mut Allowance,
    ) -> Result<Vec<String>, RewriteError> {
        match self {
            Self::Regexp { source, target } => {
                let limits = allowance.for_all(keys.len());
                source.regexp.replace_each(keys.iter().copied(), target, limits).map_err(RewriteError::Regexp)
            }
            Self::Transform(transform) => {
                let template = transform.template.within(allowance.for_each(keys.len()));
                keys.iter().map(|key| transformed(&template, key)).collect()
            }
            Self::Merge(_) => Ok(keys.iter().copied().cloned().collect()),
        }
    }
}

impl Pattern {
    /// A pattern of keys, which matches anywhere in one.
    ///
    /// # Errors
    /// What Go's `regexp.Compile` refuses.
    pub fn new(text: &str) -> Result<Self, RegexpError> {
        Ok(Self { text: text.to_owned(), regexp: Regexp::new(text)? })
    }

    /// Those of the keys that it matches.
    ///
    /// # Errors
    /// Where that takes too long.
    pub fn matching<'k>(
        &self,
        keys: impl Iterator<Item = &'k String>,
    ) -> Result<BTreeSet<String>, RegexpError> {
        Ok(self.regexp.matching(keys)?.into_iter().cloned().collect())
    }
}

/// The values under these keys; of two with the same one, the later.
fn renamed(keys: Vec<String>, entries: Entries) -> Entries {
    let mut renamed = Entries::new();
    for (key, value) in keys.into_iter().zip(entries.into_values()) {
        let _earlier: Option<SecretBytes> = renamed.insert(key, value);
    }
    renamed
}

fn transformed(template: &Template, key: &str) -> Result<String, RewriteError> {
    let mut random = derived(key);
    let surroundings = Surroundings { now: Timestamp::UNIX_EPOCH, random: &mut random };
    let name = template
        .render(&Value::strings([("value", key)]), surroundings)
        .map_err(|cause| RewriteError::Transform { key: start(key), cause })?;
    // Bytes that are no text become characters that no name may have.
    Ok(String::from_utf8_lossy(&name).into_owned())
}

/// Bytes that follow from a key.
fn derived(key: &str) -> impl FnMut(&mut [u8]) {
    let mut block = 0_u64;
    move |buffer| {
        for part in buffer.chunks_mut(Sha3_224::output_size()) {
            let digest = Sha3_224::new().chain_update(block.to_be_bytes()).chain_update(key).finalize();
            part.copy_from_slice(&digest[..part.len()]);
            block += 1;
        }
    }
}

/// A key for a message.
pub(super) fn start(key: &str) -> String {
    crate::names::start(key).to_owned()
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

impl PartialEq for Transform {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Transform {}
