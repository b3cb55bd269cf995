//! From CRD objects to what they ask for: the only place here that names CRD types.

pub mod cluster_external_secret;
pub mod cluster_push_secret;
pub mod external_secret;
pub mod legacy;
pub mod push;
pub mod references;

mod cluster;
mod entries;
mod template;

/// Why an object cannot be understood: in words for its condition, what is wrong and what to do. It quotes no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(String);
