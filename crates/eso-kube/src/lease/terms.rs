//! On what terms a process takes part in an election.

use std::time::Duration;

use thiserror::Error;

/// On what terms a process takes part. The defaults are the original's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// How long after the last renewal that they saw others wait before they take the lease; whole seconds are written,
    /// rounded up.
    pub lease_duration: Duration,
    /// How long after its last renewal a leader goes on trying to renew before it steps down.
    pub renew_deadline: Duration,
    /// The time between two tries.
    pub retry_period: Duration,
}

/// How much longer than a retry period a pause may be, in tenths of it, as client-go's `JitterFactor`.
pub(super) const JITTER_TENTHS: u32 = 12;

/// The longest lease that a record can hold.
const LONGEST: Duration = Duration::from_secs(i32::MAX as u64);

/// Why nobody can be elected on such terms. The rules are client-go's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TermsError {
    /// A period of nothing.
    #[error("the lease duration, the renew deadline and the retry period must be greater than zero")]
    Zero,
    /// Others would take the lease from a leader that still tries to renew it.
    #[error("the lease duration must be greater than the renew deadline")]
    ShortLease,
    /// One try that comes late would end the lead.
    #[error("the renew deadline must be greater than the retry period times 1.2")]
    ShortDeadline,
    /// It cannot be written down.
    #[error("the lease duration must be at most 2147483647s")]
    LongLease,
}

impl Terms {
    /// These terms, where somebody can be elected on them.
    pub fn checked(self) -> Result<Self, TermsError> {
        let Self { lease_duration, renew_deadline, retry_period } = self;
        if [lease_duration, renew_deadline, retry_period].contains(&Duration::ZERO) {
            Err(TermsError::Zero)
        } else if lease_duration <= renew_deadline {
            Err(TermsError::ShortLease)
        } else if renew_deadline <= retry_period.saturating_mul(JITTER_TENTHS) / 10 {
            Err(TermsError::ShortDeadline)
        } else if lease_duration > LONGEST {
            Err(TermsError::LongLease)
        } else {
            Ok(self)
        }
    }
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            lease_duration: Duration::from_secs(15),
            renew_deadline: Duration::from_secs(10),
            retry_period: Duration::from_secs(2),
        }
    }
}

/// The name by which a process is known in a lease, as controller-runtime makes it: `<hostname>_<uuid>`. The random
/// bytes tell it from an earlier life on the same host.
pub fn identity(hostname: &str, random: [u8; 16]) -> String {
    // A UUID of version 4 says so in four bits, and its variant in two.
    let random = u128::from_be_bytes(random);
    let random = random & !(0xf << 76) & !(0b11 << 62) | (0x4 << 76) | (0b10 << 62);
    let digits = format!("{random:032x}");
    let parts = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
    format!("{hostname}_{}", parts.join("-"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Terms, TermsError, identity};

    #[track_caller]
    fn check([lease, renew, retry]: [u64; 3], expected: Option<TermsError>) {
        let [lease_duration, renew_deadline, retry_period] = [lease, renew, retry].map(Duration::from_millis);
        let terms = Terms { lease_duration, renew_deadline, retry_period };
        assert_eq!(terms.checked().err(), expected, "{lease} {renew} {retry}");
    }

    #[test]
    fn terms_are_checked_as_client_go_does() {
        check([15_000, 10_000, 2_000], None);
        check([15_000, 15_000, 2_000], Some(TermsError::ShortLease));
        check([15_000, 10_000, 8_334], Some(TermsError::ShortDeadline));
        check([15_000, 2_400, 2_000], Some(TermsError::ShortDeadline));
        check([15_000, 2_401, 2_000], None);
        check([15_000, 0, 2_000], Some(TermsError::Zero));
        check([0, 10_000, 2_000], Some(TermsError::Zero));
        check([15_000, 10_000, 0], Some(TermsError::Zero));
        check([2_147_483_648_000, 10_000, 2_000], Some(TermsError::LongLease));
    }

    #[test]
    fn the_originals_terms_hold() {
        assert_eq!(Terms::default().checked(), Ok(Terms::default()));
    }

    #[test]
    fn an_identity_is_the_host_and_a_random_uuid() {
        assert_eq!(identity("pod-1", [0xff; 16]), "pod-1_ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(identity("pod-1", [0; 16]), "pod-1_00000000-0000-4000-8000-000000000000");
    }
}
