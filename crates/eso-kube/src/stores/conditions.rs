//! Which namespaces may use a ClusterSecretStore.

use std::collections::BTreeMap;

use eso_core::{api::secret_store::NamespaceCondition, labels::Selector};
use regex::bytes::{Regex, RegexBuilder};

/// The conditions of a store, ready to be asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Conditions(Vec<Rule>);

/// One way for a namespace to be let in; one that holds is enough.
#[derive(Clone, Debug)]
enum Rule {
    Name(String),
    Pattern(Regex),
    Labels(Selector),
    /// What stands for a condition that lets nobody in, so that it is not taken for no condition at all.
    Nobody,
}

impl Conditions {
    /// Reads the conditions, or says what is wrong with them in words that begin with the original's.
    pub(crate) fn parse(conditions: &[NamespaceCondition]) -> Result<Self, String> {
        let mut rules = Vec::new();
        for (index, condition) in conditions.iter().enumerate() {
            rules.push(Rule::Nobody);
            rules.extend(condition.namespaces.iter().cloned().map(Rule::Name));
            for (position, pattern) in condition.namespace_regexes.iter().enumerate() {
                rules.push(Rule::Pattern(compile(pattern).map_err(|problem| {
                    format!(
                        "failed to compile {position}th namespace regex in {index}th condition: {problem}"
                    )
                })?));
            }
            if let Some(selector) = &condition.namespace_selector {
                rules.push(Rule::Labels(Selector::parse(selector)?));
            }
        }
        Ok(Self(rules))
    }

    /// Whether labels of namespaces are asked for.
    pub(crate) fn ask_for_labels(&self) -> bool {
        self.0.iter().any(|rule| matches!(rule, Rule::Labels(_)))
    }

    /// Whether a namespace is let in without a look at its labels.
    pub(crate) fn allow_name(&self, namespace: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|rule| rule.lets_in(namespace, None))
    }

    /// Whether a namespace with these labels is let in.
    pub(crate) fn allow(&self, namespace: &str, labels: &BTreeMap<String, String>) -> bool {
        self.0.is_empty() || self.0.iter().any(|rule| rule.lets_in(namespace, Some(labels)))
    }
}

impl Rule {
    fn lets_in(&self, namespace: &str, labels: Option<&BTreeMap<String, String>>) -> bool {
        match self {
            Self::Name(name) => name == namespace,
            Self::Pattern(pattern) => pattern.is_match(namespace.as_bytes()),
            Self::Labels(selector) => labels.is_some_and(|labels| selector.selects(labels)),
            Self::Nobody => false,
        }
    }
}

/// Compiles as Go does: not anchored, and `\d`, `\w`, `\s` and `\b` mean ASCII.
fn compile(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern).unicode(false).build().map_err(|error| {
        // The last line says what is wrong; those before it draw the pattern.
        let text = error.to_string();
        text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
    })
}

#[cfg(test)]
mod tests;
