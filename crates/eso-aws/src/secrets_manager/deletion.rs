//! How secrets are deleted, as the store's `secretsManager` says.

use eso_core::{
    api::{aws::SecretsManagerSettings, refusals},
    error::ProviderError,
};

use crate::config::invalid;

/// How long a deleted secret can be restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deletion {
    /// For as long as AWS grants: 30 days.
    Default,
    /// Not at all.
    AtOnce,
    /// For so many days, 7 to 30.
    After {
        /// The recovery window.
        days: i64,
    },
}

impl Deletion {
    /// As the original takes it, and in its words where it does not.
    pub(crate) fn of(settings: Option<&SecretsManagerSettings>) -> Result<Self, ProviderError> {
        let SecretsManagerSettings { force_delete_without_recovery: force, recovery_window_in_days: days } =
            settings.copied().unwrap_or_default();
        let refused = |words: &str| Err(invalid(words.to_owned()));
        match (force.unwrap_or_default(), days.unwrap_or_default()) {
            (false, 0) => Ok(Self::Default),
            (true, 0) => Ok(Self::AtOnce),
            (_, ..7 | 31..) => refused(refusals::RECOVERY_WINDOW),
            (true, _) => refused(refusals::RECOVERY_AND_FORCE),
            (false, days) => Ok(Self::After { days }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(force: Option<bool>, days: Option<i64>) -> Result<Deletion, ProviderError> {
        let settings =
            SecretsManagerSettings { force_delete_without_recovery: force, recovery_window_in_days: days };
        Deletion::of(Some(&settings))
    }

    #[track_caller]
    fn refused(force: Option<bool>, days: i64, why: &str) {
        let error = of(force, Some(days)).expect_err("it must be refused");
        assert_eq!(error.to_string(), format!("unable to create session: invalid DeleteSecretInput: {why}"));
    }

    #[test]
    fn a_window_has_its_bounds_and_conflicts_with_none_at_all() {
        assert_eq!(Deletion::of(None), Ok(Deletion::Default));
        assert_eq!(of(None, None), Ok(Deletion::Default));
        assert_eq!(of(Some(false), Some(0)), Ok(Deletion::Default));
        assert_eq!(of(Some(true), Some(0)), Ok(Deletion::AtOnce));
        assert_eq!(of(Some(false), Some(7)), Ok(Deletion::After { days: 7 }));
        assert_eq!(of(None, Some(30)), Ok(Deletion::After { days: 30 }));
        for days in [-1, 1, 6, 31, i64::MAX] {
            refused(None, days, "RecoveryWindowInDays must be between 7 and 30 days");
        }
        refused(Some(true), 7, "ForceDeleteWithoutRecovery conflicts with RecoveryWindowInDays");
    }
}
