//! How many stores are connected or checked at once, and how fast those that failed are tried again.

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::{
    pin,
    sync::Semaphore,
    time::{Instant, sleep_until, timeout},
};

/// How many are under way at once.
const PLACES: usize = 32;

/// How long one holds its place. A login takes some milliseconds; one that takes longer waits for its server, costs
/// nothing meanwhile, and must not keep the others out.
const LONGEST_HOLD: Duration = Duration::from_millis(250);

/// From one try of a store that failed to the next one of any: 50 a second, so that a few hundred that fail recover in
/// the time of their own pauses, and thousands leave the API server and the stores to the others.
const BETWEEN_RETRIES: Duration = Duration::from_millis(20);

/// What every check of a store goes through.
#[derive(Debug)]
pub(crate) struct Gate {
    places: Arc<Semaphore>,
    next_retry: Mutex<Option<Instant>>,
}

impl Default for Gate {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(PLACES)), next_retry: Mutex::default() }
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

    /// Waits for the turn of a store that failed before.
    pub(super) async fn turn(&self) {
        let turn = {
            let mut next = self.next_retry.lock();
            let turn = next.map_or_else(Instant::now, |next| next.max(Instant::now()));
            *next = Some(turn + BETWEEN_RETRIES);
            turn
        };
        sleep_until(turn).await;
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

    use futures::future::join_all;
    use tokio::time::{Instant, sleep};

    use super::{Gate, PLACES};

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
        gate.turn().await;
        assert_eq!(began.elapsed(), Duration::ZERO);
        join_all((0..2000).map(|_| gate.turn())).await;
        assert_eq!(began.elapsed().as_secs(), 40);
        sleep(Duration::from_secs(10)).await;
        let later = Instant::now();
        gate.turn().await;
        assert_eq!(later.elapsed(), Duration::ZERO, "nothing is saved up, and nothing is owed");
    }
}
