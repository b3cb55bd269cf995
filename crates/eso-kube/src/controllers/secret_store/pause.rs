//! How long a store that failed is left alone.

use std::{
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash},
    time::Duration,
};

use crate::credentials::Reads;

/// How long a store is left alone after its first failure; it doubles with each further one.
const FIRST: Duration = Duration::from_secs(1);

/// Why a store failed, as far as it says who will tell when that changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The store itself: nobody tells. One that was away is back in use within 10 s.
    Store,
    /// The cluster did not give a credential, or not the right one, and nobody tells when it would: a permission, an
    /// object of a namespace that is not watched. That it does is noticed within 5 s.
    Cluster,
    /// A watch tells when it changes: a Secret or a service account that is not there, or what the store says itself. It is looked for all
    /// the same, in case that a watch should miss it.
    Watched,
}

impl Cause {
    /// What a failure comes of, where this was read for it.
    pub(super) fn of(reads: &Reads) -> Self {
        match (reads.will_be_told(), reads.failed() || reads.are_partly_unwatched()) {
            (true, _) => Self::Watched,
            (false, true) => Self::Cluster,
            (false, false) => Self::Store,
        }
    }

    fn longest(self) -> Duration {
        match self {
            Self::Store => Duration::from_secs(10),
            Self::Cluster => Duration::from_secs(4),
            Self::Watched => Duration::from_secs(300),
        }
    }
}

/// The pauses of one identity. Plain data.
#[derive(Clone, Debug)]
pub(super) struct Pauses {
    /// Its own: those that failed together do not come back together.
    spread: u64,
    failures: u32,
}

impl Pauses {
    pub(super) fn new(identity: impl Hash) -> Self {
        Self { spread: hash(identity), failures: 0 }
    }

    /// It failed once more: how long it is left alone, ten per cent more or less by identity.
    pub(super) fn failed(&mut self, cause: Cause) -> Duration {
        let doubled = FIRST.saturating_mul(1 << self.failures.min(16)).min(cause.longest());
        self.failures += 1;
        let jitter = u32::try_from(hash((self.spread, self.failures)) % 201).unwrap_or(0);
        doubled * (900 + jitter) / 1000
    }

    /// It succeeded, or something that it needs is another now.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }
}

fn hash(value: impl Hash) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(value)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, time::Duration};

    use super::{Cause, Pauses};
    use crate::credentials::Reads;

    /// The pauses are these, in seconds, each a tenth more or less.
    #[track_caller]
    fn check(causes: &[Cause], expected: &[u64]) {
        let mut pauses = Pauses::new("store");
        for (cause, expected) in causes.iter().zip(expected) {
            let (pause, expected) = (pauses.failed(*cause), Duration::from_secs(*expected));
            assert!((expected * 9 / 10..=expected * 11 / 10).contains(&pause), "{pause:?}, not {expected:?}");
        }
    }

    #[test]
    fn a_pause_doubles_up_to_what_its_cause_allows() {
        check(&[Cause::Store; 7], &[1, 2, 4, 8, 10, 10, 10]);
        check(&[Cause::Cluster; 5], &[1, 2, 4, 4, 4]);
        check(&[Cause::Watched; 11], &[1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        check(
            &[Cause::Watched, Cause::Watched, Cause::Watched, Cause::Watched, Cause::Cluster],
            &[1, 2, 4, 8, 4],
        );
    }

    #[test]
    fn a_failure_after_what_nobody_watches_was_read_may_be_mended_in_the_cluster() {
        let reads = Reads::default();
        assert_eq!(Cause::of(&reads), Cause::Store);
        reads.depend_on_unwatched();
        assert_eq!(Cause::of(&reads), Cause::Cluster);
    }

    #[test]
    fn after_a_success_or_news_it_begins_anew() {
        let mut pauses = Pauses::new("store");
        for _ in 0..100 {
            pauses.failed(Cause::Watched);
        }
        pauses.reset();
        assert!(pauses.failed(Cause::Watched) < Duration::from_secs(2));
    }

    /// How often so many stores that failed together are tried in an hour.
    fn tries_in_an_hour(stores: usize, cause: Cause) -> usize {
        let tries = |store: usize| {
            let (mut pauses, mut passed, mut tries) = (Pauses::new(store), Duration::ZERO, 0);
            while passed < Duration::from_secs(3600) {
                passed += pauses.failed(cause);
                tries += 1;
            }
            tries
        };
        (0..stores).map(tries).sum()
    }

    #[test]
    fn two_thousand_stores_without_their_secret_do_not_hammer() {
        assert!(tries_in_an_hour(2000, Cause::Watched) <= 2000 * 24, "a few a second");
    }

    #[test]
    fn stores_that_failed_together_do_not_come_back_together() {
        let pauses: BTreeSet<_> = (0..100).map(|store| Pauses::new(store).failed(Cause::Store)).collect();
        assert!(pauses.len() > 60, "only {} different pauses", pauses.len());
    }
}
