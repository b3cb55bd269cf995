//! How often each call may be made. The line in front of a provider paces single reads and batches, each by itself; here
//! is paced what it does not see: quotas that both share, the pages of a search, the single reads that a refused batch
//! comes to, and all that a write calls.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::{Instant, sleep_until};

use crate::error::Service;

/// How much of a second's budget may be spent at once after a quiet time.
const BURST: Duration = Duration::from_millis(100);

/// How long is waited after AWS throttled a call and did not say for how long.
const PAUSE: Duration = Duration::from_secs(1);

/// As the line in front has it: nobody may send us away for longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(20);

/// How long a call waits at the most: whoever must wait longer is told so, lest it should run out of time and be taken
/// for an outage.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Calls, by their names in metrics, that share so many a second in an account's region.
type Rates = &'static [(u32, &'static [&'static str])];

/// <https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html>
const SECRETS_MANAGER: Rates = &[
    (10_000, &["DescribeSecret", "GetSecretValue"]),
    (100, &["BatchGetSecretValue"]),
    (100, &["ListSecrets"]),
    (50, &["PutSecretValue", "RemoveRegionsFromReplication", "ReplicateSecretToRegions"]),
    (50, &["TagResource", "UntagResource"]),
    (50, &["DeleteResourcePolicy", "GetResourcePolicy", "PutResourcePolicy"]),
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

    /// Ends when it is the turn of a call of this name, or says at once how long that is away where it is longer than a call
    /// can wait; whoever is told so has no turn. Whoever goes away meanwhile leaves a turn unused.
    pub(crate) async fn turn(&self, call: &str) -> Result<(), Duration> {
        let Some(pace) = self.pace(call) else { return Ok(()) };
        let turn = pace.lock().reserve(Instant::now())?;
        sleep_until(turn).await;
        Ok(())
    }

    /// A call of this name was throttled: those that share its quota leave AWS alone for as long as it said.
    pub(crate) fn throttled(&self, call: &str, retry_after: Option<Duration>) {
        if let Some(pace) = self.pace(call) {
            pace.lock().pause(Instant::now() + retry_after.unwrap_or(PAUSE).min(LONGEST_PAUSE));
        }
    }

    fn pace(&self, call: &str) -> Option<&Mutex<Pace>> {
        self.0.iter().find(|(calls, _)| calls.contains(&call)).map(|(_, pace)| pace)
    }
}

/// A rate. Time is passed in.
#[derive(Debug)]
struct Pace {
    interval: Duration,
    /// When the next call would be due if all came evenly.
    next: Option<Instant>,
    paused_until: Option<Instant>,
}

impl Pace {
    fn new(per_second: u32) -> Self {
        Self { interval: Duration::from_secs(1) / per_second, next: None, paused_until: None }
    }

    /// Takes the next turn, and says when it comes; or how long it is away, where that is too long, and takes none: those
    /// who come later would wait for a call that nobody makes.
    fn reserve(&mut self, now: Instant) -> Result<Instant, Duration> {
        let begin = self.paused_until.map_or(now, |until| until.max(now));
        let even = self.next.map_or(begin, |next| next.max(begin));
        let turn = even.checked_sub(BURST).unwrap_or(begin).max(begin);
        let wait = turn.saturating_duration_since(now);
        if wait > LONGEST_WAIT {
            return Err(wait);
        }
        self.next = Some(even + self.interval);
        Ok(turn)
    }

    fn pause(&mut self, until: Instant) {
        self.paused_until = Some(self.paused_until.map_or(until, |paused| paused.max(until)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// At which milliseconds calls go that all come at once.
    #[track_caller]
    fn check(per_second: u32, expected: &[u64]) {
        let (mut pace, now) = (Pace::new(per_second), Instant::now());
        let turns = expected.iter().map(|_| pace.reserve(now).unwrap().duration_since(now).as_millis());
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
        pace.reserve(start).unwrap();
        let later = start + Duration::from_secs(60);
        let turns = [pace.reserve(later), pace.reserve(later), pace.reserve(later)];
        assert_eq!(turns.map(|turn| turn.unwrap().duration_since(later).as_millis()), [0, 0, 100]);
    }

    #[test]
    fn after_a_throttled_call_none_goes_for_as_long_as_aws_says_and_then_they_go_evenly() {
        let (mut pace, now) = (Pace::new(10), Instant::now());
        pace.pause(now + Duration::from_secs(3));
        pace.pause(now + Duration::from_secs(2));
        let turns = [pace.reserve(now), pace.reserve(now), pace.reserve(now)];
        assert_eq!(turns.map(|turn| turn.unwrap().duration_since(now).as_millis()), [3_000, 3_000, 3_100]);
    }

    #[test]
    fn a_pause_that_is_too_long_to_wait_is_said() {
        let (mut pace, now) = (Pace::new(10), Instant::now());
        pace.pause(now + Duration::from_secs(11));
        assert_eq!(pace.reserve(now), Err(Duration::from_secs(11)));
        let later = now + Duration::from_secs(2);
        assert_eq!(pace.reserve(later), Ok(now + Duration::from_secs(11)));
    }

    #[test]
    fn whoever_would_wait_too_long_is_told_so_and_takes_no_turn() {
        let (mut pace, now) = (Pace::new(3), Instant::now());
        let turns: Vec<_> = (0..120).map(|_| pace.reserve(now)).collect();
        let (taken, refused) = turns.split_at(turns.iter().filter(|turn| turn.is_ok()).count());
        assert_eq!(taken.len(), 31, "as many as go within the longest wait");
        assert!(taken.iter().flatten().all(|turn| *turn <= now + LONGEST_WAIT));
        assert!(
            refused.iter().all(|turn| *turn == refused[0]) && refused[0] > Err(LONGEST_WAIT),
            "{refused:?}"
        );
        // What they were told is when their turn would have been: it still is the next one's.
        let later = now + LONGEST_WAIT;
        let next = pace.reserve(later).unwrap();
        assert_eq!(Err(next.duration_since(now)), refused[0]);
    }

    #[tokio::test(start_paused = true)]
    async fn many_writes_at_once_keep_to_the_rate_and_the_rest_is_told_at_once_to_come_again() {
        let quotas = Quotas::of(Service::ParameterStore);
        let begin = Instant::now();
        let turns = futures::future::join_all((0..120).map(|_| quotas.turn("PutParameter"))).await;
        assert_eq!(turns.iter().filter(|turn| turn.is_ok()).count(), 31);
        assert!(begin.elapsed() <= LONGEST_WAIT, "{:?}", begin.elapsed());
        assert_eq!(quotas.turn("GetParameter").await, Ok(()), "reads have a quota of their own");
    }

    #[tokio::test]
    async fn a_pause_is_of_those_that_share_the_quota_and_has_an_end() {
        let quotas = Quotas::of(Service::ParameterStore);
        quotas.throttled("GetParameters", Some(Duration::MAX));
        let paused = quotas.turn("GetParameter").await.unwrap_err();
        assert!(paused <= LONGEST_PAUSE, "{paused:?}");
        assert!(quotas.turn("GetParametersByPath").await.is_err());
        assert_eq!(quotas.turn("PutParameter").await, Ok(()));
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
            quotas.turn("LabelParameterVersion").await.unwrap();
        }
    }
}
