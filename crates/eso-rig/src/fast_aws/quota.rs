//! Requests a second that an operation grants, as AWS counts them for an account and a region.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

/// Buckets, each of one operation or of several that share it; one holds a second's worth.
#[derive(Debug, Default)]
pub(super) struct Quotas {
    buckets: Vec<Bucket>,
    places: HashMap<String, usize>,
    refused: u64,
}

#[derive(Debug)]
struct Bucket {
    per_second: f64,
    tokens: f64,
    filled: Instant,
}

impl Quotas {
    /// Grants these operations so many requests a second together, from now on.
    pub(super) fn set(&mut self, operations: &[&str], per_second: u32, now: Instant) {
        let per_second = f64::from(per_second);
        for operation in operations {
            self.places.insert((*operation).to_owned(), self.buckets.len());
        }
        self.buckets.push(Bucket { per_second, tokens: per_second, filled: now });
    }

    /// Whether the request may go on; it counts when it may. An operation without a quota always may.
    pub(super) fn grants(&mut self, operation: &str, now: Instant) -> bool {
        let Some(place) = self.places.get(operation) else { return true };
        let granted = self.buckets[*place].take(now);
        self.refused += u64::from(!granted);
        granted
    }

    /// How many requests were not granted.
    pub(super) fn refused(&self) -> u64 {
        self.refused
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
        quotas.set(&["GetSecretValue"], 2, start);
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let asked = [0, 0, 0, 499, 500, 500, 10_000, 10_000, 10_000]
            .map(|time| quotas.grants("GetSecretValue", at(time)));
        assert_eq!(asked, [true, true, false, false, true, false, true, true, false]);
        assert_eq!(quotas.refused(), 4);
    }

    #[test]
    fn operations_may_share_a_quota() {
        let start = Instant::now();
        let mut quotas = Quotas::default();
        quotas.set(&["GetParameter", "GetParameters"], 2, start);
        let asked = ["GetParameter", "GetParameters", "GetParameter"].map(|name| quotas.grants(name, start));
        assert_eq!(asked, [true, true, false]);
    }

    #[test]
    fn an_operation_without_a_quota_is_never_refused() {
        let mut quotas = Quotas::default();
        quotas.set(&["GetSecretValue"], 0, Instant::now());
        assert!(!quotas.grants("GetSecretValue", Instant::now()));
        assert!(quotas.grants("ListSecrets", Instant::now()));
    }
}
