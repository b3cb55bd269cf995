//! The CRD types of `external-secrets.io`, as far as this operator serves them, and of the older group before it.
//!
//! A doc comment on a field is its description in the schema and in the reference page: one text, three places.
//! Fields that are not typed here survive in the cluster (`x-kubernetes-preserve-unknown-fields`), and we never write
//! a spec; the ones that would change what is written are kept in `unserved`, so that they can be refused by name.

pub mod cluster_external_secret;
pub mod external_secret;
pub mod secret_store;

pub mod cluster_push_secret;
pub mod push_secret;

pub mod legacy;

pub mod aws;
pub mod fake;
pub mod vault;

pub mod conditions;
pub mod selectors;

pub mod refusals;

mod names;

pub mod definitions;

/// The API group of all kinds here but the legacy one.
pub const GROUP: &str = "external-secrets.io";

#[cfg(test)]
mod tests;
