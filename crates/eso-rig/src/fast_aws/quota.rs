//! Requests a second that an operation grants, as AWS counts them for an account and a region.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

/// One bucket for each operation with a quota; it holds one second's worth.
#[derive(Debug, Default)]
pub(super) struct Quotas {
    buckets: HashMap<String, Bucket>,
}

#[derive(Debug)]
struct Bucket {
    per_second: f64,
    tokens: f64,
    filled: Instant,
}

impl Quotas {
    /// Grants an operation so many requests a second from now on.
    pub(super) fn set(&mut self, operation: &str, per_second: u32, now: Instant) {
        let per_second = f64::from(per_second);
        self.buckets.insert(operation.to_owned(), Bucket { per_second, tokens: per_second, filled: now });
    }

    /// Whether the request may go on; it counts when it may. An operation without a quota always may.
    pub(super) fn grants(&mut self, operation: &str, now: Instant) -> bool {
        self.buckets.get_mut(operation).is_none_or(|bucket| bucket.take(now))
    }
}

impl Bucket {
    fn take(&mut self, now: Instant) -> bool {
        let passed: Duration = now.saturating_duration_since(self.filled);
        self.filled = now;
        self.tokens = (self.tokens + passed.as_secs_f64() * self.per_second).min(self.per_second);
        let granted = self.tokens >= 1.0;
        if granted {
            self.tokens -= 1.0;
        }
        granted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_grants_its_quota_and_refuses_the_next_until_time_passes() {
        let start = Instant::now();
        let mut quotas = Quotas::default();
        quotas.set("GetSecretValue", 2, start);
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let asked = [0, 0, 0, 499, 500, 500, 10_000, 10_000, 10_000]
            .map(|time| quotas.grants("GetSecretValue", at(time)));
        assert_eq!(asked, [true, true, false, false, true, false, true, true, false]);
    }

    #[test]
    fn an_operation_without_a_quota_is_never_refused() {
        let mut quotas = Quotas::default();
        quotas.set("GetSecretValue", 0, Instant::now());
        assert!(!quotas.grants("GetSecretValue", Instant::now()));
        assert!(quotas.grants("ListSecrets", Instant::now()));
    }
}
