//! From CRD objects to what they ask for: the only place here that names CRD types.

pub mod cluster_external_secret;
pub mod cluster_push_secret;
pub mod external_secret;
pub mod legacy;
pub mod migrate;
pub mod push;
pub mod references;

mod cluster;
mod entries;
mod template;

use eso_core::api::refusals;

/// Why an object cannot be understood: in words for its condition, what is wrong and what to do. It quotes no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(String);

/// How those of the original's refusals begin and end that name a part of the object.
const REFUSALS_BY_NAME: [(&str, &str); 2] = [
    ("duplicate secretKey found: ", ""),
    (
        "templateFrom target=",
        " is not allowed when targeting a Secret, must be one of \"Data\", \"Annotations\" or \"Labels\"",
    ),
];

impl Malformed {
    /// Whether the original's webhook refuses such an ExternalSecret too. What else is malformed it takes, and fails later
    /// or does otherwise.
    pub fn is_the_originals(&self) -> bool {
        let text = self.0.as_str();
        let is_one = |(start, end): &(&str, &str)| text.starts_with(start) && text.ends_with(end);
        refusals::ALL.contains(&text) || REFUSALS_BY_NAME.iter().any(is_one)
    }
}
