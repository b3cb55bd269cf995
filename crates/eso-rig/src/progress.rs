//! How somebody who waits is told what is fetched and built, and how it goes.

use std::{
    io::{Write, stderr},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};

use crate::said::Said;

/// One thing that has to be fetched or built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What it is, with its version.
    pub name: String,
    /// What is done to have it, in a few words.
    pub work: String,
    /// About how long it takes on two cores.
    pub about: Duration,
}

/// Is told before and while servers are fetched and built; not called when all of them are there.
pub trait Progress: Send + Sync {
    /// All that is going to be done, before anything is.
    fn announced(&self, steps: &[Step]);
    /// A step begins.
    fn began(&self, step: &Step);
    /// A step goes on: called once for each whole second of it, with what its program said last, empty at first.
    fn goes_on(&self, step: &Step, elapsed: Duration, said: &str);
    /// A step ended well, after so long. A failed step is an error of the call instead.
    fn finished(&self, step: &Step, took: Duration);
}

impl Step {
    /// Does the work on another thread, while `progress` hears how it goes, and answers what came of it.
    ///
    /// # Errors
    /// The work's own, with the step's name.
    pub fn carry_out<Done: Send>(
        &self,
        progress: &dyn Progress,
        work: impl FnOnce(&Said) -> Result<Done> + Send,
    ) -> Result<Done> {
        let began = Instant::now();
        progress.began(self);
        let said = Said::default();
        let done = thread::scope(|scope| {
            // The sender is dropped when the work ends, in whatever way, and nothing is ever sent.
            let (working, ended) = mpsc::channel::<()>();
            let said = &said;
            let worker = scope.spawn(move || {
                let _working = working;
                work(said)
            });
            each_second(began, &ended, |elapsed| progress.goes_on(self, elapsed, &said.last()));
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        let done = done.with_context(|| format!("{} cannot be had", self.name))?;
        progress.finished(self, began.elapsed());
        Ok(done)
    }
}

/// Calls `tick` for each whole second until the other end of the channel is dropped.
fn each_second(began: Instant, ended: &mpsc::Receiver<()>, tick: impl Fn(Duration)) {
    for seconds in 1.. {
        let next = Duration::from_secs(seconds);
        match ended.recv_timeout(next.saturating_sub(began.elapsed())) {
            Err(RecvTimeoutError::Timeout) => tick(next),
            Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// For tests: one line on standard error, and that only when somebody has to wait.
#[derive(Debug, Clone, Copy, Default)]
pub struct OneLine;

impl Progress for OneLine {
    fn announced(&self, steps: &[Step]) {
        let names: Vec<&str> = steps.iter().map(|step| step.name.as_str()).collect();
        let about: Duration = steps.iter().map(|step| step.about).sum();
        // Nobody reads it when standard error is closed, and that is no reason to fail.
        let _ = writeln!(
            stderr(),
            "eso-rig: fetching and building {} (about {} min, once)",
            names.join(", "),
            about.as_secs().div_ceil(60)
        );
    }

    fn began(&self, _: &Step) {}

    fn goes_on(&self, _: &Step, _: Duration, _: &str) {}

    fn finished(&self, _: &Step, _: Duration) {}
}

#[cfg(test)]
mod tests;
