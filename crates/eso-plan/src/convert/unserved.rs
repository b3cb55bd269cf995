//! Fields that the original knows and this version does not serve.

use eso_core::api::external_secret::ExternalSecretSpec;

use super::Malformed;

/// Refuses the first field of a spec that is not served.
pub(super) fn check_spec(_spec: &ExternalSecretSpec) -> Result<(), Malformed> {
    Ok(())
}
