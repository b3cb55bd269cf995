//! What a namespace's annotations let its objects ask for.
//!
//! The expressions in them were JavaScript's. One that means something else there than here, or nothing here, lets nobody
//! in: who is kept out is told so.

use std::collections::BTreeMap;

use eso_core::api::legacy::{BackendType, ExternalSecret};
use eso_template::regexp::Regexp;

use super::Environment;

/// Why an object may not ask for what it asks for, in the older controller's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not allowed to fetch secret: {namespace}/{name}: {reason}")]
pub struct Refusal {
    namespace: String,
    name: String,
    reason: String,
}

/// Whether an object may ask for what it asks for: each of its keys, and the role that is taken for it.
///
/// It is asked of `dataFromWithOptions` and of the default role of Vault too, which the older controller forgot; and of
/// `vaultRole` for Vault and of `roleArn` for AWS, whichever else is said.
pub fn permitted(
    object: &ExternalSecret,
    namespace_annotations: Option<&BTreeMap<String, String>>,
    environment: &Environment,
) -> Result<(), Refusal> {
    let namespace = object.metadata.namespace.clone().unwrap_or_default();
    verdict(object, &namespace, namespace_annotations, environment).map_err(|reason| Refusal {
        namespace,
        name: object.metadata.name.clone().unwrap_or_default(),
        reason,
    })
}

fn verdict(
    object: &ExternalSecret,
    namespace: &str,
    held: Option<&BTreeMap<String, String>>,
    environment: &Environment,
) -> Result<(), String> {
    let names = &environment.annotations;
    let held = held.filter(|held| !held.is_empty());
    if held.is_none() && environment.enforce {
        return Err("Namespace annotation is required".to_owned());
    }
    let rule = |annotation: &str| match held.and_then(|held| held.get(annotation)) {
        None if environment.enforce => {
            Err(format!("Missing required annotation {annotation} on namespace {namespace}"))
        }
        // As ever, an empty one allows all.
        None => Ok(None),
        Some(pattern) => Ok(Some(pattern.as_str()).filter(|pattern| !pattern.is_empty())),
    };
    let (keys, roles) = (rule(&names.permitted_key_name)?, rule(&names.permitted_role)?);
    keys.map_or(Ok(()), |pattern| check_keys(object, pattern))?;
    roles.map_or(Ok(()), |pattern| check_role(object, pattern, environment))
}

fn check_keys(object: &ExternalSecret, pattern: &str) -> Result<(), String> {
    let expression = expression(pattern)?;
    let spec = &object.spec;
    let data = || spec.data.iter().flatten();
    let from = spec.data_from.iter().flatten().map(String::as_str);
    let with_options = spec.data_from_with_options.iter().flatten().map(|from| from.key.as_str());
    let keys = data().filter_map(|data| data.key.as_deref()).chain(from).chain(with_options);
    let keys = keys.map(|key| ("key name", key));
    let paths = data().filter_map(|data| data.path.as_deref()).map(|path| ("path", path));
    for (what, text) in keys.chain(paths) {
        if !matches(&expression, text) {
            return Err(format!("{what} {text} does not match naming convention {pattern}"));
        }
    }
    Ok(())
}

fn check_role(object: &ExternalSecret, pattern: &str, environment: &Environment) -> Result<(), String> {
    let spec = &object.spec;
    let role = match spec.backend_type {
        Some(BackendType::Vault) => {
            given(&spec.vault_role).or_else(|| given(&environment.default_vault_role))
        }
        _ => given(&spec.role_arn),
    };
    let Some(role) = role else { return Ok(()) };
    match matches(&expression(pattern)?, role) {
        true => Ok(()),
        false => Err(format!("namespace does not allow to assume role {role}")),
    }
}

fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

/// A text that takes too long to look at is none that is allowed.
fn matches(expression: &Regexp, text: &str) -> bool {
    expression.is_match(text).unwrap_or(false)
}

fn expression(pattern: &str) -> Result<Regexp, String> {
    let unread = || {
        format!(
            "the expression {pattern} of the namespace's annotation is not served: use classes, groups (?:…), \
             repetitions and anchors alone"
        )
    };
    if !means_the_same(pattern) {
        return Err(unread());
    }
    Regexp::new(pattern).map_err(|_error| unread())
}

/// Whether a pattern that Go takes means in JavaScript what it means in Go.
fn means_the_same(pattern: &str) -> bool {
    let mut rest = pattern;
    while let Some(at) = rest.find(['\\', '(', '[']) {
        let after = &rest[at + 1..];
        let is_same = match rest.as_bytes()[at] {
            b'\\' => is_common_escape(after),
            b'(' => !after.starts_with('?') || after.starts_with("?:"),
            // An empty class, one of everything, and a named one.
            _ => !["]", "^]", "[:", "^[:"].iter().any(|odd| after.starts_with(odd)),
        };
        if !is_same {
            return false;
        }
        // What is escaped is no bracket.
        let skipped =
            if rest.as_bytes()[at] == b'\\' { after.chars().next().map_or(0, char::len_utf8) } else { 0 };
        rest = &after[skipped..];
    }
    true
}

/// Whether what stands behind a backslash is a class or a character that both know.
fn is_common_escape(after: &str) -> bool {
    match after.chars().next() {
        Some(character) if character.is_ascii_punctuation() => true,
        Some(character) => "dDwWsSbBtnrfv".contains(character),
        None => false,
    }
}

#[cfg(test)]
mod tests;
