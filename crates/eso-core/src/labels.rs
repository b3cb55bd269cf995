//! Label selectors, as Kubernetes reads them.

use std::{collections::BTreeMap, fmt};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};

/// A label selector, ready to be asked. One that requires nothing selects everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector(Vec<Requirement>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Requirement {
    key: String,
    test: Test,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    DoesNotExist,
}

impl Selector {
    /// Reads a selector, or says what is wrong with it.
    ///
    /// Refused are the operators that Kubernetes does not know, and a list of values where its operator takes none, or is
    /// nothing without: a `NotIn` that forgot its values would select everything.
    pub fn parse(selector: &LabelSelector) -> Result<Self, String> {
        let equal = selector.match_labels.iter().flatten().map(|(key, value)| {
            let test = Test::In(vec![value.clone()]);
            Ok(Requirement { key: key.clone(), test })
        });
        let expressions = selector.match_expressions.iter().flatten().map(Requirement::parse);
        equal.chain(expressions).collect::<Result<_, _>>().map(Self)
    }

    /// Whether it requires nothing, and so selects everything.
    pub fn requires_nothing(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether these labels are selected.
    pub fn selects(&self, labels: &BTreeMap<String, String>) -> bool {
        self.0.iter().all(|requirement| requirement.holds(labels))
    }
}

/// The selector as a list of the API server is asked with it.
impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Requirement { key, test }) in self.0.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { "," })?;
            match test {
                Test::In(values) => write!(f, "{key} in ({})", values.join(",")),
                Test::NotIn(values) => write!(f, "{key} notin ({})", values.join(",")),
                Test::Exists => f.write_str(key),
                Test::DoesNotExist => write!(f, "!{key}"),
            }?;
        }
        Ok(())
    }
}

impl Requirement {
    fn parse(expression: &LabelSelectorRequirement) -> Result<Self, String> {
        let LabelSelectorRequirement { key, operator, values } = expression;
        let values = values.clone().unwrap_or_default();
        let test = match (operator.as_str(), values.is_empty()) {
            ("In", false) => Test::In(values),
            ("NotIn", false) => Test::NotIn(values),
            ("Exists", true) => Test::Exists,
            ("DoesNotExist", true) => Test::DoesNotExist,
            ("In" | "NotIn", true) => {
                return Err(format!(
                    "for 'in', 'notin' operators, values set can't be empty: name values for \"{key}\""
                ));
            }
            ("Exists" | "DoesNotExist", false) => {
                return Err(format!(
                    "values set must be empty for exists and does not exist: take out those for \"{key}\""
                ));
            }
            (other, _) => return Err(format!("\"{other}\" is not a valid label selector operator")),
        };
        Ok(Self { key: key.clone(), test })
    }

    fn holds(&self, labels: &BTreeMap<String, String>) -> bool {
        let value = labels.get(&self.key);
        match &self.test {
            Test::In(values) => value.is_some_and(|value| values.contains(value)),
            Test::NotIn(values) => value.is_none_or(|value| !values.contains(value)),
            Test::Exists => value.is_some(),
            Test::DoesNotExist => value.is_none(),
        }
    }
}

#[cfg(test)]
mod tests;
