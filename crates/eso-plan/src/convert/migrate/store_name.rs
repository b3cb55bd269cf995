//! What the store of an older object is called: the same for the same, and another for another.

use eso_core::api::secret_store::SecretStoreSpec;

use super::super::legacy::{Backend, Service};
use crate::digest;

/// How much of the words is taken: with the digest behind them, a name stays a label.
const WORDS: usize = 50;

/// The name of a store of this specification, for the objects of a namespace: its kind, where it is, as whom it is read, and
/// a digest of all of that.
pub(super) fn store_name(backend: &Backend, spec: &SecretStoreSpec, namespace: &str) -> String {
    let words = match backend {
        Backend::Aws { service, region, intermediate_role: _, role } => {
            let service = match service {
                Service::SecretsManager => "secrets-manager",
                Service::ParameterStore => "parameter-store",
            };
            // The name of a role, without its account and path.
            let role = role.as_deref().map(|role| role.rsplit('/').next().unwrap_or(role));
            [Some(service), Some(region.as_str()), role]
        }
        Backend::Vault { mount, role, .. } => [Some("vault"), mount.as_deref(), Some(role.as_str())],
    };
    let words: Vec<String> = words.into_iter().flatten().map(label).filter(|word| !word.is_empty()).collect();
    let words = words.join("-");
    let words = words[..words.len().min(WORDS)].trim_end_matches('-');
    let spec = serde_json::to_string(spec).expect("a specification must be JSON");
    format!("{words}-{}", &digest::of_text(&format!("{namespace}\n{spec}"))[..10])
}

/// A word as a name may have it.
fn label(word: &str) -> String {
    let letters =
        word.chars().map(|one| if one.is_ascii_alphanumeric() { one.to_ascii_lowercase() } else { '-' });
    letters.collect::<String>().trim_matches('-').to_owned()
}

#[cfg(test)]
mod tests;
