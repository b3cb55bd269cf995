//! Being told to stop: Ctrl-C, or SIGTERM.

use std::future::Future;

use anyhow::{Context, Result, bail};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Hears of both signals. From the first of these on, neither ends the process by itself.
pub(crate) struct Stop {
    interrupt: Signal,
    terminate: Signal,
}

impl Stop {
    /// Listens from now on.
    pub(crate) fn listen() -> Result<Self> {
        let listen = |kind| signal(kind).context("cannot listen to signals");
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    /// Waits until somebody says to stop.
    pub(crate) async fn told(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    /// Does the work, unless somebody says to stop before it is done.
    ///
    /// # Errors
    /// The work's own; `interrupted` where it was not finished.
    pub(crate) async fn unless<T>(
        &mut self,
        interrupted: &'static str,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        tokio::select! {
            biased;
            done = work => done,
            () = self.told() => bail!(interrupted),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{process::Command, time::Duration};

    use super::*;

    /// Sends this process a signal while it waits, which must not end it.
    #[track_caller]
    fn is_heard(signal: &str) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let stopped = runtime.block_on(async {
            let mut stop = Stop::listen().unwrap();
            let sent = Command::new("kill").args([signal, &std::process::id().to_string()]).status().unwrap();
            assert!(sent.success());
            let never = std::future::pending::<Result<()>>();
            tokio::time::timeout(Duration::from_secs(60), stop.unless("interrupted", never)).await.unwrap()
        });
        assert_eq!(stopped.unwrap_err().to_string(), "interrupted", "{signal}");
    }

    #[test]
    fn ctrl_c_and_sigterm_both_say_to_stop() {
        is_heard("-INT");
        is_heard("-TERM");
    }

    #[tokio::test]
    async fn work_that_is_not_interrupted_is_done() {
        let done = Stop::listen().unwrap().unless("interrupted", async { Ok(5) }).await;
        assert_eq!(done.unwrap(), 5);
    }
}
