//! How many stores are connected or checked at once, and how fast and in which order those that failed are tried again.

use std::{collections::HashMap, sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::{
    pin,
    sync::{self, Semaphore},
    time::{Instant, sleep_until, timeout},
};

/// How many are under way at once.
const PLACES: usize = 32;

/// How long one holds its place. A login takes some milliseconds; one that takes longer waits for its server, costs
/// nothing meanwhile, and must not keep the others out.
const LONGEST_HOLD: Duration = Duration::from_millis(250);

/// From one try of a store that failed to the next one of any: 50 a second, so that a few hundred that fail recover in
/// the time of their own pauses, and thousands leave the API server and the stores to the others. Namespaces take
/// turns, so that a store waits for one of each other namespace, however many fail there.
const BETWEEN_RETRIES: Duration = Duration::from_millis(20);

/// What every check of a store goes through.
#[derive(Debug)]
pub(crate) struct Gate {
    places: Arc<Semaphore>,
    /// The time of the next retry. Whoever is first of a namespace waits for it in line.
    next_retry: sync::Mutex<Instant>,
    /// The lines of namespaces of which a store waits for its retry.
    lines: Mutex<HashMap<String, Line>>,
}

/// Those of one namespace, of which one at a time waits among the others.
type Line = Arc<sync::Mutex<()>>;

/// A place in the line of a namespace, which is forgotten with the last one.
struct InLine<'a> {
    gate: &'a Gate,
    namespace: &'a str,
    line: Line,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(PLACES)),
            next_retry: sync::Mutex::new(Instant::now()),
            lines: Mutex::default(),
        }
    }
}

impl Gate {
    /// Does it when there is a place: stores are served in the order in which they came.
    pub(super) async fn pass<T>(&self, work: impl Future<Output = T>) -> T {
        let place = self.places.acquire().await.expect("the places must stay open");
        pin!(work);
        match timeout(LONGEST_HOLD, work.as_mut()).await {
            Ok(done) => done,
            Err(_elapsed) => {
                drop(place);
                work.await
            }
        }
    }

    /// Waits for the turn of a store that failed before, for which the credentials of `namespace` are taken (empty: of
    /// none in particular).
    ///
    /// Both locks are handed on in the order in which they were asked for, and only the first of each namespace asks
    /// for the outer one: that is a round robin.
    pub(super) async fn turn(&self, namespace: &str) {
        let in_line = self.join(namespace);
        let _first = in_line.line.lock().await;
        let mut next = self.next_retry.lock().await;
        let turn = next.max(Instant::now());
        sleep_until(turn).await;
        *next = turn + BETWEEN_RETRIES;
    }

    fn join<'a>(&'a self, namespace: &'a str) -> InLine<'a> {
        let line = Arc::clone(self.lines.lock().entry(namespace.to_owned()).or_default());
        InLine { gate: self, namespace, line }
    }
}

impl Drop for InLine<'_> {
    fn drop(&mut self) {
        let mut lines = self.gate.lines.lock();
        // The other one is that of the map.
        if Arc::strong_count(&self.line) == 2 {
            lines.remove(self.namespace);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::pending,
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        time::Duration,
    };

    use futures::future::{join, join_all};
    use tokio::time::{Instant, sleep, timeout};

    use super::{BETWEEN_RETRIES, Gate, PLACES};

    #[tokio::test(start_paused = true)]
    async fn of_two_thousand_stores_a_few_are_checked_at_once() {
        let (gate, at_once, most) = (Gate::default(), AtomicUsize::new(0), AtomicUsize::new(0));
        let check = async || {
            most.fetch_max(at_once.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            sleep(Duration::from_millis(5)).await;
            at_once.fetch_sub(1, Ordering::SeqCst);
        };
        join_all((0..2000).map(|_| gate.pass(check()))).await;
        assert_eq!(most.load(Ordering::SeqCst), PLACES);
    }

    #[tokio::test(start_paused = true)]
    async fn stores_that_hang_keep_nobody_out() {
        let gate = Arc::new(Gate::default());
        for _ in 0..PLACES {
            let gate = Arc::clone(&gate);
            tokio::spawn(async move { gate.pass(pending::<()>()).await });
        }
        sleep(Duration::from_millis(1)).await;
        let began = Instant::now();
        gate.pass(async {}).await;
        assert!(began.elapsed() <= Duration::from_millis(250), "{:?}", began.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn stores_that_failed_are_tried_fifty_a_second_and_one_alone_at_once() {
        let (gate, began) = (Gate::default(), Instant::now());
        gate.turn("a").await;
        assert_eq!(began.elapsed(), Duration::ZERO);
        let namespaces = ["a", "b", "c", ""].iter().cycle().take(2000);
        join_all(namespaces.map(|namespace| gate.turn(namespace))).await;
        assert_eq!(began.elapsed().as_secs(), 40);
        sleep(Duration::from_secs(10)).await;
        let later = Instant::now();
        gate.turn("a").await;
        assert_eq!(later.elapsed(), Duration::ZERO, "nothing is saved up, and nothing is owed");
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_failed_waits_for_one_of_each_other_namespace() {
        let gate = Arc::new(Gate::default());
        for namespace in ["broken", "worse"].repeat(10_000) {
            let gate = Arc::clone(&gate);
            tokio::spawn(async move { gate.turn(namespace).await });
        }
        sleep(Duration::from_secs(1)).await;
        for _ in 0..3 {
            let began = Instant::now();
            gate.turn("other").await;
            assert!(began.elapsed() <= BETWEEN_RETRIES * 3, "{:?}", began.elapsed());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_that_is_given_up_leaves_nothing_and_stops_nobody() {
        let (gate, began) = (Gate::default(), Instant::now());
        gate.turn("a").await;
        let waits = Duration::from_millis(5);
        let given_up = join_all(["a", "a", "b"].map(|namespace| timeout(waits, gate.turn(namespace))));
        let (given_up, ()) = join(given_up, gate.turn("a")).await;
        assert!(given_up.iter().all(Result::is_err));
        assert_eq!(began.elapsed(), BETWEEN_RETRIES);
        assert!(gate.lines.lock().is_empty());
    }
}
