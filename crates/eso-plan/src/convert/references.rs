//! What an object names, whether or not it is well formed otherwise: for indexes.

use std::collections::BTreeSet;

use eso_core::{api::external_secret::ExternalSecret, key::StoreReference};

/// The name of the Secret that an ExternalSecret writes.
pub fn target(_object: &ExternalSecret) -> &str {
    todo!()
}

/// The stores that an ExternalSecret names.
pub fn stores(_object: &ExternalSecret) -> BTreeSet<StoreReference> {
    todo!()
}
