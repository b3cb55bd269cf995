//! Waiting for what should happen.

use std::{
    future::Future,
    time::{Duration, Instant},
};

/// How long a test waits for something before it says that it does not happen: what is promised takes 30 s at most,
/// and a busy machine takes its time.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Looks until there is something to be found, and answers it; panics when that never comes, with the reason that the
/// last look gave.
pub(crate) async fn eventually<T, Looked: Future<Output = Result<T, String>>>(
    what: &str,
    mut look: impl FnMut() -> Looked,
) -> T {
    let began = Instant::now();
    loop {
        match look().await {
            Ok(found) => return found,
            Err(why) if began.elapsed() > PATIENCE => panic!("waited in vain until {what}: {why}"),
            Err(_) => tokio::time::sleep(LOOK_EVERY).await,
        }
    }
}
