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
    patterns: Vec<Regexp>,
    labels: Option<Selector>,
    keys: Option<Vec<String>>,
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
        let by_label = |condition: &Condition| {
            condition.labels.as_ref().is_some_and(|selector| selector.selects(labels))
        };
        self.access_where(|condition| by_label(condition) || condition.lets_in_by_name(namespace))
    }

    /// What all conditions that let somebody in allow together.
    fn access_where(&self, lets_in: impl Fn(&Condition) -> bool) -> Access {
        if self.conditions.is_empty() {
            return Access::Whole;
        }
        let mut holding = self.conditions.iter().filter(|condition| lets_in(condition)).peekable();
        if holding.peek().is_none() {
            return Access::Denied;
        }
        let keys: Option<Vec<&Vec<String>>> = holding.map(|condition| condition.keys.as_ref()).collect();
        keys.map_or(Access::Whole, |keys| Access::Keys(KeyPatterns::new(keys.into_iter().flatten())))
    }
}

impl Condition {
    fn parse(index: usize, condition: &NamespaceCondition) -> Result<Self, String> {
        let NamespaceCondition { namespace_selector, namespaces, namespace_regexes, keys } = condition;
        let compiled = namespace_regexes.iter().enumerate().map(|(position, pattern)| {
            Regexp::new(pattern).map_err(|problem| {
                format!("failed to compile {position}th namespace regex in {index}th condition: {problem}")
            })
        });
        Ok(Self {
            names: namespaces.clone(),
            patterns: compiled.collect::<Result<_, _>>()?,
            labels: namespace_selector.as_ref().map(Selector::parse).transpose()?,
            keys: keys.clone(),
        })
    }

    /// A pattern that takes too long matches nothing: nobody is let in by what was not found out.
    fn lets_in_by_name(&self, namespace: &str) -> bool {
        let matches = |pattern: &Regexp| pattern.is_match(namespace).unwrap_or(false);
        self.names.iter().any(|name| name == namespace) || self.patterns.iter().any(matches)
    }
}

#[cfg(test)]
mod tests;
