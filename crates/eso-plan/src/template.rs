//! What a target is made of, where a template says so: entries, labels and annotations out of the values.

mod apply;

use std::{collections::BTreeMap, fmt};

use eso_core::value::SecretBytes;
use jiff::Timestamp;

use crate::{decoding::Decoding, fields::FieldPath};

pub use apply::{TemplateError, TemplateProblem, apply, check};
pub use eso_core::key::{SourceKind, SourceName};
pub use eso_template::Limits;

/// What a target is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    /// Whether the values themselves are kept beside what the templates make.
    pub keeps_values: bool,
    /// Templates that stand elsewhere, or make many names at once; later ones win.
    pub from: Vec<From>,
    /// A template for each entry; they win over `from`.
    pub data: BTreeMap<String, String>,
    /// A template for each label.
    pub labels: BTreeMap<String, String>,
    /// A template for each annotation.
    pub annotations: BTreeMap<String, String>,
}

/// Templates that stand elsewhere, or make many names at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct From {
    /// The templates.
    pub text: Text,
    /// What they make.
    pub into: Part,
    /// How the values that they make are decoded.
    pub decoding: Decoding,
}

/// Where templates stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Text {
    /// Here: one that makes a YAML map of names and values.
    Literal(String),
    /// In an object of the target's namespace.
    Source {
        /// Which one.
        source: SourceName,
        /// Its keys, and what each template makes.
        items: Vec<(String, Scope)>,
    },
}

/// What templates make of a target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Part {
    /// Entries.
    #[default]
    Data,
    /// Labels.
    Labels,
    /// Annotations.
    Annotations,
    /// Another field, of a target that is no Secret.
    Field(FieldPath),
}

/// What one template makes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// One value, under the key that the template stands under.
    #[default]
    Value,
    /// A YAML map of names and values.
    Map,
}

/// What the objects that hold templates hold, by their keys; `None`: there is no such object.
pub type Sources = BTreeMap<SourceName, Option<BTreeMap<String, SecretBytes>>>;

impl Template {
    /// The objects that it needs.
    pub fn sources(&self) -> impl Iterator<Item = &SourceName> {
        self.from.iter().filter_map(|from| match &from.text {
            Text::Literal(_) => None,
            Text::Source { source, .. } => Some(source),
        })
    }
}

/// What the templates of one target may use together: about 0.1 s, and 2 s of keys and hashes.
pub fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.steps = 2_000_000;
    limits.memory = 160 << 20;
    limits
}

/// As [`limits`], but what is used up within a few milliseconds: most templates need no more.
pub fn light() -> Limits {
    let mut limits = Limits::default();
    limits.steps = 40_000;
    limits.memory = 4 << 20;
    limits.output = 256 << 10;
    limits.effort = 0;
    limits
}

impl Template {
    /// The names of the entries that it makes, where it says them itself: a map of names is known when it is rendered.
    pub fn made_names(&self) -> Option<Vec<&str>> {
        if self.keeps_values {
            return None;
        }
        let mut names: Vec<&str> = self.data.keys().map(String::as_str).collect();
        for from in self.from.iter().filter(|from| from.into == Part::Data) {
            let Text::Source { items, .. } = &from.text else { return None };
            for (key, scope) in items {
                match scope {
                    Scope::Value => names.push(key),
                    Scope::Map => return None,
                }
            }
        }
        Some(names)
    }
}

/// How all templates of this process are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delimiters {
    /// What begins an action; empty is `{{`.
    pub left: String,
    /// What ends it; empty is `}}`.
    pub right: String,
}

/// What rendering needs from outside.
pub struct Surroundings<'a> {
    /// What the sources hold.
    pub sources: &'a Sources,
    /// How templates are read.
    pub delimiters: &'a Delimiters,
    /// What all templates of one target may use together.
    pub limits: Limits,
    /// The time that templates see.
    pub now: Timestamp,
    /// Fills a buffer with random bytes.
    pub random: &'a mut dyn FnMut(&mut [u8]),
}

impl fmt::Debug for Surroundings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sources: Vec<&SourceName> = self.sources.keys().collect();
        f.debug_struct("Surroundings")
            .field("sources", &sources)
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}
