//! YAML as the original reads what templates render: a map of texts (`templateAs: KeysAndValues`, `literal`), or any value
//! (the fields of a target that is no Secret).

use std::{borrow::Cow, collections::BTreeMap};

use crate::{
    Fault, Limits, Scope, Text,
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
    /// Whether it needs more than is allowed: with more it may be read.
    pub is_limit: bool,
}

/// Reads the first document of a text as Go's `sigs.k8s.io/yaml` reads it into a `map[string]string`.
///
/// A value that is no text becomes one: `0x10` is `16`, `yes` is `true`, `1e3` is `1000`, null is empty. A number is
/// written anew, so that `1234567.5` is `1.2345675e+06`: who wants its digits must quote it. Keys become texts too; the
/// last of equal ones holds, anchors and merges work, and a text without a document is an empty map.
///
/// ```
/// use eso_template::Limits;
/// let map = eso_template::yaml::string_map(b"user: bob\nport: 5432\n", &mut Limits::default())?;
/// assert_eq!(map["port"], b"5432");
/// let list = b"user: bob\nhosts: [a, b]\n";
/// let error = eso_template::yaml::string_map(list, &mut Limits::default()).expect_err("a list is no text");
/// assert_eq!(error.to_string(), "line 2: array stands where a text is wanted");
/// # Ok::<(), eso_template::yaml::YamlError>(())
/// ```
///
/// # Errors
/// What is no YAML, no map, or has a list or a map for a value, and what needs more than is left of the limits.
pub fn string_map(text: &[u8], left: &mut Limits) -> Result<BTreeMap<String, Vec<u8>>, YamlError> {
    let owned = |(name, value): (Text, Text)| (name.runes().into_owned(), value.to_vec());
    let map = within(left, |scope| read_strings(scope, text))?;
    Ok(map.into_iter().map(owned).collect())
}

/// Reads the first document of a text, whatever it is, and gives it as JSON in one line; `null` where there is none.
///
/// ```
/// use eso_template::Limits;
/// let json = eso_template::yaml::to_json(b"port: 5432\nhosts: [a, b]\n", &mut Limits::default())?;
/// assert_eq!(json, br#"{"hosts":["a","b"],"port":5432}"#);
/// # Ok::<(), eso_template::yaml::YamlError>(())
/// ```
///
/// # Errors
/// What is no YAML, and what needs more than is left of the limits.
pub fn to_json(text: &[u8], left: &mut Limits) -> Result<Vec<u8>, YamlError> {
    within(left, |scope| read_as_json(scope, text))
}

/// Reads, and takes what that needs from what is left.
fn within<T>(
    left: &mut Limits,
    read: impl FnOnce(&mut Scope<'_>) -> Result<T, (usize, Problem)>,
) -> Result<T, YamlError> {
    let (read, rest) = Scope::apart(*left, |scope| (read(scope), scope.left()));
    *left = rest;
    read.map_err(|(line, problem)| YamlError {
        line,
        is_limit: matches!(problem, Problem::Fault(Fault::Limit(_))),
        reason: reason(problem),
    })
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
