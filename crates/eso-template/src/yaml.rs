//! YAML as the original reads what templates render: a map of texts (`templateAs: KeysAndValues`, `literal`), or any value
//! (the fields of a target that is no Secret).

use std::{borrow::Cow, collections::BTreeMap};

use crate::{
    Limits, Scope, Text,
    funcs::yaml::{Problem, read_as_json, read_strings},
};

/// Why a text is not what is wanted: where, and what is wrong; never a word of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct YamlError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub reason: Cow<'static, str>,
}

/// Reads the first document of a text as Go's `sigs.k8s.io/yaml` reads it into a `map[string]string`.
///
/// A value that is no text becomes one: `0x10` is `16`, `yes` is `true`, `1e3` is `1000`, null is empty. A number is
/// written anew, so that `1234567.5` is `1.2345675e+06`: who wants its digits must quote it. Keys become texts too; the
/// last of equal ones holds, anchors and merges work, and a text without a document is an empty map.
///
/// ```
/// let map = eso_template::yaml::string_map(b"user: bob\nport: 5432\n")?;
/// assert_eq!(map["port"], b"5432");
/// let error = eso_template::yaml::string_map(b"user: bob\nhosts: [a, b]\n").expect_err("a list is no text");
/// assert_eq!(error.to_string(), "line 2: array stands where a text is wanted");
/// # Ok::<(), eso_template::yaml::YamlError>(())
/// ```
///
/// # Errors
/// What is no YAML, no map, or has a list or a map for a value, and what needs more than [`Limits`] allow by default.
pub fn string_map(text: &[u8]) -> Result<BTreeMap<String, Vec<u8>>, YamlError> {
    let read = Scope::apart(Limits::default(), |scope| read_strings(scope, text));
    let owned = |(name, value): (Text, Text)| (name.runes().into_owned(), value.to_vec());
    match read {
        Ok(map) => Ok(map.into_iter().map(owned).collect()),
        Err((line, problem)) => Err(YamlError { line, reason: reason(problem) }),
    }
}

/// Reads the first document of a text, whatever it is, and gives it as JSON in one line; `null` where there is none.
///
/// ```
/// let json = eso_template::yaml::to_json(b"port: 5432\nhosts: [a, b]\n")?;
/// assert_eq!(json, br#"{"hosts":["a","b"],"port":5432}"#);
/// # Ok::<(), eso_template::yaml::YamlError>(())
/// ```
///
/// # Errors
/// What is no YAML, and what needs more than [`Limits`] allow by default.
pub fn to_json(text: &[u8]) -> Result<Vec<u8>, YamlError> {
    let read = Scope::apart(Limits::default(), |scope| read_as_json(scope, text));
    read.map_err(|(line, problem)| YamlError { line, reason: reason(problem) })
}

fn reason(problem: Problem) -> Cow<'static, str> {
    match problem {
        Problem::Wrong(reason) => reason,
        Problem::Scalar { found, wanted, .. } => format!("yaml: cannot decode {found} as a {wanted}").into(),
        Problem::Fault(fault) => fault.to_string().into(),
    }
}

#[cfg(test)]
mod tests;
