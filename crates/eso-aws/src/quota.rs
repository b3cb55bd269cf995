//! How often each call may be made. The line in front of a provider paces single and batch reads; here is paced what it
//! does not see: the pages of a search, the single reads that a refused batch comes to, and all that a write calls.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::{Instant, sleep_until};

use crate::error::Service;

/// How much of a second's budget may be spent at once after a quiet time.
const BURST: Duration = Duration::from_millis(100);

/// Calls, by their names in metrics, that share so many a second in an account's region.
type Rates = &'static [(u32, &'static [&'static str])];

/// <https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html>
const SECRETS_MANAGER: Rates = &[
    (10_000, &["DescribeSecret", "GetSecretValue"]),
    (100, &["BatchGetSecretValue"]),
    (100, &["ListSecrets"]),
    (50, &["PutSecretValue", "RemoveRegionsFromReplication", "ReplicateSecretToRegions"]),
    (50, &["TagResource", "UntagResource"]),
    (50, &["CreateSecret"]),
    (50, &["DeleteSecret"]),
    (50, &["RestoreSecret"]),
];

/// <https://docs.aws.amazon.com/general/latest/gr/ssm.html> has the first, without the higher throughput that can be paid
/// for. AWS does not document the others; its support names 3 for `PutParameter`, and users meet the rest at about 10.
const PARAMETER_STORE: Rates = &[
    (40, &["GetParameter", "GetParameters", "GetParametersByPath"]),
    (3, &["PutParameter"]),
    (10, &["DescribeParameter"]),
    (10, &["ListTagsForResource"]),
    (10, &["AddTagsToResource", "RemoveTagsFromResource"]),
    (10, &["DeleteParameter"]),
];

/// The quotas of a service that an account has in a region: all stores of one backend share them.
#[derive(Debug)]
pub(crate) struct Quotas(Vec<(&'static [&'static str], Mutex<Pace>)>);

impl Quotas {
    pub(crate) fn of(service: Service) -> Self {
        let rates = match service {
            Service::SecretsManager => SECRETS_MANAGER,
            Service::ParameterStore => PARAMETER_STORE,
            Service::Sts => &[],
        };
        Self(rates.iter().map(|(rate, calls)| (*calls, Mutex::new(Pace::new(*rate)))).collect())
    }

    /// Ends when it is the turn of a call of this name. Whoever goes away meanwhile leaves a turn unused.
    pub(crate) async fn turn(&self, call: &str) {
        let Some((_, pace)) = self.0.iter().find(|(calls, _)| calls.contains(&call)) else { return };
        let turn = pace.lock().reserve(Instant::now());
        sleep_until(turn).await;
    }
}

/// A rate. Time is passed in.
#[derive(Debug)]
struct Pace {
    interval: Duration,
    /// When the next call would be due if all came evenly.
    next: Option<Instant>,
}

impl Pace {
    fn new(per_second: u32) -> Self {
        Self { interval: Duration::from_secs(1) / per_second, next: None }
    }

    /// Takes the next turn, and says when it comes.
    fn reserve(&mut self, now: Instant) -> Instant {
        let even = self.next.map_or(now, |next| next.max(now));
        self.next = Some(even + self.interval);
        even.checked_sub(BURST).unwrap_or(now).max(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// At which milliseconds calls go that all come at once.
    #[track_caller]
    fn check(per_second: u32, expected: &[u64]) {
        let (mut pace, now) = (Pace::new(per_second), Instant::now());
        let turns = expected.iter().map(|_| pace.reserve(now).duration_since(now).as_millis());
        assert_eq!(
            turns.collect::<Vec<_>>(),
            expected.iter().map(|turn| u128::from(*turn)).collect::<Vec<_>>()
        );
    }

    #[test]
    fn a_tenth_of_a_second_may_be_spent_at_once_and_the_rest_goes_evenly() {
        check(40, &[0, 0, 0, 0, 0, 25, 50, 75]);
        check(3, &[0, 233, 566]);
    }

    #[test]
    fn what_was_not_used_is_not_saved_up() {
        let (mut pace, start) = (Pace::new(10), Instant::now());
        pace.reserve(start);
        let later = start + Duration::from_secs(60);
        let turns = [pace.reserve(later), pace.reserve(later), pace.reserve(later)];
        assert_eq!(turns.map(|turn| turn.duration_since(later).as_millis()), [0, 0, 100]);
    }

    #[test]
    fn no_call_stands_twice_in_the_tables() {
        for rates in [SECRETS_MANAGER, PARAMETER_STORE] {
            let mut calls: Vec<_> = rates.iter().flat_map(|(_, calls)| *calls).collect();
            let count = calls.len();
            calls.sort_unstable();
            calls.dedup();
            assert_eq!(calls.len(), count);
        }
    }

    #[tokio::test]
    async fn a_call_without_a_quota_never_waits() {
        let quotas = Quotas::of(Service::ParameterStore);
        for _ in 0..1_000 {
            quotas.turn("LabelParameterVersion").await;
        }
    }
}
