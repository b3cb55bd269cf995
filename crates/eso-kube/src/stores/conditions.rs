//! Which namespaces may use a ClusterSecretStore, and what each may read of it.

mod anchors;

use std::collections::BTreeMap;

use eso_core::{api::secret_store::NamespaceCondition, labels::Selector};
use eso_plan::fence::KeyPatterns;
use eso_template::regexp::Regexp;

/// The conditions of a store, ready to be asked. None at all let everybody in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Conditions {
    conditions: Vec<Condition>,
    loose: Vec<String>,
}

/// What a namespace may do with a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Nothing.
    Denied,
    /// Nothing, for nobody is let in by what was not found out: it took too long to match this pattern of names, which is
    /// told by its place.
    Undecided(String),
    /// Read what these patterns allow.
    Keys(KeyPatterns),
    /// Read everything.
    Whole,
}

/// Ways for a namespace to be let in, one of which is enough, and what it may read then. One without any way lets
/// nobody in.
#[derive(Clone, Debug)]
struct Condition {
    names: Vec<String>,
    patterns: Vec<Pattern>,
    labels: Option<Selector>,
    keys: Option<Vec<String>>,
}

/// A pattern of names.
#[derive(Clone, Debug)]
struct Pattern {
    /// Where it is, in the original's words.
    place: String,
    regexp: Regexp,
}

impl Conditions {
    /// Reads the conditions, or says what is wrong with them in words that begin with the original's.
    pub(crate) fn parse(conditions: &[NamespaceCondition]) -> Result<Self, String> {
        let parsed =
            conditions.iter().enumerate().map(|(index, condition)| Condition::parse(index, condition));
        let patterns = conditions.iter().flat_map(|condition| &condition.namespace_regexes);
        Ok(Self {
            conditions: parsed.collect::<Result<_, _>>()?,
            loose: patterns.filter(|pattern| !anchors::hold(pattern)).cloned().collect(),
        })
    }

    /// The patterns of names that match a part of a name too, as they were written.
    pub(crate) fn loose_patterns(&self) -> &[String] {
        &self.loose
    }

    /// Whether labels of namespaces are asked for.
    pub(crate) fn ask_for_labels(&self) -> bool {
        self.conditions.iter().any(|condition| condition.labels.is_some())
    }

    /// What a namespace may do whatever its labels are.
    pub(crate) fn access_by_name(&self, namespace: &str) -> Access {
        self.access_where(|condition| condition.lets_in_by_name(namespace))
    }

    /// What a namespace with these labels may do.
    pub(crate) fn access(&self, namespace: &str, labels: &BTreeMap<String, String>) -> Access {
        self.access_where(|condition| match &condition.labels {
            Some(selector) if selector.selects(labels) => Ok(true),
            Some(_) | None => condition.lets_in_by_name(namespace),
        })
    }

    /// What all conditions that let somebody in allow together.
    fn access_where<'a>(&'a self, lets_in: impl Fn(&'a Condition) -> Result<bool, &'a Pattern>) -> Access {
        if self.conditions.is_empty() {
            return Access::Whole;
        }
        let (mut holding, mut undecided) = (Vec::new(), None);
        for condition in &self.conditions {
            match lets_in(condition) {
                Ok(true) => holding.push(condition),
                Ok(false) => {}
                Err(pattern) => undecided = Some(pattern),
            }
        }
        if holding.is_empty() {
            return undecided.map_or(Access::Denied, |pattern| Access::Undecided(pattern.place.clone()));
        }
        let keys: Option<Vec<&Vec<String>>> =
            holding.into_iter().map(|condition| condition.keys.as_ref()).collect();
        keys.map_or(Access::Whole, |keys| Access::Keys(KeyPatterns::new(keys.into_iter().flatten())))
    }
}

impl Condition {
    fn parse(index: usize, condition: &NamespaceCondition) -> Result<Self, String> {
        let NamespaceCondition { namespace_selector, namespaces, namespace_regexes, keys } = condition;
        let compiled = namespace_regexes.iter().enumerate().map(|(position, pattern)| {
            let place = format!("{position}th namespace regex in {index}th condition");
            match Regexp::new(pattern) {
                Ok(regexp) => Ok(Pattern { place, regexp }),
                Err(problem) => Err(format!("failed to compile {place}: {problem}")),
            }
        });
        Ok(Self {
            names: namespaces.clone(),
            patterns: compiled.collect::<Result<_, _>>()?,
            labels: namespace_selector.as_ref().map(Selector::parse).transpose()?,
            keys: keys.clone(),
        })
    }

    /// A pattern that takes too long is told where nothing else lets in.
    fn lets_in_by_name(&self, namespace: &str) -> Result<bool, &Pattern> {
        if self.names.iter().any(|name| name == namespace) {
            return Ok(true);
        }
        let mut undecided = None;
        for pattern in &self.patterns {
            match pattern.regexp.is_match(namespace) {
                Ok(true) => return Ok(true),
                Ok(false) => {}
                Err(_too_long) => undecided = Some(pattern),
            }
        }
        undecided.map_or(Ok(false), Err)
    }
}

#[cfg(test)]
mod tests;
